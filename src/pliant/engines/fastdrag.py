"""FastDrag (NeurIPS 2024): latents moved in one step, by a warpage that stretches like rubber from each handle."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pliant.engines.base import EngineInfo, check_range
from pliant.engines.latent.choices import COMMON_OPTIONS, COMMON_TEXTS, Choices, split_options
from pliant.engines.latent.engine import LatentEngine
from pliant.engines.latent.schedule import count_until
from pliant.errors import EditError
from pliant.models.device import ANYWHERE, Runtime

if TYPE_CHECKING:
    from pliant.engines.fastdrag_steps import OneStepWarpage

PUBLIC_CODE = "fastdrag-2024"
OWN_UNET = "own"

INFO = EngineInfo(
    name="fastdrag",
    summary="moves latents in one step by a warpage function; no optimisation, 14 calls of an LCM UNet",
    licence="CreativeML Open RAIL-M (weights), MIT (LCM UNet)",
    paper="FastDrag, NeurIPS 2024, arXiv:2405.15769",
    options={
        **COMMON_OPTIONS,
        "unet": "whole model whose UNet is used in place of the model's own; own: the model's (default: "
        "lcm-dreamshaper, as published)",
        "steps": "sampling steps from noise to picture, of which those below t_start are run (default: 10)",
        "t_start": "training step, of 1000, that the photo is inverted to (default: 700)",
        "mode": "drag bends the region, move shifts it, copy shifts a copy of it (default: drag)",
        "weights": "several handles: inverse, by inverse distance; nearest, the nearest alone (default: inverse)",
        "fill": "emptied cells: interpolation from around them, noise, or original (default: interpolation)",
        "consistency": "false: keys and values of the photo are not reused (default: true)",
        "compat": f"{PUBLIC_CODE}: rounding, order and gaps of the published code (default: ours)",
    },
    choices={
        "mode": ("drag", "move", "copy"),
        "weights": ("inverse", "nearest"),
        "fill": ("interpolation", "noise", "original"),
    },
    texts=(*COMMON_TEXTS, "unet", "compat"),
    understands_pairs=False,
    understands_prompt=True,
    working_size=512,
    extra="diffusion",
    weights=("sd15", "lcm-dreamshaper"),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The method's numbers and ways; the defaults are the paper's (section 4 and appendix).

    Raises:
        EditError: a value is not one that is accepted (`invalid_option`).
    """

    steps: int = 10
    t_start: int = 700
    mode: str = "drag"
    weights: str = "inverse"
    fill: str = "interpolation"
    consistency: bool = True
    compat: str | None = None

    def __post_init__(self) -> None:
        check_range("steps", self.steps, 1, 500, whole=True)
        check_range("t_start", self.t_start, 1, 1000, whole=True)
        for name, accepted in INFO.choices.items():
            _check_one_of(name, getattr(self, name), accepted)
        _check_one_of("consistency", self.consistency, (True, False))
        _check_one_of("compat", self.compat, (None, PUBLIC_CODE))
        if not self.count:
            raise EditError(
                f"With {self.steps} steps none lies below t_start = {self.t_start}; raise one of them.",
                code="invalid_option",
            )

    @property
    def count(self) -> int:
        """Steps of the inversion, and of the way back."""
        return count_until(self.t_start, self.steps)


class FastDrag(LatentEngine):
    """The engine with its options chosen: `COMMON_OPTIONS` and `unet`, see `Choices`; others, see `Settings`."""

    info = INFO

    def __init__(self, runtime: Runtime = ANYWHERE, *, unet: str = "lcm-dreamshaper", **options: Any) -> None:
        chosen, own = split_options(options)
        self._settings = Settings(**own)
        super().__init__(runtime, replace(Choices(**chosen), unet=None if unet == OWN_UNET else unet))

    def _method(self) -> "OneStepWarpage":
        from pliant.engines.fastdrag_steps import OneStepWarpage

        return OneStepWarpage(self._settings)


def _check_one_of(name: str, value: object, accepted: tuple[object, ...]) -> None:
    if value not in accepted:
        named = ", ".join(str(each) for each in accepted if each is not None)
        raise EditError(f"{name} is {value!r}; accepted: {named}.", code="invalid_option")
