"""ONNX graphs: found, opened and checked. Only this module imports onnxruntime."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from pliant.errors import PliantError
from pliant.models.catalog import Contract
from pliant.models.catalog import find as find_model
from pliant.models.device import Runtime, onnx_providers

Dimension: TypeAlias = int | None

_TYPES = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(double)": np.dtype(np.float64),
    "tensor(uint8)": np.dtype(np.uint8),
    "tensor(int8)": np.dtype(np.int8),
    "tensor(int32)": np.dtype(np.int32),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(bool)": np.dtype(np.bool_),
}


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """An input or output of a graph; a dimension that is free is None."""

    name: str
    shape: tuple[Dimension, ...]
    dtype: "np.dtype[Any]"

    def __str__(self) -> str:
        sides = "x".join("?" if side is None else str(side) for side in self.shape)
        return f"{self.name} {sides or 'scalar'} {self.dtype}"


class Graph:
    """An opened graph: `inputs` and `outputs` as it declares them, `metadata` as its maker wrote it."""

    def __init__(self, session: Any, path: Path) -> None:
        self._session = session
        self.path = path
        self.inputs = tuple(_tensor(value) for value in session.get_inputs())
        self.outputs = tuple(_tensor(value) for value in session.get_outputs())
        self.metadata: Mapping[str, str] = dict(session.get_modelmeta().custom_metadata_map)

    def run(self, feed: Mapping[str, NDArray[Any]], wanted: list[str] | None = None) -> list[NDArray[Any]]:
        """The outputs called `wanted` (None: all) for inputs by name; each is cast to its declared type."""
        types = {value.name: value.dtype for value in self.inputs}
        ready = {name: np.ascontiguousarray(array, types[name]) for name, array in feed.items()}
        try:
            return cast(list[NDArray[Any]], self._session.run(wanted, ready))
        except Exception as error:  # onnxruntime's errors have no common class
            raise PliantError(f"The graph {self.path.name!r} failed: {error}", code="graph_failed") from error

    def described(self) -> str:
        """Its inputs, for errors."""
        return ", ".join(str(value) for value in self.inputs) or "none"


def open_graph(path: Path, runtime: Runtime) -> Graph:
    """The graph in the file `path`, on the device that `runtime` asks for.

    Raises:
        MissingRequirementError: onnxruntime is not installed.
        PliantError: the file is no graph that it can run (`invalid_model`).
    """
    providers = onnx_providers(runtime)
    ort = import_module("onnxruntime")
    options = ort.SessionOptions()
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # as above
        raise PliantError(
            f"{str(path)!r} is no ONNX graph that this onnxruntime can run: {error}", code="invalid_model"
        ) from error
    return Graph(session, path)


def contract_of(reference: str) -> Contract | None:
    """What the catalogue says about the graph called `reference`; None for what it does not know, as a path."""
    model = find_model(reference)
    return model.contract if model else None


def find(reference: str, runtime: Runtime) -> Path:
    """The file or folder that `reference`, a name of the catalogue or a path, means.

    Raises:
        MissingRequirementError: onnxruntime is not installed, which is said before anything is downloaded; or the
            weights cannot be had.
    """
    from pliant.models.fetch import locate

    onnx_providers(runtime)
    return locate(reference, offline=runtime.offline)


def find_file(reference: str, runtime: Runtime) -> Path:
    """The one `.onnx` file that `reference` means.

    Raises:
        PliantError: it is a folder that holds none, or several (`invalid_model`).
    """
    path = find(reference, runtime)
    graphs = sorted(path.glob("*.onnx")) if path.is_dir() else [path]
    if len(graphs) != 1:
        raise PliantError(f"{str(path)!r} holds {len(graphs)} .onnx files; it must be 1.", code="invalid_model")
    return graphs[0]


def _tensor(value: Any) -> Tensor:
    shape = tuple(side if isinstance(side, int) and side > 0 else None for side in value.shape)
    return Tensor(name=value.name, shape=shape, dtype=_TYPES.get(value.type, np.dtype(object)))
