"""Rows shared out among threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")

_ROWS_AT_LEAST = 32


def run(work: Callable[[int, int], T], rows: int) -> list[T]:
    """`work(first, stop)` for bands that make up `rows` rows, in order, on the cores this process may use."""
    count = min(_cores(), max(rows // _ROWS_AT_LEAST, 1))
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
