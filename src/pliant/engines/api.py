"""One call for everything an engine does."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from pliant.engines.base import ENGINES, Engine
from pliant.errors import UnknownNameError
from pliant.events import CancelToken, OnEvent, ignore
from pliant.models.device import Runtime
from pliant.types import Edit, Picture, Preview, Result

_RUNTIME = frozenset(field.name for field in fields(Runtime))


def engine(name: str = "inpaint4drag", **options: Any) -> Engine:
    """The engine called `name` with its options chosen.

    `options` are the engine's, which `pliant engines` lists, and where it runs: `device`, `dtype`, `low_mem`,
    `offline` and `kept` of `pliant.models.device.Runtime`.

    Raises:
        UnknownNameError: there is no such engine, or it has no such option; the message lists what there is.
    """
    return _made(name, options)


def preview(picture: Picture, edit: Edit, *, engine: str = "inpaint4drag", **options: Any) -> Preview:
    """The warp of `edit` on `picture`, without its fill; `options` as for `engine`."""
    with _made(engine, options).open(picture) as session:
        return session.preview(edit)


def apply(
    picture: Picture,
    edit: Edit,
    *,
    engine: str = "inpaint4drag",
    seed: int | None = None,
    on_event: OnEvent = ignore,
    cancel: CancelToken | None = None,
    **options: Any,
) -> Result:
    """The finished edit of `picture`; `options` as for `engine`, `seed` None takes the edit's own."""
    made = _made(engine, options)
    with made.open(picture, edit=edit, on_event=on_event, cancel=cancel) as session:
        return session.run(edit, seed=seed, on_event=on_event, cancel=cancel)


def candidates(
    picture: Picture,
    edit: Edit,
    *,
    seeds: Sequence[int],
    engine: str = "inpaint4drag",
    on_event: OnEvent = ignore,
    cancel: CancelToken | None = None,
    **options: Any,
) -> list[Result]:
    """`apply` once for each of `seeds`, at less cost where the engine shares the work between them."""
    made = _made(engine, options)
    with made.open(picture, edit=edit, on_event=on_event, cancel=cancel) as session:
        several = getattr(session, "run_candidates", None)
        if several is not None:
            return several(edit, seeds=seeds, on_event=on_event, cancel=cancel)
        return [session.run(edit, seed=seed, on_event=on_event, cancel=cancel) for seed in seeds]


def _made(name: str, options: Mapping[str, Any]) -> Engine:
    make = ENGINES.get(name)
    runtime = Runtime(**{option: value for option, value in options.items() if option in _RUNTIME})
    options = {option: value for option, value in options.items() if option not in _RUNTIME}
    unknown = [option for option in options if option not in make.info.options]
    if unknown:
        raise UnknownNameError(
            f"The engine {name!r} has no option {unknown[0]!r}; it has: {', '.join(make.info.options)}.",
            code="unknown_option",
        )
    return make(runtime, **options)
