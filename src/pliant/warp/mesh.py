"""The mesh that carries a region through a warp.

A tensor grid over the region's box: lines a step apart, drawn closer around every handle and pin, where the
fields bend most, and through each of them, so that a handle is a vertex and lands exactly on its target. Only
cells that the region, or its one-pixel rim, reaches are kept. It is also what the editor draws.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box
from pliant.types import Bool
from pliant.warp import kernels

Lines = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mesh:
    """`columns` (nx,) and `rows` (ny,) are the grid lines; `cells` (ny - 1, nx - 1) the cells in use."""

    columns: Lines
    rows: Lines
    cells: Bool

    @cached_property
    def vertices(self) -> NDArray[np.float64]:
        """`(ny, nx, 2)` float64: the (x, y) of every vertex."""
        return np.stack(np.meshgrid(self.columns, self.rows), axis=-1)

    @cached_property
    def used(self) -> Bool:
        """`(ny, nx)` bool: the vertices of cells in use."""
        used = np.zeros((len(self.rows), len(self.columns)), np.bool_)
        for down in (slice(None, -1), slice(1, None)):
            for right in (slice(None, -1), slice(1, None)):
                used[down, right] |= self.cells
        return used

    def thinned(self, centres: NDArray[np.float64]) -> "Mesh":
        """The same mesh with fewer lines, for drawing while a handle moves.

        Lines stay that run through `centres` `(N, 2)` or are a quarter of the usual distance from others: near
        handles a smooth field drawn with it is off by a fraction of a pixel, elsewhere by next to nothing.
        """
        least = (np.diff(self.columns).max(initial=0.0) + np.diff(self.rows).max(initial=0.0)) / 8
        columns = _sparse(self.columns, centres[:, 0], least)
        rows = _sparse(self.rows, centres[:, 1], least)
        cells = np.logical_or.reduceat(self.cells, rows[:-1], axis=0)
        cells = np.logical_or.reduceat(cells, columns[:-1], axis=1)
        return Mesh(self.columns[columns], self.rows[rows], cells)


def build(mask: Bool, box: Box, centres: NDArray[np.float64]) -> Mesh:
    """The mesh of a region: `mask` `(h, w)` is its selection on `box`, `centres` `(N, 2)` where to refine."""
    step = spacing(box)
    columns = _lines(box.x0 - 1, box.x1, step, centres[:, 0])
    rows = _lines(box.y0 - 1, box.y1, step, centres[:, 1])
    cells = np.zeros((len(rows) - 1, len(columns) - 1), np.bool_)
    kernels.occupied(mask, *_reach(columns, box.x0, box.width), *_reach(rows, box.y0, box.height), cells)
    return Mesh(columns, rows, cells)


def spacing(box: Box) -> float:
    """Distance between lines far from handles.

    The error of a piecewise linear field grows with step^2 / extent for the drags that people make, so the
    step grows with the root of the extent: 8 px for a 512-px region, 16 for 2048.
    """
    return float(np.clip(8 * np.sqrt(max(box.width, box.height) / 512), 4, 32))


def _lines(low: float, high: float, step: float, centres: Lines) -> Lines:
    stops = np.unique(np.clip(np.concatenate([[low, high], centres]), low, high))
    marked = np.isin(stops, centres)
    ladder = _ladder(step)
    parts = [stops[:1]]
    for a, b, near_a, near_b in zip(stops, stops[1:], marked, marked[1:], strict=False):
        reach = ladder[ladder < (b - a) / (2 if near_a and near_b else 1)]
        left = a + reach if near_a else np.empty(0)
        right = (b - reach)[::-1] if near_b else np.empty(0)
        inner_a, inner_b = (
            (left[-1] if near_a and left.size else a),
            (right[0] if near_b and right.size else b),
        )
        count = max(int(np.ceil((inner_b - inner_a) / step)), 1)
        parts += [left, np.linspace(inner_a, inner_b, count + 1)[1:-1], right, np.array([b])]
    return np.unique(np.concatenate(parts))


def _sparse(lines: Lines, centres: Lines, least: float) -> NDArray[np.intp]:
    """Which of `lines` to keep: first, last and those of `centres`, and between them what is `least` apart."""
    fixed = np.isin(lines, centres)
    fixed[[0, -1]] = True
    kept: list[int] = []
    for index, line in enumerate(lines):
        if fixed[index]:
            while kept and not fixed[kept[-1]] and line - lines[kept[-1]] < least:
                kept.pop()
            kept.append(index)
        elif line - lines[kept[-1]] >= least:
            kept.append(index)
    return np.array(kept)


def _ladder(step: float) -> Lines:
    rungs = [1.0]
    while (gap := max(1.0, rungs[-1] / 3)) < step:
        rungs.append(rungs[-1] + gap)
    return np.array(rungs)


def _reach(lines: Lines, start: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last cell that each pixel, one pixel to either side included, touches."""
    centres = np.arange(start, start + count, dtype=np.float64)
    last = len(lines) - 2
    first_cell = np.searchsorted(lines, centres - 1, side="right") - 1
    last_cell = np.searchsorted(lines, centres + 1, side="left") - 1
    return np.clip(first_cell, 0, last), np.clip(last_cell, 0, last)
