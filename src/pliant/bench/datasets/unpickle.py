"""Reads the pickles of published data sets without running what is in them.

A pickle names functions to call. Only the names that arrays of numbers need are understood here, and each stands
for a small function or class of ours: numpy itself is never called, since its own `dtype` can be talked into
taking bytes for pointers.
"""

import io
import pickle
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.bench.sample import DataError

MAX_BYTES = 256_000_000
# As numpy spells them in a pickle: bool, whole and floating-point numbers. The byte order follows apart.
_NUMBERS = frozenset(("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"))
_MAX_AXES = 3


def load_plain(data: bytes, name: str) -> Any:
    """What the pickle `data` holds: dicts, lists, tuples, texts, numbers and `PlainArray`.

    `name` is what errors call it.

    Raises:
        DataError: it asks for anything else (`unsafe_pickle`), is larger than `MAX_BYTES` (`too_large`), or is
            damaged.
    """
    if len(data) > MAX_BYTES:
        raise DataError(f"{name} has {len(data):,} bytes; accepted are up to {MAX_BYTES:,}.", code="too_large")
    try:
        return _Unpickler(io.BytesIO(data)).load()
    except DataError as error:
        raise DataError(f"{name}: {error}", code=error.code) from None
    # A pickle is a program for a small machine; a broken one ends it with nearly any error there is.
    except Exception as error:
        raise DataError(f"{name} is damaged or no pickle ({type(error).__name__}: {error}).") from error


class PlainArray:
    """Stands for a numpy array in a pickle; `array` is the real one, a copy."""

    def __init__(self) -> None:
        self.array: NDArray[Any] = np.zeros(0)

    def __setstate__(self, state: Any) -> None:
        _version, shape, dtype, fortran, data = state
        self.array = _array(data, dtype, shape, "F" if fortran else "C")


class _Dtype:
    """Stands for a numpy dtype; only its spelling and its byte order are taken over."""

    def __init__(self, spelling: Any, *_flags: Any) -> None:
        if spelling not in _NUMBERS:
            raise DataError(f"it holds an array of {spelling!r}; accepted are numbers.", code="unsafe_pickle")
        self.dtype = np.dtype(spelling)

    def __setstate__(self, state: Any) -> None:
        if state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


class _NotMadeHere:
    """Stands for `numpy.ndarray` as an argument; nothing is made of it."""

    def __new__(cls, *_arguments: Any) -> Any:
        raise DataError("it makes an array in a way that no published data set does.", code="unsafe_pickle")


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        found = _KNOWN.get((module_name.replace("numpy.core", "numpy._core"), global_name))
        if found is None:
            raise DataError(
                f"it asks for {module_name}.{global_name}, which is not data; it was not run. Accepted are dicts, "
                "lists, texts, numbers and numpy arrays of numbers.",
                code="unsafe_pickle",
            )
        return found


def _reconstruct(_kind: Any, _shape: Any, _code: Any) -> PlainArray:
    return PlainArray()


def _scalar(dtype: Any, data: Any) -> float:
    return _array(data, dtype, (), "C").item()


def _from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> PlainArray:
    made = PlainArray()
    made.array = _array(data, dtype, shape, order)
    return made


def _latin1(text: Any, encoding: Any) -> bytes:
    """Python 3's way to put bytes into a pickle of protocol 2 or less."""
    if not isinstance(text, str) or encoding != "latin1":
        raise DataError("it encodes text in a way that no published data set does.", code="unsafe_pickle")
    return text.encode("latin1")


def _no_bytes(*arguments: Any) -> bytes:
    """The same for no bytes at all."""
    if arguments:
        raise DataError("it makes bytes in a way that no published data set does.", code="unsafe_pickle")
    return b""


def _array(data: Any, dtype: Any, shape: Any, order: Any) -> NDArray[Any]:
    if not (isinstance(dtype, _Dtype) and isinstance(data, bytes | bytearray) and isinstance(shape, tuple)):
        raise DataError("it holds an array that is not made of numbers.", code="unsafe_pickle")
    sides: list[int] = [int(side) for side in shape]  # type: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    fits = len(sides) <= _MAX_AXES and min(sides, default=0) >= 0
    if not fits or prod(sides) * dtype.dtype.itemsize != len(data):
        raise DataError(f"it holds an array of shape {tuple(sides)} with {len(data)} bytes, which is damaged.")
    return np.frombuffer(data, dtype.dtype).reshape(sides, order="F" if order == "F" else "C").copy()


# numpy 1 calls its inside numpy.core, numpy 2 numpy._core.
_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    ("numpy", "ndarray"): _NotMadeHere,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _latin1,
    ("__builtin__", "bytes"): _no_bytes,
}
