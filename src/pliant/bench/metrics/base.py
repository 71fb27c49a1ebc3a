"""What a metric is: from a sample and what became of it to named numbers; and how their mean is taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pliant.bench.sample import Sample
from pliant.geometry import Size
from pliant.imageio.pixels import image_of, on_white, to_8_bit
from pliant.types import Picture, Preview

Rgb8 = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What an engine made of a sample: its result, and its warp where it has one."""

    picture: Picture
    preview: Preview | None = None


@dataclass(frozen=True, kw_only=True)
class Column:
    """One number that a metric gives, as a table shows it.

    `better` says which way is good (None: neither). Tables show the value times `scale`, with `digits` decimals.
    The mean over samples weighs each by the value called `weight`; "" is the plain mean.
    """

    name: str
    title: str
    better: Literal["lower", "higher"] | None
    unit: str = ""
    scale: float = 1.0
    digits: int = 3
    weight: str = ""


class Metric(Protocol):
    """Measures one outcome at a time. It may hold weights; it keeps nothing of a sample."""

    @property
    def columns(self) -> Sequence[Column]:
        """Every number it can give."""
        ...

    def measure(self, sample: Sample, outcome: Outcome) -> Mapping[str, float]:
        """The numbers, by column name; what does not apply to this sample (no truth, no drags) is left out."""
        ...


def mean(column: Column, values: Sequence[Mapping[str, float]]) -> float | None:
    """The mean of `column` over samples that have it; None where none has."""
    having = [value for value in values if column.name in value]
    if not having:
        return None
    weights = [value[column.weight] if column.weight else 1.0 for value in having]
    return float(np.average([value[column.name] for value in having], weights=weights))


def rgb8(picture: Picture, size: Size | None = None) -> Rgb8:
    """`picture` as `(H, W, 3)` uint8: grey is repeated, alpha is composed on white, 16 bits are rounded.

    A picture of another `size` is brought to it by Pillow's bilinear resize, as the published evaluators do.
    """
    image = image_of(on_white(to_8_bit(picture.pixels))).convert("RGB")
    if size is not None and picture.size != size:
        image = image.resize(size, Image.Resampling.BILINEAR)
    return np.array(image)
