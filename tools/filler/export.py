"""Write the trained network as the ONNX file that the package ships.

    python -m tools.filler.export FOLDER/checkpoint.pt [MORE/checkpoint.pt] src/pliant/fill/seam.onnx

Of several checkpoints, each of which went on from the last, the mean of the weights is written.
"""

import argparse
import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from tools.filler.network import CHANNELS, Doubling, Seam
from torch import Tensor, nn

Weights = Mapping[str, Tensor]


def write(network: Seam, path: Path) -> None:
    """Save `network` as ONNX in half precision, which OpenCV computes in single precision.

    The sides of its input are stated, as OpenCV 4 wants, and may be others.
    """
    network = without_shuffles(network).eval().half()
    with warnings.catch_warnings():
        # The newer exporter fixes more of the graph than OpenCV can read.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros(1, CHANNELS, 256, 256, dtype=torch.half),),
            str(path),
            dynamo=False,
            opset_version=13,
            input_names=["proposals"],
            output_names=["colours"],
        )


def without_shuffles(network: Seam) -> Seam:
    """The same function, by transposed convolutions: OpenCV 4 shuffles the pixels of one size only."""
    network = deepcopy(network)
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, Doubling):
                setattr(parent, name, transposed(layer))
    return network


def transposed(layer: Doubling) -> nn.Module:
    """`layer` as a plain convolution, and a transposed one that lays four channels side by side."""
    plain = nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size, padding=layer.padding)
    plain.load_state_dict(layer.state_dict())
    outputs = layer.out_channels // 4
    quarters = nn.ConvTranspose2d(layer.out_channels, outputs, 2, 2, groups=outputs, bias=False)
    quarters.weight.data = torch.eye(4).reshape(4, 1, 2, 2).repeat(outputs, 1, 1, 1)
    return nn.Sequential(plain, quarters)


def read(path: Path) -> Weights:
    """The averaged weights in a checkpoint of `tools.filler.train`, or those in a file that `write` made."""
    if path.suffix != ".onnx":
        return torch.load(path, weights_only=True, map_location="cpu")["averaged"]
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}

    def weights(name: str) -> Tensor:
        first_of_two = ".0.".join(name.rsplit(".", 1))  # what `without_shuffles` made of one layer
        return torch.tensor(found[name if name in found else first_of_two], dtype=torch.float32)

    return {name: weights(name) for name in Seam().state_dict()}


def mean(found: Sequence[Weights]) -> Weights:
    """Of the weights of several networks (Wortsman et al., "Model soups", ICML 2022)."""
    return {name: torch.stack([weights[name] for weights in found]).mean(dim=0) for name in found[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    network = Seam()
    network.load_state_dict(mean([read(path) for path in args.checkpoints]))
    write(network, args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
