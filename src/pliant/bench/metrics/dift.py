"""DIFT (Tang et al. 2023): a diffusion model's features of a picture with some noise in it."""

from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pliant.bench.metrics.base import Rgb8
from pliant.bench.metrics.features import Features
from pliant.engines.latent.features import features
from pliant.engines.latent.model import LatentModel, open_model
from pliant.errors import PliantError
from pliant.fill.diffusion.residence import at_work
from pliant.models.device import ANYWHERE, Runtime


@dataclass(frozen=True, kw_only=True)
class DiftSettings:
    """How features are made; `ensemble`, `level` and `block` are those of all published evaluators.

    `side`: the picture is squeezed to that width and height by nearest pixels, whatever its shape (None: it keeps
    its size). `sampled`: each of the `ensemble` takes its own sample of the autoencoder's posterior, else all take
    its mode. `level` is the training step whose noise is added, `block` the decoder block that is read.
    """

    side: int | None = None
    sampled: bool = False
    ensemble: int = 8
    level: int = 261
    block: int = 1


class Dift:
    """The mean over several noises of one decoder block's output: for SD 2.1, 1280 channels at 1/16."""

    def __init__(self, name: str, model: LatentModel, settings: DiftSettings) -> None:
        blocks = len(model.unet.up_blocks)
        if not 0 <= settings.block < blocks:
            raise PliantError(
                f"The decoder of {name!r} has the blocks 0 to {blocks - 1}; there is no {settings.block}.",
                code="unsupported_model",
            )
        self.name = f"DIFT {Path(name).name}"
        self._model = model
        self.settings = settings

    @classmethod
    def load(
        cls, reference: str = "sd21", settings: DiftSettings | None = None, runtime: Runtime = ANYWHERE
    ) -> "Dift":
        """DIFT on the model `reference`, what `pliant.models.fetch.locate` takes: Stable Diffusion 1.x, 2.x or XL.

        Raises:
            PliantError: it is of another family, an inpainting model, or damaged.
            MissingRequirementError: it is not here and cannot be had.
        """
        return cls(reference, open_model(reference, runtime), settings or DiftSettings())

    @torch.inference_mode()
    def features(self, rgb: Rgb8, *, prompt: str = "", seed: int = 0) -> Features:
        """See `Extractor.features`. The noise is drawn on the CPU: one seed, the same noise on every device."""
        model, settings = self._model, self.settings
        random = torch.Generator().manual_seed(seed)
        pixels = rgb if settings.side is None else _squeezed(rgb, settings.side)
        with model.turn:
            clean = self._encoded(pixels, random)
            noise = torch.randn(clean.shape, generator=random).to(clean.device)
            left = model.schedule.alpha(settings.level)
            noisy = sqrt(left) * clean + sqrt(1 - left) * noise
            text = model.prompts.embedding(prompt, guided=False)
            with at_work(model.unet, model.device, model.low_mem):
                found = features(
                    model.unet, [settings.block], lambda: model.denoiser.noise(noisy, settings.level, text)
                )
        mean = found[settings.block].float().mean(dim=0)
        return mean.permute(1, 2, 0).contiguous().cpu().numpy()

    def _encoded(self, pixels: Rgb8, random: torch.Generator) -> Any:
        """`(ensemble, 4, h/8, w/8)`."""
        count = self.settings.ensemble
        if not self.settings.sampled:
            return self._model.codec.encode(pixels).expand(count, -1, -1, -1)
        return torch.cat([self._model.codec.encode(pixels, random=random) for _ in range(count)])


def _squeezed(rgb: Rgb8, side: int) -> Rgb8:
    """`rgb` at `side` x `side`, pixel i from `floor(i H / side)`: torch's nearest."""
    height, width = rgb.shape[:2]
    rows, columns = np.arange(side) * height // side, np.arange(side) * width // side
    return rgb[rows[:, None], columns]
