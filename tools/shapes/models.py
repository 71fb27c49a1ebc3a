"""The parts of the small latent diffusion model: the classes and the structure of Stable Diffusion 1.5, narrow."""

import json
import string
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.models.resnet import ResnetBlock2D
from tools.shapes.scenes import SIDE
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

FACTOR = 8
LATENT_SIDE = SIDE // FACTOR
TEXT_WIDTH = 32
_FIRST_LOG_VARIANCE = -6.0


def autoencoder() -> AutoencoderKL:
    """`(B, 3, H, W)` in -1 to 1 to `(B, 4, H / 8, W / 8)` and back."""
    torch.manual_seed(0)
    model = AutoencoderKL(
        block_out_channels=(16, 32, 48, 64),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=2,
        mid_block_add_attention=False,
        sample_size=SIDE,
        force_upcast=False,
    )
    _pass_colours(model)
    return model


@torch.no_grad()
def _pass_colours(model: AutoencoderKL) -> None:
    """Start near the identity, with little noise: from random weights colours take thousands of steps."""
    for name, layer in model.named_modules():
        if isinstance(layer, torch.nn.Conv2d) and not name.endswith(("conv1", "conv2")):
            layer.weight.mul_(0.5).add_(torch.nn.init.dirac_(torch.empty_like(layer.weight)))
        elif isinstance(layer, ResnetBlock2D):
            layer.conv2.weight.mul_(0.1)
    model.quant_conv.weight[4:] *= 0.1
    model.quant_conv.bias[4:] = _FIRST_LOG_VARIANCE


def denoiser() -> UNet2DConditionModel:
    """16 self-attention and 16 cross-attention layers on 4 scales, as in SD 1.5."""
    torch.manual_seed(1)
    return UNet2DConditionModel(
        sample_size=LATENT_SIDE,
        in_channels=4,
        out_channels=4,
        block_out_channels=(32, 64, 80, 64),
        layers_per_block=2,
        norm_num_groups=4,
        attention_head_dim=(1, 2, 2, 2),
        cross_attention_dim=TEXT_WIDTH,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    )


def text_encoder() -> CLIPTextModel:
    """Random and never trained: the model knows the empty prompt only."""
    torch.manual_seed(2)
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(_vocabulary()),
            hidden_size=TEXT_WIDTH,
            projection_dim=TEXT_WIDTH,
            intermediate_size=2 * TEXT_WIDTH,
            num_attention_heads=2,
            num_hidden_layers=1,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    ).eval()


def tokenizer() -> CLIPTokenizer:
    """Letter by letter; 77 tokens at most."""
    facts = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": "<|endoftext|>"}
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "vocab.json").write_text(json.dumps(_vocabulary()))
        (folder / "merges.txt").write_text("#version: 0.2\n")
        (folder / "tokenizer_config.json").write_text(json.dumps(facts))
        return CLIPTokenizer.from_pretrained(folder)


def scheduler() -> DDIMScheduler:
    """The noise of SD 1.5, with its offset by one and without a clean last step."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


@torch.no_grad()
def empty_prompt() -> torch.Tensor:
    """`(1, 77, 32)`: what the text encoder makes of the empty prompt."""
    ids = tokenizer()("", padding="max_length", truncation=True, return_tensors="pt").input_ids
    return text_encoder()(ids).last_hidden_state


def _vocabulary() -> dict[str, int]:
    letters = string.ascii_lowercase
    tokens = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    return {token: index for index, token in enumerate(tokens)}
