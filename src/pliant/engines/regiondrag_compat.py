"""The mapping of RegionDrag's public code, for published numbers: computed at the scale of the latents."""

from collections.abc import Sequence

import cv2
import numpy as np

from pliant.engines.latent.cells import CellPairs
from pliant.engines.latent.task import Task
from pliant.errors import EditError
from pliant.fill.diffusion.frame import CELL
from pliant.regions.correspond import Pairs, match_masks, match_polygons
from pliant.regions.mask import rasterise
from pliant.types import Bool, Polygon, RegionPair, as_region


def public_cell_pairs(task: Task) -> tuple[CellPairs, Bool, Bool]:
    """The pairs, the handle cells and the cells that may change, as the public code has them.

    Brushed regions are shrunk to the latents by a bilinear resize, on which Algorithm 1 runs; the vertices of
    polygons are divided by 8. Of pairs with the same target the last wins. A cell may change unless its upper
    left pixel is protected.

    Raises:
        EditError: the edit has drags, which the published evaluation does not know (`unsupported_input`), or a
            region vanishes at that scale (`empty_region`).
    """
    rows, columns = task.frame.cells
    found = [_pairs(region, task) for region in task.edit.regions if isinstance(region, RegionPair)]
    if len(found) < len(task.edit.regions):
        raise EditError(
            "compat knows region pairs alone, as the published evaluation does; leave the drags out, or compat.",
            code="unsupported_input",
        )
    sources = np.concatenate([pairs.sources for pairs in found])
    targets = np.concatenate([pairs.targets for pairs in found])
    source_of = np.full(rows * columns, -1, np.int64)
    for (x, y), (x_from, y_from) in zip(targets, sources, strict=True):
        source_of[y * columns + x] = y_from * columns + x_from
    handle = np.zeros((rows, columns), np.bool_)
    handle[sources[:, 1], sources[:, 0]] = True
    reached = np.flatnonzero(source_of >= 0)
    return CellPairs(reached, source_of[reached]), handle, ~task.protected[::CELL, ::CELL]


def _pairs(pair: RegionPair, task: Task) -> Pairs:
    width, height = task.frame.picture.size
    size = width // CELL, height // CELL
    source, target = pair.source, pair.target
    if isinstance(source, Polygon) and isinstance(target, Polygon) and _alike(source.points, target.points):
        return match_polygons(_divided(source), _divided(target), size)
    masks = [rasterise(as_region(region), task.frame.picture.size) for region in (source, target)]
    shrunk = [np.asarray(cv2.resize(mask.astype(np.uint8), size)) > 0 for mask in masks]
    return match_masks(shrunk[0], shrunk[1])


def _alike(source: Sequence[object], target: Sequence[object]) -> bool:
    return len(source) == len(target) and len(source) in (3, 4)


def _divided(polygon: Polygon) -> list[tuple[float, float]]:
    return [(x / CELL, y / CELL) for x, y in polygon.points]
