"""Thin-plate spline: the smoothest field through the handles; exact for every affine map."""

import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box
from pliant.types import Bool, Edge
from pliant.warp import kernels
from pliant.warp.deform import Points

_ON_A_LINE = 1e-3  # ratio of spreads below which handles count as collinear
_MOST_KEPT = 16_000_000  # coordinates times handles whose basis is kept: 64 MB

Floats = NDArray[np.float64]


class Spline:
    """Thin plate through the handles (Bookstein 1989): a shift for 1, a similarity for 2, affine for 3.

    Handles on one line do not fix an affine map: across the line the similarity that fits best is taken.
    """

    edge: Edge = "free"
    summary = "smoothest field through the handles: stretches, scales and shears exactly"

    def __init__(self, mask: Bool, box: Box) -> None:
        del mask, box  # the field needs nothing but the handles
        self._known: _Basis | None = None

    def target_of(self, points: Points, handles: Points, targets: Points) -> Points:
        """See `Deformer`. What does not depend on the targets is kept for the next call."""
        if len(handles) == 1:
            return points + (targets - handles)
        turn = _similarity(handles, targets)
        centre, middle = handles.mean(axis=0), targets.mean(axis=0)
        if len(handles) == 2:
            return (points - centre) @ turn + middle
        basis = self._known
        if basis is None or not basis.is_for(points, handles):
            basis = self._known = _Basis(points, handles)
        weights, slope, shift = basis.solve(targets - ((handles - centre) @ turn + middle))
        out = (points - centre) @ (turn + slope) + (middle + shift)
        basis.add_bending(weights, out)
        return out


class _Basis:
    """The plate's system for `handles`, and its radial functions `U(r) = r^2 log r^2` at `points`."""

    def __init__(self, points: Points, handles: Points) -> None:
        self._points, self._handles = points.copy(), handles.copy()
        self._spread, self._axes = _frame(handles)
        near = self._bending(handles)
        plane = np.column_stack([np.ones(len(handles)), (handles - handles.mean(axis=0)) @ self._axes.T])
        k = plane.shape[1]
        self._system = np.block([[near, plane], [plane.T, np.zeros((k, k))]])
        self._far = self._bending(points) if points.size * len(handles) <= _MOST_KEPT else None

    def is_for(self, points: Points, handles: Points) -> bool:
        """Whether this is the basis of these points and handles."""
        return np.array_equal(handles, self._handles) and np.array_equal(points, self._points)

    def solve(self, rest: Points) -> tuple[Points, Floats, Floats]:
        """What is `rest` at the handles: weights `(N, 2)`, slopes `(2, 2)` and shift `(2,)` about the centre."""
        n = len(rest)
        wanted = np.pad(rest, ((0, len(self._system) - n), (0, 0)))
        solved: Floats = np.linalg.solve(self._system, wanted).astype(np.float64)
        return solved[:n], self._axes.T @ solved[n + 1 :], solved[n]

    def add_bending(self, weights: Points, out: Points) -> None:
        """Add what the radial functions with these weights give at the points."""
        kernels.add_weighted(self._bending(self._points) if self._far is None else self._far, weights, out)

    def _bending(self, points: Points) -> Floats:
        values = np.empty((len(points), len(self._handles)))
        kernels.bending(points / self._spread, self._handles / self._spread, values)
        return values


def _similarity(handles: Points, targets: Points) -> Floats:
    """`(2, 2)`: the turn and scale about the centres that fits best in the least-squares sense; `points @ it`."""
    p, q = (_complex(places - places.mean(axis=0)) for places in (handles, targets))
    turn = complex(np.vdot(p, q) / np.vdot(p, p))
    return np.array([[turn.real, turn.imag], [-turn.imag, turn.real]])


def _complex(points: Points) -> NDArray[np.complex128]:
    return points[:, 0] + 1j * points[:, 1]


def _frame(handles: Points) -> tuple[float, Points]:
    """The spread of the handles in pixels, and the axes along which they spread, divided by it."""
    _, spreads, axes = np.linalg.svd(handles - handles.mean(axis=0), full_matrices=False)
    spread = float(spreads[0])
    return spread, axes[spreads > _ON_A_LINE * spread] / spread
