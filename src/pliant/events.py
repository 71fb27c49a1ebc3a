"""What a running edit reports, and how it is asked to stop."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from pliant.errors import CancelledError
from pliant.types import Picture


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A named part of the work begins: `warp`, `fill`, `compose`, ..."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """Step `index` (from 1) of `total` inside the current stage is done."""

    index: int
    total: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Partial:
    """A picture of the unfinished result, at the size of the edited photo.

    It is made when it is first looked at, so that it costs nothing where nobody looks.
    """

    make: Callable[[], Picture]

    @cached_property
    def picture(self) -> Picture:
        """The picture; asking again gives the same one."""
        return self.make()


Event = Stage | Step | Partial
OnEvent = Callable[[Event], None]


class CancelToken:
    """Asks running work to stop. Safe to use from any thread; polled at every step of every engine."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def cancel(self) -> None:
        """Ask for the stop. Asking again changes nothing."""
        self._asked.set()

    @property
    def cancelled(self) -> bool:
        """Whether the stop was asked for."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raise `CancelledError` when the stop was asked for."""
        if self.cancelled:
            raise CancelledError("The edit was cancelled; nothing was changed.")


def ignore(event: Event) -> None:
    """An `on_event` for callers who do not listen."""
    del event
