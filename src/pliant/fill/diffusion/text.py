"""Prompts as a UNet reads them; the text encoder is in memory only while it reads a new one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

_REMEMBERED = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class Embedding:
    """`hidden` `(B, tokens, channels)`; `pooled` `(B, channels)`, for SDXL only; `image` `(B, tokens, channels)`,
    for a UNet that reads a picture beside the text.

    B is 1 without guidance; 2 with it, the empty prompt first.
    """

    hidden: torch.Tensor
    pooled: torch.Tensor | None = None
    image: torch.Tensor | None = None


class Prompts:
    """The embeddings of the last few prompts.

    `opened` gives a pipeline of diffusers that has its text encoders and tokenizers; it is called only for a
    prompt that is not remembered, and what it gives is let go at once. The empty prompt is always remembered.
    """

    def __init__(self, opened: Callable[[], Any], device: torch.device) -> None:
        self._opened = opened
        self._device = device
        self._known: dict[tuple[str, bool], Embedding] = {}

    def embedding(self, prompt: str, *, guided: bool) -> Embedding:
        """The embedding of `prompt`, and of the empty one where `guided`."""
        key = (prompt, guided)
        if key not in self._known:
            self._forget_one()
            self._known[key] = encoded(self._opened(), prompt, self._device, guided=guided)
        return self._known[key]

    def _forget_one(self) -> None:
        prompted = [key for key in self._known if key[0]]
        if len(prompted) >= _REMEMBERED:
            del self._known[prompted[0]]


@torch.inference_mode()
def encoded(pipeline: Any, prompt: str, device: torch.device, *, guided: bool) -> Embedding:
    """`prompt` through the text encoders of `pipeline`, which are moved to `device`."""
    for name in ("text_encoder", "text_encoder_2"):
        encoder = getattr(pipeline, name, None)
        if encoder is not None:
            encoder.to(device)
    found = pipeline.encode_prompt(
        prompt=prompt, device=device, num_images_per_prompt=1, do_classifier_free_guidance=guided
    )
    hidden, unconditional, pooled, unconditional_pooled = (*found, None, None)[:4]
    return Embedding(
        hidden=_pair(unconditional, hidden, guided), pooled=_pair(unconditional_pooled, pooled, guided)
    )


def _pair(unconditional: Any, conditional: Any, guided: bool) -> Any:
    return torch.cat([unconditional, conditional]) if guided and conditional is not None else conditional
