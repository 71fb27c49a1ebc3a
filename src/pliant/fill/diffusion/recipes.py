"""Diffusion fillers by name: which weights, how many steps, how strong the guidance. Imports no torch."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pliant.fill.base import FillerInfo
from pliant.models.device import ANYWHERE, Runtime

if TYPE_CHECKING:
    from pliant.fill.base import Filler

_INPAINT4DRAG = "Inpaint4Drag, ICCV 2025, arXiv:2509.04582; LCM-LoRA, arXiv:2311.05556"
_LATENT_DIFFUSION = "Rombach et al., CVPR 2022, arXiv:2112.10752"
_SDXL = "Podell et al., SDXL, arXiv:2307.01952"
_RAIL_M = "CreativeML Open RAIL-M"
_RAIL_PLUS = "CreativeML Open RAIL++-M"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a diffusion filler is made of; calling it makes the filler, whose first `fill` loads the weights.

    `model`, `vae`, `preview` and `lora` are what `pliant.models.fetch.locate` takes: an alias of the catalogue,
    a hub id, a folder or a file. `vae` is a tiny autoencoder (TAESD) that replaces the model's own; `preview`
    is one used, where it is already there, for pictures of the unfinished result. A `lora` is fused into the
    UNet and makes it a latent consistency model. `guidance` holds only where there is a prompt.
    """

    info: FillerInfo
    model: str
    vae: str | None = None
    preview: str | None = None
    lora: str | None = None
    steps: int = 25
    guidance: float = 7.5

    def __call__(self, runtime: Runtime = ANYWHERE) -> "Filler":
        """The filler; nothing is loaded yet."""
        from pliant.fill.diffusion.filler import DiffusionFiller

        return DiffusionFiller(self, runtime)


def _info(name: str, summary: str, licence: str, paper: str, working_size: int, *weights: str) -> FillerInfo:
    return FillerInfo(
        name=name,
        summary=summary,
        licence=licence,
        paper=paper,
        working_size=working_size,
        understands_prompt=True,
        extra="diffusion",
        weights=weights,
    )


SD15_LCM = Recipe(
    info=_info(
        "sd15-lcm",
        "Stable Diffusion 1.5 inpainting in 8 steps, as in the paper; reads a prompt.",
        f"{_RAIL_M} (weights; TAESD: MIT, LCM-LoRA: Open RAIL++-M)",
        _INPAINT4DRAG,
        512,
        "sd15-inpaint",
        "lcm-lora-sd15",
        "taesd",
    ),
    model="sd15-inpaint",
    vae="taesd",
    lora="lcm-lora-sd15",
    steps=8,
    guidance=1.5,
)
SD15 = Recipe(
    info=_info(
        "sd15",
        "Stable Diffusion 1.5 inpainting in 25 steps; reads a prompt.",
        f"{_RAIL_M} (weights)",
        _LATENT_DIFFUSION,
        512,
        "sd15-inpaint",
    ),
    model="sd15-inpaint",
    preview="taesd",
)
SDXL_LCM = Recipe(
    info=_info(
        "sdxl-lcm",
        "Stable Diffusion XL inpainting in 8 steps; reads a prompt.",
        f"{_RAIL_PLUS} (weights; TAESDXL: MIT)",
        f"{_SDXL}; LCM-LoRA, arXiv:2311.05556",
        1024,
        "sdxl-inpaint",
        "lcm-lora-sdxl",
        "taesdxl",
    ),
    model="sdxl-inpaint",
    vae="taesdxl",
    lora="lcm-lora-sdxl",
    steps=8,
    guidance=1.5,
)
SDXL = Recipe(
    info=_info(
        "sdxl",
        "Stable Diffusion XL inpainting in 25 steps; large and slow; reads a prompt.",
        f"{_RAIL_PLUS} (weights)",
        _SDXL,
        1024,
        "sdxl-inpaint",
    ),
    model="sdxl-inpaint",
    preview="taesdxl",
)


def from_reference(reference: str, runtime: Runtime = ANYWHERE) -> "Filler":
    """The filler around any diffusers inpainting model.

    `reference` is a folder in the hub's layout, a `.safetensors` file or a hub id such as `org/name`.
    """
    info = FillerInfo(
        name=reference,
        summary="A diffusers inpainting model.",
        licence="see the model's own page",
        working_size=_working_size(reference),
        understands_prompt=True,
        extra="diffusion",
    )
    return Recipe(info=info, model=reference)(runtime)


def _working_size(reference: str) -> int:
    """512 for the family of Stable Diffusion 1 and 2, else 1024; a folder's UNet says it exactly."""
    config = Path(reference).expanduser() / "unet" / "config.json"
    if config.is_file():
        sample_size = json.loads(config.read_text(encoding="utf-8")).get("sample_size")
        return 8 * sample_size if isinstance(sample_size, int) else 512
    larger = ("xl", "flux", "sd3", "stable-diffusion-3", "qwen", "kandinsky")
    return 1024 if any(mark in reference.lower() for mark in larger) else 512
