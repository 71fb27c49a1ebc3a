"""A picture made ready for a model, and the model's answer made a picture again. Nothing is stretched."""

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.fill.smooth import continue_smoothly
from pliant.types import Bool, Picture

CELL = 8  # pixels of a latent's side
_ENOUGH = 0.25  # of a cell has to be known for its mean colour to count
_LEAST = 64  # a smaller picture is padded to this: the UNet halves its latents three times


@dataclass(frozen=True, eq=False, kw_only=True)
class Frame:
    """A picture padded at its right and bottom to whole cells.

    `rgb` `(h, w, 3)` uint8 is 0 in `hole` `(h, w)`, so that what stood there is not read.
    """

    picture: Picture
    rgb: NDArray[np.uint8]
    hole: Bool

    @classmethod
    def of(cls, picture: Picture, hole: Bool, *, multiple: int = CELL) -> "Frame":
        """`picture` `(H, W, 3)` uint8 with `hole` `(H, W)`; the padding repeats the border."""
        masked = np.where(hole[..., None], np.uint8(0), picture.pixels)
        height, width = (max(-(-side // multiple) * multiple, _LEAST) for side in hole.shape)
        down, right = height - hole.shape[0], width - hole.shape[1]
        return cls(
            picture=picture,
            rgb=np.pad(masked, ((0, down), (0, right), (0, 0)), mode="edge").astype(np.uint8),
            hole=np.pad(hole, ((0, down), (0, right)), mode="edge"),
        )

    def key(self) -> bytes:
        """What identifies the frame's content."""
        digest = hashlib.blake2b(repr(self.rgb.shape).encode(), digest_size=16)
        digest.update(self.rgb.tobytes())
        digest.update(np.packbits(self.hole).tobytes())
        return digest.digest()

    def guessed(self) -> NDArray[np.uint8]:
        """`(h, w, 3)`: the hole filled smoothly from around, for models that look at it."""
        return np.rint(continue_smoothly(self.rgb.astype(np.float32), self.hole)).astype(np.uint8)

    def finished(self, painted: NDArray[np.float32]) -> Picture:
        """The picture with its hole taken from `painted` `(h, w, 3)`, 0 to 255; the rest as it was."""
        height, width = self.picture.pixels.shape[:2]
        matched = painted + missing_colour(self.rgb, self.hole, painted)
        answer = np.rint(matched.clip(0, 255)).astype(np.uint8)[:height, :width]
        return self.picture.with_pixels(
            np.where(self.hole[:height, :width, None], answer, self.picture.pixels).astype(np.uint8)
        )


def latent_mask(hole: Bool) -> NDArray[np.float32]:
    """`(h/8, w/8)`: 1 for each cell in which `hole` `(h, w)` has any pixel.

    Sampling one pixel of each cell, as the published code does, loses a 5-px band at 3 of 8 offsets.
    """
    height, width = hole.shape
    cells = hole.reshape(height // CELL, CELL, width // CELL, CELL)
    return np.asarray(cells.any(axis=(1, 3)), np.float32)


def missing_colour(rgb: NDArray[np.uint8], hole: Bool, painted: NDArray[np.float32]) -> NDArray[np.float32]:
    """`(h, w, 3)`: what the autoencoder lost of the known colours, cell by cell, carried into the hole.

    Only means of cells: the detail that is lost around the hole is none of the hole's.
    """
    height, width = hole.shape
    cells = (width // CELL, height // CELL)
    known = (~hole).astype(np.float32)
    share = np.asarray(cv2.resize(known, cells, interpolation=cv2.INTER_AREA), np.float32)
    loss = (rgb.astype(np.float32) - painted) * known[..., None]
    mean = np.asarray(cv2.resize(loss, cells, interpolation=cv2.INTER_AREA), np.float32)
    mean = mean / np.maximum(share, 1 / CELL**2)[..., None]
    carried = continue_smoothly(mean.astype(np.float32), share < _ENOUGH)
    return np.asarray(cv2.resize(carried, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
