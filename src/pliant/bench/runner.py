"""Runs a job in worker processes; what is recorded already is not done again.

A record is the only sign that a task is done, and it is written whole (`pliant.bench.record`): a run can be killed
anywhere and started again. Several processes may run shards of one job into one folder.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from pliant.bench.job import Job, Selection, Task, write_job
from pliant.bench.protocols import metrics_of
from pliant.bench.record import Layout, write_columns, write_notes
from pliant.bench.sample import DataSet
from pliant.bench.sources import open_source
from pliant.bench.work import Bench
from pliant.events import CancelToken
from pliant.models.device import Runtime


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A task was finished: `done` of `total` that this run has to do; `status` as in its record."""

    task: Task
    contender: str
    status: str
    message: str | None
    done: int
    total: int


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
    runtimes: Sequence[Runtime] = (Runtime(device="cpu"),),
    on_progress: Callable[[Progress], None] | None = None,
    cancel: CancelToken | None = None,
) -> Summary:
    """Make every record of `job` that `folder` does not have; one worker process for each of `runtimes`.

    Contenders and metrics are made here once: an unknown name, or weights that are not to be had, are refused
    before any work.

    Raises:
        BenchError: `folder` holds another run.
        CancelledError: `cancel` asked for it; what is recorded stays, and the same call goes on from there.
        PliantError: a data set or contender cannot be opened.
    """
    cancel = cancel or CancelToken()
    for contender in job.contenders:
        contender.make(runtimes[0])
    metrics = metrics_of(job.protocol, job.weights, runtimes[0], features=job.features)
    datasets = [open_source(spec) for spec in job.data]
    wanted = tasks(job, datasets, selection or Selection())
    write_job(folder, job)
    write_notes(folder, datasets)
    write_columns(folder, [column for metric in metrics for column in metric.columns])
    layout = Layout(folder.resolve(), job)
    missing = [task for task in wanted if not layout.record(task).exists()]
    crew = _Crew(job, layout.folder, missing, on_progress or _ignore, cancel)
    crew.work(runtimes)
    cancel.check()
    counts = {status: crew.statuses.count(status) for status in ("done", "failed", "skipped")}
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


class _Crew:
    """Worker processes that share a queue of tasks, each led by a thread."""

    def __init__(
        self,
        job: Job,
        folder: Path,
        missing: list[Task],
        on_progress: Callable[[Progress], None],
        cancel: CancelToken,
    ) -> None:
        self._job, self._folder, self._total = job, folder, len(missing)
        self._on_progress, self._cancel = on_progress, cancel
        self._tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        for task in missing:
            self._tasks.put(task)
        self._lock = threading.Lock()
        self._broken: list[BaseException] = []
        self.statuses: list[str] = []

    def work(self, runtimes: Sequence[Runtime]) -> None:
        """Until nothing is left, or the run is cancelled."""
        count = min(len(runtimes), self._total)
        threads = [threading.Thread(target=self._lead, args=(runtime, count)) for runtime in runtimes[:count]]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():  # a join without a timeout would keep Ctrl-C waiting
                thread.join(0.2)
        if self._broken:
            raise self._broken[0]

    def _lead(self, runtime: Runtime, crew: int) -> None:
        worker: _Worker | None = None
        try:
            while (task := self._next()) is not None:
                worker = worker or _Worker(self._job, self._folder, runtime, crew)
                worker = self._led(worker, task, runtime)
        except BaseException as error:  # a thread's error must reach the caller
            self._broken.append(error)
        finally:
            if worker:
                worker.end()

    def _next(self) -> Task | None:
        if self._cancel.cancelled or self._broken:
            return None
        try:
            return self._tasks.get_nowait()
        except queue.Empty:
            return None

    def _led(self, worker: "_Worker", task: Task, runtime: Runtime) -> "_Worker | None":
        """The worker after `task`; None where it did not live through it."""
        answer = worker.ask(task)
        if answer is None:
            reason = f"The worker process ended with {worker.end()}, perhaps for want of memory."
            record = Bench(self._job, self._folder, runtime).lost(task, reason)
            self._told(task, record.status, reason)
            return None
        self._told(task, answer["status"], answer["message"])
        return worker

    def _told(self, task: Task, status: str, message: str | None) -> None:
        with self._lock:
            self.statuses.append(status)
            done = len(self.statuses)
            self._on_progress(
                Progress(
                    task=task,
                    contender=self._job.contenders[task.contender].name,
                    status=status,
                    message=message,
                    done=done,
                    total=self._total,
                )
            )


class _Worker:
    """A worker process (`pliant.bench.worker`)."""

    def __init__(self, job: Job, folder: Path, runtime: Runtime, crew: int) -> None:
        threads = max((os.cpu_count() or 1) // crew, 1)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pliant.bench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "OMP_NUM_THREADS": str(threads), "NUMBA_NUM_THREADS": str(threads)},
            # Ctrl-C at a terminal reaches the whole group; the worker is to finish what it does.
            start_new_session=True,
        )
        self._orders, self._answers = cast(TextIO, self._process.stdin), cast(TextIO, self._process.stdout)
        self._say({"job": job.to_json(), "folder": str(folder), "runtime": asdict(runtime), "threads": threads})

    def ask(self, task: Task) -> dict[str, Any] | None:
        """Have `task` done; None where the process ended instead."""
        try:
            self._say(asdict(task))
            line = self._answers.readline()
        except OSError:
            return None
        return json.loads(line) if line else None

    def end(self) -> int:
        """Let it go; its exit status."""
        for stream in (self._orders, self._answers):
            with suppress(OSError):
                stream.close()
        return self._process.wait()

    def _say(self, message: dict[str, Any]) -> None:
        self._orders.write(json.dumps(message) + "\n")
        self._orders.flush()


def _ignore(progress: Progress) -> None:
    del progress
