"""`pliant fill`: paints a hole that a mask shows."""

import json
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pliant.cli import flags, runtime
from pliant.cli.console import UsageError, cancelling, guarded, progress
from pliant.cli.pictures import mask_of, open_photo, target

if TYPE_CHECKING:
    from pliant.events import CancelToken, OnEvent
    from pliant.fill.base import Filler
    from pliant.types import Picture

HoleMask = Annotated[
    str, typer.Option("--hole", metavar="FILE", help="What to paint: a picture, white is painted.")
]
FillerName = Annotated[str | None, typer.Option("--filler", metavar="NAME", help="See `pliant engines`.")]
Margin = Annotated[
    int, typer.Option("--margin", min=0, max=100, help="Pixels around the hole over which the paint fades out.")
]


@guarded
def fill(
    photo: flags.Photo,
    hole: HoleMask,
    output: flags.MaybeOutput = None,
    filler: FillerName = None,
    margin: Margin = 3,
    prompt: flags.Prompt = None,
    seed: flags.Seed = None,
    device: runtime.Device = "auto",
    dtype: runtime.Dtype = "auto",
    low_mem: runtime.LowMem = False,
    offline: runtime.Offline = False,
    yes: runtime.Yes = False,
    pipe_format: flags.PipeFormat = None,
    overwrite: flags.Overwrite = False,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Paint a hole of PHOTO that a mask shows.

    No pixel further than --margin from the hole changes.
    """
    del verbose
    where = target(output, pipe_format, overwrite=overwrite)
    if as_json and where.is_pipe:
        raise UsageError("--json", "it writes to standard output, as '-o -' does; choose one.")
    runtime.get_models(runtime.models_of(filler, None), offline=offline, yes=yes)
    paint = _filler(filler, device=device, dtype=dtype, low_mem=low_mem, offline=offline)
    with cancelling() as cancel, progress(quiet=quiet) as listen:
        start = perf_counter()
        picture, area = _painted(photo, hole, paint, margin, prompt or "", seed or 0, listen, cancel)
        cancel.check()
        where.write(picture)
        seconds = round(perf_counter() - start, 4)
    if as_json:
        facts = {"output": where.name, "size": list(picture.size), "seed": seed or 0, "hole_area": area}
        typer.echo(json.dumps({**facts, "timings": {"total": seconds}, "warnings": []}, indent=2))
    elif not quiet and not where.is_pipe:
        typer.echo(f"{where.name}: {area:,} pixels painted, {seconds:.2f} s")


def _filler(name: str | None, **where: Any) -> "Filler":
    from pliant.engines.inpaint4drag import DEFAULT_FILLER
    from pliant.fill.base import make_filler
    from pliant.models.device import Runtime

    return make_filler(name or DEFAULT_FILLER, Runtime(**where))


def _painted(
    photo: str,
    hole: str,
    paint: "Filler",
    margin: int,
    prompt: str,
    seed: int,
    on_event: "OnEvent",
    cancel: "CancelToken",
) -> "tuple[Picture, int]":
    from pliant.compose import repaint, widen
    from pliant.regions.mask import rasterise

    picture = open_photo(photo)
    selected = rasterise(mask_of(hole, "--hole"), picture.size)
    box, weight = widen(selected, margin)
    painted = repaint(picture, box, weight, paint, prompt=prompt, seed=seed, on_event=on_event, cancel=cancel)
    return painted, int(selected.sum())
