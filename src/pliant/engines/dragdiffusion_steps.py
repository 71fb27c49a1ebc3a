"""DragDiffusion's method: a LoRA of the photo, DDIM inversion, optimisation of the noisiest latents, and denoising
that attends to the photo's own reconstruction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pliant.engines.dragdiffusion import Settings
from pliant.engines.dragdiffusion_chase import NEAR, Chase, Points, feature_block
from pliant.engines.latent.area import changed
from pliant.engines.latent.attention import Layer, Rewrite, rewriting, self_attentions
from pliant.engines.latent.checkpointing import checkpointed
from pliant.engines.latent.inversion import clean, ddim_step, invert_ddim
from pliant.engines.latent.lora import Lora, Training, adapted, trained
from pliant.engines.latent.lora_store import Store
from pliant.engines.latent.memory import KeyValues, room_on
from pliant.engines.latent.schedule import Floats, Levels
from pliant.engines.latent.task import OpenPhoto, Task, Watch
from pliant.errors import EditError
from pliant.fill.diffusion.frame import CELL
from pliant.types import Bool


@dataclass(frozen=True, eq=False)
class Learned:
    """What the edits of a photo share: its LoRA, its noisiest latents, and what mutual self-attention wants of
    their way back, step by step from the noisiest.
    """

    lora: Lora | None
    top: torch.Tensor
    attention: KeyValues


class MotionSupervision:
    """The method (`pliant.engines.latent.task.Method`)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.levels = Levels.leading(settings.steps, settings.count, from_below=True)

    def prepare(self, photo: OpenPhoto, watch: Watch) -> Learned:
        """The LoRA; then the inversion and the way back unedited, `settings.count` calls of the UNet each.

        The published code runs that way back beside each edit, in a batch of two. It does not depend on the edit.
        """
        model, folder = photo.model, self.settings.folder
        lora = trained(photo, Training(steps=self.settings.lora), watch, Store(folder) if folder else None)
        memory = KeyValues(room_on(model.device, low_mem=model.low_mem))
        with adapted(model.unet, lora):
            watch.stage("invert")
            top = self._inverted(photo, watch)
            watch.stage("reconstruct")
            self._denoised(photo, top, memory.record, watch)
        return Learned(lora, top, memory)

    def edit(self, photo: OpenPhoto, prepared: Learned, task: Task, watch: Watch) -> torch.Tensor:
        """The optimisation, at most `settings.pixel_steps` calls of the UNet, then `settings.count` to denoise."""
        with adapted(photo.model.unet, prepared.lora):
            watch.stage("drag")
            dragged = self.dragged(photo, prepared.top, task, watch)
            watch.stage("denoise")
            return self._denoised(photo, dragged, prepared.attention.replace, watch)

    def dragged(self, photo: OpenPhoto, top: torch.Tensor, task: Task, watch: Watch) -> torch.Tensor:
        """`top` after as many steps of optimisation as it takes, or as there may be."""
        held, total = self.held(task), self.settings.pixel_steps
        chase = Chase(
            photo,
            self.settings,
            self.levels.down[0],
            top,
            Points(*(torch.as_tensor(each, device=top.device, dtype=top.dtype) for each in self.points(task))),
            torch.as_tensor(held, device=top.device) if held.any() else None,
        )
        with checkpointed(photo.model.unet, photo.model.low_mem):
            for index in range(total):
                done = chase.step()
                watch.step(index + 1, total, chase.guess)
                if done:
                    break
        return chase.latents

    def points(self, task: Task) -> tuple[Floats, Floats]:
        """Starts and targets at half resolution. A start is a whole pixel, and its target is as far from it as the
        drag is long.

        Raises:
            EditError: all points have arrived before anything is done (`drag_too_short`).
        """
        if self.settings.compat:
            return np.rint(task.handles / 2), np.rint(task.targets / 2)
        way = (task.targets - task.handles) / 2
        if (np.linalg.norm(way, axis=1) < NEAR).all():
            raise EditError(
                f"Every drag is shorter than {2 * NEAR / task.frame.scale.max():.3g} pixels, which dragdiffusion "
                "takes for arrived; drag further, or choose another engine (`pliant engines`).",
                code="drag_too_short",
            )
        starts = np.rint((task.handles + 0.5) / 2 - 0.5)
        return starts, starts + way

    def held(self, task: Task) -> Bool:
        """`(rows, columns)`: the cells that the optimisation shall leave as they are; none without `lam`.

        Those in which the edit moves and uncovers nothing; with `compat` those whose upper left pixel is in no
        handle region, which is what the published code calls its mask.
        """
        if self.settings.compat:
            free = task.regions[::CELL, ::CELL]
        else:
            free = task.frame.cells_in(changed(task.edit, task.warp))
        return ~free & (self.settings.lam > 0)

    def _inverted(self, photo: OpenPhoto, watch: Watch) -> torch.Tensor:
        def predict(latents: torch.Tensor, level: int, step: int) -> torch.Tensor:
            del step
            return photo.model.denoiser.noise(latents, level, photo.text)

        def after(done: int) -> None:
            watch.step(done, self.levels.count)

        return invert_ddim(photo.latents, photo.model.schedule, self.levels, predict, after).top

    def _denoised(
        self, photo: OpenPhoto, top: torch.Tensor, rewrite: Callable[[int], Rewrite], watch: Watch
    ) -> torch.Tensor:
        """Down from `top`; `rewrite` is told the step, from the noisiest."""
        schedule, latents, layers = photo.model.schedule, top, mutual_layers(photo.model.unet)
        for index, (level, below) in enumerate(self.levels.down):
            with rewriting(layers, rewrite(index)):
                noise = photo.model.denoiser.noise(latents, level, photo.text)
            a = schedule.alpha(level)
            guess = clean(latents, noise, a)
            latents = ddim_step(latents, noise, a, schedule.alpha(below))
            watch.step(index + 1, self.levels.count, guess)
        return latents


def mutual_layers(unet: Any) -> list[Layer]:
    """The self-attention of the last two decoder blocks: layers 10 to 15 of Stable Diffusion 1.5."""
    last = {id(module) for block in unet.up_blocks[feature_block(unet) :] for module in block.modules()}
    return [layer for layer in self_attentions(unet) if id(layer.attention) in last]
