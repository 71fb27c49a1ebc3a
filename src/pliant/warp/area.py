"""A region with a pinned border of which it was left open how it bends.

Where such a region is an editable area, larger than what is pulled (the masks of drag benchmarks), stretching all
of it smears what is around the thing under the handles. So that thing moves as a whole, and uncovers what was
behind it, as long as its handles and pins move like a whole and the area has room for it. Where not, the drag
cannot have meant the whole thing, and the area stretches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box
from pliant.regions.grasp import grasped
from pliant.types import Bool, DragRegion, Picture
from pliant.warp.deform import Points
from pliant.warp.part import Part

ROOM = 0.08  # share of the thing that may leave the area; outlines are found no better than that
BENT = 0.1  # share of the longest drag by which a handle may miss what turning, shifting and scaling gives it
SCALED = 1.5  # factor; handles that part or close further open something rather than bring it nearer
_PROBES = 4000


@dataclass(frozen=True, eq=False, kw_only=True)
class Area:
    """`whole` is the area as one part that stretches, `things` are the free parts under its handles."""

    whole: Part
    things: Sequence[Part]
    frame: Box

    @classmethod
    def of(
        cls,
        whole: Part,
        region: DragRegion,
        picture: Picture,
        handles: Points,
        *,
        margin: int,
        kept: Bool | None,
    ) -> Self:
        """Find what the handles of `whole`, a part of `region`, lie on; nothing of `kept` is part of it."""
        frame = Box.of_size(picture.size)
        area = frame.cut(whole.mask, whole.box)
        found = grasped(picture, area, whole.handles, margin=margin, kept=kept)
        return cls(whole=whole, things=_things(found, whole, region, handles), frame=frame)

    def moving(self, targets: Points) -> Sequence[Part]:
        """The parts that move when the region's handles go to `targets`."""
        whole = self.things and all(
            _bent(thing.handles, targets[thing.which]) <= BENT and self._leaving(thing, targets) <= ROOM
            for thing in self.things
        )
        return self.things if whole else (self.whole,)

    def _leaving(self, thing: Part, targets: Points) -> float:
        """The share of `thing` that would stand on what is not the area; beyond the picture there is room."""
        rows, columns = np.nonzero(thing.mask)
        every = max(len(rows) // _PROBES, 1)
        places = np.stack([columns, rows], axis=1)[::every] + np.array([thing.box.x0, thing.box.y0], np.float64)
        moved = np.rint(thing.deformer.target_of(places, thing.handles, targets[thing.which])).astype(int)
        seen = moved[_on(self.frame, moved)]
        inside = seen[_on(self.whole.box, seen)] - (self.whole.box.x0, self.whole.box.y0)
        columns, rows = inside.T
        return (len(seen) - np.count_nonzero(self.whole.mask[rows, columns])) / len(moved)


def _bent(handles: Points, targets: Points) -> float:
    """How far handles that go to `targets` are from one similarity, as a share of the longest drag."""
    longest = np.linalg.norm(targets - handles, axis=1).max()
    if not longest:
        return 0.0
    here, there = (points - points.mean(axis=0) for points in (handles, targets))
    # The best similarity of the plane; a complex number turns and scales a point by being multiplied with it.
    a, b = here[:, 0] + 1j * here[:, 1], there[:, 0] + 1j * there[:, 1]
    both: complex = (a.conj() * b).sum()
    best = both / (float((here**2).sum()) or 1.0)
    scale = min(max(abs(best), 1 / SCALED), SCALED)
    missed = np.abs(b - a * (best / abs(best) * scale if best else 1.0))
    return float(missed.max() / longest)


def _on(box: Box, places: NDArray[np.intp]) -> Bool:
    x, y = places.T
    return (x >= box.x0) & (x < box.x1) & (y >= box.y0) & (y < box.y1)


def _things(found: Bool, whole: Part, region: DragRegion, handles: Points) -> list[Part]:
    """One free part for each connected thing; a pin beside all of them holds what stays anyway."""
    free = replace(region, edge="free", deform=None)
    _, labels = cv2.connectedComponents(found.view(np.uint8), connectivity=8)
    columns, rows = np.rint(whole.handles).astype(int).T
    owner = labels[rows, columns]
    things: list[Part] = []
    for label in np.unique(owner[owner > 0]):
        box = Box.around(labels == label)
        mask = np.ascontiguousarray((labels == label)[box.slices])
        which = whole.which[owner == label]
        things.append(Part.of(mask, box, free, handles, which, room=(whole.box, whole.mask)))
    return things
