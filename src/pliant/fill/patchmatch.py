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
from pliant.types import Bool, Picture

_WORK = 1_500_000  # targets visited on one level, at least one round
_ROUNDS = 12
_ROUNDS_COARSEST = 30
_NEARBY = 16  # pixels; how far the random search looks where a coarser level has already found the way


class PatchMatch:
    """Copies patches from around the hole so that every patch that overlaps it occurs in the known part."""

    info: ClassVar[FillerInfo] = FillerInfo(
        name="patchmatch",
        summary="Copies texture and structure from around the hole; any size, no model.",
        licence="Apache-2.0",
        paints_behind=True,
        paper="https://doi.org/10.1145/1531326.1531330",
    )

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
        painted = _solve(rgb, hole, seed, on_event, cancel)
        return picture.with_pixels(np.where(hole[..., None], painted, rgb))


def _solve(
    rgb: NDArray[np.uint8], hole: Bool, seed: int, on_event: OnEvent, cancel: CancelToken
) -> NDArray[np.uint8]:
    pyramid = levels(rgb, hole)
    if not pyramid:  # no whole patch is known
        return np.rint(continue_smoothly(rgb.astype(np.float32), hole)).astype(np.uint8)
    rounds = [_rounds(level, coarsest=level is pyramid[0]) for level in pyramid]
    done = 0
    before: Level | None = None
    for level, count in zip(pyramid, rounds, strict=True):
        random = np.random.default_rng([seed, level.depth])
        level.start(before, random)
        radius = _NEARBY if before else max(level.size)
        for _ in range(count):
            for backward in (False, True) if before is None else (done % 2 == 1,):
                level.search(radius, int(random.integers(2**32)), backward)
            level.paint()
            done += 1
            on_event(Step(index=done, total=sum(rounds)))
            cancel.check()
        before = level
    return pyramid[-1].pixels()[..., :3]


def _rounds(level: Level, *, coarsest: bool) -> int:
    most = _ROUNDS_COARSEST if coarsest else _ROUNDS
    return max(1, min(most, _WORK // int(level.targets.size)))
