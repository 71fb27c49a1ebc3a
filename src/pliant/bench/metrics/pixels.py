"""PSNR and SSIM of two pictures, and both against the truth of a sample."""

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.bench.metrics.base import Column, Outcome, Rgb8, rgb8
from pliant.bench.sample import Sample
from pliant.errors import PliantError
from pliant.types import Bool

PEAK_DB = 100.0
"""What the PSNR of equal pictures is said to be, so that a mean over samples exists."""

_SIDE, _SIGMA = 11, 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_LUMA = np.array([0.299, 0.587, 0.114])


def psnr(first: Rgb8, second: Rgb8, where: Bool | None = None) -> float:
    """`10 log10(255² / mse)` in dB over all channels, at most `PEAK_DB`.

    `first` and `second` are `(H, W, 3)` uint8; `where` `(H, W)` restricts it to its pixels, at least one.
    """
    _check(first, second)
    difference = first.astype(np.float64) - second
    if where is not None:
        difference = difference[where]
    error = float(np.square(difference).mean())
    return PEAK_DB if error == 0 else min(PEAK_DB, 10 * float(np.log10(255**2 / error)))


def ssim(first: Rgb8, second: Rgb8) -> float:
    """Mean structural similarity of the luma (BT.601) of two `(H, W, 3)` uint8 pictures, 1 for equal ones.

    Wang, Bovik, Sheikh, Simoncelli 2004: Gaussian window of 11 pixels and sigma 1.5, K1 = 0.01, K2 = 0.03,
    averaged over the windows that lie in the picture; no downsampling.

    Raises:
        PliantError: a side is under 11 pixels, or the sizes differ (`size_mismatch`).
    """
    _check(first, second)
    if min(first.shape[:2]) < _SIDE:
        raise PliantError(
            f"SSIM needs {_SIDE} pixels a side; the picture is {first.shape[1]}x{first.shape[0]}.",
            code="size_mismatch",
        )
    x, y = first.astype(np.float64) @ _LUMA, second.astype(np.float64) @ _LUMA
    mean_x, mean_y = _blurred(x), _blurred(y)
    var_x, var_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    structure = (2 * covariance + _C2) / (var_x + var_y + _C2)
    return float((luminance * structure).mean())


class PixelTruth:
    """PSNR and SSIM to the truth; where a sample says what was uncovered, the PSNR there too."""

    columns = (
        Column(name="psnr", title="PSNR to truth", better="higher", unit="dB", digits=2),
        Column(name="ssim", title="SSIM to truth", better="higher", digits=4),
        Column(name="psnr_uncovered", title="PSNR uncovered", better="higher", unit="dB", digits=2),
    )

    def measure(self, sample: Sample, outcome: Outcome) -> Mapping[str, float]:
        """See `Metric.measure`."""
        if sample.truth is None:
            return {}
        truth, result = rgb8(sample.truth), rgb8(outcome.picture, sample.truth.size)
        found = {"psnr": psnr(result, truth), "ssim": ssim(result, truth)}
        if sample.uncovered is not None and sample.uncovered.any():
            found["psnr_uncovered"] = psnr(result, truth, sample.uncovered)
        return found


def _check(first: Rgb8, second: Rgb8) -> None:
    if first.shape != second.shape:
        raise PliantError(
            f"Pictures of one size are compared; these are {first.shape} and {second.shape}.",
            code="size_mismatch",
        )


def _blurred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    kernel = cv2.getGaussianKernel(_SIDE, _SIGMA, cv2.CV_64F)
    inner = _SIDE // 2
    return np.asarray(cv2.sepFilter2D(values, cv2.CV_64F, kernel, kernel), np.float64)[inner:-inner, inner:-inner]
