"""A photo whose edits can be previewed: what does not change between pointer moves is prepared once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pliant.errors import EditError
from pliant.geometry import Box
from pliant.layer import Layer
from pliant.regions.mask import rasterise, rasterise_box
from pliant.types import Bool, DragRegion, Edit, Picture, Preview, RegionLike, RegionPair, as_region
from pliant.warp import holes, part
from pliant.warp.area import Area
from pliant.warp.deform import Points
from pliant.warp.pair import move_pair
from pliant.warp.part import Part

FOLD_NOTICED = 16  # pixels; the elastic field turns over a pixel or two at the very tip of a strong drag


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A drag region's parts and areas; `key` and what is `protected` are all that they depend on."""

    key: DragRegion
    protected: RegionLike | None
    pieces: Sequence[Part | Area]

    def moving(self, targets: Points) -> list[Part]:
        """The parts that move when the region's handles go to `targets`."""
        return [part for piece in self.pieces for part in piece.moving(targets)]


class Warper:
    """Previews edits of one picture. Not for use by several threads at once."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._frame = Box.of_size(picture.size)
        self._prepared: list[_Prepared] = []
        self._protected: tuple[RegionLike, Bool] | None = None

    def preview(self, edit: Edit, *, margin: int | None = None, tear: float | None = None) -> Preview:
        """The warp of `edit`.

        Args:
            edit: what to move.
            margin: pixels by which opened seams are widened; None: by the picture's size.
            tear: stretch beyond which a part tears open and is painted anew; None: never.

        Raises:
            EditError: the edit does not fit this picture.
        """
        self._require_size(edit)
        kept = self._kept(edit.protect)
        vacated: list[tuple[Box, Bool]] = []
        layers: list[Layer] = []
        ready: list[_Prepared] = []
        for index, region in enumerate(edit.regions):
            if isinstance(region, RegionPair):
                left, moved = self._pair(region)
                vacated.append(left)
            else:
                prepared = self._prepare(region, f"region {index + 1}", edit.protect)
                ready.append(prepared)
                targets = part.targets_of(region)
                parts = prepared.moving(targets)
                moved = [piece.move(self._picture, targets) for piece in parts]
                vacated += [(piece.box, piece.mask) for piece in parts]
            layers += moved
        self._prepared = ready
        layers = [_trimmed(layer, tear, kept) for layer in layers]
        limit = holes.default_margin(self._picture.size) if margin is None else margin
        found = holes.hole(vacated, layers, self._frame, limit, kept)
        return Preview(
            source=self._picture,
            edit=edit,
            layers=tuple(layers),
            hole_box=found.box,
            hole_weight=found.weight,
            warnings=tuple(_warnings(edit, layers)),
        )

    def parts(self, edit: Edit) -> list[tuple[DragRegion, list[Part]]]:
        """The prepared parts of every drag region, for drawing their meshes.

        They are the same objects as long as only the drags' targets and strengths change and an area still has
        room for what its handles lie on.
        """
        self._require_size(edit)
        regions = [(i, r) for i, r in enumerate(edit.regions) if isinstance(r, DragRegion)]
        self._prepared = [self._prepare(region, f"region {index + 1}", edit.protect) for index, region in regions]
        pairs = zip(regions, self._prepared, strict=True)
        return [(region, prepared.moving(part.targets_of(region))) for (_, region), prepared in pairs]

    def _require_size(self, edit: Edit) -> None:
        if edit.size is not None and edit.size != self._picture.size:
            raise EditError(
                f"The edit was made on a picture of {edit.size}; this one is {self._picture.size}. "
                "Use the original picture.",
                code="size_mismatch",
            )

    def _kept(self, protect: RegionLike | None) -> Bool | None:
        if protect is None:
            return None
        if self._protected is None or self._protected[0] is not protect:
            self._protected = protect, rasterise(as_region(protect), self._picture.size)
        return self._protected[1]

    def _pair(self, pair: RegionPair) -> tuple[tuple[Box, Bool], list[Layer]]:
        source = rasterise(as_region(pair.source), self._picture.size)
        target = rasterise(as_region(pair.target), self._picture.size)
        home = Box.around(source)
        return (home, source[home.slices]), [move_pair(self._picture, pair, source, target)]

    def _prepare(self, region: DragRegion, name: str, protect: RegionLike | None) -> _Prepared:
        key, protected = _still(region), None if protect is None else as_region(protect)
        for known in self._prepared:
            if known.key == key and known.protected == protected:
                return known
        box, mask = rasterise_box(as_region(region.region), self._picture.size)
        cut = np.ascontiguousarray(mask)
        part.check(region, name, cut, box, self._frame)
        kept = self._kept(protect)
        if region.edge == "free" and kept is not None:
            cut = cut & ~kept[box.slices]
        pieces = [self._opened(piece, region, kept) for piece in part.split(cut, box, region)]
        return _Prepared(key, protected, pieces)

    def _opened(self, piece: Part, region: DragRegion, kept: Bool | None) -> Part | Area:
        """A pinned part as an area, where no deformer was asked for."""
        if region.edge == "free" or region.deform is not None:
            return piece
        margin = holes.default_margin(self._picture.size) + 1
        handles = part.handles_of(region)
        return Area.of(piece, region, self._picture, handles, margin=margin, kept=kept)


def _still(region: DragRegion) -> DragRegion:
    """The region without what a pointer move changes."""
    drags = [replace(drag, target=drag.handle) for drag in region.drags]
    return replace(region, drags=drags, strength=1.0)


def _trimmed(layer: Layer, tear: float | None, kept: Bool | None) -> Layer:
    """The layer without what tore and without what would cover a protected pixel."""
    gone = np.zeros(layer.coverage.shape, np.bool_)
    if tear is not None:
        gone |= holes.torn(layer, tear)
    if kept is not None:
        gone |= kept[layer.box.slices]
    return replace(layer, coverage=np.where(gone, np.uint8(0), layer.coverage)) if gone.any() else layer


def _warnings(edit: Edit, layers: list[Layer]) -> list[str]:
    found: list[str] = []
    if all(isinstance(region, DragRegion) and _stays(region) for region in edit.regions):
        found.append("Every drag ends where it starts: nothing moves.")
    folded = sum(layer.folded for layer in layers)
    if folded > FOLD_NOTICED:
        found.append(f"The part folds over itself on {folded} pixels; drag less, or use another deformer.")
    if layers and not any(layer.coverage.any() for layer in layers):
        found.append("Everything that moves leaves the picture.")
    return found


def _stays(region: DragRegion) -> bool:
    return all(drag.handle == drag.target for drag in region.drags)
