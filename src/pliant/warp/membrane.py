"""A clamped thin plate that flows: the region's border stays, the inside stretches, nothing folds.

The displacement of one small step is the clamped plate (biharmonic, zero value and slope at the border)
through the handles, so nothing kinks at the border and point handles are well posed, which they are not for the
harmonic membrane. A single large step would fold once a handle moves two thirds of its way to the border; so the
handles travel in steps short enough that each one is one-to-one, and points are carried along. A composition of
one-to-one maps does not fold.
"""

from functools import cached_property
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.compiled import compiled
from pliant.errors import EditError
from pliant.geometry import Box
from pliant.types import Bool, Edge
from pliant.warp.deform import Points
from pliant.warp.plate import Array, Plate

UNKNOWNS = 2500  # grid points that the plate is solved on
MOST_UNKNOWNS = 40_000
STEEPEST = 0.5  # largest slope of one step's displacement; below 1 it is one-to-one
MOST_STEPS = 64


class Membrane:
    """Clamped plate, integrated as a flow. Handles and targets must lie in the region."""

    edge: Edge = "pinned"
    summary = "the region's border stays, the inside stretches without folding"

    def __init__(self, mask: Bool, box: Box) -> None:
        self._mask, self._box = mask, box
        self._plates: dict[float, Plate] = {}

    def target_of(self, points: Points, handles: Points, targets: Points) -> Points:
        """See `Deformer`.

        Raises:
            EditError: a target, or the straight way to it, lies outside the region (`target_outside_region`).
        """
        self._require_inside(handles, targets)
        plate = self._plate(np.vstack([handles, targets]))
        here, out, left = handles.copy(), points.copy(), 1.0
        for _ in range(MOST_STEPS):
            step = plate.through(here, targets - here)
            share = min(1.0, STEEPEST / max(step.steepness, 1e-12))
            step.carry(out, share)
            left *= 1.0 - share
            here = targets - (targets - handles) * left
            if share == 1.0:
                return out
        plate.through(here, targets - here).carry(out, 1.0)
        return out

    def _require_inside(self, handles: Points, targets: Points) -> None:
        left = _first_to_leave(self._mask, self._box.x0, self._box.y0, handles, targets)
        if left < 0:
            return
        (x, y), (u, v) = handles[left], targets[left]
        raise EditError(
            f"The drag from ({x:g}, {y:g}) to ({u:g}, {v:g}) leaves its region, whose border is pinned; draw the "
            "region larger, drag less, or set edge to 'free'.",
            code="target_outside_region",
        )

    def _plate(self, places: Points) -> Plate:
        """A plate fine enough for the room between the handles and the border."""
        columns, rows = np.rint(places - (self._box.x0, self._box.y0)).astype(int).T
        room = float(self._room[rows, columns].min())
        wanted = min(np.sqrt(self._area / UNKNOWNS), room / 3)
        step = 2.0 ** (np.floor(2 * np.log2(max(wanted, np.sqrt(self._area / MOST_UNKNOWNS), 1.0))) / 2)
        if step not in self._plates:
            self._plates[step] = Plate(self._mask, self._box, step)
        return self._plates[step]

    @cached_property
    def _area(self) -> int:
        return int(self._mask.sum())

    @cached_property
    def _room(self) -> NDArray[np.float32]:
        framed = np.pad(self._mask, 1).view(np.uint8)
        room = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
        return cast(NDArray[np.float32], room)


@compiled
def _first_to_leave(mask: Array, x0: int, y0: int, handles: Array, targets: Array) -> int:
    """The first drag whose straight way, seen at every pixel, leaves `mask`, which is at (x0, y0); -1 for none."""
    height, width = mask.shape
    for k in range(handles.shape[0]):
        dx, dy = targets[k, 0] - handles[k, 0], targets[k, 1] - handles[k, 1]
        steps = max(int(np.ceil(max(abs(dx), abs(dy)))), 1)
        for i in range(steps + 1):
            column = int(np.rint(handles[k, 0] + dx * (i / steps))) - x0
            row = int(np.rint(handles[k, 1] + dy * (i / steps))) - y0
            if not (0 <= column < width and 0 <= row < height and mask[row, column]):
                return k
    return -1
