"""DiffEditor (CVPR 2024): denoising led by an energy that compares places of the edit with places of the photo."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pliant.engines.base import EngineInfo, check_range
from pliant.engines.latent.choices import COMMON_OPTIONS, COMMON_TEXTS, IMAGE_OPTIONS, Choices, split_options
from pliant.engines.latent.engine import LatentEngine
from pliant.errors import EditError
from pliant.models.device import ANYWHERE, Runtime

if TYPE_CHECKING:
    from pliant.engines.diffeditor_steps import LedByEnergy

MODES = ("drag", "move")

INFO = EngineInfo(
    name="diffeditor",
    summary="denoising led by an energy over the UNet's features; no training, about 200 calls of the UNet",
    licence="CreativeML Open RAIL-M (weights)",
    paper="DiffEditor, CVPR 2024, arXiv:2402.02583",
    options={
        **COMMON_OPTIONS,
        **IMAGE_OPTIONS,
        "mode": "drag brings the places under the handles to their targets, move the whole region (default: drag)",
        "steps": "sampling steps, all of which are run (default: 50)",
        "guidance": "how much the prompt counts (default: 4)",
        "energy": "how much the energy leads, 0 to 10 (default: 2, with mode move 0.5)",
        "sde": "noise added inside the region in the middle of the way, 0 to 1 (default: 0.4)",
        "travel": "false: steps are not repeated (default: true)",
    },
    choices={"mode": MODES},
    texts=(*COMMON_TEXTS, "image_adapter"),
    understands_pairs=False,
    understands_prompt=True,
    working_size=512,
    extra="diffusion",
    weights=("sd15",),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The method's numbers; the defaults are the published ones. `energy` None: 2, or 0.5 with mode move.

    Raises:
        EditError: a value is not one that is accepted (`invalid_option`).
    """

    mode: str = "drag"
    steps: int = 50
    guidance: float = 4.0
    energy: float | None = None
    sde: float = 0.4
    travel: bool = True

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise EditError(f"mode is {self.mode!r}; accepted: {', '.join(MODES)}.", code="invalid_option")
        check_range("steps", self.steps, 1, 500, whole=True)
        check_range("guidance", self.guidance, 1, 30)
        check_range("energy", self.strength, 0, 10)
        check_range("sde", self.sde, 0, 1)
        if not isinstance(self.travel, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise EditError(f"travel is {self.travel!r}; accepted are true and false.", code="invalid_option")

    @property
    def moves(self) -> bool:
        """Whether whole regions are moved."""
        return self.mode == "move"

    @property
    def strength(self) -> float:
        """How much the energy leads."""
        return self.energy if self.energy is not None else 0.5 if self.moves else 2.0


class DiffEditor(LatentEngine):
    """The engine with its options chosen: `COMMON_OPTIONS` and `IMAGE_OPTIONS`, see `Choices`; the others, see
    `Settings`.
    """

    info = INFO

    def __init__(self, runtime: Runtime = ANYWHERE, **options: Any) -> None:
        chosen, own = split_options(options, {**COMMON_OPTIONS, **IMAGE_OPTIONS})
        self._settings = Settings(**own)
        super().__init__(runtime, replace(Choices(**chosen), guided=True))

    def _method(self) -> "LedByEnergy":
        from pliant.engines.diffeditor_steps import LedByEnergy

        return LedByEnergy(self._settings)
