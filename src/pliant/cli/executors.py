"""Where many tasks are done, as flags say it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pliant.cli.console import UsageError

if TYPE_CHECKING:
    from pliant.batch.crew import Executor
    from pliant.models.device import Runtime

Devices = Annotated[
    list[str] | None,
    typer.Option("--device", envvar="PLIANT_DEVICE", help="Where models run. Repeatable. [default: cpu]"),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, metavar="N", help="Processes for each device; with --ray, all. [default: 1]"),
]
Ray = Annotated[
    str | None,
    typer.Option("--ray", metavar="ADDRESS", help="Work on Ray: auto (the cluster here), host:port or local."),
]
Cpus = Annotated[
    float | None, typer.Option("--cpus", min=0, help="Cores that Ray keeps for each worker. [default: 1]")
]
Gpus = Annotated[
    float | None,
    typer.Option("--gpus", min=0, help="GPUs that Ray keeps for each worker, 0.5 for two on one. [default: 0]"),
]


def executor_of(
    devices: Sequence[str] | None,
    workers: int | None,
    ray: str | None,
    cpus: float | None,
    gpus: float | None,
    runtime_of: "Callable[..., Runtime]",
) -> "Executor":
    """What the flags choose: processes of this machine, or a Ray cluster."""
    if ray is None:
        from pliant.batch.local import Local

        for flag, value in (("--cpus", cpus), ("--gpus", gpus)):
            if value is not None:
                raise UsageError(flag, "it is what Ray keeps for each worker; give --ray too.")
        return Local(
            runtimes=[runtime_of(device=name) for name in devices or ("cpu",) for _ in range(workers or 1)]
        )
    if devices and len(devices) > 1:
        raise UsageError("--device", "with --ray there is one, by what every node calls it: cpu, cuda, ...")
    from pliant.batch.ray import Ray as RayCluster

    device = devices[0] if devices else "cuda" if gpus else "cpu"
    return RayCluster(
        address=ray,
        workers=workers or 1,
        cpus=1.0 if cpus is None else cpus,
        gpus=gpus or 0.0,
        runtime=runtime_of(device=device),
    )
