"""Work in threads for clients that wait in line, and may leave it."""

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup
from fastapi import Request

from pliant.errors import CancelledError, PliantError

T = TypeVar("T")

_LINE = 8  # requests that wait, each with what it sent


async def in_turn(request: Request, places: anyio.CapacityLimiter, work: Callable[[], T]) -> T:
    """What `work` gives, done in a thread as soon as one of `places` is free. The request was read before.

    Raises:
        PliantError: `queue_full`, or what `work` raises.
        CancelledError: the client went away, and its turn with it; work that has begun ends first.
    """
    if places.statistics().tasks_waiting >= _LINE:
        raise PliantError(
            f"{_LINE} requests of this kind are waiting; try again in a moment.",
            code="queue_full",
        )
    done: list[Callable[[], T]] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_leave, request, tasks)
        done.append(await to_thread.run_sync(_outcome, work, limiter=places))
        tasks.cancel_scope.cancel()
    if not done:
        raise CancelledError("The client went away.")
    return done[0]()


async def _leave(request: Request, tasks: TaskGroup) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    tasks.cancel_scope.cancel()


def _outcome(work: Callable[[], T]) -> Callable[[], T]:
    """What gives the result of `work`, or raises its error: a task group would wrap it."""
    try:
        result = work()
    except Exception as error:
        failure = error

        def fail() -> T:
            raise failure

        return fail
    return lambda: result
