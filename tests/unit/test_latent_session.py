"""The session around any method: what it refuses, gives, keeps and lets go; with small methods of the tests."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import scenes
import tiny_engines
import torch

from pliant.engines.base import EngineInfo
from pliant.engines.latent.choices import COMMON_OPTIONS, Choices, split_options
from pliant.engines.latent.engine import LatentEngine
from pliant.engines.latent.features import watched
from pliant.errors import CancelledError, EditError, MissingRequirementError, PliantError
from pliant.events import CancelToken, Partial, Stage
from pliant.models.device import ANYWHERE
from pliant.types import Edit, RegionPair

SIZE = (97, 81)
DISC = scenes.disc(40, 40, 18, SIZE)
DRAG = scenes.edit(DISC, ((40, 40), (58, 33)))
INFO = EngineInfo(
    name="toy", summary="a test's", licence="none", paper="none", options=COMMON_OPTIONS, understands_pairs=False
)


class Grey:
    """Gives latents of zeros, and remembers what it was given."""

    def __init__(self):
        self.photos, self.tasks = [], []

    def prepare(self, photo, watch):
        watch.stage("invert")
        self.photos.append(photo)
        return len(self.photos)

    def edit(self, photo, prepared, task, watch):
        watch.stage("drag")
        self.tasks.append((prepared, task))
        watch.step(1, 1, photo.latents)
        return torch.zeros_like(photo.latents)


class Pulls(Grey):
    """Moves the latents uphill on a feature of the decoder, as DragDiffusion does."""

    def edit(self, photo, prepared, task, watch):
        with torch.enable_grad():
            latents = photo.latents.clone().requires_grad_()
            with watched(photo.model.unet, [0]) as found:
                noise = photo.model.denoiser.noise(latents, 501, photo.text)
            (found[0].square().sum() + noise.sum()).backward()
        watch.step(1, 1)
        return (latents + 0.1 * latents.grad.sign()).detach()


class Toy(LatentEngine):
    def __init__(self, method, info, choices):
        super().__init__(ANYWHERE, choices)
        self.info, self.method = info, method

    def _method(self):
        return self.method


def engine(method, info=INFO, **choices):
    return Toy(method, info, Choices(**{"model": tiny_engines.model(), **choices}))


def test_the_method_is_given_the_edit_in_working_pixels():
    method = Grey()
    with engine(method).open(scenes.noise(SIZE)) as session:
        result = session.run(DRAG, seed=4)
    (prepared, task), (photo,) = method.tasks[0], method.photos
    assert (prepared, task.seed) == (1, 4)
    assert photo.latents.shape == (1, 4, 11, 13)
    assert photo.text.hidden.shape[0] == 1
    assert task.handles.tolist() == [[40, 40]]
    assert task.targets.tolist() == [[58, 33]]
    assert np.array_equal(task.frame.rgb[:81, :97], scenes.noise(SIZE).pixels)
    assert np.array_equal(task.regions[:81, :97], DISC)
    assert not task.regions[81:].any()
    assert task.editable[:81, :97][result.picture.pixels.any(axis=2) & DISC].all()


def test_nothing_of_it_is_an_inference_tensor():
    method = Grey()
    engine(method, guided=True).open(scenes.noise(SIZE))
    photo = method.photos[0]
    assert photo.text.hidden.shape[0] == 2
    assert not photo.latents.is_inference()
    assert not photo.text.hidden.is_inference()


def test_a_method_may_ask_for_gradients():
    picture = scenes.noise(SIZE)
    with engine(Pulls()).open(picture) as session:
        result = session.run(DRAG)
    assert not np.array_equal(result.picture.pixels, picture.pixels)
    assert all(weight.grad is None for weight in tiny_engines.model().unet.parameters())


def test_what_it_does_not_understand_is_refused():
    method = Grey()
    pair = Edit([RegionPair(DISC, np.roll(DISC, 20, axis=1))])
    for change, what in ((pair, "region pairs"), (Edit(DRAG.regions, prompt="a cat"), "a prompt")):
        for act in ("preview", "run"):
            with (
                engine(method).open(scenes.noise(SIZE)) as session,
                pytest.raises(EditError, match=what) as caught,
            ):
                getattr(session, act)(change)
            assert caught.value.code == "unsupported_input"
    no_drags = replace(INFO, understands_drags=False, understands_pairs=True)
    with pytest.raises(EditError, match="drags"):
        engine(method, no_drags).open(scenes.noise(SIZE), edit=DRAG)
    assert method.tasks == []


def test_what_was_prepared_serves_until_the_prompt_is_another():
    method = Grey()
    reads = replace(INFO, understands_prompt=True)
    with engine(method, reads).open(scenes.noise(SIZE)) as session:
        for prompt in ("", " ", "a cat", "a cat ", ""):
            session.run(Edit(DRAG.regions, prompt=prompt))
    assert [photo.prompt for photo in method.photos] == ["", "a cat", ""]
    assert [prepared for prepared, _ in method.tasks] == [1, 1, 2, 2, 3]


def test_who_waits_for_the_model_can_stop_waiting():
    opened, token = engine(Grey()).open(scenes.noise(SIZE)), CancelToken()
    with tiny_engines.model().turn:
        timer = threading.Timer(0.2, token.cancel)
        timer.start()
        with pytest.raises(CancelledError):
            opened.run(DRAG, cancel=token)
    opened.run(DRAG)


def test_the_model_is_free_again_after_a_failure():
    class Fails(Grey):
        def edit(self, photo, prepared, task, watch):
            raise torch.OutOfMemoryError("no memory left")

    with engine(Fails()).open(scenes.noise(SIZE)) as session:
        for _ in range(2):
            with pytest.raises(PliantError, match="too little free memory for 'toy'") as caught:
                session.run(DRAG)
            assert caught.value.code == "out_of_memory"
    assert not tiny_engines.model().turn.locked()


def test_stages_follow_one_another_and_pictures_are_made_when_looked_at():
    seen = []
    with engine(Grey()).open(scenes.noise(SIZE), edit=DRAG, on_event=seen.append) as session:
        result = session.run(DRAG, on_event=seen.append)
    names = [event.name for event in seen if isinstance(event, Stage)]
    assert names == ["encode", "invert", "warp", "drag", "decode"] == list(result.timings)
    (partial,) = (event for event in seen if isinstance(event, Partial))
    assert "picture" not in vars(partial)
    assert partial.picture.size == SIZE


def test_nothing_is_loaded_before_it_is_needed(monkeypatch):
    loaded = []
    monkeypatch.setattr("pliant.engines.latent.model.open_model", lambda *given, **more: loaded.append(given))
    made = engine(Grey(), model="sd15")
    assert loaded == []
    with pytest.raises(EditError):
        made.open(scenes.noise(SIZE), edit=scenes.edit(DISC, ((5, 5), (9, 9))))
    assert loaded == []


def test_without_torch_the_command_is_said(monkeypatch):
    monkeypatch.setattr("pliant.fill.diffusion.requirements._there", lambda package: package != "torch")
    with pytest.raises(MissingRequirementError, match="engine 'toy' needs torch; pip install"):
        engine(Grey()).open(scenes.noise(SIZE))


def test_options_are_told_apart():
    assert split_options({"size": 64, "steps": 3, "model": "x"}) == ({"size": 64, "model": "x"}, {"steps": 3})
    assert set(COMMON_OPTIONS) <= set(vars(Choices()))
