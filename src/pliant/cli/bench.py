"""`pliant bench`: engines over data sets, and what became of it as numbers."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import typer

from pliant.cli import bench_flags as given
from pliant.cli import executors, flags, runtime
from pliant.cli.bench_choice import contenders_of, models_of, shard_of
from pliant.cli.bench_data import data as data_verbs
from pliant.cli.console import CANCELLED, UsageError, cancelling, guarded, say
from pliant.cli.many_progress import many_progress

bench = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
bench.add_typer(data_verbs, name="data")


@bench.callback()
def about() -> None:
    """Run engines over data sets, and report what became of it."""


@bench.command()
@guarded
def run(
    data: given.Data,
    output: given.OutputFolder,
    plan: given.Plans = None,
    engine: given.Engines = None,
    engine_option: given.EngineOptions = None,
    filler: given.FillerName = None,
    deform: flags.Deform = None,
    edge: flags.EdgeFlag = None,
    protocol: given.ProtocolName = "pixels",
    weights: given.Weights = None,
    features: given.Features = "",
    seed: given.RunSeed = 0,
    limit: given.Limit = None,
    shard: given.Shard = "1/1",
    device: executors.Devices = None,
    workers: executors.Workers = None,
    ray: executors.Ray = None,
    cpus: executors.Cpus = None,
    gpus: executors.Gpus = None,
    dtype: runtime.Dtype = "auto",
    low_mem: runtime.LowMem = False,
    offline: runtime.Offline = False,
    yes: runtime.Yes = False,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Run contenders over samples: one record each in the folder DIR, which is gone on with if it is there.

    Contenders are those of the plans, and the engines named.
    """
    del verbose
    from pliant.bench.job import Job, Selection
    from pliant.bench.runner import run as run_job
    from pliant.errors import CancelledError
    from pliant.models.device import Runtime

    chosen = contenders_of(
        plan or (),
        engine or (),
        options=engine_option or (),
        filler=filler,
        deform=deform,
        edge=edge and edge.value,
    )
    needed = {name: None for one in chosen for name in models_of(one)}
    runtime.get_models(needed, offline=offline, yes=yes)
    job = Job(data=data, contenders=chosen, protocol=protocol, weights=weights, features=features, seed=seed)
    runtime_of = partial(Runtime, dtype=dtype, low_mem=low_mem, offline=offline)
    executor = executors.executor_of(device, workers, ray, cpus, gpus, runtime_of)
    selection = Selection(limit=limit, **shard_of(shard))
    with cancelling() as cancel, many_progress(quiet=quiet) as listen:
        try:
            done = run_job(
                job, Path(output), selection=selection, executor=executor, on_progress=listen, cancel=cancel
            )
        except CancelledError:
            say("stopped; the same command goes on from here")
            raise typer.Exit(CANCELLED) from None
    _tell_notes(output, quiet=quiet)
    if as_json:
        typer.echo(json.dumps({"output": output, **asdict(done)}, indent=2))
    elif not quiet:
        typer.echo(
            f"{output}: {done.done} done, {done.failed} failed, {done.skipped} not for their contender, "
            f"{done.kept} there before; see `pliant bench report {output}`"
        )


@bench.command()
@guarded
def report(
    folder: given.RunFolder,
    output: given.TableFile = None,
    format: given.TableFormat = given.Format.markdown,
    by: given.TableBy = given.By.edge,
    against: given.Against = None,
    gallery: given.Gallery = False,
    sort: given.Sort = None,
    plots: given.Plots = None,
    overwrite: flags.Overwrite = False,
    verbose: flags.Verbose = False,
) -> None:
    """Print the records of a run as a table: means with their 95 % bootstrap intervals."""
    del verbose
    from pliant.bench.gallery import write_gallery
    from pliant.bench.job import BenchError, read_job
    from pliant.bench.plots import write_plots
    from pliant.bench.record import Layout, read_columns, read_notes, records
    from pliant.bench.report import FORMATS
    from pliant.bench.table import sections
    from pliant.files import check_target, write_bytes

    if sort is not None and not gallery:
        raise UsageError("--sort", "it is what --gallery sorts by; give both.")
    if output is not None:
        check_target(Path(output), fail=BenchError, overwrite=overwrite)
    layout = Layout(Path(folder), read_job(Path(folder)))
    found, columns = list(records(layout)), read_columns(layout.folder)
    table = sections([record for _, record in found], columns, by=by.value, against=against)
    text = FORMATS[format.value](table, against=against, notes=read_notes(layout.folder))
    if gallery:
        say(f"gallery: {write_gallery(layout, found, columns, sort=sort)}")
    if plots is not None:
        for path in write_plots(table, Path(plots)):
            say(f"plot: {path}")
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_bytes(Path(output), text.encode(), fail=BenchError, overwrite=overwrite)


@bench.command("list")
@guarded
def list_(as_json: flags.Json = False) -> None:
    """List plans, protocols and baselines."""
    from pliant.bench.baselines import BASELINES
    from pliant.bench.plans import PLANS
    from pliant.bench.protocols import PROTOCOLS

    kinds = {
        "plans": {name: plan.summary for name, plan in PLANS.items()},
        "protocols": {name: protocol.summary for name, protocol in PROTOCOLS.items()},
        "baselines": {name: make.info.summary for name, make in BASELINES.items()},
    }
    if as_json:
        typer.echo(json.dumps(kinds, indent=2))
        return
    for kind, rows in kinds.items():
        typer.echo(f"{kind}:")
        for name, summary in rows.items():
            typer.echo(f"  {name:<20} {summary}")


def _tell_notes(folder: str, *, quiet: bool) -> None:
    from pliant.bench.record import read_notes

    if not quiet:
        for name, notes in read_notes(Path(folder)).items():
            for note in notes:
                say(f"{name}: {note}")
