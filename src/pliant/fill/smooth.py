"""The smoothest guess for a hole: what is known, carried inwards through a pyramid."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.types import Bool


def continue_smoothly(values: NDArray[np.float32], hole: Bool) -> NDArray[np.float32]:
    """`values` `(H, W)` or `(H, W, C)` float32 with `hole` `(H, W)` filled from around; the rest as it was.

    Pull-push (Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4.2): known values are averaged down
    until no gap is left, then interpolated back up into the gaps. Values in the hole are not read; with
    nothing known the answer is 0.
    """
    flat = values.reshape(*hole.shape, -1)
    known = (~hole).astype(np.float32)
    return _pull_push(flat * known[..., None], known).reshape(values.shape)


def _pull_push(total: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """`total` is values times `known`; the answer is `total / known` where anything is known."""
    height, width = known.shape
    mean: NDArray[np.float32] = np.divide(total, np.maximum(known, 1e-6)[..., None], dtype=np.float32)
    if known.min() > 0 or max(height, width) == 1:
        return mean
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse = _pull_push(_resized(total, half), _resized(known, half)[..., 0])
    guess = _resized(coarse, (width, height), cv2.INTER_LINEAR)
    return np.where(known[..., None] > 0, mean, guess)


def _resized(array: NDArray[np.float32], size: tuple[int, int], how: int = cv2.INTER_AREA) -> NDArray[np.float32]:
    resized = cv2.resize(array, size, interpolation=how)
    return np.asarray(resized, np.float32).reshape(size[1], size[0], -1)
