"""A worker process: reads tasks as lines of JSON on standard input, answers each with a line on standard output.

Standard output is the channel, so whatever an engine prints goes to standard error. When the input ends, because
the process that started this one wants it to stop or is gone, what runs is cancelled and the worker ends.
"""

import json
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TextIO

from pliant.batch.crew import Trade
from pliant.errors import CancelledError
from pliant.events import CancelToken
from pliant.models.device import Runtime


def main() -> None:
    """Serve until the input ends; the first line says what the trade is."""
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # A worker that is told to stop, or whose answer nobody is left to read, ends in peace.
    with suppress(CancelledError, BrokenPipeError):
        serve(sys.stdin, answers)


def serve(orders: TextIO, answers: int) -> None:
    """Do the tasks that `orders` has; each line on the descriptor `answers` says what became of one."""
    hello: Mapping[str, Any] = json.loads(orders.readline())
    limit_threads(hello["threads"])
    hand = Trade(**hello["trade"]).hand(Runtime(**hello["runtime"]))
    tasks: SimpleQueue[str | None] = SimpleQueue()
    cancel = CancelToken()
    threading.Thread(target=_listen, args=(orders, tasks, cancel), daemon=True).start()
    while (line := tasks.get()) is not None:
        answer = hand.do(json.loads(line), cancel)
        os.write(answers, (json.dumps(answer) + "\n").encode())


def _listen(orders: TextIO, tasks: "SimpleQueue[str | None]", cancel: CancelToken) -> None:
    for line in orders:
        tasks.put(line)
    cancel.cancel()
    tasks.put(None)


def limit_threads(count: int) -> None:
    """For what has its own thread pool and does not read OMP_NUM_THREADS."""
    import cv2

    cv2.setNumThreads(count)


if __name__ == "__main__":
    main()
