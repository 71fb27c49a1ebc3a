"""What an engine is, and the names of those there are."""

from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from pliant.errors import EditError
from pliant.events import CancelToken, OnEvent
from pliant.models.device import ANYWHERE, Runtime
from pliant.registry import Registry
from pliant.types import DragRegion, Edit, Picture, Preview, RegionPair, Result


@dataclass(frozen=True, kw_only=True)
class EngineInfo:
    """What an engine declares of itself; help texts, docs and tests are made from it.

    `options` maps the name of each option of the engine to one line that explains it, `choices` that of each
    option that takes one of some names to these, the default first, `texts` those that take any other text, such
    as a model's name or a folder; what is in neither takes numbers, or true and false. `has_preview` says that
    previews keep up with a pointer and look like the result. `working_size` is the side in pixels of the square it
    works on best (None: any); `extra` is the optional dependency it needs, `weights` the models of the catalogue
    that it loads unless told otherwise.
    """

    name: str
    summary: str
    licence: str
    paper: str
    options: dict[str, str]
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    texts: tuple[str, ...] = ()
    understands_drags: bool = True
    understands_pairs: bool = True
    understands_prompt: bool = False
    has_preview: bool = False
    working_size: int | None = None
    extra: str | None = None
    weights: tuple[str, ...] = ()


def check_understood(info: EngineInfo, edit: Edit) -> None:
    """Refuse an edit with something that an engine would have to ignore.

    Raises:
        EditError: with the code `unsupported_input`.
    """
    asked = {
        "drags": any(isinstance(region, DragRegion) for region in edit.regions) and not info.understands_drags,
        "region pairs": any(isinstance(r, RegionPair) for r in edit.regions) and not info.understands_pairs,
        "a prompt": bool(edit.prompt.strip()) and not info.understands_prompt,
    }
    for what, refused in asked.items():
        if refused:
            raise EditError(
                f"The edit has {what}, which the engine {info.name!r} does not understand; leave that out, or "
                "choose another engine (`pliant engines`).",
                code="unsupported_input",
            )


def check_range(name: str, value: object, low: float, high: float, *, whole: bool = False) -> None:
    """Refuse the option `name` if its `value` is not a number, or a whole one, from `low` to `high`.

    Raises:
        EditError: with the code `invalid_option`.
    """
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        kind = "whole numbers" if whole else "numbers"
        raise EditError(
            f"{name} is {value!r}; accepted are {kind} from {low:g} to {high:g}.", code="invalid_option"
        )


class Session(Protocol):
    """An engine with one photo opened: the slow part is done once, then many edits."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def preview(self, edit: Edit) -> Preview:
        """The warp of `edit`, without its fill."""
        ...

    def run(
        self,
        edit: Edit,
        *,
        seed: int | None = None,
        on_event: OnEvent = ...,
        cancel: CancelToken | None = None,
    ) -> Result:
        """The finished edit. `seed` None takes the edit's own."""
        ...


class Engine(Protocol):
    """A drag-editing method with its options chosen."""

    @property
    def info(self) -> EngineInfo:
        """What this engine is and needs."""
        ...

    def open(
        self,
        picture: Picture,
        *,
        edit: Edit | None = None,
        on_event: OnEvent = ...,
        cancel: CancelToken | None = None,
    ) -> Session:
        """A session on `picture`, with the slow part done.

        `edit` is the first that will be made, where it is known: it is checked before any work, and the slow part
        is done for its prompt and place. Other edits are as welcome, but may cost that part again.
        """
        ...


class MakeEngine(Protocol):
    """What a registry entry is: something that makes an engine from where it runs and its options."""

    info: EngineInfo

    def __call__(self, runtime: Runtime = ANYWHERE, **options: Any) -> Engine:
        """An engine; `options` are those that `info` names."""
        ...


ENGINES: Registry[MakeEngine] = Registry(
    "engine",
    "pliant.engines",
    {
        "inpaint4drag": "pliant.engines.inpaint4drag:Inpaint4Drag",
        "regiondrag": "pliant.engines.regiondrag:RegionDrag",
        "fastdrag": "pliant.engines.fastdrag:FastDrag",
        "dragdiffusion": "pliant.engines.dragdiffusion:DragDiffusion",
        "sdedrag": "pliant.engines.sdedrag:SdeDrag",
        "diffeditor": "pliant.engines.diffeditor:DiffEditor",
    },
)
