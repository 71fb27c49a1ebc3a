"""Feature extractors that need no hub: dense features of small ImageNet networks."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from pliant.bench.metrics.base import Rgb8
from pliant.bench.metrics.features import Features
from pliant.bench.metrics.networks import NETWORKS, Stages, as_tensor
from pliant.bench.metrics.weights import backbone
from pliant.models.device import ANYWHERE, Runtime, choose


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """`taps` are the layers whose features are joined; pictures are scaled so that their longer side is `side`."""

    network: str
    taps: tuple[int, ...]
    side: int


RECIPES = {
    # Fires 6 to 9 of the paper's count, which all have the same resolution.
    "squeezenet": Recipe(network="squeeze", taps=(9, 10, 11, 12), side=512),
    # The last bottleneck with 96 channels.
    "mobilenetv2": Recipe(network="mobilenetv2", taps=(13,), side=512),
}


class NetworkFeatures:
    """The joined features of some layers, each of unit length at every cell; no text, no noise."""

    def __init__(self, name: str, stages: Stages, side: int) -> None:
        self.name = name
        self._stages = stages
        self._side = side

    @classmethod
    def load(
        cls, name: str = "squeezenet", folder: str | Path | None = None, runtime: Runtime = ANYWHERE
    ) -> "NetworkFeatures":
        """The extractor `name` of `RECIPES`; `folder` as `Lpips.load`.

        Raises:
            PliantError: as `Lpips.load`.
        """
        recipe = RECIPES[name]
        where = None if folder is None else Path(folder).expanduser()
        stages = Stages(NETWORKS[recipe.network], recipe.taps)
        stages.load(backbone(recipe.network, where, offline=runtime.offline), f"The {name} file")
        return cls(name, stages.to(choose(runtime).device).eval().requires_grad_(False), recipe.side)

    def features(self, rgb: Rgb8, *, prompt: str = "", seed: int = 0) -> Features:
        """See `Extractor.features`."""
        del prompt, seed
        pixels = as_tensor(_scaled(rgb, self._side), self._stages)
        with torch.inference_mode():
            parts = [nn.functional.normalize(part, dim=1) for part in self._stages(pixels)]
        return torch.cat(parts, dim=1)[0].permute(1, 2, 0).contiguous().cpu().numpy()


def _scaled(rgb: Rgb8, side: int) -> Rgb8:
    height, width = rgb.shape[:2]
    factor = side / max(height, width)
    size = max(round(width * factor), 32), max(round(height * factor), 32)
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, size, interpolation=method), np.uint8)
