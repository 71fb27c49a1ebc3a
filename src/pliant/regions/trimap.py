"""Prompts as trimaps: what surely, probably, probably not and surely not belongs to the object."""

from typing import Any, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from pliant.regions.mask import grow
from pliant.regions.prompts import Floats
from pliant.types import Bool

Trimap: TypeAlias = NDArray[np.uint8]

OUT, IN, MAYBE_OUT, MAYBE_IN = (
    np.uint8(value) for value in (cv2.GC_BGD, cv2.GC_FGD, cv2.GC_PR_BGD, cv2.GC_PR_FGD)
)

_GRID = 160  # the longest side on which distances through the picture are measured
_NEIGHBOURS = (
    (np.s_[:, :-1], np.s_[:, 1:], 1.0),
    (np.s_[:-1, :], np.s_[1:, :], 1.0),
    (np.s_[:-1, :-1], np.s_[1:, 1:], 2**0.5),
    (np.s_[:-1, 1:], np.s_[1:, :-1], 2**0.5),
)
_CORE = 0.2  # radius, of a box's half sides
_STRAIGHT = 4.0  # what a step costs on flat colour, in units of 8-bit Lab
_STRAIGHT_IN_BAND = 1.0


def of_mask(mask: Bool, reach: float) -> Trimap:
    """Sure deeper inside the drawn `mask` `(h, w)` than `reach`, surely not further outside."""
    trimap = np.where(mask, MAYBE_IN, MAYBE_OUT)
    trimap[~grow(mask, reach)] = OUT
    inner = grow(mask, -reach)
    # A thin region has no inside that deep; its own middle is then the surest there is.
    trimap[inner if inner.any() else _middle(mask)] = IN
    return trimap


def with_core(trimap: Trimap) -> Trimap:
    """A trimap of a box that is surely the object in the box's middle, where an object mostly lies."""
    rows, columns = (np.flatnonzero((trimap != OUT).any(axis=axis)) for axis in (1, 0))
    y, x = np.mgrid[: trimap.shape[0], : trimap.shape[1]]
    away = np.hypot(*((i - ends.mean()) / (len(ends) / 2) for i, ends in ((x, columns), (y, rows))))
    return np.where((away <= _CORE) & (trimap != OUT), IN, trimap)


def of_points(image: NDArray[np.uint8], wanted: Floats, unwanted: Floats, radius: float) -> Trimap:
    """Probably the object where a way through the picture, which pays for every change of colour, leads sooner
    to a wanted point than to an unwanted one or to the picture's border.
    """
    height, width = image.shape[:2]
    scale = min(_GRID / max(height, width), 1)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(cv2.GaussianBlur(image, (0, 0), 1), size, interpolation=cv2.INTER_AREA)
    near = discs(wanted * scale, radius * scale, size[1], size[0])
    far = discs(unwanted * scale, radius * scale, size[1], size[0]) | _frame(size[1], size[0])
    far &= ~near
    if not far.any():
        return np.full((height, width), MAYBE_IN, np.uint8)
    steps = _Steps(cast(NDArray[np.uint8], small), _STRAIGHT)
    closer = (steps.away(near) < steps.away(far)).astype(np.float32)
    inside = np.asarray(cv2.resize(closer, (width, height), interpolation=cv2.INTER_LINEAR)) > 0.5
    return np.where(inside, MAYBE_IN, MAYBE_OUT)


def nearer_in(image: NDArray[np.uint8], trimap: Trimap) -> Bool:
    """`(h, w)` bool: what is in, and of what is not sure what a way through the picture reaches sooner from there
    than from what is out. In a band along a drawn border this follows edges where there are any, and stays in the
    middle where there are none; it met true borders better than cuts by colour, which take or leave whole areas.
    """
    steps = _Steps(cast(NDArray[np.uint8], cv2.GaussianBlur(image, (0, 0), 0.7)), _STRAIGHT_IN_BAND)
    inside, outside = trimap == IN, trimap == OUT
    return inside | (~outside & (steps.away(inside) < steps.away(outside)))


def stamp(trimap: Trimap, wanted: Floats, unwanted: Floats, radius: float) -> None:
    """Put discs around points that are surely in or out onto `trimap`, in place."""
    height, width = trimap.shape
    trimap[discs(unwanted, radius, height, width)] = OUT
    trimap[discs(wanted, radius, height, width)] = IN


def discs(points: Floats, radius: float, height: int, width: int) -> Bool:
    """`(height, width)` bool: what lies within `radius` of a point, its own pixel always."""
    canvas = np.zeros((height, width), np.uint8)
    for x, y in np.rint(points).astype(int).clip(0, (width - 1, height - 1)).tolist():
        cv2.circle(canvas, (x, y), int(radius), 1, -1)
    return canvas.view(np.bool_)


def _middle(mask: Bool) -> Bool:
    depth = np.asarray(cv2.distanceTransform(np.pad(mask, 1).view(np.uint8), cv2.DIST_L2, 5))[1:-1, 1:-1]
    ridge = depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8))
    return mask & (ridge if ridge.any() else mask)


def _frame(height: int, width: int) -> Bool:
    frame = np.ones((height, width), np.bool_)
    frame[1:-1, 1:-1] = False
    return frame


class _Steps:
    """The cost of going from each pixel of a small picture to its 8 neighbours."""

    def __init__(self, image: NDArray[np.uint8], straight: float) -> None:
        lab = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), np.float64)
        self._height, self._width = image.shape[:2]
        count = self._height * self._width
        number = np.array(range(count), np.int64).reshape(self._height, self._width)
        starts: list[NDArray[np.int64]] = []
        stops: list[NDArray[np.int64]] = []
        costs: list[Floats] = []
        for a, b, length in _NEIGHBOURS:
            change = np.linalg.norm(lab[a] - lab[b], axis=2)
            starts.append(number[a].ravel())
            stops.append(number[b].ravel())
            costs.append((change + straight * length).ravel())
        ends = np.concatenate(starts), np.concatenate(stops)
        self._graph: Any = coo_array((np.concatenate(costs), ends), shape=(count, count)).tocsr()

    def away(self, seeds: Bool) -> Floats:
        """`(h, w)`: the cheapest way from any of `seeds`."""
        if not seeds.any():
            return np.full((self._height, self._width), np.inf)
        found = dijkstra(self._graph, directed=False, indices=np.flatnonzero(seeds), min_only=True)
        return np.asarray(found, np.float64).reshape(self._height, self._width)
