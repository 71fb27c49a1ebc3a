"""What a hand gets hold of: inside a larger area, the things that given points lie on.

Masks of drag benchmarks say where a picture may change, not what is pulled. The thing under a handle is told from
what surrounds it as in a drawn box: its colours against those outside the area (GrabCut: Rother, Kolmogorov and
Blake 2004). Where the area ends at the picture's border the thing may go on; elsewhere it mostly ends before. What
goes on outside, the stem of a flower whose head is marked, hangs together with the rest and cannot be taken away.
"""

import cv2
import numpy as np

from pliant.geometry import Box
from pliant.regions import trimap
from pliant.regions.cut import SLACK, Crop, cut, sharpened
from pliant.regions.mask import grow
from pliant.regions.prompts import Floats
from pliant.regions.seen import parts_touching, rgb8, without_gaps
from pliant.types import Bool, Picture

_COARSE, _ROUNDS = 240, 4  # larger crops and more rounds found no better things, only later
_FINE = 600

# Shares of the area's size, the square root of its pixels.
_RIM = 0.06  # along the area's border, where the thing has mostly ended
_AROUND = 0.15  # what is looked at outside
_SURE = 0.05  # radius of the discs around the points
_GAP = 0.02  # of the thing: highlights and lettering
_LEAST = 0.01  # of the area: what is smaller is no thing
_BEYOND = 0.2  # of the thing: what goes on so far outside the area hangs together with the rest


def grasped(picture: Picture, area: Bool, points: Floats, *, margin: int = 0, kept: Bool | None = None) -> Bool:
    """`(H, W)` bool: the connected things inside `area` on which `points` `(N, 2)` (x, y) lie.

    They end `margin` pixels before the area does, and are nowhere in `kept` `(H, W)`, which stands in front of
    them. Nothing is selected where nothing stands out, or where it hangs together with what is outside.
    """
    frame, size = Box.of_size(picture.size), float(np.sqrt(np.count_nonzero(area)))
    image = rgb8(picture)
    front = np.zeros_like(area) if kept is None else kept
    coarse = Crop.of(image, Box.around(area).grown(round(_AROUND * size)).within(frame), _COARSE)
    if coarse.image.min() == coarse.image.max():
        return np.zeros_like(area)
    inside = cut(coarse.image, _trimap(coarse, area, front, points, size), _ROUNDS)
    found = _held(coarse.restored(inside, frame), area & ~front, points)
    if _goes_on(coarse, found, area, front):
        return np.zeros_like(area)
    fine = coarse.finer(image, Box.around(found), frame, _FINE)
    if fine is not None:
        sharper = sharpened(fine, found, SLACK / coarse.scale, points, np.empty((0, 2)), 1.0)
        found = _held(fine.restored(sharper, frame), area & ~front, points)
    found = _held(found & grow(area, -margin), area & ~front, points)
    return found if np.count_nonzero(found) >= _LEAST * size**2 else np.zeros_like(found)


def _trimap(crop: Crop, area: Bool, front: Bool, points: Floats, size: float) -> trimap.Trimap:
    inside = crop.part(area)
    depth = cv2.distanceTransform(inside.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    made = np.where(depth > max(_RIM * size * crop.scale, 2.0), trimap.MAYBE_IN, trimap.MAYBE_OUT)
    none = np.empty((0, 2))
    trimap.stamp(made, crop.places(points), none, max(_SURE * size * crop.scale, 1.0))
    made[~inside | crop.part(front)] = trimap.OUT
    return made


def _goes_on(crop: Crop, found: Bool, area: Bool, front: Bool) -> bool:
    """Whether what is like `found`, once the outside of the area may be it too, reaches far beyond the area."""
    thing = crop.part(found)
    made = np.where(thing, trimap.MAYBE_IN, trimap.MAYBE_OUT)
    made[grow(thing, -1)] = trimap.IN
    made[crop.part(front)] = trimap.OUT
    like = parts_touching(cut(crop.image, made, 3), thing)
    return bool(np.count_nonzero(like & ~crop.part(area)) > _BEYOND * np.count_nonzero(thing))


def _held(found: Bool, area: Bool, points: Floats) -> Bool:
    height, width = found.shape
    found = found & area
    if not found.any():
        return found
    held = parts_touching(found, trimap.discs(points, 0, height, width))
    return without_gaps(held, _GAP, np.zeros_like(held)) & area
