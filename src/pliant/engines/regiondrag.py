"""RegionDrag (ECCV 2024): latents copied from handle to target regions while a diffusion model denoises."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pliant.engines.base import EngineInfo, check_range
from pliant.engines.latent.choices import COMMON_OPTIONS, COMMON_TEXTS, IMAGE_OPTIONS, Choices, split_options
from pliant.engines.latent.engine import LatentEngine
from pliant.engines.latent.schedule import count_until
from pliant.errors import EditError
from pliant.models.device import ANYWHERE, Runtime

if TYPE_CHECKING:
    from pliant.engines.copypaste import CopyPaste

PUBLIC_CODE = "regiondrag-2024"

INFO = EngineInfo(
    name="regiondrag",
    summary="copies latents from handle to target regions; inverts a photo once, then edits at half the cost",
    licence="CreativeML Open RAIL-M (weights)",
    paper="RegionDrag, ECCV 2024, arXiv:2407.18247",
    options={
        **COMMON_OPTIONS,
        **IMAGE_OPTIONS,
        "steps": "sampling steps from noise to picture, of which those below t_start are run (default: 20)",
        "t_start": "training step, of 1000, that the photo is inverted to (default: 500)",
        "t_end": "training step below which nothing is pasted any more (default: 200)",
        "alpha": "noise put into the handle region, 0 to 1; more removes more of what stood there (default: 1)",
        "attention": "layers that reuse the photo's keys and values: all, none, 7 or 7-15; with @0-4, only in "
        "these steps, counted from the noisiest (default: all)",
        "points": "share of the point pairs that is used, above 0 to 1, for experiments (default: 1)",
        "compat": f"{PUBLIC_CODE}: levels, intervals and mapping of the published code (default: the paper's)",
    },
    texts=(*COMMON_TEXTS, "image_adapter", "attention", "compat"),
    understands_prompt=True,
    working_size=512,
    extra="diffusion",
    weights=("sd15",),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The method's numbers; the defaults are the paper's (section 4.3).

    They are what `INFO.options` says. `t_end` None is 200, or with `compat` never.

    Raises:
        EditError: a value is not one that is accepted (`invalid_option`).
    """

    steps: int = 20
    t_start: int = 500
    t_end: int | None = None
    alpha: float = 1.0
    attention: "str | int" = "all"
    points: float = 1.0
    compat: str | None = None

    def __post_init__(self) -> None:
        check_range("steps", self.steps, 1, 500, whole=True)
        check_range("t_start", self.t_start, 1, 999, whole=True)
        if self.t_end is not None:
            check_range("t_end", self.t_end, 0, 1000, whole=True)
        check_range("alpha", self.alpha, 0, 1.6 if self.compat else 1)
        check_range("points", self.points, 0.001, 1)
        if self.compat not in (None, PUBLIC_CODE):
            raise EditError(f"compat is {self.compat!r}; accepted is {PUBLIC_CODE!r}.", code="invalid_option")
        if not self.count:
            raise EditError(
                f"With {self.steps} steps none lies below t_start = {self.t_start}; raise one of them.",
                code="invalid_option",
            )
        self.swaps()

    @property
    def count(self) -> int:
        """Steps of the inversion, and of the way back."""
        return count_until(self.t_start, self.steps)

    @property
    def pasted_from(self) -> int:
        """The lowest level on which there is pasting."""
        return self.t_end if self.t_end is not None else 0 if self.compat else 200

    def swaps(self) -> tuple[range, range]:
        """The layers and the steps, from the noisiest, whose keys and values are the photo's."""
        text = str(self.attention)
        if text == "none":
            return range(0), range(0)
        layers, at, steps = text.partition("@")
        try:
            return (
                range(10**6) if layers == "all" else _span(layers),
                _span(steps) if at else range(10**6),
            )
        except ValueError:
            raise EditError(
                f"attention is {self.attention!r}; accepted are all, none, a layer or layers such as 10-15, and "
                "with @0-4 the steps.",
                code="invalid_option",
            ) from None


class RegionDrag(LatentEngine):
    """The engine with its options chosen: `COMMON_OPTIONS` and `IMAGE_OPTIONS`, see `Choices`; the others, see
    `Settings`.
    """

    info = INFO

    def __init__(self, runtime: Runtime = ANYWHERE, **options: Any) -> None:
        chosen, own = split_options(options, {**COMMON_OPTIONS, **IMAGE_OPTIONS})
        self._settings = Settings(**own)
        public = bool(self._settings.compat)
        common: dict[str, Any] = {"paste_back": not public, **chosen}
        super().__init__(runtime, replace(Choices(**common), sampled=public, uncropped=public, mixed=public))

    def _method(self) -> "CopyPaste":
        from pliant.engines.copypaste import CopyPaste

        return CopyPaste(self._settings)


def _span(text: str) -> range:
    """`7` or `7-15` as the numbers that it names."""
    first, dash, last = text.partition("-")
    start, end = int(first), int(last if dash else first)
    if not 0 <= start <= end:
        raise ValueError(text)
    return range(start, end + 1)
