"""Where a handle's content is found again in the result."""

from math import hypot, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pliant.bench.metrics.features import FeatureMap
from pliant.geometry import Size
from pliant.types import Bool, Drag

Search = Literal["picture", "discs"]

SMALLEST_RADIUS = 5.0
_CHUNK = 65_536
_TIE = 1e-9


def search_area(drag: Drag, size: Size, search: Search = "discs") -> Bool:
    """`(H, W)`: where the handle of `drag` is looked for: the whole `picture`, or `discs`.

    Discs are the pixels closer than r to the handle or the target, `r = max(|h - t| / sqrt 2, 5)` pixels:
    RegionDrag's equations 6 to 8 as its code has them. The paper divides distances by width and height.
    """
    if search == "picture":
        return np.ones((size.height, size.width), np.bool_)
    (hx, hy), (tx, ty) = drag.handle, drag.target
    radius = max(hypot(hx - tx, hy - ty) / sqrt(2), SMALLEST_RADIUS)
    y, x = np.ogrid[: size.height, : size.width]
    return np.minimum((x - hx) ** 2 + (y - hy) ** 2, (x - tx) ** 2 + (y - ty) ** 2) < radius**2


def matches(wanted: NDArray[np.float64], result: FeatureMap, area: Bool, *, first: bool) -> NDArray[np.float64]:
    """The pixels `(K, 2)` of `area`, (x, y), whose features in `result` are the most similar to `wanted` `(C,)`.

    Those that are equally similar to nine digits tie: with `first` it is the first in reading order, else all.
    """
    rows, columns = np.nonzero(area)
    candidates = np.stack([columns, rows], axis=1).astype(np.float64)
    parts = [candidates[i : i + _CHUNK] for i in range(0, len(candidates), _CHUNK)]
    similarity = np.concatenate([result.similarity(wanted, part) for part in parts])
    found = candidates[similarity >= similarity.max() - _TIE]
    return found[:1] if first else found
