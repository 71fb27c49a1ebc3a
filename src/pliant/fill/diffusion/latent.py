"""Paints with a nine-channel inpainting UNet through our own loop."""

from collections import OrderedDict
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pliant.events import CancelToken, OnEvent, Partial, Step
from pliant.fill.diffusion.codec import Codec
from pliant.fill.diffusion.frame import Frame, latent_mask
from pliant.fill.diffusion.residence import at_work
from pliant.fill.diffusion.sampler import Condition, denoise
from pliant.fill.diffusion.text import Prompts
from pliant.types import Bool, Picture

_REMEMBERED = 8  # a photo with several holes has several frames


@dataclass(frozen=True, eq=False, kw_only=True)
class Parts:
    """A loaded model. `scheduler` is of diffusers; `tiny` decodes the unfinished, None where there is none."""

    unet: Any
    codec: Codec
    tiny: Codec | None
    scheduler: Any
    prompts: Prompts
    device: torch.device
    low_mem: bool = False


class LatentPainter:
    """Paints in latents; the encoded frames of the last calls are kept, so that another seed is cheaper."""

    def __init__(self, parts: Parts, *, steps: int, guidance: float) -> None:
        self.parts = parts
        self._steps = steps
        self._guidance = guidance
        self._known: OrderedDict[bytes, torch.Tensor] = OrderedDict()

    def paint(
        self, picture: Picture, hole: Bool, *, prompt: str, seed: int, on_event: OnEvent, cancel: CancelToken
    ) -> Picture:
        """See `Painter.paint`."""
        frame = Frame.of(picture, hole)
        condition = self._condition(frame, prompt)
        scheduler = deepcopy(self.parts.scheduler)  # it counts its steps
        scheduler.set_timesteps(self._steps)
        total, latents = len(scheduler.timesteps), None
        cancel.check()
        with at_work(self.parts.unet, self.parts.device, self.parts.low_mem):
            for index, done in enumerate(denoise(self.parts.unet, scheduler, condition, seed), start=1):
                latents = done.latents
                on_event(Step(index=index, total=total))
                if self.parts.tiny is not None and index < total:
                    on_event(_unfinished(frame, self.parts.tiny, done.guess))
                cancel.check()
        assert latents is not None  # a scheduler has at least one step
        return frame.finished(self.parts.codec.decode(latents))

    def _condition(self, frame: Frame, prompt: str) -> Condition:
        guided = bool(prompt) and self._guidance > 1
        text = self.parts.prompts.embedding(prompt, guided=guided)
        return Condition(known=self._encoded(frame), text=text, guidance=self._guidance)

    def _encoded(self, frame: Frame) -> torch.Tensor:
        key = frame.key()
        if key not in self._known:
            mask = torch.as_tensor(latent_mask(frame.hole))[None, None].to(self.parts.device)
            self._known[key] = torch.cat([mask, self.parts.codec.encode(frame.rgb, frame.hole)], dim=1)
        self._known.move_to_end(key)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return self._known[key]


def _unfinished(frame: Frame, codec: Codec, guess: torch.Tensor) -> Partial:
    """Decoded only if someone looks at it."""
    return Partial(make=lambda: frame.finished(np.asarray(codec.decode(guess), np.float32)))
