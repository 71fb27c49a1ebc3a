"""`pliant select`: an object as a mask, from clicks, a box or a rough mask."""

import json
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pliant.cli import flags, runtime
from pliant.cli.console import UsageError, guarded
from pliant.cli.pictures import mask_of, open_photo, target
from pliant.cli.quick import numbers

if TYPE_CHECKING:
    from pliant.types import Bool

Points = Annotated[
    list[str] | None, typer.Option("--point", metavar="X,Y", help="A point on the object. Repeatable.")
]
NotPoints = Annotated[
    list[str] | None, typer.Option("--not-point", metavar="X,Y", help="A point that is not on it. Repeatable.")
]
Around = Annotated[str | None, typer.Option("--box", metavar="X0,Y0,X1,Y1", help="A box around the object.")]
Rough = Annotated[
    str | None, typer.Option("--mask", metavar="FILE", help="The object drawn roughly, white on black.")
]
SegmenterName = Annotated[
    str | None, typer.Option("--segmenter", metavar="NAME", help="What finds it; see `pliant engines`.")
]


@guarded
def select(
    photo: flags.Photo,
    output: flags.MaybeOutput = None,
    point: Points = None,
    not_point: NotPoints = None,
    box: Around = None,
    mask: Rough = None,
    segmenter: SegmenterName = None,
    device: runtime.Device = "auto",
    dtype: runtime.Dtype = "auto",
    offline: runtime.Offline = False,
    yes: runtime.Yes = False,
    pipe_format: flags.PipeFormat = None,
    overwrite: flags.Overwrite = False,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Find an object of PHOTO and write it as a mask, white on black.

    `pliant edit --mask` drags what the mask shows.
    """
    del verbose
    where = target(output, pipe_format, overwrite=overwrite)
    if as_json and where.is_pipe:
        raise UsageError("--json", "it writes to standard output, as '-o -' does; choose one.")
    prompt = _prompt(point or (), not_point or (), box, mask)
    start = perf_counter()
    runtime.get_models(runtime.models_of(None, segmenter), offline=offline, yes=yes)
    found, used = _selected(photo, prompt, segmenter, device=device, dtype=dtype, offline=offline)
    where.write(_drawn(found))
    facts = {"output": where.name, "segmenter": used, **_facts(found)}
    facts["timings"] = {"total": round(perf_counter() - start, 4)}
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
    elif not quiet and not where.is_pipe:
        typer.echo(f"{where.name}: {facts['area']:,} pixels selected, {facts['timings']['total']:.2f} s")


def _prompt(points: Sequence[str], not_points: Sequence[str], box: str | None, mask: str | None) -> dict[str, Any]:
    """The flags as `pliant.select` takes them."""
    wanted = [numbers(text, 2, "--point", "x,y", "180,220") for text in points]
    unwanted = [numbers(text, 2, "--not-point", "x,y", "180,220") for text in not_points]
    return {
        "points": [*wanted, *unwanted],
        "labels": [1] * len(wanted) + [0] * len(unwanted),
        "box": None if box is None else numbers(box, 4, "--box", "x0,y0,x1,y1", "100,80,220,200"),
        "mask": None if mask is None else mask_of(mask, "--mask"),
    }


def _selected(photo: str, prompt: dict[str, Any], segmenter: str | None, **where: Any) -> "tuple[Bool, str]":
    from pliant.models.device import Runtime
    from pliant.regions.segment import DEFAULT_SEGMENTER, make_segmenter
    from pliant.regions.segment import select as find

    used = make_segmenter(segmenter or DEFAULT_SEGMENTER, Runtime(**where))
    return find(open_photo(photo), segmenter=used, **prompt), used.info.name


def _drawn(found: "Bool") -> "Any":
    import numpy as np

    from pliant.types import Picture

    return Picture(found.astype(np.uint8) * np.uint8(255))


def _facts(found: "Bool") -> dict[str, Any]:
    from pliant.geometry import Box

    height, width = found.shape
    return {"size": [width, height], "area": int(found.sum()), "box": list(Box.around(found))}
