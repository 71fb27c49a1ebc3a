"""What is done with every item of a batch."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from pliant.batch.adjust import adjusted
from pliant.batch.errors import BatchError
from pliant.engines.api import engine as make_engine
from pliant.engines.base import Engine
from pliant.files import read_bytes, write_bytes
from pliant.models.device import Runtime
from pliant.types import Edge, Edit
from pliant.warp.deform import DEFORMERS

FILE = "batch.json"
VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An engine with its options, and what is laid over every edit (None: nothing is)."""

    engine: str = "inpaint4drag"
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    edge: Edge | None = None
    deform: str | None = None
    strength: float | None = None
    prompt: str | None = None
    seed: int | None = None

    def make(self, runtime: Runtime) -> Engine:
        """The engine.

        Raises:
            UnknownNameError: there is no such engine, option or deformer.
        """
        if self.deform is not None:
            DEFORMERS.get(self.deform)
        return make_engine(self.engine, **self.options, **asdict(runtime))

    def adjusted(self, edit: Edit) -> Edit:
        """`edit` with what the plan lays over it."""
        return adjusted(
            edit,
            edge=self.edge,
            deform=self.deform,
            strength=self.strength,
            prompt=self.prompt,
            seed=self.seed,
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, made: Mapping[str, Any]) -> Self:
        """From what `to_json` gave."""
        return cls(**{name: value for name, value in made.items() if name != "version"})


def claim(folder: Path, plan: Plan, *, overwrite: bool) -> None:
    """Make `folder` the one of a batch with `plan`; whatever else is in it then belongs to the batch.

    Raises:
        BatchError: it holds another plan's batch (`other_run`) or something else (`exists`), and `overwrite` is
            false; or it cannot be written.
    """
    path, made = folder / FILE, (json.dumps(plan.to_json(), indent=1, sort_keys=True) + "\n").encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A batch that was killed while it began has left no more than half of this file.
        foreign = not path.exists() and any(not entry.name.endswith(".part") for entry in folder.iterdir())
    except OSError as error:
        raise BatchError(
            f"{str(folder)!r} cannot be used: {error.strerror}; -o names a folder.", code="not_writable"
        ) from error
    if foreign and not overwrite:
        raise BatchError(
            f"{str(folder)!r} holds files that are not of a batch; choose a new folder, or allow them to be "
            "overwritten.",
            code="exists",
        )
    if not overwrite and path.exists() and read_bytes(path, fail=BatchError) != made:
        raise BatchError(
            f"{str(folder)!r} holds a batch with another engine, other options or another version ({FILE} says "
            "which); choose another folder, or allow it to be overwritten.",
            code="other_run",
        )
    write_bytes(path, made, fail=BatchError)
