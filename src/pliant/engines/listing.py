"""What engines, fillers, segmenters and deformers declare of themselves, as plain rows for lists and programs."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeAlias, TypeVar

from pliant.engines.base import ENGINES, MakeEngine
from pliant.errors import MissingRequirementError
from pliant.fill.base import FILLERS, MakeFiller
from pliant.regions.segment import SEGMENTERS, MakeSegmenter
from pliant.registry import Registry
from pliant.warp.deform import DEFORMERS, MakeDeformer

T = TypeVar("T")
Row: TypeAlias = dict[str, Any]


def engine_rows() -> list[Row]:
    """What every engine declares, and whether it is there (`available`)."""
    return _rows(ENGINES, _engine_facts)


def filler_rows() -> list[Row]:
    """What every filler declares, and whether it is there."""
    return _rows(FILLERS, _filler_facts)


def segmenter_rows() -> list[Row]:
    """What every segmenter declares, and whether it is there."""
    return _rows(SEGMENTERS, _segmenter_facts)


def deformer_rows() -> list[Row]:
    """The deformers and the edge that each is for."""
    return _rows(DEFORMERS, _deformer_facts)


def _engine_facts(make: MakeEngine) -> Row:
    return asdict(make.info)


def _filler_facts(make: MakeFiller) -> Row:
    return asdict(make().info)


def _segmenter_facts(make: MakeSegmenter) -> Row:
    return asdict(make.info)


def _deformer_facts(make: MakeDeformer) -> Row:
    return {"summary": make.summary, "edge": make.edge}


def _rows(registry: Registry[T], facts: Callable[[T], Row]) -> list[Row]:
    rows: list[Row] = []
    for name in registry.names():
        try:
            rows.append({"name": name, "available": True, **facts(registry.get(name))})
        except MissingRequirementError as error:
            rows.append({"name": name, "available": False, "summary": str(error)})
    return rows
