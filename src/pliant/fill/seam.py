"""Seam: a small network of our own that finishes what PatchMatch begins, for the holes that drags leave.

PatchMatch finds texture and structure, from coarse to fine; the network, which sees its result, two softer guesses
and how well they fit, decides pixel by pixel what to take of each, and corrects it. It ships with the package and
runs on the CPU, by OpenCV. How it was trained, and on what: docs/seam.md.
"""

from functools import cached_property
from importlib.resources import files
from itertools import product
from threading import Lock
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.events import CancelToken, Event, OnEvent, Step
from pliant.fill.base import FillerInfo, check_hole
from pliant.fill.proposals import Proposals
from pliant.geometry import Box
from pliant.models.device import ANYWHERE, Runtime
from pliant.types import Bool, Picture

DEEP = 56  # pixels inside a hole; from there on the network gives way to `Proposals.sharp`

_MULTIPLE = 16  # of the sides that the network takes
_AROUND = 20  # pixels around the hole that it is shown
_TILE = 512
_OVERLAP = 96
_TICKS = 100  # of progress, half for the proposals


class Seam:
    """Mixes three proposals for the hole and corrects them, by a network of 3.6 million weights."""

    info: ClassVar[FillerInfo] = FillerInfo(
        name="seam",
        summary="A small network that ships: finishes PatchMatch's work; crescents, seams, any size.",
        licence="Apache-2.0",
        paints_behind=True,
    )

    def __init__(self, runtime: Runtime = ANYWHERE) -> None:
        del runtime  # OpenCV runs it on the CPU
        self._turn = Lock()  # an OpenCV network serves one caller at a time

    def fill(
        self,
        picture: Picture,
        hole: Bool,
        *,
        prompt: str = "",
        seed: int = 0,
        on_event: OnEvent,
        cancel: CancelToken,
    ) -> Picture:
        """See `pliant.fill.base.Filler.fill`; `seed` varies PatchMatch's search, the prompt changes nothing."""
        del prompt
        cancel.check()
        if not check_hole(picture, hole):
            return picture

        def halfway(event: Event) -> None:
            if isinstance(event, Step):
                on_event(Step(index=event.index * _TICKS // (2 * event.total), total=_TICKS))

        rgb = np.asarray(picture.pixels, np.uint8)
        found = Proposals.of(rgb, hole, seed=seed, on_event=halfway, cancel=cancel)
        painted = self._finished(found, hole, on_event, cancel)
        return picture.with_pixels(np.where(hole[..., None], painted, rgb))

    @cached_property
    def _network(self) -> cv2.dnn.Net:
        model = files("pliant.fill").joinpath("seam.onnx").read_bytes()
        return cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8))

    def _finished(self, found: Proposals, hole: Bool, on_event: OnEvent, cancel: CancelToken) -> NDArray[np.uint8]:
        """`found.sharp` with the hole painted anew, tile by tile; tiles that overlap are blended."""
        tiles = _tiles(hole & (found.depth < DEEP))
        weight = np.full(hole.shape, 1e-6, np.float32)
        total = found.sharp * weight[..., None]
        for index, tile in enumerate(tiles, 1):
            share = _share(tile)
            total[tile.slices] += share[..., None] * self._painted(found.on(tile))
            weight[tile.slices] += share
            on_event(Step(index=_TICKS // 2 + index * _TICKS // (2 * len(tiles)), total=_TICKS))
            cancel.check()
        return np.rint(total / weight[..., None]).clip(0, 255).astype(np.uint8)

    def _painted(self, shown: Proposals) -> NDArray[np.float32]:
        """`(h, w, 3)`: the colours of one tile, 0 to 255."""
        height, width = shown.depth.shape
        beyond = [(0, 0), (0, -height % _MULTIPLE), (0, -width % _MULTIPLE)]
        with self._turn:
            self._network.setInput(np.pad(shown.stacked(), beyond, mode="edge")[None])
            answer = np.asarray(self._network.forward(), np.float32)
        return (answer[0, :, :height, :width].transpose(1, 2, 0) + 1) * 127.5


def _tiles(hole: Bool) -> list[Box]:
    """Boxes that cover `hole` and what the network is shown around it; neighbours overlap by `_OVERLAP`."""
    frame = Box.of_size((hole.shape[1], hole.shape[0]))
    around = Box.around(hole).grown(_AROUND).within(frame)
    columns, rows = _starts(around.x0, around.x1), _starts(around.y0, around.y1)
    boxes = [Box(x, y, x + _TILE, y + _TILE).within(around) for y, x in product(rows, columns)]
    return [box for box in boxes if hole[box.slices].any()]


def _starts(first: int, last: int) -> list[int]:
    count = max(1, -(-(last - first - _OVERLAP) // (_TILE - _OVERLAP)))
    return [first + round(i * (last - first - _TILE) / max(count - 1, 1)) if i else first for i in range(count)]


def _share(tile: Box) -> NDArray[np.float32]:
    """`(h, w)`: 1 in the middle of a tile, falling to almost 0 over the overlap."""
    ramps = [
        np.minimum(1, (np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5) / _OVERLAP)
        for length in (tile.height, tile.width)
    ]
    return np.outer(*ramps).astype(np.float32)
