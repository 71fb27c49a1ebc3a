"""Thin-plate spline: the smoothest field through the handles; exact for every affine map."""

import numpy as np

from pliant.geometry import Box
from pliant.types import Bool, Edge
from pliant.warp import kernels
from pliant.warp.deform import Points

_ON_A_LINE = 1e-3  # ratio of spreads below which handles count as collinear


class Spline:
    """Thin plate through the handles (Bookstein 1989): a shift for 1, a similarity for 2, affine for 3.

    Handles on one line do not fix an affine map: across the line the similarity that fits best is taken.
    """

    edge: Edge = "free"
    summary = "smoothest field through the handles: stretches, scales and shears exactly"

    def __init__(self, mask: Bool, box: Box) -> None:
        del mask, box  # the field needs nothing but the handles

    def target_of(self, points: Points, handles: Points, targets: Points) -> Points:
        """See `Deformer`."""
        if len(handles) == 1:
            return points + (targets - handles)
        base = _similarity(handles, targets)
        if len(handles) == 2:
            return base(points)
        centre, axes, spread = _frame(handles)
        plane = np.column_stack([np.ones(len(handles)), (handles - centre) @ axes.T])
        bend, slope = _solve(handles / spread, plane, targets - base(handles))
        out = base(points) + np.column_stack([np.ones(len(points)), (points - centre) @ axes.T]) @ slope
        kernels.thin_plate(points / spread, handles / spread, bend, out)
        return out


class _similarity:  # noqa: N801 - reads as the function it is
    """The similarity that maps handles to targets best in the least-squares sense."""

    def __init__(self, handles: Points, targets: Points) -> None:
        self._from, self._to = handles.mean(axis=0), targets.mean(axis=0)
        p, q = _complex(handles - self._from), _complex(targets - self._to)
        self._turn = np.vdot(p, q) / np.vdot(p, p)

    def __call__(self, points: Points) -> Points:
        moved = _complex(points - self._from) * self._turn
        return np.column_stack([moved.real, moved.imag]) + self._to


def _complex(points: Points) -> np.ndarray:
    return points[:, 0] + 1j * points[:, 1]


def _frame(handles: Points) -> tuple[Points, Points, float]:
    """Centre, the scaled axes along which the handles spread, and their spread in pixels."""
    centre = handles.mean(axis=0)
    _, spreads, axes = np.linalg.svd(handles - centre, full_matrices=False)
    used = spreads > _ON_A_LINE * spreads[0]
    spread = float(spreads[0])
    return centre, axes[used] / spread, spread


def _solve(handles: Points, plane: Points, rest: Points) -> tuple[Points, Points]:
    square = ((handles[:, None] - handles[None]) ** 2).sum(axis=-1)
    bending = np.where(square > 0, square * np.log(np.where(square > 0, square, 1)), 0)
    n, k = plane.shape
    system = np.block([[bending, plane], [plane.T, np.zeros((k, k))]])
    solved: Points = np.linalg.solve(system, np.vstack([rest, np.zeros((k, 2))])).astype(np.float64)
    return solved[:n], solved[n:]
