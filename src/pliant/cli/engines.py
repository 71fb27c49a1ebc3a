"""`pliant engines`: the methods, fillers and deformers there are, from what they declare of themselves."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import typer

from pliant.cli import flags
from pliant.cli.console import guarded
from pliant.errors import MissingRequirementError

if TYPE_CHECKING:
    from pliant.engines.base import MakeEngine
    from pliant.fill.base import MakeFiller
    from pliant.registry import Registry
    from pliant.warp.deform import MakeDeformer

T = TypeVar("T")
Row: TypeAlias = dict[str, Any]


@guarded
def engines(as_json: flags.Json = False) -> None:
    """List engines, fillers and deformers."""
    found = {"engines": engine_rows(), "fillers": filler_rows(), "deformers": deformer_rows()}
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for title, rows in found.items():
        typer.echo(f"{title}:")
        for row in rows:
            typer.echo(_line(row))
            for option, meaning in row.get("options", {}).items():
                typer.echo(f"      {option}: {meaning}")


def engine_rows() -> list[Row]:
    """What every engine declares, and whether it is there."""
    from pliant.engines.base import ENGINES

    return _rows(ENGINES, _engine_facts)


def filler_rows() -> list[Row]:
    """What every filler declares, and whether it is there."""
    from pliant.fill.base import FILLERS

    return _rows(FILLERS, _filler_facts)


def deformer_rows() -> list[Row]:
    """The deformers and the edge that each is for."""
    from pliant.warp.deform import DEFORMERS

    return _rows(DEFORMERS, _deformer_facts)


def _engine_facts(make: "MakeEngine") -> Row:
    return asdict(make.info)


def _filler_facts(make: "MakeFiller") -> Row:
    return asdict(make().info)


def _deformer_facts(make: "MakeDeformer") -> Row:
    return {"summary": make.summary, "edge": make.edge}


def _rows(registry: "Registry[T]", facts: Callable[[T], Row]) -> list[Row]:
    rows: list[Row] = []
    for name in registry.names():
        try:
            rows.append({"name": name, "available": True, **facts(registry.get(name))})
        except MissingRequirementError as error:
            rows.append({"name": name, "available": False, "summary": str(error)})
    return rows


def _line(row: Row) -> str:
    marks = [f"{row['edge']} edge"] if "edge" in row else []
    marks += [row["licence"]] if row.get("licence") else []
    marks += [row["paper"]] if row.get("paper") else []
    tail = f" ({'; '.join(marks)})" if marks else ""
    return f"  {row['name']:<14} {row['summary']}{tail}"
