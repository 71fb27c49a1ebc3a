"""Mean distance (MD): how far from its target the content of a handle is found in the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pliant.bench.metrics.base import Column, Outcome, Rgb8, rgb8
from pliant.bench.metrics.features import Extractor, FeatureMap, Interpolation
from pliant.bench.metrics.matching import Search, matches, search_area
from pliant.bench.sample import Sample
from pliant.geometry import Size
from pliant.types import Drag

Unit = Literal["pixels", "sides", "diagonal"]


@dataclass(frozen=True, kw_only=True)
class DistanceRule:
    """What papers differ in when they say MD.

    `search`: the whole `picture`, or the `discs` of `search_area`. `interpolation` brings features to pixels.
    `first_tie`: among equally good matches the first in reading order counts (published evaluators), else the mean
    of their distances, which a fair choice among them has on average. `unit` of a distance: `pixels`; `sides`,
    each axis divided by the picture's; `diagonal`, divided by the picture's diagonal. `prompt`: features get the
    sample's. `same_noise`: source and result are seen through the same noise. `by_pairs`: the mean over samples
    counts every drag once, else every sample once.
    """

    search: Search
    interpolation: Interpolation
    first_tie: bool
    unit: Unit
    prompt: bool
    same_noise: bool
    by_pairs: bool


class MeanDistance:
    """MD by a rule and an extractor.

    A drag whose handle or target lies off the picture has no match and is left out; `md_pairs` counts the others.
    """

    def __init__(self, extractor: Extractor, rule: DistanceRule, *, seed: int = 0) -> None:
        self.extractor = extractor
        self.rule = rule
        self._seed = seed
        self.columns = (
            _column(rule, extractor.name),
            Column(name="md_pairs", title="MD pairs", better=None, digits=1),
        )

    def measure(self, sample: Sample, outcome: Outcome) -> Mapping[str, float]:
        """See `Metric.measure`."""
        size = sample.picture.size
        drags = [drag for drag in sample.drags if _on_picture(drag, size)]
        if not drags:
            return {}
        prompt = sample.prompt if self.rule.prompt else ""
        source = self._map(rgb8(sample.picture), size, prompt, self._seed)
        seed = self._seed if self.rule.same_noise else self._seed + 1
        result = self._map(rgb8(outcome.picture, size), size, prompt, seed)
        found = [distance(drag, source, result, size, self.rule) for drag in drags]
        return {"md": float(np.mean(found)), "md_pairs": float(len(found))}

    def _map(self, rgb: Rgb8, size: Size, prompt: str, seed: int) -> FeatureMap:
        features = self.extractor.features(rgb, prompt=prompt, seed=seed)
        return FeatureMap(features, size, self.rule.interpolation)


def distance(drag: Drag, source: FeatureMap, result: FeatureMap, size: Size, rule: DistanceRule) -> float:
    """How far from `drag`'s target its handle's best match lies, in the unit of `rule`, in pictures of `size`."""
    area = search_area(drag, size, rule.search)
    found = matches(source.at((drag.handle[0], drag.handle[1])), result, area, first=rule.first_tie)
    return float(lengths(found - np.array(drag.target), size, rule.unit).mean())


def lengths(offsets: NDArray[np.float64], size: Size, unit: Unit) -> NDArray[np.float64]:
    """The lengths `(N,)` of `offsets` `(N, 2)` pixels in `unit`, in a picture of `size`."""
    if unit == "sides":
        return np.hypot(offsets[:, 0] / size.width, offsets[:, 1] / size.height)
    plain = np.hypot(offsets[:, 0], offsets[:, 1])
    return plain / np.hypot(size.width, size.height) if unit == "diagonal" else plain


def _column(rule: DistanceRule, features: str) -> Column:
    weight = "md_pairs" if rule.by_pairs else ""
    if rule.unit == "pixels":
        return Column(name="md", title=f"MD ({features})", better="lower", unit="px", digits=2, weight=weight)
    return Column(name="md", title=f"MD x100 ({features})", better="lower", scale=100, digits=2, weight=weight)


def _on_picture(drag: Drag, size: Size) -> bool:
    return all(0 <= x <= size.width - 1 and 0 <= y <= size.height - 1 for x, y in (drag.handle, drag.target))
