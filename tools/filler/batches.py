"""Batches of windows as the network sees them, cropped, turned and coloured at random, on any device."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from tools.filler.windows import SIDE, UNSEEN
from torch import Tensor

from pliant.fill.proposals import DEEPEST, WORST

_TURNED = 0.5  # how often a window is mirrored, each way, and laid on its side
_SWAPPED = 0.3  # how often its colour channels change places
_GAIN, _LIFT = (0.7, 1.15), (-20, 20)


class Batch(NamedTuple):
    """`shown` `(N, 12, H, W)`; `truth` `(N, 3, H, W)` in -1 to 1; `hole` `(N, 1, H, W)`, 1 where the hole is;
    `worth` the same, and less where the filler paints behind a part.
    """

    shown: Tensor
    truth: Tensor
    hole: Tensor
    worth: Tensor


def batch(windows: Tensor) -> Batch:
    """The batch of windows `(N, H, W, 15)` (see `tools.filler.windows`), in levels of 0 to 255."""
    planes = windows.permute(0, 3, 1, 2).float()
    colours, (misfit, depth, worth) = planes[:, :12] / 127.5, planes[:, 12:].split(1, dim=1)
    truth, sharp, soft, smooth = colours.split(3, dim=1)
    maps = (depth > 0).float(), (depth / DEEPEST).clamp(max=1), (misfit / WORST).clamp(max=1)
    shown = torch.cat([sharp - 1, soft - sharp, smooth - sharp, *maps], dim=1)
    parts = shown, truth - 1, (worth > UNSEEN).float(), worth / 255
    return Batch(*(part.contiguous(memory_format=torch.channels_last) for part in parts))


class Windows:
    """All windows of a folder; `take_in` may be called again while more are being made.

    A GPU holds them all; for the CPU they stay on disk until they are needed.
    """

    def __init__(self, folder: Path, device: torch.device) -> None:
        self._folder, self._device = folder, device
        self._files: dict[Path, Tensor] = {}

    def __len__(self) -> int:
        return sum(len(file) for file in self._files.values())

    def take_in(self) -> None:
        """Look for new files."""
        for path in sorted(self._folder.rglob("*.npy")):
            if path not in self._files:
                # Copied where it is written to, for torch does not take what must not be.
                self._files[path] = torch.from_numpy(np.load(path, mmap_mode="c")).to(self._device)

    def first(self, count: int, at_once: int) -> Iterator[Batch]:
        """The first `count` windows, unchanged, `at_once` in a batch."""
        found = torch.cat(list(self._files.values()))[:count]
        return map(batch, found.split(at_once))

    def random(self, count: int, side: int) -> Batch:
        """`count` crops with a piece of the hole, at random."""
        files = list(self._files.values())
        picks = [files[int(at)] for at in torch.randint(len(files), (count,))]
        windows = torch.stack([file[int(torch.randint(len(file), ()))] for file in picks])
        return batch(coloured(turned(cropped(windows, side))))


def cropped(windows: Tensor, side: int) -> Tensor:
    """A square of each window, with a pixel of the hole in its middle half wherever the window is wide enough."""
    if side == SIDE:
        return windows
    there = (windows[..., 14] > UNSEEN).flatten(1)
    pick = (there * torch.rand(there.shape, device=windows.device)).argmax(1)
    before = torch.randint(side // 4, side - side // 4, (2, len(windows)), device=windows.device)
    starts = (torch.stack([pick // SIDE, pick % SIDE]) - before).clamp(0, SIDE - side)
    steps = torch.arange(side, device=windows.device)
    rows, columns = starts[..., None] + steps
    each = torch.arange(len(windows), device=windows.device)
    return windows[each[:, None, None], rows[:, :, None], columns[:, None, :]]


def turned(windows: Tensor) -> Tensor:
    """Mirrored and laid on their sides, each window for itself."""
    for change in (lambda x: x.flip(1), lambda x: x.flip(2), lambda x: x.transpose(1, 2)):
        windows = torch.where(_chosen(windows, _TURNED), change(windows), windows)
    return windows


def coloured(windows: Tensor) -> Tensor:
    """Channels swapped, contrast and light changed."""
    order = torch.randperm(3, device=windows.device)
    colours, maps = windows[..., :12], windows[..., 12:].float()
    swapped = colours.unflatten(-1, (4, 3))[..., order].flatten(-2)
    colours = torch.where(_chosen(windows, _SWAPPED), swapped, colours)
    gain, lift = (torch.empty(len(windows), 1, 1, 1, device=windows.device).uniform_(*r) for r in (_GAIN, _LIFT))
    return torch.cat([(colours * gain + lift).clamp(0, 255).floor(), maps], dim=-1)


def _chosen(windows: Tensor, share: float) -> Tensor:
    return torch.rand(len(windows), 1, 1, 1, device=windows.device) < share
