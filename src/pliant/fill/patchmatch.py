"""PatchMatch completion: the hole is built from pieces of what stands around it, from coarse to fine.

Barnes et al., "PatchMatch", SIGGRAPH 2009, for the search; Wexler et al., "Space-Time Completion of Video",
PAMI 2007, for the energy and the votes; Newson et al., "Video Inpainting of Complex Scenes", SIAM J. Imaging
Sciences 2014, for the texture channel. See docs/fill.md.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pliant.events import CancelToken, OnEvent, Step
from pliant.fill.base import FillerInfo, check_hole
from pliant.fill.pyramid import Level, levels
from pliant.fill.smooth import continue_smoothly
from pliant.models.device import ANYWHERE, Runtime
from pliant.types import Bool, Picture

_WORK = 600_000  # targets visited on one level, at least one round
_ROUNDS = 12
_ROUNDS_COARSEST = 30
_NEARBY = 16  # pixels; how far the random search looks where a coarser level has already found the way
_NEARBY_ONCE = 4  # the same where there is time for one round only
SHARP = 10.0  # the last vote goes to the best patches: means of many would wash out the grain


class PatchMatch:
    """Copies patches from around the hole so that every patch that overlaps it occurs in the known part."""

    info: ClassVar[FillerInfo] = FillerInfo(
        name="patchmatch",
        summary="Copies texture and structure from around the hole; any size, no model.",
        licence="Apache-2.0",
        paints_behind=True,
        paper="https://doi.org/10.1145/1531326.1531330",
    )

    def __init__(self, runtime: Runtime = ANYWHERE) -> None:
        del runtime  # it runs on the CPU and loads nothing

    def fill(
        self,
        picture: Picture,
        hole: Bool,
        *,
        prompt: str = "",
        seed: int = 0,
        on_event: OnEvent,
        cancel: CancelToken,
    ) -> Picture:
        """See `pliant.fill.base.Filler.fill`; `seed` varies the random search, the prompt changes nothing."""
        del prompt
        cancel.check()
        if not check_hole(picture, hole):
            return picture
        rgb = np.asarray(picture.pixels, np.uint8)
        return picture.with_pixels(np.where(hole[..., None], _painted(rgb, hole, seed, on_event, cancel), rgb))


def _painted(
    rgb: NDArray[np.uint8], hole: Bool, seed: int, on_event: OnEvent, cancel: CancelToken
) -> NDArray[np.uint8]:
    level = solve(rgb, hole, seed=seed, work=_WORK, on_event=on_event, cancel=cancel)
    if level is None:
        return np.rint(continue_smoothly(rgb.astype(np.float32), hole)).astype(np.uint8)
    level.paint(SHARP)
    return level.pixels()[..., :3]


def solve(
    rgb: NDArray[np.uint8], hole: Bool, *, seed: int, work: int, on_event: OnEvent, cancel: CancelToken
) -> Level | None:
    """The finest level of `rgb` `(H, W, 3)` with its field found; the last vote, `Level.paint`, is the caller's.

    `work` is how many targets are visited on one level, at least one round. None: no whole patch is known.
    """
    pyramid = levels(rgb, hole)
    rounds = [_rounds(level, work, coarsest=level is pyramid[0]) for level in pyramid]
    done, total = 0, sum(rounds)
    before: Level | None = None
    for level, count in zip(pyramid, rounds, strict=True):
        random = np.random.default_rng([seed, level.depth])
        level.start(before, random)
        for _ in range(count):
            _search(level, before is None, count, done, random)
            done += 1
            if done < total:
                level.paint()
            on_event(Step(index=done, total=total))
            cancel.check()
        before = level
    return before


def _search(level: Level, coarsest: bool, count: int, done: int, random: np.random.Generator) -> None:
    if coarsest:
        for backward in (False, True):
            level.search(max(level.size), _seed(random), backward)
    else:
        radius = _NEARBY if count > 1 else _NEARBY_ONCE
        level.search(radius, _seed(random), backward=done % 2 == 1)


def _seed(random: np.random.Generator) -> int:
    return random.integers(2**32, dtype=np.int64).item()


def _rounds(level: Level, work: int, *, coarsest: bool) -> int:
    most, sweeps = (_ROUNDS_COARSEST, 2) if coarsest else (_ROUNDS, 1)
    return max(1, min(most, work // (sweeps * level.targets.shape[0])))
