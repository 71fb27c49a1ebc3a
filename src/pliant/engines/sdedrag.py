"""SDE-Drag (ICLR 2024): patches of latents carried to their targets little by little by a stochastic sampler."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pliant.engines.base import EngineInfo, check_range
from pliant.engines.latent.choices import COMMON_OPTIONS, COMMON_TEXTS, Choices, split_options
from pliant.engines.latent.engine import LatentEngine
from pliant.engines.latent.schedule import count_until
from pliant.errors import EditError
from pliant.models.device import ANYWHERE, Runtime

if TYPE_CHECKING:
    from pliant.engines.sdedrag_steps import CarriedPatches

PUBLIC_CODE = "sdedrag-2024"

INFO = EngineInfo(
    name="sdedrag",
    summary="carries patches of latents to their targets, 16 px at a time; slow, many calls of the UNet",
    licence="CreativeML Open RAIL-M (weights)",
    paper="SDE-Drag (The Blessing of Randomness), ICLR 2024, arXiv:2311.01410",
    options={
        **COMMON_OPTIONS,
        "steps": "sampling steps from noise to picture, of which those below t_start are run (default: 200)",
        "t_start": "training step, of 1000, that each carry goes up to (default: 600)",
        "stride": "cells of 8 px that the longest drag is carried at a time (default: 2)",
        "radius": "half the side of a carried patch, in cells (default: 5)",
        "beta": "share of itself that the left place keeps, 0 to 1; the rest is noise (default: 0.3)",
        "alpha": "factor on the carried patch (default: 1.1)",
        "guidance": "guidance at the noisiest step, from 1 at the cleanest (default: 3)",
        "lora": "steps of training on the photo; 0: none (default: 100)",
        "lora_scale": "share of what was learned that counts at the noisiest step, 0 to 1 (default: 0.5)",
        "lora_folder": "folder to keep what was learned in (default: only while the photo is open)",
        "compat": f"{PUBLIC_CODE}: levels, rounding and order of the published code (default: ours)",
    },
    texts=(*COMMON_TEXTS, "lora_folder", "compat"),
    understands_pairs=False,
    understands_prompt=True,
    working_size=512,
    extra="diffusion",
    weights=("sd15",),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The method's numbers; the defaults are the published benchmark's.

    Raises:
        EditError: a value is not one that is accepted (`invalid_option`).
    """

    steps: int = 200
    t_start: int = 600
    stride: float = 2.0
    radius: int = 5
    beta: float = 0.3
    alpha: float = 1.1
    guidance: float = 3.0
    lora: int = 100
    lora_scale: float = 0.5
    lora_folder: str | Path | None = None
    compat: str | None = None

    def __post_init__(self) -> None:
        check_range("steps", self.steps, 1, 1000, whole=True)
        if not isinstance(self.lora_folder, str | Path | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise EditError(
                f"lora_folder is {self.lora_folder!r}; accepted is the path of a folder.", code="invalid_option"
            )
        check_range("t_start", self.t_start, 1, 999, whole=True)
        check_range("stride", self.stride, 0.5, 64)
        check_range("radius", self.radius, 1, 64, whole=True)
        check_range("beta", self.beta, 0, 1)
        check_range("alpha", self.alpha, 0.1, 2)
        check_range("guidance", self.guidance, 1, 30)
        check_range("lora", self.lora, 0, 10_000, whole=True)
        check_range("lora_scale", self.lora_scale, 0, 1)
        if self.compat not in (None, PUBLIC_CODE):
            raise EditError(f"compat is {self.compat!r}; accepted is {PUBLIC_CODE!r}.", code="invalid_option")
        if not self.count:
            raise EditError(
                f"With {self.steps} steps none lies below t_start = {self.t_start}; raise one of them.",
                code="invalid_option",
            )

    @property
    def count(self) -> int:
        """Steps down in each carry."""
        return count_until(self.t_start, self.steps)

    @property
    def folder(self) -> Path | None:
        """Where what was learned is kept."""
        return None if self.lora_folder is None else Path(self.lora_folder).expanduser()


class SdeDrag(LatentEngine):
    """The engine with its options chosen: `COMMON_OPTIONS`, see `Choices`; the others, see `Settings`."""

    info = INFO

    def __init__(self, runtime: Runtime = ANYWHERE, **options: Any) -> None:
        chosen, own = split_options(options)
        self._settings = Settings(**own)
        super().__init__(runtime, replace(Choices(**chosen), guided=True, sampled=bool(self._settings.compat)))

    def _method(self) -> "CarriedPatches":
        from pliant.engines.sdedrag_steps import CarriedPatches

        return CarriedPatches(self._settings)
