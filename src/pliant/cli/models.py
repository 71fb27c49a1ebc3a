"""`pliant models`: the models of the catalogue, and those that are on this machine."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pliant.cli import flags
from pliant.cli.console import guarded, say
from pliant.cli.runtime import Offline, ask, get_models, size_text

if TYPE_CHECKING:
    from pathlib import Path

    from pliant.models.catalog import Model

models = typer.Typer(rich_markup_mode=None, no_args_is_help=True)

_HELP = "A name of the catalogue, a hub id (org/name[@revision]), an address, or a local path."
Name = Annotated[str, typer.Argument(metavar="MODEL", help=_HELP)]
Names = Annotated[list[str], typer.Argument(metavar="MODEL...", help=_HELP)]
MaybeNames = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MODEL...]", help="As for `get`; all that are here if none is given."),
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask first.")]


@models.callback()
def about() -> None:
    """List, download, find, remove and check models."""


@models.command("list")
@guarded
def list_(as_json: flags.Json = False) -> None:
    """List the catalogue, with licence and size, and what of it is here."""
    from pliant.models.catalog import models as every
    from pliant.models.fetch import cached

    rows = [(model, cached(model.alias)) for model in every()]
    if as_json:
        typer.echo(json.dumps([_facts(model, path) for model, path in rows], indent=2))
        return
    for model, path in rows:
        here = "here" if path else ""
        typer.echo(f"{model.alias:<14} {here:<5} {size_text(model.size):>9}  {model.licence:<25} {model.title}")


@models.command()
@guarded
def get(
    name: Names,
    offline: Offline = False,
    yes: Yes = False,
    as_json: flags.Json = False,
    verbose: flags.Verbose = False,
) -> None:
    """Download models, where they are not here yet, and print where they are.

    Size and licence are shown first; at a terminal it asks.
    """
    del verbose
    found = get_models(name, offline=offline, yes=yes)
    if as_json:
        typer.echo(json.dumps([{"model": model, "path": path} for model, path in found.items()], indent=2))
        return
    for path in found.values():
        typer.echo(path)


@models.command()
@guarded
def path(name: Name, as_json: flags.Json = False) -> None:
    """Print where a model is on this machine; fail if it is not."""
    from pliant.models.fetch import locate

    found = str(locate(name, offline=True))
    typer.echo(json.dumps({"model": name, "path": found}, indent=2) if as_json else found)


@models.command()
@guarded
def rm(name: Names, yes: Yes = False, as_json: flags.Json = False) -> None:
    """Remove models from the cache, which other programs may share; at a terminal it asks."""
    from pliant.models.fetch import files_of, remove

    for reference in name:
        if size := sum(file.stat().st_size for file in files_of(reference)):
            say(f"{reference}: {size_text(size)}")
            ask("Remove it?", yes=yes)
    freed = {reference: remove(reference) for reference in name}
    if as_json:
        typer.echo(json.dumps([{"model": model, "freed": size} for model, size in freed.items()], indent=2))
        return
    for reference, size in freed.items():
        typer.echo(f"{reference}: {size_text(size)} freed" if size else f"{reference}: was not here")


@models.command()
@guarded
def check(name: MaybeNames = None, as_json: flags.Json = False) -> None:
    """Compare the files of models with the hashes they should have; fail if one is damaged."""
    from pliant.errors import PliantError
    from pliant.models.catalog import models as every
    from pliant.models.fetch import cached, verify

    chosen = name or [model.alias for model in every() if cached(model.alias)]
    found = {reference: verify(reference) for reference in chosen}
    if as_json:
        rows = [{"model": model, **asdict(checked)} for model, files in found.items() for checked in files]
        typer.echo(json.dumps(rows, indent=2))
    else:
        for model, files in found.items():
            for checked in files:
                typer.echo(f"{model:<14} {checked.state:<8} {checked.file}")
    damaged = sorted({model for model, files in found.items() for checked in files if checked.state == "damaged"})
    if damaged:
        names = " ".join(damaged)
        raise PliantError(
            f"Damaged: {', '.join(damaged)}. Get them again with `pliant models rm {names}` and "
            f"`pliant models get {names}`.",
            code="damaged_model",
        )


def _facts(model: "Model", path: "Path | None") -> dict[str, Any]:
    facts = {**asdict(model), "path": None if path is None else str(path)}
    facts["locations"] = [place.name for place in model.locations]
    return facts
