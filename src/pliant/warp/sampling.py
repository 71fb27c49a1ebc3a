"""The compiled inner loops of the sampler: one call per band of rows, without the interpreter lock."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.compiled import compiled, compiled_fast, inlined

Array = NDArray[Any]

SNAP = 1e-3  # source positions this close to a pixel centre are that pixel: exact moves stay exact
MINIFIED = 1.2  # source pixels per target pixel above which a footprint is averaged
MOST_TAPS = 16


@compiled_fast
def sample_rows(
    pixels: Array,
    mask: Array,
    mx: int,
    my: int,
    offset: Array,
    x0: int,
    y0: int,
    row0: int,
    row1: int,
    colours: tuple[int, ...],
    alpha: bool,
    out: Array,
    coverage: Array,
) -> None:
    """Sample `pixels` at q + offset[q] for rows row0 to row1 - 1 of a box at (x0, y0).

    `mask`, at (mx, my), is `sample.footing`. `colours` is a tuple as long as the pixels have channels beside
    alpha, so that its length is known when this is compiled.
    """
    sums = np.empty(len(colours) + 1, np.float64)
    snap, zero, limit = np.float32(SNAP), np.float32(0), np.float32(MINIFIED * MINIFIED)
    for row in range(row0, row1):
        for column in range(out.shape[1]):
            ox, oy = offset[row, column, 0], offset[row, column, 1]
            if np.isnan(ox):
                continue
            wx, wy = np.floor(ox + snap), np.floor(oy + snap)
            ix, iy = column + x0 + int(wx), row + y0 + int(wy)
            fx = ox - wx if ox - wx >= snap else zero
            fy = oy - wy if oy - wy >= snap else zero
            jx, jy = ix - mx, iy - my
            grade = mask[jy, jx] if 0 <= jx < mask.shape[1] and 0 <= jy < mask.shape[0] else 0
            if _steep(offset, row, column, limit):
                sx, sy = column + x0 + float(ox), row + y0 + float(oy)
                _averaged(pixels, mask, mx, my, sx, sy, offset, row, column, colours, alpha, sums, out, coverage)
            elif fx == 0 and fy == 0:
                if grade:
                    coverage[row, column] = 255
                    for c in range(pixels.shape[2]):
                        out[row, column, c] = pixels[iy, ix, c]
            elif grade == 2 and not alpha:
                coverage[row, column] = 255
                _bicubic(pixels, ix, iy, fx, fy, colours, out, row, column)
            else:
                sums[:] = 0.0
                sx, sy = column + x0 + float(ox), row + y0 + float(oy)
                found = _bilinear(pixels, mask, mx, my, sx, sy, colours, alpha, sums)
                _write(sums, found, found, colours, alpha, out, coverage, row, column)


@inlined
def _steep(offset: Array, row: int, column: int, limit: Any) -> bool:
    """Whether the source moves fast from here to the next pixel right or down; the cheap first look."""
    steep = False
    if column + 1 < offset.shape[1]:
        x = np.float32(1) + offset[row, column + 1, 0] - offset[row, column, 0]
        y = offset[row, column + 1, 1] - offset[row, column, 1]
        steep = x * x + y * y > limit
    if row + 1 < offset.shape[0] and not steep:
        x = offset[row + 1, column, 0] - offset[row, column, 0]
        y = np.float32(1) + offset[row + 1, column, 1] - offset[row, column, 1]
        steep = x * x + y * y > limit
    return steep


@inlined
def _bicubic(
    pixels: Array,
    ix: int,
    iy: int,
    fx: Any,
    fy: Any,
    colours: tuple[int, ...],
    out: Array,
    row: int,
    column: int,
) -> None:
    """Write a Catmull-Rom sample whose sixteen pixels are known to be in the region."""
    one, half = np.float32(1), np.float32(0.5)
    peak = np.float32(255 if out.itemsize == 1 else 65535)
    gx, gy = one - fx, one - fy
    x0, x3 = -half * fx * gx * gx, -half * gx * fx * fx
    y0, y3 = -half * fy * gy * gy, -half * gy * fy * fy
    x1 = one + fx * fx * (np.float32(1.5) * fx - np.float32(2.5))
    y1 = one + fy * fy * (np.float32(1.5) * fy - np.float32(2.5))
    x2, y2 = one - x0 - x1 - x3, one - y0 - y1 - y3
    a, b, d, e = iy - 1, iy, iy + 1, iy + 2
    p, q, r, s = ix - 1, ix, ix + 1, ix + 2
    for c in range(len(colours)):
        upper = x0 * pixels[a, p, c] + x1 * pixels[a, q, c] + x2 * pixels[a, r, c] + x3 * pixels[a, s, c]
        here = x0 * pixels[b, p, c] + x1 * pixels[b, q, c] + x2 * pixels[b, r, c] + x3 * pixels[b, s, c]
        next_ = x0 * pixels[d, p, c] + x1 * pixels[d, q, c] + x2 * pixels[d, r, c] + x3 * pixels[d, s, c]
        lower = x0 * pixels[e, p, c] + x1 * pixels[e, q, c] + x2 * pixels[e, r, c] + x3 * pixels[e, s, c]
        value = y0 * upper + y1 * here + y2 * next_ + y3 * lower
        out[row, column, c] = int(min(max(value, np.float32(0)), peak) + half)


@compiled
def _bilinear(
    pixels: Array,
    mask: Array,
    mx: int,
    my: int,
    sx: float,
    sy: float,
    colours: tuple[int, ...],
    alpha: bool,
    sums: Array,
) -> float:
    """Add a bilinear sample over the region's own pixels to the sums; returns the weight it found.

    Colours are weighted by alpha where there is one; the last sum is then that of alpha.
    """
    ix, iy = int(np.floor(sx + SNAP)), int(np.floor(sy + SNAP))
    fx, fy = sx - ix, sy - iy
    fx = 0.0 if fx < SNAP else fx
    fy = 0.0 if fy < SNAP else fy
    found = 0.0
    for j in range(2):
        wy = fy if j else 1.0 - fy
        y = iy + j
        if wy == 0.0 or y < my or y - my >= mask.shape[0]:
            continue
        for i in range(2):
            weight = wy * (fx if i else 1.0 - fx)
            x = ix + i
            if weight == 0.0 or x < mx or x - mx >= mask.shape[1] or mask[y - my, x - mx] == 0:
                continue
            found += weight
            if alpha:
                weight *= pixels[y, x, len(colours)]
                sums[len(colours)] += weight
            for c in range(len(colours)):
                sums[c] += weight * pixels[y, x, c]
    return found


@compiled
def _averaged(
    pixels: Array,
    mask: Array,
    mx: int,
    my: int,
    sx: float,
    sy: float,
    offset: Array,
    row: int,
    column: int,
    colours: tuple[int, ...],
    alpha: bool,
    sums: Array,
    out: Array,
    coverage: Array,
) -> None:
    """Write the mean of bilinear samples spread over the pixel's footprint in the source."""
    ux, uy, across = _footprint(offset, row, column, 0)
    vx, vy, down = _footprint(offset, row, column, 1)
    nx = min(max(int(np.ceil(across)), 1), MOST_TAPS)
    ny = min(max(int(np.ceil(down)), 1), MOST_TAPS)
    sums[:] = 0.0
    found = 0.0
    for j in range(ny):
        b = (j + 0.5) / ny - 0.5
        for i in range(nx):
            a = (i + 0.5) / nx - 0.5
            x, y = sx + a * ux + b * vx, sy + a * uy + b * vy
            found += _bilinear(pixels, mask, mx, my, x, y, colours, alpha, sums)
    _write(sums, found, found / (nx * ny), colours, alpha, out, coverage, row, column)


@compiled
def _footprint(offset: Array, row: int, column: int, axis: int) -> tuple[float, float, float]:
    """The source's step per target step along `axis`, and its length.

    Of the steps to either side the shorter counts: the longer may cross a fold or another part's edge.
    """
    best = np.inf
    bx, by = (1.0, 0.0) if axis == 0 else (0.0, 1.0)
    for side in (-1, 1):
        r, c = (row, column + side) if axis == 0 else (row + side, column)
        if not (0 <= r < offset.shape[0] and 0 <= c < offset.shape[1]):
            continue
        x = (1.0 if axis == 0 else 0.0) + side * (offset[r, c, 0] - offset[row, column, 0])
        y = (1.0 if axis == 1 else 0.0) + side * (offset[r, c, 1] - offset[row, column, 1])
        if x * x + y * y < best:
            best, bx, by = x * x + y * y, x, y
    return bx, by, np.sqrt(bx * bx + by * by)


@compiled
def _write(
    sums: Array,
    weight: float,
    covered: float,
    colours: tuple[int, ...],
    alpha: bool,
    out: Array,
    coverage: Array,
    row: int,
    column: int,
) -> None:
    """Write the mean of weighted sums, and how much of the pixel the region covers."""
    level = int(min(covered, 1.0) * 255.0 + 0.5)
    if level == 0:
        return
    coverage[row, column] = level
    peak = 255.0 if out.itemsize == 1 else 65535.0
    if alpha:
        total = sums[len(colours)]
        out[row, column, len(colours)] = int(min(total / weight, peak) + 0.5)
        weight = total
    if weight > 0:
        for c in range(len(colours)):
            out[row, column, c] = int(min(sums[c] / weight, peak) + 0.5)
