"""Four small ImageNet networks as stages of features, with the numbering of their published weights.

AlexNet (Krizhevsky 2014, one tower), SqueezeNet 1.1 (Iandola 2016), VGG16 (Simonyan and Zisserman 2015) and
MobileNetV2 (Sandler 2018): only the convolutions, which is what metrics read.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pliant.bench.metrics.base import Rgb8
from pliant.errors import PliantError

# ImageNet's mean and standard deviation, for pixels in [-1, 1]; these digits are those of LPIPS.
_MEAN = (-0.030, -0.088, -0.188)
_STD = (0.458, 0.448, 0.450)


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network's layers and the indices after which its features are read; `lpips` are those that LPIPS reads."""

    layers: Callable[[], nn.Sequential]
    lpips: tuple[int, ...] = ()


class Stages(nn.Module):
    """The features of a picture after the layers `taps`."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: Network, taps: tuple[int, ...]) -> None:
        super().__init__()
        self.features = network.layers()
        self.taps = taps
        for name, values in (("mean", _MEAN), ("std", _STD)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def load(self, weights: Mapping[str, Tensor], name: str) -> None:
        """Take the published `weights`, whose keys may begin with `features.` and go on to a classifier.

        Raises:
            PliantError: some are missing or of another shape (`invalid_model`); `name` is what the message calls
                their file.
        """
        bare = {key.removeprefix("features."): value for key, value in weights.items()}
        bare = {_flat(key, bare): value for key, value in bare.items()}
        own = self.features.state_dict()
        wrong = [key for key, value in own.items() if key not in bare or bare[key].shape != value.shape]
        if wrong:
            raise PliantError(
                f"{name} lacks {wrong[0]!r} in the shape {tuple(own[wrong[0]].shape)}, and {len(wrong) - 1} more; "
                "give the published weights of this network.",
                code="invalid_model",
            )
        self.features.load_state_dict({key: bare[key] for key in own})

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """`pixels` `(N, 3, H, W)` in [-1, 1]; one `(N, C, h, w)` for each tap."""
        x = (pixels - self.mean) / self.std
        found: list[Tensor] = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.taps:
                found.append(x)
            if index == max(self.taps):
                break
        return found


def _flat(key: str, keys: Container[str]) -> str:
    """The key of a MobileNetV2 layer as the authors' code numbers it, from torchvision's, which nests."""
    block, found, rest = key.partition(".conv.")
    if not found or f"{block}.conv.0.0.weight" not in keys:
        return key
    index, *layer, name = rest.split(".")
    nested = 2 if f"{block}.conv.1.0.weight" in keys else 1
    number = 3 * int(index) + int(layer[0]) if layer else 2 * nested + int(index)
    return f"{block}.conv.{number}.{name}"


def as_tensor(rgb: Rgb8, like: nn.Module) -> Tensor:
    """`(H, W, 3)` uint8 as `(1, 3, H, W)` in [-1, 1], on the device and in the number type of `like`."""
    parameter = next(like.parameters())
    pixels = torch.tensor(rgb).to(parameter.device).permute(2, 0, 1)[None]
    return pixels.to(parameter.dtype) / 127.5 - 1


class _Fire(nn.Module):
    def __init__(self, wide: int, narrow: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(wide, narrow, 1)
        self.expand1x1 = nn.Conv2d(narrow, expanded, 1)
        self.expand3x3 = nn.Conv2d(narrow, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1).relu()


class _InvertedResidual(nn.Module):
    def __init__(self, wide: int, out: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = wide * expansion
        expand = _normed(nn.Conv2d(wide, inner, 1, bias=False)) if expansion > 1 else []
        depthwise = _normed(nn.Conv2d(inner, inner, 3, stride, 1, groups=inner, bias=False))
        self.conv = nn.Sequential(*expand, *depthwise, nn.Conv2d(inner, out, 1, bias=False), nn.BatchNorm2d(out))
        self.residual = stride == 1 and wide == out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.residual else self.conv(x)


def _normed(convolution: nn.Conv2d) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU6()]


def _alexnet() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(192, 384, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(384, 256, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(256, 256, 3, padding=1), nn.ReLU()),
    )


def _squeezenet() -> nn.Sequential:
    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    return nn.Sequential(
        *(nn.Conv2d(3, 64, 3, 2), nn.ReLU(), pool()),
        *(_Fire(64, 16, 64), _Fire(128, 16, 64), pool()),
        *(_Fire(128, 32, 128), _Fire(256, 32, 128), pool()),
        *(_Fire(256, 48, 192), _Fire(384, 48, 192), _Fire(384, 64, 256), _Fire(512, 64, 256)),
    )


def _vgg16() -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 3
    for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        layers += [nn.MaxPool2d(2)] if layers else []
        for _ in range(count):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    return nn.Sequential(*layers)


def _mobilenetv2() -> nn.Sequential:
    layers: list[nn.Module] = [nn.Sequential(*_normed(nn.Conv2d(3, 32, 3, 2, 1, bias=False)))]
    channels = 32
    # Table 2 of the paper: expansion, channels, repetitions, stride.
    for expansion, width, count, stride in (
        *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
        *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
    ):
        for index in range(count):
            layers.append(_InvertedResidual(channels, width, 1 if index else stride, expansion))
            channels = width
    return nn.Sequential(*layers)


NETWORKS = {
    "alex": Network(layers=_alexnet, lpips=(1, 4, 7, 9, 11)),
    "squeeze": Network(layers=_squeezenet, lpips=(1, 4, 7, 9, 10, 11, 12)),
    "vgg": Network(layers=_vgg16, lpips=(3, 8, 15, 22, 29)),
    "mobilenetv2": Network(layers=_mobilenetv2),
}
