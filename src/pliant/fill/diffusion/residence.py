"""Where a model stays: on the device, or on the CPU between uses where memory is short."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def at_work(model: Any, device: torch.device, low_mem: bool) -> Generator[None]:
    """`model` on `device` for the while; afterwards on the CPU again, if `low_mem`."""
    moves = low_mem and device.type != "cpu"
    if moves:
        model.to(device)
    try:
        yield
    finally:
        if moves:
            model.to("cpu")
