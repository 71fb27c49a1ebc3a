"""Editable areas: the thing under the handles is found, and moves as a whole where there is room for it."""

from dataclasses import replace

import numpy as np
import pytest
import scenes

import pliant
from pliant.errors import EditError
from pliant.regions.grasp import grasped
from pliant.types import Drag, DragRegion, Edit, Picture
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
    scaled = scenes.edit(AREA, ((80, 90), (76, 90)), ((100, 90), (104, 90)), edge="pinned")
    holes = [pliant.preview(picture, edit).hole.any() for edit in (held, opened)]
    edges = [Warper(picture).parts(edit)[0][1][0].edge for edit in (held, opened, turned, scaled)]
    assert holes == [False, False]
    assert edges == ["pinned", "pinned", "free", "free"]


def test_a_held_thing_is_scaled():
    picture = photo(BALL)
    found = pliant.preview(picture, scenes.edit(AREA, ((80, 90), (76, 90)), ((100, 90), (104, 90)), edge="pinned"))
    assert agreement(found.moved, scenes.disc(90, 90, 22 * 1.4, SIZE)) > 0.95
    assert np.allclose(
        found.source_of[90, [70, 90, 110]], [(90 - 20 / 1.4, 90), (90, 90), (90 + 20 / 1.4, 90)], atol=0.1
    )


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


def test_what_stands_in_front_is_no_part_of_the_thing():
    post = scenes.rectangle(96, 104, 30, 150, SIZE)
    picture = photo(BALL & ~post)
    found = grasped(picture, AREA, points((85, 90)), margin=4, kept=post)
    assert agreement(found, BALL & ~post & (np.arange(240) < 96)) > 0.97
    change = replace(drag((85, 90), (125, 90)), protect=post)
    preview = pliant.preview(picture, change)
    assert np.array_equal(preview.picture.pixels[post], picture.pixels[post])
    rows, columns = np.nonzero(preview.moved)
    x, y = np.rint(preview.source_of[rows, columns]).astype(int).T
    assert preview.moved.any()
    assert not post[y, x].any()


def test_protected_pixels_of_a_free_region_stay_behind():
    post = scenes.rectangle(85, 95, 0, 180, SIZE)
    picture = photo(BALL)
    preview = pliant.preview(picture, Edit([DragRegion(BALL, [Drag((75, 90), (135, 90))])], protect=post))
    assert np.array_equal(preview.moved, np.roll(BALL & ~post, 60, axis=1))
    assert not preview.hole[post].any()


def test_a_handle_on_what_is_protected_pulls_every_part():
    post = scenes.rectangle(85, 95, 0, 180, SIZE)
    drags = [Drag(place, (place[0], place[1] + 40)) for place in ((75, 90), (90, 90), (105, 90))]
    warper = Warper(photo(BALL))
    ((_, parts),) = warper.parts(Edit([DragRegion(BALL, drags)], protect=post))
    assert [part.which.tolist() for part in parts] == [[0, 1], [1, 2]]
    assert np.array_equal(
        warper.preview(Edit([DragRegion(BALL, drags)], protect=post)).moved, np.roll(BALL & ~post, 40, axis=0)
    )


def test_a_region_that_is_all_protected_stays():
    picture = photo(BALL)
    preview = pliant.preview(picture, Edit([DragRegion(BALL, [Drag((75, 90), (135, 90))])], protect=AREA))
    assert np.array_equal(preview.picture.pixels, picture.pixels)
    assert not preview.hole.any()


def test_a_thing_is_looked_for_again_only_when_what_it_depends_on_changes(monkeypatch):
    calls = []
    monkeypatch.setattr("pliant.warp.area.grasped", lambda *a, **k: calls.append(k["kept"]) or grasped(*a, **k))
    warper, post = Warper(photo(BALL)), scenes.rectangle(120, 130, 30, 150, SIZE)
    for shift in range(4):
        warper.parts(replace(drag((90, 90), (100 + shift, 95)), protect=post.copy()))
        warper.preview(replace(drag((90, 90), (100 + shift, 95)), protect=post.copy()))
    assert len(calls) == 1
    warper.parts(drag((90, 90), (100, 95)))
    assert [kept is None for kept in calls] == [False, True]
