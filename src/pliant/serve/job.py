"""One piece of work that a client waits for, and what it has reported so far."""

import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic, time
from typing import Any, Literal

from pliant.errors import PliantError
from pliant.events import CancelToken, OnEvent

State = Literal["queued", "running", "done", "failed", "cancelled"]
Kind = Literal["queued", "stage", "step", "preview", "done", "failed", "cancelled"]
FINAL: tuple[State, ...] = ("done", "failed", "cancelled")

_MOST_EVENTS = 500


@dataclass(frozen=True, kw_only=True)
class Report:
    """Something that happened to a job. `index` counts from 1 within the job."""

    index: int
    kind: Kind
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Output:
    """A finished picture as the bytes of a file, and what there is to say of it."""

    content: bytes
    media_type: str
    suffix: str
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


Work = Callable[[str, OnEvent, CancelToken], Output]
"""What a worker runs, with the name of its device."""


class Job:
    """A piece of work and its state. Safe to use from any thread.

    `waited` and `ran` are seconds: until a worker took it, and from then to its end. `on_end` is called once, by
    whatever thread ends it.
    """

    def __init__(
        self, work: Work, *, kind: str, weight: int, engine: str = "", on_end: "Callable[[Job], object]"
    ) -> None:
        self.id = secrets.token_urlsafe(12)
        self.kind = kind
        self.engine = engine
        self.weight = weight
        self.cancel = CancelToken()
        self.created = time()
        self.finished: float | None = None
        self.state: State = "queued"
        self.problem: Mapping[str, Any] | None = None
        self.facts: Mapping[str, Any] = {}
        self.kept_bytes = 0
        self.waited = self.ran = 0.0
        self._since = monotonic()
        self._on_end = on_end
        self._work: Work | None = work
        self._read: Callable[[], Output] | None = None
        self._reports: list[Report] = []
        self._count = 0
        self._listeners: set[Callable[[], object]] = set()
        self._lock = threading.RLock()
        self.report("queued", {})

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL

    def take(self) -> Work | None:
        """The work, for the worker that starts it now; None when it was cancelled before."""
        with self._lock:
            if self.over:
                return None
            self.state = "running"
            self.waited, self._since = monotonic() - self._since, monotonic()
            return self._work

    def report(self, kind: Kind, data: Mapping[str, Any]) -> None:
        """Add to what happened; of previews only the last is kept."""
        with self._lock:
            self._count += 1
            if kind == "preview":
                self._reports = [report for report in self._reports if report.kind != "preview"]
            self._reports.append(Report(index=self._count, kind=kind, data=data))
            if len(self._reports) > _MOST_EVENTS:
                oldest = next(
                    i for i, report in enumerate(self._reports) if report.kind not in ("queued", "preview")
                )
                del self._reports[oldest]
        self._notify()

    def reports(self, after: int = 0) -> list[Report]:
        """What happened since the report with index `after`, in order."""
        with self._lock:
            return [report for report in self._reports if report.index > after]

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener`, from any thread, whenever something was reported; the result stops that."""
        with self._lock:
            self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    @property
    def watched(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def finish(self, output: Output, stored: Callable[[], bytes] | None) -> None:
        """The work is done; `stored` reads the content again where it is not kept in memory."""
        with self._lock:
            self.facts = output.facts
            self.kept_bytes = len(output.content) if stored is None else 0
            bare = replace(output, content=b"")
            self._read = (lambda: output) if stored is None else (lambda: replace(bare, content=stored()))
            self._end("done", dict(output.facts))

    def fail(self, problem: Mapping[str, Any]) -> None:
        """The work ended with an error."""
        with self._lock:
            self.problem = problem
            self._end("failed", problem)

    def stop(self) -> None:
        """The work was cancelled, and runs no more."""
        with self._lock:
            self._end("cancelled", {})

    def ask_stop(self) -> None:
        """Cancel: at once where it waits, within a step where it runs; nothing where it is over."""
        self.cancel.cancel()
        with self._lock:
            if self.state == "queued":
                self.stop()

    def output(self) -> Output:
        """The finished picture.

        Raises:
            PliantError: `not_finished`; or the file that held it is gone (`missing_file`).
        """
        if self._read is not None:
            return self._read()
        if self.state == "cancelled":
            raise PliantError(f"The job {self.id!r} was cancelled; it has no result.", code="not_finished")
        raise PliantError(f"The job {self.id!r} is {self.state}; ask again later.", code="not_finished")

    def _end(self, state: Literal["done", "failed", "cancelled"], data: Mapping[str, Any]) -> None:
        if self.over:
            return
        passed = monotonic() - self._since
        if self.state == "running":
            self.ran = passed
        else:
            self.waited = passed
        self.state, self.finished, self._work = state, time(), None
        self.report(state, data)
        self._on_end(self)

    def _notify(self) -> None:
        for listener in tuple(self._listeners):
            # The event loop of a listener may be closed by now.
            with suppress(RuntimeError):
                listener()
