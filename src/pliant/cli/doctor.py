"""`pliant doctor`: what is installed, what works and what is missing."""

import json
import platform
import sys
from typing import Any

import typer

from pliant import __version__
from pliant.cli import flags
from pliant.cli.console import guarded


@guarded
def doctor(as_json: flags.Json = False) -> None:
    """Show versions, what works and what is missing."""
    report = examine()
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        _print(report)
    if report["missing"] or report["broken"]:
        raise typer.Exit(1)


def examine() -> dict[str, Any]:
    """The state of this installation."""
    from pliant.cli.extras import installed, requirements
    from pliant.cli.readiness import broken, devices, readiness

    needed = requirements()
    base = {name: installed(name) for name in needed.pop("", [])}
    extras = {extra: _extra(extra) for extra in needed}
    found = readiness({extra: bool(state["missing"]) for extra, state in extras.items()})
    return {
        "pliant": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "packages": base,
        "missing": [name for name, found in base.items() if found is None],
        "works": {kind: [name for name, waits in rows.items() if not waits] for kind, rows in found.items()},
        "needs": {kind: {name: waits for name, waits in rows.items() if waits} for kind, rows in found.items()},
        "broken": broken(),
        "devices": devices(),
        "extras": extras,
        "compiled_code": _cache_folder(),
    }


def _extra(extra: str) -> dict[str, Any]:
    from pliant.cli.extras import command, missing

    lacking = missing(extra)
    return {"missing": lacking, "command": command(extra) if lacking else None}


def _cache_folder() -> str:
    """Where the compiler keeps the loops of the warp; it chooses the user's cache where ours is read-only."""
    from pliant.warp.kernels import inverse_distance

    dispatcher: Any = inverse_distance
    return str(dispatcher.stats.cache_path)


def _print(report: dict[str, Any]) -> None:
    typer.echo(f"pliant {report['pliant']}, Python {report['python']}, {report['platform']}")
    typer.echo(f"run by {report['executable']}")
    for name, found in report["packages"].items():
        typer.echo(f"  {name:<24} {found or 'MISSING'}")
    for kind, names in report["works"].items():
        typer.echo(f"{kind}s that work: {', '.join(names) or 'none'}")
        for name, commands in report["needs"][kind].items():
            typer.echo(f"  {name} needs: {'; '.join(commands)}")
    for name, reason in report["broken"].items():
        typer.echo(f"does not work: {name}: {reason}")
    for library, names in report["devices"].items():
        typer.echo(f"{library} runs on: {', '.join(names)}")
    for extra, state in report["extras"].items():
        status = f"not installed; {state['command']}" if state["missing"] else "installed"
        typer.echo(f"extra {extra:<12} {status}")
    typer.echo(f"compiled code is kept in {report['compiled_code']}")
