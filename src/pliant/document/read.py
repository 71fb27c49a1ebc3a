"""An edit document as an `Edit`."""

from pathlib import Path

from pydantic import ValidationError

from pliant.document import models
from pliant.document.complaints import complaint
from pliant.document.masks import MaskReader
from pliant.document.parse import tree
from pliant.errors import DocumentError, EditError
from pliant.files import read_bytes
from pliant.geometry import Size
from pliant.types import (
    Drag,
    DragRegion,
    Edit,
    Everything,
    Mask,
    Polygon,
    Rectangle,
    Region,
    RegionPair,
    Stroke,
    Strokes,
)


def load(path: str | Path) -> Edit:
    """The edit in the document at `path`; its mask files are looked for from that file's folder.

    Raises:
        DocumentError: as `loads`; `missing_file`, `is_folder` or `not_readable`.
    """
    path = Path(path)
    return loads(read_bytes(path, fail=DocumentError), base=path.parent)


def loads(text: str | bytes, *, base: Path | None = None) -> Edit:
    """The edit in a document's `text` (UTF-8 where it is bytes).

    Mask files are looked for from the folder `base`; with None no file is ever touched, and masks must be
    data URIs.

    Raises:
        DocumentError: it is malformed; the message names the field, what was given and what is accepted.
    """
    try:
        document = models.Document.model_validate(tree(text))
    except ValidationError as error:
        raise complaint(error) from None
    return _Reader(document, base).edit()


class _Reader:
    def __init__(self, document: models.Document, base: Path | None) -> None:
        self._document = document
        self._size = None if document.size is None else Size(*document.size)
        self._masks = MaskReader(base, self._size)

    def edit(self) -> Edit:
        document = self._document
        return Edit(
            [self._item(item, f"regions[{i}]") for i, item in enumerate(document.regions)],
            protect=None if document.protect is None else self._region(document.protect, "protect"),
            prompt=document.prompt,
            seed=document.seed,
            size=self._size,
        )

    def _item(self, item: models.Item, field: str) -> DragRegion | RegionPair:
        if isinstance(item, models.RegionPairItem):
            return RegionPair(
                self._region(item.source, f"{field}.source"), self._region(item.target, f"{field}.target")
            )
        return DragRegion(
            self._region(item.region, f"{field}.region"),
            [Drag(drag.handle, drag.target) for drag in item.drags],
            pins=item.pins,
            edge=item.edge,
            deform=item.deform,
            strength=item.strength,
        )

    def _region(self, region: models.Region, field: str) -> Region:
        try:
            return self._built(region, field)
        except EditError as error:
            raise DocumentError(f"{field}: {error}") from None

    def _built(self, region: models.Region, field: str) -> Region:
        if isinstance(region, models.MaskRegion):
            return self._mask(region, field)
        if isinstance(region, models.PolygonRegion):
            return Polygon(region.polygon)
        if isinstance(region, models.BoxRegion):
            return Rectangle(*region.box)
        if isinstance(region, models.StrokesRegion):
            return Strokes([Stroke(item.points, item.radius, item.erase) for item in region.strokes])
        return Everything()

    def _mask(self, region: models.MaskRegion, field: str) -> Mask:
        return self._masks.read(region.mask, f"{field}.mask")
