"""A region pair warped in pixel space: the target region shows the content of the handle region."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box
from pliant.layer import Layer
from pliant.regions.correspond import source_of_masks, source_of_polygons
from pliant.types import Bool, Picture, PointLike, Polygon, RegionPair
from pliant.warp.sample import footing, sample


def move_pair(picture: Picture, pair: RegionPair, source: Bool, target: Bool) -> Layer:
    """The handle region of `pair` mapped onto its target region.

    Two triangles are mapped by an affine and two quadrilaterals by a perspective transform; anything else by
    RegionDrag's Algorithm 1 at sub-pixel precision. `source` and `target` `(H, W)` are the regions as masks.
    """
    corners = _corners(pair)
    if corners is not None:
        targets, sources = source_of_polygons(*corners, picture.size)
    else:
        rows, columns = np.nonzero(target)
        targets, sources = np.column_stack([columns, rows]), source_of_masks(source, target)
    return _layer(picture, source, targets, sources)


def _corners(pair: RegionPair) -> tuple[Sequence[PointLike], Sequence[PointLike]] | None:
    """The vertices of two triangles or of two quadrilaterals."""
    if not (isinstance(pair.source, Polygon) and isinstance(pair.target, Polygon)):
        return None
    source, target = pair.source.points, pair.target.points
    return (source, target) if len(source) == len(target) and len(source) in (3, 4) else None


def _layer(picture: Picture, source: Bool, targets: NDArray[np.int64], sources: NDArray[np.float32]) -> Layer:
    low, high = targets.min(axis=0), targets.max(axis=0)
    box = Box(int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1)
    offset = np.full((box.height, box.width, 2), np.nan, np.float32)
    columns, rows = (targets - low).T
    offset[rows, columns] = sources - targets
    home = Box.around(source)
    graded = footing(np.ascontiguousarray(source[home.slices]))
    content, found = sample(picture, graded, home, offset, box)
    coverage = np.where(found > 0, np.uint8(255), np.uint8(0))
    return Layer(box=box, pixels=content, coverage=coverage, offset=offset)
