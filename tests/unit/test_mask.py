from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pliant.errors import EditError
from pliant.geometry import Box, Size
from pliant.regions.mask import components, feather, grow, rasterise, rasterise_box
from pliant.types import Everything, Mask, Polygon, Rectangle, Region, Stroke, Strokes

SIZE = Size(300, 240)


def distance_to_path(points, size=SIZE):
    y, x = np.mgrid[: size.height, : size.width]
    nearest = np.hypot(x - points[0][0], y - points[0][1])
    for (ax, ay), (bx, by) in pairwise(points):
        dx, dy = bx - ax, by - ay
        along = np.clip(((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
        nearest = np.minimum(nearest, np.hypot(x - ax - along * dx, y - ay - along * dy))
    return nearest


def test_a_square_of_whole_vertices_includes_its_boundary():
    mask = rasterise(Polygon([(100, 100), (200, 100), (200, 200), (100, 200)]), SIZE)
    assert mask.dtype == np.bool_
    assert mask.shape == (240, 300)
    assert mask.sum() == 101 * 101
    assert mask[100:201, 100:201].all()


@pytest.mark.parametrize(("shift", "first", "last"), [(0.4, 100, 200), (0.6, 101, 201)])
def test_polygon_vertices_count_below_a_pixel(shift, first, last):
    low, high = 100 + shift, 200 + shift
    _, part = rasterise_box(Polygon([(low, low), (high, low), (high, high), (low, high)]), SIZE)
    box, _ = rasterise_box(Polygon([(low, low), (high, low), (high, high), (low, high)]), SIZE)
    assert box == Box(first, first, last + 1, last + 1)
    assert part.all()


def test_the_order_and_start_of_vertices_do_not_matter():
    points = [(20.3, 30.7), (150.1, 12.9), (201.5, 160.2), (77.7, 180.4)]
    mask = rasterise(Polygon(points), SIZE)
    assert np.array_equal(mask, rasterise(Polygon(points[::-1]), SIZE))
    assert np.array_equal(mask, rasterise(Polygon(points[2:] + points[:2]), SIZE))


def test_a_polygon_is_cut_at_the_picture_without_bending():
    far = rasterise(Polygon([(-5000, 120), (150, -5030), (5300, 120), (150, 5270)]), SIZE)
    assert far.all()
    half = rasterise(Polygon([(-1000, -1000), (99, -1000), (99, 1000), (-1000, 1000)]), SIZE)
    assert half[:, :100].all()
    assert not half[:, 100:].any()


def test_a_rectangle_is_half_open_and_clipped():
    mask = rasterise(Rectangle(-5, 10, 20, 400), SIZE)
    assert mask.sum() == 20 * 230
    assert mask[10:, :20].all()


def test_everything_selects_everything():
    assert rasterise(Everything(), SIZE).all()


@pytest.mark.parametrize("radius", [0.5, 1, 2.3, 7, 31.5])
@pytest.mark.parametrize("points", [[(80, 90)], [(60.2, 70.9), (200.4, 81.3)], [(50, 60), (150, 190), (240, 50)]])
def test_a_stroke_is_what_lies_within_its_radius(points, radius):
    mask, distance = rasterise(Strokes([Stroke(points, radius)]), SIZE), distance_to_path(points)
    assert distance[mask].max() <= radius + 0.5
    assert distance[~mask].min() >= radius - 0.9


def test_a_thin_stroke_is_one_pixel_wide():
    mask = rasterise(Strokes([Stroke([(50, 100), (250, 100)], 0.5)]), SIZE)
    assert mask.sum() == 201
    assert mask[100, 50:251].all()


def test_strokes_add_and_erase_in_their_order():
    line = Stroke([(50, 100), (250, 100)], 10)
    gap = Stroke([(150, 100)], 20, erase=True)
    dot = Stroke([(150, 100)], 3)
    assert rasterise(Strokes([line]), SIZE)[100, 150]
    assert not rasterise(Strokes([line, gap]), SIZE)[100, 131:169].any()
    again = rasterise(Strokes([line, gap, dot]), SIZE)
    assert again[100, 150]
    assert not again[100, 140]
    assert np.array_equal(rasterise(Strokes([gap, line]), SIZE), rasterise(Strokes([line]), SIZE))


def test_a_brush_larger_than_any_picture_selects_all_of_it():
    assert rasterise(Strokes([Stroke([(1e300, 0), (0, -1e12)], 1e300)]), SIZE).all()


def test_a_mask_is_taken_as_it_is():
    selected = np.zeros((240, 300), np.bool_)
    selected[3, 4] = True
    assert np.array_equal(rasterise(Mask(selected), SIZE), selected)
    assert rasterise_box(Mask(selected), SIZE)[0] == Box(4, 3, 5, 4)


def test_a_mask_of_another_size_is_refused_with_both_sizes():
    with pytest.raises(EditError, match=r"10x20.*300x240") as caught:
        rasterise(Mask(np.ones((20, 10), np.bool_)), SIZE)
    assert caught.value.code == "size_mismatch"


@pytest.mark.parametrize(
    "region",
    [
        Mask(np.zeros((240, 300), np.bool_)),
        Polygon([(-50, 0), (-10, 0), (-10, 90)]),
        Rectangle(300, 0, 310, 10),
        Rectangle(-20, -20, 0, 0),
        Strokes([Stroke([(-50, -50)], 20)]),
        Strokes([Stroke([(50, 50)], 20, erase=True)]),
        Strokes([Stroke([(50, 50)], 20), Stroke([(50, 50)], 30, erase=True)]),
    ],
)
def test_a_region_that_selects_nothing_is_refused(region: Region):
    for call in (rasterise, rasterise_box):
        with pytest.raises(EditError, match="selects no pixel") as caught:
            call(region, SIZE)
        assert caught.value.code == "empty_region"


coordinate = st.floats(-400, 700)
point = st.tuples(coordinate, coordinate)
regions = st.one_of(
    st.builds(Polygon, st.lists(point, min_size=3, max_size=8)),
    st.builds(
        Strokes,
        st.lists(
            st.builds(Stroke, st.lists(point, min_size=1, max_size=5), st.floats(0.1, 200), st.booleans()),
            min_size=1,
            max_size=4,
        ),
    ),
)


@settings(max_examples=100, deadline=None)
@given(region=regions, width=st.integers(1, 300), height=st.integers(1, 300))
def test_the_box_holds_exactly_what_the_whole_mask_selects(region, width, height):
    try:
        box, part = rasterise_box(region, Size(width, height))
    except EditError:
        with pytest.raises(EditError, match="selects no pixel"):
            rasterise(region, Size(width, height))
        return
    whole = rasterise(region, Size(width, height))
    assert Box.around(whole) == box
    assert np.array_equal(whole[box.slices], part)


def disc(radius: float, size=SIZE):
    y, x = np.mgrid[: size.height, : size.width]
    return np.hypot(x - 150, y - 120) <= radius


def test_growing_is_round():
    dot = np.zeros((240, 300), np.bool_)
    dot[120, 150] = True
    assert np.array_equal(grow(dot, 10), disc(10))
    assert np.array_equal(grow(dot, 2.5), disc(2.5))


def test_shrinking_keeps_holes_open_and_leaves_the_border_of_the_picture():
    ring = disc(80) & ~disc(20)
    smaller = grow(ring, -5)
    assert not smaller[120, 125:176].any()
    assert smaller[120, 176:225].all()
    left = np.zeros((240, 300), np.bool_)
    left[:, :100] = True
    assert np.array_equal(grow(left, -10), left & (np.arange(300) < 90))


def test_growing_by_nothing_and_growing_nothing():
    mask, nothing = disc(30), np.zeros((240, 300), np.bool_)
    assert np.array_equal(grow(mask, 0), mask)
    assert not grow(nothing, 9).any()
    assert not grow(mask, -100).any()
    assert grow(~nothing, -9).all()


def test_feathering_is_a_ramp_of_the_radius_on_each_side():
    left = np.zeros((50, 100), np.bool_)
    left[:, :50] = True
    soft = feather(left, 5)
    assert soft.dtype == np.float32
    assert np.allclose(soft[20, 44:56], [1, 0.95, 0.85, 0.75, 0.65, 0.55, 0.45, 0.35, 0.25, 0.15, 0.05, 0])
    assert soft[:, :44].min() == 1
    assert soft[:, 56:].max() == 0


def test_feathering_without_a_radius_or_an_edge_changes_nothing():
    for mask in (disc(30), disc(0) & False, np.ones((240, 300), np.bool_)):
        assert np.array_equal(feather(mask, 0), mask.astype(np.float32))
    assert feather(np.ones((240, 300), np.bool_), 9).min() == 1
    assert feather(np.zeros((240, 300), np.bool_), 9).max() == 0


def test_components_join_at_corners_and_keep_holes():
    mask = np.zeros((60, 60), np.bool_)
    mask[10:30, 10:30] = True
    mask[15:20, 15:20] = False
    mask[30, 30] = True
    mask[50, 5:9] = True
    labels, boxes = components(mask)
    assert boxes == [Box(10, 10, 31, 31), Box(5, 50, 9, 51)]
    assert np.array_equal(labels > 0, mask)
    assert labels[30, 30] == labels[10, 10] == 1
    assert labels[50, 5] == 2
    assert components(np.zeros((4, 4), np.bool_))[1] == []


def test_masks_that_are_views_are_fine():
    view = disc(30)[::2, ::-1]
    assert grow(view, 2).sum() > view.sum()
    assert len(components(view)[1]) == 1
    assert 0 < feather(view, 3).mean() < 1
