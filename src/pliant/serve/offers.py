"""What clients may choose: engines, fillers and segmenters that need no model, and those the operator named.

A name can also be a path, an address or something to download; from a client none of these is.
"""

from typing import Any

from pliant.engines.base import ENGINES
from pliant.engines.inpaint4drag import DEFAULT_FILLER
from pliant.errors import PliantError
from pliant.fill.base import FILLERS
from pliant.regions.segment import DEFAULT_SEGMENTER, SEGMENTERS
from pliant.registry import Registry
from pliant.serve.settings import Settings

DEFAULT_ENGINE = "inpaint4drag"


def offered_engine(name: str, settings: Settings) -> str:
    """`name`, if it is an engine that a client may choose."""
    return _offered("engine", name, ENGINES, settings.engines)


def offered_filler(name: str | None, settings: Settings) -> str:
    """The filler to use for `name`; None is the default."""
    return _offered("filler", name or default_filler(settings), FILLERS, settings.fillers)


def offered_segmenter(name: str | None, settings: Settings) -> str:
    """The segmenter to use for `name`; None is the default."""
    return _offered("segmenter", name or default_segmenter(settings), SEGMENTERS, settings.segmenters)


def default_filler(settings: Settings) -> str:
    """What paints where a client names nothing."""
    return settings.fillers[0] if settings.fillers else DEFAULT_FILLER


def default_segmenter(settings: Settings) -> str:
    """What selects where a client names nothing."""
    return settings.segmenters[0] if settings.segmenters else DEFAULT_SEGMENTER


def _offered(kind: str, name: str, registry: Registry[Any], chosen: tuple[str, ...]) -> str:
    if name not in chosen and registry.get(name).info.extra is not None:
        raise PliantError(
            f"The {kind} {name!r} is not offered here; the server's `--{kind}` offers it.",
            code=f"{kind}_not_offered",
        )
    return name
