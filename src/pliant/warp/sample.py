"""Sub-pixel, antialiased sampling that never looks outside the region.

Inside the region a Catmull-Rom bicubic sample (exact on ramps, sharper than bilinear); within two pixels of
its outline a bilinear one over the region's own pixels, whose weight is the coverage of the moved part's edge;
where the map shrinks, the mean over the footprint. A position within a thousandth of a pixel centre is that
pixel, so whole-pixel moves copy bits.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box
from pliant.layer import Pixels
from pliant.types import Bool, Picture
from pliant.warp import bands, sampling

_WORTH = 10_000  # pixels sampled while a thread starts


def footing(mask: Bool) -> NDArray[np.uint8]:
    """`mask` `(h, w)` graded for `sample`: 0 outside, 1 inside, 2 where a bicubic sample stays inside."""
    inside = mask.view(np.uint8)
    deep = cv2.erode(
        inside, np.ones((4, 4), np.uint8), anchor=(1, 1), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return cv2.add(inside, deep).astype(np.uint8, copy=False)


def sample(
    picture: Picture, graded: NDArray[np.uint8], home: Box, offset: NDArray[np.float32], box: Box
) -> tuple[Pixels, NDArray[np.uint8]]:
    """Content `(h, w, C)` and coverage `(h, w)` uint8 of `box` when q shows what stands at q + offset[q].

    `graded` is `footing` of the region on its box `home`.
    """
    pixels = np.ascontiguousarray(picture.pixels)
    content = np.zeros((*offset.shape[:2], pixels.shape[2]), pixels.dtype)
    coverage = np.zeros(offset.shape[:2], np.uint8)
    colours = (0,) * (pixels.shape[2] - picture.has_alpha)

    def band(first: int, stop: int) -> None:
        sampling.sample_rows(
            pixels, graded, home.x0, home.y0, offset, box.x0, box.y0, first, stop,
            colours, picture.has_alpha, content, coverage,
        )  # fmt: skip

    bands.run(band, box, worth=_WORTH)
    return content, coverage
