"""The compiled inner loops of the fields and of the mesh's inversion.

All run without the interpreter lock. Coordinates are `(x, y)` float64 with pixel centres at integers.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.compiled import compiled

Array = NDArray[Any]

TOUCH = 1e-4  # pixels by which a triangle's edge may miss a pixel centre and still take it


@compiled
def inverse_distance(points: Array, handles: Array, vectors: Array, epsilon: float, out: Array) -> None:
    """out = points + sum w_i vectors_i with w_i ~ 1 / (|p - h_i| + epsilon)."""
    for k in range(points.shape[0]):
        x, y = points[k, 0], points[k, 1]
        total = 0.0
        dx = 0.0
        dy = 0.0
        for i in range(handles.shape[0]):
            weight = 1.0 / (np.sqrt((x - handles[i, 0]) ** 2 + (y - handles[i, 1]) ** 2) + epsilon)
            total += weight
            dx += weight * vectors[i, 0]
            dy += weight * vectors[i, 1]
        out[k, 0] = x + dx / total
        out[k, 1] = y + dy / total


@compiled
def moving_least_squares(points: Array, handles: Array, targets: Array, scales: bool, out: Array) -> None:
    """The turn and shift near every point, with weights 1 / |p - h_i|^2; where it `scales`, the similarity, with
    weights 1 / |p - h_i|^4."""
    n = handles.shape[0]
    for k in range(points.shape[0]):
        x, y = points[k, 0], points[k, 1]
        total = hx = hy = tx = ty = 0.0
        hit = -1
        for i in range(n):
            square = (x - handles[i, 0]) ** 2 + (y - handles[i, 1]) ** 2
            if square < 1e-18:
                hit = i
                break
            weight = 1.0 / (square * square) if scales else 1.0 / square
            total += weight
            hx += weight * handles[i, 0]
            hy += weight * handles[i, 1]
            tx += weight * targets[i, 0]
            ty += weight * targets[i, 1]
        if hit >= 0:
            out[k, 0], out[k, 1] = targets[hit, 0], targets[hit, 1]
            continue
        hx, hy, tx, ty = hx / total, hy / total, tx / total, ty / total
        along = across = spread = 0.0
        for i in range(n):
            square = (x - handles[i, 0]) ** 2 + (y - handles[i, 1]) ** 2
            weight = 1.0 / (square * square) if scales else 1.0 / square
            px, py = handles[i, 0] - hx, handles[i, 1] - hy
            qx, qy = targets[i, 0] - tx, targets[i, 1] - ty
            along += weight * (px * qx + py * qy)
            across += weight * (px * qy - py * qx)
            spread += weight * (px * px + py * py)
        length = spread if scales else np.sqrt(along * along + across * across)
        cosine, sine = (along / length, across / length) if length > 0 else (1.0, 0.0)
        out[k, 0] = tx + cosine * (x - hx) - sine * (y - hy)
        out[k, 1] = ty + sine * (x - hx) + cosine * (y - hy)


@compiled
def bending(points: Array, handles: Array, out: Array) -> None:
    """out `(N, M)` = U(|p - h_i|) with U(r) = r^2 log r^2."""
    for k in range(points.shape[0]):
        for i in range(handles.shape[0]):
            square = (points[k, 0] - handles[i, 0]) ** 2 + (points[k, 1] - handles[i, 1]) ** 2
            out[k, i] = square * np.log(square) if square > 0 else 0.0


@compiled
def add_weighted(values: Array, weights: Array, out: Array) -> None:
    """out `(N, 2)` += values `(N, M)` times weights `(M, 2)`."""
    for k in range(values.shape[0]):
        dx = 0.0
        dy = 0.0
        for i in range(values.shape[1]):
            dx += weights[i, 0] * values[k, i]
            dy += weights[i, 1] * values[k, i]
        out[k, 0] += dx
        out[k, 1] += dy


@compiled
def occupied(
    mask: Array, first_column: Array, last_column: Array, first_row: Array, last_row: Array, out: Array
) -> None:
    """Mark in `out` the mesh cells that any pixel of `mask`, or its one-pixel rim, reaches."""
    touched = np.zeros(out.shape[1], np.bool_)
    for y in range(mask.shape[0]):
        touched[:] = False
        any_here = False
        for x in range(mask.shape[1]):
            if mask[y, x]:
                any_here = True
                for i in range(first_column[x], last_column[x] + 1):
                    touched[i] = True
        if any_here:
            for j in range(first_row[y], last_row[y] + 1):
                for i in range(out.shape[1]):
                    out[j, i] |= touched[i]


@compiled
def _triangle(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    cx: float,
    cy: float,
    aox: float,
    aoy: float,
    box_: float,
    boy: float,
    cox: float,
    coy: float,
    x0: int,
    y0: int,
    row0: int,
    row1: int,
    offset: Array,
    state: Array,
) -> int:
    """Write the linear field with offsets a, b, c at the corners to the pixels of one triangle."""
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if abs(area) < 1e-9:
        return 0
    low = max(int(np.ceil(min(ay, by, cy) - TOUCH)) - y0, row0)
    high = min(int(np.floor(max(ay, by, cy) + TOUCH)) - y0, row1 - 1)
    if low > high:
        return 0
    xx = ((box_ - aox) * (cy - ay) - (cox - aox) * (by - ay)) / area
    xy = ((cox - aox) * (bx - ax) - (box_ - aox) * (cx - ax)) / area
    yx = ((boy - aoy) * (cy - ay) - (coy - aoy) * (by - ay)) / area
    yy = ((coy - aoy) * (bx - ax) - (boy - aoy) * (cx - ax)) / area
    flipped = area < 0
    count = 0
    for row in range(low, high + 1):
        y = float(row + y0)
        left, right = np.inf, -np.inf
        for edge in range(3):
            if edge == 0:
                px, py, qx, qy = ax, ay, bx, by
            elif edge == 1:
                px, py, qx, qy = bx, by, cx, cy
            else:
                px, py, qx, qy = cx, cy, ax, ay
            if (py - y) * (qy - y) > 0 and min(abs(py - y), abs(qy - y)) > TOUCH:
                continue
            if abs(qy - py) < 1e-12:
                left, right = min(left, px, qx), max(right, px, qx)
            else:
                t = min(max((y - py) / (qy - py), 0.0), 1.0)
                x = px + t * (qx - px)
                left, right = min(left, x), max(right, x)
        if left > right:
            continue
        start = max(int(np.ceil(left - TOUCH)) - x0, 0)
        stop = min(int(np.floor(right + TOUCH)) - x0, offset.shape[1] - 1)
        for column in range(start, stop + 1):
            if flipped:
                count += 1
                if state[row - row0, column] == 2:
                    continue
            state[row - row0, column] = 1 if flipped else 2
            rx, ry = column + x0 - ax, y - ay
            offset[row, column, 0] = aox + xx * rx + xy * ry
            offset[row, column, 1] = aoy + yx * rx + yy * ry
    return count


@compiled
def invert_mesh(
    columns: Array,
    rows: Array,
    moved: Array,
    cells: Array,
    x0: int,
    y0: int,
    row0: int,
    row1: int,
    offset: Array,
) -> int:
    """Rasterise the moved mesh's offsets (source - target) to rows row0 to row1 - 1 of a box at (x0, y0).

    Where cells compete, an upright one stands before a flipped one, and a later one before an earlier one.
    Returns how many pixels flipped cells reach.
    """
    state = np.zeros((row1 - row0, offset.shape[1]), np.uint8)
    folded = 0
    for j in range(cells.shape[0]):
        for i in range(cells.shape[1]):
            if not cells[j, i]:
                continue
            ax, ay = moved[j, i, 0], moved[j, i, 1]
            bx, by = moved[j, i + 1, 0], moved[j, i + 1, 1]
            cx, cy = moved[j + 1, i + 1, 0], moved[j + 1, i + 1, 1]
            dx, dy = moved[j + 1, i, 0], moved[j + 1, i, 1]
            if max(ay, by, cy, dy) < y0 + row0 - 1 or min(ay, by, cy, dy) > y0 + row1:
                continue
            u0, u1, v0, v1 = columns[i], columns[i + 1], rows[j], rows[j + 1]
            folded += _triangle(
                ax, ay, bx, by, cx, cy, u0 - ax, v0 - ay, u1 - bx, v0 - by, u1 - cx, v1 - cy,
                x0, y0, row0, row1, offset, state,
            )  # fmt: skip
            folded += _triangle(
                ax, ay, cx, cy, dx, dy, u0 - ax, v0 - ay, u1 - cx, v1 - cy, u0 - dx, v1 - dy,
                x0, y0, row0, row1, offset, state,
            )  # fmt: skip
    return folded


@compiled
def hold(offset: Array, x0: int, y0: int, mask: Array, held: Array) -> None:
    """Offsets for exactly the pixels of `mask`, from `offset` on a box at (x0, y0) of it; NaN elsewhere.

    A pixel that nothing reached, or that would come from outside the mask, stays where it is.
    """
    height, width = mask.shape
    for y in range(height):
        for x in range(width):
            held[y, x, 0] = held[y, x, 1] = 0.0 if mask[y, x] else np.nan
            row, column = y - y0, x - x0
            if not mask[y, x] or not (0 <= row < offset.shape[0] and 0 <= column < offset.shape[1]):
                continue
            if np.isnan(offset[row, column, 0]):
                continue
            sx = int(np.floor(x + offset[row, column, 0] + 0.5))
            sy = int(np.floor(y + offset[row, column, 1] + 0.5))
            if 0 <= sx < width and 0 <= sy < height and mask[sy, sx]:
                held[y, x, 0] = offset[row, column, 0]
                held[y, x, 1] = offset[row, column, 1]
