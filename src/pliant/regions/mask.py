"""Regions as pixels, and what is commonly done to such masks.

Convention: that of `pliant.geometry`; masks are `(H, W)` bool, True is selected.
"""

from dataclasses import astuple
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.errors import EditError
from pliant.geometry import Box, Size
from pliant.types import Bool, Everything, Mask, Polygon, Rectangle, Region, Stroke, Strokes

# OpenCV draws with fixed-point coordinates in 32 bits: 6 bits of fraction leave +-33 million pixels.
_FRACTION_BITS = 6
_FARTHEST = 1e7

# OpenCV fills a shape and its outline, which widens a brush by about this much.
_OUTLINE = 0.4


def rasterise(region: Region, size: Size) -> Bool:
    """The pixels of a picture of `size` (width, height) that `region` selects.

    A polygon selects its inside (even-odd) and every pixel its outline runs through; a brush what lies
    within its radius, to about half a pixel; whatever lies outside the picture is cut off.

    Returns:
        `(H, W)` bool; for a `Mask` its own array, not a copy.

    Raises:
        EditError: `size_mismatch`, a mask of another size; `empty_region`, nothing in the picture selected.
    """
    if isinstance(region, Mask):
        _check_mask(region, size)
        if region.selected.any():
            return region.selected
    box, part = rasterise_box(region, size)
    whole = np.zeros((size[1], size[0]), np.bool_)
    whole[box.slices] = part
    return whole


def rasterise_box(region: Region, size: Size) -> tuple[Box, Bool]:
    """`rasterise` on the smallest box that holds every selected pixel, at a cost that grows with that box.

    Returns:
        the box, inside the picture, and the mask on it, `(box.height, box.width)` bool.

    Raises:
        EditError: as `rasterise`.
    """
    frame = Box.of_size(size)
    if isinstance(region, Mask):
        _check_mask(region, size)
        box, part = frame, region.selected
    else:
        box, part = _drawn(region, frame)
    tight = Box.around(part)
    if not tight.area:
        raise EditError(
            f"{_described(region)} selects no pixel of the picture, which is {size[0]}x{size[1]}; "
            "it must cover at least 1.",
            code="empty_region",
        )
    return tight.moved(box.x0, box.y0), part[tight.slices]


def grow(mask: Bool, pixels: float) -> Bool:
    """`mask` grown by `pixels` with a round element; a negative number shrinks it.

    The picture's border is no edge: what touches it is not shrunk there.
    """
    if pixels == 0:
        return mask.copy()
    if pixels < 0:
        return ~grow(~mask, -pixels)
    grown = np.zeros_like(mask)
    box = Box.around(mask).grown(ceil(pixels)).within(Box.of_size((mask.shape[1], mask.shape[0])))
    if box.area:
        grown[box.slices] = _distance(~mask[box.slices]) <= pixels
    return grown


def feather(mask: Bool, radius: float) -> NDArray[np.float32]:
    """`(H, W)` float32 in [0, 1]: a linear ramp across the mask's edge, from `radius` pixels outside (0)
    over the edge (0.5) to `radius` pixels inside (1).
    """
    soft = mask.astype(np.float32)
    frame = Box.of_size((mask.shape[1], mask.shape[0]))
    box = Box.around(mask).grown(ceil(radius) + 1).within(frame)
    part = mask[box.slices]
    if radius <= 0 or not box.area or part.all():
        return soft
    # Distances lead to the nearest centre on the other side; the edge lies half a pixel before it.
    signed = np.where(part, _distance(part) - 0.5, 0.5 - _distance(~part))
    soft[box.slices] = np.clip(0.5 + signed / (2 * radius), 0, 1)
    return soft


def components(mask: Bool) -> tuple[NDArray[np.int32], list[Box]]:
    """The connected parts of `mask`: pixels that touch, at least at a corner, belong together.

    Returns:
        `(H, W)` int32, 0 where nothing is selected (holes stay holes) and i + 1 on the i-th part; and the
        box of each part.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    boxes = [Box(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:].tolist()]
    return labels.astype(np.int32, copy=False), boxes


def _check_mask(mask: Mask, size: Size) -> None:
    height, width = mask.selected.shape
    if (width, height) != tuple(size):
        raise EditError(
            f"The mask is {width}x{height} and the picture {size[0]}x{size[1]}; both must be the same size.",
            code="size_mismatch",
        )


def _described(region: Region) -> str:
    kinds = ((Polygon, "polygon"), (Rectangle, "box"), (Strokes, "brushed region"), (Mask, "mask"))
    return "The " + next((name for kind, name in kinds if isinstance(region, kind)), "region")


def _drawn(region: Polygon | Rectangle | Strokes | Everything, frame: Box) -> tuple[Box, Bool]:
    if isinstance(region, Polygon):
        box = _around(region.points, 0).within(frame)
        return box, _polygon(region, box)
    if isinstance(region, Strokes):
        box = _painted(region).within(frame)
        return box, _strokes(region, box)
    box = Box(*astuple(region)).within(frame) if isinstance(region, Rectangle) else frame
    return box, np.ones((box.height, box.width), np.bool_)


def _polygon(polygon: Polygon, box: Box) -> Bool:
    canvas = _canvas(box)
    if box.area:
        cv2.fillPoly(canvas, [_fixed(polygon.points, box)], 1, cv2.LINE_8, _FRACTION_BITS)
    return canvas.view(np.bool_)


def _strokes(region: Strokes, box: Box) -> Bool:
    canvas = _canvas(box)
    for stroke in region.strokes:
        reach = _around(stroke.points, stroke.radius).within(box)
        if reach.area:
            view = canvas[reach.moved(-box.x0, -box.y0).slices]
            _brush(view, stroke, reach)
    return canvas.view(np.bool_)


def _brush(canvas: NDArray[np.uint8], stroke: Stroke, box: Box) -> None:
    """Draw one stroke as discs and the quads between them onto `canvas`, which stands for `box`."""
    paint = 0 if stroke.erase else 1
    # A view is not always something OpenCV can draw on; a contiguous copy is.
    drawn = np.ascontiguousarray(canvas)
    radius = min(max(stroke.radius - _OUTLINE, 0.0), _FARTHEST)
    points = _fixed(stroke.points, box)
    for centre in points.tolist():
        cv2.circle(drawn, centre, round(radius * 2**_FRACTION_BITS), paint, -1, cv2.LINE_8, _FRACTION_BITS)
    for quad in _quads(points, radius):
        cv2.fillConvexPoly(drawn, quad, paint, cv2.LINE_8, _FRACTION_BITS)
    canvas[...] = drawn


def _quads(points: NDArray[np.int32], radius: float) -> NDArray[np.int32]:
    """`(N - 1, 4, 2)`: the bars of half-width `radius` pixels from each point to the next, in fixed point."""
    start, end = points[:-1].astype(np.float64), points[1:].astype(np.float64)
    along = end - start
    length = np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1)
    aside = along[:, ::-1] * (-1, 1) / length * radius * 2**_FRACTION_BITS
    return np.rint(np.stack([start + aside, end + aside, end - aside, start - aside], axis=1)).astype(np.int32)


def _painted(region: Strokes) -> Box:
    box = Box(0, 0, 0, 0)
    for stroke in region.strokes:
        if not stroke.erase:
            box = box.joined(_around(stroke.points, stroke.radius))
    return box


def _around(points: object, margin: float) -> Box:
    """The box of all pixels whose area comes within `margin` of the points' bounding rectangle."""
    array = np.clip(np.asarray(points, np.float64), -_FARTHEST, _FARTHEST)
    margin = min(margin, _FARTHEST) + 1
    x0, y0 = (floor(v - margin) for v in array.min(axis=0))
    x1, y1 = (ceil(v + margin) + 1 for v in array.max(axis=0))
    return Box(x0, y0, x1, y1)


def _fixed(points: object, box: Box) -> NDArray[np.int32]:
    array = np.clip(np.asarray(points, np.float64), -_FARTHEST, _FARTHEST) - (box.x0, box.y0)
    return np.rint(array * 2**_FRACTION_BITS).astype(np.int32)


def _canvas(box: Box) -> NDArray[np.uint8]:
    return np.zeros((box.height, box.width), np.uint8)


def _distance(mask: Bool) -> NDArray[np.float32]:
    """From each True pixel to the nearest False one, in pixels; beyond any picture if there is none."""
    if mask.all():
        return np.full(mask.shape, np.float32(1e9))
    return cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)  # type: ignore[return-value]
