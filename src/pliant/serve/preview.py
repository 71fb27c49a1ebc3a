"""A live preview: one picture, and the frames that answer each edit of it.

A frame is a 4-byte big-endian type and a payload of little-endian 32-bit numbers (see docs/http.md).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pliant.errors import EditError
from pliant.imageio import encode
from pliant.serve.documents import edit_of
from pliant.serve.problems import RequestError
from pliant.serve.schemas import EditMessage, FileFormat, MoveMessage, OpenMessage
from pliant.serve.settings import Settings
from pliant.serve.work import picture_in
from pliant.types import Drag, DragRegion, Edit, Picture
from pliant.warp.mesh import Mesh
from pliant.warp.part import Part, targets_of
from pliant.warp.show import cut_out, with_alpha, with_checker
from pliant.warp.warper import Warper

VERTICES, TOPOLOGY, PICTURE = 1, 2, 3
_FORMATS: dict[FileFormat, int] = {"png": 1, "jpeg": 2}


@dataclass(frozen=True, eq=False)
class Shown:
    """A part's mesh as it is drawn while it moves: its triangles, and where its vertices `(V, 2)` rest."""

    region: int
    mesh: Mesh
    rest: NDArray[np.float64]

    @classmethod
    def of(cls, region: int, part: Part) -> Self:
        """The mesh of `part`, which is of the region with that index in the document."""
        mesh = part.mesh.thinned(part.handles)
        return cls(region, mesh, mesh.vertices[mesh.used])


class Live:
    """The state of one connection. Not for use by several threads at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._warper: Warper | None = None
        self._edit: Edit | None = None
        self._has_pixels = False
        self._parts: list[Part] = []
        self._shown: list[Shown] = []
        self._topology = 0

    def open(self, source: OpenMessage | bytes) -> tuple[int, int]:
        """Begin with a picture file, or with a size alone; gives (width, height)."""
        self._warper = self._edit = None
        self._parts = []
        picture = picture_in(source, self._settings) if isinstance(source, bytes) else self._blank(source)
        self._has_pixels = isinstance(source, bytes)
        self._warper = Warper(with_alpha(picture) if self._has_pixels else picture)
        return picture.size

    def answer(self, edit: EditMessage | None, move: MoveMessage | None) -> list[bytes]:
        """The frames that show `edit`, if there is a new one, after `move`, if there is one."""
        if self._warper is None:
            raise RequestError("There is no picture yet; send one, or an 'open' message first.", code="no_picture")
        if edit is not None:
            self._edit = None
            asked = edit_of(edit.edit, {}, self._settings)
            self._require_pixels(asked)
            self._edit = asked
        if self._edit is None:
            raise RequestError("There is no edit to move; send an 'edit' message first.", code="no_edit")
        if move is not None:
            self._edit = moved(self._edit, move)
        last = move or edit
        return [] if last is None else self._frames(self._warper, self._edit, last.seq, last.picture)

    def _require_pixels(self, edit: Edit) -> None:
        """Refuse what depends on the picture, where its size is all that is known."""
        drags = [region for region in edit.regions if isinstance(region, DragRegion)]
        if not self._has_pixels and any(r.edge == "pinned" and r.deform is None for r in drags):
            raise RequestError(
                "In a region with a pinned edge and no 'deform' the picture decides what moves; send the picture "
                "first, or name a deformer.",
                code="no_picture",
            )

    def _frames(self, warper: Warper, edit: Edit, seq: int, form: FileFormat | None) -> list[bytes]:
        found = [(index, region, part) for index, region, parts in _numbered(warper, edit) for part in parts]
        frames: list[bytes] = []
        if not _same([part for _, _, part in found], self._parts) or not self._topology:
            self._parts = [part for _, _, part in found]
            self._shown = [Shown.of(index, part) for index, _, part in found]
            self._topology += 1
            frames.append(topology_frame(self._topology, self._shown))
        moved = [
            part.target_of(shown.rest, targets_of(region))
            for (_, region, part), shown in zip(found, self._shown, strict=True)
        ]
        frames.append(vertices_frame(seq, self._topology, moved))
        if form is not None:
            frames.append(self._picture(warper, edit, seq, form))
        return frames

    def _picture(self, warper: Warper, edit: Edit, seq: int, form: FileFormat) -> bytes:
        if not self._has_pixels:
            raise RequestError(
                "The preview was opened with a size alone; send a picture first.", code="no_picture"
            )
        preview = warper.preview(edit)
        shown = cut_out(preview) if form == "png" else Picture(with_checker(preview))
        return struct.pack(">I", PICTURE) + struct.pack("<II", seq, _FORMATS[form]) + encode(shown, form)

    def _blank(self, asked: OpenMessage) -> Picture:
        width, height = asked.size
        if width * height > self._settings.max_pixels:
            limit = self._settings.max_megapixels
            raise RequestError(
                f"The picture is {width}x{height}; accepted are up to {limit:g} megapixels.", code="too_large"
            )
        return Picture(np.zeros((height, width, 1), np.uint8))


def moved(edit: Edit, move: MoveMessage) -> Edit:
    """`edit` with the targets, and strengths, of `move`."""
    count = sum(isinstance(region, DragRegion) for region in edit.regions)
    strengths = [None] * count if move.strengths is None else move.strengths
    if len(move.targets) != count or len(strengths) != count:
        raise EditError(
            f"The move has targets for {len(move.targets)} and strengths for {len(strengths)} regions; "
            f"the edit has {count} with drags.",
            code="invalid_move",
        )
    wanted = iter(zip(move.targets, strengths, strict=True))
    regions = [_moved(r, *next(wanted)) if isinstance(r, DragRegion) else r for r in edit.regions]
    return replace(edit, regions=regions)


def _moved(region: DragRegion, targets: list[tuple[float, float]], strength: float | None) -> DragRegion:
    if len(targets) != len(region.drags):
        raise EditError(
            f"The move has {len(targets)} targets for a region with {len(region.drags)} drags.",
            code="invalid_move",
        )
    drags = [Drag(drag.handle, target) for drag, target in zip(region.drags, targets, strict=True)]
    return replace(region, drags=drags, strength=region.strength if strength is None else strength)


def _numbered(warper: Warper, edit: Edit) -> list[tuple[int, DragRegion, Sequence[Part]]]:
    """Each drag region with its index in the document and its parts."""
    indices = [index for index, region in enumerate(edit.regions) if isinstance(region, DragRegion)]
    return [(index, *found) for index, found in zip(indices, warper.parts(edit), strict=True)]


def vertices_frame(seq: int, topology: int, moved: Sequence[NDArray[np.float64]]) -> bytes:
    """Type 1: sequence, topology, then the (x, y) of every vertex of every part, float32."""
    head = struct.pack(">I", VERTICES) + struct.pack("<II", seq, topology)
    return head + b"".join(_floats(places) for places in moved)


def topology_frame(topology: int, shown: Sequence[Shown]) -> bytes:
    """Type 2: topology, number of parts; then of each its region, vertices, triangles, rest places and corners."""
    head = struct.pack(">I", TOPOLOGY) + struct.pack("<II", topology, len(shown))
    return head + b"".join(_mesh(one) for one in shown)


def _mesh(shown: Shown) -> bytes:
    corners = triangles(shown.mesh)
    head = struct.pack("<III", shown.region, len(shown.rest), len(corners))
    return head + _floats(shown.rest) + corners.astype("<u4").tobytes()


def triangles(mesh: Mesh) -> NDArray[np.int64]:
    """`(T, 3)`: the corners of the triangles that the warp makes of cells, in the order in which it draws them."""
    order = (np.cumsum(mesh.used) - 1).reshape(mesh.used.shape)
    rows, columns = np.nonzero(mesh.cells)
    a, b = order[rows, columns], order[rows, columns + 1]
    d, c = order[rows + 1, columns], order[rows + 1, columns + 1]
    return np.stack([a, b, c, a, c, d], axis=1).reshape(-1, 3)


def _floats(places: NDArray[np.float64]) -> bytes:
    return places.astype("<f4").tobytes()


def _same(some: Sequence[Part], others: Sequence[Part]) -> bool:
    return len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True))
