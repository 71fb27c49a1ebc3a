"""Rows shared out among threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

from pliant.geometry import Box

T = TypeVar("T")


def run(work: Callable[[int, int], T], box: Box, *, worth: int) -> list[T]:
    """`work(first, stop)` for bands that make up the rows of `box`, in order, on the cores this process may use.

    `worth` is how many pixels take longer than it takes to start a thread.
    """
    rows = box.height
    count = max(min(_cores(), rows, box.area // worth), 1)
    edges = [rows * i // count for i in range(count + 1)]
    bands = list(pairwise(edges))
    if count == 1:
        return [work(*bands[0])]
    with ThreadPoolExecutor(count - 1) as pool:
        others = [pool.submit(work, *band) for band in bands[1:]]
        return [work(*bands[0]), *(other.result() for other in others)]


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
