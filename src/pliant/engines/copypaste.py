"""RegionDrag's method: inversion with cached noise, then denoising while handle cells are pasted onto targets.

Lu, Li and Han, "RegionDrag: Fast Region-Based Image Editing with Diffusion Models", ECCV 2024, Algorithm 2.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from pliant.engines.latent.attention import Layer, rewriting, self_attentions
from pliant.engines.latent.cells import cell_pairs
from pliant.engines.latent.inversion import Trajectory, clean, invert_sde, sde_step, unit_noise
from pliant.engines.latent.ip_adapter import prompted
from pliant.engines.latent.memory import KeyValues, room_on
from pliant.engines.latent.schedule import Levels
from pliant.engines.latent.task import OpenPhoto, Task, Watch
from pliant.engines.regiondrag import Settings
from pliant.engines.regiondrag_compat import public_cell_pairs


@dataclass(frozen=True, eq=False)
class Inverted:
    """A photo's way up, and what the chosen self-attention layers held on it, step by step."""

    trajectory: Trajectory
    attention: KeyValues
    layers: list[Layer]


@dataclass(frozen=True, eq=False)
class Paste:
    """What an edit does to latents: which cells take their content from which, and which may change at all.

    `targets` and `sources` `(N,)` are places in flattened latents. `handle` and `free`, `(1, 1, rows, columns)`
    bool, are the cells to put noise into, and those that may differ from the photo's.
    """

    targets: torch.Tensor
    sources: torch.Tensor
    handle: torch.Tensor
    free: torch.Tensor

    def onto(self, latents: torch.Tensor, photo: torch.Tensor) -> torch.Tensor:
        """`latents` with target cells taken from `photo`, the unedited latents of the same level (Eq. 3)."""
        pasted = latents.flatten(2).clone()
        pasted[..., self.targets] = photo.flatten(2)[..., self.sources]
        return pasted.view_as(latents)

    def kept(self, latents: torch.Tensor, photo: torch.Tensor) -> torch.Tensor:
        """`latents` where they may change, else those of `photo`."""
        return torch.where(self.free, latents, photo)


class CopyPaste:
    """The method (`pliant.engines.latent.task.Method`)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        spacing = Levels.linspace if settings.compat else Levels.leading
        self.levels = spacing(settings.steps, settings.count)

    def prepare(self, photo: OpenPhoto, watch: Watch) -> Inverted:
        """The inversion: `settings.count` calls of the UNet (Algorithm 2, lines 3 to 7)."""
        watch.stage("invert")
        chosen, steps = self.settings.swaps()
        model = photo.model
        layers = [layer for layer in self_attentions(model.unet) if layer.number in chosen]
        memory = KeyValues(room_on(model.device, low_mem=model.low_mem))
        count = self.levels.count

        def predict(latents: torch.Tensor, level: int, step: int) -> torch.Tensor:
            wanted = layers if count - 1 - step in steps else []
            with rewriting(wanted, memory.record(step)), prompted(photo) as text:
                return model.denoiser.noise(latents, level, text)

        trajectory = invert_sde(
            photo.latents,
            model.schedule,
            self.levels,
            predict,
            photo.generator(),
            lambda done: watch.step(done, count),
        )
        return Inverted(trajectory, memory, layers)

    def edit(self, photo: OpenPhoto, prepared: Inverted, task: Task, watch: Watch) -> torch.Tensor:
        """The way back with pasting: `settings.count` calls of the UNet (Algorithm 2, lines 8 to 15)."""
        watch.stage("denoise")
        paste = self.planned(task, photo.latents.device)
        up, schedule = prepared.trajectory, photo.model.schedule
        latents = blended(up.top, paste.handle, self.settings.alpha, photo.generator(task.seed))
        for index, (level, below) in enumerate(self.levels.down):
            step = self.levels.count - 1 - index
            if level >= self.settings.pasted_from:
                latents = paste.onto(latents, up.latents[step + 1])
            latents = paste.kept(latents, up.latents[step + 1])
            with self._swapped(prepared, step), prompted(photo) as text:
                noise = photo.model.denoiser.noise(latents, level, text)
            a, a_below = schedule.alpha(level), schedule.alpha(below)
            guess = clean(latents, noise, a)
            latents = sde_step(latents, noise, up.noises[step], a_below, a)
            watch.step(index + 1, self.levels.count, guess)
        return paste.kept(latents, up.latents[0])

    def planned(self, task: Task, device: torch.device) -> Paste:
        """Which cells are pasted where, which are noised and which may change."""
        if self.settings.compat:
            pairs, handle, free = public_cell_pairs(task)
        else:
            pairs, handle = cell_pairs(task.warp.layers, task.frame), task.frame.cells_in(task.handle_mask)
            free = task.editable_cells
        if self.settings.points < 1:
            pairs = pairs.thinned(self.settings.points, np.random.default_rng(task.seed))
        return Paste(
            torch.as_tensor(pairs.targets, device=device),
            torch.as_tensor(pairs.sources, device=device),
            torch.as_tensor(handle & free, device=device)[None, None],
            torch.as_tensor(free, device=device)[None, None],
        )

    @contextmanager
    def _swapped(self, prepared: Inverted, step: int) -> Generator[None]:
        """Mutual self-attention: the photo's keys and values of this step in place of the edit's."""
        _, steps = self.settings.swaps()
        layers = prepared.layers if self.levels.count - 1 - step in steps else []
        with rewriting(layers, prepared.attention.replace(step)):
            yield


def blended(latents: torch.Tensor, handle: torch.Tensor, alpha: float, random: torch.Generator) -> torch.Tensor:
    """Noise blended into the handle cells: sqrt(1 - alpha^2) z + alpha e (Eq. 5).

    `handle` is `(1, 1, rows, columns)` bool. With an alpha beyond 1, which only the public code knows, nothing
    of z is left and the noise is stronger than unit noise.
    """
    kept = max(1 - alpha * alpha, 0) ** 0.5
    return torch.where(handle, kept * latents + alpha * unit_noise(latents, random), latents)
