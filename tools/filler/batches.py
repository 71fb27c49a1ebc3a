"""Batches of windows as the network sees them, cropped, turned and coloured at random."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from tools.filler.windows import UNSEEN
from torch import Tensor

from pliant.fill.proposals import Proposals

Bytes = NDArray[np.uint8]


class Batch(NamedTuple):
    """`shown` `(N, 12, H, W)`; `truth` `(N, 3, H, W)` in -1 to 1; `hole` `(N, 1, H, W)`, 1 where the hole is;
    `worth` the same, and less where the filler paints behind a part.
    """

    shown: Tensor
    truth: Tensor
    hole: Tensor
    worth: Tensor


def batch(windows: Sequence[Bytes]) -> Batch:
    """The batch of equally large windows (see `tools.filler.windows`)."""
    stacked = [_proposals(window).stacked() for window in windows]
    truth = np.stack([window[..., :3] for window in windows]).transpose(0, 3, 1, 2) / np.float32(127.5) - 1
    worth = np.stack([window[..., 14] for window in windows])[:, None] / np.float32(255)
    arrays = (np.stack(stacked), truth, (worth > UNSEEN / 255).astype(np.float32), worth)
    return Batch(*(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays))


def random_batches(table: Bytes, shapes: Sequence[tuple[int, int]], seed: int) -> Iterator[Batch]:
    """Endless batches, each of one of `shapes` (how many, their side), of crops with a piece of the hole."""
    rng = np.random.default_rng(seed)
    while True:
        size, side = shapes[int(rng.integers(len(shapes)))]
        yield batch([_varied(_crop(table[int(i)], side, rng), rng) for i in rng.integers(len(table), size=size)])


def _proposals(window: Bytes) -> Proposals:
    sharp, soft, smooth = (window[..., 3 * i : 3 * i + 3] for i in (1, 2, 3))
    return Proposals(sharp=sharp, soft=soft, smooth=smooth, misfit=window[..., 12], depth=window[..., 13])


def _crop(window: Bytes, side: int, rng: Generator) -> Bytes:
    rows, columns = np.nonzero(window[..., 14] > UNSEEN)
    pick = int(rng.integers(rows.size))
    y, x = (
        int(np.clip(at[pick] - rng.integers(side // 4, side - side // 4), 0, window.shape[0] - side))
        for at in (rows, columns)
    )
    return window[y : y + side, x : x + side]


def _varied(window: Bytes, rng: Generator) -> Bytes:
    """Mirrored and turned by right angles; channels swapped, contrast and light changed."""
    window = np.rot90(window, int(rng.integers(4)))
    if rng.random() < 0.5:
        window = window[:, ::-1]
    channels = rng.permutation(3) if rng.random() < 0.3 else np.arange(3)
    gain, lift = rng.uniform(0.7, 1.15), rng.uniform(-20, 20)
    levels = np.clip(np.arange(256) * gain + lift, 0, 255).astype(np.uint8)
    colours = [levels[window[..., 3 * i + channels]] for i in range(4)]
    return np.dstack([*colours, window[..., 12:]])
