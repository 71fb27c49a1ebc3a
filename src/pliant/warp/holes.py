"""The hole: what a warp uncovered and nothing covers again, with a margin along the seams that opened."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box, Size
from pliant.layer import Layer
from pliant.types import Bool

OPEN = 128  # a pixel that moved content covers less than this (of 255) is open


class Hole(NamedTuple):
    """`weight` `(h, w)` uint8 on `box`: how much of each pixel has to be painted."""

    box: Box
    weight: NDArray[np.uint8]


def default_margin(size: Size) -> int:
    """Pixels that a seam is widened by: the blur of an outline grows with the picture; 2 at 512 x 512."""
    return int(np.clip(round(np.hypot(*size) / 300), 2, 12))


def hole(
    vacated: Sequence[tuple[Box, Bool]], layers: Sequence[Layer], frame: Box, margin: int, kept: Bool | None
) -> Hole:
    """What has to be painted after `vacated` regions left and `layers` arrived.

    Open is what a region left and moved content covers by less than half. The margin, `margin` pixels around
    it where nothing moved onto, holds the mixed pixels of the old outline; there the weight falls off.
    `kept` `(H, W)` is never painted.
    """
    box = Box(0, 0, 0, 0)
    for home, _ in vacated:
        box = box.joined(home)
    box = box.grown(margin + 1).within(frame)
    left, covered = _footprints(vacated, layers, box)
    opened = left & (covered < OPEN)
    if kept is not None:
        opened &= ~kept[box.slices]
    tight = Box.around(opened)
    if not tight.area:
        return Hole(Box(0, 0, 0, 0), np.zeros((0, 0), np.uint8))
    near = tight.grown(margin + 1).within(Box(0, 0, box.width, box.height))
    weight = _weight(opened[near.slices], left[near.slices], covered[near.slices], margin)
    place = near.moved(box.x0, box.y0)
    if kept is not None:
        weight[kept[place.slices]] = 0
    return Hole(place, weight)


def _footprints(
    vacated: Sequence[tuple[Box, Bool]], layers: Sequence[Layer], box: Box
) -> tuple[Bool, NDArray[np.uint8]]:
    """On `box`: what was left, and how far it is covered again."""
    left = np.zeros((box.height, box.width), np.bool_)
    covered = np.zeros((box.height, box.width), np.uint8)
    for home, mask in vacated:
        left[home.moved(-box.x0, -box.y0).slices] |= mask
    for layer in layers:
        shared = layer.box.within(box)
        if shared.area:
            part = layer.coverage[shared.moved(-layer.box.x0, -layer.box.y0).slices]
            view = covered[shared.moved(-box.x0, -box.y0).slices]
            np.maximum(view, part, out=view)
    return left, covered


def _weight(opened: Bool, left: Bool, covered: NDArray[np.uint8], margin: int) -> NDArray[np.uint8]:
    """255 where open and on the half-covered rim of what moved; the margin's outer half falls to 0."""
    away = cv2.distanceTransform((~opened).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    ramp = np.clip(510 * (1 - away / (margin + 1)), 0, 255).astype(np.uint8)
    ramp[left & (covered > 0) & (ramp > 0)] = 255
    ramp[covered == 255] = 0
    return ramp


def torn(layer: Layer, limit: float) -> Bool:
    """`(h, w)` bool: covered pixels where the part is stretched over `limit` times in some direction."""
    step = np.full((*layer.offset.shape[:2], 2, 2), np.nan, np.float32)
    step[:, 1:, 0] = np.diff(layer.offset, axis=1)
    step[1:, :, 1] = np.diff(layer.offset, axis=0)
    step[..., 0, 0] += 1
    step[..., 1, 1] += 1
    frobenius = (step**2).sum(axis=(2, 3))
    determinant = step[..., 0, 0] * step[..., 1, 1] - step[..., 0, 1] * step[..., 1, 0]
    root = np.sqrt(np.maximum(frobenius**2 - 4 * determinant**2, 0))
    least = np.sqrt(np.maximum((frobenius - root) / 2, 0))
    return (layer.coverage > 0) & (least < 1 / limit)
