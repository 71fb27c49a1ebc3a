"""The latent warpage function of FastDrag, and how emptied cells are filled.

Zhao et al., "FastDrag: Manipulate Anything in One Step", NeurIPS 2024, sections 3.2 and 3.3. Places are (x, y) in
cells of the latents, centres at integers.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pliant.compiled import compiled
from pliant.engines.latent.schedule import Floats
from pliant.types import Bool

Ints: TypeAlias = NDArray[np.int64]

_NEAR = 1e-4  # keeps the weight of a handle's own cell finite


def displacements(mask: Bool, handles: Floats, targets: Floats, *, nearest: bool = False) -> Floats:
    """`(M, 2)`: how each cell of `mask` `(rows, columns)`, in reading order, moves when `handles` `(N, 2)` go to
    `targets`.

    Around the mask's box lies a circle that stays. On the ray from a handle through a cell to the circle, the
    share of the handle's drag falls evenly from 1 at the handle to 0 at the circle. Several handles are weighed by
    inverse distance, or the `nearest` alone counts. NaN where a cell is a handle, for which there is no ray.
    """
    rows, columns = np.nonzero(mask)
    cells = np.stack([columns, rows], axis=1).astype(np.float64)
    away = cells[:, None] - handles
    distance = np.linalg.norm(away, axis=2)
    with np.errstate(invalid="ignore"):
        share = _shares(away, distance, handles, cells.min(axis=0), cells.max(axis=0))
        ways = share[..., None] * (targets - handles)
        weights = 1 / (distance + _NEAR)
        if nearest:
            weights = (np.arange(len(handles)) == distance.argmin(axis=1)[:, None]).astype(np.float64)
        weights = weights / weights.sum(axis=1, keepdims=True)
        return (weights[..., None] * ways).sum(axis=1)


def _shares(away: Floats, distance: Floats, handles: Floats, low: Floats, high: Floats) -> Floats:
    """`(M, N)`: 1 - |AC| / |AP|, P where the ray from handle A through cell C meets the circle.

    A ray from a handle outside that misses the circle moves nothing.
    """
    centre, radius = (low + high) / 2, np.linalg.norm(high - low) / 2
    out = handles - centre
    along = (away * out).sum(axis=2) / distance
    root = radius**2 - (out**2).sum(axis=1) + along**2
    reach = np.sqrt(np.maximum(root, 0)) - along
    share = np.abs(reach - distance) / np.abs(reach)
    return np.where(root < 0, 0.0, np.minimum(share, 1.0))


def held(displaced: Floats, mask: Bool, handles: Floats, targets: Floats) -> Floats:
    """`displaced` with handle cells going where their handles go: the limit of the ray's share is 1."""
    rows, columns = np.nonzero(mask)
    cells = np.stack([columns, rows], axis=1)
    found = displaced.copy()
    for handle, target in zip(handles, targets, strict=True):
        found[(cells == handle).all(axis=1)] = target - handle
    return found


def landings(mask: Bool, displaced: Floats, *, first_wins: bool = False) -> tuple[Ints, Ints]:
    """Where the cells of `mask` arrive, and which: places in flattened latents, no target twice.

    Of several that land on one cell, the one that comes nearest to its centre stays, of equally near ones, or with
    `first_wins` of all, the first in reading order. Cells without a displacement are left out; what leaves the
    picture stops at its border.
    """
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    known = np.isfinite(displaced).all(axis=1)
    source = (rows * width + columns)[known]
    exact = np.stack([columns, rows], axis=1)[known] + displaced[known]
    whole = np.clip(np.rint(exact), 0, (width - 1, height - 1)).astype(np.int64)
    target = whole[:, 1] * width + whole[:, 0]
    missed: Floats = np.linalg.norm(exact - whole, axis=1).round(9)
    order = np.argsort(missed * (not first_wins), kind="stable")
    reached, first = np.unique(target[order], return_index=True)
    return reached, source[order][first]


def interpolated(latents: NDArray[np.float32], empty: Bool) -> NDArray[np.float32]:
    """`latents` `(C, rows, columns)` with `empty` cells filled from the nearest others to the left, to the right,
    above and below, weighed by inverse distance (bilateral nearest neighbour interpolation).

    A cell with none of them gets the mean of all.
    """
    total, weight = np.zeros(latents.shape, np.float64), np.zeros(empty.shape)
    for axis in (1, 0):
        for flipped in (False, True):
            place = _nearest_known(empty, axis, flipped)
            away = np.abs(place - _index(empty, axis))
            seen = np.where((place >= 0) & (away > 0), 1 / np.maximum(away, 1), 0.0)
            index = np.maximum(place, 0)
            found = np.take_along_axis(latents, np.broadcast_to(index, latents.shape), axis + 1)
            total += seen * found
            weight += seen
    mean = latents[:, ~empty].mean(axis=1) if not empty.all() else np.zeros(len(latents))
    value = np.where(weight > 0, total / np.maximum(weight, 1e-12), mean[:, None, None])
    return np.where(empty, value, latents).astype(np.float32)


def _nearest_known(empty: Bool, axis: int, flipped: bool) -> Ints:
    """The index along `axis` of the nearest cell that is not empty, before each cell or after it; -1: none."""
    length, index = empty.shape[axis], _index(empty, axis)
    if not flipped:
        return np.maximum.accumulate(np.where(empty, -1, index), axis=axis)
    after = np.flip(np.minimum.accumulate(np.flip(np.where(empty, length, index), axis), axis=axis), axis)
    return np.where(after == length, -1, after)


def _index(like: Bool, axis: int) -> Ints:
    """The place of each row (`axis` 0, a column of numbers) or column (1, a row of them)."""
    return np.array(range(like.shape[axis]), np.int64).reshape((-1, 1) if axis == 0 else (1, -1))


@compiled
def interpolated_in_place(latents: NDArray[np.float32]) -> None:
    """The published code's filling of the cells whose first channel is 0: in reading order, so that what was
    filled before, on the left and above, counts as known.
    """
    channels, height, width = latents.shape
    empty = latents[0] == 0
    total = np.zeros(channels)
    for row in range(height):
        for column in range(width):
            if not empty[row, column]:
                continue
            total[:] = 0.0
            weight = 0.0
            for dy, dx in ((0, -1), (0, 1), (-1, 0), (1, 0)):
                y, x, steps = row + dy, column + dx, 1
                while 0 <= y < height and 0 <= x < width and latents[0, y, x] == 0:
                    y, x, steps = y + dy, x + dx, steps + 1
                if 0 <= y < height and 0 <= x < width:
                    total += latents[:, y, x] / steps
                    weight += 1 / steps
            if weight > 0:
                for channel in range(channels):
                    latents[channel, row, column] = total[channel] / weight
