"""The shape of an edit document, and its bounds."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

VERSION = 1
MAX_POINTS = 100_000
MAX_REGIONS = 1_000
MAX_STROKES = 10_000
MAX_PROMPT = 10_000
FARTHEST = 10_000_000

# Lists stop at their first error (fail_fast): a hostile document must not be answered with a million.


def _whole(value: object) -> object:
    # 3.0 is a whole number, in JSON as in JSON Schema.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _no_flag(value: object) -> object:
    # Python, unlike JSON, holds true and 1 for equal.
    if isinstance(value, bool):
        raise PydanticCustomError("literal_error", "Input should be 1", {"expected": "1"})
    return _whole(value)


Number = Annotated[float, Field(strict=True, ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True, ge=-FARTHEST, le=FARTHEST), BeforeValidator(_whole)]
Side = Annotated[int, Field(strict=True, ge=1, le=FARTHEST), BeforeValidator(_whole)]
Seed = Annotated[int, Field(strict=True, ge=0, lt=2**63), BeforeValidator(_whole)]
Flag = Annotated[bool, Field(strict=True)]
Position = tuple[Number, Number]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MaskRegion(_Strict):
    """A region given pixel by pixel."""

    mask: str = Field(
        min_length=1,
        description="A picture of the photo's size, white where it selects: a file path relative to the "
        "document, or a data URI (data:image/png;base64,...).",
    )


class PolygonRegion(_Strict):
    """The inside of a closed polygon and its boundary."""

    polygon: list[Position] = Field(
        min_length=3, max_length=MAX_POINTS, fail_fast=True, description="Its vertices [x, y]."
    )


class BoxRegion(_Strict):
    """Columns x0 to x1 - 1 and rows y0 to y1 - 1."""

    box: tuple[Whole, Whole, Whole, Whole] = Field(description="[x0, y0, x1, y1]; x1 and y1 not included.")


class StrokeItem(_Strict):
    """A round brush moved along points."""

    points: list[Position] = Field(
        min_length=1, max_length=MAX_POINTS, fail_fast=True, description="Its path of [x, y]."
    )
    radius: float = Field(strict=True, gt=0, le=FARTHEST, allow_inf_nan=False, description="Pixels.")
    erase: Flag = Field(default=False, description="Whether it takes away instead of adding.")


class StrokesRegion(_Strict):
    """Brush strokes in the order they were made."""

    strokes: list[StrokeItem] = Field(min_length=1, max_length=MAX_STROKES, fail_fast=True)


REGION_KINDS: dict[str, type[_Strict]] = {
    "<mask>": MaskRegion,
    "<polygon>": PolygonRegion,
    "<box>": BoxRegion,
    "<strokes>": StrokesRegion,
}


def _region_kind(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((kind for kind in REGION_KINDS if kind[1:-1] in value), None)
    if isinstance(value, BaseModel):
        return next((kind for kind, model in REGION_KINDS.items() if isinstance(value, model)), None)
    return "<all>" if value == "all" else None


Region = Annotated[
    Annotated[MaskRegion, Tag("<mask>")]
    | Annotated[PolygonRegion, Tag("<polygon>")]
    | Annotated[BoxRegion, Tag("<box>")]
    | Annotated[StrokesRegion, Tag("<strokes>")]
    | Annotated[Literal["all"], Tag("<all>")],
    Discriminator(_region_kind),
]


class DragItem(_Strict):
    """A handle point and the target point it is pulled to."""

    handle: Position = Field(alias="from", description="The handle point [x, y].")
    target: Position = Field(alias="to", description="The target point [x, y].")


class DragRegionItem(_Strict):
    """A region, the drags that pull it and the pins that hold it."""

    region: Region
    drags: list[DragItem] = Field(min_length=1, max_length=MAX_POINTS, fail_fast=True)
    pins: list[Position] = Field(
        default=[], max_length=MAX_POINTS, fail_fast=True, description="Points that stay: [x, y]."
    )
    edge: Literal["free", "pinned"] = Field(
        default="free",
        description="free: the part moves as a whole and uncovers what is behind it; "
        "pinned: its border stays and its inside stretches.",
    )
    deform: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="The deformer by name; null is the best one for that edge."
    )
    strength: float = Field(
        default=1.0, strict=True, ge=0, le=1, allow_inf_nan=False, description="The share of each drag."
    )


class RegionPairItem(_Strict):
    """A region whose content is mapped onto another."""

    source: Region
    target: Region


ITEM_KINDS: dict[str, type[_Strict]] = {"<drags>": DragRegionItem, "<pair>": RegionPairItem}


def _item_kind(value: Any) -> str:
    if isinstance(value, RegionPairItem):
        return "<pair>"
    pair = isinstance(value, dict) and ("source" in value or "target" in value) and "region" not in value
    return "<pair>" if pair else "<drags>"


Item = Annotated[
    Annotated[DragRegionItem, Tag("<drags>")] | Annotated[RegionPairItem, Tag("<pair>")],
    Discriminator(_item_kind),
]


class Document(_Strict):
    """What to drag in a photo. Points are [x, y] in pixels of the original picture."""

    version: Annotated[Literal[1], BeforeValidator(_no_flag)] = Field(description="The version of this format.")
    size: tuple[Side, Side] | None = Field(
        default=None, description="[width, height] of the picture that the points were set on."
    )
    regions: list[Item] = Field(
        min_length=1,
        max_length=MAX_REGIONS,
        fail_fast=True,
        description="Later regions stand in front of earlier ones.",
    )
    protect: Region | None = Field(default=None, description="What must never change.")
    prompt: str = Field(default="", max_length=MAX_PROMPT, description="For engines that take a text.")
    seed: Seed = 0


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the edit document."""
    made = Document.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "Pliant edit document"}
