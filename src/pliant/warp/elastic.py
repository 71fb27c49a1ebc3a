"""The paper's elastic field: inverse-distance weights over all handles of the region."""

import numpy as np

from pliant.geometry import Box
from pliant.types import Bool, Edge
from pliant.warp import kernels
from pliant.warp.deform import Points

EPSILON = 1e-6  # pixels; keeps the weight finite on a handle


class Elastic:
    """`F(p) = p + sum w_i (t_i - h_i)`, `w_i ~ 1 / (|p - h_i| + eps)` (Inpaint4Drag, forward warping)."""

    edge: Edge = "free"
    summary = "the paper's inverse-distance field: soft, every handle pulls everywhere"

    def __init__(self, mask: Bool, box: Box) -> None:
        del mask, box  # the field needs nothing but the handles

    def target_of(self, points: Points, handles: Points, targets: Points) -> Points:
        """See `Deformer`."""
        out = np.empty_like(points)
        kernels.inverse_distance(points, handles, targets - handles, EPSILON, out)
        return out
