"""From a picture's latents up to noise and back: the cycle SDE with cached noise, and DDIM.

Notation: `a` is what is left of the picture at a level (`Schedule.alpha`), `low` the cleaner and `high` the
noisier level of a step, `noise` the network's prediction e.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import torch

from pliant.engines.latent.schedule import Levels, Schedule

Predict = Callable[[torch.Tensor, int, int], torch.Tensor]
"""The predicted noise of latents `(B, 4, h, w)` at a level, in a step counted from the bottom (0)."""

AfterStep = Callable[[int], None]
"""Called with the number of steps that are done."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A picture's way up: its `latents` at each of `levels.up`, and for the SDE the `noises` that lead back.

    `noises[k]` belongs to the step between `levels.up[k]` and `levels.up[k + 1]`.
    """

    levels: Levels
    latents: tuple[torch.Tensor, ...]
    noises: tuple[torch.Tensor, ...] = ()

    @property
    def top(self) -> torch.Tensor:
        """The noisiest latents."""
        return self.latents[-1]


# --------------------------------------------------------------------------------------------- one step


def clean(latents: torch.Tensor, noise: torch.Tensor, a: float) -> torch.Tensor:
    """The finished latents as they look from here: (x - sqrt(1 - a) e) / sqrt(a)."""
    return (latents - sqrt(1 - a) * noise) / sqrt(a)


def ddim_step(latents: torch.Tensor, noise: torch.Tensor, a_from: float, a_to: float) -> torch.Tensor:
    """The deterministic step of DDIM (Song et al., ICLR 2021, eq. 12 with sigma = 0), up or down."""
    return sqrt(a_to) * clean(latents, noise, a_from) + sqrt(1 - a_to) * noise


def noised(low: torch.Tensor, fresh: torch.Tensor, a_low: float, a_high: float) -> torch.Tensor:
    """The forward step of DDPM from `low` with `fresh` unit noise."""
    kept = a_high / a_low
    return sqrt(kept) * low + sqrt(1 - kept) * fresh


def sigma(a_low: float, a_high: float, eta: float = 1.0) -> float:
    """The standard deviation of the noise in a step down (RegionDrag, eq. 1; eta = 1 is DDPM)."""
    return eta * sqrt((1 - a_low) / (1 - a_high)) * sqrt(1 - a_high / a_low)


def mean_below(high: torch.Tensor, noise: torch.Tensor, a_low: float, a_high: float, s: float) -> torch.Tensor:
    """Where a step down leads before its own noise of deviation `s` is added (RegionDrag, eq. 1)."""
    return sqrt(a_low) * clean(high, noise, a_high) + sqrt(1 - a_low - s * s) * noise


def sde_step(
    high: torch.Tensor, noise: torch.Tensor, cached: torch.Tensor, a_low: float, a_high: float
) -> torch.Tensor:
    """A step down with `cached` noise; from the inverted picture's own latents it gives its own latents."""
    s = sigma(a_low, a_high)
    return mean_below(high, noise, a_low, a_high, s) + s * cached


# ------------------------------------------------------------------------------------------- all the way up


def invert_sde(
    start: torch.Tensor,
    schedule: Schedule,
    levels: Levels,
    predict: Predict,
    random: torch.Generator,
    after: AfterStep,
) -> Trajectory:
    """DDPM inversion: real noise on the way up, and for each step the noise that leads back (Wu and De la Torre
    2022).

    The network is asked at the upper level of each step. The cached noise is whatever is missing to `low`, so that
    the way back is exact for any network; it is neither independent nor of unit variance.
    """
    latents, noises = [start], list[torch.Tensor]()
    for step, (level_low, level_high) in enumerate(zip(levels.up[:-1], levels.up[1:], strict=True)):
        low = latents[-1]
        a_low, a_high = schedule.alpha(level_low), schedule.alpha(level_high)
        high = noised(low, unit_noise(low, random), a_low, a_high)
        noise = predict(high, level_high, step)
        s = sigma(a_low, a_high)
        noises.append((low - mean_below(high, noise, a_low, a_high, s)) / s)
        latents.append(high)
        after(step + 1)
    return Trajectory(levels, tuple(latents), tuple(noises))


def invert_ddim(
    start: torch.Tensor, schedule: Schedule, levels: Levels, predict: Predict, after: AfterStep
) -> Trajectory:
    """DDIM inversion as DragDiffusion, FastDrag and DiffEditor have it: asked with the latents of the lower
    level at the *upper* level's time. The way back is near, not exact.
    """
    latents = [start]
    for step, (level_low, level_high) in enumerate(zip(levels.up[:-1], levels.up[1:], strict=True)):
        noise = predict(latents[-1], level_high, step)
        latents.append(ddim_step(latents[-1], noise, schedule.alpha(level_low), schedule.alpha(level_high)))
        after(step + 1)
    return Trajectory(levels, tuple(latents))


def unit_noise(like: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Standard normal numbers, as many as in `like`; drawn on the CPU, so that a seed means the same anywhere."""
    return torch.randn(like.shape, generator=random, dtype=torch.float32).to(like)
