"""Noise levels: how much of a picture is left at each, and which of them an engine visits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from pliant.errors import PliantError

Floats: TypeAlias = NDArray[np.float64]

TRAINING_STEPS = 1000


@dataclass(frozen=True, eq=False)
class Schedule:
    """`alphas` `(T,)` float64: the share of the picture's variance that is left at each training step.

    The papers' cumulative alpha, in double precision: diffusers rounds it to single.
    """

    alphas: Floats

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Schedule":
        """From the `config` of a scheduler of diffusers.

        Raises:
            PliantError: a schedule whose last level holds nothing of the picture, or of a kind that is not
                known here (`unsupported_model`).
        """
        if config.get("rescale_betas_zero_snr"):
            raise PliantError(
                "The model's noise schedule ends in pure noise (zero terminal SNR), which the drag engines cannot "
                "invert; use a checkpoint with the schedule of Stable Diffusion 1.5.",
                code="unsupported_model",
            )
        return cls(np.cumprod(1 - _betas(config), dtype=np.float64))

    def alpha(self, level: int) -> float:
        """What is left at `level`; below 0, the level of a finished picture, what is left at 0.

        DDIM calls that `set_alpha_to_one=False`: Stable Diffusion was never trained on less noise than level 0's.
        """
        return float(self.alphas[max(level, 0)])


def _betas(config: Mapping[str, Any]) -> Floats:
    given = config.get("trained_betas")
    if given is not None:
        return np.asarray(given, np.float64)
    count = int(config.get("num_train_timesteps", TRAINING_STEPS))
    first, last = float(config.get("beta_start", 0.0001)), float(config.get("beta_end", 0.02))
    kind = config.get("beta_schedule", "linear")
    if kind == "linear":
        return np.linspace(first, last, count)
    if kind == "scaled_linear":
        return cast(Floats, np.linspace(first**0.5, last**0.5, count) ** 2)
    raise PliantError(
        f"The model's noise schedule is {kind!r}; accepted are 'scaled_linear' and 'linear'.",
        code="unsupported_model",
    )


@dataclass(frozen=True)
class Levels:
    """The levels of an edit: `up`, from the picture to the top, and `down`, the pairs (from, to) of the way back.

    Inversion step k, counted from 0, leads from `up[k]` to `up[k + 1]`. The last pair of `down` undoes step 0.
    """

    up: tuple[int, ...]
    down: tuple[tuple[int, int], ...]

    @classmethod
    def leading(cls, steps: int, count: int, total: int = TRAINING_STEPS, *, from_below: bool = False) -> "Levels":
        """`count` steps up from level 1, spaced `total / steps` apart, and the same levels back.

        The "leading" spacing with offset 1 of diffusers; where `steps` does not divide `total`, the k-th level
        is 1 + floor(k total / steps). One list for both ways is what makes the round trip exact. `from_below`
        starts one step below level 1, on the level of a finished picture, as the published DDIM inversions do:
        their evaluations are at 1, 1 + S, ... and their top one step lower.
        """
        first = -1 if from_below else 0
        up = tuple(1 + k * total // steps for k in range(first, first + count + 1))
        pairs = tuple(zip(up[1:], up[:-1], strict=True))
        return cls(up=up, down=pairs[::-1])

    @classmethod
    def linspace(cls, steps: int, count: int, total: int = TRAINING_STEPS) -> "Levels":
        """The levels of RegionDrag's and SDE-Drag's public code, which do not lead back to where they started.

        For 20 steps and 10 of them: up 50, 100, ..., 550; down 549, 500, 450, ..., 100, each a fixed 50 lower.
        """
        stride = total // steps
        times = [int(time) for time in np.linspace(0, total - 1, steps + 1).round()[::-1][:-1]]
        rising = times[::-1][:count]
        falling = times[steps - count - 1 : steps - 1]
        return cls(up=(*rising, rising[-1] + stride), down=tuple((high, high - stride) for high in falling))

    @property
    def count(self) -> int:
        """Steps each way."""
        return len(self.down)

    @property
    def top(self) -> int:
        """The noisiest level of the way up."""
        return self.up[-1]


def count_until(t_start: int, steps: int, total: int = TRAINING_STEPS) -> int:
    """How many of `steps` lie below the training step `t_start`: 10 of 20 for 500."""
    return t_start * steps // total
