"""What asks for a scene's motion: a region, and points enough to describe how it moves.

Free edge: the region is the thing itself, every pixel of it that shows. Pinned edge: it is an editable area, the
convex hull of the thing before and after with some room around it, as people draw it for DragBench. The points:

| motion | free edge | pinned edge |
|---|---|---|
| shift | 1 drag | 1 drag |
| rotation | a pin where it turns, 2 drags | 2 drags |
| shift and turn (some of exit, behind) | 3 drags | 2 drags |
| scale | a pin that stays, 3 drags | 2 drags |
| bend | 2 pins on the foot, 2 drags | 2 drags; the foot is outside the area |
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.bench.exact.moves import Affine, Bend, Floats
from pliant.bench.exact.scene import Scene
from pliant.bench.exact.truth import Truth
from pliant.geometry import Box
from pliant.regions.mask import grow
from pliant.types import Bool, Drag, DragRegion

_ROOM = 0.06  # of the side: how much larger an editable area is than what it holds
_DEEP = 2.5  # pixels that points keep from the outline


def item_of(scene: Scene, truth: Truth, rng: np.random.Generator) -> DragRegion | None:
    """The region and its drags; None where no such points can be found on what shows of the thing."""
    places = _places(scene, truth)
    if not len(places):
        return None
    moved = scene.move.target_of(places)
    still = np.linalg.norm(moved - places, axis=1) < 1e-6
    if scene.edge == "free":
        pins = _spread(places[still], 2 if isinstance(scene.move, Bend) else 1, rng)
        region = truth.thing
    else:
        pins = places[:0]
        region = _area(scene, truth)
        places, moved = _kept(places, moved, region)
    count = _handles(scene.move, scene.edge) - len(pins)
    movers = places[np.linalg.norm(moved - places, axis=1) > 0.02 * scene.side] if len(places) else places
    handles = _spread(movers, count, rng, away_from=pins)
    if len(handles) < count:
        return None
    drags = [Drag(tuple(h), tuple(t)) for h, t in zip(handles, scene.move.target_of(handles), strict=True)]
    return DragRegion(region, drags, [tuple(pin) for pin in pins], edge=scene.edge)


def _handles(move: Affine | Bend, edge: str) -> int:
    """How many handles and pins describe `move`."""
    if isinstance(move, Bend):
        return 4 if edge == "free" else 2
    if np.allclose(move.matrix, np.eye(2)):
        return 1
    turned = np.isclose(np.linalg.det(move.matrix), 1)
    return 2 if edge == "pinned" else 3 if turned else 4


def _places(scene: Scene, truth: Truth) -> Floats:
    """Pixels `(N, 2)` well inside the largest part of the thing, that still show after the motion."""
    inside = np.pad(truth.thing, 1).view(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(truth.thing.view(np.uint8), connectivity=8)
    largest = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    rows, columns = np.nonzero((depth > _DEEP) & largest)
    places = np.stack([columns, rows], axis=1).astype(np.float64)
    return places[_shows(scene.move.target_of(places), truth.front)]


def _shows(points: Floats, front: Bool) -> NDArray[np.bool_]:
    side = front.shape[0]
    columns, rows = np.rint(points).astype(np.int64).T
    inside = (columns >= 3) & (rows >= 3) & (columns < side - 3) & (rows < side - 3)
    inside[inside] = ~front[rows[inside], columns[inside]]
    return inside


def _kept(places: Floats, moved: Floats, area: Bool) -> tuple[Floats, Floats]:
    """Those that lie in the area before and after."""
    inside = np.ones(len(places), np.bool_)
    for points in (places, moved):
        columns, rows = np.rint(points).astype(np.int64).T
        inside &= area[rows, columns]
    return places[inside], moved[inside]


def _area(scene: Scene, truth: Truth) -> Bool:
    rows, columns = np.nonzero((truth.before_alpha >= 0.5) | (truth.after_alpha >= 0.5))
    hull = cv2.convexHull(np.stack([columns, rows], axis=1).astype(np.int32))
    area = np.zeros(truth.thing.shape, np.uint8)
    cv2.fillConvexPoly(area, hull, (1,))
    grown = grow(area.view(np.bool_), _ROOM * scene.side)
    if isinstance(scene.move, Bend):
        grid = Box.of_size((scene.side, scene.side)).grid().astype(np.float64)
        grown &= scene.move.along(grid) > -1
    return grown


def _spread(
    places: Floats, count: int, rng: np.random.Generator, away_from: NDArray[np.float64] | None = None
) -> Floats:
    """Up to `count` of `places`, each as far as can be from those before it (and from `away_from`)."""
    chosen = list(away_from) if away_from is not None else []
    first = len(chosen)
    while len(chosen) - first < count and len(places):
        if not chosen:
            chosen.append(places[int(rng.integers(len(places)))])
            continue
        away = np.min([np.linalg.norm(places - point, axis=1) for point in chosen], axis=0)
        if away.max() < 4:
            break
        chosen.append(places[int(np.argmax(away))])
    return np.array(chosen[first:], np.float64).reshape(-1, 2)
