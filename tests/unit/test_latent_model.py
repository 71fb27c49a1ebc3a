"""Which models can be dragged with, how they are opened, and what the others are told."""

import numpy as np
import pytest
import scenes
import tiny_diffusion
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline
from original_checkpoint import save_as_one_file

import pliant
from pliant.engines.latent.denoiser import Denoiser
from pliant.engines.latent.model import open_model
from pliant.engines.latent.schedule import Schedule
from pliant.errors import MissingRequirementError, PliantError, UnknownNameError
from pliant.fill.diffusion.codec import Codec
from pliant.fill.diffusion.text import Embedding
from pliant.models.device import Runtime

HERE = Runtime(device="cpu", dtype="float32", offline=True)
SD15 = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}


def resaved(name, **scheduler):
    """The tiny Stable Diffusion with another scheduler."""
    folder = tiny_diffusion.root() / name
    if not folder.exists():
        pipeline = StableDiffusionPipeline.from_pretrained(
            tiny_diffusion.sd15(4), safety_checker=None, feature_extractor=None, requires_safety_checker=False
        )
        pipeline.scheduler = DDIMScheduler(**{**SD15, "steps_offset": 1, "clip_sample": False, **scheduler})
        pipeline.save_pretrained(folder)
    return str(folder)


def change():
    return scenes.edit(scenes.disc(40, 40, 18, (97, 81)), ((40, 40), (58, 33)))


def test_a_folder_is_opened():
    model = open_model(str(tiny_diffusion.sd15(4)), HERE)
    assert model.denoiser.prediction == "epsilon"
    assert model.size == 64
    assert model.schedule.alpha(501) == pytest.approx(0.27499907)
    assert not any(weight.requires_grad for weight in model.unet.parameters())


def test_a_single_file_is_the_same_model(tmp_path):
    path = tmp_path / "mine.safetensors"
    save_as_one_file(tiny_diffusion.sd15(4), path)
    (tmp_path / "mine").symlink_to(tiny_diffusion.sd15(4))  # what the parts are
    picture = scenes.noise((97, 81))
    found = [
        pliant.apply(picture, change(), engine="regiondrag", model=str(model), device="cpu", dtype="float32")
        for model in (path, tiny_diffusion.sd15(4))
    ]
    assert np.array_equal(found[0].picture.pixels, found[1].picture.pixels)


def test_an_inpainting_model_is_refused():
    with pytest.raises(PliantError, match="9 input channels") as caught:
        open_model(str(tiny_diffusion.sd15(9)), HERE)
    assert caught.value.code == "unsupported_model"


@pytest.mark.parametrize(
    ("name", "scheduler", "match"),
    [
        ("zero-snr", {"rescale_betas_zero_snr": True}, "zero terminal SNR"),
        ("sample", {"prediction_type": "sample"}, "predicts 'sample'"),
        ("cosine", {"beta_schedule": "squaredcos_cap_v2"}, "squaredcos_cap_v2"),
    ],
)
def test_what_the_methods_cannot_work_with_is_refused(name, scheduler, match):
    with pytest.raises(PliantError, match=match) as caught:
        open_model(resaved(name, **scheduler), HERE)
    assert caught.value.code == "unsupported_model"


def test_unknown_and_absent_models():
    with pytest.raises(UnknownNameError):
        open_model("nonsense", HERE)
    with pytest.raises(MissingRequirementError, match="sd15"):
        open_model("sd15", HERE)


@pytest.mark.parametrize("option", ["model", "vae"])
def test_a_number_names_no_model(option):
    with pytest.raises(PliantError) as caught:
        pliant.engine("regiondrag", **{option: 15})
    assert caught.value.code == "invalid_option"


@pytest.mark.parametrize("name", ["v-prediction", "sdxl"])
def test_kin_of_stable_diffusion_drag_too(name):
    model = (
        resaved(name, prediction_type="v_prediction") if name == "v-prediction" else str(tiny_diffusion.sdxl(4))
    )
    picture = scenes.noise((97, 81))
    result = pliant.apply(picture, change(), engine="regiondrag", model=model, device="cpu", dtype="float32")
    assert not np.array_equal(result.picture.pixels, picture.pixels)


def test_v_prediction_becomes_noise():
    class Answers(torch.nn.Module):
        dtype = torch.float64

        def forward(self, latents, level, **given):
            a = schedule.alpha(int(level))
            noise = torch.full_like(latents, 0.3)
            return ((noise - (1 - a) ** 0.5 * latents) / a**0.5,)  # v of latents with that noise

    schedule = Schedule.of(SD15)
    denoiser = Denoiser(unet=Answers(), schedule=schedule, prediction="v_prediction")
    found = denoiser.noise(torch.ones(1, 4, 2, 2).double(), 500, Embedding(hidden=torch.zeros(1, 2, 3)))
    assert torch.allclose(found, torch.full_like(found, 0.3), atol=1e-12)


def test_guidance_pushes_away_from_the_empty_prompt():
    class Answers(torch.nn.Module):
        dtype = torch.float32

        def forward(self, latents, level, encoder_hidden_states, **given):
            return (latents + encoder_hidden_states.mean(dim=(1, 2)).view(-1, 1, 1, 1),)

    text = Embedding(hidden=torch.stack([torch.zeros(2, 3), torch.ones(2, 3)]))
    denoiser = Denoiser(unet=Answers(), schedule=Schedule.of(SD15))
    given = torch.randn(3, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(denoiser.noise(given, 500, text), given + 1)
    assert torch.allclose(denoiser.noise(given, 500, text, guidance=3.0), given + 3)


def test_a_unet_of_another_model():
    other = tiny_diffusion.sd15(9)
    model = open_model(str(tiny_diffusion.sd15(4)), HERE, unet=str(other))
    assert model.unet.config.in_channels == 9
    with pytest.raises(PliantError, match="no UNet") as caught:
        open_model(str(tiny_diffusion.sd15(4)), HERE, unet=str(tiny_diffusion.taesd()))
    assert caught.value.code == "invalid_model"


def test_a_tiny_autoencoder_in_place_of_the_models_own():
    model = open_model(str(tiny_diffusion.sd15(4)), HERE, vae=str(tiny_diffusion.taesd()))
    assert type(model.codec.model).__name__ == "AutoencoderTiny"
    assert model.codec.encode(scenes.noise((64, 64)).pixels).shape == (1, 4, 8, 8)


def test_the_posteriors_mode_and_its_samples():
    vae = AutoencoderKL.from_pretrained(tiny_diffusion.sd15(4), subfolder="vae").eval()
    codec, rgb = Codec(vae, torch.device("cpu")), scenes.noise((64, 64)).pixels

    def sample(seed):
        return codec.encode(rgb, random=torch.Generator().manual_seed(seed))

    assert torch.equal(sample(1), sample(1))
    assert not torch.equal(sample(1), sample(2))
    many = torch.stack([sample(seed) for seed in range(64)])
    spread = many.std(dim=0).mean()
    assert (many.mean(dim=0) - codec.encode(rgb)).abs().mean() < 0.3 * spread


def test_the_text_encoder_is_let_go():
    model = open_model(str(tiny_diffusion.sd15(4)), HERE)
    assert not any("text_encoder" in name for name in vars(model))
    first = model.prompts.embedding("a cat", guided=False)
    assert model.prompts.embedding("a cat", guided=False) is first
