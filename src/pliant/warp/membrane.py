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
from scipy.sparse import coo_matrix, csc_matrix
from scipy.sparse.linalg import splu

from pliant.errors import EditError
from pliant.geometry import Box
from pliant.types import Bool, Edge
from pliant.warp import kernels
from pliant.warp.deform import Points

UNKNOWNS = 2500  # grid points that the plate is solved on
MOST_UNKNOWNS = 40_000
STEEPEST = 0.5  # largest slope of one step's displacement; below 1 it is one-to-one
MOST_STEPS = 64
MOST_KEPT = 200  # responses of a plate that are kept


class Membrane:
    """Clamped plate, integrated as a flow. Handles and targets must lie in the region."""

    edge: Edge = "pinned"
    summary = "the region's border stays, the inside stretches without folding"

    def __init__(self, mask: Bool, box: Box) -> None:
        self._mask, self._box = mask, box
        self._plates: dict[float, _Plate] = {}

    def target_of(self, points: Points, handles: Points, targets: Points) -> Points:
        """See `Deformer`.

        Raises:
            EditError: a target, or the straight way to it, lies outside the region (`target_outside_region`).
        """
        self._require_inside(handles, targets)
        plate = self._plate(np.vstack([handles, targets]))
        here, out, left = handles.copy(), points.copy(), 1.0
        for _ in range(MOST_STEPS):
            step = plate.through(here, (targets - here))
            share = min(1.0, STEEPEST / max(step.steepness, 1e-12))
            out = out + share * step.at(out)
            left *= 1.0 - share
            here = targets - (targets - handles) * left
            if share == 1.0:
                return out
        return out + plate.through(here, targets - here).at(out)

    def _require_inside(self, handles: Points, targets: Points) -> None:
        for handle, target in zip(handles, targets, strict=True):
            steps = max(int(np.ceil(np.abs(target - handle).max())), 1)
            way = handle + (target - handle) * np.linspace(0, 1, steps + 1)[:, None]
            columns, rows = np.rint(way - (self._box.x0, self._box.y0)).astype(int).T
            height, width = self._mask.shape
            inside = (columns >= 0) & (rows >= 0) & (columns < width) & (rows < height)
            if not (inside.all() and self._mask[rows, columns].all()):
                raise EditError(
                    f"The drag from ({handle[0]:g}, {handle[1]:g}) to ({target[0]:g}, {target[1]:g}) leaves "
                    "its region, whose border is pinned; draw the region larger, drag less, or set edge to "
                    "'free'.",
                    code="target_outside_region",
                )

    def _plate(self, places: Points) -> "_Plate":
        """A plate fine enough for the room between the handles and the border."""
        columns, rows = np.rint(places - (self._box.x0, self._box.y0)).astype(int).T
        room = float(self._room[rows, columns].min())
        area = int(self._mask.sum())
        wanted = min(np.sqrt(area / UNKNOWNS), room / 3)
        step = 2.0 ** (np.floor(2 * np.log2(max(wanted, np.sqrt(area / MOST_UNKNOWNS), 1.0))) / 2)
        if step not in self._plates:
            self._plates[step] = _Plate(self._mask, self._box, step)
        return self._plates[step]

    @cached_property
    def _room(self) -> NDArray[np.float32]:
        framed = np.pad(self._mask, 1).view(np.uint8)
        room = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
        return cast(NDArray[np.float32], room)


class _Plate:
    """The plate's stiffness on a grid of `step` pixels, factorised once."""

    def __init__(self, mask: Bool, box: Box, step: float) -> None:
        self.step = step
        self.x0, self.y0 = box.x0 - 2 * step, box.y0 - 2 * step
        self._shape = int((box.height - 1) // step) + 6, int((box.width - 1) // step) + 6
        rows, columns = (np.rint(np.arange(n) * step - 2 * step).astype(int) for n in self._shape)
        inside_rows, inside_columns = (
            (rows >= 0) & (rows < box.height),
            (columns >= 0) & (columns < box.width),
        )
        free = np.zeros(self._shape, np.bool_)
        free[np.ix_(inside_rows, inside_columns)] = mask[np.ix_(rows[inside_rows], columns[inside_columns])]
        self._number = np.full(self._shape, -1)
        self._number[free] = np.arange(int(free.sum()))
        self._free = free
        self._known: dict[tuple[float, float], NDArray[np.float64]] = {}
        self._solver = splu(_stiffness(self._number), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})

    def through(self, handles: Points, vectors: Points) -> "_Step":
        """The plate's displacement that is `vectors` at `handles`."""
        rows = self._rows(handles)
        response = self._responses(handles, rows)
        force = np.linalg.lstsq(rows @ response, vectors, rcond=1e-12)[0]
        values = np.zeros((*self._shape, 2))
        values[self._free] = response @ force
        return _Step(values, self)

    def _responses(self, handles: Points, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a unit force at each handle does to the plate, `(unknowns, M)`.

        Those of pins and of the places where drags begin are asked for at every pointer move, so they are kept.
        """
        places = [(x, y) for x, y in handles.tolist()]
        missing = [index for index, place in enumerate(places) if place not in self._known]
        if missing:
            if len(self._known) > MOST_KEPT:
                self._known.clear()
                missing = list(range(len(places)))
            solved = self._solver.solve(np.ascontiguousarray(rows[missing].T))
            self._known |= {places[index]: solved[:, k] for k, index in enumerate(missing)}
        return np.column_stack([self._known[place] for place in places])

    def _rows(self, handles: Points) -> NDArray[np.float64]:
        """Bilinear weights `(M, unknowns)` that read the plate at each handle."""
        weights = np.zeros((len(handles), int(self._number.max()) + 1))
        for row, (x, y) in zip(weights, handles, strict=True):
            gx, gy = (x - self.x0) / self.step, (y - self.y0) / self.step
            ix, iy = int(np.floor(gx)), int(np.floor(gy))
            for j, wy in ((iy, 1 - (gy - iy)), (iy + 1, gy - iy)):
                for i, wx in ((ix, 1 - (gx - ix)), (ix + 1, gx - ix)):
                    if self._number[j, i] >= 0:
                        row[self._number[j, i]] += wx * wy
        return weights


class _Step:
    """A displacement on a plate's grid."""

    def __init__(self, values: NDArray[np.float64], plate: _Plate) -> None:
        self._values, self._plate = values, plate

    @property
    def steepness(self) -> float:
        """Largest slope of the displacement, in pixels per pixel."""
        across = np.linalg.norm(np.diff(self._values, axis=1), axis=-1).max()
        down = np.linalg.norm(np.diff(self._values, axis=0), axis=-1).max()
        return float(np.hypot(across, down) / self._plate.step)

    def at(self, points: Points) -> Points:
        """The displacement at `points`."""
        out = np.empty_like(points)
        kernels.interpolate(self._values, self._plate.x0, self._plate.y0, self._plate.step, points, out)
        return out


def _stiffness(number: NDArray[np.int64]) -> csc_matrix:
    """`L'L` for the five-point Laplacian L on the numbered points; all others are held at zero."""
    centre = np.arange(number.size).reshape(number.shape)[1:-1, 1:-1]
    stencil = ((0, 0, -4.0), (0, 1, 1.0), (0, -1, 1.0), (1, 0, 1.0), (-1, 0, 1.0))
    rows: list[NDArray[np.intp]] = []
    columns: list[NDArray[np.intp]] = []
    values: list[NDArray[np.float64]] = []
    height, width = number.shape
    for dy, dx, value in stencil:
        unknown = number[1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx]
        there = unknown >= 0
        rows.append(centre[there])
        columns.append(unknown[there])
        values.append(np.full(int(there.sum()), value))
    count = int(number.max()) + 1
    laplacian = coo_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (number.size, count)
    ).tocsr()
    return csc_matrix(laplacian.T @ laplacian)
