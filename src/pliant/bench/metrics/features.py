"""Dense features of a picture, and how they are read and compared at pixels."""

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pliant.bench.metrics.base import Rgb8
from pliant.geometry import Size

Features = NDArray[np.float32]
"""`(h, w, C)`: a coarse grid of cells that covers the whole picture."""

Interpolation = Literal["bilinear", "nearest"]

_SMALLEST = 1e-24


class Extractor(Protocol):
    """Makes features of which like parts of two pictures have like ones."""

    @property
    def name(self) -> str:
        """What the title of a column calls it."""
        ...

    def features(self, rgb: Rgb8, *, prompt: str = "", seed: int = 0) -> Features:
        """The features of `(H, W, 3)` uint8; equal arguments give equal features.

        Extractors without text ignore `prompt`, those without noise `seed`.
        """
        ...


class FeatureMap:
    """Features as if they were brought to every pixel of the picture, without ever doing so.

    Positions are those of torch's `interpolate`: `nearest` takes cell `floor(x w / W)`; `bilinear` (align_corners
    false) has cell centres at `(i + 0.5) W / w - 0.5`, and continues the outer ones to the picture's border.
    """

    def __init__(self, features: Features, size: Size, interpolation: Interpolation) -> None:
        self._grid = Size(features.shape[1], features.shape[0])
        self._size = size
        self._bilinear = interpolation == "bilinear"
        self._corners = _corners(features.astype(np.float64))
        self._products = np.matmul(self._corners, self._corners.swapaxes(1, 2))

    def at(self, point: tuple[float, float]) -> NDArray[np.float64]:
        """The feature `(C,)` at `point`, (x, y) in pixels."""
        cell, weights = self._cells(np.array([point], np.float64))
        return weights[0] @ self._corners[cell[0]]

    def similarity(self, wanted: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """`(N,)`: cosine similarity of `wanted` `(C,)` with the features at `points` `(N, 2)`.

        The scalar product with an interpolated feature is the interpolated product, and its length follows from
        the products of the four cells around it: the cost is that of the cells, not of the pixels.
        """
        dots = self._corners @ (wanted / max(float(np.linalg.norm(wanted)), _SMALLEST))
        cell, weights = self._cells(points)
        squares = ((weights[:, None] @ self._products[cell])[:, 0] * weights).sum(axis=1)
        return (weights * dots[cell]).sum(axis=1) / np.sqrt(np.maximum(squares, _SMALLEST))

    def _cells(self, points: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The index of the upper left one of the four cells around each point, and the weights `(N, 4)` of all."""
        scale = np.array(self._grid) / np.array(self._size)
        at = (points + 0.5) * scale - 0.5 if self._bilinear else np.floor(points * scale)
        at = np.clip(at, 0, np.array(self._grid) - 1)
        low = np.floor(at).astype(np.intp)
        right, down = (at - low).T
        upper = np.stack([1 - right, right], axis=1)
        weights = np.concatenate([upper * (1 - down)[:, None], upper * down[:, None]], axis=1)
        return low[:, 1] * self._grid.width + low[:, 0], weights


def _corners(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(h w, 4, C)`: each cell of `(h, w, C)` with those right of, below and diagonally below it."""
    right = np.concatenate([features[:, 1:], features[:, -1:]], axis=1)
    below, diagonal = (np.concatenate([part[1:], part[-1:]]) for part in (features, right))
    return np.stack([features, right, below, diagonal], axis=2).reshape(-1, 4, features.shape[2])
