"""A sample as a picture: what is asked, drawn over the photo, and the true result beside it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.bench.metrics.base import rgb8
from pliant.bench.sample import Sample
from pliant.regions.mask import rasterise
from pliant.types import Drag, DragRegion, Picture, RegionLike, as_region
from pliant.warp.show import HANDLE, PIN, TARGET

OUTLINE = (255, 255, 255)
Colour = tuple[int, int, int]

_GAP = 8


def show(sample: Sample) -> Picture:
    """The photo with what is asked drawn on it, and the truth to its right where there is one; 8-bit RGB.

    Deformable regions are outlined white, source regions red, target regions blue; arrows lead from handles to
    targets; yellow dots are pins.
    """
    canvas = np.array(rgb8(sample.picture))
    unit = max(round(max(sample.picture.size) / 500), 1)
    for item in sample.edit.regions:
        if isinstance(item, DragRegion):
            _outline(canvas, sample, item.region, OUTLINE, unit)
            for drag in item.drags:
                _arrow(canvas, drag, unit)
            for x, y in item.pins:
                cv2.circle(canvas, (round(x), round(y)), 3 * unit, PIN, -1, cv2.LINE_AA)
        else:
            _outline(canvas, sample, item.source, HANDLE, unit)
            _outline(canvas, sample, item.target, TARGET, unit)
    if sample.truth is None:
        return Picture(canvas)
    gap = np.full((canvas.shape[0], _GAP, 3), 255, np.uint8)
    return Picture(np.concatenate([canvas, gap, rgb8(sample.truth)], axis=1))


def _outline(canvas: NDArray[np.uint8], sample: Sample, region: RegionLike, colour: Colour, unit: int) -> None:
    mask = rasterise(as_region(region), sample.picture.size).astype(np.uint8)
    contours = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0]
    cv2.drawContours(canvas, contours, -1, colour, unit)


def _arrow(canvas: NDArray[np.uint8], drag: Drag, unit: int) -> None:
    (a, b), (c, d) = ((round(x), round(y)) for x, y in (drag.handle, drag.target))
    cv2.arrowedLine(canvas, (a, b), (c, d), TARGET, 2 * unit, cv2.LINE_AA)
    cv2.circle(canvas, (a, b), 3 * unit, HANDLE, -1, cv2.LINE_AA)
