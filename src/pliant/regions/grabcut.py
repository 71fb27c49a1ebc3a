"""GrabCut: object and background told apart by their colours and the edges between them. Needs no weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box
from pliant.models.device import ANYWHERE, Runtime
from pliant.regions import trimap
from pliant.regions.prompts import BoxLike, Floats, Prompt, check_prompt
from pliant.regions.seen import enlarged, parts_touching, resized, rgb8, without_gaps
from pliant.regions.segment import RADIUS, SegmenterInfo, reach_of
from pliant.regions.trimap import Trimap
from pliant.types import Bool, Picture, PointLike, RegionLike

_COARSE, _ROUNDS = 320, 5
_DRAWN = 450  # a drawn region is decided in a band only, which is cheap
_FINE, _FINE_ROUNDS = 900, 2
_WORTHWHILE = 1.2  # the gain in resolution from which a second cut pays
_MARGIN, _LEAST_MARGIN = 0.35, 16  # around the object: of its longer side, in pixels
_LEAST_SAMPLES = 5  # OpenCV fits 5 colours to each side and crashes on fewer pixels
_DISC = 0.008  # radius around a point that is sure, as a share of the longer side
_GAP = 0.02  # of the object: lettering and highlights, not the hole of a ring
_LOST = 0.05  # of a box: with less, the object went over to the background
_SLACK = 3.0  # pixels at working size by which a first cut may be wrong


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
        coarse = _Crop.of(image, _extent(prompt, frame), _COARSE if prompt.mask is None else _DRAWN)
        made = _trimap(coarse, prompt, picture)
        cut = _cut(coarse.image, made, _ROUNDS) if prompt.mask is None else trimap.nearer_in(coarse.image, made)
        if prompt.box is not None and np.count_nonzero(cut) < _LOST * np.count_nonzero(made != trimap.OUT):
            cut = _cut(coarse.image, trimap.with_core(made), _ROUNDS)
        found = coarse.restored(cut, frame)
        found = _about(found, prompt)
        fine = _Crop.of(image, _margin(Box.around(found), frame), _FINE)
        if not found.any() or fine.scale < coarse.scale * _WORTHWHILE:
            return found
        return _about(_sharpened(fine, found, _SLACK / coarse.scale, prompt, frame), prompt)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Crop:
    """A box of the picture, at most so many pixels long; `scale` takes picture pixels to its own."""

    box: Box
    scale: float
    image: NDArray[np.uint8]

    @classmethod
    def of(cls, image: NDArray[np.uint8], box: Box, longest: int) -> Self:
        """The part of `image` on `box`."""
        scale = min(longest / max(box.width, box.height, 1), 1.0)
        width, height = (max(round(side * scale), 1) for side in (box.width, box.height))
        cut = np.ascontiguousarray(image[box.slices])
        return cls(box=box, scale=scale, image=resized(cut, width, height) if box.area else cut)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the crop's own pixels."""
        return self.image.shape[0], self.image.shape[1]

    def places(self, points: Floats) -> Floats:
        """Points of the picture on the crop."""
        return (points - (self.box.x0, self.box.y0) + 0.5) * self.scale - 0.5

    def part(self, mask: Bool) -> Bool:
        """A mask of the picture on the crop."""
        height, width = self.shape
        share = resized(mask[self.box.slices].astype(np.uint8) * np.uint8(255), width, height)
        return share > 127

    def restored(self, mask: Bool, frame: Box) -> Bool:
        """A mask of the crop on the picture."""
        whole = np.zeros((frame.height, frame.width), np.bool_)
        whole[self.box.slices] = enlarged(mask.astype(np.float32), self.box.width, self.box.height) > 0.5
        return whole


def _extent(prompt: Prompt, frame: Box) -> Box:
    """Where the object and enough of what is around it lie."""
    if prompt.mask is None and prompt.box is None:
        return frame
    found = prompt.box or Box.around(np.asarray(prompt.mask))
    for x, y in np.rint(prompt.points).astype(int).tolist():
        found = found.joined(Box(x, y, x + 1, y + 1))
    return _margin(found, frame)


def _margin(box: Box, frame: Box) -> Box:
    return box.grown(max(_LEAST_MARGIN, round(_MARGIN * max(box.width, box.height)))).within(frame)


def _trimap(crop: _Crop, prompt: Prompt, picture: Picture) -> Trimap:
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


def _cut(image: NDArray[np.uint8], made: Trimap, rounds: int) -> Bool:
    """GrabCut from a trimap; where one side has too few pixels to have colours, the trimap as it is."""
    inside = (made == trimap.IN) | (made == trimap.MAYBE_IN)
    if min(np.count_nonzero(inside), np.count_nonzero(~inside)) < _LEAST_SAMPLES:
        return inside
    cv2.setRNGSeed(0)
    labels = made.copy()
    models = np.zeros((1, 65)), np.zeros((1, 65))
    whole = (0, 0, image.shape[1], image.shape[0])
    cv2.grabCut(image, labels, whole, *models, rounds, cv2.GC_INIT_WITH_MASK)
    return (labels == trimap.IN) | (labels == trimap.MAYBE_IN)


def _sharpened(fine: _Crop, found: Bool, slack: float, prompt: Prompt, frame: Box) -> Bool:
    """`found` decided anew on larger pixels, in a band of `slack` picture pixels along its border."""
    made = trimap.of_mask(fine.part(found), slack * fine.scale)
    radius = max(_DISC * max(frame.width, frame.height) * fine.scale, 1)
    trimap.stamp(made, fine.places(prompt.wanted), fine.places(prompt.unwanted), radius)
    return fine.restored(_cut(fine.image, made, _FINE_ROUNDS), frame)


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
