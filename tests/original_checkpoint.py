"""Stable Diffusion 1.5 in one `.safetensors` file with the keys of its original release, from the hub's layout."""

import re
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file
from tiny_diffusion import unet_of
from transformers import CLIPTextModel

Weights = dict[str, torch.Tensor]

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_MIDDLE = {"resnets.0": "0", "attentions.0": "1", "resnets.1": "2"}
_VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def save_as_one_file(model: Path, path: Path) -> None:
    """Everything that `model`, with one layer a block, holds."""
    unet: Any = unet_of(model)
    vae: Any = AutoencoderKL.from_pretrained(model, subfolder="vae")
    text: Any = CLIPTextModel.from_pretrained(model, subfolder="text_encoder")
    weights: Weights = {}
    for name, weight in unet.state_dict().items():
        weights[f"model.diffusion_model.{_of_unet(name)}"] = weight
    for name, weight in vae.state_dict().items():
        old = _of_vae(name, len(vae.config.block_out_channels))
        conv = ".attn_1." in old and weight.ndim == 2
        weights[f"first_stage_model.{old}"] = weight[:, :, None, None] if conv else weight
    for name, weight in text.state_dict().items():
        weights[f"cond_stage_model.transformer.text_model.{name.removeprefix('text_model.')}"] = weight
    save_file({name: weight.contiguous() for name, weight in weights.items()}, path)


def _of_unet(name: str) -> str:
    for new, old in _UNET.items():
        if name.startswith(f"{new}."):
            return old + name.removeprefix(new)
    found = re.fullmatch(r"(down|up|mid)_block(?:s\.(\d+))?\.(\w+)\.(\d+)\.(.+)", name)
    assert found, name
    side, block, kind, layer, tail = found[1], int(found[2] or 0), found[3], int(found[4]), found[5]
    if kind == "resnets":
        part, _, rest = tail.partition(".")
        tail = f"{_RESNET[part]}.{rest}"
    if side == "mid":
        return f"middle_block.{_MIDDLE[f'{kind}.{layer}']}.{tail}"
    place = "1" if kind == "attentions" else "0"
    if side == "down":
        if kind == "downsamplers":
            return f"input_blocks.{2 * (block + 1)}.0.op.{tail.removeprefix('conv.')}"
        return f"input_blocks.{2 * block + 1 + layer}.{place}.{tail}"
    if kind == "upsamplers":
        return f"output_blocks.{2 * block + 1}.1.{tail}"
    return f"output_blocks.{2 * block + layer}.{place}.{tail}"


def _of_vae(name: str, blocks: int) -> str:
    name = re.sub(r"up_blocks\.(\d+)", lambda found: f"up.{blocks - 1 - int(found[1])}", name)
    name = name.replace("down_blocks.", "down.").replace("conv_norm_out", "norm_out")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
    name = re.sub(r"\.resnets\.", ".block.", name).replace("conv_shortcut", "nin_shortcut")
    name = re.sub(r"\.(up|down)samplers\.0", r".\1sample", name)
    if "mid_block.attentions.0." in name:
        head, _, tail = name.partition("mid_block.attentions.0.")
        part, _, kind = tail.rpartition(".")
        return f"{head}mid.attn_1.{_VAE_ATTENTION[part]}.{kind}"
    return name
