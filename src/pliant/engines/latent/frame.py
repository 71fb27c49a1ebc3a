"""The part of a photo that a model works on, and the way back into the photo."""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.compose import as_rgb8, like
from pliant.crops import roomy
from pliant.engines.latent.schedule import Floats
from pliant.fill.diffusion.frame import CELL, missing_colour
from pliant.geometry import Box, Size
from pliant.layer import cover
from pliant.types import Bool, Picture

_ROOM = 2  # a picture of up to twice the model's own area is worked on whole, larger ones on a crop
_LEAST = 64  # the UNet halves its latents three times
_CONTEXT = 0.25  # of an edit's longer side is shown around it
LEAST_CONTEXT = 48


@dataclass(frozen=True, eq=False, kw_only=True)
class Frame:
    """`crop` of `picture` at `size` (width, height) in working pixels, 8-bit RGB, padded to whole cells.

    `rgb` `(h, w, 3)`; its padding, right and below, repeats the border. A cell is a pixel of the latents.
    """

    picture: Picture
    crop: Box
    size: Size
    rgb: NDArray[np.uint8]

    @classmethod
    def of(cls, picture: Picture, crop: Box, size: Size) -> "Frame":
        """`crop` brought to `size` by area averages."""
        nothing = np.zeros((crop.height, crop.width), np.bool_)
        rgb = as_rgb8(picture.pixels[crop.slices], nothing)
        if size != (crop.width, crop.height):
            rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        width, height = (max(-(-side // CELL) * CELL, _LEAST) for side in size)
        padding = ((0, height - size.height), (0, width - size.width), (0, 0))
        return cls(picture=picture, crop=crop, size=size, rgb=np.pad(rgb, padding, mode="edge"))

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of the latents."""
        return self.rgb.shape[0] // CELL, self.rgb.shape[1] // CELL

    @cached_property
    def scale(self) -> Floats:
        """`(2,)`: working pixels to a pixel of the photo, across and down; 1 or less."""
        return np.divide(self.size, (self.crop.width, self.crop.height), dtype=np.float64)

    def points(self, points: NDArray[np.floating]) -> Floats:
        """`points` `(N, 2)` of the photo in working pixels, centres at integers."""
        return (points - (self.crop.x0, self.crop.y0) + 0.5) * self.scale - 0.5

    def cells_at(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        """`(N, 2)`: the (column, row) of the cell that each of `points` `(N, 2)` of the photo lies in."""
        rows, columns = self.cells
        found = np.floor((self.points(points) + 0.5) / CELL).astype(np.int64)
        return np.clip(found, 0, (columns - 1, rows - 1))

    def shrunk(self, mask: Bool) -> Bool:
        """`mask` `(H, W)` of the photo in working pixels `(h, w)`: any pixel counts; the padding does not."""
        part = mask[self.crop.slices]
        if self.size != (self.crop.width, self.crop.height):
            share = cv2.resize(part.astype(np.float32), self.size, interpolation=cv2.INTER_AREA)
            part = np.asarray(share) > 0
        whole = np.zeros(self.rgb.shape[:2], np.bool_)
        whole[: self.size.height, : self.size.width] = part
        return whole

    def cells_in(self, mask: Bool) -> Bool:
        """`(rows, columns)`: the cells in which `mask` `(H, W)` of the photo has any pixel."""
        rows, columns = self.cells
        return cast(Bool, self.shrunk(mask).reshape(rows, CELL, columns, CELL).any(axis=(1, 3)))

    def finished(
        self, decoded: NDArray[np.float32], box: Box, weight: NDArray[np.uint8], alpha: NDArray[np.generic] | None
    ) -> Picture:
        """The photo with `decoded` `(h, w, 3)`, 0 to 255, blended in by `weight`; where that is 0 nothing changes.

        `weight` stands on `box` of the photo. What the autoencoder lost of the known colours, as means of cells,
        is carried into what is pasted. `alpha` `(H, W)` is the result's, for a photo that has one.
        """
        inside = np.zeros(self.picture.pixels.shape[:2], np.uint8)
        inside[box.slices] = weight
        hole = self.shrunk(inside > 0)
        matched = decoded + missing_colour(self.rgb, hole, decoded)
        small = np.rint(matched.clip(0, 255)).astype(np.uint8)[: self.size.height, : self.size.width]
        crop = self.picture.pixels[self.crop.slices]
        large = np.asarray(cv2.resize(small, (self.crop.width, self.crop.height), interpolation=cv2.INTER_CUBIC))
        part = inside[self.crop.slices]
        painted = like(crop if alpha is None else crop[..., :-1], large.astype(np.uint8), part > 0)
        if alpha is not None:
            painted = np.concatenate([painted, alpha[self.crop.slices][..., None]], axis=2).astype(crop.dtype)
        pixels = self.picture.pixels.copy()
        cover(pixels[self.crop.slices], painted, part)
        return self.picture.with_pixels(pixels)


def fits_whole(size: Size, side: int) -> bool:
    """Whether a photo of `size` is worked on whole by a model that was trained on squares of `side`."""
    return size[0] * size[1] <= _ROOM * side * side


def crop_around(box: Box, size: Size, side: int) -> Box:
    """The crop of a photo of `size` for an edit that changes `box`: with context, and at least `side` each way."""
    frame = Box.of_size(size)
    if fits_whole(size, side):
        return frame
    context = max(LEAST_CONTEXT, round(_CONTEXT * max(box.width, box.height)))
    return roomy([box.grown(context).within(frame)], frame, side)[0]


def working_size(crop: Box, side: int) -> Size:
    """The size that a crop is worked on at: its own, or smaller where it has more than twice the model's area."""
    scale = min(1.0, sqrt(_ROOM * side * side / crop.area))
    return Size(max(round(crop.width * scale), 1), max(round(crop.height * scale), 1))
