"""`pliant bench data`: whether data sets can be used, what their samples look like, and as edit documents."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pliant.cli import flags
from pliant.cli.console import guarded, say, warn

data = typer.Typer(rich_markup_mode=None, no_args_is_help=True)

Source = Annotated[str, typer.Argument(metavar="DATA", help="A folder, exact[:count=300,...], or holes:PHOTOS.")]
SampleName = Annotated[str, typer.Argument(metavar="SAMPLE", help="The name of a sample.")]
NewFolder = Annotated[str, typer.Option("-o", "--output", metavar="DIR", help="A new folder.")]
PictureFile = Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="Where to write the picture.")]


@data.callback()
def about() -> None:
    """Check, convert and look at data sets."""


@data.command()
@guarded
def check(source: Source, as_json: flags.Json = False, verbose: flags.Verbose = False) -> None:
    """Read every sample, and say what is broken or odd; fail if none can be used."""
    del verbose
    from pliant.bench.datasets import check as checked
    from pliant.bench.sample import DataError
    from pliant.bench.sources import open_source

    dataset = open_source(source)
    found = checked(dataset)
    if as_json:
        facts = {"name": dataset.name, "notes": list(dataset.notes), **asdict(found)}
        typer.echo(json.dumps(facts, indent=2))
    else:
        for kind, rows in (("broken", found.broken), ("odd", found.odd)):
            for name, reason in rows:
                typer.echo(f"{kind}: {name}: {reason}")
        typer.echo(
            f"{dataset.name}: {found.whole} samples, {found.with_truth} with a true result, {found.drags} drags, "
            f"{found.pairs} region pairs, {len(found.broken)} broken, {len(found.odd)} odd"
        )
        for note in dataset.notes:
            typer.echo(note)
    if not found.whole:
        raise DataError(f"No sample of {source!r} can be used.", code="no_samples")


@data.command()
@guarded
def convert(source: Source, output: NewFolder, quiet: flags.Quiet = False, verbose: flags.Verbose = False) -> None:
    """Write every sample as a picture and an edit document; broken ones are named and left out."""
    del verbose
    from pliant.bench.datasets import convert as converted
    from pliant.bench.sources import open_source

    dataset = open_source(source)
    broken = converted(dataset, Path(output))
    warn([f"{name} is left out: {error}" for name, error in broken], quiet=quiet)
    if not quiet:
        typer.echo(f"{output}: {len(dataset.samples) - len(broken)} samples of {dataset.name}")


@data.command()
@guarded
def show(
    source: Source,
    sample: SampleName,
    output: PictureFile,
    overwrite: flags.Overwrite = False,
    verbose: flags.Verbose = False,
) -> None:
    """Draw a sample: its regions, drags and pins over the photo, and the true result beside it."""
    del verbose
    from pliant.bench.datasets import show as shown
    from pliant.bench.sample import DataError
    from pliant.bench.sources import open_source
    from pliant.cli.pictures import check_file
    from pliant.imageio import save

    check_file(output, overwrite=overwrite)
    dataset = open_source(source)
    found = next((ref for ref in dataset.samples if ref.name == sample), None)
    if found is None:
        raise DataError(
            f"{dataset.name} has no sample {sample!r}; `pliant bench data check` reads them all.",
            code="unknown_sample",
        )
    loaded = found.load()
    save(shown(loaded), output, overwrite=overwrite)
    say(f"{output}: {loaded.name} {loaded.category}".rstrip())
