"""Write the trained network as the ONNX file that the package ships.

python -m tools.filler.export FOLDER/checkpoint.pt src/pliant/fill/seam.onnx
"""

import argparse
import warnings
from pathlib import Path

import torch
from tools.filler.network import CHANNELS, Seam


def write(network: Seam, path: Path) -> None:
    """Save `network` as ONNX; the sides of its input are free."""
    sides = {2: "height", 3: "width"}
    with warnings.catch_warnings():
        # The newer exporter fixes more of the graph than OpenCV can read.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.zeros(1, CHANNELS, 256, 256),),
            str(path),
            dynamo=False,
            opset_version=13,
            input_names=["proposals"],
            output_names=["colours"],
            dynamic_axes={"proposals": sides, "colours": sides},
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    network = Seam()
    network.load_state_dict(torch.load(args.checkpoint, weights_only=True)["averaged"])
    write(network, args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
