"""What a drag method is given, and what it has to do."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import Protocol, TypeVar

import numpy as np
import torch

from pliant.engines.latent.area import handle_masks, protected
from pliant.engines.latent.frame import Frame
from pliant.engines.latent.ip_adapter import ImagePrompt
from pliant.engines.latent.model import LatentModel
from pliant.engines.latent.schedule import Floats
from pliant.events import CancelToken, OnEvent, Partial, Stage, Step
from pliant.fill.diffusion.text import Embedding
from pliant.types import Bool, DragRegion, Edit, Picture, Preview
from pliant.warp.part import handles_of, targets_of

Prepared = TypeVar("Prepared")


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenPhoto:
    """A photo, or the crop of it that is worked on, as latents `(1, 4, rows, columns)` float32.

    `text` is the embedding of `prompt`, `image` the photo as a prompt for itself, where that is wanted. No tensor
    here is an inference tensor, so gradients may be asked for.
    """

    model: LatentModel
    frame: Frame
    latents: torch.Tensor
    prompt: str
    text: Embedding
    image: ImagePrompt | None = None

    def generator(self, seed: int = 0) -> torch.Generator:
        """Random numbers, drawn on the CPU. What is prepared once for all edits takes seed 0."""
        return torch.Generator("cpu").manual_seed(seed)


@dataclass(frozen=True, eq=False, kw_only=True)
class Task:
    """One edit of an open photo. `warp` is how the photo's own pixels would move, `preview` what may change."""

    edit: Edit
    frame: Frame
    warp: Preview
    preview: Preview
    seed: int

    @cached_property
    def handles(self) -> Floats:
        """`(N, 2)` (x, y) in working pixels: the handle points of all drags, then region by region the pins."""
        return self.frame.points(_stacked([handles_of(region) for region in self._drag_regions]))

    @cached_property
    def targets(self) -> Floats:
        """`(N, 2)`: where `handles` go; pins stay."""
        return self.frame.points(_stacked([targets_of(region) for region in self._drag_regions]))

    @cached_property
    def handle_mask(self) -> Bool:
        """`(H, W)` of the photo: the handle regions that move, protected pixels among them."""
        masks = handle_masks(self.edit, self.frame.picture.size)
        return np.logical_or.reduce([np.zeros(self.warp.source.pixels.shape[:2], np.bool_), *masks])

    @cached_property
    def regions(self) -> Bool:
        """`(h, w)` in working pixels: the handle regions that move."""
        return self.frame.shrunk(self.handle_mask)

    @cached_property
    def editable(self) -> Bool:
        """`(h, w)` in working pixels: what may change: the methods' mask."""
        return self.frame.shrunk(self.preview.hole)

    @cached_property
    def editable_cells(self) -> Bool:
        """`(rows, columns)`: the cells with anything that may change."""
        return self.frame.cells_in(self.preview.hole)

    @cached_property
    def protected(self) -> Bool:
        """`(h, w)` in working pixels: what the edit protects."""
        return self.frame.shrunk(protected(self.edit, self.frame.picture.size))

    @property
    def _drag_regions(self) -> list[DragRegion]:
        return [region for region in self.edit.regions if isinstance(region, DragRegion)]


class Watch:
    """Reports what a method does, notes how long it takes, and stops it when asked.

    `show` makes a picture of unfinished latents; None where nothing can be shown yet.
    """

    def __init__(
        self, on_event: OnEvent, cancel: CancelToken, show: Callable[[torch.Tensor], Picture] | None = None
    ) -> None:
        self._on_event = on_event
        self._cancel = cancel
        self._show = show
        self._current: tuple[str, float] | None = None
        self.timings: dict[str, float] = {}

    def check(self) -> None:
        """Raise `CancelledError` when the stop was asked for."""
        self._cancel.check()

    def stage(self, name: str) -> None:
        """The work called `name` begins, and what went before is done."""
        self.close()
        self._on_event(Stage(name=name))
        self._current = name, perf_counter()
        self.check()

    def step(self, index: int, total: int, guess: torch.Tensor | None = None) -> None:
        """Step `index` (from 1) of `total` is done; `guess` `(1, 4, rows, columns)` is the picture as it looks
        now.
        """
        show = self._show
        self._on_event(Step(index=index, total=total))
        if guess is not None and show is not None:
            self._on_event(Partial(make=lambda: show(guess)))
        self.check()

    def close(self) -> None:
        """The last stage is done."""
        if self._current is not None:
            name, start = self._current
            self.timings[name] = self.timings.get(name, 0.0) + perf_counter() - start
            self._current = None


class Method(Protocol[Prepared]):
    """A drag method on latents. Both run without gradients, unless the method turns them on for itself."""

    def prepare(self, photo: OpenPhoto, watch: Watch) -> Prepared:
        """What is done once for a photo and a prompt: the inversion. Not changed by any edit."""
        ...

    def edit(self, photo: OpenPhoto, prepared: Prepared, task: Task, watch: Watch) -> torch.Tensor:
        """The edited latents `(1, 4, rows, columns)`, clean."""
        ...


def _stacked(points: list[Floats]) -> Floats:
    return np.concatenate([np.zeros((0, 2)), *points])
