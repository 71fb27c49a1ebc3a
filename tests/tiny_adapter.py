"""IP-Adapters of both kinds with their image encoder: tiny and random, in the published layout and keys."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import tiny_diffusion
import torch
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

SEEN, EMBEDDED = 24, 20  # channels of the encoder's layers, and of its embedding of a whole picture
TOKENS = {"plus": 6, "plain": 4}
_HEAD, _INNER, _DEPTH = 64, 16, 4  # of the resampler; heads and depth are those of all published ones


@cache
def adapter(kind: str = "plus", form: str = "safetensors", of: str = "sd15", width: int | None = None) -> Path:
    """A folder with an adapter of `kind` for the UNet `of` a model of `tiny_diffusion`, or for text of `width`."""
    folder = tiny_diffusion.root() / f"adapter-{kind}-{form}-{of}-{width}"
    encoder().save_pretrained(folder / "image_encoder")
    unet = _UNETS[of]()
    width = width or unet.config.cross_attention_dim
    random = torch.Generator().manual_seed(50)
    state = {"image_proj": _PROJECTIONS[kind](width, random), "ip_adapter": _readers(unet, width, random)}
    if form == "bin":
        torch.save(state, folder / "adapter.bin")
    else:
        flat = {f"{part}.{name}": value for part, values in state.items() for name, value in values.items()}
        save_file(flat, folder / "adapter.safetensors")
    return folder


@cache
def encoder(channels: int = SEEN, embedded: int = EMBEDDED) -> Any:
    """A CLIP image encoder: 5 tokens for a picture of 28 pixels."""
    torch.manual_seed(60)
    sizes = {"hidden_size": channels, "intermediate_size": 32, "projection_dim": embedded, "image_size": 28}
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(**sizes, patch_size=14, num_hidden_layers=3, num_attention_heads=2)
    ).eval()


def _readers(unet: Any, width: int, random: torch.Generator) -> dict[str, torch.Tensor]:
    """Keys and values of every cross-attention: the odd ones of all attention layers, as they are published."""
    crosses = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    found: dict[str, torch.Tensor] = {}
    for index, name in enumerate(crosses):
        channels = unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape[0]
        for part in ("to_k_ip", "to_v_ip"):
            found[f"{2 * index + 1}.{part}.weight"] = torch.randn(channels, width, generator=random)
    return found


def _plain(width: int, random: torch.Generator) -> dict[str, torch.Tensor]:
    return {
        **_linear("proj", EMBEDDED, TOKENS["plain"] * width, random),
        **_norm("norm", width),
    }


def _plus(width: int, random: torch.Generator) -> dict[str, torch.Tensor]:
    found = {
        "latents": torch.randn(1, TOKENS["plus"], _INNER, generator=random),
        **_linear("proj_in", SEEN, _INNER, random),
        **_linear("proj_out", _INNER, width, random),
        **_norm("norm_out", width),
    }
    for layer in range(_DEPTH):
        attention, forward = f"layers.{layer}.0", f"layers.{layer}.1"
        found |= (
            _norm(f"{attention}.norm1", _INNER)
            | _norm(f"{attention}.norm2", _INNER)
            | _norm(f"{forward}.0", _INNER)
        )
        sizes = {"to_q": (_INNER, _HEAD), "to_kv": (_INNER, 2 * _HEAD), "to_out": (_HEAD, _INNER)}
        for name, (given, made) in sizes.items():
            found[f"{attention}.{name}.weight"] = torch.randn(made, given, generator=random) / given**0.5
        for name, given, made in (("1", _INNER, 4 * _INNER), ("3", 4 * _INNER, _INNER)):
            found[f"{forward}.{name}.weight"] = torch.randn(made, given, generator=random) / given**0.5
    return found


def _linear(name: str, given: int, made: int, random: torch.Generator) -> dict[str, torch.Tensor]:
    return {
        f"{name}.weight": torch.randn(made, given, generator=random) / given**0.5,
        f"{name}.bias": torch.randn(made, generator=random),
    }


def _norm(name: str, channels: int) -> dict[str, torch.Tensor]:
    return {f"{name}.weight": torch.ones(channels), f"{name}.bias": torch.zeros(channels)}


_UNETS: dict[str, Callable[[], Any]] = {
    "sd15": lambda: tiny_diffusion.unet_of(tiny_diffusion.sd15(4)),
    "sd15_shaped": tiny_diffusion.sd15_shaped,
    "sdxl": lambda: tiny_diffusion.unet_of(tiny_diffusion.sdxl(4)),
}
_PROJECTIONS = {"plain": _plain, "plus": _plus}
