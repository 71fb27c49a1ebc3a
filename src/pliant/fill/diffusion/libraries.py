"""The edge to diffusers, transformers and safetensors: where their types end, and their manners."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import torch
from diffusers.utils import deprecation_utils
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

_LARGEST_HEADER = 100_000_000  # bytes; the format's own limit


@contextmanager
def quietly() -> Generator[None]:
    """No progress bars and remarks of the libraries; errors come as exceptions."""
    before = diffusers_logging.get_verbosity(), transformers_logging.get_verbosity()
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        diffusers_logging.set_verbosity(before[0])
        transformers_logging.set_verbosity(before[1])
        diffusers_logging.enable_progress_bar()
        transformers_logging.enable_progress_bar()


def of_diffusers(name: str) -> Any:
    """The class of diffusers called `name`."""
    return getattr(import_module("diffusers"), name)


def number_type(dtype: torch.dtype) -> dict[str, Any]:
    """`dtype` under the name that this generation of diffusers wants."""
    return {"dtype" if hasattr(deprecation_utils, "_resolve_dtype") else "torch_dtype": dtype}


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a `.safetensors` file by name."""
    return cast(dict[str, torch.Tensor], import_module("safetensors.torch").load_file(path))


def read_shapes(path: Path) -> dict[str, list[int]]:
    """The shapes of the tensors of a `.safetensors` file by name, from its header alone.

    Raises:
        ValueError: it is no such file.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if not 0 < size <= min(_LARGEST_HEADER, path.stat().st_size):
            raise ValueError("it is no safetensors file")
        header: dict[str, Any] = json.loads(file.read(size))
    return {name: facts["shape"] for name, facts in header.items() if name != "__metadata__"}


def read_facts(path: Path) -> dict[str, Any]:
    """A JSON object."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(facts, dict):
        raise ValueError(f"{path.name} is not a JSON object")
    return cast(dict[str, Any], facts)
