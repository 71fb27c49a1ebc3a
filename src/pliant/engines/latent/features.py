"""What a UNet's decoder blocks compute, for methods that compare places of a picture."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from typing import Any

import torch

MID = -1
"""The number of the middle block; the decoder's blocks count from 0 upwards."""


class _Enough(BaseException):  # not an Exception: nobody on the way may take it for an error
    """The deepest wanted block is done."""


@contextmanager
def watched(unet: Any, blocks: Iterable[int]) -> Generator[dict[int, torch.Tensor]]:
    """For the while, the outputs of decoder `blocks` by number, each `(B, C, h, w)`, as the UNet computes them.

    An output is that after the block's upsampler. Stable Diffusion 1.5 at 512 x 512: middle 1280 at 8 x 8, block 0
    1280 at 16, 1 1280 at 32, 2 640 at 64, 3 320 at 64. DragDiffusion's feature is block 2.
    """
    found: dict[int, torch.Tensor] = {}
    with _hooked(unet, blocks, lambda number, output: found.__setitem__(number, output)):
        yield found


def features(unet: Any, blocks: Iterable[int], call: Callable[[], object]) -> dict[int, torch.Tensor]:
    """The outputs of decoder `blocks` while `call` runs the UNet, which stops as soon as the last of them is done.

    Gradients reach only as deep as that.
    """
    wanted, found = set(blocks), dict[int, torch.Tensor]()

    def keep(number: int, output: torch.Tensor) -> None:
        found[number] = output
        if found.keys() == wanted:
            raise _Enough

    with _hooked(unet, wanted, keep), suppress(_Enough):
        call()
    return found


@contextmanager
def _hooked(unet: Any, blocks: Iterable[int], keep: Callable[[int, torch.Tensor], None]) -> Generator[None]:
    def hook(number: int) -> Any:
        module = unet.mid_block if number == MID else unet.up_blocks[number]

        def after(module: Any, inputs: Any, output: torch.Tensor) -> None:
            del module, inputs
            keep(number, output)

        return module.register_forward_hook(after)

    hooks = [hook(number) for number in blocks]
    try:
        yield
    finally:
        for handle in hooks:
            handle.remove()
