"""Dense correspondences of pixels reduced to cells of the latents: from where each target cell takes its content.

Every target pixel votes. A target cell moves by the mean displacement of its pixels, rounded to whole cells, so
that a region that is shifted moves as one, and keeps its shape, however its border lies on the grid. Where the
rounded place holds nothing of the handle region, a cell takes instead the source cell that most of its pixels
name, unless that one is pasted elsewhere already: thin strokes survive, and no border is doubled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from pliant.engines.latent.frame import Frame
from pliant.fill.diffusion.frame import CELL
from pliant.layer import Layer
from pliant.types import Bool

Ints: TypeAlias = NDArray[np.int64]

_FINE = 256  # parts of a working pixel: whole numbers add up to the same in any order


@dataclass(frozen=True, eq=False)
class CellPairs:
    """`targets` and `sources` `(N,)`: places in the flattened latents; no target twice, in rising order."""

    targets: Ints
    sources: Ints

    def __len__(self) -> int:
        return len(self.targets)

    def thinned(self, share: float, random: np.random.Generator) -> "CellPairs":
        """A random `share` of the pairs."""
        kept = np.sort(random.permutation(len(self))[: round(share * len(self))])
        return CellPairs(self.targets[kept], self.sources[kept])


@dataclass(frozen=True, eq=False)
class _Votes:
    """What one moved part says: for cell `cells[i]`, to take `sources[i]`, by `counts[i]` of its pixels."""

    cells: Ints
    sources: Ints
    counts: Ints


def cell_pairs(layers: Sequence[Layer], frame: Frame) -> CellPairs:
    """The cells that the moved parts in `layers` reach, and where each takes its content from.

    A pixel that several parts reach belongs to the last of them. A cell goes to the part that has most of its
    pixels, at equal numbers to the later one. Order and repetition of pixels make no difference, and no index
    lies outside the latents.
    """
    front = _in_front(layers, frame)
    rows, columns = frame.cells
    source = np.full(rows * columns, -1, np.int64)
    most = np.zeros(rows * columns, np.int64)
    for index, layer in enumerate(layers):
        votes = _votes(layer, front, index, frame)
        wins = votes.counts >= most[votes.cells]
        source[votes.cells[wins]] = votes.sources[wins]
        most[votes.cells[wins]] = votes.counts[wins]
    targets = np.flatnonzero(source >= 0)
    return CellPairs(targets, source[targets])


def _in_front(layers: Sequence[Layer], frame: Frame) -> NDArray[np.int32]:
    """`(H, W)` of the photo: the number of the last layer that reaches each pixel, or -1."""
    front = np.full(frame.picture.pixels.shape[:2], -1, np.int32)
    for index, layer in enumerate(layers):
        front[layer.box.slices][layer.coverage > 0] = index
    return front


def _votes(layer: Layer, front: NDArray[np.int32], index: int, frame: Frame) -> _Votes:
    seen = (front[layer.box.slices] == index) & np.isfinite(layer.offset).all(axis=2)
    rows, columns = np.nonzero(seen)
    points = np.stack([columns + layer.box.x0, rows + layer.box.y0], axis=1)
    inside = _inside(points, frame)
    points, way = points[inside], layer.offset[rows[inside], columns[inside]].astype(np.float64)
    width = frame.cells[1]
    cells = _flat(frame.cells_at(points.astype(np.float64)), width)
    sources = _flat(frame.cells_at(points + way), width)
    reached, number, counts = np.unique(cells, return_inverse=True, return_counts=True)
    shift = _rounded(number, counts, way * frame.scale)
    moved = np.stack([reached % width, reached // width], axis=1) + shift
    outside = ((moved < 0) | (moved >= frame.cells[::-1])).any(axis=1)
    wanted = np.where(outside, -1, _flat(moved, width))
    return _settled(reached, counts, wanted, number, sources)


def _inside(points: Ints, frame: Frame) -> Bool:
    corner, end = (frame.crop.x0, frame.crop.y0), (frame.crop.x1, frame.crop.y1)
    return cast(Bool, np.logical_and(points >= corner, points < end).all(axis=1))


def _flat(cells: Ints, width: int) -> Ints:
    return cells[:, 1] * width + cells[:, 0]


def _rounded(number: Ints, counts: Ints, way: NDArray[np.float64]) -> Ints:
    """`(cells, 2)`: the mean `way` of each cell's pixels in whole cells, halves upwards; exact in any order."""
    fine = np.rint(way * _FINE).astype(np.int64)
    total = np.zeros((len(counts), 2), np.int64)
    np.add.at(total, number, fine)
    unit = counts[:, None] * (CELL * _FINE)
    return (2 * total + unit) // (2 * unit)


def _settled(reached: Ints, counts: Ints, wanted: Ints, number: Ints, sources: Ints) -> _Votes:
    """Where the `wanted` cell holds nothing of the part, the one most pixels name, if no other cell takes it."""
    good = np.isin(wanted, sources)
    place = wanted.copy()
    unsettled = ~good[number]
    cells, named = _most_named(number[unsettled], sources[unsettled])
    place[cells] = named
    kept = good | ~np.isin(place, wanted[good])
    return _Votes(reached[kept], place[kept], counts[kept])


def _most_named(number: Ints, sources: Ints) -> tuple[Ints, Ints]:
    """The cells in `number`, and for each the source that most of its pixels name; of several the first."""
    pairs, votes = np.unique(np.stack([number, sources], axis=1), axis=0, return_counts=True)
    best = np.lexsort((pairs[:, 1], -votes, pairs[:, 0]))
    cells, first = np.unique(pairs[best, 0], return_index=True)
    return cells, pairs[best[first], 1]
