"""Real diffusion pipelines, tiny and random, saved in the hub's layout and loaded as a user's would be."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionInpaintPipeline,
    StableDiffusionXLInpaintPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from pliant.fill.diffusion.recipes import Recipe

torch.set_num_threads(1)  # tiny tensors are not worth the threads' waiting for one another

TEXT_WIDTH = 32
RANK = 4
ALPHA = 2.0


@cache
def root() -> Path:
    """One folder for all of a test run."""
    return Path(mkdtemp(prefix="pliant-tiny-"))


def tiny_recipe(recipe: Recipe) -> Recipe:
    """`recipe` with tiny weights in place of the published ones."""
    large = recipe.model.startswith("sdxl")
    return replace(
        recipe,
        model=str(sdxl() if large else sd15()),
        vae=str(taesd()) if recipe.vae else None,
        preview=str(taesd()) if recipe.preview else None,
        lora=str(lcm_lora(sdxl() if large else sd15())) if recipe.lora else None,
    )


@cache
def sd15(channels: int = 9) -> Path:
    """Stable Diffusion 1.5 inpainting."""
    torch.manual_seed(channels)
    pipeline: Any = StableDiffusionInpaintPipeline(
        vae=_autoencoder(),
        text_encoder=CLIPTextModel(_text_config()),
        tokenizer=_tokenizer(),
        unet=_unet(channels, TEXT_WIDTH),
        scheduler=PNDMScheduler(**_noise(), skip_prk_steps=True, set_alpha_to_one=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return _saved(pipeline, f"sd15-{channels}")


@cache
def sd15_shaped() -> Any:
    """The UNet of Stable Diffusion 1.5, block for block, with narrow layers."""
    torch.manual_seed(15)
    return UNet2DConditionModel(
        sample_size=64,
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 16, 16, 16),
        norm_num_groups=4,
        attention_head_dim=2,
        cross_attention_dim=TEXT_WIDTH,
    ).eval()


@cache
def sdxl(channels: int = 9) -> Path:
    """Stable Diffusion XL, inpainting unless it has 4 channels."""
    torch.manual_seed(20)
    added = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + TEXT_WIDTH,
        "transformer_layers_per_block": (1, 2),
    }
    pipeline: Any = StableDiffusionXLInpaintPipeline(
        vae=_autoencoder(force_upcast=True),
        text_encoder=CLIPTextModel(_text_config()),
        text_encoder_2=CLIPTextModelWithProjection(_text_config()),
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        unet=_unet(channels, 2 * TEXT_WIDTH, **added),
        scheduler=EulerDiscreteScheduler(**_noise(), steps_offset=1),
    )
    return _saved(pipeline, "sdxl" if channels == 9 else f"sdxl-{channels}")


@cache
def taesd() -> Path:
    """TAESD in the hub's layout: its real architecture, narrow."""
    torch.manual_seed(30)
    model: Any = AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(1, 1, 1, 1),
    )
    return _saved(model, "taesd")


@cache
def lcm_lora(model: Path) -> Path:
    """A LoRA for the UNet of `model`, with the keys of the published LCM-LoRA files."""
    torch.manual_seed(40)
    weights: dict[str, torch.Tensor] = {}
    for name, module in unet_of(model).named_modules():
        if not name.endswith(("to_q", "to_v", "proj_in", "conv1")):
            continue
        key = "lora_unet_" + name.replace(".", "_")
        shape = module.weight.shape
        weights[f"{key}.lora_down.weight"] = 0.1 * torch.randn(RANK, *shape[1:])
        weights[f"{key}.lora_up.weight"] = 0.1 * torch.randn(shape[0], RANK, *([1] * (len(shape) - 2)))
        weights[f"{key}.alpha"] = torch.tensor(ALPHA)
    folder = root() / f"lora-{model.name}"
    folder.mkdir()
    save_file(weights, folder / "pytorch_lora_weights.safetensors")
    return folder


def unet_of(model: Path) -> Any:
    """The UNet of `model` as it was saved."""
    return UNet2DConditionModel.from_pretrained(model, subfolder="unet")


def _noise() -> dict[str, Any]:
    return {
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "num_train_timesteps": 1000,
    }


def _unet(channels: int, text_width: int, **more: Any) -> Any:
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=channels,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=8,
        cross_attention_dim=text_width,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        **more,
    )


def _autoencoder(*, force_upcast: bool = False) -> Any:
    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
        force_upcast=force_upcast,
    )


def _text_config() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(_vocabulary()),
        hidden_size=TEXT_WIDTH,
        projection_dim=TEXT_WIDTH,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


def _vocabulary() -> dict[str, int]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    return {token: index for index, token in enumerate(tokens)}


def _tokenizer() -> Any:
    folder = root() / "tokenizer"
    folder.mkdir(exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(_vocabulary()))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": "<|endoftext|>"})
    )
    return CLIPTokenizer.from_pretrained(folder)


def _saved(model: Any, name: str) -> Path:
    folder = root() / name
    model.save_pretrained(folder)
    return folder
