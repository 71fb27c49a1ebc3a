"""The fillers and segmenters of a server: each is made once for a device and kept, within a bound on memory."""

import threading
from collections.abc import Sequence

from pliant.fill.base import Filler, make_filler
from pliant.models.cache import ModelCache
from pliant.models.device import Runtime
from pliant.models.fetch import files_of
from pliant.regions.prompts import BoxLike
from pliant.regions.segment import Segmenter, SegmenterInfo, make_segmenter
from pliant.serve.settings import MIB, Settings
from pliant.types import Bool, Picture, PointLike, RegionLike


class Models:
    """Fillers and segmenters by name and device. The least recently used go when they exceed `models_mb`.

    Nothing is downloaded: the operator does that beforehand.
    """

    def __init__(self, settings: Settings) -> None:
        self._cache = ModelCache(settings.models_mb * MIB)

    def filler(self, name: str, device: str) -> Filler:
        """The filler called `name` on `device`."""
        return self._cache.get(
            ("filler", name, device), lambda: make_filler(name, _runtime(device)), lambda made: _size(name, made)
        )

    def segmenter(self, name: str, device: str) -> Segmenter:
        """The segmenter called `name` on `device`; any thread may use it, and they take turns."""
        return self._cache.get(
            ("segmenter", name, device),
            lambda: _Shared(make_segmenter(name, _runtime(device))),
            lambda made: _size(name, made),
        )


class _Shared:
    """A segmenter that does one thing at a time: what it keeps of a picture is not for several threads."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._lock = threading.Lock()

    @property
    def info(self) -> SegmenterInfo:
        return self._segmenter.info

    def propose(
        self,
        picture: Picture,
        *,
        points: Sequence[PointLike] = (),
        labels: Sequence[int] = (),
        box: BoxLike | None = None,
        mask: RegionLike | None = None,
    ) -> Bool:
        with self._lock:
            return self._segmenter.propose(picture, points=points, labels=labels, box=box, mask=mask)


def _runtime(device: str) -> Runtime:
    return Runtime(device=device, offline=True)


def _size(name: str, made: Filler | Segmenter) -> int:
    """About the bytes that a model takes once it is loaded: those of its files."""
    models = made.info.weights or ((name,) if made.info.extra else ())
    return sum(file.stat().st_size for model in models for file in files_of(model))
