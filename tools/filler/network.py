"""The network of the filler `seam`: a U-Net that mixes three proposals for a hole and corrects the mixture.

Its first convolution halves the picture, its last one doubles it again, so no convolution runs on every pixel.
Widths grow with the scale: most of its weights, and little of its time, are where a hole is seen as a whole.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pixel_shuffle

from pliant.fill import seam
from pliant.fill.proposals import DEEPEST

CHANNELS = 12  # see pliant.fill.proposals.Proposals.stacked
TRUSTED = 32 / DEEPEST, seam.DEEP / DEEPEST  # depths between which it gives way to the sharp proposal
WIDTHS = 32, 64, 128, 192  # channels at a half, a quarter, an eighth and a sixteenth of the sides
BLOCKS = 1, 2, 2  # residual blocks on the way down, at the first three scales
DILATIONS = 1, 2, 4  # of those at the last one


def fading(shown: Tensor, start: float, end: float) -> Tensor:
    """`(N, 1, H, W)`: 1 down to the depth `start` in what the network is shown, falling to 0 at `end`."""
    return ((end - shown[:, 10:11]) / (end - start)).clamp(0, 1)


class Seam(nn.Module):
    """`(N, CHANNELS, H, W)` to the painted colours `(N, 3, H, W)` in -1 to 1; H and W are multiples of 16.

    Few windows have holes so deep that it could learn what to do there; where it did not it draws lattices, so the
    sharp proposal is left alone.
    """

    def __init__(self) -> None:
        super().__init__()
        halving = [Step(CHANNELS, WIDTHS[0], kernel=4)]
        halving += [Step(narrow, wide, kernel=3) for narrow, wide in pairwise(WIDTHS)]
        self.down = nn.ModuleList(
            nn.Sequential(step, *(Residual(width) for _ in range(count)))
            for step, width, count in zip(halving, WIDTHS, (*BLOCKS, 0), strict=True)
        )
        self.middle = nn.Sequential(*(Residual(WIDTHS[-1], dilation) for dilation in DILATIONS))
        self.up = nn.ModuleList(
            nn.ModuleList([Doubling(wide, 4 * narrow, 1), Residual(narrow)])
            for wide, narrow in pairwise(reversed(WIDTHS))
        )
        self.leave = Doubling(WIDTHS[0], 4 * 6, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)
        binomial = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("binomial", binomial.outer(binomial).expand(6, 1, 3, 3).clone(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        shares, correction = self.found(x).split(3, dim=1)
        shares = shares.softmax(dim=1)
        change = shares[:, 1:2] * x[:, 3:6] + shares[:, 2:3] * x[:, 6:9] + correction
        return x[:, :3] + change * fading(x, *TRUSTED)

    def found(self, x: Tensor) -> Tensor:
        """`(N, 6, H, W)`: logits of the shares of sharp, soft and smooth; what is added to their mixture."""
        seen: list[Tensor] = []
        for down in self.down:
            x = down(x)
            seen.append(x)
        x = self.middle(seen.pop())
        for doubling, residual in self.up:
            x = residual(doubling(x) + seen.pop())
        # Without this it learns that lines which alternate please LPIPS; detail is the proposals' to give.
        return conv2d(self.leave(x), self.binomial, padding=1, groups=6)


class Step(nn.Module):
    """A convolution that halves the sides, and its rectifier."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).relu()


class Doubling(nn.Conv2d):
    """A convolution of which four channels are the quarters of each pixel of one twice as large."""

    def forward(self, x: Tensor) -> Tensor:
        return pixel_shuffle(super().forward(x), 2)


class Residual(nn.Module):
    """Two convolutions whose result is added."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.first(x).relu())
