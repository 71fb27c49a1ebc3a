"""What every registered engine must do."""

from typing import ClassVar

import numpy as np
import pytest
import scenes
import tiny_engines

import pliant
from pliant.engines.base import ENGINES
from pliant.errors import CancelledError, EditError, UnknownNameError
from pliant.events import CancelToken, Partial, Stage, Step
from pliant.types import Drag, DragRegion, Edit, Picture, RegionPair


def edit():
    return scenes.edit(scenes.disc(40, 40, 18, (97, 81)), ((40, 40), (58, 33)))


def engine(name):
    return pliant.engine(name, **tiny_engines.options(name))


def applied(picture, change, name, **more):
    return pliant.apply(picture, change, engine=name, **tiny_engines.options(name), **more)


def photo(channels=3, dtype=np.uint8):
    return scenes.noise((97, 81), channels, dtype)


@pytest.fixture(params=ENGINES.names())
def name(request):
    return request.param


def test_names_to_choose_from_are_accepted_and_no_others(name):
    info = ENGINES.get(name).info
    assert info.choices.keys() <= info.options.keys()
    for option, names in info.choices.items():
        assert f"default: {names[0]}" in info.options[option]
        for each in names:
            pliant.engine(name, **{**tiny_engines.options(name), option: each})
        with pytest.raises(EditError, match="accepted"):
            pliant.engine(name, **{**tiny_engines.options(name), option: "nothing of the kind"})


def test_text_is_refused_where_none_is_declared(name):
    info = ENGINES.get(name).info
    assert set(info.texts) <= info.options.keys() - info.choices.keys()
    for option in info.options.keys() - info.choices.keys() - set(info.texts):
        with pytest.raises(EditError, match="accepted") as refused:
            pliant.engine(name, **{**tiny_engines.options(name), option: "nothing of the kind"})
        assert option in str(refused.value)


def test_declares_itself(name):
    info = ENGINES.get(name).info
    assert info.name == name
    assert info.summary
    assert info.licence
    assert info.paper


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_keeps_kind_and_touches_nothing_else(name, channels, dtype):
    picture = photo(channels, dtype)
    with engine(name).open(picture) as session:
        preview = session.preview(edit())
        result = session.run(edit())
    assert result.picture.pixels.shape == picture.pixels.shape
    assert result.picture.pixels.dtype == dtype
    untouched = ~(preview.hole | preview.moved)
    assert np.array_equal(result.picture.pixels[untouched], picture.pixels[untouched])
    whole = preview.moved & ~preview.hole
    assert np.array_equal(result.picture.pixels[whole], preview.picture.pixels[whole])
    assert result.hole_area == preview.hole.sum()
    assert result.moved_area == preview.moved.sum()


def test_same_seed_same_bits(name):
    first = applied(photo(), edit(), name, seed=5)
    again = applied(photo(), edit(), name, seed=5)
    assert np.array_equal(first.picture.pixels, again.picture.pixels)
    assert first.seed == 5


def test_the_input_is_not_written(name):
    picture = photo()
    before = picture.pixels.copy()
    applied(picture, edit(), name)
    assert np.array_equal(picture.pixels, before)


def test_reports_stages_and_steps(name):
    seen = []
    applied(photo(), edit(), name, on_event=seen.append)
    assert [type(event) for event in seen if isinstance(event, Stage)]
    for event in seen:
        assert isinstance(event, Stage | Step | Partial)
        if isinstance(event, Partial):
            assert event.picture.size == photo().size


def test_cancel_stops_it(name):
    asked = CancelToken()
    asked.cancel()
    with pytest.raises(CancelledError):
        applied(photo(), edit(), name, cancel=asked)
    token = CancelToken()
    steps = []

    def stop_at_first_step(event):
        if isinstance(event, Step):
            steps.append(event)
            token.cancel()

    with pytest.raises(CancelledError):
        applied(photo(), edit(), name, on_event=stop_at_first_step, cancel=token)
    assert len(steps) == 1


def test_identity_changes_nothing(name):
    picture = photo()
    still = scenes.edit(scenes.disc(40, 40, 18, (97, 81)), ((40, 40), (40, 40)))
    result = applied(picture, still, name)
    assert np.array_equal(result.picture.pixels, picture.pixels)
    assert result.hole_area == 0


def test_unknown_options_are_refused(name):
    with pytest.raises(UnknownNameError, match="has no option 'colour'; it has: ") as caught:
        applied(photo(), edit(), name, colour="red")
    assert caught.value.code == "unknown_option"


class TestMistakes:
    """Edits that do not fit the picture, each with its stable code."""

    mask: ClassVar = scenes.disc(40, 40, 18, (97, 81))
    cases: ClassVar = {
        "handle_outside_region": scenes.edit(mask, ((5, 5), (9, 9))),
        "pin_outside_region": scenes.edit(mask, ((40, 40), (50, 40)), pins=[(5, 5)]),
        "point_outside_picture": scenes.edit(mask, ((200, 40), (50, 40))),
        "conflicting_handles": scenes.edit(mask, ((40, 40), (50, 40)), ((40, 40), (50, 45))),
        "empty_region": scenes.edit(np.zeros((81, 97), bool), ((40, 40), (50, 40))),
        "size_mismatch": scenes.edit(scenes.disc(40, 40, 18, (98, 81)), ((40, 40), (50, 40))),
        "unknown_deformer": scenes.edit(mask, ((40, 40), (50, 40)), deform="rubber"),
        "deformer_edge": scenes.edit(mask, ((40, 40), (50, 40)), deform="rigid", edge="pinned"),
        "target_outside_region": scenes.edit(mask, ((40, 40), (90, 40)), edge="pinned"),
    }

    @pytest.mark.parametrize("code", cases)
    def test_code_and_message(self, name, code):
        with pytest.raises((EditError, UnknownNameError)) as caught:
            applied(photo(), self.cases[code], name)
        assert caught.value.code == code
        assert len(str(caught.value)) > 40

    def test_an_edit_for_another_size(self, name):
        other = Edit([DragRegion(self.mask, [Drag((40, 40), (50, 40))])], size=(640, 480))
        with pytest.raises(EditError, match="640"):
            applied(photo(), other, name)


def test_filling_does_not_copy_what_stands_in_front():
    rng = np.random.default_rng(1)
    pixels = rng.integers(90, 140, (200, 300, 3), dtype=np.uint8)
    thing = scenes.disc(110, 100, 45, (300, 200))
    pixels[thing] = rng.integers(200, 255, (thing.sum(), 3), dtype=np.uint8) * np.array([1, 0, 0], np.uint8)
    region = scenes.disc(110, 100, 48, (300, 200))
    change = scenes.edit(region, ((110, 100), (160, 100)))
    for filler in ("patchmatch", "telea", "navier-stokes"):
        result = pliant.apply(Picture(pixels), change, filler=filler).picture.pixels.astype(int)
        hole = pliant.preview(Picture(pixels), change).hole
        redness = (result[..., 0] - result[..., 1])[hole & ~np.roll(region, 50, axis=1)]
        assert (redness > 80).mean() < 0.01


def test_region_pairs_move_content_and_leave_a_hole():
    picture = scenes.noise((97, 81))
    source, target = scenes.rectangle(10, 30, 10, 30, (97, 81)), scenes.rectangle(50, 90, 20, 60, (97, 81))
    preview = pliant.preview(picture, Edit([RegionPair(source, target)]))
    assert np.array_equal(preview.moved, target)
    assert preview.hole[source].all()
    assert np.allclose(preview.source_of[20, 50], (10, 10))
    assert np.allclose(preview.source_of[59, 89], (29, 29))


def test_later_regions_stand_in_front():
    picture = scenes.noise((97, 81))
    left, right = scenes.rectangle(5, 25, 30, 50, (97, 81)), scenes.rectangle(70, 90, 30, 50, (97, 81))
    to_middle = [DragRegion(left, [Drag((15, 40), (45, 40))]), DragRegion(right, [Drag((80, 40), (50, 40))])]
    for order, front in ((to_middle, right), (to_middle[::-1], left)):
        preview = pliant.preview(picture, Edit(order))
        shift = 30 if front is left else -30
        expected = np.roll(picture.pixels, shift, axis=1)
        there = np.roll(front, shift, axis=1)
        assert np.array_equal(preview.picture.pixels[there], expected[there])


def test_a_torn_part_is_painted_anew():
    mask = scenes.rectangle(20, 80, 20, 60, (97, 81))
    pull = scenes.edit(mask, ((30, 40), (24, 40)), ((34, 40), (74, 40)), deform="elastic")
    assert not pliant.preview(photo(), pull).hole[40, 50]
    assert pliant.preview(photo(), pull, tear=3).hole[40, 30:70].any()


def test_protected_pixels_stay():
    picture = photo()
    keep = scenes.rectangle(50, 70, 0, 81, (97, 81))
    change = Edit([DragRegion(scenes.disc(40, 40, 18, (97, 81)), [Drag((40, 40), (58, 33))])], protect=keep)
    result = pliant.apply(picture, change)
    assert np.array_equal(result.picture.pixels[keep], picture.pixels[keep])
