"""GrabCut: object and background told apart by their colours and the edges between them. Needs no weights."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from pliant.geometry import Box
from pliant.models.device import ANYWHERE, Runtime
from pliant.regions import trimap
from pliant.regions.cut import COARSE, FINE, ROUNDS, SLACK, Crop, cut, sharpened, with_margin
from pliant.regions.prompts import BoxLike, Prompt, check_prompt
from pliant.regions.seen import enlarged, parts_touching, rgb8, without_gaps
from pliant.regions.segment import RADIUS, SegmenterInfo, reach_of
from pliant.regions.trimap import Trimap
from pliant.types import Bool, Picture, PointLike, RegionLike

_DRAWN = 450  # a drawn region is decided in a band only, which is cheap
_DISC = 0.008  # radius around a point that is sure, as a share of the longer side
_GAP = 0.02  # of the object: lettering and highlights, not the hole of a ring
_LOST = 0.05  # of a box: with less, the object went over to the background


class GrabCut:
    """Iterated graph cuts over two colour mixtures (Rother, Kolmogorov and Blake 2004), on a crop."""

    info: ClassVar[SegmenterInfo] = SegmenterInfo(
        name="grabcut",
        summary="Colours and edges; no weights. Clear objects, drawn regions, boxes.",
        licence="Apache-2.0 (OpenCV)",
        paper="https://doi.org/10.1145/1015706.1015720",
    )

    def __init__(self, runtime: Runtime = ANYWHERE) -> None:
        del runtime  # it runs on the CPU and loads nothing

    def propose(
        self,
        picture: Picture,
        *,
        points: Sequence[PointLike] = (),
        labels: Sequence[int] = (),
        box: BoxLike | None = None,
        mask: RegionLike | None = None,
    ) -> Bool:
        """See `pliant.regions.segment.Segmenter.propose`. Points alone: the object ends before the border."""
        prompt = check_prompt(picture, self.info, points=points, labels=labels, box=box, mask=mask)
        frame = Box.of_size(picture.size)
        image = rgb8(picture)
        coarse = Crop.of(image, _extent(prompt, frame), COARSE if prompt.mask is None else _DRAWN)
        made = _trimap(coarse, prompt, picture)
        inside = cut(coarse.image, made, ROUNDS) if prompt.mask is None else trimap.nearer_in(coarse.image, made)
        if prompt.box is not None and np.count_nonzero(inside) < _LOST * np.count_nonzero(made != trimap.OUT):
            inside = cut(coarse.image, trimap.with_core(made), ROUNDS)
        found = _about(coarse.restored(inside, frame), prompt)
        fine = coarse.finer(image, Box.around(found), frame, FINE)
        if fine is None:
            return found
        radius = max(_DISC * max(picture.size) * fine.scale, 1)
        slack = SLACK / coarse.scale
        sharper = sharpened(fine, found, slack, prompt.wanted, prompt.unwanted, radius)
        return _about(fine.restored(sharper, frame), prompt)


def _extent(prompt: Prompt, frame: Box) -> Box:
    """Where the object and enough of what is around it lie."""
    if prompt.mask is None and prompt.box is None:
        return frame
    found = prompt.box or Box.around(np.asarray(prompt.mask))
    for x, y in np.rint(prompt.points).astype(int).tolist():
        found = found.joined(Box(x, y, x + 1, y + 1))
    return with_margin(found, frame)


def _trimap(crop: Crop, prompt: Prompt, picture: Picture) -> Trimap:
    height, width = crop.shape
    wanted, unwanted = crop.places(prompt.wanted), crop.places(prompt.unwanted)
    radius = _DISC * max(height, width)
    if prompt.mask is not None:
        made = trimap.of_mask(crop.part(prompt.mask), reach_of(RADIUS, picture.size) * crop.scale)
    elif prompt.box is not None:
        made = np.full((height, width), trimap.MAYBE_IN)
    else:
        made = trimap.of_points(crop.image, wanted, unwanted, radius)
    if prompt.box is not None:
        inside = np.zeros((crop.box.height, crop.box.width), np.bool_)
        inside[prompt.box.moved(-crop.box.x0, -crop.box.y0).slices] = True
        kept = enlarged(inside.astype(np.float32), width, height) > 0
        made[~kept] = trimap.OUT
    trimap.stamp(made, wanted, unwanted, radius)
    return made


def _about(found: Bool, prompt: Prompt) -> Bool:
    """The parts that the prompt is about, small gaps closed; the clicked pixels themselves are as clicked."""
    height, width = found.shape
    clicked = trimap.discs(prompt.wanted, 0, height, width)
    refused = trimap.discs(prompt.unwanted, 0, height, width)
    found = (found | clicked) & ~refused
    if prompt.mask is not None:
        found = parts_touching(found, clicked | prompt.mask)
    elif clicked.any():
        found = parts_touching(found, clicked)
    return without_gaps(found, _GAP, refused)
