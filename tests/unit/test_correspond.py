"""RegionDrag's region-to-point mapping, by the numbered cases of its fact sheet."""

import numpy as np
import pytest

from pliant.errors import EditError
from pliant.regions.correspond import (
    match_masks,
    match_polygons,
    polygon_transform,
    source_of_masks,
    source_of_polygons,
    to_cells,
)

H1 = (100, 200, 100, 180)


def rect(x0: int, x1: int, y0: int, y1: int, size: int = 512) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[y0:y1, x0:x1] = True
    return mask


def row_major(mask: np.ndarray) -> np.ndarray:
    ys, xs = np.nonzero(mask)
    return np.stack([xs, ys], axis=1)


def inside(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    nearest = np.rint(points).astype(int)
    return mask[nearest[:, 1], nearest[:, 0]]


def test_1_brush_translation():
    target = rect(150, 250, 140, 220)
    pairs = match_masks(rect(*H1), target)
    assert len(pairs) == 8000
    assert (pairs.targets - pairs.sources == (50, 40)).all()
    np.testing.assert_array_equal(pairs.targets, row_major(target))


@pytest.mark.parametrize("mask", [rect(*H1), np.ones((512, 512), bool)], ids=["part", "full"])
def test_2_brush_identity(mask):
    pairs = match_masks(mask, mask)
    np.testing.assert_array_equal(pairs.sources, pairs.targets)
    np.testing.assert_array_equal(source_of_masks(mask, mask), pairs.targets)


def test_3_brush_doubled():
    pairs = match_masks(rect(*H1), rect(100, 300, 100, 260))
    assert len(pairs) == 32000
    x, y = (pairs.targets - 100).T
    np.testing.assert_array_equal(pairs.sources[:, 0], 100 + x * 99 // 199)
    np.testing.assert_array_equal(pairs.sources[:, 1], 100 + y * 79 // 159)
    assert pairs.sources[:6, 0].tolist() == [100, 100, 100, 101, 101, 102]
    assert pairs.sources.min(axis=0).tolist() == [100, 100]
    assert pairs.sources.max(axis=0).tolist() == [199, 179]


def test_3_brush_doubled_between_pixels():
    source, target = rect(*H1), rect(100, 300, 100, 260)
    expected = 100 + (row_major(target) - 100) * (99 / 199, 79 / 159)
    np.testing.assert_allclose(source_of_masks(source, target), expected, atol=1e-4)


def test_4_exact_arithmetic():
    pairs = match_masks(rect(91, 445, 5, 6), rect(37, 81, 9, 10))
    assert pairs.targets[-1].tolist() == [80, 9]
    assert pairs.sources[-1].tolist() == [444, 5]


def test_4_one_pixel_wide():
    onto = match_masks(rect(30, 60, 10, 20), rect(100, 101, 10, 20))
    assert set(onto.sources[:, 0]) == {30}
    from_ = match_masks(rect(30, 31, 10, 20), rect(100, 140, 10, 20))
    assert set(from_.sources[:, 0]) == {30}
    assert set(source_of_masks(rect(30, 60, 10, 20), rect(100, 101, 10, 20))[:, 0]) == {30.0}


SQUARE = np.array([(100, 100), (200, 100), (200, 200), (100, 200)], float)


@pytest.mark.parametrize("shift", [(0, 0), (50, 30)])
@pytest.mark.parametrize("corners", [3, 4])
def test_5_polygon_shift(shift, corners):
    shape = SQUARE[:corners]
    pairs = match_polygons(shape.tolist(), (shape + shift).tolist(), (512, 512))
    assert (pairs.targets - pairs.sources == shift).all()
    assert len(pairs) == (10201 if corners == 4 else 5151)
    order = pairs.targets[:, 1] * 512 + pairs.targets[:, 0]
    assert (np.diff(order) > 0).all()


def test_5_polygon_doubled_at_latent_scale():
    doubled = 100 + (SQUARE - 100) * 2
    pairs = match_polygons((SQUARE / 8).tolist(), (doubled / 8).tolist(), (64, 64))
    assert len(pairs) == 676
    assert (pairs.targets.min(), pairs.targets.max()) == (12, 37)
    assert (pairs.sources.min(), pairs.sources.max()) == (12, 24)


@pytest.mark.parametrize("far", [0.0, 1e4])
def test_5_no_float_cuts_a_whole_number(far):
    rng = np.random.default_rng(0)
    for _ in range(20):
        quad = np.round(SQUARE + rng.integers(-30, 30, (4, 2))) + far
        pairs = match_polygons(quad.tolist(), quad.tolist(), (int(far) + 300, int(far) + 300))
        np.testing.assert_array_equal(pairs.sources, pairs.targets)


def test_5_polygon_between_pixels():
    targets, sources = source_of_polygons(SQUARE.tolist(), (100 + (SQUARE - 100) * 2).tolist(), (512, 512))
    np.testing.assert_allclose(sources, 100 + (targets - 100) / 2, atol=1e-4)


def test_5_perspective_takes_vertices_to_vertices():
    source = np.array([(10, 20), (90, 5), (120, 110), (0, 80)], float)
    target = np.array([(200, 30), (330, 60), (300, 150), (210, 140)], float)
    moved = np.column_stack([target, np.ones(4)]) @ polygon_transform(source.tolist(), target.tolist()).T
    np.testing.assert_allclose(moved[:, :2] / moved[:, 2:], source, atol=1e-9)


def in_order(quad: np.ndarray) -> np.ndarray:
    """Its vertices in order round their middle, so that sides seldom cross."""
    x, y = (quad - quad.mean(axis=0)).T
    return quad[np.argsort(np.arctan2(y, x))]


def test_6_bounds():
    rng = np.random.default_rng(6)
    taken = 0
    for _ in range(3000):
        source, target = (in_order(quad) for quad in rng.uniform(0, 63.99, (2, 4, 2)))
        try:
            pairs = match_polygons(source.tolist(), target.tolist(), (64, 64))
        except EditError:
            continue
        taken += 1
        assert pairs.sources.min() >= 0
        assert pairs.sources.max() <= 63
        assert pairs.targets.min() >= 0
        assert pairs.targets.max() <= 63
    assert taken > 1000


def test_6_target_partly_off_the_picture():
    pairs = match_polygons(SQUARE.tolist(), (SQUARE - 150).tolist(), (512, 512))
    assert len(pairs) == 51 * 51
    assert (pairs.sources - pairs.targets == 150).all()


def test_6_source_partly_off_the_picture_drops_its_pairs():
    pairs = match_polygons((SQUARE - 150).tolist(), SQUARE.tolist(), (512, 512))
    assert len(pairs) == 51 * 51
    assert pairs.sources.min() == 0


@pytest.mark.parametrize("offset", range(8))
@pytest.mark.parametrize("width", range(1, 9))
def test_7a_no_stroke_vanishes(offset, width):
    cells = to_cells(rect(8 + offset, 8 + offset + width, 16, 32, 64))
    assert cells.shape == (8, 8)
    assert cells.any(axis=1).tolist() == [False, False, True, True, False, False, False, False]


def test_7a_a_picture_that_is_no_multiple_of_the_cell():
    mask = np.zeros((17, 9), bool)
    mask[16, 8] = True
    cells = to_cells(mask)
    assert cells.shape == (3, 2)
    assert np.argwhere(cells).tolist() == [[2, 1]]


@pytest.mark.parametrize("match", [lambda s, t: match_masks(s, t).sources, source_of_masks])
def test_7b_two_blobs(match):
    source = rect(100, 140, 100, 140) | rect(180, 220, 100, 140)
    target = rect(300, 420, 100, 140)
    sources = match(source, target)
    assert len(sources) == 4800
    assert np.isfinite(sources).all()
    assert inside(source, sources).all()


@pytest.mark.parametrize("match", [lambda s, t: match_masks(s, t).sources, source_of_masks])
def test_7c_nothing_from_the_mouth_of_a_c(match):
    source = rect(100, 200, 100, 200) & ~rect(140, 200, 130, 170)
    sources = match(source, rect(300, 400, 100, 200))
    assert len(sources) == 10000
    assert inside(source, sources).all()


@pytest.mark.parametrize("match", [match_masks, source_of_masks])
def test_7d_empty_regions(match):
    empty, full = np.zeros((20, 20), bool), np.ones((20, 20), bool)
    with pytest.raises(EditError, match="source region") as error:
        match(empty, full)
    assert error.value.code == "empty_region"
    with pytest.raises(EditError, match="target region") as error:
        match(full, empty)
    assert error.value.code == "empty_region"


LINE = [(0, 0), (10, 10), (20, 20)]
CROSSING = [(0, 0), (20, 20), (20, 0), (0, 20)]
DART = [(0, 0), (20, 0), (4, 4), (0, 20)]
QUAD = [(0, 0), (20, 0), (20, 20), (0, 20)]
TRIANGLE = [(0, 0), (20, 0), (20, 20)]


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        (LINE, TRIANGLE, "source polygon lie on one line"),
        (TRIANGLE, LINE, "target polygon lie on one line"),
        ([(3, 3)] * 4, QUAD, "on one line"),
        (CROSSING, QUAD, "source polygon cross"),
        (QUAD, CROSSING, "target polygon cross"),
        (QUAD, CROSSING[1:] + CROSSING[:1], "target polygon cross"),
        (QUAD, DART, "No perspective"),
        (TRIANGLE, QUAD, "must agree"),
        ([*QUAD, (10, 30)], QUAD, "has 5 vertices"),
    ],
)
def test_degenerate_polygons_are_refused(source, target, words):
    with pytest.raises(EditError, match=words) as error:
        match_polygons(source, target, (64, 64))
    assert error.value.code == "invalid_region"


def test_a_target_off_the_picture_is_refused():
    with pytest.raises(EditError, match="64x64") as error:
        match_polygons(QUAD, [(x + 1e12, y) for x, y in QUAD], (64, 64))
    assert error.value.code in ("empty_region", "invalid_region")
    with pytest.raises(EditError, match="64x64") as error:
        match_polygons(QUAD, [(x + 300, y) for x, y in QUAD], (64, 64))
    assert error.value.code == "empty_region"
