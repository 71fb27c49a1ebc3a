"""Finds and reads the published weight files of the small networks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pliant.errors import MissingRequirementError, PliantError
from pliant.models.fetch import locate

if TYPE_CHECKING:
    from torch import Tensor

# The names under which these files are known; the first pattern that matches one file in the folder is used.
_BACKBONES = {
    "alex": ("alexnet*.safetensors", "alexnet*.pth"),
    "squeeze": ("squeeze*net*.safetensors", "squeezenet1_1*.pth", "squeeze.backbone.pth"),
    "vgg": ("vgg16*.safetensors", "vgg16*.pth"),
    "mobilenetv2": ("mobilenet*v2*.safetensors", "mobilenet*v2*.pth", "mobilenet*v2*.pt"),
}
_ALIASES = {"alex": "alexnet", "squeeze": "squeezenet", "vgg": "vgg16", "mobilenetv2": "mobilenetv2"}


def backbone(network: str, folder: Path | None, *, offline: bool) -> dict[str, "Tensor"]:
    """The weights of `network` from `folder`, or from the catalogue where that is None.

    Raises:
        MissingRequirementError: they are not there (`model_unavailable`).
        PliantError: the file is damaged (`invalid_model`).
    """
    if folder is not None:
        return read(_only(folder, _BACKBONES[network]))
    return read(locate(_ALIASES[network], offline=offline))


def lpips_head(network: str, folder: Path | None, *, offline: bool) -> dict[str, "Tensor"]:
    """The linear weights of LPIPS 0.1 for `network`; as `backbone`."""
    if folder is not None:
        return read(_only(folder, (f"lpips_{network}.pth", f"{network}.pth")))
    return read(locate("lpips", offline=offline) / f"{network}.pth")


def read(path: Path) -> dict[str, "Tensor"]:
    """The tensors of a `.safetensors` or `.pth` file by name; nothing but tensors is built from a `.pth`.

    Raises:
        PliantError: it is damaged, or holds something else (`invalid_model`).
    """
    import torch

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file  # type: ignore[reportUnknownVariableType]

            return load_file(path)
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
        if not all(isinstance(value, torch.Tensor) for value in found.values()):
            raise ValueError("it does not hold tensors by name")
        return cast("dict[str, Tensor]", found)
    # Readers of untrusted bytes raise nearly every type there is; all of them mean the same here.
    except Exception as error:
        raise PliantError(
            f"The weights in {str(path)!r} cannot be read: {_first_line(error)}. Get the file again.",
            code="invalid_model",
        ) from error


def _only(folder: Path, patterns: Sequence[str]) -> Path:
    for pattern in patterns:
        if found := sorted(folder.glob(pattern)):
            return found[0]
    raise MissingRequirementError(
        f"The folder {str(folder)!r} has none of {', '.join(patterns)}; put the published weights there, or leave "
        "the folder out to have them from the catalogue.",
        code="model_unavailable",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
