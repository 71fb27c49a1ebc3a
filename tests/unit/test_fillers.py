"""PatchMatch, its scales and its smooth guess, against pictures whose answer is known."""

import os
import subprocess
import sys

import numpy as np
import pytest

from pliant.events import CancelToken, Event, Step, ignore
from pliant.fill.patchmatch import PatchMatch
from pliant.fill.pyramid import levels
from pliant.fill.smooth import continue_smoothly
from pliant.types import Bool, Picture


def square_hole(shape: tuple[int, int], size: int) -> Bool:
    hole = np.zeros(shape, bool)
    y, x = (shape[0] - size) // 2, (shape[1] - size) // 2
    hole[y : y + size, x : x + size] = True
    return hole


def patchmatch(pixels: np.ndarray, hole: Bool, seed: int = 0) -> np.ndarray:
    return PatchMatch().fill(Picture(pixels), hole, seed=seed, on_event=ignore, cancel=CancelToken()).pixels


def grain(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(128, 20, (*shape, 1))
    return np.repeat(noise.clip(0, 255), 3, axis=2).astype(np.uint8)


def test_stripes_are_continued() -> None:
    stripes = np.where(np.arange(96) // 6 % 2, 220, 30).astype(np.uint8)
    pixels = np.broadcast_to(stripes[None, :, None], (96, 96, 3)).copy()
    hole = square_hole((96, 96), 30)
    error = np.abs(patchmatch(pixels, hole)[hole].astype(int) - pixels[hole])
    assert error.mean() < 8


def test_a_straight_edge_is_continued() -> None:
    y, x = np.mgrid[:100, :100]
    pixels = np.where((x + y > 100)[..., None], (200, 60, 40), (20, 90, 160)).astype(np.uint8)
    hole = square_hole((100, 100), 28)
    error = np.abs(patchmatch(pixels, hole)[hole].astype(int) - pixels[hole]).max(axis=1)
    assert (error > 60).mean() < 0.06


@pytest.mark.parametrize("size", [6, 40])
def test_grain_stays_grainy(size: int) -> None:
    pixels, hole = grain((140, 140)), square_hole((140, 140), size)
    assert patchmatch(pixels, hole)[hole].std() > 0.5 * pixels[~hole].std()


def test_a_gradient_has_no_blotches() -> None:
    ramp = np.linspace(60, 200, 160)[:, None, None] + np.zeros((160, 160, 3))
    pixels, hole = np.rint(ramp).astype(np.uint8), square_hole((160, 160), 50)
    error = patchmatch(pixels, hole)[hole].astype(float) - pixels[hole]
    assert np.abs(error).max() < 12
    assert np.abs(error).mean() < 4


def test_colours_come_from_the_picture() -> None:
    pixels, hole = grain((80, 80)), square_hole((80, 80), 20)
    pixels = np.where(pixels > 128, np.uint8(200), np.uint8(50))
    result = patchmatch(pixels, hole)[hole]
    assert result.min() >= 50
    assert result.max() <= 200


def test_the_seed_matters_but_little_else() -> None:
    pixels, hole = grain((80, 80)), square_hole((80, 80), 24)
    assert (patchmatch(pixels, hole, 1) != patchmatch(pixels, hole, 2)).any()


def test_another_process_paints_the_same() -> None:
    code = (
        "import numpy as np, zlib; from test_fillers import *;"
        "print(zlib.crc32(patchmatch(grain((80, 80)), square_hole((80, 80), 24), 7).tobytes()))"
    )
    here = os.path.dirname(__file__)
    runs = [
        subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_progress_counts_up_to_its_total() -> None:
    events: list[Event] = []
    PatchMatch().fill(
        Picture(grain((80, 80))), square_hole((80, 80), 24), on_event=events.append, cancel=CancelToken()
    )
    steps = [event for event in events if isinstance(event, Step)]
    assert [step.index for step in steps] == list(range(1, steps[0].total + 1))


def test_scales_end_where_the_hole_is_thin() -> None:
    found = levels(grain((200, 200)), square_hole((200, 200), 60))
    assert [level.size for level in found][-1] == (200, 200)
    assert len(found) >= 3
    assert len(levels(grain((200, 200)), square_hole((200, 200), 4))) == 1


def test_no_whole_patch_known_gives_the_smooth_guess() -> None:
    hole = np.ones((30, 30), bool)
    hole[::5, ::5] = False
    assert not levels(grain((30, 30)), hole)
    result = patchmatch(np.full((30, 30, 3), 77, np.uint8), hole)
    assert (result == 77).all()


def test_smooth_guess() -> None:
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[None, :] + np.zeros((64, 1), np.float32)
    hole = square_hole((64, 64), 20)
    smooth = continue_smoothly(np.where(hole, np.float32(9), ramp), hole)
    assert np.abs(smooth - ramp).max() < 0.15
    np.testing.assert_array_equal(smooth[~hole], ramp[~hole])
    assert not continue_smoothly(ramp, np.ones_like(hole)).any()


def test_naming_fillers_compiles_nothing() -> None:
    code = "import sys, pliant.fill.base, pliant.compose; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
