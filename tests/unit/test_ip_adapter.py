"""An IP-Adapter of the published layout: read, put into a UNet and taken out again."""

from dataclasses import replace
from shutil import copytree
from types import SimpleNamespace

import numpy as np
import pytest
import scenes
import tiny_adapter
import tiny_diffusion
import tiny_engines
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from safetensors.torch import save_file

from pliant.engines.latent.attention import rewriting, self_attentions
from pliant.engines.latent.checkpointing import checkpointed
from pliant.engines.latent.choices import Choices
from pliant.engines.latent.frame import Frame
from pliant.engines.latent.ip_adapter import image_prompt, prompted
from pliant.engines.latent.ip_adapter_weights import read_adapter
from pliant.engines.latent.lora import Training, adapted, trained
from pliant.engines.latent.memory import KeyValues
from pliant.engines.latent.model import open_model
from pliant.engines.latent.task import OpenPhoto, Watch
from pliant.errors import MissingRequirementError, PliantError, UnknownNameError
from pliant.events import CancelToken, ignore
from pliant.geometry import Box, Size
from pliant.models.catalog import find
from pliant.models.device import Runtime

KINDS = pytest.mark.parametrize("kind", ["plus", "plain"])


@pytest.fixture(autouse=True)
def _without_gradients():
    with torch.no_grad():
        yield


def opened(model=None, kind="plus", form="safetensors", of="sd15", scale=0.5, **more):
    """A photo with its image prompt."""
    model = model or tiny_engines.model()
    folder = str(tiny_adapter.adapter(kind, form, of))
    frame = Frame.of(scenes.noise((96, 64)), Box(0, 0, 96, 64), Size(96, 64))
    text = model.prompts.embedding("a fish", guided=more.get("guided", False))
    choices = Choices(image_prompt=scale, image_adapter=folder, **more)
    return OpenPhoto(
        model=model,
        frame=frame,
        latents=model.codec.encode(frame.rgb).clone(),
        prompt="a fish",
        text=replace(text, hidden=text.hidden.clone()),
        image=image_prompt(model, frame.rgb, choices, offline=True),
    )


def ask(photo, text, guidance=1.0):
    return photo.model.denoiser.noise(photo.latents, 301, text, guidance=guidance)


def answers(photo, guidance=1.0):
    """What the UNet says without the image prompt, with it, and without it again."""
    before = ask(photo, photo.text, guidance)
    with prompted(photo) as text:
        told = ask(photo, text, guidance)
    return before, told, ask(photo, photo.text, guidance)


# ------------------------------------------------------------------------------------------ what it does


@KINDS
@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_the_unet_says_what_it_says_in_the_pipeline_of_diffusers(kind, guidance):
    photo = opened(kind=kind, guided=guidance != 1)
    folder = tiny_adapter.adapter(kind)
    pipeline = StableDiffusionPipeline.from_pretrained(
        tiny_diffusion.sd15(4), safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.load_ip_adapter(str(folder.parent), subfolder=folder.name, weight_name="adapter.safetensors")
    pipeline.set_ip_adapter_scale(0.5)
    shown = pipeline.prepare_ip_adapter_image_embeds(
        Image.fromarray(photo.frame.rgb), None, torch.device("cpu"), 1, guidance != 1
    )
    rows = len(photo.text.hidden)
    said = pipeline.unet(
        photo.latents.expand(rows, -1, -1, -1),
        301,
        encoder_hidden_states=photo.text.hidden,
        added_cond_kwargs={"image_embeds": shown},
    ).sample
    expected = said if rows == 1 else said[:1] + guidance * (said[1:] - said[:1])
    assert torch.allclose(answers(photo, guidance)[1], expected, atol=1e-5)


@KINDS
def test_it_counts_as_much_as_it_is_told_to(kind):
    before, half, _ = answers(opened(kind=kind))
    whole = answers(opened(kind=kind, scale=1.0))[1]
    assert (half - before).abs().max() > 1e-3
    assert (whole - before).abs().max() > (half - before).abs().max()
    assert torch.equal(answers(opened(kind=kind))[1], half)
    nothing = opened(kind=kind)
    for reader in nothing.image.readers.values():
        reader.scale = [0.0]
    assert torch.equal(answers(nothing)[1], before)


@KINDS
def test_without_guidance_nothing_of_an_empty_picture_is_read(kind):
    photo, guided, mixed = (opened(kind=kind, **more) for more in ({}, {"guided": True}, {"mixed": True}))
    tokens = tiny_adapter.TOKENS[kind]
    assert photo.image.tokens.shape == (1, tokens, tiny_diffusion.TEXT_WIDTH)
    assert torch.equal(guided.image.tokens[1:], photo.image.tokens)
    assert not torch.allclose(guided.image.tokens[:1], photo.image.tokens, atol=1e-3)
    assert torch.equal(mixed.image.tokens, guided.image.tokens.reshape(1, 2 * tokens, -1))
    assert not torch.allclose(answers(mixed)[1], answers(photo)[1], atol=1e-4)


def test_a_pickled_file_is_read_as_tensors_and_is_the_same():
    assert torch.equal(answers(opened(form="bin"))[1], answers(opened())[1])
    folder = tiny_adapter.adapter(form="bin")
    assert read_adapter(str(folder / "adapter.bin"), offline=True).encoder == folder / "image_encoder"


def test_by_name_from_the_hubs_cache(tmp_path, monkeypatch):
    """Both adapters of the catalogue lie in one repository."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--h94--IP-Adapter" / "snapshots" / ("0" * 40)
    (snapshot.parents[1] / "refs").mkdir(parents=True)
    (snapshot.parents[1] / "refs" / "main").write_text(snapshot.name)
    kinds = {"ip-adapter-sd15": "plus", "ip-adapter-sdxl": "plain"}
    for name, kind in kinds.items():
        file = find(name).locations[0].files[0]
        copytree(tiny_adapter.adapter(kind), (snapshot / file).parent)
        (snapshot / file).parent.joinpath("adapter.safetensors").rename(snapshot / file)
        found = read_adapter(name, offline=True)
        assert found.is_plus == (kind == "plus")
        assert found.encoder == (snapshot / file).parent / "image_encoder"


def test_in_half_precision():
    photo = opened(open_model(str(tiny_diffusion.sd15(4)), Runtime(device="cpu", dtype="bfloat16", offline=True)))
    before, told, after = answers(photo)
    assert photo.image.tokens.dtype == torch.bfloat16
    assert not torch.equal(told, before)
    assert torch.equal(after, before)


@KINDS
def test_with_sdxl(kind):
    model = open_model(str(tiny_diffusion.sdxl(4)), Runtime(device="cpu", dtype="float32", offline=True))
    before, told, after = answers(opened(model, kind, of="sdxl"))
    assert not torch.allclose(told, before, atol=1e-3)
    assert torch.equal(after, before)
    with pytest.raises(PliantError, match="32 channels; this model's has 64"):
        opened(model)


# --------------------------------------------------------------------------------------- what it leaves alone


@pytest.mark.parametrize(("model", "of"), [(tiny_engines.model, "sd15"), (tiny_engines.shaped, "sd15_shaped")])
def test_taken_out_it_leaves_the_unet_bit_for_bit(model, of):
    photo = opened(model(), of=of)
    unet = photo.model.unet
    processors, weights = unet.attn_processors, dict(unet.named_parameters())
    before, told, after = answers(photo)
    assert not torch.equal(told, before)
    assert torch.equal(after, before)
    with pytest.raises(ZeroDivisionError), prompted(photo):
        _ = 1 / 0
    assert all(unet.attn_processors[name] is processor for name, processor in processors.items())
    assert weights.keys() == dict(unet.named_parameters()).keys()
    assert all(value is weights[name] for name, value in unet.named_parameters())
    assert torch.equal(ask(photo, photo.text), before)


def test_where_it_is_not_wanted_nothing_is_put_in():
    photo = opened()
    for given, wanted in ((photo, False), (replace(photo, image=None), True)):
        with prompted(given, wanted) as text:
            assert text is photo.text
            assert torch.equal(ask(photo, text), ask(photo, photo.text))


def test_keys_and_values_of_sixteen_layers_and_ten_steps_are_kept_beside_it():
    photo = opened(tiny_engines.shaped(), of="sd15_shaped")
    layers, memory = self_attentions(photo.model.unet), KeyValues(lambda: True)
    with prompted(photo) as text:
        assert len(self_attentions(photo.model.unet)) == 16
        for step in range(10):
            with rewriting(layers, memory.record(step)):
                told = ask(photo, text)
        assert len(memory) == 2 * 160
        with rewriting(layers, memory.replace(0)):
            assert torch.equal(ask(photo, text), told)


def test_beside_a_lora_in_either_order():
    photo = opened()
    before = ask(photo, photo.text)
    lora = trained(
        replace(photo, image=None), Training(steps=2, rank=2, rate=1e-2, batch=1), Watch(ignore, CancelToken())
    )
    with prompted(photo) as text, adapted(photo.model.unet, lora):
        inside = ask(photo, text)
    with adapted(photo.model.unet, lora), prompted(photo) as text:
        around = ask(photo, text)
    assert torch.equal(inside, around)
    assert not torch.equal(inside, answers(photo)[1])
    assert torch.equal(ask(photo, photo.text), before)


def test_gradients_flow_through_with_checkpoints_too():
    photo = opened()
    found = []
    for wanted in (False, True):
        with torch.enable_grad(), checkpointed(photo.model.unet, wanted), prompted(photo) as text:
            given = replace(photo, latents=photo.latents.clone().requires_grad_())
            (gradient,) = torch.autograd.grad(ask(given, text).square().sum(), given.latents)
            found.append(gradient)
    assert found[0].abs().sum() > 0
    assert torch.allclose(found[0], found[1], atol=1e-6)


def test_an_adapter_is_at_rest_on_the_cpu_between_uses(monkeypatch):
    moved = []
    monkeypatch.setattr(torch.nn.ModuleList, "to", lambda self, place: moved.append(str(place)))
    photo = opened()
    photo = replace(photo, model=replace(photo.model, device=torch.device("cuda"), low_mem=True))
    with prompted(photo):
        assert moved == ["cuda"]
    assert moved == ["cuda", "cpu"]


# ---------------------------------------------------------------------------------------------- what is refused


def refused(reference, kind=PliantError, model=None):
    rgb = np.zeros((64, 64, 3), np.uint8)
    choices = Choices(image_prompt=0.5, image_adapter=reference and str(reference))
    with pytest.raises(kind) as caught:
        image_prompt(model or tiny_engines.model(), rgb, choices, offline=True)
    return caught.value


def with_text(width):
    """The tiny model as one whose text has `width` channels, for what is said before its UNet is used."""
    model = tiny_engines.model()
    unet = SimpleNamespace(config=SimpleNamespace(cross_attention_dim=width))
    return replace(model, denoiser=replace(model.denoiser, unet=unet))


@pytest.mark.parametrize(
    ("reference", "width"), [(None, 768), ("ip-adapter-sd15", 768), ("ip-adapter-sdxl", 2048)]
)
def test_what_is_not_here_says_how_to_get_it(reference, width):
    error = refused(reference, MissingRequirementError, with_text(width))
    assert error.code == "model_unavailable"
    assert f"pliant models get {reference or 'ip-adapter-sd15'}" in str(error)


@pytest.mark.parametrize(("reference", "width"), [(None, 1024), (None, 2048), ("ip-adapter-sdxl", 768)])
def test_what_would_not_fit_is_not_asked_for(reference, width):
    assert refused(reference, model=with_text(width)).code == "invalid_model"


@pytest.mark.parametrize("reference", ["h94/IP-Adapter", "lama", "nowhere.safetensors"])
def test_what_is_no_adapter_is_not_looked_for_elsewhere(reference):
    error = refused(reference, UnknownNameError)
    assert error.code == "unknown_model"
    assert "ip-adapter-sd15, ip-adapter-sdxl" in str(error)


@pytest.mark.parametrize(
    ("width", "advice"), [(32, "the catalogue has none"), (768, "ip-adapter-sd15"), (2048, "ip-adapter-sdxl")]
)
def test_an_adapter_for_another_family(width, advice):
    error = refused(tiny_adapter.adapter(width=1024), model=with_text(width))
    assert error.code == "invalid_model"
    assert f"1024 channels; this model's has {width}" in str(error)
    assert f"({advice})" in str(error)


def test_an_adapter_for_other_layers():
    error = refused(tiny_adapter.adapter(of="sd15_shaped"))
    assert error.code == "invalid_model"
    assert "does not fit" in str(error)


def changed(tmp_path, kind="plus"):
    return copytree(tiny_adapter.adapter(kind), tmp_path / "adapter")


def test_several_in_a_folder(tmp_path):
    folder = changed(tmp_path)
    (folder / "second.safetensors").write_bytes((folder / "adapter.safetensors").read_bytes())
    assert "adapter.safetensors, second.safetensors; name the file" in str(refused(folder))
    assert read_adapter(str(folder / "second.safetensors"), offline=True).is_plus


def test_none_in_a_folder(tmp_path):
    folder = changed(tmp_path)
    (folder / "adapter.safetensors").unlink()
    assert "holds no IP-Adapter" in str(refused(folder))


def test_without_its_encoder(tmp_path):
    folder = changed(tmp_path)
    (folder / "image_encoder" / "config.json").unlink()
    assert "image encoder; put that there" in str(refused(folder))


def test_with_an_encoder_that_cannot_be_loaded(tmp_path):
    folder = changed(tmp_path)
    (folder / "image_encoder" / "model.safetensors").unlink()
    assert "no CLIP image encoder" in str(refused(folder))


@KINDS
def test_with_the_encoder_of_another(tmp_path, kind):
    folder = changed(tmp_path, kind)
    tiny_adapter.encoder(48, 48).save_pretrained(folder / "image_encoder")
    error = refused(folder)
    assert error.code == "invalid_model"
    assert "gives 48" in str(error)


@pytest.mark.parametrize("name", ["adapter.safetensors", "adapter.bin"])
def test_a_damaged_file(tmp_path, name):
    folder = changed(tmp_path)
    (folder / "adapter.safetensors").unlink()
    (folder / name).write_bytes(b"not it")
    assert "or is damaged" in str(refused(folder))


def test_another_kind(tmp_path):
    folder = changed(tmp_path)
    face = {"image_proj.proj.0.weight": torch.zeros(2, 2), "ip_adapter.1.to_k_ip.weight": torch.zeros(2, 2)}
    save_file(face, folder / "adapter.safetensors")
    assert "another kind" in str(refused(folder))
