"""Algorithm 1 against a slow loop written from the paper, and what must hold for any two regions."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pliant.regions.correspond import match_masks, source_of_masks, to_cells

masks = array_shapes(min_dims=2, max_dims=2, max_side=24).flatmap(lambda s: arrays(bool, s)).filter(np.any)


@st.composite
def solid_masks(draw):
    """A run of neighbouring columns, each with one run of rows."""
    height, width = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    mask = np.zeros((height, width), bool)
    x0 = draw(st.integers(0, width - 1))
    for x in range(x0, draw(st.integers(x0, width - 1)) + 1):
        y0 = draw(st.integers(0, height - 1))
        mask[y0 : draw(st.integers(y0, height - 1)) + 1, x] = True
    return mask


def algorithm_1(source: np.ndarray, target: np.ndarray) -> list[tuple[int, int]]:
    """The sources of the target's pixels, row-major, line by line from the paper."""
    columns_h = np.flatnonzero(source.any(axis=0)).tolist()
    columns_t = np.flatnonzero(target.any(axis=0)).tolist()
    found = []
    for y, x in np.argwhere(target).tolist():
        x_new = scaled(x, columns_t, columns_h)
        rows_t, rows_h = np.flatnonzero(target[:, x]).tolist(), np.flatnonzero(source[:, x_new]).tolist()
        found.append((x_new, scaled(y, rows_t, rows_h)))
    return found


def scaled(value: int, of: list[int], to: list[int]) -> int:
    extent = max(of) - min(of)
    return (value - min(of)) * (max(to) - min(to)) // extent + min(to) if extent else min(to)


@given(solid_masks(), solid_masks())
def test_equals_algorithm_1_on_regions_without_gaps(source, target):
    assert list(map(tuple, match_masks(source, target).sources.tolist())) == algorithm_1(source, target)


@given(masks, masks)
def test_targets_are_the_region_in_row_major_order(source, target):
    np.testing.assert_array_equal(match_masks(source, target).targets, np.argwhere(target)[:, ::-1])


@given(masks, masks)
def test_sources_lie_in_the_source_region(source, target):
    pairs = match_masks(source, target)
    assert source[pairs.sources[:, 1], pairs.sources[:, 0]].all()
    nearest = np.rint(source_of_masks(source, target)).astype(int)
    assert source[nearest[:, 1], nearest[:, 0]].all()


@given(masks)
def test_a_region_onto_itself_changes_nothing(mask):
    pairs = match_masks(mask, mask)
    np.testing.assert_array_equal(pairs.sources, pairs.targets)
    np.testing.assert_array_equal(source_of_masks(mask, mask), pairs.targets)


@given(masks, masks)
def test_monotone_along_every_column(source, target):
    pairs = match_masks(source, target)
    for x in np.unique(pairs.targets[:, 0]):
        column = pairs.sources[pairs.targets[:, 0] == x]
        assert len(set(column[:, 0])) == 1
        assert (np.diff(column[:, 1]) >= 0).all()


@given(solid_masks(), solid_masks())
def test_the_map_between_pixels_floors_to_algorithm_1_in_x(source, target):
    pairs, smooth = match_masks(source, target), source_of_masks(source, target)
    assert (np.abs(smooth[:, 0] - pairs.sources[:, 0]) <= 1).all()


@settings(max_examples=50)
@given(masks, st.integers(1, 9))
def test_a_cell_is_marked_exactly_when_a_pixel_of_it_is(mask, cell):
    expected = {(y // cell, x // cell) for y, x in np.argwhere(mask).tolist()}
    assert set(map(tuple, np.argwhere(to_cells(mask, cell)).tolist())) == expected
