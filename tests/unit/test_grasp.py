"""Editable areas: the thing under the handles is found, and moves as a whole where there is room for it."""

import numpy as np
import pytest
import scenes

import pliant
from pliant.errors import EditError
from pliant.regions.grasp import grasped
from pliant.types import Picture
from pliant.warp.warper import Warper

SIZE = 240, 180
AREA = scenes.rectangle(40, 200, 30, 150, SIZE)
BALL = scenes.disc(90, 90, 22, SIZE)


def photo(*things):
    """A blue-grey ground with grain, and things in red with grain of their own."""
    rng = np.random.default_rng(3)
    pixels = rng.integers(90, 120, (180, 240, 3)) + (0, 0, 40)
    for thing in things:
        pixels[thing] = rng.integers(0, 40, (thing.sum(), 3)) + (200, 40, 30)
    return Picture(pixels.astype(np.uint8))


def points(*places):
    return np.array(places, float)


def agreement(found, truth):
    return (found & truth).sum() / (found | truth).sum()


def drag(start, end, **kinds):
    return scenes.edit(AREA, (start, end), edge="pinned", **kinds)


@pytest.mark.parametrize("place", [(90, 90), (75, 95), (100, 80)])
def test_finds_the_thing_under_a_handle(place):
    assert agreement(grasped(photo(BALL), AREA, points(place)), BALL) > 0.97


def test_finds_only_the_things_that_are_held():
    other = scenes.disc(160, 100, 18, SIZE)
    assert agreement(grasped(photo(BALL, other), AREA, points((90, 90))), BALL) > 0.97
    assert agreement(grasped(photo(BALL, other), AREA, points((90, 90), (160, 100))), BALL | other) > 0.97


def test_ends_before_the_area_does():
    close = scenes.disc(64, 90, 23, SIZE)
    found = grasped(photo(close), AREA, points((64, 90)), margin=4)
    assert found.any()
    assert not found[:, :44].any()


def test_what_goes_on_outside_is_not_taken_away():
    stalk = scenes.rectangle(79, 102, 0, 180, SIZE)
    assert not grasped(photo(BALL, stalk), AREA, points((90, 90))).any()


def test_beyond_the_picture_nothing_goes_on():
    area = scenes.rectangle(0, 120, 30, 150, SIZE)
    cut = scenes.disc(10, 90, 30, SIZE)
    assert agreement(grasped(photo(cut), area, points((10, 90)), margin=3), cut) > 0.97


def test_nothing_stands_out():
    plain = Picture(np.full((180, 240, 3), 77, np.uint8))
    assert not grasped(plain, AREA, points((90, 90))).any()


def test_a_held_thing_moves_as_a_whole():
    picture = photo(BALL)
    preview = pliant.preview(picture, drag((90, 90), (140, 95)))
    result = pliant.apply(picture, drag((90, 90), (140, 95))).picture.pixels
    core, arrived = scenes.disc(90, 90, 19, SIZE), scenes.disc(140, 95, 19, SIZE)
    assert np.array_equal(preview.picture.pixels[arrived], picture.pixels[core])
    assert preview.hole[core & ~scenes.disc(140, 95, 26, SIZE)].all()
    assert np.array_equal(result[~AREA], picture.pixels[~AREA])
    assert (result[core & ~scenes.disc(140, 95, 26, SIZE)][:, 0] < 150).mean() > 0.99


def test_without_room_the_area_stretches():
    picture = photo(BALL)
    far = pliant.preview(picture, drag((72, 90), (192, 90)))
    stretched = pliant.preview(picture, drag((72, 90), (192, 90), deform="membrane"))
    assert not far.hole.any()
    assert np.array_equal(far.picture.pixels, stretched.picture.pixels)


def test_what_is_bent_does_not_move_as_a_whole():
    picture = photo(BALL)
    held = drag((90, 90), (140, 95), pins=[(80, 80)])
    opened = scenes.edit(AREA, ((80, 90), (70, 90)), ((100, 90), (110, 90)), edge="pinned")
    turned = scenes.edit(AREA, ((80, 90), (90, 80)), ((100, 90), (90, 100)), edge="pinned")
    holes = [pliant.preview(picture, edit).hole.any() for edit in (held, opened)]
    edges = [Warper(picture).parts(edit)[0][1][0].edge for edit in (held, opened, turned)]
    assert holes == [False, False]
    assert edges == ["pinned", "pinned", "free"]


def test_a_named_deformer_is_taken_at_its_word():
    preview = pliant.preview(photo(BALL), drag((90, 90), (140, 95), deform="membrane"))
    assert not preview.hole.any()


def test_nothing_is_painted_beside_the_area():
    picture = photo(scenes.disc(68, 90, 24, SIZE))
    preview = pliant.preview(picture, drag((68, 90), (66, 90)))
    assert np.array_equal(preview.picture.pixels[~AREA], picture.pixels[~AREA])
    assert not preview.hole[~AREA].any()


def test_a_drag_out_of_the_area_is_refused_as_before():
    with pytest.raises(EditError) as caught:
        pliant.preview(photo(BALL), drag((90, 90), (230, 90)))
    assert caught.value.code == "target_outside_region"


def test_the_choice_follows_the_targets():
    warper = Warper(photo(BALL))
    near, far = drag((72, 90), (90, 90)), drag((72, 90), (192, 90))
    edges = [warper.parts(edit)[0][1][0].edge for edit in (near, far, near)]
    assert edges == ["free", "pinned", "free"]
    assert warper.parts(near)[0][1][0] is warper.parts(near)[0][1][0]
