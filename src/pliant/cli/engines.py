"""`pliant engines`: methods, fillers, segmenters and deformers, from what they declare of themselves."""

import json
from typing import TYPE_CHECKING

import typer

from pliant.cli import flags
from pliant.cli.console import guarded

if TYPE_CHECKING:
    from pliant.engines.listing import Row


@guarded
def engines(as_json: flags.Json = False) -> None:
    """List engines, fillers, segmenters and deformers."""
    from pliant.engines.listing import deformer_rows, engine_rows, filler_rows, segmenter_rows

    found = {
        "engines": engine_rows(),
        "fillers": filler_rows(),
        "segmenters": segmenter_rows(),
        "deformers": deformer_rows(),
    }
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for title, rows in found.items():
        typer.echo(f"{title}:")
        for row in rows:
            typer.echo(_line(row))
            for facts in _facts(row):
                typer.echo(f"      {facts}")
            for option, meaning in row.get("options", {}).items():
                typer.echo(f"      {option}: {meaning}")


def _line(row: "Row") -> str:
    marks = [f"{row['edge']} edge"] if "edge" in row else []
    marks += [row["licence"]] if row.get("licence") else []
    marks += [row["paper"]] if row.get("paper") else []
    tail = f" ({'; '.join(marks)})" if marks else ""
    return f"  {row['name']:<14} {row['summary']}{tail}"


def _facts(row: "Row") -> list[str]:
    """What it takes and what it needs, where it says so."""
    takes = {"drags": "drags", "pairs": "region pairs", "prompt": "a prompt"}
    taken = [what for name, what in takes.items() if row.get(f"understands_{name}")]
    needed = [f"pip install 'pliant[{row['extra']}]'"] if row.get("extra") else []
    needed += [f"the model {name}" for name in row.get("weights", ())]
    return [f"{verb} {', '.join(facts)}" for verb, facts in (("takes", taken), ("needs", needed)) if facts]
