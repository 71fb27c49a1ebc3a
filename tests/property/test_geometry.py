"""Boxes, against a canvas large enough for all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pliant.geometry import Box

_FAR = 12


@st.composite
def boxes(draw):
    x0, y0 = draw(st.integers(0, _FAR)), draw(st.integers(0, _FAR))
    return Box(x0, y0, draw(st.integers(x0, _FAR)), draw(st.integers(y0, _FAR)))


@pytest.mark.parametrize("more", [(), (3,)], ids=["plane", "colours"])
@given(home=boxes(), other=boxes(), data=st.data())
def test_a_cut_is_what_a_canvas_shows(more, home, other, data):
    dtype = data.draw(st.sampled_from([np.uint8, np.bool_, np.float32]))
    shape = (home.height, home.width, *more)
    values = np.random.default_rng(0).integers(1, 255, shape).astype(dtype)
    canvas = np.zeros((_FAR, _FAR, *more), dtype)
    canvas[home.slices] = values
    found = other.cut(values, home)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, canvas[other.slices])
    assert not np.shares_memory(found, values)
