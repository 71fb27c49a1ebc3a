"""Textures and shapes drawn from random numbers, so that scenes are not made of the same few photos only.

Textures are `(H, W, 3)` float32 in 0 to 255; shapes `(SIDE, SIDE)` float32 coverage in 0 to 1.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SIDE = 256  # pixels of a drawn object; the drawing itself is made twice as large
_FINE = 2 * SIDE


def texture(rng: Generator, side: int) -> Floats:
    """One of the textures, `(side, side, 3)`."""
    drawn = _TEXTURES[int(rng.integers(len(_TEXTURES)))](rng, side)
    # A little grain gives every place something to be recognised by.
    return np.clip(drawn + _noise(rng, side, (2, 5)) * 12, 0, 255).astype(np.float32)


def sprite(rng: Generator) -> Floats:
    """A textured shape, `(SIDE, SIDE, 4)`: colours 0 to 255, straight alpha 0 to 1."""
    alpha = _SHAPES[int(rng.integers(len(_SHAPES)))](rng)
    return np.dstack([texture(rng, SIDE), alpha]).astype(np.float32)


def _colours(rng: Generator, count: int) -> Floats:
    return rng.uniform(20, 235, (count, 3)).astype(np.float32)


def _noise(rng: Generator, side: int, octaves: tuple[int, int]) -> Floats:
    """`(side, side, 1)`: smooth noise of unit deviation, with 2**octave waves across, coarse ones stronger."""
    total = np.zeros((side, side), np.float32)
    for octave in range(*octaves):
        grid = rng.standard_normal((2**octave + 1, 2**octave + 1)).astype(np.float32)
        total += cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC) / octave
    return (total / max(float(total.std()), 1e-6))[..., None]


def _clouds(rng: Generator, side: int) -> Floats:
    dark, light = _colours(rng, 2)
    share = 1 / (1 + np.exp(-1.5 * _noise(rng, side, (1, 7))))
    return dark + share * (light - dark)


def _stripes(rng: Generator, side: int) -> Floats:
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    angle, waves = rng.uniform(0, np.pi), rng.uniform(4, 14)
    phase = waves * (x * np.cos(angle) + y * np.sin(angle)) + 0.15 * _noise(rng, side, (1, 4))[..., 0]
    return _banded(rng, phase)


def _rings(rng: Generator, side: int) -> Floats:
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    centre = rng.uniform(0.2, 0.8, 2)
    return _banded(rng, rng.uniform(8, 20) * np.hypot(x - centre[0], y - centre[1]).astype(np.float32))


def _banded(rng: Generator, phase: Floats) -> Floats:
    first, second = _colours(rng, 2)
    share = np.clip(0.5 + 2 * np.sin(2 * np.pi * phase), 0, 1)[..., None]
    return first + share * (second - first)


def _checker(rng: Generator, side: int) -> Floats:
    count = int(rng.integers(4, 10))
    squares = np.add.outer(np.arange(count), np.arange(count)) % 2
    colours = _colours(rng, 2)[squares] + rng.normal(0, 25, (count, count, 3)).astype(np.float32)
    return np.asarray(cv2.resize(colours, (side, side), interpolation=cv2.INTER_NEAREST), np.float32)


def _cells(rng: Generator, side: int) -> Floats:
    """Each pixel has the colour of the nearest of some points (a Voronoi pattern)."""
    count = int(rng.integers(20, 60))
    seeds = np.ones((side, side), np.uint8)
    places = rng.choice(side * side, count, replace=False)
    seeds.reshape(-1)[places] = 0
    _, label = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    return _colours(rng, int(label.max()) + 1)[np.asarray(label, np.int64)]


def _outline(points: NDArray[np.float64]) -> Floats:
    """The inside of a polygon with vertices in -1 to 1, antialiased."""
    canvas = np.zeros((_FINE, _FINE), np.uint8)
    fixed = np.rint((points * 0.95 + 1) * (_FINE / 2) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], (255,), cv2.LINE_AA, 4)
    return _shrunk(canvas)


def _shrunk(canvas: NDArray[np.uint8]) -> Floats:
    shrunk = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.float32) / np.float32(255)


def _around(radius: NDArray[np.float64]) -> Floats:
    angle = np.linspace(0, 2 * np.pi, len(radius), endpoint=False)
    return _outline(np.stack([radius * np.sin(angle), -radius * np.cos(angle)], axis=1))


def _disc(rng: Generator) -> Floats:
    del rng
    return _around(np.ones(180))


def _ring(rng: Generator) -> Floats:
    return _around(np.ones(180)) - _around(np.full(180, rng.uniform(0.3, 0.5)))


def _star(rng: Generator) -> Floats:
    tips = int(rng.integers(5, 9))
    return _around(np.where(np.arange(2 * tips) % 2, rng.uniform(0.4, 0.65), 1.0))


def _blob(rng: Generator) -> Floats:
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    radius = np.ones(180)
    for wave in range(2, 6):
        radius += rng.uniform(0, 0.5 / wave) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    return _around(radius / radius.max())


def _bar(rng: Generator) -> Floats:
    half = rng.uniform(0.2, 0.4)
    turn = np.linspace(0, np.pi, 40)
    cap = np.stack([half * np.cos(turn), -(1 - half) - half * np.sin(turn)], axis=1)
    return _outline(np.concatenate([cap, -cap]))


def _letter(rng: Generator) -> Floats:
    canvas = np.zeros((_FINE, _FINE), np.uint8)
    text, thick = "ABEKMPRSXYZ"[int(rng.integers(11))], _FINE // 6
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 15, thick)
    corner = (_FINE - width) // 2, (_FINE + height) // 2
    cv2.putText(canvas, text, corner, cv2.FONT_HERSHEY_SIMPLEX, 15, (255,), thick, cv2.LINE_AA)
    return _shrunk(canvas)


_TEXTURES: tuple[Callable[[Generator, int], Floats], ...] = (_clouds, _stripes, _rings, _checker, _cells)
_SHAPES: tuple[Callable[[Generator], Floats], ...] = (_disc, _ring, _star, _blob, _bar, _letter)
