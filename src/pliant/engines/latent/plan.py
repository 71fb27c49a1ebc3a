"""What an edit comes to on a photo, before any model works: what may change, and which crop is worked on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pliant.engines.latent.area import changed, pasted, preview_of, protected, replaced
from pliant.engines.latent.choices import Choices
from pliant.engines.latent.frame import LEAST_CONTEXT, crop_around, fits_whole
from pliant.geometry import Box, Size
from pliant.types import Edit, Preview


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """An edit that fits: the pixels' own `warp`, the `preview` with what the model may change, the `crop`."""

    edit: Edit
    warp: Preview
    preview: Preview
    crop: Box

    @property
    def prompt(self) -> str:
        """The edit's prompt without blanks around it."""
        return self.edit.prompt.strip()

    @property
    def moves(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.preview.hole_weight.any())


def planned(edit: Edit, warp: Preview, choices: Choices, side: Callable[[], int], last: Box | None) -> Plan:
    """The plan of `edit`, whose pixels move as `warp` says.

    `side` is asked for the model's own side in pixels only where something moves. `last` is the crop that
    something is prepared for; it is taken again where that will do.
    """
    size = warp.source.size
    area, keep = changed(edit, warp), protected(edit, size)
    if not area.any():
        nowhere, nothing = Box(0, 0, 0, 0), np.zeros((0, 0), np.uint8)
        return Plan(edit=edit, warp=warp, preview=preview_of(warp, nowhere, nothing), crop=nowhere)
    box, weight = pasted(area, keep, size)
    crop = Box.of_size(size) if is_whole(size, choices, side()) else _crop(box, size, side(), last)
    if not choices.paste_back:
        box, weight = replaced(crop, keep)
    return Plan(edit=edit, warp=warp, preview=preview_of(warp, box, weight), crop=crop)


def is_whole(size: Size, choices: Choices, side: int) -> bool:
    """Whether a photo of `size` is worked on whole by a model whose own side is `side`."""
    return choices.uncropped or fits_whole(size, side)


def _crop(box: Box, size: Size, side: int, last: Box | None) -> Box:
    """The crop for an edit of `box`: the last one again, if it holds that with context and not much else."""
    wanted = crop_around(box, size, side)
    close = box.grown(LEAST_CONTEXT).within(Box.of_size(size))
    if last is not None and close.within(last) == close and last.area <= 2 * wanted.area:
        return last
    return wanted
