"""The one inverse for every deformer: a forward mesh, rasterised to where each pixel comes from.

Every triangle of the mesh is mapped forward at its corners and inverted exactly inside (it is affine there), so
`target_of(source_of(q)) = q` up to the mesh's own resolution, holes of the region stay holes, and a fold shows as
a triangle that is turned over.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box
from pliant.warp import bands, kernels
from pliant.warp.mesh import Mesh

_WORTH = 30_000  # pixels inverted while a thread starts


class Inverse(NamedTuple):
    """`offset` `(h, w, 2)` float32 on `box`: source minus target, NaN where nothing arrives.

    `folded`: pixels that turned-over triangles reach.
    """

    box: Box
    offset: NDArray[np.float32]
    folded: int


def invert(mesh: Mesh, moved: NDArray[np.float64], frame: Box) -> Inverse:
    """Invert `mesh` with its vertices at `moved` `(ny, nx, 2)`, inside `frame`."""
    box = reach(mesh, moved).within(frame)
    offset = np.full((box.height, box.width, 2), np.nan, np.float32)
    if not box.area:
        return Inverse(Box(0, 0, 0, 0), np.empty((0, 0, 2), np.float32), 0)

    def band(first: int, stop: int) -> int:
        return kernels.invert_mesh(mesh.columns, mesh.rows, moved, mesh.cells, box.x0, box.y0, first, stop, offset)

    return Inverse(box, offset, sum(bands.run(band, box, worth=_WORTH)))


def reach(mesh: Mesh, moved: NDArray[np.float64]) -> Box:
    """The box of all pixels that the moved mesh can touch."""
    x, y = moved[..., 0][mesh.used], moved[..., 1][mesh.used]
    limit = 2**30  # far beyond any picture, and safe to hold in an int
    bounds = np.clip([np.floor(x.min()), np.floor(y.min()), np.ceil(x.max()), np.ceil(y.max())], -limit, limit)
    x0, y0, x1, y1 = (int(bound) for bound in bounds)
    return Box(x0, y0, x1 + 1, y1 + 1)
