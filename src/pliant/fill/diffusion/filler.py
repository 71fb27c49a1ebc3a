"""Diffusion models as fillers: `sd15-lcm` and its kin, and any inpainting pipeline of diffusers."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from pliant.errors import PliantError
from pliant.events import CancelToken, OnEvent
from pliant.fill.base import FillerInfo, check_hole
from pliant.fill.diffusion.recipes import Recipe
from pliant.models.device import Runtime
from pliant.types import Bool, Picture


class Painter(Protocol):
    """A loaded model."""

    def paint(
        self, picture: Picture, hole: Bool, *, prompt: str, seed: int, on_event: OnEvent, cancel: CancelToken
    ) -> Picture:
        """`picture` with a `hole` that is neither empty nor everything painted."""
        ...


class DiffusionFiller:
    """A filler around a diffusion model; the first `fill` loads it, and one fill runs at a time.

    Another seed for the same picture, hole and prompt costs the denoising alone.
    """

    def __init__(self, recipe: Recipe, runtime: Runtime) -> None:
        self._recipe = recipe
        self._runtime = runtime
        self._turn = threading.Lock()
        self._painter: Painter | None = None

    @property
    def info(self) -> FillerInfo:
        """What this filler is and needs."""
        return self._recipe.info

    def fill(
        self,
        picture: Picture,
        hole: Bool,
        *,
        prompt: str = "",
        seed: int = 0,
        on_event: OnEvent,
        cancel: CancelToken,
    ) -> Picture:
        """See `pliant.fill.base.Filler.fill`; cancelling takes at most one step, or the loading of the weights.

        Raises:
            MissingRequirementError: torch or diffusers is not installed, or the weights are not there.
            PliantError: the weights are not what they should be (`invalid_model`), or the device has too
                little memory (`out_of_memory`).
        """
        cancel.check()
        if not check_hole(picture, hole):
            return picture
        with turn(self._turn, cancel), memory_explained(self.info.name):
            if self._painter is None:
                self._painter = _opened(self._recipe, self._runtime)
            cancel.check()
            return self._painter.paint(
                picture, hole, prompt=prompt.strip(), seed=seed, on_event=on_event, cancel=cancel
            )


def _opened(recipe: Recipe, runtime: Runtime) -> Painter:
    from pliant.fill.diffusion.requirements import check_installed

    check_installed(recipe.info.name)
    from pliant.fill.diffusion.load import open_painter

    return open_painter(recipe, runtime)


@contextmanager
def turn(lock: threading.Lock, cancel: CancelToken) -> Generator[None]:
    """Waits for its turn, and stops waiting when cancelled."""
    while not lock.acquire(timeout=0.1):
        cancel.check()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def memory_explained(name: str) -> Generator[None]:
    """Says what to do where the device's memory does not suffice for `name`."""
    try:
        yield
    except RuntimeError as error:
        if type(error).__name__ not in ("OutOfMemoryError", "AcceleratorOutOfMemoryError"):
            raise
        raise PliantError(
            f"The device has too little free memory for {name!r}; use low memory, a smaller model, or the CPU.",
            code="out_of_memory",
        ) from error
