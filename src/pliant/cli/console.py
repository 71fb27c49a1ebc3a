"""What a verb says and how it ends: progress, warnings and errors on stderr, an exit code."""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from pliant.errors import CancelledError, PliantError

if TYPE_CHECKING:
    from pliant.events import CancelToken, OnEvent

FAILED = 1
MISUSED = 2
CANCELLED = 130


class UsageError(Exception):
    """The flags do not make sense together, or `flag` is not of its form."""

    def __init__(self, flag: str, message: str) -> None:
        super().__init__(f"{flag}: {message}" if flag else message)


def guarded(verb: Callable[..., None]) -> Callable[..., None]:
    """`verb`, with every error a user can cause turned into one line on stderr and an exit code."""

    @wraps(verb)
    def run(*args: Any, **flags: Any) -> None:
        try:
            verb(*args, **flags)
        except (CancelledError, KeyboardInterrupt):
            say("cancelled; nothing was written")
            raise typer.Exit(CANCELLED) from None
        except UsageError as error:
            say(f"error: {error}")
            say(f"see `pliant {verb.__name__} --help`")
            raise typer.Exit(MISUSED) from None
        except PliantError as error:
            if flags.get("verbose"):
                traceback.print_exc()
            say(f"error: {error} [{error.code}]")
            raise typer.Exit(FAILED) from None
        except BrokenPipeError:
            # The reader went away; flushing what is left at exit would fail once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILED) from None

    return run


def say(line: str) -> None:
    """One line on stderr."""
    typer.echo(f"pliant: {line}", err=True)


def warn(warnings: Sequence[str], *, quiet: bool) -> None:
    """Each warning on stderr, unless `quiet`."""
    if not quiet:
        for warning in warnings:
            say(f"warning: {warning}")


@contextmanager
def cancelling() -> "Generator[CancelToken]":
    """A token that Ctrl-C cancels; a second Ctrl-C does not wait for it to be noticed."""
    from pliant.events import CancelToken

    token = CancelToken()

    def ask(number: int, frame: FrameType | None) -> None:
        if token.cancelled:
            signal.default_int_handler(number, frame)
        token.cancel()

    if threading.current_thread() is not threading.main_thread():
        yield token
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield token
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress(*, quiet: bool) -> "Generator[OnEvent]":
    """A listener that draws a bar on stderr; it draws nothing where stderr is no terminal."""
    from pliant.events import Event, Stage, Step, ignore

    if quiet or not sys.stderr.isatty():
        yield ignore
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(event: Event) -> None:
            if isinstance(event, Stage):
                bar.reset(task, description=event.name, total=None)
            elif isinstance(event, Step):
                bar.update(task, completed=event.index, total=event.total)

        yield show
