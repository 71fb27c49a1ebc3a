"""The fillers of a server: each is made once for a device and kept, with its model, within a bound on memory."""

from pliant.fill.base import Filler, make_filler
from pliant.models.cache import ModelCache
from pliant.models.device import Runtime
from pliant.models.fetch import files_of
from pliant.serve.settings import MIB, Settings


class Fillers:
    """Fillers by name and device. The least recently used ones go when their models exceed `models_mb`."""

    def __init__(self, settings: Settings) -> None:
        self._cache = ModelCache(settings.models_mb * MIB)

    def get(self, name: str, device: str) -> Filler:
        """The filler called `name` on `device`. Nothing is downloaded: the operator does that beforehand."""
        runtime = Runtime(device=device, offline=True)
        return self._cache.get((name, device), lambda: make_filler(name, runtime), lambda made: _size(name, made))


def _size(name: str, filler: Filler) -> int:
    """About the bytes that the filler's model takes once it is loaded: those of its files."""
    models = filler.info.weights or ((name,) if filler.info.extra else ())
    return sum(file.stat().st_size for model in models for file in files_of(model))
