"""An `Edit` as an edit document."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from pliant.document.complaints import complaint
from pliant.document.masks import reference
from pliant.document.models import VERSION, Document
from pliant.errors import DocumentError
from pliant.files import write_bytes
from pliant.types import (
    Drag,
    DragRegion,
    Edit,
    Mask,
    Polygon,
    Rectangle,
    Region,
    RegionLike,
    RegionPair,
    Stroke,
    Strokes,
)

# Line breaks stand only between values here (those in texts are escaped), so this cannot touch a text.
_NUMBER_LIST = re.compile(r"\[\n\s+(-?[\d.eE+-]+(?:,\n\s+-?[\d.eE+-]+)*)\n\s+\]")


def dumps(edit: Edit, *, size: tuple[int, int] | None = None, base: Path | None = None) -> str:
    """`edit` as the text of an edit document.

    `size` (width, height) is that of the picture, for an edit that does not know. A mask that was read from
    a file in the folder `base`, or below, is named by its path from there; any other is put into the text
    as a 1-bit PNG.

    Raises:
        DocumentError: `size_mismatch`, the edit was made for another size; or a value is outside what a
            document can hold.
    """
    size = size and (int(size[0]), int(size[1]))
    if edit.size is not None and size is not None and edit.size != size:
        raise DocumentError(
            f"The edit was made on a picture of {edit.size} and is to be written for {size[0]}x{size[1]}; "
            "both must be the same.",
            code="size_mismatch",
        )
    made = _document(edit, size or edit.size, base)
    try:
        Document.model_validate(made)
    except ValidationError as error:
        raise complaint(error) from None
    text = json.dumps(made, indent=1, ensure_ascii=False)
    return _NUMBER_LIST.sub(lambda found: "[" + re.sub(r",\n\s+", ", ", found[1]) + "]", text) + "\n"


def save(edit: Edit, path: str | Path, *, size: tuple[int, int] | None = None, overwrite: bool = True) -> None:
    """Write `edit` to the file `path`, atomically, naming mask files that lie in its folder.

    Raises:
        DocumentError: as `dumps`; `exists`, `missing_folder`, `is_folder` or `not_writable`.
    """
    path = Path(path)
    text = dumps(edit, size=size, base=path.parent)
    write_bytes(path, text.encode(), fail=DocumentError, overwrite=overwrite)


def _document(edit: Edit, size: tuple[int, int] | None, base: Path | None) -> dict[str, Any]:
    made: dict[str, Any] = {"version": VERSION}
    if size is not None:
        made["size"] = list(size)
    made["regions"] = [_item(item, base) for item in edit.regions]
    if edit.protect is not None:
        made["protect"] = _region(edit.protect, base)
    if edit.prompt:
        made["prompt"] = edit.prompt
    if edit.seed:
        made["seed"] = int(edit.seed)
    return made


def _item(item: DragRegion | RegionPair, base: Path | None) -> dict[str, Any]:
    if isinstance(item, RegionPair):
        return {"source": _region(item.source, base), "target": _region(item.target, base)}
    made: dict[str, Any] = {"region": _region(item.region, base), "drags": [_drag(d) for d in item.drags]}
    if item.pins:
        made["pins"] = _points(item.pins)
    made["edge"] = item.edge
    if item.deform is not None:
        made["deform"] = item.deform
    if item.strength != 1:
        made["strength"] = _number(item.strength)
    return made


def _drag(drag: Drag) -> dict[str, Any]:
    return {"from": _points([drag.handle])[0], "to": _points([drag.target])[0]}


def _region(region: RegionLike, base: Path | None) -> Any:
    region = cast(Region, region)
    if isinstance(region, Mask):
        return {"mask": reference(region, base)}
    if isinstance(region, Polygon):
        return {"polygon": _points(region.points)}
    if isinstance(region, Rectangle):
        return {"box": [_number(v) for v in (region.x0, region.y0, region.x1, region.y1)]}
    if isinstance(region, Strokes):
        return {"strokes": [_stroke(stroke) for stroke in region.strokes]}
    return "all"


def _stroke(stroke: Stroke) -> dict[str, Any]:
    made: dict[str, Any] = {"points": _points(stroke.points), "radius": _number(stroke.radius)}
    return {**made, "erase": True} if stroke.erase else made


def _points(points: Sequence[Sequence[float]]) -> list[list[float]]:
    return [[_number(value) for value in point] for point in points]


def _number(value: float) -> float:
    value = float(value)
    return int(value) if value.is_integer() else value
