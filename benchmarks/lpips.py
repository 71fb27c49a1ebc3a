"""LPIPS v0.1 on AlexNet (Zhang et al., CVPR 2018, https://arxiv.org/abs/1801.03924), from the published weights.

The folder holds `alexnet_features.pth` (torchvision's convolutions) and `lpips_alex.pth` (the linear heads).
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import conv2d, max_pool2d, relu

_STRIDE_PADDING = {0: (4, 2), 3: (1, 2), 6: (1, 1), 8: (1, 1), 10: (1, 1)}
_SHIFT = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
_SCALE = torch.tensor([0.458, 0.448, 0.450])[:, None, None]


class Lpips:
    """Perceptual distance of two pictures: 0 the same, about 0.7 unrelated."""

    def __init__(self, folder: Path) -> None:
        self._convs = torch.load(folder / "alexnet_features.pth", map_location="cpu", weights_only=True)
        self._heads = torch.load(folder / "lpips_alex.pth", map_location="cpu", weights_only=True)

    @torch.inference_mode()
    def __call__(self, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
        """The distance of two `(H, W, 3)` uint8 pictures of one size, each side at least 32."""
        pairs = zip(self._features(first), self._features(second), strict=True)
        total = 0.0
        for index, (a, b) in enumerate(pairs):
            head = self._heads[f"lin{index}.model.1.weight"]
            total += float(conv2d((_unit(a) - _unit(b)) ** 2, head).mean())
        return total

    def _features(self, picture: NDArray[np.uint8]) -> list[torch.Tensor]:
        x = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float() / 127.5 - 1
        x = ((x - _SHIFT) / _SCALE)[None]
        taps: list[torch.Tensor] = []
        for layer, (stride, padding) in _STRIDE_PADDING.items():
            x = max_pool2d(x, 3, 2) if layer in (3, 6) else x
            weight, bias = (self._convs[f"features.{layer}.{name}"] for name in ("weight", "bias"))
            x = relu(conv2d(x, weight, bias, stride=stride, padding=padding))
            taps.append(x)
        return taps


def _unit(x: torch.Tensor) -> torch.Tensor:
    return x / (x.norm(dim=1, keepdim=True) + 1e-10)
