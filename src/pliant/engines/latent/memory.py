"""Keys and values of an inversion, kept step by step for the edit."""

from collections.abc import Callable

import torch
from torch.nn import functional

from pliant.engines.latent.attention import Kind, Rewrite

_RESERVE = 2 * 1024**3  # bytes of the device that are left to the network

Room = Callable[[], bool]
"""Whether the device has room for another step's keys and values."""


class KeyValues:
    """What self-attention layers held at each step of an inversion.

    Stable Diffusion 1.5 at 512 x 512 in half precision: 46 MB a step. A step's rest on the device if that has
    `room` when the step begins, else on the CPU.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._kept: dict[tuple[int, int, Kind], torch.Tensor] = {}

    def __len__(self) -> int:
        """The number of tensors kept."""
        return len(self._kept)

    @property
    def nbytes(self) -> int:
        """Bytes of all that is kept."""
        return sum(tensor.nbytes for tensor in self._kept.values())

    def record(self, step: int) -> Rewrite:
        """Keeps what the layers compute in `step`, and changes nothing."""
        stays = self._room()

        def rewrite(layer: int, kind: Kind, found: torch.Tensor) -> torch.Tensor:
            kept = found.detach()
            self._kept[step, layer, kind] = kept.clone() if stays else _offloaded(kept)
            return found

        return rewrite

    def replace(self, step: int, where: torch.Tensor | None = None) -> Rewrite:
        """What was kept of `step` in place of what is computed.

        `where` `(B, h, w)` bool, of the latents' size, limits that to some cells, for each image of the batch on
        its own; a coarser layer's token is replaced if any of its cells is.
        """

        def rewrite(layer: int, kind: Kind, found: torch.Tensor) -> torch.Tensor:
            kept = self._of(step, layer, kind, found).expand_as(found)
            if where is None:
                return kept
            return torch.where(tokens_of(where, found.shape[1])[..., None], kept, found)

        return rewrite

    def append(self, step: int) -> Rewrite:
        """What was kept of `step` after what is computed: queries may attend to both."""

        def rewrite(layer: int, kind: Kind, found: torch.Tensor) -> torch.Tensor:
            kept = self._of(step, layer, kind, found)
            return torch.cat([found, kept.expand(found.shape[0], -1, -1)], dim=1)

        return rewrite

    def _of(self, step: int, layer: int, kind: Kind, like: torch.Tensor) -> torch.Tensor:
        return self._kept[step, layer, kind].to(like.device, non_blocking=True)


def tokens_of(where: torch.Tensor, tokens: int) -> torch.Tensor:
    """`(B, tokens)` bool from `where` `(B, h, w)`, on the grid of a layer that may be two or more times coarser.

    Raises:
        ValueError: halving the grid of `where`, rounded up, never gives so many tokens.
    """
    height, width = where.shape[1:]
    while height * width > tokens:
        height, width = -(-height // 2), -(-width // 2)
    if height * width != tokens:
        raise ValueError(f"no grid of {tokens} tokens comes from {tuple(where.shape[1:])} cells")
    pooled = functional.adaptive_max_pool2d(where[:, None].float(), (height, width))
    return pooled.flatten(1) > 0


def room_on(device: torch.device, *, low_mem: bool) -> Room:
    """Whether keys and values may rest on `device`: not with `low_mem`, else while 2 GiB of it are free."""

    def room() -> bool:
        if device.type == "cpu":
            return True
        if low_mem or device.type != "cuda":
            return not low_mem
        free = torch.cuda.mem_get_info(device)[0]
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return free + unused > _RESERVE

    return room


def _offloaded(found: torch.Tensor) -> torch.Tensor:
    kept = torch.empty(found.shape, dtype=found.dtype, pin_memory=found.is_cuda)
    kept.copy_(found, non_blocking=found.is_cuda)
    return kept
