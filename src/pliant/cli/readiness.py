"""Which engines, fillers and segmenters work now, and what the others wait for."""

from collections.abc import Iterator
from typing import Any

from pliant.errors import MissingRequirementError, PliantError
from pliant.registry import Registry


def readiness(missing_extras: dict[str, bool]) -> dict[str, dict[str, list[str]]]:
    """By kind and name, the commands that get what is missing; an empty list for what works now.

    `missing_extras` says of every extra whether some package of it is missing.
    """
    return {
        kind: {name: _commands(declared, missing_extras) for name, declared in _declared(registry)}
        for kind, registry in registries().items()
    }


def registries() -> dict[str, Registry[Any]]:
    """What can be chosen by name."""
    from pliant.engines.base import ENGINES
    from pliant.fill.base import FILLERS
    from pliant.regions.segment import SEGMENTERS

    return {"engine": ENGINES, "filler": FILLERS, "segmenter": SEGMENTERS}


def broken() -> dict[str, str]:
    """Names that cannot even be asked what they are, with the reason."""
    found: dict[str, str] = {}
    for registry in registries().values():
        for name in registry.names():
            try:
                registry.get(name)
            except MissingRequirementError as error:
                found[name] = str(error)
    return found


def devices() -> dict[str, list[str]]:
    """Where models can run, by library, best first; a library that is not installed is left out."""
    from pliant.models import device

    found: dict[str, list[str]] = {}
    for library, ask in {"torch": device.devices, "onnxruntime": device.onnx_providers}.items():
        try:
            found[library] = [entry if isinstance(entry, str) else entry[0] for entry in ask()]
        except PliantError:
            continue
    return found


def _declared(registry: Registry[Any]) -> Iterator[tuple[str, Any]]:
    for name in registry.names():
        try:
            yield name, registry.get(name).info
        except MissingRequirementError:
            continue


def _commands(declared: Any, missing_extras: dict[str, bool]) -> list[str]:
    """What gets everything that `declared`, the info of an engine, filler or segmenter, needs and lacks."""
    extra = declared.extra
    needed = getattr(declared, "weights", None) or ()
    weights = (needed,) if isinstance(needed, str) else needed
    commands = [f"pip install 'pliant[{extra}]'"] if extra and missing_extras.get(extra) else []
    absent = [name for name in weights if not _is_here(name)]
    return [*commands, *([f"pliant models get {' '.join(absent)}"] if absent else [])]


def _is_here(weights: str) -> bool:
    from pliant.models.fetch import cached

    try:
        return cached(weights) is not None
    except PliantError:  # a third party names something that is in no catalogue of ours
        return False
