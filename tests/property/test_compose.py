"""Whatever the picture and the hole: what is not hole is bit-identical, and nothing breaks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pliant.compose import plan_crops, repaint, widen
from pliant.errors import EditError
from pliant.fill.classical import Telea
from pliant.geometry import Box
from pliant.types import Picture


@st.composite
def holes(draw: st.DrawFn) -> tuple[Picture, Box, np.ndarray]:
    width, height = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    channels, dtype = draw(st.integers(1, 4)), draw(st.sampled_from([np.uint8, np.uint16]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    pixels = rng.integers(0, np.iinfo(dtype).max, (height, width, channels), dtype=dtype, endpoint=True)
    x0, y0 = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    box = Box(x0, y0, draw(st.integers(x0 + 1, width)), draw(st.integers(y0 + 1, height)))
    share = draw(st.sampled_from([0.0, 0.02, 0.5, 1.0]))
    weight = rng.integers(1, 255, (box.height, box.width), dtype=np.uint8, endpoint=True)
    return Picture(pixels), box, weight * (rng.random(weight.shape) < share).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(holes())
def test_outside_is_bit_identical(case: tuple[Picture, Box, np.ndarray]) -> None:
    picture, box, weight = case
    before = picture.pixels.copy()
    if box == Box.of_size(picture.size) and weight.all():
        with pytest.raises(EditError, match="covers everything"):
            repaint(picture, box, weight, Telea())
        return
    result = repaint(picture, box, weight, Telea())
    touched = np.zeros(before.shape[:2], bool)
    touched[box.slices] = weight > 0
    assert result.pixels.dtype == before.dtype
    assert result.pixels.shape == before.shape
    np.testing.assert_array_equal(result.pixels[~touched], before[~touched])
    np.testing.assert_array_equal(picture.pixels, before)


@settings(max_examples=60, deadline=None)
@given(holes())
def test_every_hole_is_whole_in_one_crop(case: tuple[Picture, Box, np.ndarray]) -> None:
    picture, box, weight = case
    frame = Box.of_size(picture.size)
    times = np.zeros((frame.height, frame.width), int)
    for crop in plan_crops(box, weight, frame):
        assert crop.within(frame) == crop
        times[crop.slices] += 1
    assert times.max() <= 1
    assert (times[box.slices][weight > 0] == 1).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 6), st.integers(0, 2**32))
def test_widen_holds_the_hole(width: int, height: int, margin: int, seed: int) -> None:
    hole = np.random.default_rng(seed).random((height, width)) < 0.05
    box, weight = widen(hole, margin)
    full = np.zeros(hole.shape, np.uint8)
    full[box.slices] = weight
    assert (full[hole] == 255).all()
    assert (full[~hole] < 255).all()
    assert box == Box.around(full > 0) or not hole.any()


def test_a_ramp_stays_between_the_two() -> None:
    pixels = np.full((30, 30, 3), 100, np.uint8)
    pixels[10:20, 10:20] = 200
    weight = np.full((10, 10), 128, np.uint8)
    result = repaint(Picture(pixels), Box(10, 10, 20, 20), weight, Telea())
    assert result.pixels[15, 15, 0] == pytest.approx(150, abs=1)
