"""Region pairs -> point pairs: for each pixel of a target region, the pixel of the source region it shows.

Brushed regions follow RegionDrag, Algorithm 1 (ECCV 2024, section 3.3), in exact integer arithmetic and by
*ranks*: the k-th of nT columns of the target takes the floor(k (nH - 1) / (nT - 1))-th of nH columns of the
source, and rows within a column likewise. A region without gaps has max - min = n - 1, so there the ranks
are Algorithm 1 to the pixel; where a column or the region has gaps, ranks never leave the region, while
extremes would sample what lies between. Polygon pairs follow the affine (3 vertices) or perspective
(4 vertices) transform of the same section.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.errors import EditError
from pliant.geometry import Box
from pliant.regions.perspective import Floats, polygon_transform, vertices_of
from pliant.types import Bool, PointLike

Ints: TypeAlias = NDArray[np.int64]

_SNAP = 1e-6
"""A coordinate this near to an integer is that integer: 99.9999999 must not be cut to 99."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pairs:
    """`targets` and `sources`, each `(N, 2)`, integer (x, y); row i of one belongs to row i of the other."""

    targets: Ints
    sources: Ints

    def __len__(self) -> int:
        return len(self.targets)


# ------------------------------------------------------------------------------------------------- masks


@dataclass(frozen=True, eq=False, kw_only=True)
class _Columns:
    """A region as its non-empty columns, each with its selected rows, packed one after the other.

    Column i stands at x = `xs[i]`; its `counts[i]` rows are `rows[starts[i]:][:counts[i]]`, from the top.
    """

    xs: Ints
    counts: Ints
    starts: Ints
    rows: Ints

    @classmethod
    def of(cls, mask: Bool, name: str) -> "_Columns":
        counts = np.count_nonzero(mask, axis=0)
        xs = np.flatnonzero(counts)
        if not xs.size:
            raise EditError(
                f"The {name} region selects no pixel; mark at least 1 inside the picture.",
                code="empty_region",
            )
        packed = np.ascontiguousarray(mask[:, xs[0] : xs[-1] + 1].T)
        rows = np.nonzero(packed)[1]
        counts = counts[xs].astype(np.int64)
        return cls(xs=xs.astype(np.int64), counts=counts, starts=np.cumsum(counts) - counts, rows=rows)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Ranks:
    """Where each target pixel stands: (x, y), its column's rank, its rank in it and the column's count."""

    points: Ints
    column: Ints
    columns: int
    row: Ints
    rows: Ints


def match_masks(source: Bool, target: Bool) -> Pairs:
    """Pixel pairs between two brushed regions; `source` and `target` are `(H, W)` bool.

    One pair for each pixel of `target`, in row-major order; every source pixel lies in `source`. A target
    one pixel wide or high takes the first column or row of the source.

    RegionDrag, Algorithm 1, by ranks (see the module's text).

    Raises:
        EditError: one of them is empty (`empty_region`).
    """
    handle, ranks = _Columns.of(source, "source"), _ranks_of(target)
    column = _scaled(ranks.column, len(handle.xs), np.int64(ranks.columns))
    row = _scaled(ranks.row, handle.counts[column], ranks.rows)
    sources = np.stack([handle.xs[column], handle.rows[handle.starts[column] + row]], axis=1)
    return Pairs(targets=ranks.points, sources=sources)


def source_of_masks(source: Bool, target: Bool) -> NDArray[np.float32]:
    """The map of `match_masks` without its floors: `(N, 2)` float32 (x, y), one per pixel of `target`.

    Between neighbouring columns and rows positions are interpolated; across a gap the nearer side is taken,
    so the pixel nearest to each position always lies in `source`. Row-major order of `target`.

    Raises:
        EditError: one of them is empty (`empty_region`).
    """
    handle, ranks = _Columns.of(source, "source"), _ranks_of(target)
    place = ranks.column * ((len(handle.xs) - 1) / max(ranks.columns - 1, 1))
    left = np.minimum(place.astype(np.int64), len(handle.xs) - 1)
    right = np.minimum(left + 1, len(handle.xs) - 1)
    share = place - left
    near = np.where(share < 0.5, left, right)
    share = np.where(handle.xs[right] - handle.xs[left] == 1, share, 0.0)
    x = (handle.xs[left] + share).astype(np.float32)
    y = (1 - share) * _row_at(handle, left, ranks) + share * _row_at(handle, right, ranks)
    y = y.astype(np.float32)
    # Two neighbouring columns may be selected at unlike heights; half-way between them lies outside.
    inside = source[np.rint(y).astype(np.int64), np.rint(x).astype(np.int64)]
    inside &= share > 0
    y_near = _row_at(handle, near, ranks).astype(np.float32)
    return np.stack([np.where(inside, x, handle.xs[near]), np.where(inside, y, y_near)], axis=1, dtype=np.float32)


def to_cells(mask: Bool, cell: int = 8) -> Bool:
    """`mask` `(H, W)` at the scale of latent cells: any pixel of a cell marks it, so no stroke vanishes.

    The result is `(ceil(H / cell), ceil(W / cell))`.
    """
    height, width = mask.shape
    padded = np.pad(mask, ((0, -height % cell), (0, -width % cell)))
    blocks = padded.reshape(padded.shape[0] // cell, cell, padded.shape[1] // cell, cell)
    return cast(Bool, blocks.any(axis=(1, 3)))


def _ranks_of(target: Bool) -> _Ranks:
    columns = _Columns.of(target, "target")
    x0, x1 = int(columns.xs[0]), int(columns.xs[-1]) + 1
    ys, xs = np.nonzero(target[:, x0:x1])
    above = np.cumsum(target[:, x0:x1], axis=0, dtype=np.int32)
    rank_at = np.cumsum(np.isin(np.arange(x0, x1), columns.xs)) - 1
    rank = rank_at[xs]
    return _Ranks(
        points=np.stack([xs + x0, ys], axis=1),
        column=rank,
        columns=len(columns.xs),
        row=above[ys, xs].astype(np.int64) - 1,
        rows=columns.counts[rank],
    )


def _scaled(rank: Ints, source_count: Ints | int, target_count: Ints | np.int64) -> Ints:
    return rank * (source_count - 1) // np.maximum(target_count - 1, 1)


def _row_at(handle: _Columns, column: Ints, ranks: _Ranks) -> Floats:
    last = handle.counts[column] - 1
    place = ranks.row * (last / np.maximum(ranks.rows - 1, 1))
    upper = np.minimum(place.astype(np.int64), last)
    lower = np.minimum(upper + 1, last)
    share = place - upper
    first = handle.starts[column]
    y0, y1 = handle.rows[first + upper], handle.rows[first + lower]
    return np.where(y1 - y0 <= 1, y0 + share * (y1 - y0), np.where(share < 0.5, y0, y1))


# ---------------------------------------------------------------------------------------------- polygons


def match_polygons(
    source_points: Sequence[PointLike], target_points: Sequence[PointLike], size: tuple[int, int]
) -> Pairs:
    """Pixel pairs between two polygons of 3 (affine) or 4 (perspective) vertices; vertex i goes to vertex i.

    One pair for each pixel of the filled target polygon, its boundary included, in row-major order. As in
    the public code, vertices are truncated to whole pixels for the fill but not for the transform, and
    source coordinates are truncated toward zero. Target pixels off the picture of `size` (width, height)
    are left out, and so are pairs whose source pixel is off the picture: no index is out of range.

    Raises:
        EditError: not 3 or 4 vertices each, or collinear, crossing or unmappable ones (`invalid_region`);
            nothing of the target, or of what it would show, is on the picture (`empty_region`).
    """
    targets, sources = _polygon_pairs(source_points, target_points, size)
    return Pairs(targets=targets, sources=np.trunc(sources).astype(np.int64))


def source_of_polygons(
    source_points: Sequence[PointLike], target_points: Sequence[PointLike], size: tuple[int, int]
) -> tuple[Ints, NDArray[np.float32]]:
    """`match_polygons` without truncation: targets `(N, 2)` int, sources `(N, 2)` float32, as (x, y)."""
    targets, sources = _polygon_pairs(source_points, target_points, size)
    return targets, sources.astype(np.float32)


def _polygon_pairs(
    source_points: Sequence[PointLike], target_points: Sequence[PointLike], size: tuple[int, int]
) -> tuple[Ints, Floats]:
    matrix = polygon_transform(source_points, target_points)
    targets = _filled(vertices_of(target_points, "target"), size)
    homogeneous = np.column_stack([targets, np.ones(len(targets))]) @ matrix.T
    ahead = homogeneous[:, 2] > 0
    targets, homogeneous = targets[ahead], homogeneous[ahead]
    sources = _snapped(homogeneous[:, :2] / homogeneous[:, 2:])
    kept = (sources > -1).all(axis=1) & (sources < size).all(axis=1)
    if not kept.any():
        raise EditError(
            f"The target polygon shows nothing of the {size[0]}x{size[1]} picture; move it or its source.",
            code="empty_region",
        )
    return targets[kept], sources[kept]


def _filled(polygon: Floats, size: tuple[int, int]) -> Ints:
    # Far-away vertices would overflow the fixed-point arithmetic of the fill.
    corners = np.trunc(polygon).clip(-(2**20), 2**20).astype(np.int32)
    low, high = corners.min(axis=0), corners.max(axis=0) + 1
    box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1])).within(Box.of_size(size))
    canvas = np.zeros((box.height, box.width), np.uint8)
    if not canvas.size:
        return np.zeros((0, 2), np.int64)
    cv2.fillPoly(canvas, [corners - (box.x0, box.y0)], (1,))
    ys, xs = np.nonzero(canvas)
    return np.stack([xs + box.x0, ys + box.y0], axis=1)


def _snapped(values: Floats) -> Floats:
    whole = np.rint(values)
    return np.where(np.abs(values - whole) < _SNAP, whole, values)
