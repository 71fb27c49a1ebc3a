"""LPIPS v0.1 as a loss, for each picture (Zhang et al., CVPR 2018, https://arxiv.org/abs/1801.03924)."""

from pathlib import Path

from torch import Tensor, nn

from pliant.bench.metrics.networks import NETWORKS, Stages
from pliant.bench.metrics.weights import backbone, lpips_head

_EPSILON = 1e-8


class Distance(nn.Module):
    """LPIPS on `network`, from the folder with the published weights."""

    def __init__(self, network: str, folder: Path) -> None:
        super().__init__()
        self.stages = Stages(NETWORKS[network], NETWORKS[network].lpips)
        self.stages.load(backbone(network, folder, offline=True), network)
        head = lpips_head(network, folder, offline=True)
        self.weights = nn.ParameterList(head[f"lin{i}.model.1.weight"] for i in range(len(self.stages.taps)))
        self.requires_grad_(False)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """`(N,)`: the distances of pictures `(N, 3, H, W)` in -1 to 1."""
        pairs = zip(self.stages(first), self.stages(second), self.weights, strict=True)
        return sum(((_unit(a) - _unit(b)).square() * w).sum(dim=1).mean(dim=(1, 2)) for a, b, w in pairs)


def _unit(x: Tensor) -> Tensor:
    x = x.float()
    return x / (x.square().sum(dim=1, keepdim=True) + _EPSILON).sqrt()
