"""Between a photo and the square a segmentation model looks at; pixels, prompts and masks go through one class."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box
from pliant.regions.prompts import POINTS, Floats, Prompt, prompt_points
from pliant.regions.seen import enlarged, resized
from pliant.types import Bool

MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)
"""ImageNet's, which every published SAM was trained with."""

_AS_GOOD = 0.1  # a candidate may contradict so many more of the prompt's points than the best one does


@dataclass(frozen=True, kw_only=True)
class SquareFrame:
    """A photo of `width` x `height` in the upper left `inner_width` x `inner_height` of a square of `side`.

    Convention: pixel centres at integers on both sides.
    """

    side: int
    width: int
    height: int
    inner_width: int
    inner_height: int

    @classmethod
    def padded(cls, width: int, height: int, side: int) -> Self:
        """The longer side fills the square, the rest is padding (SAM)."""
        scale = side / max(width, height)
        across, down = (min(max(int(length * scale + 0.5), 1), side) for length in (width, height))
        return cls(side=side, width=width, height=height, inner_width=across, inner_height=down)

    @classmethod
    def stretched(cls, width: int, height: int, side: int) -> Self:
        """Both sides fill the square (SAM 2)."""
        return cls(side=side, width=width, height=height, inner_width=side, inner_height=side)

    def pixels(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """`image` `(height, width, 3)` as `(inner_height, inner_width, 3)`."""
        return resized(image, self.inner_width, self.inner_height)

    def planes(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """`image` as `(1, 3, side, side)` float32, normalised; the padding is 0."""
        normal = (self.pixels(image) - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
        square = np.zeros((1, 3, self.side, self.side), np.float32)
        square[0, :, : self.inner_height, : self.inner_width] = normal.transpose(2, 0, 1)
        return square

    def places(self, points: Floats) -> Floats:
        """Points `(N, 2)` of the photo in the square."""
        scale = np.array([self.inner_width / self.width, self.inner_height / self.height])
        return (points + 0.5) * scale - 0.5

    def mask(self, logits: NDArray[Any]) -> Bool:
        """`(height, width)` bool from logits `(h, w)` of the whole square at any resolution."""
        square = enlarged(logits.astype(np.float32), self.side, self.side)
        inner = np.ascontiguousarray(square[: self.inner_height, : self.inner_width])
        return enlarged(inner, self.width, self.height) > 0


@dataclass(frozen=True, eq=False, kw_only=True)
class SquarePrompt:
    """A prompt in a square: `points` `(N, 2)`, `labels` `(N,)` 1 or 0, `corners` `(2, 2)` of the box if any."""

    points: Floats
    labels: NDArray[np.int64]
    corners: Floats | None


def in_square(prompt: Prompt, frame: SquareFrame) -> SquarePrompt:
    """`prompt` as a model takes it; a mask is up to 128 points spread inside it (Inpaint4Drag, module 1)."""
    points, labels = prompt.points, prompt.positive.astype(np.int64)
    if prompt.mask is not None:
        inside = prompt_points(prompt.mask, POINTS)
        points = np.concatenate([points, inside])
        labels = np.concatenate([labels, np.ones(len(inside), np.int64)])
    return SquarePrompt(
        points=frame.places(points), labels=labels, corners=_corners(prompt.box, frame) if prompt.box else None
    )


def _corners(box: Box, frame: SquareFrame) -> Floats:
    # A box ends at its pixels' outer edges, half a pixel beyond their centres.
    return frame.places(np.array([(box.x0, box.y0), (box.x1, box.y1)], np.float64) - 0.5)


def best(logits: NDArray[Any], quality: NDArray[Any], frame: SquareFrame, prompt: Prompt) -> Bool:
    """Of several masks, logits `(M, h, w)`, the one whose predicted `quality` `(M,)` is highest, among those that
    agree with the prompt's points about as well as any does.
    """
    masks = [frame.mask(candidate) for candidate in logits]
    agreement = np.array([_agreement(mask, prompt) for mask in masks])
    fit = agreement >= agreement.max() - _AS_GOOD
    return masks[int(np.where(fit, quality.astype(np.float64), -np.inf).argmax())]


def _agreement(mask: Bool, prompt: Prompt) -> float:
    if not len(prompt.points):
        return 1.0
    columns, rows = np.rint(prompt.points).astype(int).T
    return float((mask[rows, columns] == prompt.positive).mean())
