"""Tasks in worker processes of this machine."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, TextIO, cast

from pliant.batch.crew import ATTEMPTS, Answer, OnDone, Task, Trade, reason_of
from pliant.events import CancelToken
from pliant.models.device import Runtime


@dataclass(frozen=True, kw_only=True)
class Local:
    """One worker process (`pliant.batch.worker`) for each of `runtimes`; one that dies is replaced."""

    runtimes: Sequence[Runtime] = (Runtime(device="cpu"),)

    @property
    def runtime(self) -> Runtime:
        """Where the first process works."""
        return self.runtimes[0]

    def work(self, trade: Trade, tasks: Iterable[Task], *, on_done: OnDone, cancel: CancelToken) -> None:
        """As `Executor.work`; a process is started when there is a first task for it."""
        _Crew(trade, iter(tasks), on_done, cancel).work(self.runtimes)


class _Crew:
    """Worker processes that share one flow of tasks, each led by a thread."""

    def __init__(self, trade: Trade, tasks: Iterator[Task], on_done: OnDone, cancel: CancelToken) -> None:
        self._trade, self._tasks, self._on_done, self._cancel = trade, tasks, on_done, cancel
        self._taking, self._telling = threading.Lock(), threading.Lock()
        self._workers: dict[int, _Worker] = {}
        self._broken: list[BaseException] = []

    def work(self, runtimes: Sequence[Runtime]) -> None:
        """Until nothing is left, or the work is cancelled."""
        cores = max((os.cpu_count() or 1) // len(runtimes), 1)
        # Daemons, so that a second Ctrl-C waits for nobody: without this process, workers stop by themselves.
        threads = [
            threading.Thread(target=self._lead, args=(place, runtime, cores), daemon=True)
            for place, runtime in enumerate(runtimes)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():  # a join without a timeout would keep Ctrl-C waiting
                thread.join(0.2)
                if self._cancel.cancelled:
                    self._stop()
        if self._broken:
            raise self._broken[0]

    def _stop(self) -> None:
        for worker in [*self._workers.values()]:
            worker.stop()

    def _lead(self, place: int, runtime: Runtime, cores: int) -> None:
        try:
            while (task := self._next()) is not None:
                self._have_done(task, place, runtime, cores)
        except BaseException as error:  # a thread's error must reach the caller
            self._broken.append(error)
        finally:
            if worker := self._workers.pop(place, None):
                worker.end()

    def _next(self) -> Task | None:
        with self._taking:
            return None if self._ending else next(self._tasks, None)

    @property
    def _ending(self) -> bool:
        return self._cancel.cancelled or bool(self._broken)

    def _have_done(self, task: Task, place: int, runtime: Runtime, cores: int) -> None:
        how = ""
        for _ in range(ATTEMPTS):
            if self._ending:
                return
            if place not in self._workers:
                self._workers[place] = _Worker(self._trade, runtime, cores)
            answer = self._workers[place].ask(task)
            if answer is not None:
                self._told(task, answer)
                return
            how = f"with {self._workers.pop(place).end()}"
        if not self._cancel.cancelled:
            self._told(task, self._trade.hand(runtime).lost(task, reason_of(how)))

    def _told(self, task: Task, answer: Answer) -> None:
        with self._telling:
            self._on_done(task, answer)


class _Worker:
    """A worker process."""

    def __init__(self, trade: Trade, runtime: Runtime, cores: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pliant.batch.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "OMP_NUM_THREADS": str(cores), "NUMBA_NUM_THREADS": str(cores)},
            # Ctrl-C at a terminal reaches the whole group; the worker is to hear of it from its parent.
            start_new_session=True,
        )
        self._orders, self._answers = cast(TextIO, self._process.stdin), cast(TextIO, self._process.stdout)
        self._hello = {"trade": asdict(trade), "runtime": asdict(runtime), "threads": cores}
        self._greeted = False

    def ask(self, task: Task) -> Answer | None:
        """Have `task` done; None where the process ended instead."""
        try:
            if not self._greeted:
                self._greeted = True
                self._say(self._hello)
            self._say(task)
            line = self._answers.readline()
        except (OSError, ValueError):  # ValueError: it was told to stop while it was spoken to
            return None
        return json.loads(line) if line.endswith("\n") else None

    def stop(self) -> None:
        """Have it give up what it does, soon; it may be heard to the end all the same."""
        with suppress(OSError):
            self._orders.close()

    def end(self) -> int:
        """Let it go; its exit status."""
        self.stop()
        status = self._process.wait()
        self._answers.close()
        return status

    def _say(self, message: Any) -> None:
        self._orders.write(json.dumps(message) + "\n")
        self._orders.flush()
