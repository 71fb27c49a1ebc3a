"""The files of an IP-Adapter, as they are published: its weights, and an image encoder in a folder beside them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pliant.errors import PliantError, UnknownNameError
from pliant.fill.diffusion.libraries import read_weights
from pliant.models.catalog import find, models
from pliant.models.fetch import files_of, locate

_KIND = "ip-adapter"
_ENCODER = "image_encoder"
_PARTS = ("image_proj", "ip_adapter")
_FORMATS = (".safetensors", ".bin")
_PLUS, _PLAIN, _KEYS = "proj_in.weight", "proj.weight", "1.to_k_ip.weight"  # the first layers of the parts


@dataclass(frozen=True, eq=False, kw_only=True)
class AdapterWeights:
    """What the adapter called `name` consists of.

    `state` has two parts, by the names of the publication: `image_proj` makes tokens of what the encoder sees,
    `ip_adapter` has keys and values for them, layer by layer. `encoder` is the folder of a CLIP image encoder.
    """

    name: str
    state: dict[str, dict[str, torch.Tensor]]
    encoder: Path

    @property
    def is_plus(self) -> bool:
        """Whether it reads all of the encoder's last layer but one, and not just the picture's embedding."""
        return _PLUS in self.state["image_proj"]

    @property
    def sees(self) -> int:
        """Channels of what it reads of the encoder."""
        return self.state["image_proj"][_PLUS if self.is_plus else _PLAIN].shape[1]

    @property
    def width(self) -> int:
        """Channels of the text that its UNet reads: 768 for Stable Diffusion 1.x, 2048 for XL."""
        return self.state["ip_adapter"][_KEYS].shape[1]


def read_adapter(name: str, *, offline: bool) -> AdapterWeights:
    """The IP-Adapter called `name`, its encoder not yet loaded; downloaded if need be.

    `name` is one of the catalogue, a folder with one adapter, or the file of one.

    Raises:
        UnknownNameError: it is none of these (`unknown_model`).
        MissingRequirementError: it is not on this machine and cannot be had (`model_unavailable`).
        PliantError: it is no plain or "plus" IP-Adapter with its encoder (`invalid_model`).
    """
    file = _file(name, offline)
    encoder = file.parent / _ENCODER
    if not (encoder / "config.json").is_file():
        raise PliantError(
            f"Beside the IP-Adapter {str(file)!r} there is no folder {_ENCODER!r} with its image encoder; put "
            "that there (config.json, model.safetensors).",
            code="invalid_model",
        )
    return AdapterWeights(name=name, state=_state(file), encoder=encoder)


def _file(name: str, offline: bool) -> Path:
    model, path = find(name), Path(name).expanduser()
    known = [model.alias for model in models() if model.kind == _KIND]
    if model is None and path.exists():
        files = [path] if path.is_file() else sorted(path.iterdir())
    elif name in known:
        folder = locate(name, offline=offline)
        files = [file for file in files_of(name) if file.is_relative_to(folder)]
    else:
        raise UnknownNameError(
            f"There is no IP-Adapter {name!r}; accepted are {', '.join(known)}, a folder and a file.",
            code="unknown_model",
        )
    return _only(name, [file for file in files if file.parent.name != _ENCODER])


def _only(name: str, files: list[Path]) -> Path:
    for suffix in _FORMATS:
        found = [file for file in files if file.suffix == suffix]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(file.name for file in found)
            raise PliantError(
                f"{name!r} holds several IP-Adapters: {names}; name the file of one.", code="invalid_model"
            )
    raise PliantError(
        f"{name!r} holds no IP-Adapter; accepted is one file that ends in {' or '.join(_FORMATS)}.",
        code="invalid_model",
    )


def _state(file: Path) -> dict[str, dict[str, torch.Tensor]]:
    try:
        found = _nested(read_weights(file)) if file.suffix == _FORMATS[0] else _unpickled(file)
        state = {part: dict(found[part]) for part in _PARTS}
    # Readers of untrusted bytes raise nearly every type there is; all of them mean the same here.
    except Exception as error:
        raise PliantError(
            f"{str(file)!r} is no IP-Adapter, or is damaged: {error}", code="invalid_model"
        ) from error
    if not {_PLUS, _PLAIN} & state["image_proj"].keys() or _KEYS not in state["ip_adapter"]:
        raise PliantError(
            f"{str(file)!r} is another kind of IP-Adapter, such as one for faces; accepted are plain ones and "
            "those called plus.",
            code="invalid_model",
        )
    return state


def _nested(weights: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """Tensors named `part.layer` as parts of named layers."""
    found: dict[str, dict[str, torch.Tensor]] = {part: {} for part in _PARTS}
    for name, tensor in weights.items():
        part, _, layer = name.partition(".")
        found[part][layer] = tensor
    return found


def _unpickled(file: Path) -> Any:
    return torch.load(file, map_location="cpu", weights_only=True)
