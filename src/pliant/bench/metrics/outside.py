"""What an engine changed where nothing was to change."""

from collections.abc import Mapping

import numpy as np

from pliant.bench.metrics.base import Column, Outcome, rgb8
from pliant.bench.metrics.pixels import psnr
from pliant.bench.sample import Sample
from pliant.types import Bool, Picture


class Outside:
    """PSNR to the input outside the edit, and how many pixels changed there.

    Outside is what the data set does not state to be editable; where it states nothing, what the engine's own
    preview neither moves nor opens. `changed_outside` counts pixels that differ in any channel by any amount.
    """

    columns = (
        Column(name="psnr_outside", title="PSNR outside", better="higher", unit="dB", digits=2),
        Column(name="changed_outside", title="Changed outside", better="lower", unit="px", digits=0),
    )

    def measure(self, sample: Sample, outcome: Outcome) -> Mapping[str, float]:
        """See `Metric.measure`."""
        inside = _inside(sample, outcome)
        if inside is None or inside.all():
            return {}
        before, after = rgb8(sample.picture), rgb8(outcome.picture, sample.picture.size)
        return {
            "psnr_outside": psnr(after, before, ~inside),
            "changed_outside": float(np.count_nonzero(_changed(sample.picture, outcome.picture) & ~inside)),
        }


def _changed(before: Picture, after: Picture) -> Bool:
    if before.pixels.shape == after.pixels.shape and before.pixels.dtype == after.pixels.dtype:
        return (before.pixels != after.pixels).any(axis=2)
    return (rgb8(before) != rgb8(after, before.size)).any(axis=2)


def _inside(sample: Sample, outcome: Outcome) -> Bool | None:
    if sample.editable is not None:
        return sample.editable
    if outcome.preview is not None:
        return outcome.preview.moved | outcome.preview.hole
    return None
