"""A moved part of a picture, and how such parts are painted over one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pliant.geometry import Box

Pixels: TypeAlias = NDArray[np.uint8 | np.uint16]


@dataclass(frozen=True, eq=False, kw_only=True)
class Layer:
    """One part after its warp, on the box of the picture that it reaches.

    `box` (x0, y0, x1, y1) lies inside the picture; `pixels` `(h, w, C)` is the moved content; `coverage`
    `(h, w)` uint8 says how much of each pixel it covers (255: all); `offset` `(h, w, 2)` float32 leads from
    a covered pixel to where it comes from, so `source_of(q) = q + offset[q]`, NaN where nothing does;
    `folded` counts pixels that several places of the part compete for.
    """

    box: Box
    pixels: Pixels
    coverage: NDArray[np.uint8]
    offset: NDArray[np.float32]
    folded: int = 0


def paint(pixels: Pixels, layers: Sequence[Layer]) -> None:
    """Paint `layers` onto `pixels` in place, in order; straight alpha is composed as coverage times alpha."""
    for layer in layers:
        cover(pixels[layer.box.slices], layer.pixels, layer.coverage)


def cover(under: Pixels, over: Pixels, coverage: NDArray[np.uint8]) -> None:
    """Blend `over` `(h, w, C)` into `under` in place by `coverage` `(h, w)`; where it is 0 nothing changes."""
    np.copyto(under, over, where=(coverage == 255)[..., None])
    rim = (coverage > 0) & (coverage < 255)
    if rim.any():
        under[rim] = _blend(under[rim], over[rim], coverage[rim])


def _blend(under: Pixels, over: Pixels, coverage: NDArray[np.uint8]) -> Pixels:
    weight = coverage[:, None] / np.float32(255)
    lower, upper = under.astype(np.float32), over.astype(np.float32)
    if under.shape[1] in (2, 4):
        share = weight * upper[:, -1:]
        total = share + (1 - weight) * lower[:, -1:]
        alpha = total
        weight = np.divide(share, total, out=np.zeros_like(share), where=total > 0)
        colour = lower[:, :-1] + weight * (upper[:, :-1] - lower[:, :-1])
        mixed = np.concatenate([colour, alpha], axis=1)
    else:
        mixed = lower + weight * (upper - lower)
    return np.rint(mixed).astype(under.dtype)
