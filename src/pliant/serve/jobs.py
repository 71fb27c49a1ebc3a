"""The queue of jobs and its workers: one thread per device, so that two jobs never share one."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic, time

from pliant.errors import CancelledError, PliantError
from pliant.events import CancelToken, OnEvent
from pliant.files import read_bytes, write_bytes
from pliant.serve.job import Job, Output, Work
from pliant.serve.listener import Listener
from pliant.serve.problems import problem_of
from pliant.serve.settings import MIB, Settings

_log = logging.getLogger("pliant.serve")


Do = Callable[[Work, str, str, OnEvent, CancelToken], Output]
"""Does work for an engine (of a fill: "") on a device, here or elsewhere."""


def do_here(work: Work, engine: str, device: str, on_event: OnEvent, cancel: CancelToken) -> Output:
    """Do `work` in this thread."""
    del engine
    return work(device, on_event, cancel)


def log_end(job: Job) -> None:
    """Log how `job` ended."""
    facts: dict[str, object] = {"job": job.id, "kind": job.kind, "engine": job.engine or None, "state": job.state}
    facts |= {"waited": round(job.waited, 4), "ran": round(job.ran, 4)}
    if job.problem is not None:
        facts["code"] = job.problem["code"]
    if "timings" in job.facts:
        facts["timings"] = job.facts["timings"]
    _log.info("job", extra={"facts": facts})


class Jobs:
    """Waiting, running and finished jobs. Safe to use from any thread."""

    def __init__(self, settings: Settings, on_end: Callable[[Job], object] = log_end, do: Do = do_here) -> None:
        self._settings = settings
        self._on_end = on_end
        self._do = do
        self._known: dict[str, Job] = {}
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._workers = [
            threading.Thread(target=self._serve, args=(device,), name=f"pliant-{device}", daemon=True)
            for device in settings.devices
        ]
        for worker in self._workers:
            worker.start()

    @property
    def ready(self) -> bool:
        """Whether work is accepted and every worker is there to do it."""
        return not self._closing and all(worker.is_alive() for worker in self._workers)

    def submit(self, work: Work, *, kind: str, weight: int = 0, engine: str = "") -> Job:
        """Put `work` in the queue; `weight` is the bytes it holds while it waits, `engine` what an edit runs on.

        Raises:
            PliantError: `queue_full` or `shutting_down`.
        """
        with self._changed:
            if self._closing:
                raise PliantError("The server is shutting down; try again later.", code="shutting_down")
            held = sum(job.weight for job in self._waiting)
            too_heavy = self._waiting and held + weight > self._settings.waiting_mb * MIB
            if len(self._waiting) >= self._settings.queue or too_heavy:
                raise PliantError(
                    f"{len(self._waiting)} jobs are waiting, and there is no room for more; try again later.",
                    code="queue_full",
                )
            job = Job(work, kind=kind, weight=weight, engine=engine, on_end=self._on_end)
            self._known[job.id] = job
            self._waiting.append(job)
            self._prune()
            self._changed.notify()
        return job

    def find(self, name: str) -> Job:
        """The job with that id.

        Raises:
            PliantError: `unknown_job`.
        """
        with self._changed:
            self._prune()
            if name in self._known:
                return self._known[name]
        raise PliantError(
            f"There is no job {name[:40]!r}; it never was, or its result has been kept long enough.",
            code="unknown_job",
        )

    def list(self) -> list[Job]:
        """Every job that is known, oldest first."""
        with self._changed:
            self._prune()
            return [*self._known.values()]

    def cancel(self, job: Job) -> None:
        """Ask for the end of `job`; what waits leaves the queue at once."""
        job.ask_stop()
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)

    @property
    def waiting(self) -> int:
        """How many jobs wait for a worker."""
        return len(self._waiting)

    def close(self, patience: float) -> bool:
        """Take no more work, cancel what waits, let what runs finish for `patience` seconds and cancel it then.

        Whether every worker has ended. May be called again.
        """
        with self._changed:
            self._closing = True
            waiting = [*self._waiting]
            self._waiting.clear()
            self._changed.notify_all()
        for job in waiting:
            job.ask_stop()
        self._join(patience)
        with self._changed:
            left = [job for job in self._known.values() if not job.over]
        for job in left:
            job.ask_stop()
        self._join(5.0)
        return not any(worker.is_alive() for worker in self._workers)

    def _join(self, seconds: float) -> None:
        until = monotonic() + seconds
        for worker in self._workers:
            worker.join(max(until - monotonic(), 0))

    def _serve(self, device: str) -> None:
        while (job := self._next()) is not None:
            self._run(job, device)
            with self._changed:
                self._prune()

    def _next(self) -> Job | None:
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            return self._waiting.popleft() if self._waiting else None

    def _run(self, job: Job, device: str) -> None:
        work = job.take()
        if work is None:
            return
        try:
            job.cancel.check()
            output = self._do(work, job.engine, device, Listener(job), job.cancel)
            job.cancel.check()
            stored = self._store(job, output)
        except CancelledError:
            job.stop()
        # Whatever goes wrong in one job must not take the worker with it.
        except BaseException as error:
            job.fail(problem_of(error if isinstance(error, Exception) else RuntimeError(repr(error))))
        else:
            job.finish(output, stored)

    def _store(self, job: Job, output: Output) -> Callable[[], bytes] | None:
        if self._settings.output_dir is None:
            return None
        path = self._settings.output_dir / f"pliant-{job.id}.{output.suffix}"
        write_bytes(path, output.content, fail=PliantError, overwrite=False)
        return partial(read_bytes, path, fail=PliantError)

    def _prune(self) -> None:
        """Forget finished jobs that are too old, too many or too large, oldest first."""
        settings = self._settings
        over = sorted((job for job in self._known.values() if job.over), key=lambda job: job.finished or 0)
        kept = sum(job.kept_bytes for job in over)
        for index, job in enumerate(over):
            too_many = len(over) - index > settings.keep_count
            too_old = (job.finished or 0) < time() - settings.keep_seconds
            # The newest always stays, or a large result could never be fetched.
            too_large = kept > settings.keep_mb * MIB and index < len(over) - 1
            if too_many or too_old or too_large:
                kept -= job.kept_bytes
                del self._known[job.id]
