"""A scene as pictures before and after its motion, and what is true of them.

Layers are composed in the pictures' own values (sRGB as encoded, not linear light), as editors do; each pixel is
the mean of `FINE` x `FINE` samples, so both pictures are antialiased alike.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pliant.bench.exact.moves import Floats
from pliant.bench.exact.scene import Scene
from pliant.bench.exact.thing import FINE, Thing
from pliant.bench.sample import Motion
from pliant.geometry import Box
from pliant.types import Bool, Picture

Map = Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False, kw_only=True)
class Truth:
    """`before_alpha`, `after_alpha` and `front_alpha` `(H, W)` float32 are how much of each pixel the thing covers
    before and after, and the occluder; the pictures are 8-bit RGB."""

    before: Picture
    after: Picture
    before_alpha: NDArray[np.float32]
    after_alpha: NDArray[np.float32]
    front_alpha: NDArray[np.float32]
    motion: Motion

    @property
    def thing(self) -> Bool:
        """`(H, W)`: what shows the thing before."""
        return (self.before_alpha >= 0.5) & ~self.front

    @property
    def front(self) -> Bool:
        """`(H, W)`: what shows the occluder."""
        return self.front_alpha >= 0.5

    @property
    def uncovered(self) -> Bool:
        """`(H, W)`: what shows the background after and showed the thing before."""
        return self.thing & (self.after_alpha < 0.5)

    @property
    def touched(self) -> Bool:
        """`(H, W)`: every pixel that the thing covers before or after, however little of it."""
        return (self.before_alpha > 0) | (self.after_alpha > 0)


def truth_of(scene: Scene) -> Truth:
    """Compose `scene` before and after."""
    before = _shown(scene.thing, scene.side, _same, _same)
    after = _shown(scene.thing, scene.side, scene.move.target_of, scene.move.source_of)
    front = _shown(scene.occluder, scene.side, _same, _same)
    return Truth(
        before=_composed(scene.background, before, front),
        after=_composed(scene.background, after, front),
        before_alpha=before[..., 3],
        after_alpha=after[..., 3],
        front_alpha=front[..., 3],
        motion=_motion(scene, before[..., 3], after[..., 3], front[..., 3]),
    )


def _same(points: Floats) -> Floats:
    return points


def _shown(thing: Thing | None, side: int, forth: Map, back: Map) -> NDArray[np.float32]:
    """`(side, side, 4)`: a thing after the map `forth`, whose inverse is `back`; nothing where there is none."""
    canvas = np.zeros((side, side, 4), np.float32)
    if thing is None:
        return canvas
    border = forth(thing.border())
    low, high = np.floor(border.min(axis=0)) - 1, np.ceil(border.max(axis=0)) + 2
    box = Box(*(int(v) for v in (*low, *high))).within(Box.of_size((side, side)))
    if box.area:
        steps = (np.arange(FINE) + 0.5) / FINE - 0.5
        x = (np.arange(box.x0, box.x1)[:, None] + steps).ravel()
        y = (np.arange(box.y0, box.y1)[:, None] + steps).ravel()
        fine = thing.at(back(np.stack(np.meshgrid(x, y), axis=-1)))
        canvas[box.slices] = fine.reshape(box.height, FINE, box.width, FINE, 4).mean(axis=(1, 3))
    return canvas


def _composed(background: NDArray[np.float32], *layers: NDArray[np.float32]) -> Picture:
    pixels = background
    for layer in layers:
        pixels = pixels * (1 - layer[..., 3:]) + layer[..., :3]
    return Picture(np.rint(np.clip(pixels, 0, 255)).astype(np.uint8))


def _motion(
    scene: Scene, before: NDArray[np.float32], after: NDArray[np.float32], front: NDArray[np.float32]
) -> Motion:
    """Where the thing shows after, comes from inside the picture and showed before."""
    grid = Box.of_size((scene.side, scene.side)).grid()
    source = scene.move.source_of(grid.astype(np.float64)).astype(np.float32)
    columns, rows = np.moveaxis(np.rint(source).astype(np.int64), -1, 0)
    inside = (columns >= 0) & (rows >= 0) & (columns < scene.side) & (rows < scene.side)
    seen = np.zeros(inside.shape, np.bool_)
    place = rows[inside], columns[inside]
    seen[inside] = (before[place] >= 0.5) & (front[place] < 0.5)
    visible = seen & (after >= 0.5) & (front < 0.5)
    return Motion(source_of=np.where(visible[..., None], source, np.float32(np.nan)), visible=visible)
