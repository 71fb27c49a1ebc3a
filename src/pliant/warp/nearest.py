"""The published bidirectional warp, on whole pixels, for comparison.

Forward: every region pixel moves by inverse-distance weights of the handles of its contour. Target area: the
filled outline of the moved contour. Backward: inverse-distance weights of the four nearest forward-moved pixels.
Rounded to whole pixels, nearest sampling. `published=True` reproduces the released code of 2025-10: four
nearest handles, corner vertices of the contour only, at most 100 references; False follows the paper: all
handles, every contour pixel, all references.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from pliant.types import Bool
from pliant.warp.deform import Points

NEIGHBOURS = 4
REFERENCES = 100
EPSILON = 1e-6

Ints = NDArray[np.int64]


class Warp(NamedTuple):
    """`targets` and `sources` `(N, 2)` int pair pixels (x, y); `hole` `(H, W)` bool has to be painted."""

    targets: Ints
    sources: Ints
    hole: Bool


def warp(mask: Bool, handles: Points, targets: Points, *, band: int = 5, published: bool = True) -> Warp:
    """Warp the region `mask` `(H, W)` by `handles` to `targets` `(M, 2)`.

    `band` is the width, in pixels, of the painted outline and of the dilation (even is made odd, 0: neither).
    """
    band = max(band, 0) + (band > 0 and band % 2 == 0)
    found: list[tuple[Ints, Ints]] = []
    source_area, target_area, outline = (np.zeros(mask.shape, np.uint8) for _ in range(3))
    mode = cv2.CHAIN_APPROX_SIMPLE if published else cv2.CHAIN_APPROX_NONE
    for contour in cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, mode)[0]:
        filled = _fill(mask.shape, np.asarray(contour, np.int32))
        area = np.argwhere(filled > 0)[:, ::-1]
        own = _inside(handles, filled)
        if not own.any():
            continue
        moved = _forward(contour[:, 0].astype(np.float64), handles[own], targets[own], published)
        goal = _fill(mask.shape, moved.astype(np.int32)[:, None])
        if band:
            cv2.drawContours(outline, [moved.astype(np.int32)[:, None]], -1, (1,), band)
        if not goal.any():
            continue
        pair = _backward(
            area, _forward(area.astype(np.float64), handles[own], targets[own], published), goal, published
        )
        found.append(_on_picture(*pair, mask.shape))
        source_area |= filled
        target_area |= goal
    hole = source_area & ~target_area
    if band:
        hole = cv2.max(cv2.dilate(hole, np.ones((band, band), np.uint8)), outline)
    joined = _last_wins(found, mask.shape[1])
    return Warp(joined[0], joined[1], np.asarray(hole) > 0)


def _fill(shape: tuple[int, ...], contour: NDArray[np.int32]) -> NDArray[np.uint8]:
    canvas = np.zeros(shape, np.uint8)
    cv2.drawContours(canvas, [contour], -1, (1,), cv2.FILLED)
    return canvas


def _inside(handles: Points, filled: NDArray[np.uint8]) -> Bool:
    columns, rows = np.rint(handles).astype(int).T
    height, width = filled.shape
    inside = (columns >= 0) & (rows >= 0) & (columns < width) & (rows < height)
    inside[inside] = filled[rows[inside], columns[inside]] > 0
    return inside


def _forward(points: Points, handles: Points, targets: Points, published: bool) -> Points:
    if len(handles) == 1:
        return points + (targets - handles)
    count = min(NEIGHBOURS, len(handles)) if published else len(handles)
    return np.rint(points + _weighted(points, handles, targets - handles, count))


def _backward(area: Ints, moved: Points, goal: NDArray[np.uint8], published: bool) -> tuple[Ints, Ints]:
    chosen = np.arange(len(area))
    if published and len(area) > REFERENCES:
        chosen = np.linspace(0, len(area) - 1, REFERENCES).astype(int)
    at = np.argwhere(goal > 0)[:, ::-1]
    back = _weighted(at.astype(np.float64), moved[chosen], area[chosen] - moved[chosen], NEIGHBOURS)
    return at, np.rint(at + back).astype(np.int64)


def _weighted(points: Points, references: Points, vectors: Points, count: int) -> Points:
    count = min(count, len(references))
    found = KDTree(references).query(points, k=count)
    distance, index = (np.asarray(part).reshape(-1, count) for part in found)
    weight = 1 / (distance + EPSILON)
    return (weight[..., None] * vectors[index]).sum(axis=1) / weight.sum(axis=1, keepdims=True)


def _on_picture(targets: Ints, sources: Ints, shape: tuple[int, ...]) -> tuple[Ints, Ints]:
    kept = ((sources >= 0) & (sources < (shape[1], shape[0]))).all(axis=1)
    return targets[kept], sources[kept]


def _last_wins(found: list[tuple[Ints, Ints]], width: int) -> tuple[Ints, Ints]:
    if not found:
        return np.empty((0, 2), np.int64), np.empty((0, 2), np.int64)
    targets = np.concatenate([pair[0] for pair in found])[::-1]
    sources = np.concatenate([pair[1] for pair in found])[::-1]
    _, first = np.unique(targets[:, 1] * width + targets[:, 0], return_index=True)
    return targets[first], sources[first]
