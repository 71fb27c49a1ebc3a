"""What each engine needs in order to run in a test: options that put small models in place of the real ones."""

from functools import cache
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


_OPTIONS = {
    "regiondrag": lambda: {"model": model()},
    "fastdrag": lambda: {"model": model(), "unet": "own"},
    "sdedrag": lambda: {"model": model(), "steps": 5, "lora": 2},
}
