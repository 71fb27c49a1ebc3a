"""`pliant edit`: the whole way, from a photo and an edit to a finished picture."""

import json
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pliant.cli import flags, runtime
from pliant.cli.console import UsageError, cancelling, guarded, progress, say, warn
from pliant.cli.pictures import PIPE, Target, embedded_edit, open_edit, open_photo, targets
from pliant.cli.quick import Quick

if TYPE_CHECKING:
    from pliant.types import Edit, Picture, Result

EngineName = Annotated[str, typer.Option("--engine", metavar="NAME", help="The method; see `pliant engines`.")]
EngineOptions = Annotated[
    list[str] | None, typer.Option("--engine-option", metavar="K=V", help="Option of the engine. Repeatable.")
]
FillerName = Annotated[
    str | None, typer.Option("--filler", metavar="NAME", help="What paints the hole; see `pliant engines`.")
]
Candidates = Annotated[
    int, typer.Option("--candidates", metavar="N", min=1, max=100, help="Paint N times: out-1.png, out-2.png, ...")
]


@guarded
def edit(
    photo: flags.Photo,
    output: flags.MaybeOutput = None,
    edit_file: flags.EditFile = None,
    mask: flags.MaskFile = None,
    box: flags.BoxFlag = None,
    polygon: flags.PolygonFlag = None,
    drag: flags.Drags = None,
    pin: flags.Pins = None,
    edge: flags.EdgeFlag = None,
    deform: flags.Deform = None,
    strength: flags.Strength = None,
    refine: flags.Refine = None,
    prompt: flags.Prompt = None,
    engine: EngineName = "inpaint4drag",
    engine_option: EngineOptions = None,
    filler: FillerName = None,
    seed: flags.Seed = None,
    candidates: Candidates = 1,
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
    """Drag a part of PHOTO and paint what is uncovered.

    What to drag comes from --edit, or from one region (--mask, --box or --polygon) and its --drag and --pin;
    with neither, on a desktop, from you: PHOTO opens in the editor.
    A PNG result holds the edit that made it: `pliant edit result.png` shows it.
    """
    from pliant.batch.adjust import adjusted

    quick = Quick(mask=mask, box=box, polygon=polygon, drags=drag or (), pins=pin or ())
    asked_of_all = [output, edit_file, edge, deform, strength, refine, prompt, engine_option, filler, seed]
    if photo != PIPE and not quick.given and all(flag is None for flag in asked_of_all):
        if not shows_embedded(photo):
            edit_by_hand(photo, quick, device=device, quiet=quiet, verbose=verbose)
        return
    where = targets(output, pipe_format, candidates, overwrite=overwrite)
    if as_json and where[0].is_pipe:
        raise UsageError("--json", "it writes to standard output, as '-o -' does; choose one.")
    asked = asked_for(edit_file, quick, photo=photo)
    border = edge.value if edge else None
    asked = adjusted(asked, edge=border, deform=deform, strength=strength, prompt=prompt, seed=seed)
    named = [f"{name}={value}" for name, value in (("filler", filler), ("refine", refine)) if value]
    options = engine_options([*(engine_option or ()), *named])
    models = [*runtime.models_of(filler, refine), *runtime.models_of_engine(engine, options)]
    runtime.get_models(models, offline=offline, yes=yes)
    options |= {"device": device, "dtype": dtype, "low_mem": low_mem, "offline": offline}
    found = _run(photo, asked, where, engine, options, quiet=quiet)
    warn(found[0]["warnings"], quiet=quiet)
    if as_json:
        typer.echo(json.dumps(found if candidates > 1 else found[0], indent=2))
    elif not quiet and not where[0].is_pipe:
        for facts in found:
            typer.echo(_summary(facts))


def asked_for(edit_file: str | None, quick: Quick, *, photo: str) -> "Edit":
    """The edit that the flags describe, from a document or in the quick form."""
    if edit_file is None:
        return quick.edit()
    if quick.given:
        raise UsageError(", ".join(quick.given), "cannot be mixed with --edit, which says it all.")
    return open_edit(edit_file, photo=photo)


def engine_options(given: Sequence[str]) -> dict[str, Any]:
    """`k=v` texts as options; a value that reads as a JSON number, truth value or null is one."""
    options: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise UsageError("--engine-option", f"{text!r} was given; the form is name=value, for example tear=3.")
        name = name.replace("-", "_")
        if name in options:
            raise UsageError("--engine-option", f"{name} was given twice.")
        options[name] = _value(value)
    return options


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | None) else text


def _run(
    photo: str, asked: "Edit", where: Sequence[Target], engine: str, options: dict[str, Any], *, quiet: bool
) -> list[dict[str, Any]]:
    """The facts of each candidate; nothing is written before all are done."""
    from pliant.engines.api import candidates

    seeds = [asked.seed + index for index in range(len(where))]
    start = perf_counter()
    with cancelling() as cancel, progress(quiet=quiet) as listen:
        picture = open_photo(photo)
        load = perf_counter() - start
        results = candidates(picture, asked, seeds=seeds, engine=engine, on_event=listen, cancel=cancel, **options)
        cancel.check()
        return [_written(result, picture, target, load) for result, target in zip(results, where, strict=True)]


def _written(result: "Result", picture: "Picture", where: Target, load: float) -> dict[str, Any]:
    start = perf_counter()
    where.write(result)
    timings = {"load": load, **result.timings, "save": perf_counter() - start}
    return _facts(result, picture, where, {**timings, "total": sum(timings.values())})


def _facts(result: "Result", picture: "Picture", where: Target, timings: dict[str, float]) -> dict[str, Any]:
    return {
        "output": where.name,
        "size": list(picture.size),
        "engine": result.engine,
        "seed": result.seed,
        "moved_area": result.moved_area,
        "hole_area": result.hole_area,
        "timings": {name: round(seconds, 4) for name, seconds in timings.items()},
        "warnings": list(result.warnings),
    }


def _summary(facts: dict[str, Any]) -> str:
    width, height = facts["size"]
    return (
        f"{facts['output']}: {width}x{height}, {facts['moved_area']:,} pixels moved, "
        f"{facts['hole_area']:,} painted, {facts['timings']['total']:.2f} s"
    )


def shows_embedded(photo: str) -> bool:
    """Print the edit that a PNG result holds; whether there is one."""
    from pliant.document import dumps
    from pliant.errors import DocumentError

    try:
        embedded = embedded_edit(photo)
    except DocumentError as error:
        if error.code != "no_edit":
            raise
        return False
    typer.echo(dumps(embedded))
    say(f"this edit made {photo}; to use it again: pliant edit ORIGINAL --edit {photo} -o OUT (flags override it)")
    return True


def edit_by_hand(photo: str, quick: Quick, *, device: str, quiet: bool, verbose: bool) -> None:
    """Open `photo` in the editor; without a desktop, refuse and say how else to go on."""
    from pliant.cli.browser import edit_in_browser, on_desktop

    if on_desktop():
        edit_in_browser(photo, device=device, quiet=quiet, verbose=verbose)
        return
    say(f"there is no desktop to open the editor on; `pliant serve --input {photo}` offers it to a browser")
    quick.edit()  # says what else is missing
