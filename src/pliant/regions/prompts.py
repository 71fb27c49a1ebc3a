"""What a segmenter is told about the object it looks for, and points that stand for a drawn mask.

Convention: that of `pliant.geometry`; masks are `(H, W)` bool, True is selected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.errors import EditError
from pliant.geometry import Box, Size
from pliant.regions.mask import components, rasterise
from pliant.types import Bool, Picture, PointLike, RegionLike, as_point, as_region

if TYPE_CHECKING:
    from pliant.regions.segment import SegmenterInfo

Floats: TypeAlias = NDArray[np.float64]
BoxLike: TypeAlias = Box | Sequence[float]

POINTS = 128  # that stand for a mask at most; Inpaint4Drag's number
_CANDIDATES = 128 * 128


@dataclass(frozen=True, eq=False, kw_only=True)
class Prompt:
    """A checked prompt: `points` `(N, 2)` (x, y); `positive` `(N,)` bool; a box inside the picture; a mask."""

    points: Floats
    positive: Bool
    box: Box | None
    mask: Bool | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said."""
        return not len(self.points) and self.box is None and self.mask is None

    @property
    def wanted(self) -> Floats:
        """`(N, 2)`: the points that lie on the object."""
        return self.points[self.positive]

    @property
    def unwanted(self) -> Floats:
        """`(N, 2)`: the points that do not."""
        return self.points[~self.positive]


def check_prompt(
    picture: Picture,
    info: "SegmenterInfo",
    *,
    points: Sequence[PointLike] = (),
    labels: Sequence[int] = (),
    box: BoxLike | None = None,
    mask: RegionLike | None = None,
) -> Prompt:
    """The prompt that the arguments of `Segmenter.propose` are; every segmenter checks with it.

    Raises:
        EditError: `no_prompt`, nothing says where the object is; `unsupported_prompt`, the segmenter does not
            understand it; `invalid_prompt`, labels do not fit; `invalid_point`, `point_outside_picture`;
            `invalid_region`, `empty_region`, `size_mismatch`: a box or mask that selects nothing here.
    """
    _require_understood(info, points=len(points) > 0, box=box is not None, mask=mask is not None)
    places = [_inside(place, f"Point {i + 1}", picture.size) for i, place in enumerate(points)]
    found = Prompt(
        points=np.array(places, np.float64).reshape(-1, 2),
        positive=_positive(labels, len(places)),
        box=None if box is None else _box(box, picture.size),
        mask=None if mask is None else rasterise(as_region(mask), picture.size),
    )
    if info.needs_prompt and found.box is None and found.mask is None and not len(found.wanted):
        given = "only points that are not on the object" if len(places) else "nothing"
        raise EditError(
            f"The segmenter {info.name!r} was given {given}; say where the object is, by a point on it, "
            "a box around it or a mask.",
            code="no_prompt",
        )
    return found


def _require_understood(info: "SegmenterInfo", **given: bool) -> None:
    understood = {"points": info.understands_points, "box": info.understands_box, "mask": info.understands_mask}
    for kind, present in given.items():
        if present and not understood[kind]:
            accepted = " or ".join(name for name, yes in understood.items() if yes) or "no prompt"
            raise EditError(
                f"The segmenter {info.name!r} was given {kind}, which it does not understand; give it {accepted}.",
                code="unsupported_prompt",
            )


def _inside(place: PointLike, name: str, size: Size) -> tuple[float, float]:
    x, y = as_point(place, name)
    if not (0 <= round(x) < size.width and 0 <= round(y) < size.height):
        raise EditError(f"{name} is ({x:g}, {y:g}), off the picture of {size}.", code="point_outside_picture")
    return x, y


def _positive(labels: Sequence[int], count: int) -> Bool:
    if not len(labels):
        return np.ones(count, np.bool_)
    if len(labels) != count or any(label not in (0, 1) for label in labels):
        raise EditError(
            f"There are {count} points and the labels {list(labels)!r}; each point has one label, "
            "1 on the object or 0 beside it. Without labels every point is on it.",
            code="invalid_prompt",
        )
    return np.array(labels) == 1


def _box(box: BoxLike, size: Size) -> Box:
    values = [float(value) for value in box]
    if len(values) != 4 or not all(map(isfinite, values)):
        raise EditError(f"The box is {box!r}; a box is x0, y0, x1, y1.", code="invalid_region")
    x0, y0, x1, y1 = values
    if x1 <= x0 or y1 <= y0:
        raise EditError(f"The box {values} is empty; x1 must exceed x0 and y1 exceed y0.", code="invalid_region")
    found = Box(floor(x0), floor(y0), ceil(x1), ceil(y1)).within(Box.of_size(size))
    if not found.area:
        raise EditError(f"The box {values} selects no pixel of the picture of {size}.", code="empty_region")
    return found


# ---------------------------------------------------------------------------------------- points in a mask


def prompt_points(mask: Bool, count: int = POINTS) -> Floats:
    """Well spread points on the pixels of `mask` `(H, W)`, `(N, 2)` as (x, y); the same for the same mask.

    N is `count`, or the number of selected pixels if that is smaller. Each connected part gets points in
    proportion to its area and at least one (the largest parts, where there are more parts than points). In a
    part the first point lies deepest, each further one farthest from those before, deep pixels preferred.

    Raises:
        EditError: the mask selects nothing (`empty_region`).
    """
    tight = Box.around(mask)
    if not tight.area:
        raise EditError("The mask selects nothing; points need at least 1 pixel.", code="empty_region")
    labels, boxes = components(np.ascontiguousarray(mask[tight.slices]))
    areas = np.bincount(labels.ravel(), minlength=len(boxes) + 1)[1:]
    found: list[Floats] = []
    for index, share in enumerate(_shares(areas, count)):
        if share:
            part = labels[boxes[index].slices] == index + 1
            found.append(_spread(part, share) + (boxes[index].x0 + tight.x0, boxes[index].y0 + tight.y0))
    return np.concatenate(found)


def _shares(areas: NDArray[np.intp], count: int) -> list[int]:
    """How many of `count` points each part gets: one for a start, the rest where a point stands for most."""
    shares = np.zeros(len(areas), np.intp)
    shares[np.argsort(-areas, kind="stable")[:count]] = 1
    for _ in range(count - int(shares.sum())):
        load = np.where((shares > 0) & (shares < areas), areas / np.maximum(shares, 1), 0)
        if not load.any():
            break
        shares[load.argmax()] += 1
    return [int(share) for share in shares]


def _spread(part: Bool, count: int) -> Floats:
    """Farthest-point sampling on one connected part."""
    depth = cv2.distanceTransform(np.pad(part, 1).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    places, deep = _candidates(np.asarray(depth, np.float32)[1:-1, 1:-1], count)
    # Half the deepest is deep enough; a shallow arm still counts for half, so that it is not left out.
    weight = 0.5 + np.minimum(deep / deep.max(), 0.5)
    chosen = [int(deep.argmax())]
    away = np.full(len(places), np.inf)
    while len(chosen) < count:
        away = np.minimum(away, np.linalg.norm(places - places[chosen[-1]], axis=1))
        chosen.append(int((away * weight).argmax()))
    return places[chosen]


def _candidates(depth: NDArray[np.float32], count: int) -> tuple[Floats, Floats]:
    """(x, y) and depth of the part's pixels; of a large part, of the deepest pixel in each cell of a grid."""
    cell = max(int((np.count_nonzero(depth) / max(_CANDIDATES, 4 * count)) ** 0.5), 1)
    height, width = depth.shape
    down, across = -(-height // cell), -(-width // cell)
    padded = np.pad(depth, ((0, down * cell - height), (0, across * cell - width)))
    cells = padded.reshape(down, cell, across, cell).swapaxes(1, 2).reshape(down, across, cell * cell)
    best, deep = cells.argmax(axis=2), cells.max(axis=2)
    rows, columns = np.nonzero(deep)
    inner = best[rows, columns]
    places = np.stack([columns * cell + inner % cell, rows * cell + inner // cell], axis=1)
    return places.astype(np.float64), deep[rows, columns].astype(np.float64)
