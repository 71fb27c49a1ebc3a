"""How far many tasks are."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The task called `name` is over: `done` of `total` that are to be done now.

    `status` as in its record; `message` says why it failed.
    """

    name: str
    status: str
    message: str | None
    done: int
    total: int


OnProgress = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """For callers who do not listen."""
    del progress
