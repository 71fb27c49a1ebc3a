"""What the bench compares: an engine with its options, and what it changes of the edits it is given."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pliant.bench.baselines import BASELINES
from pliant.engines.api import engine as make_engine
from pliant.engines.base import Engine
from pliant.errors import UnknownNameError
from pliant.models.device import Runtime
from pliant.types import DragRegion, Edge, Edit
from pliant.warp.deform import DEFORMERS


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One row of a table.

    `name` is what tables and folders call it. `engine` is a registered engine or one of `BASELINES`. `deform`
    replaces the deformer of every drag region and `edge` what its border does; None leaves them as they are.
    `takes` is the edge of the samples it runs on (None: all).
    """

    name: str
    engine: str = "inpaint4drag"
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    deform: str | None = None
    edge: Edge | None = None
    takes: Edge | None = None

    def make(self, runtime: Runtime) -> Engine:
        """The engine.

        Raises:
            UnknownNameError: there is no such engine, option or deformer.
        """
        if self.deform is not None:
            DEFORMERS.get(self.deform)
        if self.engine not in BASELINES:
            return make_engine(self.engine, **self.options, **asdict(runtime))
        make = BASELINES[self.engine]
        known: Mapping[str, str] = make.info.options
        for option in self.options.keys() - known.keys():
            raise UnknownNameError(
                f"The engine {self.engine!r} has no option {option!r}; it has: {', '.join(known) or 'none'}.",
                code="unknown_option",
            )
        return make(runtime, **self.options)

    def edited(self, edit: Edit) -> Edit:
        """`edit` as this contender gets it."""
        changes = {k: v for k, v in (("deform", self.deform), ("edge", self.edge)) if v is not None}
        regions = [replace(r, **changes) if isinstance(r, DragRegion) else r for r in edit.regions]
        return replace(edit, regions=regions)

    def runs_on(self, edge: Edge | None) -> bool:
        """Whether it runs on samples whose regions have that edge."""
        return self.takes is None or self.takes == edge


def edge_of(edit: Edit) -> Edge | None:
    """What the border of the edit's drag regions does; None where they differ or there are none."""
    edges: set[Edge] = {item.edge for item in edit.regions if isinstance(item, DragRegion)}
    return edges.pop() if len(edges) == 1 else None
