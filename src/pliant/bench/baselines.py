"""Engines that only the bench runs: doing nothing, and the warps that Inpaint4Drag's paper and code describe.

They are what other engines are compared with, so they stand beside `ENGINES` and not in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray

from pliant.compose import repaint
from pliant.engines.base import EngineInfo, MakeEngine, Session
from pliant.errors import EditError, UnknownNameError
from pliant.events import CancelToken, OnEvent, ignore
from pliant.fill.base import Filler, make_filler
from pliant.geometry import Box
from pliant.layer import Layer
from pliant.models.device import ANYWHERE, Runtime
from pliant.regions.mask import rasterise
from pliant.types import Bool, DragRegion, Edit, Picture, Preview, Result, as_region
from pliant.warp import nearest
from pliant.warp.elastic import Elastic
from pliant.warp.nearest import Warp
from pliant.warp.part import handles_of, targets_of

PAPER = "Inpaint4Drag, ICCV 2025, arXiv:2509.04582"


class Nothing:
    """Gives the photo back as it is."""

    info = EngineInfo(
        name="no-op",
        summary="does nothing: what every method has to beat",
        licence="Apache-2.0",
        paper="",
        options={},
        understands_prompt=True,
        has_preview=True,
    )

    def __init__(self, runtime: Runtime = ANYWHERE) -> None:
        del runtime

    def open(
        self,
        picture: Picture,
        *,
        edit: Edit | None = None,
        on_event: OnEvent = ignore,
        cancel: CancelToken | None = None,
    ) -> Session:
        """A session on `picture`; there is no slow part."""
        del edit, on_event, cancel
        return _Session(self.info.name, picture, _still, None)


class NearestWarp:
    """The paper's warp on whole pixels, whatever a region's `edge` and `deform` say.

    `variant`: `released`, the published code of 2025-10; `paper`, bidirectional with all handles and references;
    `forward`, unidirectional: pixels are carried forward by the paper's field, and the gaps that stay between them
    are painted too. Later regions win where two arrive at one place.
    """

    info = EngineInfo(
        name="nearest",
        summary="the paper's own warp: inverse-distance field, whole pixels, four nearest neighbours back",
        licence="Apache-2.0",
        paper=PAPER,
        options={"variant": "released, paper or forward", "filler": "what paints the hole"},
        understands_pairs=False,
        understands_prompt=True,
        has_preview=True,
    )

    def __init__(self, runtime: Runtime = ANYWHERE, *, variant: str = "released", filler: str = "telea") -> None:
        if variant not in _VARIANTS:
            raise UnknownNameError(
                f"There is no variant {variant!r} of the paper's warp; known: {', '.join(_VARIANTS)}.",
                code="invalid_option",
            )
        self._warp = _VARIANTS[variant]
        self._filler = make_filler(filler, runtime)

    def open(
        self,
        picture: Picture,
        *,
        edit: Edit | None = None,
        on_event: OnEvent = ignore,
        cancel: CancelToken | None = None,
    ) -> Session:
        """A session on `picture`; there is no slow part."""
        del edit, on_event, cancel
        return _Session(self.info.name, picture, self._preview, self._filler)

    def _preview(self, picture: Picture, edit: Edit) -> Preview:
        found = [self._warped(picture, item) for item in edit.regions]
        hole = np.logical_or.reduce([warp.hole for warp in found])
        if edit.protect is not None:
            hole &= ~rasterise(as_region(edit.protect), picture.size)
        box = Box.around(hole)
        return Preview(
            source=picture,
            edit=edit,
            layers=[_layer(picture, warp) for warp in found if len(warp.targets)],
            hole_box=box,
            hole_weight=np.where(hole[box.slices], np.uint8(255), np.uint8(0)),
        )

    def _warped(self, picture: Picture, item: object) -> Warp:
        if not isinstance(item, DragRegion):
            raise EditError(
                "The paper's warp moves drag regions; this edit has a region pair.", code="invalid_edit"
            )
        return self._warp(rasterise(as_region(item.region), picture.size), handles_of(item), targets_of(item))


BASELINES: dict[str, MakeEngine] = {make.info.name: cast(MakeEngine, make) for make in (Nothing, NearestWarp)}


@dataclass
class _Session:
    """`make` previews an edit; `filler` paints its hole (None: there is none)."""

    name: str
    picture: Picture
    make: Callable[[Picture, Edit], Preview]
    filler: Filler | None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def preview(self, edit: Edit) -> Preview:
        """See `Session`."""
        return self.make(self.picture, edit)

    def run(
        self,
        edit: Edit,
        *,
        seed: int | None = None,
        on_event: OnEvent = ignore,
        cancel: CancelToken | None = None,
    ) -> Result:
        """See `Session`. The published code paints its hole after the warp, over the rim of what moved."""
        start = perf_counter()
        preview = self.preview(edit)
        warped, seed = perf_counter(), edit.seed if seed is None else seed
        picture = preview.picture
        if self.filler is not None:
            picture = repaint(
                picture,
                preview.hole_box,
                preview.hole_weight,
                self.filler,
                prompt=edit.prompt,
                seed=seed,
                on_event=on_event,
                cancel=cancel,
            )
        return Result(
            picture=picture,
            edit=edit,
            engine=self.name,
            seed=seed,
            timings={"warp": warped - start, "fill": perf_counter() - warped},
            hole_area=int((preview.hole_weight > 0).sum()),
            moved_area=int(preview.moved.sum()),
        )


def _still(picture: Picture, edit: Edit) -> Preview:
    nowhere = np.zeros((0, 0), np.uint8)
    return Preview(source=picture, edit=edit, layers=(), hole_box=Box(0, 0, 0, 0), hole_weight=nowhere)


def _layer(picture: Picture, warp: Warp) -> Layer:
    low, high = warp.targets.min(axis=0), warp.targets.max(axis=0) + 1
    box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    columns, rows = (warp.targets - low).T
    pixels = np.zeros((box.height, box.width, picture.pixels.shape[2]), picture.pixels.dtype)
    coverage = np.zeros((box.height, box.width), np.uint8)
    offset = np.full((box.height, box.width, 2), np.nan, np.float32)
    pixels[rows, columns] = picture.pixels[warp.sources[:, 1], warp.sources[:, 0]]
    coverage[rows, columns] = 255
    offset[rows, columns] = warp.sources - warp.targets
    return Layer(box=box, pixels=pixels, coverage=coverage, offset=offset)


def _released(mask: Bool, handles: NDArray[np.float64], targets: NDArray[np.float64]) -> Warp:
    return nearest.warp(mask, handles, targets)


def _paper(mask: Bool, handles: NDArray[np.float64], targets: NDArray[np.float64]) -> Warp:
    return nearest.warp(mask, handles, targets, published=False)


def _forward(mask: Bool, handles: NDArray[np.float64], targets: NDArray[np.float64]) -> Warp:
    """Every pixel of the region carried forward and rounded; what none arrives at, inside too, is hole."""
    sources = np.argwhere(mask)[:, ::-1]
    field = Elastic(mask, Box.of_size((mask.shape[1], mask.shape[0])))
    arrived = np.rint(field.target_of(sources.astype(np.float64), handles, targets)).astype(np.int64)
    inside = ((arrived >= 0) & (arrived < (mask.shape[1], mask.shape[0]))).all(axis=1)
    sources, arrived = sources[inside], arrived[inside]
    _, first = np.unique(arrived[:, 1] * mask.shape[1] + arrived[:, 0], return_index=True)
    sources, arrived = sources[first], arrived[first]
    hit = np.zeros(mask.shape, np.bool_)
    hit[arrived[:, 1], arrived[:, 0]] = True
    return Warp(arrived, sources, (mask | _closed(hit)) & ~hit)


def _closed(hit: Bool) -> Bool:
    """`hit` with the gaps between its pixels, up to three wide."""
    import cv2

    closed = cv2.morphologyEx(hit.view(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray(closed) > 0


_VARIANTS: dict[str, Callable[[Bool, NDArray[np.float64], NDArray[np.float64]], Warp]] = {
    "released": _released,
    "paper": _paper,
    "forward": _forward,
}
