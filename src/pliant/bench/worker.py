"""A worker process: reads tasks as lines of JSON on standard input, answers each with a line on standard output.

Standard output is the channel, so whatever an engine prints goes to standard error. When the process that started
this one ends, however it ends, the input ends, and so does the worker.
"""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from pliant.models.device import Runtime


def main() -> None:
    """Serve until the input ends; the first line says what the run is."""
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Nobody may be left to read the answer; the record is written all the same.
    with suppress(BrokenPipeError):
        serve(sys.stdin, answers)


def serve(tasks: TextIO, answers: int) -> None:
    """Make the records that `tasks` asks for; each line on the descriptor `answers` says what became of one."""
    from pliant.bench.job import Job, Task
    from pliant.bench.work import Bench

    hello: Mapping[str, Any] = json.loads(tasks.readline())
    _limit_threads(hello["threads"])
    bench = Bench(Job.from_json(hello["job"]), Path(hello["folder"]), Runtime(**hello["runtime"]))
    for line in tasks:
        record = bench.do(Task(**json.loads(line)))
        message = record.error["message"] if record.error else None
        os.write(answers, (json.dumps({"status": record.status, "message": message}) + "\n").encode())


def _limit_threads(count: int) -> None:
    """For what has its own thread pool and does not read OMP_NUM_THREADS."""
    import cv2

    cv2.setNumThreads(count)


if __name__ == "__main__":
    main()
