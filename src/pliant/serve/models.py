"""The models of a server: each is loaded once for a device and kept, within a bound on memory."""

import threading
from collections.abc import Sequence
from typing import Any

from pliant.fill.base import Filler, make_filler
from pliant.models.cache import ModelCache
from pliant.models.device import Runtime
from pliant.models.fetch import bytes_of
from pliant.regions.prompts import BoxLike
from pliant.regions.segment import Segmenter, SegmenterInfo, make_segmenter
from pliant.serve.settings import MIB, Settings
from pliant.types import Bool, Picture, PointLike, RegionLike


class Models:
    """Fillers, segmenters and what engines load. The least recently used go when they exceed `models_mb`.

    Engines are made anew for each edit, with the client's options, which costs nothing; what they load is kept.
    Nothing is downloaded: the operator does that beforehand.
    """

    def __init__(self, settings: Settings) -> None:
        self._cache = ModelCache(settings.models_mb * MIB)

    @property
    def used(self) -> int:
        """Bytes of all that is loaded."""
        return self._cache.used

    def where(self, device: str) -> dict[str, Any]:
        """Where an engine on `device` runs and what it loads is kept: keywords of `pliant.apply`."""
        return {"device": device, "offline": True, "kept": self._cache}

    def filler(self, name: str, device: str) -> Filler:
        """The filler called `name` on `device`."""
        return self._cache.get(
            ("filler", name, device),
            lambda: make_filler(name, _runtime(device)),
            lambda made: _size(name, made),
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
    return sum(bytes_of(model) for model in models)
