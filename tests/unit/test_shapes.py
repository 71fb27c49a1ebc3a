"""The small trained model in `tests/shapes`, opened as the engines open theirs, on scenes it never saw."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from tools.shapes.scenes import SIDE, coverage, draw, moved, random_scene

from pliant.engines.latent.inversion import ddim_step
from pliant.engines.latent.model import open_model
from pliant.models.device import Runtime

FOLDER = Path(__file__).parents[1] / "shapes"
HELD_OUT = range(2_000_000, 2_000_004)


@pytest.fixture(scope="module")
def model():
    return open_model(str(FOLDER), Runtime(device="cpu", offline=True))


@pytest.fixture(scope="module")
def latents(model):
    return torch.cat([model.codec.encode(draw(random_scene(seed))) for seed in HELD_OUT])


@torch.no_grad()
def predicted(model, noisy, level):
    return model.denoiser.noise(noisy, level, model.prompts.embedding("", guided=False))


def decibels(one, other):
    return -10 * np.log10(np.mean((one.astype(float) - other.astype(float)) ** 2) / 255**2)


def test_it_is_small_and_has_the_structure_of_stable_diffusion_1_5(model):
    names = [type(layer).__name__ for layer in model.unet.modules()]
    assert names.count("BasicTransformerBlock") == 16
    assert [type(block).__name__ for block in model.unet.up_blocks] == ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3
    assert model.size == SIDE
    assert sum(file.stat().st_size for file in FOLDER.rglob("*")) < 10_000_000


def test_its_autoencoder_gives_a_scene_back(model, latents):
    for seed, coded in zip(HELD_OUT, latents, strict=True):
        assert decibels(model.codec.decode(coded[None]), draw(random_scene(seed))) > 25
    assert latents.std() == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(("level", "error"), [(101, 0.5), (301, 0.25), (501, 0.12), (701, 0.06), (901, 0.03)])
def test_it_was_trained_to_see_the_noise(model, latents, level, error):
    """Of unit noise an untrained UNet leaves 1; on held-out scenes less than `error` may be left."""
    a = model.schedule.alpha(level)
    noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(level))
    noisy = a**0.5 * latents + (1 - a) ** 0.5 * noise
    assert ((predicted(model, noisy, level) - noise) ** 2).mean() < error


def test_it_denoises_a_scene_to_nearer_the_scene(model, latents):
    levels = [501, 401, 301, 201, 101, 1]
    a = model.schedule.alpha(levels[0])
    noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(0))
    noisy = a**0.5 * latents + (1 - a) ** 0.5 * noise
    found = noisy
    for high, low in pairwise(levels):
        seen = predicted(model, found, high)
        found = ddim_step(found, seen, model.schedule.alpha(high), model.schedule.alpha(low))
    before = ((noisy / a**0.5 - latents) ** 2).mean()
    assert ((found - latents) ** 2).mean() < before / 10


def test_a_moved_scene_differs_only_where_the_thing_was_and_is():
    scene = random_scene(5, things=1)
    there = moved(scene, 0, 30 if scene.things[0].x < SIDE / 2 else -30, 0)
    changed = (draw(scene) != draw(there)).any(axis=2)
    reach = (coverage(scene.things[0]) > 0) | (coverage(there.things[0]) > 0)
    assert changed.any()
    assert not (changed & ~reach).any()
