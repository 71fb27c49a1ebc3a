"""The `pliant` command: puts the verbs together."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from pliant import __version__
from pliant.cli.batch import batch
from pliant.cli.bench import bench
from pliant.cli.doctor import doctor
from pliant.cli.edit import edit
from pliant.cli.engines import engines
from pliant.cli.fill import fill
from pliant.cli.models import models
from pliant.cli.schema import schema
from pliant.cli.select import select
from pliant.cli.serve import serve
from pliant.cli.warp import warp

# Rich help would cost a third of the time that `--help` may take.
app = typer.Typer(
    name="pliant",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (edit, warp, fill, select, batch, engines, serve, doctor, schema):
    app.command()(verb)
app.add_typer(models, name="models")
app.add_typer(bench, name="bench")


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"pliant {__version__}")
        raise typer.Exit


@app.callback()
def pliant(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Edit a photo by dragging it; what the drag uncovers is painted in."""
    del version


def main(argv: Sequence[str] | None = None) -> int:
    """Run `pliant` with `argv` (None: the process's own) and give its exit code.

    0 done, 1 failed, 2 bad usage, 130 cancelled.
    """
    try:
        app(args=argv if argv is None else list(argv), prog_name="pliant")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
