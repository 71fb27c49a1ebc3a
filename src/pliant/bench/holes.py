"""*Holes*: a random part of a photo is dragged away, and what stood there is the truth of the hole.

The part is nobody's outline, so behind it the photo simply goes on: the true picture is the photo with the part
painted where it was dragged, and still standing where it was. Only the hole differs from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pliant.bench.sample import DataError, Sample, SampleRef, drags_of
from pliant.geometry import Box, Size
from pliant.imageio import load
from pliant.layer import paint
from pliant.types import Drag, DragRegion, Edit, Picture, Polygon
from pliant.warp.warper import Warper

KINDS = "seam", "crescent", "vacated"
SIDES = 128, 4096
VERSION = 1  # goes up when the same seed gives other samples

Points = NDArray[np.float64]

_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"}
_ATTEMPTS = 100
_LEAST = 32  # pixels of a hole
_VERTICES = 64


@dataclass(frozen=True)
class Holes:
    """`count` samples from the photos of `folder`, cropped to at most `side` x `side` pixels.

    Every third hole is a seam (what a part uncovers that moves by 2 to 8 px), a crescent (8 to 40 px) or all of a
    vacated part (60 to 200 px across), in turn; the lengths are those at a side of 512. Sample i depends on
    `seed`, i, `side` and the photos.

    Raises:
        DataError: there is no such folder (`missing_data`), it holds no pictures (`unknown_layout`), or a number
            is out of its range (`invalid_option`).
    """

    folder: Path
    count: int = 300
    seed: int = 0
    side: int = 512

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise DataError(f"There is no folder {str(self.folder)!r} with photos.", code="missing_data")
        if not self.photos:
            raise DataError(
                f"{str(self.folder)!r} holds no pictures; give a folder of photos.", code="unknown_layout"
            )
        bounds = {"count": (self.count, 1, 1_000_000), "side": (self.side, *SIDES)}
        for name, (value, low, high) in bounds.items():
            if not low <= value <= high:
                raise DataError(f"Holes' {name} is {value}; accepted is {low} to {high}.", code="invalid_option")

    @cached_property
    def photos(self) -> Sequence[Path]:
        """The pictures of the folder, by name."""
        return sorted(path for path in self.folder.iterdir() if path.suffix.lower() in _PICTURES)

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"Holes-{VERSION} of {self.folder.name}, seed {self.seed}, {self.side} px"

    @property
    def notes(self) -> Sequence[str]:
        """See `DataSet`."""
        return (
            f"Generated from {len(self.photos)} photos, seed {self.seed}: {self.count} drags of random parts.",
            "The truth of a hole is what the photo shows there; the parts are no objects.",
        )

    @property
    def samples(self) -> Sequence[SampleRef]:
        """See `DataSet`."""
        return [SampleRef(self._name(index), partial(self.make, index)) for index in range(self.count)]

    def make(self, index: int) -> Sample:
        """Sample `index`; it may lie beyond `count`."""
        rng = np.random.default_rng([self.seed, index, self.side])
        path = self.photos[index // len(KINDS) % len(self.photos)]
        photo = cropped(load(path), self.side, rng)
        for _ in range(_ATTEMPTS):
            edit = draw_edit(KINDS[index % len(KINDS)], photo.size, rng)
            if edit is not None and (sample := self._sample(index, photo, edit)) is not None:
                return sample
        raise DataError(f"No part of {str(path)!r} can be dragged; it is {photo.size[0]}x{photo.size[1]}.")

    def _sample(self, index: int, photo: Picture, edit: Edit) -> Sample | None:
        preview = Warper(photo).preview(edit)
        hole = preview.hole
        if np.count_nonzero(hole) < _LEAST:
            return None
        pixels = photo.pixels.copy()
        paint(pixels, preview.layers)
        return Sample(
            name=self._name(index),
            picture=photo,
            edit=edit,
            drags=drags_of(edit),
            editable=hole | preview.moved,
            truth=photo.with_pixels(pixels),
            uncovered=hole,
            category=KINDS[index % len(KINDS)],
        )

    def _name(self, index: int) -> str:
        return f"{index:05d}-{KINDS[index % len(KINDS)]}"


def cropped(photo: Picture, side: int, rng: Generator) -> Picture:
    """A random part of `photo` of at most `side` x `side` pixels."""
    width, height = (min(side, length) for length in photo.size)
    x = int(rng.integers(photo.size[0] - width + 1))
    y = int(rng.integers(photo.size[1] - height + 1))
    return photo.with_pixels(np.ascontiguousarray(photo.pixels[Box(x, y, x + width, y + height).slices]))


def draw_edit(kind: str, size: Size, rng: Generator) -> Edit | None:
    """A drag of a random part that leaves a hole of that `kind`; None where this one would leave the picture."""
    unit = min(size) / 512
    if kind == "vacated":
        across = rng.uniform(60, 200) * unit
        axes = across / 2 * rng.uniform(0.6, 1, 2)
        way, turn = 2 * axes.max() * rng.uniform(1.1, 1.6), rng.uniform(-0.5, 0.5)
    else:
        axes = rng.uniform(0.1, 0.3, 2) * min(size)
        way, turn = (
            (rng.uniform(8, 40), rng.uniform(-0.3, 0.3)) if kind == "crescent" else (rng.uniform(2, 8), 0.0)
        )
        way *= unit
    centre = rng.uniform(0.2, 0.8, 2) * size
    angle, tilt = rng.uniform(0, 2 * np.pi, 2)
    outline = _turned(_outline(rng) * axes, tilt) + centre
    handles = _turned(np.array([(-0.4, 0), (0.4, 0)]) * axes, tilt)
    targets = _turned(handles, turn) + centre + way * np.array([np.cos(angle), np.sin(angle)])
    handles += centre
    if not (_inside(outline, size) and _inside(targets, size)):
        return None
    drags = [Drag(tuple(handle), tuple(target)) for handle, target in zip(handles, targets, strict=True)]
    return Edit([DragRegion(Polygon([tuple(point) for point in outline]), drags)], size=size)


def _outline(rng: Generator) -> Points:
    """`(_VERTICES, 2)`: a wavy circle of radius 1 at most."""
    around = np.linspace(0, 2 * np.pi, _VERTICES, endpoint=False)
    radius = np.ones(_VERTICES)
    for wave in range(2, 7):
        radius += rng.uniform(0, 0.35 / wave) * np.cos(wave * around + rng.uniform(0, 2 * np.pi))
    return np.stack([np.cos(around), np.sin(around)], axis=1) * (radius / radius.max())[:, None]


def _turned(points: Points, angle: float) -> Points:
    cosine, sine = np.cos(angle), np.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def _inside(points: Points, size: Size) -> bool:
    return bool((points >= 0).all() and (points <= np.array(size) - 1).all())
