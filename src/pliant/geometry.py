"""The one coordinate convention, and the boxes that carry it.

Convention: `(x, y)`, x right, y down, in pixels, pixel *centres* at integer coordinates: the pixel in
column 3 of row 5 has its centre at (3, 5) and reaches from 2.5 to 3.5 and from 4.5 to 5.5. Arrays are
`(H, W, C)`. Boxes are half open: columns x0 to x1 - 1, rows y0 to y1 - 1.
"""

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)


class Size(NamedTuple):
    """(width, height) in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class Box(NamedTuple):
    """Columns x0 to x1 - 1 and rows y0 to y1 - 1; empty when x1 <= x0 or y1 <= y0."""

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def of_size(cls, size: tuple[int, int]) -> "Box":
        """The box of a whole picture of `size` (width, height)."""
        return cls(0, 0, size[0], size[1])

    @classmethod
    def around(cls, mask: NDArray[np.bool_]) -> "Box":
        """The smallest box that holds every True of `mask` (H, W); `Box(0, 0, 0, 0)` when there is none."""
        rows = np.flatnonzero(mask.any(axis=1))
        if not rows.size:
            return cls(0, 0, 0, 0)
        columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
        return cls(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

    @property
    def width(self) -> int:
        """Number of columns."""
        return max(self.x1 - self.x0, 0)

    @property
    def height(self) -> int:
        """Number of rows."""
        return max(self.y1 - self.y0, 0)

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index for an `(H, W, ...)` array; needs a box that does not start before 0."""
        return slice(self.y0, max(self.y1, self.y0)), slice(self.x0, max(self.x1, self.x0))

    def grown(self, margin: int) -> "Box":
        """Wider by `margin` pixels on each side."""
        return Box(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def within(self, other: "Box") -> "Box":
        """The part that lies in `other`."""
        return Box(max(self.x0, other.x0), max(self.y0, other.y0), min(self.x1, other.x1), min(self.y1, other.y1))

    def joined(self, other: "Box") -> "Box":
        """The smallest box that holds both; an empty one adds nothing."""
        if not other.area:
            return self
        if not self.area:
            return other
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    def moved(self, dx: int, dy: int) -> "Box":
        """The box shifted by (dx, dy)."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def cut(self, values: NDArray[T], home: "Box") -> NDArray[T]:
        """`values` `(h, w, ...)`, which lie on `home`, as far as they lie on this box; 0 elsewhere on it."""
        found = np.zeros((self.height, self.width, *values.shape[2:]), values.dtype)
        shared = self.within(home)
        if shared.area:
            inner = shared.moved(-home.x0, -home.y0).slices
            found[shared.moved(-self.x0, -self.y0).slices] = values[inner]
        return found

    def grid(self) -> NDArray[np.float32]:
        """`(height, width, 2)` float32: the (x, y) of every pixel of the box."""
        columns, rows = np.meshgrid(np.arange(self.x0, self.x1), np.arange(self.y0, self.y1))
        return np.stack([columns, rows], axis=-1).astype(np.float32)
