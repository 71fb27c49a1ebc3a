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
        nodes, weights = np.empty((len(handles), 4), np.intp), np.empty((len(handles), 4))
        _read(self._number, (handles - self._corner) / self._step, nodes, weights)
        rows = self._solved(nodes)
        compliance = np.empty((len(handles), len(handles)))
        _comply(self._responses, rows, nodes, weights, compliance)
        force = np.linalg.lstsq(compliance, vectors, rcond=1e-12)[0]
        bent = np.zeros((2, len(self._row)))
        _add_responses(self._responses, rows, weights, force, bent)
        values = np.zeros((*self._number.shape, 2))
        values[self._free] = bent.T
        return Displacement(values, self._corner, self._step)

    def _solved(self, nodes: NDArray[np.intp]) -> NDArray[np.intp]:
        """The rows of the kept responses that say what a unit force at each node does to the plate.

        A pointer moves from place to place, so most of what a move needs is known from those before it.
        """
        missing = np.unique(nodes[self._row[nodes] < 0])
        if self._kept + len(missing) > len(self._responses):
            missing = np.unique(nodes)
            self._row[:], self._kept = -1, 0
            self._responses = np.empty((max(len(self._responses), len(missing)), len(self._row)))
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
def _read(number: Array, places: Array, nodes: Array, weights: Array) -> None:
    """The four unknowns around each of `places`, in steps of the grid, and bilinear weights that read it there.

    Where the plate is held there is no unknown: any will do, with a weight of 0.
    """
    for k in range(places.shape[0]):
        ix, iy = int(np.floor(places[k, 0])), int(np.floor(places[k, 1]))
        wx, wy = places[k, 0] - ix, places[k, 1] - iy
        for j in range(2):
            for i in range(2):
                node = number[iy + j, ix + i]
                weight = (wy if j else 1.0 - wy) * (wx if i else 1.0 - wx)
                nodes[k, 2 * j + i] = max(node, 0)
                weights[k, 2 * j + i] = weight if node >= 0 else 0.0


@compiled
def _comply(responses: Array, rows: Array, nodes: Array, weights: Array, out: Array) -> None:
    """out `(N, N)`: how far the plate moves at one place under a unit force at another."""
    for a in range(nodes.shape[0]):
        for b in range(nodes.shape[0]):
            total = 0.0
            for i in range(4):
                for j in range(4):
                    total += weights[a, i] * weights[b, j] * responses[rows[b, j], nodes[a, i]]
            out[a, b] = total


@compiled
def _add_responses(responses: Array, rows: Array, weights: Array, forces: Array, out: Array) -> None:
    """out `(2, U)` += what `forces` `(N, 2)` do to the plate."""
    for a in range(rows.shape[0]):
        for i in range(4):
            x, y = weights[a, i] * forces[a, 0], weights[a, i] * forces[a, 1]
            row = responses[rows[a, i]]
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
