"""A LoRA of one photo: it learns, it is kept and gone on with, and it leaves the model as it was."""

from dataclasses import replace

import numpy as np
import pytest
import tiny_diffusion
import torch
from diffusers import StableDiffusionPipeline

from pliant.engines.latent.frame import Frame
from pliant.engines.latent.lora import Training, adapted, trained
from pliant.engines.latent.lora_store import Store
from pliant.engines.latent.model import open_model
from pliant.engines.latent.task import OpenPhoto, Watch
from pliant.errors import CancelledError
from pliant.events import CancelToken, Step, ignore
from pliant.geometry import Box, Size
from pliant.models.device import Runtime
from pliant.types import Picture

TRAINING = Training(steps=6, rank=2, rate=1e-2, batch=2)


@pytest.fixture(scope="module")
def photo():
    model = open_model(str(tiny_diffusion.sd15(4)), Runtime(device="cpu", dtype="float32", offline=True))
    pixels = np.random.default_rng(4).integers(0, 255, (64, 96, 3), np.uint8)
    frame = Frame.of(Picture(pixels), Box(0, 0, 96, 64), Size(96, 64))
    latents = model.codec.encode(frame.rgb).clone()
    return OpenPhoto(
        model=model, frame=frame, latents=latents, prompt="", text=model.prompts.embedding("", guided=False)
    )


def watch(cancel=None, on_event=ignore):
    return Watch(on_event, cancel or CancelToken())


def predicted(photo):
    with torch.no_grad():
        return photo.model.denoiser.noise(photo.latents, 301, photo.text)


def same(one, other):
    return all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_it_changes_the_model_for_a_while(photo):
    before = predicted(photo)
    lora = trained(photo, TRAINING, watch())
    assert torch.equal(predicted(photo), before)
    with adapted(photo.model.unet, lora) as scale:
        whole = predicted(photo)
        scale(0.5)
        half = predicted(photo)
        scale(0.0)
        none = predicted(photo)
    assert not torch.equal(whole, before)
    assert not torch.equal(half, whole)
    torch.testing.assert_close(none, before)
    assert torch.equal(predicted(photo), before)
    assert not [name for name, _ in photo.model.unet.named_parameters() if "lora" in name]


def test_every_attention_has_its_layers(photo):
    lora = trained(photo, Training(steps=1, rank=3), watch())
    names = {name.split(".lora_")[0] for name in lora.weights}
    attentions = [n for n, m in photo.model.unet.named_modules() if n.endswith((".attn1", ".attn2"))]
    assert names == {f"{n}.{p}" for n in attentions for p in ("to_q", "to_k", "to_v", "to_out.0")}
    assert all(3 in value.shape for value in lora.weights.values())


def test_it_learns_the_photo(photo):
    losses = []

    def loss():
        with torch.no_grad():
            random = torch.Generator().manual_seed(1)
            total = 0.0
            for level in range(50, 1000, 100):
                noise = torch.randn(photo.latents.shape, generator=random)
                a = photo.model.schedule.alpha(level)
                noisy = a**0.5 * photo.latents + (1 - a) ** 0.5 * noise
                total += float((photo.model.denoiser.noise(noisy, level, photo.text) - noise).square().mean())
            return total

    losses.append(loss())
    lora = trained(photo, Training(steps=40, rank=4, rate=5e-3, batch=2), watch())
    with adapted(photo.model.unet, lora):
        losses.append(loss())
    assert losses[1] < 0.95 * losses[0]


def test_the_photo_is_encoded_once(photo, monkeypatch):
    network, calls = photo.model.codec.model, []
    encode = network.encode
    monkeypatch.setattr(network, "encode", lambda pixels: calls.append(pixels) or encode(pixels))
    trained(photo, TRAINING, watch())
    assert len(calls) == 1


def test_samples_are_those_of_encoding_each_time(photo):
    codec, rgb = photo.model.codec, photo.frame.rgb
    each, once = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    samples = codec.samples(rgb, once)
    for _ in range(3):
        assert torch.equal(next(samples), codec.encode(rgb, random=each))


def test_the_same_photo_gives_the_same_weights(photo):
    with torch.no_grad():  # as in a session
        first = trained(photo, TRAINING, watch())
    assert same(first, trained(photo, TRAINING, watch()))


def test_with_little_memory_it_learns_the_same(photo):
    poor = replace(photo, model=replace(photo.model, low_mem=True))
    first, second = trained(photo, TRAINING, watch()), trained(poor, TRAINING, watch())
    for name, weights in first.weights.items():
        torch.testing.assert_close(second.weights[name], weights, atol=1e-5, rtol=1e-4)
    assert not photo.model.unet.is_gradient_checkpointing


def test_no_steps_no_lora(photo):
    assert trained(photo, Training(steps=0), watch()) is None
    with adapted(photo.model.unet, None) as scale:
        scale(0.3)


def test_a_kept_one_is_not_trained_again(photo, tmp_path):
    store, steps = Store(tmp_path / "loras"), []
    first = trained(photo, TRAINING, watch(), store)
    again = trained(photo, TRAINING, watch(on_event=steps.append), store)
    other = trained(photo, Training(steps=7, rank=2), watch(on_event=steps.append), store)
    assert same(first, again)
    assert sum(isinstance(event, Step) for event in steps) == 7
    assert len(other.weights) == len(first.weights)
    assert len(list((tmp_path / "loras").iterdir())) == 2


def test_diffusers_reads_what_is_kept(photo, tmp_path):
    store = Store(tmp_path)
    lora = trained(photo, TRAINING, watch(), store)
    pipeline = StableDiffusionPipeline.from_pretrained(tiny_diffusion.sd15(4), safety_checker=None)
    pipeline.load_lora_weights(tmp_path, weight_name=f"{store.key(photo, TRAINING)}.safetensors")
    with torch.no_grad(), adapted(photo.model.unet, lora):
        hidden = photo.text.hidden
        theirs = pipeline.unet(photo.latents, 301, encoder_hidden_states=hidden, return_dict=False)[0]
        ours = photo.model.unet(photo.latents, 301, encoder_hidden_states=hidden, return_dict=False)[0]
    torch.testing.assert_close(theirs, ours, atol=1e-5, rtol=1e-4)


def test_a_stopped_training_is_gone_on_with(photo, tmp_path):
    long = Training(steps=30, rank=2, rate=1e-2, batch=1)
    store, cancel, done = Store(tmp_path), CancelToken(), []

    def stop(event):
        if isinstance(event, Step):
            done.append(event.index)
            if event.index == 25:
                cancel.cancel()

    with pytest.raises(CancelledError):
        trained(photo, long, watch(cancel, stop), store)
    assert done[-1] == 25
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    done.clear()
    resumed = trained(photo, long, watch(on_event=lambda e: isinstance(e, Step) and done.append(e.index)), store)
    assert done == list(range(21, 31))
    assert same(resumed, trained(photo, long, watch()))
    assert [path.suffix for path in tmp_path.iterdir()] == [".safetensors"]


def test_a_damaged_file_is_made_anew(photo, tmp_path):
    store = Store(tmp_path)
    first = trained(photo, TRAINING, watch(), store)
    (tmp_path / f"{store.key(photo, TRAINING)}.safetensors").write_bytes(b"no")
    assert same(first, trained(photo, TRAINING, watch(), store))


def test_the_model_is_as_it_was_after_a_failure(photo):
    before, cancel = predicted(photo), CancelToken()

    def stop(event):
        if isinstance(event, Step):
            cancel.cancel()

    with pytest.raises(CancelledError):
        trained(photo, TRAINING, watch(cancel, stop))
    assert torch.equal(predicted(photo), before)
