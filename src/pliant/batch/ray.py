"""Tasks on a Ray cluster.

A pool of actors of ours rather than Ray Data: a task writes its own files and answers with a line, so there are no
blocks of data to map; and what becomes of a task when a node goes is then decided here, by the same rule as for
local processes. Nodes need the package, and the same paths for photos and results.
"""

import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any

from pliant.batch.crew import ATTEMPTS, Answer, OnDone, Task, Trade, reason_of
from pliant.batch.errors import BatchError
from pliant.errors import CancelledError, MissingRequirementError
from pliant.events import CancelToken
from pliant.models.device import Runtime

LOCAL = "local"

_POLL = 0.2  # seconds between looks at whether to cancel
_PATIENCE = 60.0  # seconds for actors to notice a cancel
_FALSE_STARTS = 5  # actors that end before they ever answered, one after the other


@dataclass(frozen=True, kw_only=True)
class Ray:
    """`workers` actors on the cluster at `address` (`auto`, `host:port`, `ray://...`; `local` starts one here).

    Each has `cpus` cores and `gpus` GPUs, which may be fractions, to itself and works on `runtime`. An actor that
    is lost, alone or with its node, is replaced where there is room, and its task done by another.
    """

    address: str = "auto"
    workers: int = 1
    cpus: float = 1.0
    gpus: float = 0.0
    runtime: Runtime = field(default_factory=lambda: Runtime(device="cpu"))

    def work(self, trade: Trade, tasks: Iterable[Task], *, on_done: OnDone, cancel: CancelToken) -> None:
        """As `Executor.work`.

        Raises:
            MissingRequirementError: Ray is not installed.
            BatchError: `no_cluster`, there is none at the address; `no_room`, none of its nodes is large enough
                for an actor; `no_worker`, no actor lives there.
        """
        ray = _imported()
        ours = not ray.is_initialized()
        if ours:
            _connect(ray, self.address)
        try:
            _require_room(ray, self)
            _Pool(ray, self, trade, iter(tasks), on_done, cancel).work()
        finally:
            if ours:
                ray.shutdown()


@dataclass(frozen=True, eq=False)
class _Order:
    """A task with the number of actors that ended over it."""

    task: Task
    ended: int = 0


class _Actor:
    """A hand in a Ray actor; two threads, so that it hears of a cancel while it works."""

    def __init__(self, trade: dict[str, Any], runtime: dict[str, Any], threads: int) -> None:
        from pliant.batch.worker import limit_threads

        # Nothing that reads these is imported before the hand is made.
        os.environ.update(OMP_NUM_THREADS=str(threads), NUMBA_NUM_THREADS=str(threads))
        limit_threads(threads)
        self._hand = Trade(**trade).hand(Runtime(**runtime))
        self._cancel = CancelToken()

    def ready(self) -> None:
        """Answers when it is there."""

    def do(self, task: Task) -> Answer | None:
        """What became of `task`; None where it was cancelled."""
        try:
            return self._hand.do(task, self._cancel)
        except CancelledError:
            return None

    def stop(self) -> None:
        """Give up what runs."""
        self._cancel.cancel()


class _Pool:
    """Actors that share one flow of tasks; each has one task at a time."""

    def __init__(
        self, ray: Any, asked: Ray, trade: Trade, tasks: Iterator[Task], on_done: OnDone, cancel: CancelToken
    ) -> None:
        self._ray, self._asked, self._trade = ray, asked, trade
        self._tasks, self._on_done, self._cancel = tasks, on_done, cancel
        self._again: deque[_Order] = deque()
        self._running: dict[Any, tuple[Any, _Order | None]] = {}
        self._idle: list[Any] = []
        self._false_starts = 0
        self._make = ray.remote(_Actor).options(
            num_cpus=asked.cpus, num_gpus=asked.gpus, max_concurrency=2, max_restarts=0
        )

    def work(self) -> None:
        """Until nothing is left, or the work is cancelled."""
        ahead = self._next()
        if ahead is None:
            return
        try:
            for _ in range(self._asked.workers):
                self._hire()
            while ahead is not None or self._busy():
                while self._idle and ahead is not None:
                    self._give(self._idle.pop(), ahead)
                    ahead = self._next()
                for reference in self._ray.wait([*self._running], num_returns=1, timeout=_POLL)[0]:
                    self._heard(reference)
                if self._cancel.cancelled:
                    self._stop()
                    return
                ahead = ahead or self._next()
        finally:
            for actor in [*self._idle, *(actor for actor, _ in self._running.values())]:
                self._ray.kill(actor)

    def _busy(self) -> list[Any]:
        """The actors that have a task."""
        return [actor for actor, order in self._running.values() if order is not None]

    def _give(self, actor: Any, order: _Order) -> None:
        self._running[actor.do.remote(order.task)] = actor, order

    def _next(self) -> _Order | None:
        if self._again:
            return self._again.popleft()
        task = next(self._tasks, None)
        return None if task is None else _Order(task)

    def _hire(self) -> None:
        asked = self._asked
        actor = self._make.remote(asdict(self._trade), asdict(asked.runtime), max(int(asked.cpus), 1))
        self._running[actor.ready.remote()] = actor, None

    def _heard(self, reference: Any) -> None:
        """An actor answered, or ended instead."""
        actor, order = self._running.pop(reference)
        try:
            answer = self._ray.get(reference)
        except self._ray.exceptions.RayActorError as error:
            self._replace(order, error)
            return
        self._false_starts = 0
        self._idle.append(actor)
        if order is not None and answer is not None:
            self._on_done(order.task, answer)

    def _replace(self, order: _Order | None, error: Exception) -> None:
        if order is None:
            self._false_starts += 1
            if self._false_starts == _FALSE_STARTS:
                raise BatchError(
                    f"No worker lives on the Ray cluster; the last ended with: {error}", code="no_worker"
                )
        elif order.ended + 1 < ATTEMPTS:
            self._again.append(_Order(order.task, order.ended + 1))
        else:
            hand = self._trade.hand(self._asked.runtime)
            self._on_done(order.task, hand.lost(order.task, reason_of("without a word")))
        self._hire()

    def _stop(self) -> None:
        """Have every actor give up what it does, and hear those out that were done."""
        for actor in self._busy():
            actor.stop.remote()
        until = monotonic() + _PATIENCE
        while self._busy() and monotonic() < until:
            for reference in self._ray.wait([*self._running], num_returns=1, timeout=_POLL)[0]:
                self._heard(reference)


def _imported() -> Any:
    try:
        import ray
    except ImportError as error:
        raise MissingRequirementError("Ray is not installed; `pip install 'pliant[ray]'` installs it.") from error
    return ray


def _connect(ray: Any, address: str) -> None:
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=False,
            **({"include_dashboard": False} if address == LOCAL else {}),
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise BatchError(
            f"There is no Ray cluster at {address!r} ({error}); `ray start --head` starts one, and "
            f"--ray {LOCAL} uses this machine alone.",
            code="no_cluster",
        ) from error


def _require_room(ray: Any, asked: Ray) -> None:
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(node.get("CPU", 0) >= asked.cpus and node.get("GPU", 0) >= asked.gpus for node in nodes):
        largest = max((node.get("CPU", 0), node.get("GPU", 0)) for node in nodes)
        raise BatchError(
            f"A worker wants {asked.cpus:g} cores and {asked.gpus:g} GPUs; the largest node of the cluster has "
            f"{largest[0]:g} and {largest[1]:g}. Ask for less.",
            code="no_room",
        )
