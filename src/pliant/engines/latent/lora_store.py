"""A folder in which LoRAs of photos are kept: finished ones as diffusers reads them, others to go on with."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from pliant.errors import PliantError
from pliant.files import write_bytes

if TYPE_CHECKING:
    from pliant.engines.latent.lora import Training
    from pliant.engines.latent.task import OpenPhoto

_PREFIX = "unet."  # what the pipelines of diffusers expect before the names of a UNet's layers


@dataclass(frozen=True, eq=False)
class Progress:
    """All that a training is in the middle of."""

    parameters: Mapping[str, torch.nn.Parameter]
    optimiser: torch.optim.Optimizer
    scaler: Any
    random: torch.Generator

    def state(self, step: int) -> dict[str, Any]:
        """What `load` takes, after `step` steps."""
        return {
            "step": step,
            "weights": {name: value.detach().cpu() for name, value in self.parameters.items()},
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "random": self.random.get_state(),
        }

    def load(self, state: dict[str, Any]) -> int:
        """Go on from `state`; gives the number of steps that are done."""
        with torch.no_grad():
            for name, value in self.parameters.items():
                value.copy_(state["weights"][name])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        self.random.set_state(state["random"])
        return int(state["step"])


@dataclass(frozen=True)
class Store:
    """`folder` holds `KEY.safetensors` for finished LoRAs and `KEY.part` for unfinished ones."""

    folder: Path

    def key(self, photo: "OpenPhoto", training: "Training") -> str:
        """A name for what a LoRA depends on: model, photo, prompt and training."""
        known = hashlib.sha256(photo.frame.rgb.tobytes())
        first = photo.model.unet.conv_in.weight.detach().float().cpu().numpy()
        for part in (photo.frame.rgb.shape, photo.prompt, training, photo.model.unet.dtype):
            known.update(repr(part).encode())
        known.update(first.tobytes())
        return known.hexdigest()[:32]

    def finished(self, key: str) -> dict[str, torch.Tensor] | None:
        """The weights kept under `key`; None where there are none that can be read."""
        try:
            found = load((self.folder / f"{key}.safetensors").read_bytes())
        except (OSError, SafetensorError):
            return None
        return {name.removeprefix(_PREFIX): value for name, value in found.items()}

    def finish(self, key: str, weights: Mapping[str, torch.Tensor]) -> None:
        """Keep finished `weights`; what was unfinished goes."""
        self._write(f"{key}.safetensors", save({_PREFIX + name: value for name, value in weights.items()}))
        (self.folder / f"{key}.part").unlink(missing_ok=True)

    def save(self, key: str, progress: Progress, step: int) -> None:
        """Keep a training after `step` steps."""
        buffer = io.BytesIO()
        torch.save(progress.state(step), buffer)
        self._write(f"{key}.part", buffer.getvalue())

    def resume(self, key: str, progress: Progress) -> int:
        """Go on with what was kept, if anything was; gives the number of steps that are done."""
        path = self.folder / f"{key}.part"
        return progress.load(torch.load(path, map_location="cpu", weights_only=True)) if path.is_file() else 0

    def _write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_bytes(self.folder / name, content, fail=PliantError)
