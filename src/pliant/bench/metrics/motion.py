"""End-point error: how far from the truth the warp says each visible pixel comes from."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pliant.bench.metrics.base import Column, Outcome
from pliant.bench.sample import Motion, Sample


class EndPointError:
    """Distances between the warp's `source_of` and the true one, over the pixels where the truth is visible.

    `epe` is their mean and `epe_p95` their 95th percentile, in pixels. A pixel that the warp leaves alone comes
    from itself, so an engine that does nothing has the error of the motion. Only engines with a warp have it.
    """

    columns = (
        Column(name="epe", title="EPE", better="lower", unit="px", digits=2),
        Column(name="epe_p95", title="EPE p95", better="lower", unit="px", digits=2),
    )

    def measure(self, sample: Sample, outcome: Outcome) -> Mapping[str, float]:
        """See `Metric.measure`."""
        if sample.motion is None or outcome.preview is None or not sample.motion.visible.any():
            return {}
        errors = end_point_errors(outcome.preview.source_of, sample.motion)
        return {"epe": float(errors.mean()), "epe_p95": float(np.percentile(errors, 95))}


def end_point_errors(source_of: NDArray[np.float32], motion: Motion) -> NDArray[np.float64]:
    """`|source_of - truth|` in pixels at every visible pixel of `motion`; `source_of` is `(H, W, 2)`."""
    difference = source_of[motion.visible].astype(np.float64) - motion.source_of[motion.visible]
    return np.hypot(difference[:, 0], difference[:, 1])
