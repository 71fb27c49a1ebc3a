"""How inner loops are compiled: once per machine, kept on disk, run without the interpreter lock."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

F = TypeVar("F", bound=Callable[..., Any])

# NaN marks what nothing reaches, so "no NaN" is not among the liberties taken.
_LIBERTIES = {"reassoc", "nsz", "contract", "arcp"}


def compiled(function: F) -> F:
    """`function` compiled on its first call, with IEEE arithmetic as written; division by zero gives inf."""
    return cast(F, njit(cache=True, nogil=True, error_model="numpy")(function))


def compiled_fast(function: F) -> F:
    """`compiled`, with sums reordered where that is faster; two kinds of processor may differ in the last bit."""
    return cast(F, njit(cache=True, nogil=True, error_model="numpy", fastmath=_LIBERTIES)(function))


def inlined(function: F) -> F:
    """`function` copied into the loop that calls it: for bodies so small that a call costs as much."""
    return cast(F, njit(cache=True, nogil=True, error_model="numpy", inline="always")(function))
