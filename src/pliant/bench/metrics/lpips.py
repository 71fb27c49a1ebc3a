"""LPIPS 0.1 (Zhang et al. 2018): how different two pictures look, by learned weights on a network's features."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from pliant.bench.metrics.base import Column, Outcome, Rgb8, rgb8
from pliant.bench.metrics.networks import NETWORKS, Stages, as_tensor
from pliant.bench.metrics.weights import backbone, lpips_head
from pliant.bench.sample import Sample
from pliant.errors import PliantError
from pliant.models.device import ANYWHERE, Runtime, choose

_EPSILON = 1e-10
SQUEEZED = 224


class Lpips:
    """The distance of two pictures of one size, 0 for equal ones; higher is more different.

    Features are normalised over channels at every position, their squared differences weighed by the published
    linear layers, averaged over the picture and summed over the stages (equation 1 of the paper).
    """

    def __init__(self, stages: Stages, weights: Sequence[Tensor]) -> None:
        self._stages = stages
        self._weights = weights

    @classmethod
    def load(cls, network: str = "alex", folder: str | Path | None = None, runtime: Runtime = ANYWHERE) -> "Lpips":
        """LPIPS on `network`: `alex`, `squeeze` or `vgg`, always in float32.

        `folder` has the published files (`alexnet*.pth` or `.safetensors`, and `alex.pth` or `lpips_alex.pth`, or
        those of the other networks); None takes them from the catalogue, downloaded if need be.

        Raises:
            PliantError: no such network (`unknown_network`), or a damaged file (`invalid_model`).
            MissingRequirementError: the weights are not to be had (`model_unavailable`), or torch is missing.
        """
        known = [name for name, facts in NETWORKS.items() if facts.lpips]
        if network not in known:
            raise PliantError(
                f"LPIPS has no weights for {network!r}; accepted are {', '.join(known)}.", code="unknown_network"
            )
        device = choose(runtime).device
        where = None if folder is None else Path(folder).expanduser()
        stages = Stages(NETWORKS[network], NETWORKS[network].lpips)
        stages.load(backbone(network, where, offline=runtime.offline), f"The {network} file")
        head = lpips_head(network, where, offline=runtime.offline)
        weights = [head[f"lin{i}.model.1.weight"].to(device) for i in range(len(stages.taps))]
        return cls(stages.to(device).eval().requires_grad_(False), weights)

    def __call__(self, first: Rgb8, second: Rgb8, *, side: int | None = None) -> float:
        """The distance of two `(H, W, 3)` uint8 pictures.

        `side` None compares them as they are; a number first squeezes both to that width and height, whatever
        their shape (bilinear, without antialiasing; 224 in the drag papers).
        """
        if first.shape != second.shape:
            raise PliantError(
                f"LPIPS compares pictures of one size; these are {first.shape} and {second.shape}.",
                code="size_mismatch",
            )
        pair = torch.cat([as_tensor(first, self._stages), as_tensor(second, self._stages)])
        if side is not None:
            pair = nn.functional.interpolate(pair, (side, side), mode="bilinear", align_corners=False)
        with torch.inference_mode():
            stages = self._stages(pair)
            return sum(float(_distance(x, weight)) for x, weight in zip(stages, self._weights, strict=True))


class Perception:
    """LPIPS to the input, image fidelity (IF = 1 - LPIPS to the input), and LPIPS to the truth where there is one.

    Doing nothing has the best image fidelity there is: never show it alone.
    """

    def __init__(self, lpips: Lpips, *, side: int | None = None) -> None:
        self._lpips = lpips
        self._side = side
        self.columns = (
            Column(name="lpips", title="LPIPS to input", better=None, digits=4),
            Column(name="if", title="IF", better="higher", digits=4),
            Column(name="lpips_truth", title="LPIPS to truth", better="lower", digits=4),
        )

    def measure(self, sample: Sample, outcome: Outcome) -> Mapping[str, float]:
        """See `Metric.measure`."""
        result = rgb8(outcome.picture, sample.picture.size)
        found = {"lpips": self._lpips(rgb8(sample.picture), result, side=self._side)}
        found["if"] = 1 - found["lpips"]
        if sample.truth is not None:
            found["lpips_truth"] = self._lpips(rgb8(sample.truth), result, side=self._side)
        return found


def _distance(pair: Tensor, weight: Tensor) -> Tensor:
    normed = pair / (pair.square().sum(dim=1, keepdim=True).sqrt() + _EPSILON)
    return ((normed[:1] - normed[1:]).square() * weight).sum(dim=1).mean()
