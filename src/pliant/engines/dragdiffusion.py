"""DragDiffusion (CVPR 2024): latents optimised at one noise level until the features at the handles have moved."""

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
    from pliant.engines.dragdiffusion_steps import MotionSupervision

PUBLIC_CODE = "dragdiffusion-2024"

INFO = EngineInfo(
    name="dragdiffusion",
    summary="optimises latents until features reach the targets; learns the photo first; slow, wants a GPU",
    licence="CreativeML Open RAIL-M (weights)",
    paper="DragDiffusion, CVPR 2024, arXiv:2306.14435",
    options={
        **COMMON_OPTIONS,
        "steps": "sampling steps from noise to picture, of which those below t_start are run (default: 50)",
        "t_start": "training step, of 1000, that the photo is inverted to (default: 700)",
        "pixel_steps": "steps of optimisation, at most; less if all handles arrive before (default: 80)",
        "rate": "learning rate of the optimisation (default: 0.01)",
        "lam": "weight of what holds the rest of the picture, 0 for nothing (default: 0.1)",
        "r1": "radius of the supervised patches, in pixels at half resolution (default: 1)",
        "r2": "radius that handles are looked for in, in pixels at half resolution (default: 3)",
        "lora": "steps of training on the photo; 0: none (default: 80)",
        "lora_folder": "folder to keep what was learned in (default: only while the photo is open)",
        "compat": f"{PUBLIC_CODE}: rounding, mask and whole pictures of the published code (default: ours)",
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
    """The method's numbers; the defaults are those of the paper (section 4.1) and its code.

    Raises:
        EditError: a value is not one that is accepted (`invalid_option`).
    """

    steps: int = 50
    t_start: int = 700
    pixel_steps: int = 80
    rate: float = 0.01
    lam: float = 0.1
    r1: int = 1
    r2: int = 3
    lora: int = 80
    lora_folder: str | Path | None = None
    compat: str | None = None

    def __post_init__(self) -> None:
        check_range("steps", self.steps, 1, 1000, whole=True)
        check_range("t_start", self.t_start, 1, 1000, whole=True)
        check_range("pixel_steps", self.pixel_steps, 1, 10_000, whole=True)
        check_range("rate", self.rate, 1e-6, 1)
        check_range("lam", self.lam, 0, 1000)
        check_range("r1", self.r1, 0, 64, whole=True)
        check_range("r2", self.r2, 1, 64, whole=True)
        check_range("lora", self.lora, 0, 10_000, whole=True)
        if not isinstance(self.lora_folder, str | Path | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise EditError(
                f"lora_folder is {self.lora_folder!r}; accepted is the path of a folder.", code="invalid_option"
            )
        if self.compat not in (None, PUBLIC_CODE):
            raise EditError(f"compat is {self.compat!r}; accepted is {PUBLIC_CODE!r}.", code="invalid_option")
        if not self.count:
            raise EditError(
                f"With {self.steps} steps none lies below t_start = {self.t_start}; raise one of them.",
                code="invalid_option",
            )

    @property
    def count(self) -> int:
        """Steps of the inversion, and of the way back."""
        return count_until(self.t_start, self.steps)

    @property
    def folder(self) -> Path | None:
        """Where what was learned is kept."""
        return None if self.lora_folder is None else Path(self.lora_folder).expanduser()


class DragDiffusion(LatentEngine):
    """The engine with its options chosen: `COMMON_OPTIONS`, see `Choices`; the others, see `Settings`."""

    info = INFO

    def __init__(self, runtime: Runtime = ANYWHERE, **options: Any) -> None:
        chosen, own = split_options(options)
        self._settings = Settings(**own)
        public = bool(self._settings.compat)
        common: dict[str, Any] = {"paste_back": not public, **chosen}
        super().__init__(runtime, replace(Choices(**common), uncropped=public))

    def _method(self) -> "MotionSupervision":
        from pliant.engines.dragdiffusion_steps import MotionSupervision

        return MotionSupervision(self._settings)
