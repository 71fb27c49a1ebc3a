"""What a filler is, and the names of those there are."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

from pliant.errors import EditError, PliantError
from pliant.events import CancelToken, OnEvent
from pliant.models.device import ANYWHERE, Runtime
from pliant.registry import Registry
from pliant.types import Bool, Picture


@dataclass(frozen=True, kw_only=True)
class FillerInfo:
    """What a filler declares of itself; help texts, docs and tests are made from it.

    `working_size` is the longest side, in pixels, of the crop it works best on (None: any); `paints_behind`
    says that it continues the background and is better not shown the moved part in front; `extra` is the
    optional dependency it needs, `weights` the models of the catalogue that it loads.
    """

    name: str
    summary: str
    licence: str
    paper: str = ""
    working_size: int | None = None
    understands_prompt: bool = False
    paints_behind: bool = False
    extra: str | None = None
    weights: tuple[str, ...] = ()


class Filler(Protocol):
    """Paints the hole of a picture."""

    @property
    def info(self) -> FillerInfo:
        """What this filler is and needs."""
        ...

    def fill(
        self,
        picture: Picture,
        hole: Bool,
        *,
        prompt: str = "",
        seed: int = 0,
        on_event: OnEvent,
        cancel: CancelToken,
    ) -> Picture:
        """The picture with `hole` `(H, W)` painted; same size, type and channels.

        `picture` is RGB, `uint8`; what stands in the hole is not to be looked at. Same seed, same pixels.
        Progress is reported as `Step`s. `check_hole` raises what every filler raises for a bad hole.
        """
        ...


def check_hole(picture: Picture, hole: Bool) -> bool:
    """Whether there is anything to paint.

    Raises:
        EditError: the hole is not as large as the picture (`invalid_hole`), or it is all of it, so that
            nothing is left to paint from (`nothing_to_copy`).
    """
    if hole.shape != picture.pixels.shape[:2]:
        raise EditError(
            f"The hole has shape {hole.shape}; the picture's is {picture.pixels.shape[:2]} (H, W).",
            code="invalid_hole",
        )
    if hole.all():
        raise EditError(
            "The hole covers everything there is to paint from; leave some of the picture around it.",
            code="nothing_to_copy",
        )
    return bool(hole.any())


class MakeFiller(Protocol):
    """What a registry entry is: something that makes a filler."""

    info: FillerInfo

    def __call__(self, runtime: Runtime = ANYWHERE) -> Filler:
        """A filler, ready to fill; models are loaded by its first `fill`."""
        ...


_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+(?<!\.onnx)(?<!\.safetensors)(@[\w./-]+)?")
_FILE_ELSEWHERE = re.compile(r"https?://[^?#]+\.(onnx|safetensors)")

FILLERS: Registry[MakeFiller] = Registry(
    "filler",
    "pliant.fillers",
    {
        "patchmatch": "pliant.fill.patchmatch:PatchMatch",
        "telea": "pliant.fill.classical:Telea",
        "navier-stokes": "pliant.fill.classical:NavierStokes",
        "seam": "pliant.fill.seam:Seam",
        "sd15-lcm": "pliant.fill.diffusion.recipes:SD15_LCM",
        "sd15": "pliant.fill.diffusion.recipes:SD15",
        "sdxl-lcm": "pliant.fill.diffusion.recipes:SDXL_LCM",
        "sdxl": "pliant.fill.diffusion.recipes:SDXL",
        "lama": "pliant.fill.onnx:LAMA",
        "migan": "pliant.fill.onnx:MIGAN",
    },
)


def make_filler(name: str, runtime: Runtime = ANYWHERE) -> Filler:
    """The filler called `name`, or the one around the model that `name` refers to.

    Besides a registered name: a folder with a diffusers pipeline, a `.safetensors` or `.onnx` file or its
    address, a hub id (`org/name`), or the address of a server (`http://...`, see `pliant.fill.remote`).

    Raises:
        UnknownNameError: there is no such filler; the message lists what there is.
        PliantError: the file or folder does not exist (`missing_file`), or the address is not of the form of
            one (`invalid_address`).
    """
    if name in FILLERS.names() or not _is_reference(name):
        return FILLERS.get(name)(runtime)
    if "://" in name and not _FILE_ELSEWHERE.fullmatch(name):
        return _attribute("pliant.fill.remote", "from_url")(name, runtime)
    if name.endswith(".onnx"):
        where = name if "://" in name else Path(name).expanduser()
        return _attribute("pliant.fill.onnx", "OnnxFiller")(where, runtime)
    return _attribute("pliant.fill.diffusion.recipes", "from_reference")(name, runtime)


def _is_reference(name: str) -> bool:
    """Whether `name` is a path, an address or a hub id; it must exist where it can only be a path."""
    path = Path(name).expanduser()
    if "://" in name or path.exists() or _HUB_ID.fullmatch(name):
        return True
    if "/" in name or path.suffix in (".safetensors", ".onnx"):
        raise PliantError(
            f"There is no model {name!r}; give a folder, a .safetensors or .onnx file, a hub id or a known name.",
            code="missing_file",
        )
    return False


def _attribute(module: str, name: str) -> Callable[..., Filler]:
    return getattr(import_module(module), name)
