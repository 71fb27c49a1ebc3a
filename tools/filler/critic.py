"""A critic that tells painted holes from true ones, patch by patch (Isola et al., CVPR 2017), by a hinge loss."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = 32, 64, 128
PATCH = 8  # pixels that one verdict is about, at least


class Critic(nn.Module):
    """Verdicts `(N, 1, H / 8, W / 8)` on pictures `(N, 3, H, W)` with holes `(N, 1, H, W)`; above 0 is true."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 4
        for width in WIDTHS:
            layers += [spectral_norm(nn.Conv2d(before, width, 4, 2, 1)), nn.LeakyReLU(0.2)]
            before = width
        layers += [spectral_norm(nn.Conv2d(before, before, 3, 1, 1)), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(before, 1, 3, 1, 1))

    def forward(self, picture: Tensor, hole: Tensor) -> Tensor:
        return self.layers(torch.cat([picture, hole], dim=1))

    def loss(self, painted: Tensor, truth: Tensor, hole: Tensor, worth: Tensor) -> Tensor:
        """What the critic learns from: that `truth` is true where `worth` says, and `painted` is not."""
        real, fake = self(torch.cat([truth, painted.detach()]), torch.cat([hole, hole])).chunk(2)
        return mean((1 - real).relu() + (1 + fake).relu(), worth)

    def complaint(self, painted: Tensor, hole: Tensor, worth: Tensor) -> Tensor:
        """What the painter learns from: the less it looks true, the larger."""
        return -mean(self(painted, hole), worth)


def mean(verdicts: Tensor, worth: Tensor) -> Tensor:
    """Of the verdicts by their `worth` `(N, 1, H, W)`, each picture counting alike."""
    share = avg_pool2d(worth, PATCH)
    return ((verdicts * share).sum((1, 2, 3)) / share.sum((1, 2, 3)).clamp_min(1)).mean()
