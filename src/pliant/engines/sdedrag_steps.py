"""SDE-Drag's method: up to noise, patches carried a little way, down with the noise that led up; over and over.

Nie et al., "The Blessing of Randomness: SDE Beats ODE in General Diffusion-based Image Editing", ICLR 2024,
section 4 and Algorithm 1. Places are (x, y) in cells of the latents.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sqrt

import numpy as np
import torch

from pliant.engines.latent.inversion import clean, mean_below, noised, sigma, unit_noise
from pliant.engines.latent.lora import Lora, SetScale, Training, adapted, trained
from pliant.engines.latent.lora_store import Store
from pliant.engines.latent.schedule import Floats, Levels
from pliant.engines.latent.task import OpenPhoto, Task, Watch
from pliant.engines.sdedrag import Settings
from pliant.fill.diffusion.frame import CELL

_RATE, _RANK = 2e-4, 16


def carries(longest: float, stride: float) -> int:
    """In how many carries a drag of `longest` cells is done, so that each is as near to `stride` as can be."""
    if longest <= stride:
        return 1
    fewer = int(longest / stride)
    return fewer + (abs(longest / fewer - stride) > abs(longest / (fewer + 1) - stride))


@dataclass(frozen=True, eq=False)
class Patch:
    """A square of cells around the cell `source` that goes to `target`, cut where either meets the border."""

    source: tuple[int, int]
    target: tuple[int, int]
    low: tuple[int, int]
    high: tuple[int, int]

    @classmethod
    def of(cls, source: Floats, target: Floats, radius: int, size: tuple[int, int]) -> "Patch":
        """`size` (columns, rows) is that of the latents."""
        (sx, sy), (tx, ty) = ([int(value) for value in place] for place in (source, target))
        low = min(radius, sx, tx), min(radius, sy, ty)
        high = min(radius, size[0] - sx, size[0] - tx), min(radius, size[1] - sy, size[1] - ty)
        return cls((sx, sy), (tx, ty), low, high)

    def at(self, place: tuple[int, int]) -> tuple[slice, slice]:
        """Its rows and columns around `place`; the upper half is one cell shorter, as published."""
        (x, y), (left, top), (right, bottom) = place, self.low, self.high
        return slice(y - top, y + bottom), slice(x - left, x + right)


class CarriedPatches:
    """The method (`pliant.engines.latent.task.Method`)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.public = bool(settings.compat)
        spacing = Levels.linspace if self.public else Levels.leading
        self.levels = spacing(settings.steps, settings.count)

    def prepare(self, photo: OpenPhoto, watch: Watch) -> Lora | None:
        """What is learned of the photo; the way up is gone anew in every carry."""
        training = Training(steps=self.settings.lora, rank=_RANK, rate=_RATE, batch=1)
        folder = self.settings.folder
        return trained(photo, training, watch, Store(folder) if folder else None)

    def edit(self, photo: OpenPhoto, prepared: Lora | None, task: Task, watch: Watch) -> torch.Tensor:
        """One way up and down for each carry: `settings.count` calls of the UNet, on photo and edit, guided."""
        watch.stage("denoise")
        random, latents = photo.generator(task.seed), photo.latents
        free = torch.as_tensor(task.editable_cells, device=latents.device)
        plan = self.planned(task, (latents.shape[3], latents.shape[2]))
        with adapted(photo.model.unet, prepared) as scale:
            for number, patches in enumerate(plan):
                up = self._up(photo, latents, random)
                top = self.pasted(up[-1], patches, random)
                latents = self._down(photo, up, top, free, scale, watch, (number, len(plan)))
        return latents

    def planned(self, task: Task, size: tuple[int, int]) -> list[list[Patch]]:
        """The patches of every carry. Pins are carried nowhere."""
        sources, ways = self._places(task.handles, task.targets)
        moving = np.abs(ways).max(axis=1, initial=0) > 0
        sources, ways = sources[moving], ways[moving]
        count = carries(float(np.linalg.norm(ways, axis=1).max(initial=0)), self.settings.stride)
        most = np.array(size) - 1
        stops = [np.clip(self._stop(sources, ways * (i / count)), 0, most) for i in range(count + 1)]
        room = (size[0] - 1, size[1] - 1) if self.public else size
        return [
            [Patch.of(s, t, self.settings.radius, room) for s, t in zip(here, there, strict=True)]
            for here, there in pairwise(stops)
        ]

    def _places(self, handles: Floats, targets: Floats) -> tuple[Floats, Floats]:
        if self.public:
            cells, goals = np.trunc(handles / CELL), np.trunc(targets / CELL)
            return cells, goals - cells
        return (handles + 0.5) / CELL - 0.5, (targets - handles) / CELL

    def _stop(self, sources: Floats, way: Floats) -> Floats:
        return sources + np.trunc(way) if self.public else np.floor(sources + way + 0.5)

    def _up(self, photo: OpenPhoto, latents: torch.Tensor, random: torch.Generator) -> list[torch.Tensor]:
        """The latents at each of `levels.up`, from fresh noise; the network is not needed."""
        up, schedule = [latents], photo.model.schedule
        for low, high in pairwise(self.levels.up):
            fresh = unit_noise(latents, random)
            up.append(noised(up[-1], fresh, schedule.alpha(low), schedule.alpha(high)))
        return up

    def pasted(self, top: torch.Tensor, patches: list[Patch], random: torch.Generator) -> torch.Tensor:
        """`top` with each patch strengthened at its target, and noise mixed in where it was.

        All patches are read before any is written; the published code reads what earlier ones wrote.
        """
        after, beta = top.clone(), self.settings.beta
        for patch in patches:
            rows, columns = patch.at(patch.source)
            noise = unit_noise(top[..., rows, columns], random)
            read = after if self.public else top
            carried = read[..., rows, columns].clone()
            after[..., rows, columns] = beta * carried + sqrt(1 - beta * beta) * noise
            if self.public:
                self._put(after, patch, carried)
        for patch in () if self.public else patches:
            self._put(after, patch, top[(..., *patch.at(patch.source))])
        return after

    def _put(self, after: torch.Tensor, patch: Patch, carried: torch.Tensor) -> None:
        rows, columns = patch.at(patch.target)
        after[..., rows, columns] = self.settings.alpha * carried

    def _down(
        self,
        photo: OpenPhoto,
        up: list[torch.Tensor],
        top: torch.Tensor,
        free: torch.Tensor,
        scale: SetScale,
        watch: Watch,
        turn: tuple[int, int],
    ) -> torch.Tensor:
        """Down with the noise that leads `up` back to where it came from; what may not change is reset each time.

        The cached noise is what is missing between the mean of the unedited step and its result, so an edited step
        is that result plus the difference of the two means.
        """
        (number, total), count, schedule = turn, self.levels.count, photo.model.schedule
        latents = torch.where(free, top, up[-1])
        for index, (high, low) in enumerate(self.levels.down):
            step = count - index
            scale(self.lora_scale(step))
            both = torch.cat([up[step], latents])
            # Without a prompt both halves of a guided call would be told the same: half of it will do.
            guidance = self.guidance(step) if photo.prompt else 1.0
            noise = photo.model.denoiser.noise(both, high, photo.text, guidance=guidance)
            a, a_low = schedule.alpha(high), schedule.alpha(low)
            kept, edited = mean_below(both, noise, a_low, a, sigma(a_low, a)).chunk(2)
            guess = clean(latents, noise[1:], a)
            latents = torch.where(free, up[step - 1] + edited - kept, up[step - 1])
            watch.step(number * count + index + 1, total * count, guess)
        return latents

    def guidance(self, step: int) -> float:
        """Guidance in `step`, from 1, the cleanest, to `levels.count`: rising evenly from 1."""
        count = self.levels.count
        share = step / max(count - 1, 1) if self.public else (step - 1) / max(count - 1, 1)
        return 1 + (self.settings.guidance - 1) * share

    def lora_scale(self, step: int) -> float:
        """How much of the LoRA counts in `step`: half a period of a cosine, from 1 at the cleanest."""
        count, least = self.levels.count, self.settings.lora_scale
        share = step / max(count - 1, 1) if self.public else (step - 1) / max(count - 1, 1)
        return least + (1 - least) * (1 + cos(pi * share)) / 2
