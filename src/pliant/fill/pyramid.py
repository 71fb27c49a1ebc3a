"""One scale of a PatchMatch completion, and the scales of a hole from coarse to fine."""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.fill.patches import REACH, SIDE, improve, vote
from pliant.fill.smooth import continue_smoothly
from pliant.types import Bool

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

_PAD = 2 * REACH  # patches of border pixels stay inside, and so do the patches that overlap those
_SCARCE = 6 * SIDE * SIDE  # fewer whole patches than this are too few to choose from
_NEARNESS = 2.0  # Wexler's gamma: how much less a pixel deeper in the hole has to say


@dataclass(frozen=True, eq=False, kw_only=True)
class Level:
    """A padded picture, flat as in `pliant.fill.patches`, with its field; the arrays change as it is solved.

    `targets` are the centres of all patches that overlap the hole; `painted` the pixels that the hole and the
    padding near it consist of; `usable` the centres of wholly known patches.
    """

    depth: int
    size: tuple[int, int]
    image: Bytes
    hole: Bool
    usable: Bool
    targets: Places
    painted: Places
    field: NDArray[np.int32]
    cost: NDArray[np.int32]
    nearness: NDArray[np.float32]

    @classmethod
    def of(cls, image: Bytes, hole: Bool, depth: int) -> "Level":
        """The level of `image` `(h, w, 4)` uint8 with `hole` `(h, w)`."""
        height, width = hole.shape
        padded = cv2.copyMakeBorder(image, _PAD, _PAD, _PAD, _PAD, cv2.BORDER_REPLICATE)
        absent = np.pad(hole, _PAD, constant_values=True)
        inside = np.pad(np.ones(hole.shape, np.uint8), _PAD)
        square = np.ones((SIDE, SIDE), np.uint8)
        near = cv2.dilate(np.pad(hole, _PAD).astype(np.uint8), square)
        reached = np.minimum(np.asarray(near, np.uint8), inside)
        usable = cv2.erode((~absent).astype(np.uint8), square, borderValue=0) > 0
        covered = cv2.dilate(reached, square) > 0
        targets = np.flatnonzero(reached)
        depths = cv2.distanceTransform(absent.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
        return cls(
            depth=depth,
            size=(width, height),
            image=np.asarray(padded, np.uint8).reshape(-1),
            hole=absent.reshape(-1),
            usable=usable.reshape(-1),
            targets=targets,
            painted=np.flatnonzero(absent & covered),
            field=np.full(absent.size, -1, np.int32),
            cost=np.zeros(absent.size, np.int32),
            nearness=np.power(np.float32(_NEARNESS), -depths.reshape(-1)[targets]).astype(np.float32),
        )

    @property
    def stride(self) -> int:
        """Columns of the padded picture."""
        return self.size[0] + 2 * _PAD

    def pixels(self) -> Bytes:
        """`(h, w, 4)`: the picture without its padding; a view."""
        height = self.size[1] + 2 * _PAD
        return self.image.reshape(height, self.stride, 4)[_PAD:-_PAD, _PAD:-_PAD]

    def costs(self) -> NDArray[np.int32]:
        """`(h, w)`: by how much the patch around each target differs from the one it resembles most; else 0."""
        height = self.size[1] + 2 * _PAD
        return self.cost.reshape(height, self.stride)[_PAD:-_PAD, _PAD:-_PAD]

    def start(self, coarser: "Level | None", random: np.random.Generator) -> None:
        """A first field and a first picture: from the coarser level, or smooth colours and chance."""
        if coarser is None:
            shape = (-1, self.stride)
            smooth = continue_smoothly(self.image.reshape(*shape, 4).astype(np.float32), self.hole.reshape(shape))
            self.image.reshape(*shape, 4)[...] = np.rint(smooth)
            places = np.flatnonzero(self.usable)
            self.field[self.targets] = places[random.integers(0, places.size, self.targets.size)]
            return
        y, x = np.divmod(self.targets, self.stride)
        found = _followed(coarser, y, x)
        source = (2 * found[0] + (y - _PAD) % 2 + _PAD) * self.stride + 2 * found[1] + (x - _PAD) % 2 + _PAD
        source = np.clip(source, 0, self.usable.size - 1)
        lost = ~self.usable[source]
        if lost.any():
            source[lost] = _nearest(self.usable, self.stride)[source[lost]]
        self.field[self.targets] = source
        self.paint()

    def search(self, radius: int, seed: int, backward: bool) -> None:
        """Improve the field in one sweep."""
        improve(
            self.image,
            self.stride,
            self.targets,
            self.field,
            self.cost,
            self.usable,
            radius,
            seed,
            backward,
        )

    def paint(self, sharpness: float = 1.0) -> None:
        """Let the patches vote; the worse one fits and the deeper it lies, the less it has to say.

        `sharpness` above 1 leaves less to patches that fit worse than most.
        """
        cost = self.cost[self.targets].astype(np.float32)
        spread = max(float(np.percentile(cost[:: max(cost.size // 10000, 1)], 75)) / sharpness, 1.0)
        weight = np.zeros(self.field.size, np.float32)
        weight[self.targets] = self.nearness * np.exp(np.maximum(-cost / (2 * spread), -30)) + 1e-20
        vote(self.image, self.stride, self.painted, self.field, weight)


def _followed(coarser: Level, y: Places, x: Places) -> tuple[Places, Places]:
    """Where the parents of the places (y, x) of the next finer level come from, without padding."""
    parent = ((y - _PAD) // 2 + _PAD) * coarser.stride + (x - _PAD) // 2 + _PAD
    orphans = coarser.field[parent] < 0
    if orphans.any():
        parent[orphans] = _nearest(coarser.field >= 0, coarser.stride)[parent[orphans]]
    row, column = np.divmod(coarser.field[parent].astype(np.int64), coarser.stride)
    return row - _PAD, column - _PAD


def _nearest(present: Bool, stride: int) -> Places:
    """For every place of a flat picture the nearest one that is `present`."""
    absent = (~present).reshape(-1, stride).astype(np.uint8)
    found = cv2.distanceTransformWithLabels(absent, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)[
        1
    ]
    labels = cast(NDArray[np.int32], found).reshape(-1)
    places = np.zeros(int(labels.max()) + 1, np.int64)
    places[labels[present]] = np.flatnonzero(present)
    return places[labels]


def levels(rgb: Bytes, hole: Bool) -> list[Level]:
    """The scales on which `hole` `(h, w)` of `rgb` is solved, coarsest first; none when no patch is known."""
    image, found = _with_texture(rgb, hole), list[Level]()
    while True:
        level = Level.of(image, hole, len(found))
        enough = _SCARCE if found else 1
        if np.count_nonzero(level.usable) < enough or not level.targets.size:
            break
        found.append(level)
        inner = cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_C, cv2.DIST_MASK_3)
        if inner.max() <= REACH or min(hole.shape) < 2 * SIDE:
            break
        image, hole = _halved(image, hole)
    return found[::-1]


def _with_texture(rgb: Bytes, hole: Bool) -> Bytes:
    """A fourth channel: how rough the surroundings of each pixel are, 0 to 255; the hole is not read."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    known = (~hole).astype(np.float32)
    rough, seen = np.zeros_like(grey), np.zeros_like(grey)
    for axis in (0, 1):
        both = known * np.roll(known, 1, axis)
        rough += both * np.abs(grey - np.roll(grey, 1, axis))
        seen += both
    total, count = (cv2.blur(array, (SIDE, SIDE)) for array in (rough, seen))
    mean = 8 * total / np.maximum(count, np.float32(1e-3))
    return np.dstack([rgb, np.minimum(mean, 255).astype(np.uint8)])


def _halved(image: Bytes, hole: Bool) -> tuple[Bytes, Bool]:
    """Half the size; each pixel is the mean of its known quarter pixels, and hole where more than half are."""
    odd = (0, hole.shape[0] % 2, 0, hole.shape[1] % 2)
    known = cv2.copyMakeBorder((~hole).astype(np.float32), *odd, cv2.BORDER_REPLICATE)
    even = cv2.copyMakeBorder(image, *odd, cv2.BORDER_REPLICATE).astype(np.float32)
    size = (known.shape[1] // 2, known.shape[0] // 2)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    total = np.asarray(cv2.resize(even * known[..., None], size, interpolation=cv2.INTER_AREA), np.float32)
    mean = total / np.maximum(share, np.float32(0.25))[..., None]
    return np.rint(mean).astype(np.uint8), share < 0.5
