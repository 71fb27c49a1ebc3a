"""What each engine needs in order to run in a test: options that put small models in place of the real ones."""

from dataclasses import replace
from functools import cache
from threading import Lock
from typing import Any

import tiny_diffusion

from pliant.engines.latent.model import LatentModel, open_model
from pliant.models.device import Runtime


def options(name: str) -> dict[str, Any]:
    """The options for the engine called `name`; an engine that needs no weights needs none."""
    return _OPTIONS.get(name, dict[str, Any])()


@cache
def model() -> LatentModel:
    """A tiny Stable Diffusion 1.5, loaded once for all tests."""
    return open_model(str(tiny_diffusion.sd15(4)), Runtime(device="cpu", dtype="float32", offline=True))


@cache
def shaped() -> LatentModel:
    """The same with the blocks of the real UNet, for methods that name them."""
    unet = tiny_diffusion.sd15_shaped().requires_grad_(False)
    return replace(model(), denoiser=replace(model().denoiser, unet=unet), turn=Lock())


_OPTIONS = {
    "regiondrag": lambda: {"model": model()},
    "fastdrag": lambda: {"model": model(), "unet": "own"},
    "dragdiffusion": lambda: {"model": model(), "steps": 5, "pixel_steps": 3, "lora": 2},
    "sdedrag": lambda: {"model": model(), "steps": 5, "lora": 2},
    "diffeditor": lambda: {"model": shaped(), "steps": 4},
}
