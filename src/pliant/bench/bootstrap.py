"""Means over samples with bootstrap intervals, and paired differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pliant.bench.metrics.base import Column, mean

RESAMPLES = 2000
LEVEL = 0.95

Values = Mapping[str, float]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A mean over `count` samples, and the ends of its percentile bootstrap interval (95 %)."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Paired:
    """How a contender differs from another on the samples that both have.

    `difference` is its mean minus the other's. `better` is the share of samples on which it does better, ties
    counted half; None where no way is good.
    """

    difference: Estimate
    better: float | None

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.difference.low > 0 or self.difference.high < 0


def estimate(column: Column, values: Sequence[Values]) -> Estimate | None:
    """The mean of `column` over samples that have it; None where none has.

    Samples are drawn again with replacement, `RESAMPLES` times, from a fixed seed: the same values in the same
    order give the same interval.
    """
    having = [value for value in values if column.name in value]
    plain = mean(column, having)
    if plain is None:
        return None
    numbers, weights = _numbers(column, having)
    return Estimate(plain, *_interval(_means(numbers, weights, _draws(len(having)))), len(having))


def paired(column: Column, ours: Mapping[str, Values], others: Mapping[str, Values]) -> Paired | None:
    """`column` compared over the samples, by name, that both have; None where there are none."""
    common = [name for name in sorted(ours) if column.name in ours[name] and column.name in others.get(name, {})]
    if not common:
        return None
    a, weights = _numbers(column, [ours[name] for name in common])
    b, other_weights = _numbers(column, [others[name] for name in common])
    draws = _draws(len(common))
    difference = float(np.average(a, weights=weights) - np.average(b, weights=other_weights))
    spread = _means(a, weights, draws) - _means(b, other_weights, draws)
    return Paired(Estimate(difference, *_interval(spread), len(common)), _better(column, a, b))


def _numbers(column: Column, values: Sequence[Values]) -> tuple[Floats, Floats]:
    weights = [value[column.weight] if column.weight else 1.0 for value in values]
    return np.array([value[column.name] for value in values], np.float64), np.array(weights, np.float64)


def _draws(count: int) -> Floats:
    """`(RESAMPLES, count)`: how often each sample is drawn."""
    rng = np.random.default_rng(0)
    return rng.multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(np.float64)


def _means(numbers: Floats, weights: Floats, draws: Floats) -> Floats:
    return draws @ (numbers * weights) / (draws @ weights)


def _interval(means: Floats) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _better(column: Column, ours: Floats, others: Floats) -> float | None:
    if column.better is None:
        return None
    sign = -1 if column.better == "lower" else 1
    return float(((sign * (ours - others) > 0) + 0.5 * (ours == others)).mean())
