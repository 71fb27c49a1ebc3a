"""RegionDrag's dense annotation, handle pixel by handle pixel, as pairs of regions."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.bench.datasets.annotation import Points
from pliant.bench.sample import DataError
from pliant.geometry import Size
from pliant.types import Bool, Mask, RegionPair

_CELL = 8


def region_pairs(points: Points, size: Size) -> list[RegionPair]:
    """The pairs of regions that alternating dense `points` (handle, target, ...) cover, in a picture of `size`.

    Where all coordinates are multiples of 8, as the annotation tool writes them, each point stands for the 8 x 8
    pixels right of and below it, else for its own pixel. A connected part of the targets is a target region; its
    source region is made of the handles that belong to it. Points off the picture and repeated ones add nothing.

    Raises:
        DataError: nothing of it lies on the picture.
    """
    count = len(points) // 2
    pairs = np.array(points[: 2 * count], np.float64).reshape(count, 2, 2)
    cell = _CELL if count and not (pairs % _CELL).any() else 1
    corners = np.floor(pairs).astype(np.int64)
    inside = ((corners >= 0) & (corners < np.array(size))).all(axis=(1, 2))
    corners = corners[inside]
    if not len(corners):
        raise DataError("None of its pairs of points lies on the picture; it needs handles and targets.")
    part_of = cv2.connectedComponents(_painted(corners[:, 1], cell, size).astype(np.uint8))[1]
    part = part_of[corners[:, 1, 1], corners[:, 1, 0]]
    grouped = (corners[part == i] for i in np.unique(part))
    return [
        RegionPair(Mask(_painted(group[:, 0], cell, size)), Mask(_painted(group[:, 1], cell, size)))
        for group in grouped
    ]


def _painted(corners: NDArray[np.int64], cell: int, size: Size) -> Bool:
    """`(H, W)`: the `cell` x `cell` pixels from each corner `(N, 2)` on."""
    mask = np.zeros((size.height, size.width), np.bool_)
    for dy in range(cell):
        for dx in range(cell):
            x, y = np.minimum(corners + (dx, dy), np.array(size) - 1).T
            mask[y, x] = True
    return mask
