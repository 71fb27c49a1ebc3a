"""Something with alpha that stands in a picture."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pliant.bench.exact.moves import Affine, Floats

FINE = 2  # samples across a pixel: what is drawn is their mean


@dataclass(frozen=True, eq=False)
class Thing:
    """`image` `(h, w, 4)` float32, colours premultiplied by an alpha of 0 to 1; `place` takes it into the picture.

    It has about `FINE` pixels for each of the picture's, so that sampling it is antialiased.
    """

    image: NDArray[np.float32]
    place: Affine

    @classmethod
    def of(cls, straight: NDArray[np.float32], *, centre: ArrayLike, angle: float, scale: float) -> Self:
        """`straight` `(h, w, 4)` turned by `angle` radians and scaled, its middle at `centre`."""
        image = straight.copy()
        image[..., :3] *= image[..., 3:]
        share = min(scale * FINE, 1.0)
        if share < 1:
            image = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA).astype(np.float32)
        middle = np.array([image.shape[1] - 1, image.shape[0] - 1]) / 2
        shift = np.asarray(centre, np.float64) - middle
        return cls(image, Affine.about(middle, turn=angle, scale=scale / share, shift=shift))

    def at(self, points: Floats) -> NDArray[np.float32]:
        """Premultiplied colour and alpha `(H, W, 4)` at `points` `(H, W, 2)` of the picture, 0 beside it."""
        x, y = np.moveaxis(self.place.source_of(points).astype(np.float32), -1, 0)
        found = cv2.remap(self.image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0,) * 4)
        return np.asarray(found, np.float32)

    def body(self, count: int) -> Floats:
        """About `count` points `(N, 2)` of the picture, spread over where it is opaque."""
        rows, columns = np.nonzero(self.image[..., 3] > 0.5)
        chosen = np.arange(0, len(rows), max(len(rows) // count, 1))
        return self.place.target_of(np.stack([columns[chosen], rows[chosen]], axis=1).astype(np.float64))

    def border(self) -> Floats:
        """Points `(N, 2)` of the picture, along the border of its image."""
        height, width = self.image.shape[:2]
        corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float64)
        ways = np.linspace(0, 1, 16)[:, None, None]
        ring = corners + ways * (np.roll(corners, -1, axis=0) - corners)
        return self.place.target_of(ring.reshape(-1, 2))
