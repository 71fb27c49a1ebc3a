"""Graph cuts on a crop of a picture: coarse where the object lies, then fine along its border."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box
from pliant.regions import trimap
from pliant.regions.prompts import Floats
from pliant.regions.seen import enlarged, resized
from pliant.regions.trimap import Trimap
from pliant.types import Bool

COARSE, ROUNDS = 320, 5
SLACK = 3.0  # pixels at coarse size by which a first cut may be wrong
FINE, _FINE_ROUNDS = 900, 2
_WORTHWHILE = 1.2  # the gain in resolution from which a second cut pays
_MARGIN, _LEAST_MARGIN = 0.35, 16  # around the object: of its longer side, in pixels
_LEAST_SAMPLES = 5  # OpenCV fits 5 colours to each side and crashes on fewer pixels


@dataclass(frozen=True, eq=False, kw_only=True)
class Crop:
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

    def finer(self, image: NDArray[np.uint8], about: Box, frame: Box, longest: int) -> Self | None:
        """A crop of `about` with its surroundings on which a second cut pays; None: it does not."""
        if not about.area:
            return None
        fine = self.of(image, with_margin(about, frame), longest)
        return fine if fine.scale >= self.scale * _WORTHWHILE else None

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


def with_margin(box: Box, frame: Box) -> Box:
    """`box` with as much around it as tells an object from what is behind it."""
    return box.grown(max(_LEAST_MARGIN, round(_MARGIN * max(box.width, box.height)))).within(frame)


def cut(image: NDArray[np.uint8], made: Trimap, rounds: int) -> Bool:
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


def sharpened(fine: Crop, found: Bool, slack: float, wanted: Floats, unwanted: Floats, radius: float) -> Bool:
    """`found` decided anew on the crop `fine`, in a band of `slack` picture pixels along its border.

    Discs of `radius` crop pixels around `wanted` and `unwanted` points are surely in and out.
    """
    made = trimap.of_mask(fine.part(found), slack * fine.scale)
    trimap.stamp(made, fine.places(wanted), fine.places(unwanted), radius)
    return cut(fine.image, made, _FINE_ROUNDS)
