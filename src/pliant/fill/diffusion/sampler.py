"""The denoising loop of inpainting UNets with nine input channels: latents, mask, masked picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from pliant.fill.diffusion.text import Embedding


@dataclass(frozen=True, eq=False, kw_only=True)
class Condition:
    """What the UNet is told: `known` `(1, 5, h, w)` is the mask and the masked picture's latents."""

    known: torch.Tensor
    text: Embedding
    guidance: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Denoised:
    """One step done. `latents` `(1, 4, h, w)` float32; `guess` is what the finished latents look like so far."""

    latents: torch.Tensor
    guess: torch.Tensor


def denoise(unet: Any, scheduler: Any, condition: Condition, seed: int) -> Iterator[Denoised]:
    """From noise to a picture, one step at a time; `scheduler` is fresh, with its timesteps set.

    Noise is drawn on the CPU, so that a seed gives the same noise on every device, and latents stay float32.
    """
    random = torch.Generator("cpu").manual_seed(seed)
    _, _, height, width = condition.known.shape
    device = condition.known.device
    latents = torch.randn((1, 4, height, width), generator=random).to(device) * scheduler.init_noise_sigma
    on_device = scheduler.timesteps.to(device)
    for index, time in enumerate(scheduler.timesteps):
        noisy = scheduler.scale_model_input(latents, time)
        noise = predicted(unet, noisy, on_device[index], condition)
        with torch.inference_mode():
            latents, *rest = scheduler.step(noise, time, latents, generator=random, return_dict=False)
        yield Denoised(latents=latents, guess=_guess(scheduler, latents, rest))


@torch.inference_mode()
def predicted(unet: Any, noisy: torch.Tensor, time: torch.Tensor, condition: Condition) -> torch.Tensor:
    """The UNet's answer `(1, 4, h, w)` float32; two at once, and apart by `guidance`, where there is a prompt."""
    batch = condition.text.hidden.shape[0]
    seen = torch.cat([noisy, condition.known], dim=1).expand(batch, -1, -1, -1).to(unet.dtype)
    added = _added(condition, batch, unet.dtype)
    hidden = condition.text.hidden.to(unet.dtype)
    answer = unet(seen, time, encoder_hidden_states=hidden, added_cond_kwargs=added, return_dict=False)[0].float()
    if batch == 1:
        return answer
    without, with_prompt = answer.chunk(2)
    return without + condition.guidance * (with_prompt - without)


def _added(condition: Condition, batch: int, dtype: torch.dtype) -> dict[str, torch.Tensor] | None:
    """What SDXL wants besides: the pooled text, and that the picture is whole and of this size."""
    if condition.text.pooled is None:
        return None
    height, width = (8 * side for side in condition.known.shape[2:])
    times = torch.tensor([[height, width, 0, 0, height, width]] * batch, device=condition.known.device)
    return {"text_embeds": condition.text.pooled.to(dtype), "time_ids": times.to(dtype)}


def _guess(scheduler: Any, latents: torch.Tensor, rest: list[torch.Tensor]) -> torch.Tensor:
    """The clean latents as seen from this step: LCM returns them, DPM-Solver++ keeps them."""
    if rest:
        return rest[0]
    kept = getattr(scheduler, "model_outputs", None)
    return kept[-1] if kept else latents
