"""Between pictures and latents, with a full or a tiny autoencoder."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pliant.fill.diffusion.residence import at_work


class Codec:
    """An autoencoder of diffusers: `AutoencoderKL`, or the `AutoencoderTiny` of TAESD (madebyollin).

    It rests on the CPU where `low_mem` asks for it.
    """

    def __init__(self, model: Any, device: torch.device, *, low_mem: bool = False) -> None:
        self.model = model
        self._device = device
        self._low_mem = low_mem

    @property
    def _dtype(self) -> torch.dtype:
        return next(iter(self.model.parameters())).dtype

    @torch.inference_mode()
    def encode(
        self,
        rgb: NDArray[np.uint8],
        hole: NDArray[np.bool_] | None = None,
        *,
        random: torch.Generator | None = None,
    ) -> torch.Tensor:
        """`(1, 4, h/8, w/8)` float32, scaled for the UNet; `rgb` is `(h, w, 3)`.

        The hole is 0 in [-1, 1], mid grey: what the inpainting UNets were trained on. The mode of the posterior,
        or a sample of it with `random`; a tiny autoencoder has no posterior, and gives the same either way.
        """
        pixels = self._pixels(rgb)
        if hole is not None:
            pixels = pixels * torch.as_tensor(~hole).to(self._device)
        return self._scaled(self._encoded(pixels), random)

    def samples(self, rgb: NDArray[np.uint8], random: torch.Generator) -> Iterator[torch.Tensor]:
        """Any number of samples of the posterior of `rgb`, as `encode` gives them one by one; encoded once."""
        with torch.inference_mode():
            encoded = self._encoded(self._pixels(rgb))
        while True:
            with torch.inference_mode():
                latents = self._scaled(encoded, random)
            yield latents

    def _pixels(self, rgb: NDArray[np.uint8]) -> torch.Tensor:
        return torch.as_tensor(rgb).to(self._device).permute(2, 0, 1)[None].float() / 127.5 - 1

    def _encoded(self, pixels: torch.Tensor) -> Any:
        with at_work(self.model, self._device, self._low_mem):
            return self.model.encode(pixels.to(self._dtype))

    def _scaled(self, encoded: Any, random: torch.Generator | None) -> torch.Tensor:
        return _latents(encoded, random).float() * self.model.config.scaling_factor

    @torch.inference_mode()
    def decode(self, latents: torch.Tensor) -> NDArray[np.float32]:
        """`(h, w, 3)`, 0 to 255, from scaled latents `(1, 4, h/8, w/8)`."""
        unscaled = (latents / self.model.config.scaling_factor).to(self._dtype)
        with at_work(self.model, self._device, self._low_mem):
            pixels = self.model.decode(unscaled).sample
        scaled = (pixels[0].float() + 1) * 127.5
        return scaled.clamp(0, 255).permute(1, 2, 0).cpu().numpy()


def _latents(encoded: Any, random: torch.Generator | None) -> torch.Tensor:
    if hasattr(encoded, "latents"):
        return encoded.latents
    posterior = encoded.latent_dist
    return posterior.mode() if random is None else posterior.sample(random)
