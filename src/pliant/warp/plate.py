"""A thin plate whose border is clamped: a grid of unknowns whose stiffness is factorised once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csc_matrix
from scipy.sparse.linalg import splu

from pliant.compiled import compiled
from pliant.geometry import Box
from pliant.types import Bool
from pliant.warp.deform import Points

KEPT_BYTES = 2**26  # of responses

Array = NDArray[Any]


class Plate:
    """The clamped plate on `mask` `(h, w)`, which lies on `box`, with a grid of `step` pixels."""

    def __init__(self, mask: Bool, box: Box, step: float) -> None:
        self._step = step
        self._corner = np.array([box.x0 - 2 * step, box.y0 - 2 * step])
        shape = int((box.height - 1) // step) + 6, int((box.width - 1) // step) + 6
        rows, columns = (np.rint(np.arange(n) * step - 2 * step).astype(int) for n in shape)
        inside_rows, inside_columns = (rows >= 0) & (rows < box.height), (columns >= 0) & (columns < box.width)
        self._free = np.zeros(shape, np.bool_)
        self._free[np.ix_(inside_rows, inside_columns)] = mask[np.ix_(rows[inside_rows], columns[inside_columns])]
        count = int(self._free.sum())
        self._number = np.full(shape, -1)
        self._number[self._free] = np.arange(count)
        self._solver = splu(_stiffness(self._number), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
        # The system takes memory for a row only once it is written.
        self._responses = np.empty((min(count, KEPT_BYTES // (8 * count)), count))
        self._row = np.full(count, -1)
        self._kept = 0

    def through(self, handles: Points, vectors: Points) -> "Displacement":
        """The plate's displacement that is `vectors` `(N, 2)` at `handles` `(N, 2)`."""
        nodes, weights = self._readings(handles)
        rows = self._solved(nodes)
        compliance = weights @ self._responses[rows[:, None], nodes] @ weights.T
        force = np.linalg.lstsq(compliance, vectors, rcond=1e-12)[0]
        bent = np.zeros((2, len(self._row)))
        _add_responses(self._responses, rows, weights.T @ force, bent)
        values = np.zeros((*self._number.shape, 2))
        values[self._free] = bent.T
        return Displacement(values, self._corner, self._step)

    def _readings(self, handles: Points) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The unknowns `(M,)` around the handles, and the bilinear weights `(N, M)` that read the plate there."""
        x, y = ((handles - self._corner) / self._step).T
        ix, iy = np.floor(x).astype(int), np.floor(y).astype(int)
        cell = [(j, i) for j in (0, 1) for i in (0, 1)]
        around = np.stack([self._number[iy + j, ix + i] for j, i in cell], axis=1)
        shares = [np.abs(1 - j - (y - iy)) * np.abs(1 - i - (x - ix)) for j, i in cell]
        nodes, which = np.unique(around, return_inverse=True)
        weights = np.zeros((len(handles), len(nodes)))
        weights[np.arange(len(handles))[:, None], which.reshape(around.shape)] = np.stack(shares, axis=1)
        held = nodes < 0  # no unknown: the plate is zero there
        return nodes[~held], weights[:, ~held]

    def _solved(self, nodes: NDArray[np.intp]) -> NDArray[np.intp]:
        """The rows of the kept responses `(M,)` that say what a unit force at each node does to the plate.

        A pointer moves from place to place, so most of what a move needs is known from those before it.
        """
        missing = nodes[self._row[nodes] < 0]
        if self._kept + len(missing) > len(self._responses):
            self._row[:], self._kept, missing = -1, 0, nodes
            self._responses = np.empty((max(len(self._responses), len(nodes)), len(self._row)))
        for node in missing.tolist():
            # One by one: several at once differ in their last bits, and then with what was asked before.
            force = np.zeros(len(self._row))
            force[node] = 1.0
            self._responses[self._kept] = self._solver.solve(force)
            self._row[node] = self._kept
            self._kept += 1
        return self._row[nodes]


class Displacement:
    """A displacement on a plate's grid, between its points bilinear, and zero beyond it."""

    def __init__(self, values: NDArray[np.float64], corner: NDArray[np.float64], step: float) -> None:
        self._values, self._corner, self._step = values, corner, step

    @property
    def steepness(self) -> float:
        """Largest slope, in pixels per pixel."""
        return _steepest(self._values) / self._step

    def carry(self, points: Points, share: float) -> None:
        """Move `points` `(N, 2)`, in place, by `share` of the displacement that is where they are."""
        _carry(self._values, self._corner[0], self._corner[1], self._step, share, points)


@compiled
def _add_responses(responses: Array, rows: Array, forces: Array, out: Array) -> None:
    """out `(2, U)` += sum forces_i responses_i."""
    for i in range(rows.shape[0]):
        x, y = forces[i, 0], forces[i, 1]
        row = responses[rows[i]]
        for k in range(row.shape[0]):
            out[0, k] += x * row[k]
            out[1, k] += y * row[k]


@compiled
def _steepest(values: Array) -> float:
    """Root of the largest squared differences across plus down between neighbours of a grid."""
    height, width = values.shape[:2]
    across = down = 0.0
    for j in range(height):
        for i in range(width):
            if i + 1 < width:
                x, y = values[j, i + 1, 0] - values[j, i, 0], values[j, i + 1, 1] - values[j, i, 1]
                across = max(across, x * x + y * y)
            if j + 1 < height:
                x, y = values[j + 1, i, 0] - values[j, i, 0], values[j + 1, i, 1] - values[j, i, 1]
                down = max(down, x * x + y * y)
    return np.sqrt(across + down)


@compiled
def _carry(values: Array, x0: float, y0: float, step: float, share: float, points: Array) -> None:
    """points += share of the bilinear values of a grid at (x0, y0)."""
    height, width = values.shape[:2]
    for k in range(points.shape[0]):
        gx, gy = (points[k, 0] - x0) / step, (points[k, 1] - y0) / step
        # The plate is zero on its grid's border, so beyond it nothing moves.
        if not (0.0 <= gx < width - 1 and 0.0 <= gy < height - 1):
            continue
        ix, iy = int(gx), int(gy)
        wx, wy = gx - ix, gy - iy
        a, b, c, d = (1.0 - wy) * (1.0 - wx), (1.0 - wy) * wx, wy * (1.0 - wx), wy * wx
        for axis in range(2):
            points[k, axis] += share * (
                a * values[iy, ix, axis]
                + b * values[iy, ix + 1, axis]
                + c * values[iy + 1, ix, axis]
                + d * values[iy + 1, ix + 1, axis]
            )


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
