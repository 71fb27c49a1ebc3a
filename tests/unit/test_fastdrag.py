"""FastDrag: the published warpage, and the rules where it had none."""

from pathlib import Path

import numpy as np
import pytest
import scenes
import tiny_engines

import pliant
from pliant.engines.fastdrag import FastDrag, Settings
from pliant.engines.fastdrag_steps import OneStepWarpage, Pull
from pliant.engines.fastdrag_warpage import displacements, held, interpolated, landings
from pliant.errors import EditError

PUBLIC = "fastdrag-2024"


def moved(latents, pulls, **settings):
    method = OneStepWarpage(Settings(**settings))
    return method.moved(latents, pulls, np.random.default_rng(9).normal(size=latents.shape).astype(np.float32))


def pull(mask, *drags):
    handles, targets = (np.array([drag[end] for drag in drags], float) for end in (0, 1))
    return Pull(mask, handles, targets, (targets - handles).mean(axis=0))


def noise(rows=24, columns=32):
    return np.random.default_rng(2).normal(size=(4, rows, columns)).astype(np.float32)


BOX = scenes.rectangle(8, 21, 6, 19, (32, 24))


@pytest.mark.parametrize("case", [0, 2, 4, 6])
def test_the_published_warpage(assets, case):
    golden = np.load(Path(assets).parent / "golden" / f"fastdrag_warp_{case}.npz")
    handles, targets = (golden[name][:, ::-1] / 4 for name in ("handles_half_yx", "targets_half_yx"))
    asked = Pull(golden["mask"] > 0, handles, targets, targets[0] - handles[0])
    found = moved(golden["latent"], [asked], compat=PUBLIC)
    np.testing.assert_allclose(found, golden["expected"], atol=1e-6)


def test_the_share_falls_from_the_handle_to_the_circle():
    handle, target = np.array([[14.0, 12.0]]), np.array([[18.0, 12.0]])
    ways = np.full((24, 32, 2), np.nan)
    ways[BOX] = held(displacements(BOX, handle, target), BOX, handle, target)
    radius = np.hypot(12, 12) / 2
    assert ways[12, 14] == pytest.approx([4, 0])
    assert ways[12, 17, 0] == pytest.approx(4 * (1 - 3 / radius))
    assert ways[18, 20] == pytest.approx([0, 0], abs=1e-9)
    assert np.nanmax(np.abs(ways[..., 1])) == pytest.approx(0, abs=1e-12)


def test_the_nearest_handle_alone_counts():
    handles = np.array([[10.0, 12.0], [18.0, 12.0]])
    targets = handles + [[3, 0], [-3, 0]]
    ways = np.zeros((24, 32, 2))
    ways[BOX] = displacements(BOX, handles, targets, nearest=True)
    assert ways[9, 11, 0] > 1
    assert ways[9, 17, 0] < -1
    mixed = np.zeros((24, 32, 2))
    mixed[BOX] = displacements(BOX, handles, targets)
    assert abs(mixed[12, 13, 0]) < abs(ways[12, 13, 0])


def test_a_handle_outside_the_circle_is_defined():
    ways = displacements(BOX, np.array([[30.0, 2.0]]), np.array([[27.0, 4.0]]))
    assert np.isfinite(ways).all()
    assert np.abs(ways).max() <= 3


def test_of_several_that_arrive_the_nearest_to_the_centre_stays():
    mask = np.zeros((3, 8), bool)
    mask[1, 1:4] = True
    ways = np.array([[4.4, 0.0], [2.9, 0.0], [2.3, 0.0]])
    targets, sources = landings(mask, ways)
    assert dict(zip(targets.tolist(), sources.tolist(), strict=True)) == {8 + 5: 8 + 2}


def test_interpolation_is_the_paper_s_and_has_no_order():
    latents, empty = noise(), scenes.rectangle(10, 15, 8, 13, (32, 24))
    filled = interpolated(np.where(empty, 0, latents).astype(np.float32), empty)
    row, column = 10, 11
    ways = [(latents[:, 10, 9], 2), (latents[:, 10, 15], 4), (latents[:, 7, 11], 3), (latents[:, 13, 11], 3)]
    wanted = sum(value / k for value, k in ways) / sum(1 / k for _, k in ways)
    assert filled[:, row, column] == pytest.approx(wanted, abs=1e-5)
    mirrored = interpolated(np.where(empty, 0, latents).astype(np.float32)[..., ::-1].copy(), empty[:, ::-1])
    np.testing.assert_allclose(mirrored[..., ::-1], filled, atol=1e-6)
    assert np.array_equal(filled[:, ~empty], latents[:, ~empty])


def test_a_cell_with_nothing_around_it_gets_the_mean():
    latents, empty = noise(4, 4), np.ones((4, 4), bool)
    empty[0, 0] = False
    filled = interpolated(latents, empty)
    assert filled[:, 3, 3] == pytest.approx(latents[:, 0, 0])


def test_a_zero_in_the_first_channel_is_no_gap():
    latents = noise()
    latents[0, 2, 2] = 0
    asked = pull(BOX, ((14.0, 12.0), (18.0, 12.0)))
    assert np.array_equal(moved(latents, [asked])[:, 2, 2], latents[:, 2, 2])
    assert not np.array_equal(moved(latents, [asked], compat=PUBLIC)[:, 2, 2], latents[:, 2, 2])


@pytest.mark.parametrize("mode", ["move", "copy"])
def test_moving_and_copying(mode):
    latents = noise()
    found = moved(latents, [pull(BOX, ((14.0, 12.0), (17.2, 10.1)))], mode=mode)
    there = np.roll(BOX, (-2, 3), (0, 1))
    assert np.array_equal(found[:, there], latents[:, BOX])
    assert np.array_equal(found[:, BOX & ~there], latents[:, BOX & ~there]) == (mode == "copy")
    assert np.array_equal(found[:, ~BOX & ~there], latents[:, ~BOX & ~there])


def test_what_moves_out_of_the_picture_is_gone():
    found = moved(noise(), [pull(BOX, ((14.0, 12.0), (40.0, 12.0)))], mode="move")
    assert np.array_equal(found[:, ~BOX], noise()[:, ~BOX])


def test_fourteen_calls_and_nine_layers():
    levels = OneStepWarpage(Settings()).levels
    assert levels.up == (-99, 1, 101, 201, 301, 401, 501, 601)
    assert [high for high, _ in levels.down] == [601, 501, 401, 301, 201, 101, 1]


def test_calls_of_the_unet_are_counted():
    model, calls = tiny_engines.model(), []
    hook = model.unet.register_forward_hook(lambda *found: calls.append(found[1][0].shape[0]))
    try:
        picture = scenes.noise((97, 81))
        change = scenes.edit(scenes.disc(40, 40, 18, (97, 81)), ((40, 40), (58, 33)))
        with pliant.engine("fastdrag", **tiny_engines.options("fastdrag")).open(picture) as session:
            first = session.run(change)
            again = session.run(change)
    finally:
        hook.remove()
    assert calls == [1] * 21
    assert np.array_equal(first.picture.pixels, again.picture.pixels)


@pytest.mark.parametrize(
    "options",
    [{"mode": "fly"}, {"fill": "glue"}, {"weights": 2}, {"compat": "x"}, {"steps": 0}, {"consistency": 3}],
)
def test_wrong_options_say_what_is_right(options):
    with pytest.raises(EditError, match="accepted") as caught:
        FastDrag(**options)
    assert caught.value.code == "invalid_option"
