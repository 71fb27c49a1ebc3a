"""Gradients through a UNet in less memory."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any


@contextmanager
def checkpointed(unet: Any, wanted: bool) -> Generator[None]:
    """For the while, and if `wanted`, what the UNet's blocks compute inside is computed again for the gradient
    instead of kept. Results are the same.
    """
    if wanted:
        unet.enable_gradient_checkpointing()
    try:
        yield
    finally:
        if wanted:
            unet.disable_gradient_checkpointing()
