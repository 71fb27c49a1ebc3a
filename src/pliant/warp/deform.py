"""What a deformer is, and the names of those there are."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box
from pliant.registry import Registry
from pliant.types import Bool, Edge

Points = NDArray[np.float64]


class Deformer(Protocol):
    """A field that carries a region's points when its handles are pulled; made once for a region.

    Every handle lands on its target; a pin is a handle whose target is itself.
    """

    def target_of(self, points: Points, handles: Points, targets: Points) -> Points:
        """Where `points` `(N, 2)` go when `handles` `(M, 2)`, M >= 1 and all different, go to `targets`."""
        ...


class MakeDeformer(Protocol):
    """What a registry entry is: something that makes a deformer for a region."""

    edge: Edge
    summary: str

    def __call__(self, mask: Bool, box: Box) -> Deformer:
        """A deformer for the region whose selection on `box` is `mask` `(h, w)`."""
        ...


DEFORMERS: Registry[MakeDeformer] = Registry(
    "deformer",
    "pliant.deformers",
    {
        "similar": "pliant.warp.similar:Similar",
        "rigid": "pliant.warp.rigid:Rigid",
        "elastic": "pliant.warp.elastic:Elastic",
        "spline": "pliant.warp.spline:Spline",
        "membrane": "pliant.warp.membrane:Membrane",
    },
)

DEFAULT_DEFORMER: dict[Edge, str] = {"free": "similar", "pinned": "membrane"}
