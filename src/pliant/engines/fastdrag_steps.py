"""FastDrag's method: DDIM inversion, latents warped in one step, and denoising that keeps the photo's keys and
values in the decoder.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from pliant.engines.fastdrag import Settings
from pliant.engines.fastdrag_warpage import displacements, held, interpolated, interpolated_in_place, landings
from pliant.engines.latent.area import handle_masks
from pliant.engines.latent.attention import Layer, rewriting, self_attentions
from pliant.engines.latent.inversion import Trajectory, clean, ddim_step, invert_ddim, unit_noise
from pliant.engines.latent.memory import KeyValues, room_on
from pliant.engines.latent.schedule import Floats, Levels
from pliant.engines.latent.task import OpenPhoto, Task, Watch
from pliant.fill.diffusion.frame import CELL
from pliant.types import Bool, DragRegion
from pliant.warp.part import handles_of, targets_of


@dataclass(frozen=True, eq=False)
class Inverted:
    """A photo's way up, and what the decoder's self-attention layers held on it, step by step."""

    trajectory: Trajectory
    attention: KeyValues
    layers: list[Layer]


@dataclass(frozen=True, eq=False)
class Pull:
    """One region on the latents: its cells `mask`, and handles and targets `(N, 2)` (x, y) in cells.

    `shift` `(2,)`, in cells, is that of its drags alone, for moving and copying.
    """

    mask: Bool
    handles: Floats
    targets: Floats
    shift: Floats


class OneStepWarpage:
    """The method (`pliant.engines.latent.task.Method`)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.levels = Levels.leading(settings.steps, settings.count, from_below=True)

    def prepare(self, photo: OpenPhoto, watch: Watch) -> Inverted:
        """The inversion: `settings.count` calls of the UNet."""
        watch.stage("invert")
        model, count = photo.model, self.levels.count
        layers = [layer for layer in self_attentions(model.unet) if layer.part == "up"]
        layers = layers if self.settings.consistency else []
        memory = KeyValues(room_on(model.device, low_mem=model.low_mem))

        def predict(latents: torch.Tensor, level: int, step: int) -> torch.Tensor:
            with rewriting(layers, memory.record(step)):
                return model.denoiser.noise(latents, level, photo.text)

        trajectory = invert_ddim(
            photo.latents, model.schedule, self.levels, predict, lambda done: watch.step(done, count)
        )
        return Inverted(trajectory, memory, layers)

    def edit(self, photo: OpenPhoto, prepared: Inverted, task: Task, watch: Watch) -> torch.Tensor:
        """The warpage, and the way back: `settings.count` calls of the UNet."""
        watch.stage("denoise")
        schedule, count = photo.model.schedule, self.levels.count
        latents = self.warped(photo, prepared.trajectory.top, task)
        for index, (level, below) in enumerate(self.levels.down):
            with rewriting(prepared.layers, prepared.attention.replace(count - 1 - index)):
                noise = photo.model.denoiser.noise(latents, level, photo.text)
            a = schedule.alpha(level)
            guess = clean(latents, noise, a)
            latents = ddim_step(latents, noise, a, schedule.alpha(below))
            watch.step(index + 1, count, guess)
        return latents

    def warped(self, photo: OpenPhoto, top: torch.Tensor, task: Task) -> torch.Tensor:
        """`top` with its cells moved, only where the edit may change something."""
        before = top[0].float().cpu().numpy()
        noise = unit_noise(top, photo.generator(task.seed))[0].float().cpu().numpy()
        after = self.moved(before, list(self._pulls(task)), noise)
        if not self.settings.compat:
            after = np.where(task.editable_cells, after, before)
        return torch.as_tensor(after, device=top.device, dtype=top.dtype)[None]

    def moved(
        self, latents: NDArray[np.float32], pulls: list[Pull], noise: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """`latents` `(4, rows, columns)` after all `pulls`; content is always that of `latents` itself."""
        empty = np.zeros(latents.shape[1:], np.bool_)
        if self.settings.mode != "copy":
            empty = np.logical_or.reduce([empty, *(pull.mask for pull in pulls)])
        reached = [self._landings(pull) for pull in pulls]
        after = latents.copy()
        after[:, empty] = 0
        flat, source = after.reshape(len(after), -1), latents.reshape(len(latents), -1)
        for targets, sources in reached:
            flat[:, targets] = source[:, sources]
            empty.reshape(-1)[targets] = False
        return self._filled(after, empty, latents, noise)

    def _landings(self, pull: Pull) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        public = bool(self.settings.compat)
        if self.settings.mode != "drag":
            shift = np.trunc(pull.shift) if public else np.floor(pull.shift + 0.5)
            inside = _inside(pull.mask, shift)
            return landings(inside, np.tile(shift, (int(np.count_nonzero(inside)), 1)))
        nearest = self.settings.weights == "nearest"
        ways = displacements(pull.mask, pull.handles, pull.targets, nearest=nearest)
        if not public:
            ways = held(ways, pull.mask, pull.handles, pull.targets)
        return landings(pull.mask, ways, first_wins=public)

    def _filled(
        self, after: NDArray[np.float32], empty: Bool, latents: NDArray[np.float32], noise: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        if self.settings.fill != "interpolation":
            return np.where(empty, noise if self.settings.fill == "noise" else latents, after)
        if not self.settings.compat:
            return interpolated(after, empty)
        filled = after.copy()
        interpolated_in_place(filled)
        return filled

    def _pulls(self, task: Task) -> Iterator[Pull]:
        for region in task.edit.regions:
            masks = handle_masks(replace(task.edit, regions=[region]), task.frame.picture.size)
            if masks and isinstance(region, DragRegion):
                yield self._pull(region, masks[0], task)

    def _pull(self, region: DragRegion, mask: Bool, task: Task) -> Pull:
        public = bool(self.settings.compat)
        cells = _centres(task.frame.shrunk(mask)) if public else task.frame.cells_in(mask)
        handles, targets = (
            _published(task.frame.points(points)) if public else (task.frame.points(points) + 0.5) / CELL - 0.5
            for points in (handles_of(region), targets_of(region))
        )
        drags = (targets - handles)[: len(region.drags)]
        return Pull(cells, handles, targets, drags[0] if public else drags.mean(axis=0))


def _centres(mask: Bool) -> Bool:
    """The published reduction: of every second pixel the middle four of a cell, any of which counts."""
    height, width = mask.shape
    blocks = mask[::2, ::2].reshape(height // CELL, CELL // 2, width // CELL, CELL // 2)
    return np.asarray(blocks[:, 1:3, :, 1:3].any(axis=(1, 3)))


def _published(points: Floats) -> Floats:
    """Places in working pixels on the latents, by way of whole pixels at half resolution."""
    return np.rint(points / 2) / (CELL // 2)


def _inside(mask: Bool, shift: Floats) -> Bool:
    """The cells of `mask` that do not leave the picture by `shift`."""
    rows, columns = np.nonzero(mask)
    y, x = rows + shift[1], columns + shift[0]
    inside = (y >= 0) & (x >= 0) & (y < mask.shape[0]) & (x < mask.shape[1])
    kept = np.zeros_like(mask)
    kept[rows[inside], columns[inside]] = True
    return kept
