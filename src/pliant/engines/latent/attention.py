"""Keys and values of a UNet's self-attention, recorded and rewritten by an adapter that leaves no trace.

The adapter listens at the projections to keys and values and may give something else in their place. It works
with any attention kernel and with LoRA, gradients flow through it, and when it is taken out the model is bit for
bit as before.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch

Part = Literal["down", "mid", "up"]
Kind = Literal["key", "value"]

Rewrite = Callable[[int, Kind, torch.Tensor], torch.Tensor]
"""Told the layer's number, what it is and the keys or values `(B, tokens, channels)`; gives those to use."""


@dataclass(frozen=True, eq=False)
class Layer:
    """The self-attention of one transformer block. `number` counts them in the order of computation, from 0."""

    number: int
    part: Part
    attention: Any


def self_attentions(unet: Any) -> list[Layer]:
    """The self-attention layers of a UNet of diffusers, encoder first: 6 + 1 + 9 in Stable Diffusion 1.5."""
    parts: list[tuple[Part, Any]] = [("down", unet.down_blocks), ("mid", unet.mid_block), ("up", unet.up_blocks)]
    found: list[Layer] = []
    for part, blocks in parts:
        for name, module in blocks.named_modules() if blocks is not None else ():
            if name.endswith(".attn1"):
                found.append(Layer(len(found), part, module))
    return found


@contextmanager
def rewriting(layers: Iterable[Layer], rewrite: Rewrite) -> Generator[None]:
    """For the while, the keys and values of `layers` are what `rewrite` makes of them."""
    hooks: list[Any] = []
    try:
        for layer in layers:
            hooks.append(_hook(layer.attention.to_k, layer.number, "key", rewrite))
            hooks.append(_hook(layer.attention.to_v, layer.number, "value", rewrite))
        yield
    finally:
        for hook in hooks:
            hook.remove()


def shared(rows: Sequence[int]) -> Rewrite:
    """Image i of the batch attends to the keys and values of image `rows[i]`: MasaCtrl's mutual self-attention.

    `(0, 0)` for a batch (original, edit); `(0, 0, 2, 2)` with guidance, which has both without and with prompt.
    """
    chosen = list(rows)

    def rewrite(layer: int, kind: Kind, found: torch.Tensor) -> torch.Tensor:
        del layer, kind
        return found[chosen]

    return rewrite


def _hook(projection: Any, number: int, kind: Kind, rewrite: Rewrite) -> Any:
    def after(module: Any, inputs: Any, found: torch.Tensor) -> torch.Tensor:
        del module, inputs
        return rewrite(number, kind, found)

    return projection.register_forward_hook(after)
