"""Metrics without networks: closed cases, and the same numbers computed another way."""

import numpy as np
import pytest

from pliant.bench.metrics.base import Column, Outcome, mean, rgb8
from pliant.bench.metrics.distance import MeanDistance, distance, lengths
from pliant.bench.metrics.features import FeatureMap
from pliant.bench.metrics.matching import matches, search_area
from pliant.bench.metrics.motion import EndPointError
from pliant.bench.metrics.outside import Outside
from pliant.bench.metrics.pixels import PEAK_DB, PixelTruth, psnr, ssim
from pliant.bench.protocols import DRAGDIFFUSION, INPAINT4DRAG, PLIANT, REGIONDRAG
from pliant.bench.sample import Motion, Sample
from pliant.engines.api import preview
from pliant.errors import PliantError
from pliant.geometry import Size
from pliant.types import Drag, DragRegion, Edit, Picture, Rectangle

RANDOM = np.random.default_rng


def noise(width, height, seed=0):
    return RANDOM(seed).integers(0, 256, (height, width, 3), np.uint8)


DRAGS = (Drag((20, 20), (26, 20)),)


def sample_of(picture, drags=DRAGS, **more):
    edit = Edit([DragRegion(Rectangle(10, 10, 30, 30), list(drags))])
    return Sample(name="x", picture=picture, edit=edit, drags=drags, **more)


# ------------------------------------------------------------------------------------------ pixels


def test_psnr_of_one_grey_level():
    black = np.zeros((8, 8, 3), np.uint8)
    assert psnr(black, black + 1) == pytest.approx(20 * np.log10(255))
    assert psnr(black, black) == PEAK_DB
    where = np.zeros((8, 8), np.bool_)
    where[2, 3] = True
    other = black.copy()
    other[2, 3] = 255
    assert psnr(black, other, where) == pytest.approx(0)
    assert psnr(black, other, ~where) == PEAK_DB


def test_ssim_window_by_window():
    first, second = noise(19, 14), np.clip(noise(19, 14, 1) // 2 + 40, 0, 255).astype(np.uint8)
    x, y = (picture @ np.array([0.299, 0.587, 0.114]) for picture in (first, second))
    steps = np.arange(-5, 6)
    window = np.exp(-(steps[:, None] ** 2 + steps[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    found = []
    for row in range(14 - 10):
        for column in range(19 - 10):
            a, b = (part[row : row + 11, column : column + 11] for part in (x, y))
            mean_a, mean_b = (window * a).sum(), (window * b).sum()
            var_a, var_b = (window * (a - mean_a) ** 2).sum(), (window * (b - mean_b) ** 2).sum()
            both = (window * (a - mean_a) * (b - mean_b)).sum()
            c1, c2 = 2.55**2, 7.65**2
            found.append(
                (2 * mean_a * mean_b + c1)
                * (2 * both + c2)
                / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
            )
    assert ssim(first, second) == pytest.approx(np.mean(found), abs=1e-9)
    assert ssim(first, first) == pytest.approx(1)


def test_pictures_that_cannot_be_compared():
    with pytest.raises(PliantError, match="one size"):
        psnr(noise(8, 8), noise(8, 9))
    with pytest.raises(PliantError, match="11 pixels"):
        ssim(noise(10, 30), noise(10, 30))


def test_pictures_become_rgb_of_8_bits():
    grey = Picture(np.full((2, 3), 257 * 9, np.uint16))
    np.testing.assert_array_equal(rgb8(grey), np.full((2, 3, 3), 9))
    clear = Picture(np.zeros((2, 3, 4), np.uint8))
    np.testing.assert_array_equal(rgb8(clear), np.full((2, 3, 3), 255))
    assert rgb8(Picture(noise(20, 10)), Size(8, 4)).shape == (4, 8, 3)


def test_truth_and_what_was_uncovered():
    truth = noise(32, 24)
    result = truth.copy()
    result[:, 16:] = np.clip(result[:, 16:], 1, 255) - 1
    uncovered = np.zeros((24, 32), np.bool_)
    uncovered[:, :16] = True
    sample = sample_of(Picture(noise(32, 24, 1)), truth=Picture(truth), uncovered=uncovered)
    found = PixelTruth().measure(sample, Outcome(picture=Picture(result)))
    assert found["psnr_uncovered"] == PEAK_DB
    assert found["psnr"] == psnr(result, truth)
    assert found["ssim"] == ssim(result, truth)
    assert PixelTruth().measure(sample_of(Picture(truth)), Outcome(picture=Picture(result))) == {}


def test_a_result_of_another_size_is_brought_back_first():
    flat = np.full((24, 32, 3), 77, np.uint8)
    sample = sample_of(Picture(flat), truth=Picture(flat))
    found = PixelTruth().measure(sample, Outcome(picture=Picture(np.full((12, 16, 3), 77, np.uint8))))
    assert found["psnr"] == PEAK_DB


# --------------------------------------------------------------------------------- motion, outside


def test_end_point_error_of_a_translation():
    picture = Picture(noise(48, 40))
    sample = sample_of(picture)
    warp = preview(picture, sample.edit)
    y, x = np.mgrid[:40, :48].astype(np.float32)
    visible = (x >= 17) & (x < 35) & (y >= 11) & (y < 29)
    truth = np.stack([x - 9, y - 4], axis=-1)
    moving = Sample(**{**vars(sample), "motion": Motion(source_of=truth, visible=visible)})
    found = EndPointError().measure(moving, Outcome(picture=picture, preview=warp))
    assert found["epe"] == pytest.approx(5, abs=1e-4)
    assert found["epe_p95"] == pytest.approx(5, abs=1e-4)
    assert EndPointError().measure(moving, Outcome(picture=picture)) == {}
    assert EndPointError().measure(sample, Outcome(picture=picture, preview=warp)) == {}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_changed_outside(dtype):
    pixels = noise(32, 24).astype(dtype)
    result = pixels.copy()
    result[0, :3] ^= 1
    result[12, 12] ^= 1
    editable = np.zeros((24, 32), np.bool_)
    editable[8:16, 8:16] = True
    sample = sample_of(Picture(pixels), editable=editable)
    found = Outside().measure(sample, Outcome(picture=Picture(result)))
    assert found["changed_outside"] == 3
    same = Outside().measure(sample, Outcome(picture=Picture(pixels)))
    assert same == {"psnr_outside": PEAK_DB, "changed_outside": 0}


def test_what_an_engine_moves_itself_is_inside_where_nothing_is_stated():
    picture = Picture(noise(48, 40))
    sample = sample_of(picture)
    warp = preview(picture, sample.edit)
    pixels = picture.pixels.copy()
    pixels[warp.moved | warp.hole] ^= 1
    pixels[0, 0] ^= 1
    found = Outside().measure(sample, Outcome(picture=Picture(pixels), preview=warp))
    assert found["changed_outside"] == 1
    assert Outside().measure(sample, Outcome(picture=Picture(pixels))) == {}


# ---------------------------------------------------------------------------------------- features


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize(
    ("cells", "size"), [((5, 7), (61, 50)), ((48, 48), (64, 40)), ((1, 3), (9, 9)), ((4, 4), (4, 4))]
)
def test_features_at_pixels_are_those_of_torchs_interpolate(interpolation, cells, size):
    torch = pytest.importorskip("torch")
    features = RANDOM(0).normal(size=(*cells, 6)).astype(np.float32)
    options = {"align_corners": False} if interpolation == "bilinear" else {}
    batch = torch.from_numpy(features).permute(2, 0, 1)[None].double()
    dense = torch.nn.functional.interpolate(batch, (size[1], size[0]), mode=interpolation, **options)[0].numpy()
    made = FeatureMap(features, Size(*size), interpolation)
    y, x = np.mgrid[: size[1], : size[0]]
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(float)
    wanted = made.at((3, 2))
    np.testing.assert_allclose(wanted, dense[:, 2, 3], atol=1e-12)
    flat = dense.reshape(6, -1)
    cosine = (wanted @ flat) / np.linalg.norm(wanted) / np.linalg.norm(flat, axis=0)
    np.testing.assert_allclose(made.similarity(wanted, points), cosine, atol=1e-12)


def test_discs_of_the_smallest_radius_hold_69_pixels():
    assert search_area(Drag((30, 30), (30, 30)), Size(64, 64)).sum() == 69
    assert search_area(Drag((30, 30), (30, 30)), Size(64, 64), "picture").all()


def test_discs_are_cut_at_the_picture_and_grow_with_the_drag():
    area = search_area(Drag((0, 0), (40, 0)), Size(64, 64))
    y, x = np.mgrid[:64, :64]
    near = np.minimum(np.hypot(x, y), np.hypot(x - 40, y)) < 40 / np.sqrt(2)
    np.testing.assert_array_equal(area, near)


# ----------------------------------------------------------------------------------- mean distance


class Fixed:
    """An extractor that knows the features of the pictures it will be asked about."""

    name = "fixed"

    def __init__(self, known):
        self.known = known
        self.asked = []

    def features(self, rgb, *, prompt="", seed=0):
        self.asked.append((prompt, seed))
        return self.known[int(rgb[0, 0, 0])]


def test_length_by_the_sides_of_the_picture():
    offset = np.array([[151.0 - 100, 177.0 - 100]])
    assert lengths(offset, Size(512, 384), "sides")[0] == pytest.approx(0.2238987, abs=1e-7)
    assert lengths(offset, Size(512, 384), "pixels")[0] == pytest.approx(np.hypot(51, 77))
    assert lengths(offset, Size(512, 384), "diagonal")[0] == pytest.approx(np.hypot(51, 77) / 640)


def perfect_edit(handle, target, cells, side, seed):
    """Source features at random, and a result whose cell under the target has those of the handle's cell."""
    random = RANDOM(seed)
    source, result = (random.normal(size=(cells, cells, 16)).astype(np.float32) for _ in range(2))
    (hx, hy), (tx, ty) = ((int(v * cells / side) for v in point) for point in (handle, target))
    result[ty, tx] = source[hy, hx]
    return source, result


def test_published_distance_of_a_perfect_edit_is_the_tie_bias():
    """48 cells on 512 pixels, and the first of a cell's pixels wins: 0.0145 on average, not 0."""
    size, random, found = Size(512, 512), RANDOM(0), []
    for seed in range(80):
        handle, target = random.integers(40, 470, (2, 2)).tolist()
        features = perfect_edit(handle, target, 48, 512, seed)
        source, result = (FeatureMap(part, size, "nearest") for part in features)
        found.append(distance(Drag(handle, target), source, result, size, REGIONDRAG))
    assert np.mean(found) == pytest.approx(0.0145, abs=0.002)


@pytest.mark.parametrize("step", [(8, 0), (-16, 24), (0, 0)])
def test_our_distance_of_a_perfect_edit_is_zero(step):
    size = Size(512, 384)
    source = RANDOM(3).normal(size=(48, 64, 16)).astype(np.float32)
    result = np.roll(source, (step[1] // 8, step[0] // 8), (0, 1))
    maps = [FeatureMap(part, size, PLIANT.interpolation) for part in (source, result)]
    drag = Drag((201, 150), (201 + step[0], 150 + step[1]))
    assert distance(drag, *maps, size, PLIANT) == 0


def test_a_picture_that_did_not_change_has_the_length_of_the_drag():
    size = Size(512, 384)
    features = FeatureMap(RANDOM(3).normal(size=(48, 64, 16)).astype(np.float32), size, "bilinear")
    drag = Drag((100, 100), (140, 130))
    for rule in (DRAGDIFFUSION, PLIANT):
        expected = 50 if rule.unit == "pixels" else 50 / 640
        assert distance(drag, features, features, size, rule) == pytest.approx(expected)


def test_ties_first_in_reading_order_or_all_of_them():
    flat = FeatureMap(np.ones((4, 4, 3), np.float32), Size(16, 16), "bilinear")
    area = np.zeros((16, 16), np.bool_)
    area[3, 5:8] = area[9, 2] = True
    wanted = flat.at((0, 0))
    assert matches(wanted, flat, area, first=True).tolist() == [[5, 3]]
    assert matches(wanted, flat, area, first=False).tolist() == [[5, 3], [6, 3], [7, 3], [2, 9]]


def test_a_flat_picture_has_no_favourite_place():
    """Where everything ties, what counts is the mean distance in the search area, not that to its corner."""
    size, drag = Size(64, 64), Drag((30, 30), (36, 30))
    flat = FeatureMap(np.ones((4, 4, 3), np.float32), size, "bilinear")
    rows, columns = np.nonzero(search_area(drag, size))
    expected = np.hypot(columns - 36, rows - 30).mean() / np.hypot(64, 64)
    assert distance(drag, flat, flat, size, PLIANT) == pytest.approx(expected)


def picture_number(number, width=64, height=64):
    return Picture(np.full((height, width, 3), number, np.uint8))


def test_distance_of_a_sample_is_the_mean_of_its_drags_and_drags_off_the_picture_have_none():
    features = RANDOM(3).normal(size=(8, 8, 16)).astype(np.float32)
    drags = (Drag((20, 20), (20, 20)), Drag((20, 20), (26, 28)), Drag((20, 20), (64, 20)), Drag((-1, 2), (3, 3)))
    metric = MeanDistance(Fixed({1: features, 2: features}), PLIANT)
    found = metric.measure(sample_of(picture_number(1), drags=drags), Outcome(picture=picture_number(2)))
    assert found == {"md": pytest.approx(10 / np.hypot(64, 64) / 2), "md_pairs": 2}
    none = sample_of(picture_number(1), drags=drags[2:])
    assert metric.measure(none, Outcome(picture=picture_number(2))) == {}


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        (DRAGDIFFUSION, [("a cat", 42), ("a cat", 43)]),
        (REGIONDRAG, [("a cat", 42), ("a cat", 43)]),
        (INPAINT4DRAG, [("", 42), ("", 43)]),
        (PLIANT, [("a cat", 42), ("a cat", 42)]),
    ],
)
def test_prompt_and_noise_are_those_of_the_rule(rule, asked):
    extractor = Fixed(dict.fromkeys((1, 2), np.ones((4, 4, 2), np.float32)))
    sample = sample_of(picture_number(1), prompt="a cat")
    MeanDistance(extractor, rule, seed=42).measure(sample, Outcome(picture=picture_number(2)))
    assert extractor.asked == asked


def test_a_result_of_another_size_does_not_move_the_targets():
    features = RANDOM(3).normal(size=(8, 8, 16)).astype(np.float32)
    metric = MeanDistance(Fixed({1: features, 2: features}), PLIANT)
    sample = sample_of(picture_number(1), drags=(Drag((20, 20), (26, 28)),))
    same = metric.measure(sample, Outcome(picture=picture_number(2)))
    half = metric.measure(sample, Outcome(picture=picture_number(2, 32, 32)))
    assert half == same


# -------------------------------------------------------------------------------------------- means


def test_mean_per_sample_then_over_samples():
    column = Column(name="md", title="MD", better="lower")
    values = [{"md": float(np.mean([0, 0.2])), "md_pairs": 2.0}, {"md": 0.4, "md_pairs": 1.0}]
    assert mean(column, values) == pytest.approx(0.25)
    by_pairs = Column(name="md", title="MD", better="lower", weight="md_pairs")
    assert mean(by_pairs, values) == pytest.approx(0.2)
    assert mean(column, [{"other": 1.0}, *values]) == pytest.approx(0.25)
    assert mean(column, [{"other": 1.0}]) is None


@pytest.mark.parametrize(
    ("rule", "scale", "weight"), [(DRAGDIFFUSION, 1, "md_pairs"), (REGIONDRAG, 100, ""), (PLIANT, 100, "")]
)
def test_the_column_of_a_rule(rule, scale, weight):
    column = MeanDistance(Fixed({}), rule).columns[0]
    assert (column.scale, column.weight, column.better) == (scale, weight, "lower")
    assert "(fixed)" in column.title
