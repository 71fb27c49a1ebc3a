"""Drags whose truth is known: a scene, where one of its things is dragged to, and how near a result comes."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from tools.shapes.scenes import SIDE, Scene, Thing, coverage, draw, moved, random_scene

from pliant.types import Drag, DragRegion, Edit, Picture, RegionPair

FIRST_SEED = 3_000_000  # scenes from here on are neither trained on nor in the figures of the model
NEAREST, FURTHEST = 24, 48  # pixels, 3 to 6 cells of the latents
_MARGIN = 3
_TRIES = 1000
_SKIRT = 2  # pixels a hand paints beyond the outline

Bool = NDArray[np.bool_]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """`scene` has one thing, which is dragged by (`dx`, `dy`) pixels."""

    seed: int
    scene: Scene
    dx: int
    dy: int

    @cached_property
    def before(self) -> Picture:
        """What is edited."""
        return Picture(draw(self.scene))

    @cached_property
    def truth(self) -> Pixels:
        """What a perfect edit gives."""
        return draw(self._after)

    @cached_property
    def source(self) -> Bool:
        """The pixels of the thing before."""
        return coverage(self.thing) > 0

    @cached_property
    def target(self) -> Bool:
        """The pixels of the thing in the truth."""
        return coverage(self._after.things[0]) > 0

    @property
    def thing(self) -> Thing:
        """What is dragged."""
        return self.scene.things[0]

    @property
    def drag(self) -> Drag:
        """From a point of the thing (a ring has none in its middle) to where it belongs."""
        x, y = self.thing.x, self.thing.y
        if self.thing.shape == "ring":
            x += 0.7 * self.thing.radius * np.cos(self.thing.angle)
            y += 0.7 * self.thing.radius * np.sin(self.thing.angle)
        return Drag((x, y), (x + self.dx, y + self.dy))

    def dragged(self) -> Edit:
        """The thing, painted a little too wide, and one drag."""
        return Edit([DragRegion(_widened(self.source), [self.drag])])

    def paired(self) -> Edit:
        """The same as a handle region and a target region."""
        return Edit([RegionPair(_widened(self.source), _widened(self.target))])

    @cached_property
    def _after(self) -> Scene:
        return moved(self.scene, 0, self.dx, self.dy)


@dataclass(frozen=True, kw_only=True)
class Score:
    """`distance` px from where the thing is found to where it belongs; PSNR against the truth, in decibels, where
    the thing should be (`arrived`), where it stood (`cleared`), and in the rest of the picture (`rest`).
    """

    distance: float
    arrived: float
    cleared: float
    rest: float


def cases(count: int) -> list[Case]:
    """The first `count` drags; always the same."""
    return [_case(seed) for seed in range(FIRST_SEED, FIRST_SEED + count)]


def score(case: Case, result: Pixels) -> Score:
    """How near `result` `(128, 128, 3)` is to the truth."""
    x, y = where(case, result)
    touched = _widened(case.source | case.target, 4)
    return Score(
        distance=float(np.hypot(x - case.thing.x - case.dx, y - case.thing.y - case.dy)),
        arrived=psnr(result, case.truth, case.target),
        cleared=psnr(result, case.truth, _widened(case.source) & ~_widened(case.target)),
        rest=psnr(result, case.truth, ~touched),
    )


def where(case: Case, picture: Pixels) -> tuple[float, float]:
    """The centre of the place in `picture` that looks most like the thing: least squares over its own pixels."""
    rows, columns = (slice(int(p.min()), int(p.max()) + 1) for p in np.nonzero(case.source))
    thing, mask = case.before.pixels[rows, columns], coverage(case.thing)[rows, columns] > 0.5
    weight = np.repeat(mask[..., None], 3, axis=2).astype(np.float32)
    costs = cv2.matchTemplate(picture.astype(np.float32), thing.astype(np.float32), cv2.TM_SQDIFF, mask=weight)
    row, column = np.unravel_index(np.argmin(costs), costs.shape)
    return case.thing.x + column - columns.start, case.thing.y + row - rows.start


def psnr(one: Pixels, other: Pixels, where: Bool) -> float:
    """In decibels over the pixels `where`, at most 60."""
    error = np.mean((one[where].astype(np.float64) - other[where]) ** 2)
    return float(min(-10 * np.log10(max(error, 1e-9) / 255**2), 60))


def _case(seed: int) -> Case:
    scene, rng = random_scene(seed, things=1), np.random.default_rng(seed)
    thing = scene.things[0]
    low, high = thing.radius + _MARGIN, SIDE - 1 - thing.radius - _MARGIN
    for _ in range(_TRIES):
        length, way = rng.uniform(NEAREST, FURTHEST), rng.uniform(0, 2 * np.pi)
        dx, dy = round(length * np.cos(way)), round(length * np.sin(way))
        if low <= thing.x + dx <= high and low <= thing.y + dy <= high:
            return Case(seed, scene, dx, dy)
    raise ValueError(f"The thing of scene {seed} has nowhere to go.")


def _widened(mask: Bool, by: int = _SKIRT) -> Bool:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    return cv2.dilate(mask.astype(np.uint8), kernel).astype(np.bool_)
