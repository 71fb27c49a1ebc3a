"""Named plans: what is compared with what, in the papers' own terms."""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

from pliant.bench.contender import Contender
from pliant.errors import UnknownNameError
from pliant.fill.base import FILLERS
from pliant.warp.deform import DEFORMERS

NO_OP = Contender(name="no-op", engine="no-op")
DEFAULT = Contender(name="inpaint4drag")


class Plan(NamedTuple):
    """`make` gives its contenders."""

    summary: str
    make: Callable[[], list[Contender]]


def contenders(name: str) -> list[Contender]:
    """The contenders of the plan called `name`.

    Raises:
        UnknownNameError: there is no such plan (`unknown_plan`).
    """
    if name not in PLANS:
        raise UnknownNameError(f"There is no plan {name!r}; known: {', '.join(PLANS)}.", code="unknown_plan")
    return PLANS[name].make()


def _default() -> list[Contender]:
    return [NO_OP, DEFAULT]


def _warp() -> list[Contender]:
    """The paper's warp both ways, as written and as released, against the same field with the mesh inverse."""
    variants = {
        "forward": "unidirectional",
        "paper": "bidirectional, paper",
        "released": "bidirectional, released",
    }
    nearest = [
        Contender(name=title, engine="nearest", options={"variant": variant})
        for variant, title in variants.items()
    ]
    mesh = Contender(name="elastic, mesh inverse", deform="elastic", edge="free", options={"filler": "telea"})
    return [NO_OP, *nearest, mesh]


def _deformers() -> list[Contender]:
    return [NO_OP, *(_with_deformer(name) for name in DEFORMERS.names())]


def _fillers() -> list[Contender]:
    return [NO_OP, *(Contender(name=name, options={"filler": name}) for name in ready_fillers())]


def _deformers_fillers() -> list[Contender]:
    pairs = product(DEFORMERS.names(), ready_fillers())
    return [NO_OP, *(_with_deformer(deformer, filler) for deformer, filler in pairs)]


def _refine() -> list[Contender]:
    refined = Contender(name="refined by grabcut", options={"refine": "grabcut"})
    return [Contender(name="as drawn"), refined]


def _regiondrag_points() -> list[Contender]:
    """Section 4.3: how many of the region's points are worth having."""
    return [_regiondrag(f"{share:.0%} of the points", points=share) for share in (0.01, 0.1, 0.25, 0.5, 1.0)]


def _regiondrag_steps() -> list[Contender]:
    """Copy and paste at the first step alone (its level is t_start), or down to t_end."""
    return [_regiondrag("single step", t_end=500), _regiondrag("multi-step"), _regiondrag("to the end", t_end=0)]


def _regiondrag_alpha() -> list[Contender]:
    return [_regiondrag(f"alpha {alpha:g}", alpha=alpha) for alpha in (0.0, 0.5, 1.0)]


def _regiondrag(name: str, **options: float) -> Contender:
    return Contender(name=name, engine="regiondrag", options=options)


def _with_deformer(name: str, filler: str | None = None) -> Contender:
    """A free deformer moves an editable area as a whole, as the published code does; a pinned one needs one."""
    edge = DEFORMERS.get(name).edge
    return Contender(
        name=name if filler is None else f"{name} + {filler}",
        deform=name,
        edge=edge,
        takes="pinned" if edge == "pinned" else None,
        options={} if filler is None else {"filler": filler},
    )


def ready_fillers() -> list[str]:
    """The fillers that need neither an extra nor weights."""
    return [name for name, make in FILLERS if make.info.extra is None and not make.info.weights]


PLANS: dict[str, Plan] = {
    "default": Plan("the engine as it comes", _default),
    "warp": Plan("unidirectional against bidirectional warping, and the mesh inverse", _warp),
    "deformers": Plan("every deformer, with the default filler", _deformers),
    "fillers": Plan("every filler that needs no model, with the default deformers", _fillers),
    "deformers-fillers": Plan("every deformer with every filler that needs no model", _deformers_fillers),
    "regiondrag-points": Plan("RegionDrag: the share of point pairs that is used", _regiondrag_points),
    "regiondrag-steps": Plan("RegionDrag: copy-paste in a single step or in several", _regiondrag_steps),
    "regiondrag-alpha": Plan("RegionDrag: noise put into the handle region", _regiondrag_alpha),
    "refine": Plan("drawn regions as they are, and refined", _refine),
}
