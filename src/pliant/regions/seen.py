"""What a segmenter looks at: plain RGB, 8 bit, of any picture; and masks brought back to the picture's size."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.regions.mask import components
from pliant.types import Bool, Picture

_BEHIND = 128  # what shows through transparency: as far from white things as from black ones


def rgb8(picture: Picture) -> NDArray[np.uint8]:
    """`(H, W, 3)` uint8: grey spread to RGB, 16 bit cut to 8, alpha composed over mid grey."""
    pixels = picture.pixels
    if pixels.dtype == np.uint16:
        pixels = ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    colours = pixels[..., :-1] if picture.has_alpha else pixels
    rgb = np.ascontiguousarray(np.broadcast_to(colours, (*pixels.shape[:2], 3)))
    if not picture.has_alpha or (pixels[..., -1] == 255).all():
        return cast(NDArray[np.uint8], rgb)
    share = pixels[..., -1:].astype(np.float32) / 255
    return np.rint(rgb * share + _BEHIND * (1 - share)).astype(np.uint8)


def resized(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """`image` at another size: area averages where it shrinks, linear where it grows."""
    if image.shape[:2] == (height, width):
        return image
    smaller = width * height < image.shape[0] * image.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cast(NDArray[np.uint8], cv2.resize(image, (width, height), interpolation=how))


def enlarged(score: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """A smooth score `(h, w)`, a logit or a share, at another size."""
    resized_score = cv2.resize(score.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return cast(NDArray[np.float32], resized_score)


def parts_touching(mask: Bool, seeds: Bool) -> Bool:
    """The connected parts of `mask` in which a pixel of `seeds` lies."""
    labels, _ = components(mask)
    return np.isin(labels, np.unique(labels[seeds & mask])) & mask


def without_gaps(mask: Bool, share: float, kept: Bool) -> Bool:
    """`mask` with its enclosed gaps closed that are smaller than `share` of it and hold no pixel of `kept`."""
    count, found, stats, _ = cv2.connectedComponentsWithStats((~mask).view(np.uint8), connectivity=4)
    labels = cast(NDArray[np.int32], found)
    height, width = mask.shape
    largest = share * np.count_nonzero(mask)
    small = np.zeros(count, np.bool_)
    for index, (x, y, w, h, area) in enumerate(stats[1:].tolist(), start=1):
        enclosed = x > 0 and y > 0 and x + w < width and y + h < height
        small[index] = enclosed and area < largest
    small[np.unique(labels[kept])] = False
    return mask | small[labels]
