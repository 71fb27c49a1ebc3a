"""The crop plan: holes that lie apart are filled on separate crops, each with context around it."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box

_LEAST_CONTEXT = 48
_CONTEXT = 0.35  # of the hole's longer side
_CELL = 8  # crops are planned on cells of this many pixels


def plan_crops(box: Box, weight: NDArray[np.uint8], frame: Box) -> list[Box]:
    """The crops of `frame` (the picture's box) on which the holes in `weight` (on `box`) are filled.

    Each holds one or more whole holes with their context; no two overlap, so that no hole is in two crops.
    """
    if not box.area:  # OpenCV crashes on an empty array
        return []
    count, _, stats, _ = cv2.connectedComponentsWithStats((weight > 0).astype(np.uint8), connectivity=8)
    found = [Box(x, y, x + w, y + h).moved(box.x0, box.y0) for x, y, w, h, _ in stats[1:count].tolist()]
    crops = [_with_context(hole).within(frame) for hole in found]
    while len(merged := _merged(crops, frame)) < len(crops):
        crops = merged
    return crops


def roomy(crops: Sequence[Box], frame: Box, least: int) -> list[Box]:
    """`crops` grown to sides of `least` pixels where `frame` has room and no other crop is met.

    A model that works at some size paints better with that much of the picture around the hole.
    """
    found = list(crops)
    for index, crop in enumerate(found):
        grown = _grown_to(crop, frame, least)
        if not any(grown.within(other).area for other in found[:index] + found[index + 1 :]):
            found[index] = grown
    return found


def _grown_to(crop: Box, frame: Box, least: int) -> Box:
    width, height = min(max(least, crop.width), frame.width), min(max(least, crop.height), frame.height)
    x0 = min(max(crop.x0 - (width - crop.width) // 2, frame.x0), frame.x1 - width)
    y0 = min(max(crop.y0 - (height - crop.height) // 2, frame.y0), frame.y1 - height)
    return Box(x0, y0, x0 + width, y0 + height)


def _with_context(hole: Box) -> Box:
    return hole.grown(max(_LEAST_CONTEXT, round(_CONTEXT * max(hole.width, hole.height))))


def _merged(crops: Sequence[Box], frame: Box) -> list[Box]:
    """Crops that touch on a grid of cells become one."""
    columns, rows = -(-frame.width // _CELL), -(-frame.height // _CELL)
    cells = np.zeros((rows, columns), np.uint8)
    for crop in crops:
        cells[crop.y0 // _CELL : -(-crop.y1 // _CELL), crop.x0 // _CELL : -(-crop.x1 // _CELL)] = 1
    labels = cv2.connectedComponents(cells, connectivity=8)[1]
    joined: dict[int, Box] = {}
    for crop in crops:
        label = int(labels[crop.y0 // _CELL, crop.x0 // _CELL])
        joined[label] = joined.get(label, crop).joined(crop)
    return list(joined.values())
