"""An edit with what a caller says laid over it."""

from dataclasses import replace
from typing import Any

from pliant.types import DragRegion, Edge, Edit


def adjusted(
    edit: Edit,
    *,
    edge: Edge | None = None,
    deform: str | None = None,
    strength: float | None = None,
    prompt: str | None = None,
    seed: int | None = None,
) -> Edit:
    """`edit` with what is not None laid over it: the first three on every drag region."""
    given = {"edge": edge, "deform": deform, "strength": strength}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    regions = [replace(r, **changes) if isinstance(r, DragRegion) else r for r in edit.regions]
    return replace(
        edit,
        regions=regions,
        prompt=edit.prompt if prompt is None else prompt,
        seed=edit.seed if seed is None else seed,
    )
