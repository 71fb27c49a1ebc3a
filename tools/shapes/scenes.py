"""Pictures of simple things on a soft ground, described by numbers, so that the truth after a drag can be drawn.

scene = random_scene(7)
before, after = draw(scene), draw(moved(scene, 0, 40, -8))
"""

import colorsys
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

SIDE = 128
SHAPES = ("disc", "square", "ring", "star", "cross")
_MARGIN = 6  # pixels between a thing and the picture's border, or another thing
_TRIES = 100
_WAVES = 3
_SHARES = (0.6, 0.4)  # of scenes with one thing and with two

Rgb = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A shape of `radius` pixels around `(x, y)`, turned by `angle`, with soft stripes of a second colour."""

    shape: str
    x: float
    y: float
    radius: float
    angle: float
    colour: Rgb
    stripe: Rgb
    period: float


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`ground` holds two colours that blend across the picture, `waves` rows of (amplitude, fx, fy, phase)."""

    ground: tuple[Rgb, Rgb]
    slope: float
    waves: tuple[tuple[float, float, float, float], ...]
    things: tuple[Thing, ...]


def random_scene(seed: int, things: int | None = None) -> Scene:
    """The scene of `seed`, with `things` things; None: one, or two where there is room."""
    rng = np.random.default_rng(seed)
    count = things or 1 + int(rng.choice(2, p=_SHARES))
    hue = rng.random()
    values = rng.uniform(0.55, 0.95, 2)
    ground = tuple(_colour(hue + rng.uniform(-0.15, 0.15), rng.uniform(0.1, 0.35), value) for value in values)
    waves = tuple(
        (rng.uniform(0.01, 0.03), *rng.uniform(-4, 4, 2), rng.uniform(0, 2 * np.pi)) for _ in range(_WAVES)
    )
    found: list[Thing] = []
    for _ in range(_TRIES):
        thing = _random_thing(rng)
        if all(apart(thing, other) for other in found):
            found.append(thing)
        if len(found) == count:
            break
    return Scene(ground=(ground[0], ground[1]), slope=rng.uniform(0, 2 * np.pi), waves=waves, things=tuple(found))


def _random_thing(rng: np.random.Generator) -> Thing:
    radius = rng.uniform(18, 27)
    low, high = radius + _MARGIN, SIDE - 1 - radius - _MARGIN
    hue, value = rng.random(), rng.uniform(0.45, 0.9)
    return Thing(
        shape=str(rng.choice(SHAPES)),
        x=rng.uniform(low, high),
        y=rng.uniform(low, high),
        radius=radius,
        angle=rng.uniform(0, 2 * np.pi),
        colour=_colour(hue, rng.uniform(0.7, 1), value),
        stripe=_colour(hue + rng.uniform(0.08, 0.3), rng.uniform(0.6, 1), 1.3 - value),
        period=rng.uniform(18, 30),
    )


def apart(one: Thing, other: Thing) -> bool:
    """Whether there is ground between the circles around two things."""
    return np.hypot(one.x - other.x, one.y - other.y) > one.radius + other.radius + _MARGIN


def moved(scene: Scene, index: int, dx: float, dy: float) -> Scene:
    """`scene` with the thing `index` moved by (`dx`, `dy`) pixels."""
    things = list(scene.things)
    things[index] = replace(things[index], x=things[index].x + dx, y=things[index].y + dy)
    return replace(scene, things=tuple(things))


def draw(scene: Scene) -> NDArray[np.uint8]:
    """`(128, 128, 3)` uint8 RGB."""
    picture = _ground(scene)
    for thing in scene.things:
        alpha = coverage(thing)[..., None]
        picture = picture * (1 - alpha) + _paint(thing) * alpha
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def coverage(thing: Thing) -> NDArray[np.float64]:
    """`(128, 128)`: how much of each pixel `thing` covers, 0 to 1."""
    x, y = _own_frame(thing)
    return np.clip(0.5 - _DISTANCE[thing.shape](x, y, thing.radius), 0, 1)


def _ground(scene: Scene) -> NDArray[np.float64]:
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    along = 0.5 + (x - 0.5) * np.cos(scene.slope) + (y - 0.5) * np.sin(scene.slope)
    first, second = (np.asarray(colour) for colour in scene.ground)
    light = sum(a * np.cos(2 * np.pi * (fx * x + fy * y) + phase) for a, fx, fy, phase in scene.waves)
    return first + (second - first) * along[..., None] + np.asarray(light)[..., None]


def _paint(thing: Thing) -> NDArray[np.float64]:
    x, _ = _own_frame(thing)
    share = 0.5 + 0.5 * np.tanh(3 * np.sin(2 * np.pi * x / thing.period))
    return np.asarray(thing.colour) * (1 - share[..., None]) + np.asarray(thing.stripe) * share[..., None]


def _own_frame(thing: Thing) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, x = np.mgrid[:SIDE, :SIDE] - np.array([thing.y, thing.x])[:, None, None]
    cosine, sine = np.cos(thing.angle), np.sin(thing.angle)
    return x * cosine + y * sine, y * cosine - x * sine


def _disc(x, y, radius):
    return np.hypot(x, y) - radius


def _square(x, y, radius):
    return np.maximum(np.abs(x), np.abs(y)) - 0.75 * radius


def _ring(x, y, radius):
    return np.abs(np.hypot(x, y) - 0.7 * radius) - 0.3 * radius


def _star(x, y, radius):
    turn = np.arctan2(y, x) * 5
    return np.hypot(x, y) - radius * (0.72 + 0.28 * np.cos(turn))


def _cross(x, y, radius):
    across, down = np.abs(x), np.abs(y)
    arm = 0.33 * radius
    return np.minimum(np.maximum(across - radius, down - arm), np.maximum(across - arm, down - radius))


# Signed distances to the outline in pixels, negative inside; the star's is exact on the outline only.
_DISTANCE = {"disc": _disc, "square": _square, "ring": _ring, "star": _star, "cross": _cross}


def _colour(hue: float, saturation: float, value: float) -> Rgb:
    return colorsys.hsv_to_rgb(hue % 1, saturation, value)
