"""One call for everything an engine does."""

from collections.abc import Sequence
from typing import Any

from pliant.engines.base import ENGINES, Engine
from pliant.errors import UnknownNameError
from pliant.events import CancelToken, OnEvent, ignore
from pliant.types import Edit, Picture, Preview, Result


def engine(name: str = "inpaint4drag", *, device: str = "auto", dtype: str = "auto", **options: Any) -> Engine:
    """The engine called `name` with its options chosen.

    Raises:
        UnknownNameError: there is no such engine, or it has no such option; the message lists what there is.
    """
    return _made(name, device, dtype, options)


def preview(picture: Picture, edit: Edit, *, engine: str = "inpaint4drag", **options: Any) -> Preview:
    """The warp of `edit` on `picture`, without its fill; `options` are the engine's."""
    with _made(engine, "auto", "auto", options).open(picture) as session:
        return session.preview(edit)


def apply(
    picture: Picture,
    edit: Edit,
    *,
    engine: str = "inpaint4drag",
    device: str = "auto",
    dtype: str = "auto",
    seed: int | None = None,
    on_event: OnEvent = ignore,
    cancel: CancelToken | None = None,
    **options: Any,
) -> Result:
    """The finished edit of `picture`; `options` are the engine's (`pliant engines` lists them)."""
    with _made(engine, device, dtype, options).open(picture) as session:
        return session.run(edit, seed=seed, on_event=on_event, cancel=cancel)


def candidates(
    picture: Picture,
    edit: Edit,
    *,
    seeds: Sequence[int],
    engine: str = "inpaint4drag",
    device: str = "auto",
    dtype: str = "auto",
    on_event: OnEvent = ignore,
    cancel: CancelToken | None = None,
    **options: Any,
) -> list[Result]:
    """`apply` once for each of `seeds`, at less cost where the engine shares the work between them."""
    with _made(engine, device, dtype, options).open(picture) as session:
        several = getattr(session, "run_candidates", None)
        if several is not None:
            return several(edit, seeds=seeds, on_event=on_event, cancel=cancel)
        return [session.run(edit, seed=seed, on_event=on_event, cancel=cancel) for seed in seeds]


def _made(name: str, device: str, dtype: str, options: dict[str, Any]) -> Engine:
    make = ENGINES.get(name)
    unknown = [option for option in options if option not in make.info.options]
    if unknown:
        raise UnknownNameError(
            f"The engine {name!r} has no option {unknown[0]!r}; it has: {', '.join(make.info.options)}.",
            code="unknown_option",
        )
    return make(device=device, dtype=dtype, **options)
