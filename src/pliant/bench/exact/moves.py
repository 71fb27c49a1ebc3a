"""Motions that are known everywhere, both ways: affine ones, and the bend of something whose foot stays.

Convention: that of `pliant.geometry`; points are `(..., 2)`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Affine:
    """`q = matrix p + shift`."""

    matrix: Floats
    shift: Floats

    @classmethod
    def about(cls, pivot: ArrayLike, *, turn: float = 0.0, scale: float = 1.0, shift: ArrayLike = (0, 0)) -> Self:
        """Turn by `turn` radians (from x towards y) and scale about `pivot`, then shift."""
        matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        centre = np.asarray(pivot, np.float64)
        return cls(matrix, centre - matrix @ centre + np.asarray(shift, np.float64))

    def target_of(self, points: Floats) -> Floats:
        """Where `points` go."""
        return points @ self.matrix.T + self.shift

    def source_of(self, points: Floats) -> Floats:
        """Where what stands at `points` afterwards comes from."""
        return (points - self.shift) @ np.linalg.inv(self.matrix).T


@dataclass(frozen=True, eq=False)
class Bend:
    """What lies beyond the foot in the direction `up` is bent onto a circle of `radius`, towards `side`.

    With s the way from the foot along `up` and t the one along `side`: for s > 0, (s, t) goes to
    (sin(s / radius) (radius - t), radius - cos(s / radius) (radius - t)); for s <= 0 nothing moves. Lengths on the
    axis stay. One-to-one where t < radius and s < pi radius. `up` and `side` are orthogonal unit vectors.
    """

    foot: Floats
    up: Floats
    side: Floats
    radius: float

    def along(self, points: Floats) -> Floats:
        """The way of `points` from the foot along `up`, `(...)`."""
        return (points - self.foot) @ self.up

    def target_of(self, points: Floats) -> Floats:
        """Where `points` go."""
        s, t = self.along(points), (points - self.foot) @ self.side
        angle = s / self.radius
        bent = self._placed(np.sin(angle) * (self.radius - t), self.radius - np.cos(angle) * (self.radius - t))
        return np.where((s > 0)[..., None], bent, points)

    def source_of(self, points: Floats) -> Floats:
        """Where what stands at `points` afterwards comes from."""
        a, b = self.along(points), self.radius - (points - self.foot) @ self.side
        angle = np.arctan2(a, b)
        straight = self._placed(angle * self.radius, self.radius - np.hypot(a, b))
        return np.where((a > 0)[..., None], straight, points)

    def _placed(self, s: Floats, t: Floats) -> Floats:
        return self.foot + s[..., None] * self.up + t[..., None] * self.side
