"""What an engine is, and the names of those there are."""

from dataclasses import dataclass
from typing import Any, Protocol, Self

from pliant.events import CancelToken, OnEvent
from pliant.models.device import ANYWHERE, Runtime
from pliant.registry import Registry
from pliant.types import Edit, Picture, Preview, Result


@dataclass(frozen=True, kw_only=True)
class EngineInfo:
    """What an engine declares of itself; help texts, docs and tests are made from it.

    `options` maps the name of each option of the engine to one line that explains it.
    """

    name: str
    summary: str
    licence: str
    paper: str
    options: dict[str, str]
    understands_drags: bool = True
    understands_pairs: bool = True
    understands_prompt: bool = False
    has_preview: bool = False
    extra: str | None = None


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

    def open(self, picture: Picture) -> Session:
        """A session on `picture`."""
        ...


class MakeEngine(Protocol):
    """What a registry entry is: something that makes an engine from where it runs and its options."""

    info: EngineInfo

    def __call__(self, runtime: Runtime = ANYWHERE, **options: Any) -> Engine:
        """An engine; `options` are those that `info` names."""
        ...


ENGINES: Registry[MakeEngine] = Registry(
    "engine", "pliant.engines", {"inpaint4drag": "pliant.engines.inpaint4drag:Inpaint4Drag"}
)
