"""The calls of a UNet, told apart by hooks and weighed: how many pictures, how deep, and how often back.

A call is weighed in *forwards*: how much arithmetic it is of one whole call of Stable Diffusion 1.5's UNet for one
picture at 512 x 512, without gradient.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch.utils.flop_counter import FlopCounterMode

SIDE = 512
TOKENS, TEXT_WIDTH = 77, 768
CHANNELS = (320, 640, 1280, 1280)
WHOLE = len(CHANNELS)
"""The depth of a call that goes to the end; less is the number of decoder blocks that were done."""


@dataclass
class Call:
    """One call for `pictures` at once, `depth` blocks into the decoder, with gradients drawn `back` so often."""

    pictures: int
    depth: int = 0
    backs: dict[int, int] = field(default_factory=dict)  # by the depth at which the gradient came in

    @property
    def back(self) -> int:
        return max(self.backs.values(), default=0)

    @property
    def forwards(self) -> float:
        there, back = weights()[self.depth]
        return self.pictures * (there + self.back * back)


class Calls:
    """Every call of `unet` from now on."""

    def __init__(self, unet: Any) -> None:
        self.made: list[Call] = []
        unet.register_forward_pre_hook(self._begin)
        for depth, block in enumerate(unet.up_blocks[:-1], start=1):
            block.register_forward_hook(self._reaching(depth))
        unet.register_forward_hook(self._reaching(WHOLE))

    def _begin(self, _: Any, inputs: tuple[Any, ...]) -> None:
        self.made.append(Call(len(inputs[0])))

    def _reaching(self, depth: int) -> Callable[..., None]:
        def reached(_: Any, __: Any, output: Any) -> None:
            call = self.made[-1]
            call.depth = depth
            found = output if isinstance(output, torch.Tensor) else output[0]
            if found.requires_grad:
                found.register_hook(lambda _: call.backs.__setitem__(depth, call.backs.get(depth, 0) + 1))

        return reached


class _EnoughError(Exception):
    pass


@cache
def weights() -> dict[int, tuple[float, float]]:
    """By depth: what a call of the UNet of the real size is there and back, in forwards; counted, not timed.

    The way back is that of a gradient with respect to the latents; no weight is trained.
    """
    with torch.device("meta"), torch.enable_grad():
        unet = unet_of(CHANNELS).requires_grad_(False)
        counted = {depth: _counted(unet, depth) for depth in range(1, WHOLE + 1)}
    one = counted[WHOLE][0]
    return {depth: (there / one, back / one) for depth, (there, back) in counted.items()}


def _counted(unet: Any, depth: int) -> tuple[int, int]:
    latents = torch.randn(1, 4, SIDE // 8, SIDE // 8, requires_grad=True)
    hidden, found = torch.randn(1, TOKENS, TEXT_WIDTH), list[torch.Tensor]()

    def stop(_: Any, __: Any, output: torch.Tensor) -> None:
        found.append(output)
        raise _EnoughError

    hook = unet.up_blocks[depth - 1].register_forward_hook(stop) if depth < WHOLE else None
    with FlopCounterMode(display=False) as counter:
        with suppress(_EnoughError):
            found.append(unet(latents, torch.full((), 1), encoder_hidden_states=hidden, return_dict=False)[0])
        there = counter.get_total_flops()
        found[0].sum().backward()
    if hook:
        hook.remove()
    return there, counter.get_total_flops() - there


def unet_of(channels: tuple[int, ...], **others: Any) -> UNet2DConditionModel:
    """A UNet built as that of Stable Diffusion 1.5, with random weights."""
    given = {"cross_attention_dim": TEXT_WIDTH, "attention_head_dim": 8, **others}
    return UNet2DConditionModel(sample_size=SIDE // 8, block_out_channels=channels, **given)
