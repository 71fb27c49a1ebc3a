"""Similarity moving least squares: near every place the region turns, moves and scales, but does not shear."""

import numpy as np

from pliant.geometry import Box
from pliant.types import Bool, Edge
from pliant.warp import kernels
from pliant.warp.deform import Points


class Similar:
    """The similarity that fits the handles best, weighted by `1 / |p - h_i|^4` (Schaefer et al. 2006, 2.2).

    Their weights with alpha = 2: what lies between two handles follows the nearer one more. With alpha = 1, what a
    turned handle carries is dragged back by the pins far away.
    """

    edge: Edge = "free"
    summary = "moves, turns and scales like a picture of a solid thing; bends between handles"

    def __init__(self, mask: Bool, box: Box) -> None:
        del mask, box  # the field needs nothing but the handles

    def target_of(self, points: Points, handles: Points, targets: Points) -> Points:
        """See `Deformer`."""
        if len(handles) == 1:
            return points + (targets - handles)
        out = np.empty_like(points)
        kernels.moving_least_squares(points, handles, targets, True, out)
        return out
