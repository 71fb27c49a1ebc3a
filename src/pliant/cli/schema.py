"""`pliant schema`: the JSON Schema of an edit document."""

import json

import typer

from pliant.cli.console import guarded


@guarded
def schema() -> None:
    """Print the JSON Schema of an edit document."""
    from pliant.document import schema as made

    typer.echo(json.dumps(made(), indent=2))
