"""Segmenters on real frames whose objects are known to the pixel, with a real saliency graph."""

import pytest

import pliant
from pliant.regions.mask import grow
from pliant.regions.prompts import prompt_points
from pliant.regions.segment import make_segmenter


def frame(assets, name):
    photo = pliant.load(assets / "video" / name / "00000.jpg")
    return photo, pliant.load(assets / "video" / name / "00000.png").pixels[..., 0] > 127


def overlap(one, two):
    return (one & two).sum() / (one | two).sum()


@pytest.fixture(scope="module")
def subject(assets):
    pytest.importorskip("onnxruntime")
    return make_segmenter(str(assets / "isnet" / "isnet_small.onnx"))


@pytest.mark.parametrize("name", ["camel", "car-shadow", "blackswan"])
def test_the_subject_of_a_real_photo(assets, subject, name):
    photo, truth = frame(assets, name)
    (point,) = prompt_points(truth, 1)
    found = pliant.select(photo, points=[tuple(point)], segmenter=subject)
    assert overlap(found, truth) > 0.93
    assert overlap(pliant.select(photo, segmenter=subject), found) > 0.95


@pytest.mark.parametrize("name", ["camel", "blackswan", "car-shadow"])
def test_a_drawn_region_comes_closer_to_the_object(assets, name):
    photo, truth = frame(assets, name)
    drawn = grow(truth, 8)
    refined = pliant.refine(photo, drawn)
    assert (drawn ^ truth).sum() > 1.5 * (refined ^ truth).sum()


@pytest.mark.parametrize(("photo", "point", "area"), [("02.png", (258, 234), 5450), ("03.png", (190, 130), 40000)])
def test_a_click_on_a_clear_object_needs_no_weights(assets, photo, point, area):
    found = pliant.select(pliant.load(assets / "photos" / "kodak" / photo), points=[point])
    assert found[point[1], point[0]]
    assert found.sum() == pytest.approx(area, rel=0.1)
