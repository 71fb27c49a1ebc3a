"""The values that flow through Pliant: pictures, regions, edits, previews and results.

All are immutable. Points are `(x, y)` in pixels of the picture (see `pliant.geometry` for the convention).
Constructors refuse what can be judged without a picture; `pliant.regions` and `pliant.warp` judge the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from typing import Any, Literal, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pliant.errors import EditError, PictureError
from pliant.geometry import Box, Size
from pliant.layer import Layer, Pixels, paint

Bool: TypeAlias = NDArray[np.bool_]

Edge = Literal["free", "pinned"]


class Point(NamedTuple):
    """A position `(x, y)` in pixels; pixel centres are at integers."""

    x: float
    y: float


PointLike: TypeAlias = tuple[float, float] | Sequence[float]


def as_point(value: PointLike, name: str) -> Point:
    """`value` as a `Point`; `name` is what an error calls it.

    Raises:
        EditError: it is not two finite numbers.
    """
    try:
        x, y = (float(part) for part in value)
    except (TypeError, ValueError):
        raise EditError(f"{name} is {value!r}; a point is two numbers (x, y).", code="invalid_point") from None
    if not (isfinite(x) and isfinite(y)):
        raise EditError(f"{name} is ({x}, {y}); coordinates must be finite numbers.", code="invalid_point")
    return Point(x, y)


# ---------------------------------------------------------------------------------------------- pictures


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a picture file carried beside its pixels, kept so that it can be written back.

    `format` is Pillow's name ("JPEG", "PNG", ...); `dpi` is (horizontal, vertical); `quantization` are the
    JPEG tables and `subsampling` Pillow's code for the chroma layout; `exif` has orientation 1.
    """

    format: str | None = None
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    quantization: Mapping[int, Sequence[int]] | None = None
    subsampling: int | None = None


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture in memory.

    `pixels` is `(H, W, C)`, `uint8` or `uint16`, with C = 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA);
    alpha is straight, not premultiplied. A `(H, W)` array is taken as grey. The array is not copied and is
    treated as read-only.
    """

    pixels: Pixels
    origin: Origin = field(default_factory=Origin)

    def __post_init__(self) -> None:
        array = np.asarray(self.pixels)
        if array.ndim == 2:
            array = array[..., None]
        if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4) or array.dtype.name not in ("uint8", "uint16"):
            raise PictureError(
                f"The array has shape {array.shape} and type {array.dtype}; "
                "accepted are (H, W) or (H, W, 1 to 4) of uint8 or uint16.",
                code="invalid_pixels",
            )
        if 0 in array.shape:
            raise PictureError(f"The picture is empty: its shape is {array.shape}.", code="invalid_pixels")
        object.__setattr__(self, "pixels", array)

    @property
    def size(self) -> Size:
        """(width, height) in pixels."""
        return Size(self.pixels.shape[1], self.pixels.shape[0])

    @property
    def peak(self) -> int:
        """The value of white: 255 or 65535."""
        return 255 if self.pixels.dtype == np.uint8 else 65535

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self.pixels.shape[2] in (2, 4)

    def with_pixels(self, pixels: Pixels) -> "Picture":
        """The same file facts around other pixels."""
        return replace(self, pixels=pixels)


# ------------------------------------------------------------------------------------------------ regions


@dataclass(frozen=True, eq=False)
class Mask:
    """A region given pixel by pixel: `(H, W)`; bool, or a number that selects where it is over half of white.

    `source` remembers the file it was read from, so that an edit document can name it again.
    """

    selected: Bool
    source: str | None = None

    def __post_init__(self) -> None:
        array = np.asarray(self.selected)
        if array.ndim != 2 or array.dtype.kind not in "bufi":
            raise EditError(
                f"A mask has shape {array.shape} and type {array.dtype}; it must be (H, W), bool or numbers.",
                code="invalid_region",
            )
        object.__setattr__(self, "selected", _selected(array))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mask) and np.array_equal(self.selected, other.selected)

    __hash__ = None  # type: ignore[assignment]


def _selected(array: NDArray[Any]) -> Bool:
    if array.dtype.kind == "b":
        return cast(Bool, array)
    white = np.iinfo(array.dtype).max if array.dtype.kind in "ui" and array.max(initial=0) > 1 else 1
    return array > white / 2


@dataclass(frozen=True)
class Polygon:
    """The inside of a closed polygon, its boundary included. At least three vertices; the order is kept."""

    points: Sequence[PointLike]

    def __post_init__(self) -> None:
        points = tuple(as_point(p, f"Polygon vertex {i + 1}") for i, p in enumerate(self.points))
        if len(points) < 3:
            raise EditError(f"A polygon has {len(points)} vertices; it needs 3.", code="invalid_region")
        object.__setattr__(self, "points", points)


@dataclass(frozen=True)
class Rectangle:
    """Columns `x0 ... x1 - 1` and rows `y0 ... y1 - 1`."""

    x0: int
    y0: int
    x1: int
    y1: int

    def __post_init__(self) -> None:
        if self.x1 <= self.x0 or self.y1 <= self.y0:
            raise EditError(
                f"The box [{self.x0}, {self.y0}, {self.x1}, {self.y1}] is empty; "
                "x1 must exceed x0 and y1 exceed y0.",
                code="invalid_region",
            )


@dataclass(frozen=True)
class Stroke:
    """A round brush of `radius` pixels moved along `points`; with `erase` it takes away."""

    points: Sequence[PointLike]
    radius: float
    erase: bool = False

    def __post_init__(self) -> None:
        points = tuple(as_point(p, f"Stroke point {i + 1}") for i, p in enumerate(self.points))
        if not points:
            raise EditError("A stroke has no points; it needs at least 1.", code="invalid_region")
        if not (isfinite(self.radius) and self.radius > 0):
            raise EditError(f"A stroke has radius {self.radius}; it must be above 0.", code="invalid_region")
        object.__setattr__(self, "points", points)


@dataclass(frozen=True)
class Strokes:
    """Brush strokes in the order they were made."""

    strokes: Sequence[Stroke]

    def __post_init__(self) -> None:
        if not self.strokes:
            raise EditError("A brushed region has no strokes; it needs at least 1.", code="invalid_region")
        object.__setattr__(self, "strokes", tuple(self.strokes))


@dataclass(frozen=True)
class Everything:
    """The whole picture."""


Region: TypeAlias = Mask | Polygon | Rectangle | Strokes | Everything
RegionLike: TypeAlias = Region | ArrayLike


def as_region(value: RegionLike) -> Region:
    """`value` as a region: a region as it is, an array as a `Mask`."""
    if isinstance(value, Mask | Polygon | Rectangle | Strokes | Everything):
        return value
    return Mask(np.asarray(value))


# -------------------------------------------------------------------------------------------------- edits


@dataclass(frozen=True)
class Drag:
    """A handle point and the target point it is pulled to."""

    handle: PointLike
    target: PointLike

    def __post_init__(self) -> None:
        object.__setattr__(self, "handle", as_point(self.handle, "A drag's handle"))
        object.__setattr__(self, "target", as_point(self.target, "A drag's target"))


@dataclass(frozen=True)
class DragRegion:
    """A deformable region, the drags that pull it and the pins that hold it.

    `edge` says what the region's border does: `"free"`, the part moves as a whole and uncovers what is
    behind it; `"pinned"`, the border stays and the inside stretches. `deform` names the deformer (None: the
    best one for that edge). `strength`, 0 to 1, scales every drag.
    """

    region: RegionLike
    drags: Sequence[Drag]
    pins: Sequence[PointLike] = ()
    edge: Edge = "free"
    deform: str | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "region", as_region(self.region))
        object.__setattr__(self, "drags", tuple(self.drags))
        pins = tuple(as_point(p, f"Pin {i + 1}") for i, p in enumerate(self.pins))
        object.__setattr__(self, "pins", pins)
        if self.edge not in ("free", "pinned"):
            raise EditError(f"edge is {self.edge!r}; accepted are 'free' and 'pinned'.", code="invalid_edit")
        if not 0 <= self.strength <= 1:
            raise EditError(f"strength is {self.strength}; accepted is 0 to 1.", code="invalid_edit")
        if not self.drags:
            raise EditError("A region has no drags; it needs at least 1.", code="no_drags")


@dataclass(frozen=True)
class RegionPair:
    """A handle region and the target region its content is mapped onto (RegionDrag)."""

    source: RegionLike
    target: RegionLike

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", as_region(self.source))
        object.__setattr__(self, "target", as_region(self.target))


@dataclass(frozen=True)
class Edit:
    """Everything one edit asks for. Later regions stand in front of earlier ones.

    `protect` is never changed. `size` is the (width, height) of the picture the points were set on; None
    when unknown. `prompt` and `seed` are for engines and fillers that use them.
    """

    regions: Sequence[DragRegion | RegionPair]
    protect: RegionLike | None = None
    prompt: str = ""
    seed: int = 0
    size: Size | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "regions", tuple(cast(Iterable[DragRegion | RegionPair], self.regions)))
        if not self.regions:
            raise EditError("The edit has no regions; it needs at least 1.", code="no_regions")
        if self.protect is not None:
            object.__setattr__(self, "protect", as_region(self.protect))
        if not 0 <= self.seed < 2**63:
            raise EditError(f"seed is {self.seed}; accepted is 0 to 2^63 - 1.", code="invalid_edit")


# ------------------------------------------------------------------------------------ previews and results


@dataclass(frozen=True, eq=False, kw_only=True)
class Preview:
    """A warp without its fill. Cheap to make; the full-size arrays are made when they are read.

    `hole_weight` `(h, w)` uint8, on `hole_box`, says how much of each pixel has to be painted: 255 all of it,
    0 nothing, and a ramp in between along the hole's margin.
    """

    source: Picture
    edit: Edit
    layers: Sequence[Layer]
    hole_box: Box
    hole_weight: NDArray[np.uint8]
    warnings: Sequence[str] = ()

    @cached_property
    def picture(self) -> Picture:
        """The photo with its parts moved; pixels of the hole still show what stood there."""
        pixels = self.source.pixels.copy()
        paint(pixels, self.layers)
        return self.source.with_pixels(pixels)

    @cached_property
    def hole(self) -> Bool:
        """`(H, W)` bool: what has to be painted."""
        hole = np.zeros(self.source.pixels.shape[:2], np.bool_)
        hole[self.hole_box.slices] = self.hole_weight > 0
        return hole

    @cached_property
    def moved(self) -> Bool:
        """`(H, W)` bool: the pixels that moved content covers at least partly."""
        moved = np.zeros(self.source.pixels.shape[:2], np.bool_)
        for layer in self.layers:
            moved[layer.box.slices] |= layer.coverage > 0
        return moved

    @cached_property
    def source_of(self) -> NDArray[np.float32]:
        """`(H, W, 2)` float32: where the pixel at (x, y) comes from; itself where nothing moved."""
        width, height = self.source.size
        grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
        for layer in self.layers:
            view, covered = grid[layer.box.slices], layer.coverage > 0
            view[covered] = layer.box.grid()[covered] + layer.offset[covered]
        return grid


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """A finished edit.

    `timings` are seconds by stage; `hole_area` and `moved_area` are pixels; `seed` is the one used.
    """

    picture: Picture
    edit: Edit
    engine: str
    seed: int
    timings: Mapping[str, float]
    hole_area: int
    moved_area: int
    warnings: Sequence[str] = ()
