"""Many tasks and the processes that do them: what executors, and the trades they carry out, agree on.

A trade is a kind of work. Its hands do it, one hand in each process, which keeps what is slow to make: an engine
with its model. A hand writes what it makes to files, records last, so nothing but small JSON values travels
between processes. An executor (`Local`, `Ray`) gives every task to a hand until one has lived through it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from pliant.events import CancelToken
from pliant.models.device import Runtime

Task = Mapping[str, Any]
"""One piece of work, as JSON values."""

Answer = Mapping[str, Any]
"""What became of a task, as JSON values; whatever else there is to know is in its record."""

OnDone = Callable[[Task, Answer], None]

ATTEMPTS = 3
"""How many processes may end over one task before it counts as the reason."""


class Hand(Protocol):
    """What one process keeps between tasks, and what it does with one."""

    def do(self, task: Task, cancel: CancelToken) -> Answer:
        """Do `task` and write its record; what goes wrong with it is in the record.

        Raises:
            CancelledError: `cancel` asked for it; there is no record then.
        """
        ...

    def lost(self, task: Task, reason: str) -> Answer:
        """Write the record of a task over which `ATTEMPTS` processes ended."""
        ...


@dataclass(frozen=True, kw_only=True)
class Trade:
    """`make` is the `module:function` that gives a hand for `facts`, JSON values, and a `Runtime`."""

    make: str
    facts: Mapping[str, Any]

    def hand(self, runtime: Runtime) -> Hand:
        """A hand that works on `runtime`."""
        module, _, name = self.make.partition(":")
        return getattr(import_module(module), name)(self.facts, runtime)


class Executor(Protocol):
    """Where tasks are done."""

    @property
    def runtime(self) -> Runtime:
        """Where the first hand works."""
        ...

    def work(self, trade: Trade, tasks: Iterable[Task], *, on_done: OnDone, cancel: CancelToken) -> None:
        """Have every one of `tasks` done, in any order; `on_done` hears of each, one at a time.

        `tasks` is read only as far as there are hands, so it may be endless. Returns early when `cancel` asks.
        """
        ...


def reason_of(how: str) -> str:
    """Why a task was lost, for its record."""
    return f"{ATTEMPTS} worker processes ended over it, the last {how}, perhaps for want of memory."
