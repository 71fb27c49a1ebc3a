"""Engines with a photo as a prompt for its own edit: what it changes, when, and what it leaves alone."""

import sys
from contextlib import contextmanager

import numpy as np
import pytest
import scenes
import tiny_adapter
import tiny_diffusion
import tiny_engines
from latent_cases import counted

import pliant
from pliant.cli.runtime import models_of_engine
from pliant.engines.diffeditor import DiffEditor, Settings
from pliant.engines.diffeditor_steps import LedByEnergy
from pliant.engines.latent import ip_adapter
from pliant.engines.regiondrag import PUBLIC_CODE, RegionDrag
from pliant.errors import CancelledError, EditError, MissingRequirementError, UnknownNameError
from pliant.events import CancelToken, Step
from pliant.models.cache import ModelCache
from pliant.types import Edit, RegionPair

SIZE = (97, 81)
PICTURE = scenes.noise(SIZE)
EDIT = scenes.edit(scenes.disc(40, 40, 18, SIZE), ((40, 40), (58, 33)))
OF = {"regiondrag": "sd15", "diffeditor": "sd15_shaped"}

engines = pytest.mark.parametrize("name", OF)


def prompting(name, **more):
    """Options for the engine with a tiny adapter."""
    adapter = str(tiny_adapter.adapter(of=OF[name]))
    return {**tiny_engines.options(name), "image_prompt": 0.5, "image_adapter": adapter, **more}


def edited(name, options, change=EDIT):
    return pliant.apply(PICTURE, change, engine=name, **options).picture.pixels


@contextmanager
def listening(unet):
    """For each call of the UNet: its batch, its level, and the shape of the image prompt, if it reads one."""
    calls = []

    def note(module, given, named):
        told = named["encoder_hidden_states"]
        image = tuple(told[1][0].shape) if isinstance(told, tuple) else None
        calls.append((given[0].shape[0], int(given[1]), image))

    handle = unet.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield calls
    finally:
        handle.remove()


@engines
def test_it_changes_the_edit_and_not_the_next_one_without(name):
    plain = edited(name, tiny_engines.options(name))
    told = edited(name, prompting(name))
    assert not np.array_equal(told, plain)
    assert np.array_equal(edited(name, prompting(name)), told)
    assert np.array_equal(edited(name, {**tiny_engines.options(name), "image_prompt": 0}), plain)


@engines
def test_a_session_without_stays_so_beside_one_with(name):
    """Both have the same model, and take turns."""
    plain = edited(name, tiny_engines.options(name))
    without = pliant.engine(name, **tiny_engines.options(name)).open(PICTURE)
    with pliant.engine(name, **prompting(name)).open(PICTURE) as session:
        told = session.run(EDIT).picture.pixels
        assert np.array_equal(without.run(EDIT).picture.pixels, plain)
        assert np.array_equal(session.run(EDIT).picture.pixels, told)


def test_a_kept_model_is_loaded_once_for_both():
    kept, model = ModelCache(10**9), str(tiny_diffusion.sd15(4))
    common = {"model": model, "kept": kept, "device": "cpu", "dtype": "float32", "offline": True}
    plain = edited("regiondrag", common)
    told = edited("regiondrag", {**prompting("regiondrag"), **common})
    assert not np.array_equal(told, plain)
    assert np.array_equal(edited("regiondrag", common), plain)
    assert len(kept.keys) == 1


@engines
def test_it_is_cancelled_within_a_step(name):
    token, model = CancelToken(), tiny_engines.options(name)["model"]

    def stop(event):
        if isinstance(event, Step):
            token.cancel()

    processors = model.unet.attn_processors
    with counted(model.unet) as calls, pytest.raises(CancelledError):
        pliant.engine(name, **prompting(name)).open(PICTURE, on_event=stop, cancel=token)
    assert len(calls) == 1
    assert all(model.unet.attn_processors[place] is processor for place, processor in processors.items())


def test_nothing_of_it_needs_torchvision():
    edited("regiondrag", prompting("regiondrag"))
    assert "torchvision" not in sys.modules


# ------------------------------------------------------------------------------------------ in which calls


def test_regiondrag_reads_it_in_all_calls():
    with listening(tiny_engines.model().unet) as calls:
        edited("regiondrag", prompting("regiondrag"))
    assert [image for _, _, image in calls] == [(1, tiny_adapter.TOKENS["plus"], tiny_diffusion.TEXT_WIDTH)] * 20


def test_the_public_code_of_regiondrag_reads_an_empty_picture_too():
    change = Edit([RegionPair(scenes.rectangle(10, 40, 20, 60, SIZE), scenes.rectangle(50, 90, 15, 60, SIZE))])
    with listening(tiny_engines.model().unet) as calls:
        edited("regiondrag", prompting("regiondrag", compat=PUBLIC_CODE), change)
        edited("regiondrag", {**tiny_engines.options("regiondrag"), "compat": PUBLIC_CODE}, change)
    twice = (1, 2 * tiny_adapter.TOKENS["plus"], tiny_diffusion.TEXT_WIDTH)
    assert [image for _, _, image in calls] == [twice] * 20 + [None] * 20


def test_diffeditor_reads_it_in_ten_guided_steps():
    with listening(tiny_engines.shaped().unet) as calls:
        edited("diffeditor", prompting("diffeditor", steps=50))
    levels = [level for level, _ in LedByEnergy(Settings()).levels.down[10:20]]
    shape = (2, tiny_adapter.TOKENS["plus"], tiny_diffusion.TEXT_WIDTH)
    assert [call for call in calls if call[2]] == [(2, level, shape) for level in levels]
    assert len(calls) == 50 + 58 + 8 + 2 * 28


@pytest.mark.parametrize(("steps", "first", "count"), [(50, 10, 10), (100, 20, 20), (10, 2, 2), (4, 0, 1)])
def test_other_numbers_of_steps_have_the_same_share(steps, first, count):
    method = LedByEnergy(Settings(steps=steps))
    found = [index for index in range(steps) if method._is_in(range(10, 20), index)]
    assert found == list(range(first, first + count))


# ---------------------------------------------------------------------------------------------- what is asked for


@pytest.mark.parametrize("make", [RegionDrag, DiffEditor])
@pytest.mark.parametrize(
    "options", [{"image_prompt": 1.1}, {"image_prompt": True}, {"image_adapter": "ip-adapter-sd15"}]
)
def test_wrong_options_say_what_is_right(make, options):
    with pytest.raises(EditError, match="accepted") as caught:
        make(**options)
    assert caught.value.code == "invalid_option"


@pytest.mark.parametrize("name", ["fastdrag", "sdedrag", "dragdiffusion"])
def test_the_other_engines_know_nothing_of_it(name):
    with pytest.raises(UnknownNameError) as caught:
        pliant.engine(name, image_prompt=0.5)
    assert caught.value.code == "unknown_option"


@engines
def test_without_its_weights_the_command_is_named_before_any_work(name, monkeypatch):
    monkeypatch.setitem(ip_adapter._WIDTHS, "ip-adapter-sd15", tiny_diffusion.TEXT_WIDTH)
    options = {**tiny_engines.options(name), "image_prompt": 0.5, "offline": True}
    with (
        counted(options["model"].unet) as calls,
        pytest.raises(MissingRequirementError, match="pliant models get ip-adapter-sd15"),
    ):
        edited(name, options)
    assert calls == []


@engines
def test_the_command_line_gets_it_with_the_model(name):
    assert models_of_engine(name, {}) == ["sd15"]
    assert models_of_engine(name, {"image_prompt": 0.5}) == ["sd15", "ip-adapter-sd15"]
    chosen = {"image_prompt": 1, "image_adapter": "ip-adapter-sdxl", "model": "org/name"}
    assert models_of_engine(name, chosen) == ["org/name", "ip-adapter-sdxl"]
    assert models_of_engine(name, {"image_prompt": 0.5, "image_adapter": "./mine"}) == ["sd15"]
    assert models_of_engine("fastdrag", {"image_prompt": 0.5}) == models_of_engine("fastdrag", {})
