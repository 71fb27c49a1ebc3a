"""Rigid moving least squares: near every place the region turns and moves, but does not scale or shear."""

import numpy as np

from pliant.geometry import Box
from pliant.types import Bool, Edge
from pliant.warp import kernels
from pliant.warp.deform import Points


class Rigid:
    """The turn and shift that fit the handles best, weighted by `1 / |p - h_i|^2` (Schaefer et al. 2006, 2.3)."""

    edge: Edge = "free"
    summary = "moves and turns like a solid thing; bends between handles"

    def __init__(self, mask: Bool, box: Box) -> None:
        del mask, box  # the field needs nothing but the handles

    def target_of(self, points: Points, handles: Points, targets: Points) -> Points:
        """See `Deformer`."""
        if len(handles) == 1:
            return points + (targets - handles)
        out = np.empty_like(points)
        kernels.moving_least_squares(points, handles, targets, False, out)
        return out
