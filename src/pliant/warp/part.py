"""One connected part of a deformable region: prepared once, then moved at every pointer move."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.errors import EditError
from pliant.geometry import Box
from pliant.layer import Layer
from pliant.types import Bool, DragRegion, Edge, Picture, Point
from pliant.warp import kernels
from pliant.warp.deform import DEFAULT_DEFORMER, DEFORMERS, Deformer, Points
from pliant.warp.inverse import invert
from pliant.warp.mesh import Mesh, build
from pliant.warp.sample import footing, sample


@dataclass(frozen=True, eq=False, kw_only=True)
class Part:
    """`mask` `(h, w)` on `box` is the part; `which` indexes its handles among the region's handles, then pins.

    `room` is what it may be painted on, a mask on a box; None: all of the picture.
    """

    box: Box
    mask: Bool
    graded: NDArray[np.uint8]
    mesh: Mesh
    deformer: Deformer
    edge: Edge
    handles: Points
    which: NDArray[np.intp]
    room: tuple[Box, Bool] | None = None

    @classmethod
    def of(
        cls,
        mask: Bool,
        box: Box,
        region: DragRegion,
        handles: Points,
        which: NDArray[np.intp],
        room: tuple[Box, Bool] | None = None,
    ) -> Self:
        """Prepare the part of `region` that `mask` selects on `box`."""
        make = DEFORMERS.get(region.deform or DEFAULT_DEFORMER[region.edge])
        if make.edge != region.edge:
            fitting = [name for name, other in DEFORMERS if other.edge == region.edge]
            raise EditError(
                f"deform is {region.deform!r}, which is for a {make.edge} edge, but the region's edge is "
                f"{region.edge!r}; accepted here: {', '.join(fitting)}.",
                code="deformer_edge",
            )
        return cls(
            box=box,
            mask=mask,
            graded=footing(mask),
            mesh=build(mask, box, handles[which]),
            deformer=make(mask, box),
            edge=region.edge,
            handles=handles[which],
            which=which,
            room=room,
        )

    def moving(self, targets: Points) -> tuple[Self]:
        """Itself: a part alone moves wherever the region's handles go."""
        del targets
        return (self,)

    def carry(self, targets: Points) -> Points:
        """Where the mesh's vertices `(ny, nx, 2)` go when the region's handles go to `targets`."""
        vertices = self.mesh.vertices
        return self.target_of(vertices.reshape(-1, 2), targets).reshape(vertices.shape)

    def target_of(self, points: Points, targets: Points) -> Points:
        """Where `points` `(N, 2)` of the part go when the region's handles go to `targets`."""
        return self.deformer.target_of(points, self.handles, targets[self.which])

    def move(self, picture: Picture, targets: Points) -> Layer:
        """The part of `picture` after its handles went to `targets`."""
        frame = Box.of_size(picture.size)
        inverse = invert(self.mesh, self.carry(targets), self.box if self.edge == "pinned" else frame)
        box, offset = inverse.box, inverse.offset
        if self.edge == "pinned":
            offset = self._held(box, offset)
            box = self.box
        content, coverage = sample(picture, self.graded, self.box, offset, box)
        if self.edge == "pinned":
            coverage = np.where(self.mask, np.uint8(255), np.uint8(0))
        if self.room is not None:
            home, room = self.room
            coverage = np.where(box.cut(room, home), coverage, np.uint8(0))
        return Layer(box=box, pixels=content, coverage=coverage, offset=offset, folded=inverse.folded)

    def _held(self, box: Box, offset: NDArray[np.float32]) -> NDArray[np.float32]:
        """The offsets on the part's own pixels: the border is fixed, so they fill the part exactly."""
        held = np.empty((self.box.height, self.box.width, 2), np.float32)
        kernels.hold(offset, box.x0 - self.box.x0, box.y0 - self.box.y0, self.mask, held)
        return held


def split(mask: Bool, box: Box, region: DragRegion) -> list[Part]:
    """The parts of a region: each connected part follows the handles inside it (Inpaint4Drag, step 1).

    Parts without a handle of their own follow all of the region's handles together, or stay where the border
    is pinned. A handle that `mask` leaves out, since its place is protected, pulls every part.

    Raises:
        EditError: a handle or pin lies outside the region or the picture, or two of them contradict.
    """
    handles = handles_of(region)
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    columns, rows = np.rint(handles - (box.x0, box.y0)).astype(int).T
    owner = labels[rows, columns]
    parts: list[Part] = []
    for label in range(1, count) if count > 2 else ():
        if label in owner:
            which = np.flatnonzero((owner == label) | (owner == 0))
            parts.append(_cropped(labels == label, box, region, handles, which))
    orphans = ~np.isin(labels, [0, *owner]) if count > 2 else mask
    if orphans.any() and (count == 2 or region.edge == "free"):
        parts.insert(0, _cropped(orphans, box, region, handles, np.arange(len(handles))))
    return parts


def _cropped(mask: Bool, box: Box, region: DragRegion, handles: Points, which: NDArray[np.intp]) -> Part:
    inner = Box.around(mask)
    cut = np.ascontiguousarray(mask[inner.slices])
    return Part.of(cut, inner.moved(box.x0, box.y0), region, handles, which)


def handles_of(region: DragRegion) -> Points:
    """Handle points, then pins: `(N, 2)`."""
    return np.array([*(drag.handle for drag in region.drags), *region.pins], np.float64)


def targets_of(region: DragRegion) -> Points:
    """Where `handles_of` go, the region's strength taken into account: `(N, 2)`."""
    handles = handles_of(region)
    targets = np.array([*(drag.target for drag in region.drags), *region.pins], np.float64)
    return handles + region.strength * (targets - handles)


def check(region: DragRegion, name: str, mask: Bool, box: Box, frame: Box) -> None:
    """Refuse handles and pins that the region does not hold; `name` is what an error calls the region."""
    size = f"{frame.width}x{frame.height}"
    for kind, points in (("handle", [drag.handle for drag in region.drags]), ("pin", region.pins)):
        for index, place in enumerate(points):
            x, y = place
            column, row = round(x), round(y)
            if not (0 <= column < frame.width and 0 <= row < frame.height):
                raise EditError(
                    f"{kind.capitalize()} {index + 1} of {name} is at ({x:g}, {y:g}), off the picture of {size}.",
                    code="point_outside_picture",
                )
            column, row = column - box.x0, row - box.y0
            inside = 0 <= column < box.width and 0 <= row < box.height
            if not (inside and mask[row, column]):
                near = _nearest(mask, box, Point(x, y))
                raise EditError(
                    f"{kind.capitalize()} {index + 1} of {name} is at ({x:g}, {y:g}), outside its region; the "
                    f"region's nearest pixel is ({near.x:g}, {near.y:g}). Move the {kind} or grow the region.",
                    code=f"{kind}_outside_region",
                )
    _refuse_conflicts(region, name)


def _nearest(mask: Bool, box: Box, point: Point) -> Point:
    rows, columns = np.nonzero(mask)
    best = int(np.argmin((columns + box.x0 - point.x) ** 2 + (rows + box.y0 - point.y) ** 2))
    return Point(float(columns[best] + box.x0), float(rows[best] + box.y0))


def _refuse_conflicts(region: DragRegion, name: str) -> None:
    places = handles_of(region)
    unique = np.unique(places, axis=0)
    if len(unique) < len(places):
        raise EditError(
            f"{name.capitalize()} has {len(places)} handles and pins at {len(unique)} places; "
            "two of them stand at the same point. Remove or move one.",
            code="conflicting_handles",
        )
