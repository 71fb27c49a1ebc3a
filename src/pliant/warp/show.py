"""A picture that explains a warp: its mesh, handles, pins and hole, drawn over the moved photo."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.layer import paint
from pliant.types import DragRegion, Edit, Picture, Preview
from pliant.warp.part import Part, targets_of
from pliant.warp.warper import Warper

MESH = (255, 255, 255)
HANDLE = (230, 60, 60)
TARGET = (60, 110, 240)
PIN = (250, 200, 40)
CHECKER = ((255, 255, 255), (205, 205, 205))

_SHIFT = 4  # OpenCV's fixed-point fraction bits: lines at a sixteenth of a pixel


def draw_mesh(picture: Picture, edit: Edit) -> Picture:
    """The warp of `edit` with everything that makes it: 8-bit RGB, the size of `picture`.

    White lines are the moved mesh, red dots handles, blue dots their targets, yellow dots pins, and the
    checker pattern is the hole.
    """
    warper = Warper(picture)
    preview = warper.preview(edit)
    canvas = with_checker(preview)
    unit = max(round(max(picture.size) / 600), 1)
    for region, parts in warper.parts(edit):
        for part in parts:
            _draw_lines(canvas, part, targets_of(region), unit)
        _draw_points(canvas, region, unit)
    return Picture(canvas)


def with_checker(preview: Preview) -> NDArray[np.uint8]:
    """The preview as 8-bit RGB with its hole shown as a checker pattern: `(H, W, 3)`."""
    canvas = rgb8(preview.picture)
    rows, columns = np.nonzero(preview.hole_weight >= 128)
    rows, columns = rows + preview.hole_box.y0, columns + preview.hole_box.x0
    square = max(round(max(preview.source.size) / 100), 4)
    dark = (rows // square + columns // square) % 2
    canvas[rows, columns] = np.array(CHECKER, np.uint8)[dark]
    return canvas


def with_alpha(picture: Picture) -> Picture:
    """`picture` as one that can be transparent; nothing of it is."""
    if picture.has_alpha:
        return picture
    opaque = np.full_like(picture.pixels[..., :1], picture.peak)
    return picture.with_pixels(np.concatenate([picture.pixels, opaque], axis=2))


def cut_out(preview: Preview) -> Picture:
    """The warped picture of a `preview` whose photo has alpha, its hole made transparent."""
    pixels = preview.source.pixels.copy()
    alpha = pixels[preview.hole_box.slices][..., -1]
    kept = 255 - preview.hole_weight.astype(np.uint32)
    alpha[...] = alpha * kept // 255
    paint(pixels, preview.layers)
    return preview.source.with_pixels(pixels)


def rgb8(picture: Picture) -> NDArray[np.uint8]:
    """The colours of `picture` as a new array: 8 bit, `(H, W, 3)`, without alpha."""
    pixels = picture.pixels if picture.peak == 255 else picture.pixels // 257
    colours = pixels[..., : pixels.shape[2] - picture.has_alpha]
    return np.array(np.broadcast_to(colours, (*colours.shape[:2], 3)), np.uint8, order="C")


def _draw_lines(canvas: NDArray[np.uint8], part: Part, targets: NDArray[np.float64], unit: int) -> None:
    moved, cells = part.carry(targets), np.pad(part.mesh.cells, 1)
    across, down = cells[:-1, 1:-1] | cells[1:, 1:-1], cells[1:-1, :-1] | cells[1:-1, 1:]
    across[~_spread(part.mesh.rows, 6 * unit)] = False
    down[:, ~_spread(part.mesh.columns, 6 * unit)] = False
    lines = [
        np.stack([moved[:, :-1][across], moved[:, 1:][across]], axis=1),
        np.stack([moved[:-1][down], moved[1:][down]], axis=1),
    ]
    fixed = np.clip(np.rint(np.concatenate(lines) * 2**_SHIFT), -(2**30), 2**30).astype(np.int32)
    veil = canvas.copy()
    cv2.polylines(veil, list(fixed), False, MESH, unit, cv2.LINE_AA, _SHIFT)
    cv2.addWeighted(veil, 0.55, canvas, 0.45, 0, canvas)


def _spread(lines: NDArray[np.float64], apart: float) -> NDArray[np.bool_]:
    """The lines to draw: those that crowd around a handle would hide the picture."""
    drawn, last = np.zeros(len(lines), np.bool_), -np.inf
    for index, line in enumerate(lines):
        if line - last >= apart:
            drawn[index], last = True, line
    return drawn


def _draw_points(canvas: NDArray[np.uint8], region: DragRegion, unit: int) -> None:
    def dot(point: tuple[float, float], colour: tuple[int, int, int]) -> None:
        x, y = (round(value * 2**_SHIFT) for value in point)
        cv2.circle(canvas, (x, y), (5 * unit) << _SHIFT, (255, 255, 255), -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(canvas, (x, y), (4 * unit) << _SHIFT, colour, -1, cv2.LINE_AA, _SHIFT)

    for drag in region.drags:
        (a, b), (c, d) = drag.handle, drag.target
        cv2.arrowedLine(canvas, (round(a), round(b)), (round(c), round(d)), TARGET, 2 * unit, cv2.LINE_AA)
        dot((a, b), HANDLE)
        dot((c, d), TARGET)
    for x, y in region.pins:
        dot((x, y), PIN)
