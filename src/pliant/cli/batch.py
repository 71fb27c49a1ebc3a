"""`pliant batch`: many photos and their edits."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from pliant.cli import executors, flags, runtime
from pliant.cli.console import CANCELLED, FAILED, cancelling, guarded, say
from pliant.cli.edit import EngineName, EngineOptions, FillerName, engine_options
from pliant.cli.many_progress import many_progress

if TYPE_CHECKING:
    from pliant.batch.run import Summary

Source = Annotated[
    str,
    typer.Argument(metavar="MANIFEST|FOLDER", help="JSON lines with photo and edit, or photos with .json beside."),
]
Output = Annotated[str, typer.Option("-o", "--output", metavar="DIR", help="The batch's folder.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Use DIR whatever it holds.")]
Retry = Annotated[bool, typer.Option("--retry", help="Do anew what failed before.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check names, paths and edits; write nothing.")]


@guarded
def batch(
    source: Source,
    output: Output,
    edge: flags.EdgeFlag = None,
    deform: flags.Deform = None,
    strength: flags.Strength = None,
    refine: flags.Refine = None,
    prompt: flags.Prompt = None,
    engine: EngineName = "inpaint4drag",
    engine_option: EngineOptions = None,
    filler: FillerName = None,
    seed: flags.Seed = None,
    device: executors.Devices = None,
    workers: executors.Workers = None,
    ray: executors.Ray = None,
    cpus: executors.Cpus = None,
    gpus: executors.Gpus = None,
    dtype: runtime.Dtype = "auto",
    low_mem: runtime.LowMem = False,
    offline: runtime.Offline = False,
    yes: runtime.Yes = False,
    retry: Retry = False,
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Edit many photos: every line of MANIFEST, or every photo of FOLDER with an edit document of its name.

    Results and one record for each item go to DIR, which is gone on with if it is there.
    """
    del verbose
    from pliant.batch.plan import Plan
    from pliant.batch.run import rehearse, run
    from pliant.batch.source import open_source
    from pliant.errors import CancelledError
    from pliant.models.device import Runtime

    named = [f"{name}={value}" for name, value in (("filler", filler), ("refine", refine)) if value]
    plan = Plan(
        engine=engine,
        options=engine_options([*(engine_option or ()), *named]),
        edge=edge.value if edge else None,
        deform=deform,
        strength=strength,
        prompt=prompt,
        seed=seed,
    )
    runtime_of = partial(Runtime, dtype=dtype, low_mem=low_mem, offline=offline)
    executor = executors.executor_of(device, workers, ray, cpus, gpus, runtime_of)
    items, folder = open_source(Path(source)), Path(output)
    if not dry_run:
        models = [*runtime.models_of(filler, refine), *runtime.models_of_engine(engine, plan.options)]
        runtime.get_models(models, offline=offline, yes=yes)
    start = perf_counter()
    with cancelling() as cancel, many_progress(quiet=quiet) as listen:
        try:
            if dry_run:
                done = rehearse(plan, items, folder, retry=retry, on_progress=listen, cancel=cancel)
            else:
                done = run(
                    plan,
                    items,
                    folder,
                    executor=executor,
                    retry=retry,
                    overwrite=overwrite,
                    on_progress=listen,
                    cancel=cancel,
                )
        except CancelledError:
            say("stopped; the same command goes on from here")
            raise typer.Exit(CANCELLED) from None
    if as_json:
        seconds = round(perf_counter() - start, 3)
        typer.echo(
            json.dumps({"output": output, "dry_run": dry_run, **asdict(done), "seconds": seconds}, indent=2)
        )
    elif not quiet:
        typer.echo(_summary(output, done, perf_counter() - start, dry_run=dry_run))
    if done.failed:
        raise typer.Exit(FAILED)


def _summary(output: str, done: "Summary", seconds: float, *, dry_run: bool) -> str:
    what = "to do" if dry_run else "done"
    why = f" ({', '.join(f'{count} {code}' for code, count in done.errors.items())})" if done.errors else ""
    line = f"{output}: {done.done:,} {what}, {done.kept:,} there before, {done.failed:,} failed{why}"
    return line if dry_run or not done.done else f"{line}; {seconds:.1f} s, {done.done / seconds:.2f} a second"
