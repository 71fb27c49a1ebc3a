"""How far a run of many tasks is."""

import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

from pliant.cli.console import say

if TYPE_CHECKING:
    from pliant.batch.progress import OnProgress, Progress


@contextmanager
def many_progress(*, quiet: bool) -> "Generator[OnProgress]":
    """A listener that names every failed task on stderr and, at a terminal, draws a bar with the time left.

    Until it is left, what anything prints goes to stderr: Ray tells of lost nodes on stdout, which is for results.
    """
    with redirect_stdout(sys.stderr):
        if quiet:
            yield _say_nothing
        elif not sys.stderr.isatty():
            yield _tell_failure
        else:
            with _bar() as listen:
                yield listen


@contextmanager
def _bar() -> "Generator[OnProgress]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)

        def show(progress: "Progress") -> None:
            bar.update(task, completed=progress.done, total=progress.total)
            _tell_failure(progress)

        yield show


def _say_nothing(progress: "Progress") -> None:
    del progress


def _tell_failure(progress: "Progress") -> None:
    if progress.status == "failed":
        say(f"{progress.name}: {progress.message}")
