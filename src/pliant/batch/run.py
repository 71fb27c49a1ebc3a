"""A whole batch: every item that has no record yet is done, and a summary tells what became of all."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pliant.batch.crew import Answer, Executor, Task, Trade
from pliant.batch.item import Item, Refused, check
from pliant.batch.local import Local
from pliant.batch.plan import Plan, claim
from pliant.batch.progress import OnProgress, Progress, ignore
from pliant.batch.record import read_outcome, write_refused
from pliant.batch.source import Source, unrepeated
from pliant.errors import PliantError
from pliant.events import CancelToken


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How many items were `done` now, `kept` from before, and `failed`, now or before.

    `errors` counts the failed ones by code.
    """

    done: int
    kept: int
    failed: int
    errors: Mapping[str, int]


def run(
    plan: Plan,
    source: Source,
    folder: Path,
    *,
    executor: Executor | None = None,
    retry: bool = False,
    overwrite: bool = False,
    on_progress: OnProgress = ignore,
    cancel: CancelToken | None = None,
) -> Summary:
    """Do every item of `source` that `folder` has no record of; without an `executor`, in one process on the CPU.

    An item that was changed since is done again, one that failed with `retry` alone. Memory does not grow with the
    number of items.

    Raises:
        BatchError: the folder or the source cannot be used; `overwrite` as `claim` says.
        UnknownNameError: there is no such engine or option.
        CancelledError: `cancel` asked for it; what is recorded stays, and the same call goes on from there.
    """
    cancel, executor = cancel or CancelToken(), executor or Local()
    plan.make(executor.runtime)
    claim(folder, plan, overwrite=overwrite)
    folder = folder.resolve()
    shutil.rmtree(folder / "refused", ignore_errors=True)
    ledger = _Ledger(plan, source, on_progress)
    trade = Trade(make="pliant.batch.work:hand", facts={"plan": plan.to_json(), "folder": str(folder)})
    executor.work(trade, ledger.missing(folder, retry=retry), on_done=ledger.add, cancel=cancel)
    cancel.check()
    return ledger.summary()


def rehearse(
    plan: Plan,
    source: Source,
    folder: Path,
    *,
    retry: bool = False,
    on_progress: OnProgress = ignore,
    cancel: CancelToken | None = None,
) -> Summary:
    """What `run` would begin with: names, paths and edit documents are checked, and nothing is written.

    `done` counts what would be done.

    Raises:
        UnknownNameError, CancelledError: as `run`.
    """
    cancel = cancel or CancelToken()
    plan.make(Local().runtime)
    ledger = _Ledger(plan, source, on_progress)
    for task in ledger.missing(folder, retry=retry, write=False):
        cancel.check()
        answer: Answer = {"status": "done", "message": None}
        try:
            check(Item(**task["item"]))
        except PliantError as error:
            answer = {"status": "failed", "code": error.code, "message": str(error)}
        ledger.add(task, answer)
    return ledger.summary()


class _Ledger:
    """What is to be done, and what became of it so far."""

    def __init__(self, plan: Plan, source: Source, on_progress: OnProgress) -> None:
        self._plan, self._source, self._on_progress = plan.to_json(), source, on_progress
        self._total = source.count()
        self._done = self._kept = self._heard = 0
        self._errors: Counter[str] = Counter()

    def missing(self, folder: Path, *, retry: bool, write: bool = True) -> Iterator[Task]:
        """The items that are to be done, as tasks; what is none is counted, and with `write` written down."""
        for entry in unrepeated(self._source.entries()):
            if isinstance(entry, Refused):
                if write:
                    write_refused(folder, entry)
                self._hear(entry.name, "failed", entry.code, entry.message)
                continue
            key = entry.key(self._plan)
            found = read_outcome(folder, entry.output)
            if found is None or found[0] != key or (retry and found[1]):
                yield {"item": entry.to_json(), "key": key}
            else:
                self._keep(found[1])

    def add(self, task: Task, answer: Answer) -> None:
        """One more item is over."""
        self._done += answer["status"] == "done"
        self._hear(task["item"]["output"], answer["status"], answer.get("code"), answer["message"])

    def summary(self) -> Summary:
        """What became of all."""
        errors = dict(self._errors.most_common())
        return Summary(done=self._done, kept=self._kept, failed=sum(errors.values()), errors=errors)

    def _keep(self, code: str | None) -> None:
        self._total -= 1
        if code is None:
            self._kept += 1
        else:
            self._errors[code] += 1

    def _hear(self, name: str, status: str, code: str | None, message: str | None) -> None:
        self._heard += 1
        if code is not None:
            self._errors[code] += 1
        self._on_progress(Progress(name=name, status=status, message=message, done=self._heard, total=self._total))
