"""Models for `engines_one.py`: Stable Diffusion 1.5 with random weights, in its own width and very narrow."""

from typing import Any

import torch
from diffusers import AutoencoderKL
from engines_calls import CHANNELS, SIDE, TEXT_WIDTH, TOKENS, unet_of

from pliant.engines.latent.denoiser import Denoiser
from pliant.engines.latent.model import LatentModel
from pliant.engines.latent.schedule import Schedule
from pliant.fill.diffusion.codec import Codec
from pliant.fill.diffusion.load import settled
from pliant.fill.diffusion.text import Embedding, Prompts

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


class FixedPrompts(Prompts):
    """An embedding for each prompt, as if it had been read before."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype

    def embedding(self, prompt: str, *, guided: bool) -> Embedding:
        rows = [torch.randn(TOKENS, TEXT_WIDTH, generator=torch.Generator().manual_seed(0))]
        rows += [rows[0] + (prompt != "")] if guided else []
        return Embedding(hidden=torch.stack(rows).to(self._device, self._dtype))


def real(device: torch.device, dtype: torch.dtype) -> LatentModel:
    """Stable Diffusion 1.5 with random weights: neither time nor memory depends on them."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return opened(unet_of(CHANNELS), autoencoder((128, 256, 512, 512), 2), device, dtype)
    finally:
        torch.set_default_dtype(before)


def narrow() -> LatentModel:
    """The same blocks as thin as they go, with attention to the mean alone: only what is called is of interest."""
    torch.manual_seed(0)
    unet = unet_of((8, 8, 8, 8), norm_num_groups=4, layers_per_block=1, attention_head_dim=1)
    unet.set_attn_processor(mean_attention)
    return opened(unet, autoencoder((8, 8, 8, 8), 1, norm_num_groups=4), torch.device("cpu"), torch.float32)


def mean_attention(attention: Any, hidden: torch.Tensor, **told: Any) -> torch.Tensor:
    text = told.get("encoder_hidden_states")
    context = hidden if text is None else text
    found = (attention.to_k(context) + attention.to_v(context)).mean(dim=1, keepdim=True)
    return attention.to_out[0](found + attention.to_q(hidden))


def autoencoder(channels: tuple[int, ...], layers: int, **others: Any) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=channels,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        layers_per_block=layers,
        sample_size=SIDE,
        **others,
    )


def opened(unet: Any, vae: Any, device: torch.device, dtype: torch.dtype) -> LatentModel:
    return LatentModel(
        denoiser=Denoiser(unet=settled(unet, device, low_mem=False), schedule=Schedule.of(BETAS)),
        codec=Codec(settled(vae, device, low_mem=False), device),
        tiny=None,
        prompts=FixedPrompts(device, dtype),
        size=SIDE,
        device=device,
    )
