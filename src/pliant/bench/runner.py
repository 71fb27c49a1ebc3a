"""Runs a job with an executor; what is recorded already is not done again.

A record is the only sign that a task is done, and it is written whole (`pliant.bench.record`): a run can be killed
anywhere and started again. Several processes may run shards of one job into one folder.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pliant.batch.crew import Answer, Executor, Trade
from pliant.batch.crew import Task as Asked
from pliant.batch.local import Local
from pliant.batch.progress import OnProgress, Progress, ignore
from pliant.bench.job import Job, Selection, Task, write_job
from pliant.bench.protocols import metrics_of
from pliant.bench.record import Layout, write_columns, write_notes
from pliant.bench.sample import DataSet
from pliant.bench.sources import open_source
from pliant.events import CancelToken


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a run did: records made now (`done`, `failed`, `skipped`) and `kept` from before."""

    done: int
    failed: int
    skipped: int
    kept: int


def run(
    job: Job,
    folder: Path,
    *,
    selection: Selection | None = None,
    executor: Executor | None = None,
    on_progress: OnProgress = ignore,
    cancel: CancelToken | None = None,
) -> Summary:
    """Make every record of `job` that `folder` does not have; without an `executor`, in one process on the CPU.

    Contenders and metrics are made here once: an unknown name, or weights that are not to be had, are refused
    before any work.

    Raises:
        BenchError: `folder` holds another run.
        CancelledError: `cancel` asked for it; what is recorded stays, and the same call goes on from there.
        PliantError: a data set or contender cannot be opened.
    """
    cancel, executor = cancel or CancelToken(), executor or Local()
    for contender in job.contenders:
        contender.make(executor.runtime)
    metrics = metrics_of(job.protocol, job.weights, executor.runtime, features=job.features)
    datasets = [open_source(spec) for spec in job.data]
    wanted = tasks(job, datasets, selection or Selection())
    write_job(folder, job)
    write_notes(folder, datasets)
    write_columns(folder, [column for metric in metrics for column in metric.columns])
    layout = Layout(folder.resolve(), job)
    missing = [task for task in wanted if not layout.record(task).exists()]
    tally = _Tally(job, len(missing), on_progress)
    trade = Trade(make="pliant.bench.work:hand", facts={"job": job.to_json(), "folder": str(layout.folder)})
    executor.work(trade, (asdict(task) for task in missing), on_done=tally.add, cancel=cancel)
    cancel.check()
    counts = {status: tally.statuses.count(status) for status in ("done", "failed", "skipped")}
    return Summary(kept=len(wanted) - len(missing), **counts)


def tasks(job: Job, datasets: Sequence[DataSet], selection: Selection) -> list[Task]:
    """Every task of `job` in `selection`: contender by contender, since making one may mean loading a model."""
    listed = [dataset.samples for dataset in datasets]
    return [
        Task(data=data, contender=contender, sample=index, name=samples[index].name)
        for contender in range(len(job.contenders))
        for data, samples in enumerate(listed)
        for index in selection.chosen(len(samples))
    ]


class _Tally:
    """What became of the tasks so far."""

    def __init__(self, job: Job, total: int, on_progress: OnProgress) -> None:
        self._job, self._total, self._on_progress = job, total, on_progress
        self.statuses: list[str] = []

    def add(self, task: Asked, answer: Answer) -> None:
        """One more task is over."""
        self.statuses.append(answer["status"])
        contender = self._job.contenders[int(task["contender"])].name
        self._on_progress(
            Progress(
                name=f"{contender}, {task['name']}",
                status=answer["status"],
                message=answer["message"],
                done=len(self.statuses),
                total=self._total,
            )
        )
