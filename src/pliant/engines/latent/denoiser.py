"""What a UNet says about noise, whichever of its kin it is."""

from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal

import torch

from pliant.engines.latent.schedule import Schedule
from pliant.fill.diffusion.text import Embedding

Prediction = Literal["epsilon", "v_prediction"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Denoiser:
    """A UNet with what its training says about its answers. SDXL's is told the picture's size besides."""

    unet: Any
    schedule: Schedule
    prediction: Prediction = "epsilon"

    def noise(
        self, latents: torch.Tensor, level: int, text: Embedding, *, guidance: float = 1.0, **arguments: Any
    ) -> torch.Tensor:
        """The noise in `latents` `(B, 4, h, w)`, in their shape and number type.

        `guidance` other than 1 wants the embedding of a prompt with the empty one before it, and runs both.
        `arguments` go to the UNet as they are. Gradients flow where the caller has not turned them off.
        """
        if guidance == 1:
            return self._noise(latents, level, _rows(text, slice(-1, None)), arguments)
        without, told = self._noise(torch.cat([latents, latents]), level, text, arguments).chunk(2)
        return without + guidance * (told - without)

    def _noise(
        self, latents: torch.Tensor, level: int, text: Embedding, arguments: dict[str, Any]
    ) -> torch.Tensor:
        repeats = latents.shape[0] // text.hidden.shape[0]
        dtype = self.unet.dtype
        answer = self.unet(
            latents.to(dtype),
            torch.full((), level, device=latents.device),
            encoder_hidden_states=_told(text, repeats, dtype),
            added_cond_kwargs=_added(latents, text, repeats, dtype),
            return_dict=False,
            **arguments,
        )[0].to(latents.dtype)
        if self.prediction == "epsilon":
            return answer
        a = self.schedule.alpha(level)
        return sqrt(a) * answer + sqrt(1 - a) * latents


def _rows(text: Embedding, which: slice) -> Embedding:
    pooled, image = (None if part is None else part[which] for part in (text.pooled, text.image))
    return Embedding(hidden=text.hidden[which], pooled=pooled, image=image)


def _told(text: Embedding, repeats: int, dtype: torch.dtype) -> Any:
    """What the cross-attention reads: the text, and beside it the picture, as diffusers' IP-Adapters want it."""
    hidden = text.hidden.repeat_interleave(repeats, dim=0).to(dtype)
    return hidden if text.image is None else (hidden, [text.image.repeat_interleave(repeats, dim=0).to(dtype)])


def _added(
    latents: torch.Tensor, text: Embedding, repeats: int, dtype: torch.dtype
) -> dict[str, torch.Tensor] | None:
    """What SDXL wants besides: the pooled text, and that the picture is whole and of this size."""
    if text.pooled is None:
        return None
    height, width = (8 * side for side in latents.shape[2:])
    times = torch.tensor([[height, width, 0, 0, height, width]] * latents.shape[0], device=latents.device)
    return {"text_embeds": text.pooled.repeat_interleave(repeats, dim=0).to(dtype), "time_ids": times.to(dtype)}
