"""Edits whose drawn regions are refined before they are warped; a region that stays is refined once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pliant.regions.mask import grow, rasterise
from pliant.regions.segment import RADIUS, Segmenter, combined, proposed, reach_of
from pliant.types import Bool, DragRegion, Edit, Mask, Picture, PointLike, RegionLike, as_region


@dataclass(frozen=True, eq=False, kw_only=True)
class _Known:
    """A refined region; `drawn` and `places`, its handles and pins, are all that it depends on."""

    drawn: RegionLike
    places: tuple[PointLike, ...]
    refined: Mask
    notes: tuple[str, ...]


class Refiner:
    """Refines the drag regions of edits of one picture. Not for use by several threads at once."""

    def __init__(self, picture: Picture, segmenter: Segmenter) -> None:
        self._picture = picture
        self._segmenter = segmenter
        self._known: list[_Known] = []

    def refined(self, edit: Edit) -> tuple[Edit, list[str]]:
        """`edit` with its drag regions as `pliant.regions.segment.refine` gives them, and what to warn of.

        A refined region still holds its handles and pins: where one lies beside what was found, a disc around
        it is kept of what was drawn. A region in which nothing was found stays as drawn.
        """
        ready: list[_Known] = []
        regions = list(edit.regions)
        for index, region in enumerate(edit.regions):
            if isinstance(region, DragRegion):
                known = self._refine(region, f"region {index + 1}")
                ready.append(known)
                regions[index] = replace(region, region=known.refined)
        self._known = ready
        return replace(edit, regions=regions), [note for known in ready for note in known.notes]

    def _refine(self, region: DragRegion, name: str) -> _Known:
        places = (*(drag.handle for drag in region.drags), *region.pins)
        for known in self._known:
            if known.places == places and known.drawn == region.region:
                return known
        drawn = rasterise(as_region(region.region), self._picture.size)
        mask, notes = self._found(drawn, places, name)
        return _Known(drawn=region.region, places=places, refined=Mask(mask), notes=tuple(notes))

    def _found(self, drawn: Bool, places: Sequence[PointLike], name: str) -> tuple[Bool, list[str]]:
        if drawn.all():
            return drawn, []
        found = proposed(self._segmenter, self._picture, drawn)
        by = f"the segmenter {self._segmenter.info.name!r} found"
        if not (found & drawn).any():
            return drawn, [f"{by.capitalize()} nothing in {name}; it is used as drawn."]
        reach = reach_of(RADIUS, self._picture.size)
        mask = combined(found, drawn, reach)
        beside = _beside(mask, drawn, places)
        if not beside.any():
            return mask, []
        note = f"A handle or pin of {name} lies beside what {by}; the region around it is kept as drawn."
        return mask | (grow(beside, reach) & drawn), [note]


def _beside(mask: Bool, drawn: Bool, places: Sequence[PointLike]) -> Bool:
    """The pixels of `places` that were drawn but are not in `mask`."""
    height, width = mask.shape
    marked = np.zeros_like(mask)
    for x, y in places:
        column, row = round(x), round(y)
        if 0 <= column < width and 0 <= row < height:
            marked[row, column] = True
    return marked & drawn & ~mask
