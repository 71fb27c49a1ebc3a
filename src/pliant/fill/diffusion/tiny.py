"""TAESD, the tiny autoencoder of Stable Diffusion (madebyollin, MIT), in the hub's layout or its original keys."""

from pathlib import Path
from typing import Any

import torch

from pliant.errors import PliantError
from pliant.fill.diffusion.libraries import number_type, of_diffusers, read_weights

_FIRST = {"encoder": 0, "decoder": 1}  # the original decoder's number 0 is a clamp, which diffusers has elsewhere


def load_tiny(path: Path, dtype: torch.dtype) -> Any:
    """An `AutoencoderTiny` on the CPU from `path`.

    `path` is a folder in the hub's layout, a folder with `*encoder.safetensors` and `*decoder.safetensors` as
    first published (an `nn.Sequential` each, numbered), or one file with `encoder.` and `decoder.` before these
    numbers.

    Raises:
        PliantError: it is none of these (`invalid_model`).
    """
    tiny = of_diffusers("AutoencoderTiny")
    if (path / "config.json").is_file():
        return tiny.from_pretrained(path, use_safetensors=True, **number_type(dtype)).eval()
    model = tiny()
    try:
        model.load_state_dict(renamed(_original(path)))
    except (RuntimeError, ValueError) as error:
        raise PliantError(f"{str(path)!r} is not a TAESD autoencoder: {error}", code="invalid_model") from error
    return model.to(dtype).eval()


def _original(path: Path) -> dict[str, torch.Tensor]:
    """The weights in original keys, with `encoder.` or `decoder.` before them."""
    if path.is_file():
        return read_weights(path)
    found: dict[str, torch.Tensor] = {}
    for half in _FIRST:
        for file in sorted(path.glob(f"*{half}.safetensors"))[:1]:
            found |= {f"{half}.{name}": weight for name, weight in read_weights(file).items()}
    return found


def renamed(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Original keys such as `decoder.3.conv.0.weight` as those of diffusers, `decoder.layers.2.conv.0.weight`."""
    found: dict[str, torch.Tensor] = {}
    for name, weight in weights.items():
        half, _, rest = name.partition(".")
        number, _, tail = rest.partition(".")
        if half in _FIRST and number.isdigit():
            name = f"{half}.layers.{int(number) - _FIRST[half]}.{tail}"
        found[name] = weight
    return found
