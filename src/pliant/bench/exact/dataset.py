"""*Exact*: samples made from a seed, whose answer is known to the pixel."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from pliant.bench.exact.ask import item_of
from pliant.bench.exact.pack import Pack
from pliant.bench.exact.scene import KINDS, Scene, draw
from pliant.bench.exact.truth import Truth, truth_of
from pliant.bench.sample import DataError, Sample, SampleRef, drags_of
from pliant.regions.mask import grow
from pliant.types import DragRegion, Edit, Mask

SIDES = 64, 1024
VERSION = 1  # goes up when the same seed gives other samples

_MARGIN = 4  # pixels around what truly changes in which an edit may do as it likes
_ATTEMPTS = 50


@dataclass(frozen=True)
class Exact:
    """`count` samples of `side` x `side` pixels; sample i depends on `seed`, i and `side` alone.

    Every sixth is a translation, rotation, scaling, bend, motion out of the frame or motion behind an occluder, in
    turn; of each three in a row of one kind, two have a free and one a pinned edge.

    Raises:
        DataError: `invalid_option`, a number is out of its range.
    """

    count: int = 300
    seed: int = 0
    side: int = 256

    @cached_property
    def _pack(self) -> Pack:
        return Pack()

    def __post_init__(self) -> None:
        bounds = {
            "count": (self.count, 1, 100_000),
            "seed": (self.seed, 0, 2**63 - 1),
            "side": (self.side, *SIDES),
        }
        for name, (value, low, high) in bounds.items():
            if not low <= value <= high:
                raise DataError(f"Exact's {name} is {value}; accepted is {low} to {high}.", code="invalid_option")

    @property
    def name(self) -> str:
        """What tables call it; it says all that the samples depend on."""
        return f"Exact-{VERSION} seed {self.seed}, {self.side} px"

    @property
    def notes(self) -> Sequence[str]:
        """See `DataSet`."""
        return (
            f"Generated: {self.count} scenes of {self.side}x{self.side}, seed {self.seed}; the truth is exact.",
            "Two of three regions are the moved thing itself (edge: free), the others an editable area around it "
            "(edge: pinned).",
            "Composed and antialiased in sRGB values, not in linear light.",
        )

    @property
    def samples(self) -> Sequence[SampleRef]:
        """See `DataSet`."""
        return [SampleRef(self._name(index), partial(self.make, index)) for index in range(self.count)]

    def make(self, index: int) -> Sample:
        """Sample `index`; it may lie beyond `count`."""
        for attempt in range(_ATTEMPTS):
            scene = draw(self.seed, index, self.side, self._pack, attempt)
            if scene is None:
                continue
            truth = truth_of(scene)
            item = item_of(scene, truth, np.random.default_rng([self.seed, index, attempt, 1]))
            if item is None:
                continue
            return self._sample(index, scene, truth, item)
        raise DataError(f"Exact makes no sample {index} from seed {self.seed}; use another seed.")

    def _sample(self, index: int, scene: Scene, truth: Truth, item: DragRegion) -> Sample:
        protect = truth.front if truth.front.any() else None
        edit = Edit([item], protect=protect, size=truth.before.size)
        area = item.region.selected if isinstance(item.region, Mask) and item.edge == "pinned" else None
        return Sample(
            name=self._name(index),
            picture=truth.before,
            edit=edit,
            drags=drags_of(edit),
            editable=grow(truth.touched, _MARGIN) if area is None else area,
            truth=truth.after,
            motion=truth.motion,
            uncovered=truth.uncovered,
            category=f"{scene.kind} {scene.edge}",
        )

    def _name(self, index: int) -> str:
        return f"{index:05d}-{KINDS[index % len(KINDS)]}"
