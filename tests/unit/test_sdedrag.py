"""SDE-Drag: the published steps, patches and schedules, and where ours differ."""

from dataclasses import replace
from math import cos, pi

import numpy as np
import pytest
import scenes
import tiny_engines
import torch

import pliant
from pliant.engines.sdedrag import SdeDrag, Settings
from pliant.engines.sdedrag_steps import CarriedPatches, Patch, carries
from pliant.errors import EditError

PUBLIC = "sdedrag-2024"


class Places:
    """The part of a task that is planned with: handles and targets in working pixels."""

    def __init__(self, *drags):
        self.handles = np.array([handle for handle, _ in drags], float)
        self.targets = np.array([target for _, target in drags], float)


def stops(plan):
    return [patches[0].source for patches in plan] + [plan[-1][0].target]


@pytest.mark.parametrize(
    ("cells", "count"),
    [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4), (9, 5), (10, 5), (15, 8), (20, 10), (30, 15)],
)
def test_the_published_number_of_carries(cells, count):
    assert carries(cells, 2) == count


def test_the_published_stops():
    method = CarriedPatches(Settings(compat=PUBLIC))
    plan = method.planned(Places(((160, 240), (216, 200))), (64, 64))
    assert stops(plan) == [(20, 30), (21, 29), (23, 28), (25, 27), (27, 25)]


def test_our_stops_are_the_nearest_cells():
    plan = CarriedPatches(Settings()).planned(Places(((163.5, 243.5), (219.5, 203.5))), (64, 64))
    wanted = np.floor(np.array([20, 30]) + np.linspace(0, 1, len(plan) + 1)[:, None] * [7, -5] + 0.5)
    assert stops(plan) == [tuple(place) for place in wanted.astype(int).tolist()]


def test_the_published_patches():
    whole = Patch.of(np.array([30, 30]), np.array([34, 30]), 5, (63, 63))
    assert whole.at(whole.source) == (slice(25, 35), slice(25, 35))
    left = Patch.of(np.array([3, 30]), np.array([10, 30]), 5, (63, 63))
    assert left.at(left.source) == (slice(25, 35), slice(0, 8))
    right = Patch.of(np.array([60, 10]), np.array([62, 10]), 5, (63, 63))
    assert right.at(right.target)[1] == slice(57, 63)
    ours = Patch.of(np.array([60, 10]), np.array([62, 10]), 5, (64, 64))
    assert ours.at(ours.target)[1] == slice(57, 64)


def test_what_is_carried_and_what_is_left():
    torch.manual_seed(0)
    top = torch.randn(1, 4, 64, 64)
    patch = Patch.of(np.array([20, 30]), np.array([40, 30]), 5, (64, 64))
    after = CarriedPatches(Settings()).pasted(top, [patch], torch.Generator().manual_seed(5))
    rows, columns = patch.at(patch.source)
    there = patch.at(patch.target)
    noise = torch.randn(1, 4, 10, 10, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(after[..., *there], 1.1 * top[..., rows, columns])
    torch.testing.assert_close(after[..., rows, columns], 0.3 * top[..., rows, columns] + 0.9539392 * noise)
    untouched = torch.ones_like(top, dtype=torch.bool)
    untouched[..., rows, columns] = untouched[..., *there] = False
    assert torch.equal(after[untouched], top[untouched])


def test_patches_do_not_read_one_another():
    top = torch.arange(64 * 64.0).reshape(1, 1, 64, 64)
    first = Patch.of(np.array([20, 30]), np.array([24, 30]), 5, (64, 64))
    second = Patch.of(np.array([24, 30]), np.array([28, 30]), 5, (64, 64))
    ours = CarriedPatches(Settings()).pasted(top, [first, second], torch.Generator())
    theirs = CarriedPatches(Settings(compat=PUBLIC)).pasted(top, [first, second], torch.Generator())
    torch.testing.assert_close(ours[..., 30, 30], 1.1 * top[..., 30, 26])
    torch.testing.assert_close(theirs[..., 30, 27], 1.1 * 1.1 * top[..., 30, 19])


def test_the_published_schedules():
    public = CarriedPatches(Settings(compat=PUBLIC))
    assert public.levels.count == 120
    assert (public.levels.up[0], public.levels.up[1], public.levels.top) == (5, 10, 604)
    assert public.guidance(1) == pytest.approx(1.0168067, abs=1e-7)
    assert public.guidance(120) == pytest.approx(3.0168067, abs=1e-7)
    assert public.lora_scale(1) == pytest.approx(0.9999129, abs=1e-7)
    assert public.lora_scale(120) == pytest.approx(0.5000871, abs=1e-7)


def test_our_schedules_end_where_they_should():
    ours = CarriedPatches(Settings())
    assert (ours.levels.up[0], ours.levels.up[1], ours.levels.top) == (1, 6, 601)
    assert [ours.guidance(step) for step in (1, 120)] == [1, 3]
    assert [ours.lora_scale(step) for step in (1, 120)] == [1, 0.5]
    assert ours.lora_scale(40) == pytest.approx(0.75 + 0.25 * cos(pi * 39 / 119))


def test_without_a_patch_the_way_leads_back():
    model = tiny_engines.model()
    picture = scenes.noise((97, 81))
    with pliant.engine("sdedrag", model=model, steps=20, lora=0).open(picture) as session:
        photo = session._ready.photo
    method = CarriedPatches(Settings(steps=20, lora=0))
    with torch.no_grad():
        up = method._up(photo, photo.latents, torch.Generator().manual_seed(1))
        free = torch.ones(photo.latents.shape[2:], dtype=torch.bool)
        back = method._down(photo, up, up[-1], free, lambda scale: None, Quiet(), (0, 1))
    torch.testing.assert_close(back, photo.latents, atol=1e-5, rtol=0)


class Quiet:
    def step(self, *facts):
        pass


@pytest.mark.parametrize(("prompt", "pictures"), [("a thing", [4] * 5 + [2]), ("", [2] * 6)])
def test_calls_of_the_unet_are_counted(prompt, pictures):
    model, calls = tiny_engines.model(), []
    change = scenes.edit(scenes.disc(40, 40, 30, (97, 81)), ((20, 40), (60, 40)))
    change = replace(change, prompt=prompt)
    engine = pliant.engine("sdedrag", model=model, steps=10, lora=0)
    with engine.open(scenes.noise((97, 81)), edit=change) as session:
        hook = model.unet.register_forward_hook(lambda *found: calls.append(found[1][0].shape[0]))
        try:
            session.run(change)
        finally:
            hook.remove()
    # Photo and edit, each without and with the prompt if there is one; at the cleanest step guidance is 1.
    assert calls == pictures * carries(5, 2)


def test_without_a_prompt_guidance_makes_no_difference():
    model = tiny_engines.model()
    latents = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    text = model.prompts.embedding("", guided=True)
    with torch.no_grad():
        guided, plain = (model.denoiser.noise(latents, 501, text, guidance=value) for value in (3.0, 1.0))
    torch.testing.assert_close(guided, plain, atol=1e-5, rtol=0)


@pytest.mark.parametrize("options", [{"stride": 0}, {"beta": 2}, {"lora": -1}, {"compat": "x"}, {"radius": 1.5}])
def test_wrong_options_say_what_is_right(options):
    with pytest.raises(EditError, match="accepted") as caught:
        SdeDrag(**options)
    assert caught.value.code == "invalid_option"
