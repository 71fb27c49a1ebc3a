"""From a photo to a model's picture and back: sizes, kinds, crops, and what is not touched."""

import numpy as np
import pytest
import scenes
import torch
from latent_cases import task_of

from pliant.engines.latent.area import changed, moved_alpha, pasted, protected
from pliant.engines.latent.frame import Frame, crop_around, fits_whole, working_size
from pliant.engines.latent.glance import Glance
from pliant.geometry import Box, Size
from pliant.types import Edit, Picture
from pliant.warp.warper import Warper


def framed(picture, crop=None, size=None):
    crop = crop or Box.of_size(picture.size)
    return Frame.of(picture, crop, size or Size(crop.width, crop.height))


@pytest.mark.parametrize("size", [(512, 341), (97, 81), (64, 64), (1, 1), (200, 3)])
def test_any_size_becomes_whole_cells_without_being_stretched(size):
    picture = scenes.noise(size)
    frame = framed(picture)
    height, width = frame.rgb.shape[:2]
    assert (height % 8, width % 8) == (0, 0)
    assert min(height, width) >= 64
    assert np.array_equal(frame.rgb[: size[1], : size[0]], picture.pixels)
    assert (frame.rgb[size[1] :, : size[0]] == picture.pixels[-1]).all()
    assert frame.cells == (height // 8, width // 8)


def test_a_point_on_the_last_row_has_a_cell():
    frame = framed(scenes.noise((512, 341)))
    assert frame.cells_at(np.array([[511.0, 340.0], [-3.0, 400.0]])).tolist() == [[63, 42], [0, 42]]


def test_points_go_with_their_pixels():
    picture = scenes.ramp((512, 512))
    frame = framed(picture, Box(100, 60, 500, 360), Size(200, 150))
    for x, y in frame.points(np.array([[160.5, 100.5], [300.5, 260.5]])):
        assert frame.rgb[round(y), round(x), 0] == pytest.approx((2 * x + 100) / 2, abs=1)
        assert frame.rgb[round(y), round(x), 1] == pytest.approx((2 * y + 60) / 2, abs=1)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_has_no_weight_is_bit_identical(channels, dtype):
    picture = scenes.noise((97, 81), channels, dtype)
    frame = framed(picture)
    box, weight = pasted(scenes.disc(40, 40, 12, (97, 81)), np.zeros((81, 97), bool), picture.size)
    alpha = picture.pixels[..., -1] if picture.has_alpha else None
    found = frame.finished(np.full(frame.rgb.shape, 200, np.float32), box, weight, alpha)
    changed_there = np.zeros((81, 97), bool)
    changed_there[box.slices] = weight > 0
    assert found.pixels.dtype == dtype
    assert np.array_equal(found.pixels[~changed_there], picture.pixels[~changed_there])
    assert (found.pixels[40, 40] != picture.pixels[40, 40]).any()
    if picture.has_alpha:
        assert np.array_equal(found.pixels[..., -1], picture.pixels[..., -1])


def test_lost_colour_is_carried_into_what_is_pasted():
    picture = Picture(np.full((96, 96, 3), 120, np.uint8))
    frame = framed(picture)
    box, weight = pasted(scenes.disc(48, 48, 20, (96, 96)), np.zeros((96, 96), bool), picture.size)
    decoded = np.full(frame.rgb.shape, 110, np.float32)  # an autoencoder that darkens by 10
    assert np.array_equal(frame.finished(decoded, box, weight, None).pixels, picture.pixels)


def test_16_bit_ramps_stay_ramps():
    ramp = np.linspace(20000, 30000, 96, dtype=np.uint16)[None, :, None].repeat(96, 0).repeat(3, 2)
    frame = framed(Picture(ramp))
    found = frame.finished(frame.rgb.astype(np.float32), Box(0, 0, 96, 96), np.full((96, 96), 255, np.uint8), None)
    assert np.abs(found.pixels.astype(int) - ramp).max() < 200
    assert len(np.unique(found.pixels[48, 8:-8])) > 70


def test_photos_up_to_twice_the_models_area_are_worked_on_whole():
    for size in ((512, 512), (512, 1024), (768, 512)):
        assert fits_whole(Size(*size), 512)
        assert crop_around(Box(0, 0, 5, 5), Size(*size), 512) == Box.of_size(size)
    assert not fits_whole(Size(1024, 768), 512)


def test_a_crop_has_context_and_the_models_size():
    crop = crop_around(Box(1000, 1000, 1100, 1060), Size(4000, 3000), 512)
    assert (crop.width, crop.height) == (512, 512)
    assert Box(952, 952, 1148, 1108).within(crop) == Box(952, 952, 1148, 1108)
    wide = crop_around(Box(100, 1000, 3000, 1400), Size(4000, 3000), 512)
    assert wide.width == 2900 + 100 + 725
    size = working_size(wide, 512)
    assert size.width * size.height <= 2 * 512 * 512 * 1.01
    assert size.width / size.height == pytest.approx(wide.width / wide.height, rel=0.01)
    assert working_size(crop, 512) == (512, 512)


def test_a_reduced_crop_comes_back_at_the_photos_size():
    picture = scenes.ramp((500, 400))
    frame = framed(picture, Box(50, 50, 450, 350), Size(200, 150))
    box, weight = pasted(scenes.disc(250, 200, 50, (500, 400)), np.zeros((400, 500), bool), picture.size)
    found = frame.finished(frame.rgb.astype(np.float32), box, weight, None)
    assert found.size == picture.size
    assert np.abs(found.pixels.astype(int) - picture.pixels.astype(int)).max() <= 2


def test_alpha_moves_with_the_part():
    pixels = np.full((81, 97, 4), 255, np.uint8)
    pixels[..., 3] = 0
    part = scenes.rectangle(10, 30, 30, 50, (97, 81))
    pixels[part, 3] = 255
    warp = Warper(Picture(pixels)).preview(scenes.edit(part, ((20, 40), (60, 40))))
    alpha = moved_alpha(warp)
    assert (alpha[32:48, 52:68] == 255).all()
    assert (alpha[32:48, 14:26] < 128).all()
    assert moved_alpha(Warper(scenes.noise((97, 81))).preview(scenes.edit(part, ((20, 40), (60, 40))))) is None


def test_what_moves_and_what_it_uncovers_may_change_and_no_more():
    part = scenes.rectangle(10, 30, 30, 50, (97, 81))
    keep = scenes.rectangle(0, 97, 0, 40, (97, 81))
    change = Edit(scenes.edit(part, ((20, 40), (60, 40))).regions, protect=keep)
    warp = Warper(scenes.noise((97, 81))).preview(change)
    area = changed(change, warp)
    assert area[41:50, 10:30].all()
    assert area[41:50, 50:70].all()
    assert not area[:40].any()
    box, weight = pasted(area, protected(change, Size(97, 81)), Size(97, 81))
    whole = np.zeros((81, 97), np.uint8)
    whole[box.slices] = weight
    assert (whole[area] == 255).all()
    assert not whole[:40].any()
    assert 0 < whole[45, 72] < 255
    assert not whole[45, 85:].any()


def test_what_stays_may_not_change():
    still = scenes.edit(scenes.disc(40, 40, 18, (97, 81)), ((40, 40), (40, 40)))
    assert not changed(still, Warper(scenes.noise((97, 81))).preview(still)).any()


def test_a_task_in_working_pixels():
    change = scenes.edit(scenes.disc(40, 40, 18, (97, 81)), ((40, 40), (50, 44)), pins=[(30, 40)], strength=0.5)
    task = task_of(change, (97, 81))
    assert task.handles.tolist() == [[40, 40], [30, 40]]
    assert task.targets.tolist() == [[45, 42], [30, 40]]
    assert task.regions[:81, :97].sum() == scenes.disc(40, 40, 18, (97, 81)).sum()
    assert task.editable_cells.shape == task.frame.cells
    assert not task.protected.any()


def test_a_glance_finds_the_colours_of_linear_latents():
    rgb = np.kron(np.random.default_rng(0).integers(0, 256, (8, 12, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    colours = rgb[::8, ::8].astype(np.float32)
    mixed = np.stack([colours[..., 0] - colours[..., 1], colours[..., 1] + 3, colours[..., 2], colours.sum(-1)])
    latents = torch.from_numpy(mixed / 100)[None]
    shown = Glance(rgb, latents).decode(latents)
    assert shown.shape == rgb.shape
    assert np.abs(shown[4::8, 4::8] - colours).mean() < 25  # cells blend at their middles
    flat = torch.full_like(latents, 0.5)
    assert np.ptp(Glance(rgb, latents).decode(flat), axis=(0, 1)).max() < 1e-2
