"""DiffEditor's method: full DDIM inversion, and a way back led by an energy, with keys and values of the photo at
hand, some noise inside the region and some steps repeated.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import sqrt

import torch
from torch.nn import functional

from pliant.engines.diffeditor import Settings
from pliant.engines.diffeditor_energy import SCALE, Boxes, Features, content_energy, drag_energy, move_energy
from pliant.engines.latent.attention import Layer, Rewrite, rewriting, self_attentions
from pliant.engines.latent.features import features
from pliant.engines.latent.inversion import Trajectory, clean, ddim_step, invert_ddim, sigma, unit_noise
from pliant.engines.latent.ip_adapter import prompted
from pliant.engines.latent.memory import KeyValues, room_on
from pliant.engines.latent.schedule import Levels
from pliant.engines.latent.task import OpenPhoto, Task, Watch
from pliant.fill.diffusion.frame import CELL

_BLOCKS = (1, 2)
_BANK_FROM = 5  # of 50 steps, counted from the noisiest; the others below likewise
_LED_UNTIL, _ALWAYS_LED_UNTIL = 30, 10
_NOISY = range(11, 20)
_PROMPTED = range(10, 20)
_REPEATED, _TIMES = (22, 24, 26, 28), 3
_STEPS = 50

Energies = Callable[[Features, Features], tuple[torch.Tensor, torch.Tensor]]
"""Of features of the edit and of the photo: the energy inside what is edited, and that outside."""


@dataclass(frozen=True, eq=False)
class Inverted:
    """A photo's way up, and what the decoder's self-attention layers held on it, step by step."""

    trajectory: Trajectory
    attention: KeyValues
    layers: list[Layer]


@dataclass(frozen=True, eq=False)
class Plan:
    """What an edit wants: where to start, its `energies`, where each of them leads, and where noise is added.

    `inside` and `noisy` `(rows, columns)` bool are cells.
    """

    start: torch.Tensor
    energies: Energies
    inside: torch.Tensor
    noisy: torch.Tensor


class LedByEnergy:
    """The method (`pliant.engines.latent.task.Method`)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.levels = Levels.leading(settings.steps, settings.steps, from_below=True)

    def prepare(self, photo: OpenPhoto, watch: Watch) -> Inverted:
        """The inversion: `settings.steps` calls of the UNet."""
        watch.stage("invert")
        model, count = photo.model, self.levels.count
        layers = [layer for layer in self_attentions(model.unet) if layer.part == "up"]
        memory = KeyValues(room_on(model.device, low_mem=model.low_mem))

        def predict(latents: torch.Tensor, level: int, step: int) -> torch.Tensor:
            with rewriting(layers, memory.record(step)):
                return model.denoiser.noise(latents, level, photo.text)

        trajectory = invert_ddim(
            photo.latents, model.schedule, self.levels, predict, lambda done: watch.step(done, count)
        )
        return Inverted(trajectory, memory, layers)

    def edit(self, photo: OpenPhoto, prepared: Inverted, task: Task, watch: Watch) -> torch.Tensor:
        """The way back: a guided call of the UNet in each step, and where it is led two up to its features."""
        watch.stage("denoise")
        plan = self.planned(photo, prepared, task)
        random, latents = photo.generator(task.seed), plan.start
        visits = self.visits()
        for number, (index, again) in enumerate(visits):
            if again:
                latents = self._back_up(photo, latents, index)
            guess, latents = self._step(photo, prepared, plan, latents, index, random)
            watch.step(number + 1, len(visits), guess)
        return latents

    def visits(self) -> list[tuple[int, bool]]:
        """The steps in the order of their visits; with true, the step is gone back and done once more."""
        repeated = {self._of_fifty(step) for step in _REPEATED} if self.settings.travel else set[int]()
        times = [_TIMES if index in repeated else 1 for index in range(self.levels.count)]
        return [(index, again > 0) for index, often in enumerate(times) for again in range(often)]

    def planned(self, photo: OpenPhoto, prepared: Inverted, task: Task) -> Plan:
        """What `task` wants of this photo."""
        return (
            self._moving(photo, prepared, task) if self.settings.moves else self._dragging(photo, prepared, task)
        )

    def _dragging(self, photo: OpenPhoto, prepared: Inverted, task: Task) -> Plan:
        device, top = photo.latents.device, prepared.trajectory.top
        size = tuple(side * CELL // SCALE for side in top.shape[2:])
        boxes = Boxes.around(task.handles, task.targets, (size[0], size[1]), device)
        inside = torch.as_tensor(task.editable_cells, device=device)
        outside = ~_enlarged(inside)
        start = top.clone()
        for drag in range(len(task.handles)):
            start[(..., *_cells(boxes.target, drag))] = top[(..., *_cells(boxes.source, drag))]

        def energies(now: Features, before: Features) -> tuple[torch.Tensor, torch.Tensor]:
            return drag_energy(now, before, boxes), content_energy(now, before, outside)

        return Plan(start, energies, inside, inside)

    def _moving(self, photo: OpenPhoto, prepared: Inverted, task: Task) -> Plan:
        device, top = photo.latents.device, prepared.trajectory.top
        ways = task.targets - task.handles
        x, y = (round(float(side) / CELL) for side in ways[ways.any(axis=1)].mean(axis=0))
        source = torch.as_tensor(task.frame.cells_in(task.handle_mask), device=device)
        target = _shifted(source, x, y)
        start = torch.where(target, torch.roll(top, (y, x), dims=(2, 3)), top)
        wide = CELL // SCALE
        fine_source, fine_target = _enlarged(source), _enlarged(target)
        around = ~(fine_source | fine_target)

        def energies(now: Features, before: Features) -> tuple[torch.Tensor, torch.Tensor]:
            led = move_energy(now, before, fine_source, fine_target, (x * wide, y * wide))
            return led, content_energy(now, before, around)

        return Plan(start, energies, source | target, source | target)

    def _step(
        self,
        photo: OpenPhoto,
        prepared: Inverted,
        plan: Plan,
        latents: torch.Tensor,
        index: int,
        random: torch.Generator,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the picture looks like from here, and the latents one step further down."""
        level, below = self.levels.down[index]
        a, a_below = photo.model.schedule.alpha(level), photo.model.schedule.alpha(below)
        with self._bank(prepared, index), prompted(photo, self._is_in(_PROMPTED, index)) as text:
            # With nothing to tell them apart both halves of a guided call would be the same: one of them will do.
            guidance = self.settings.guidance if photo.prompt or text.image is not None else 1.0
            noise = photo.model.denoiser.noise(latents, level, text, guidance=guidance)
        led = noise + self._lead(photo, prepared, plan, latents, index) if self._is_led(index) else noise
        guess = clean(latents, led, a)
        spread = torch.zeros_like(latents)
        if self._is_in(_NOISY, index):
            spread = plan.noisy * (self.settings.sde * sigma(a_below, a))
        down = sqrt(a_below) * guess + (1 - a_below - spread**2).sqrt() * noise
        return guess, down + spread * unit_noise(latents, random)

    def _back_up(self, photo: OpenPhoto, latents: torch.Tensor, index: int) -> torch.Tensor:
        level, below = self.levels.down[index]
        schedule = photo.model.schedule
        noise = photo.model.denoiser.noise(latents, level, photo.text)
        return ddim_step(latents, noise, schedule.alpha(below), schedule.alpha(level))

    def _lead(
        self, photo: OpenPhoto, prepared: Inverted, plan: Plan, latents: torch.Tensor, index: int
    ) -> torch.Tensor:
        """The gradient of the energies with respect to the latents, each where it leads."""
        step = self.levels.count - index
        level = self.levels.down[index][0]
        before = _features(photo, prepared.trajectory.latents[step], level)
        scale = self.settings.strength * 1000 * (8e-2 if self.settings.moves else 4e-2)
        with torch.enable_grad():
            free = latents.detach().requires_grad_()
            inner, outer = plan.energies(_features(photo, free, level), before)
            inside = torch.autograd.grad(inner, free, retain_graph=True)[0]
            outside = torch.autograd.grad(outer, free)[0]
        return scale * torch.where(plan.inside, inside, outside)

    def _bank(self, prepared: Inverted, index: int) -> AbstractContextManager[None]:
        """The photo's keys and values beside the edit's, or with mode move in their place."""
        layers = prepared.layers if index >= self._of_fifty(_BANK_FROM) else []
        step = self.levels.count - 1 - index
        memory = prepared.attention
        rewrite: Rewrite = memory.replace(step) if self.settings.moves else memory.append(step)
        return rewriting(layers, rewrite)

    def _is_led(self, index: int) -> bool:
        if not self.settings.strength or index >= self._of_fifty(_LED_UNTIL):
            return False
        return index < self._of_fifty(_ALWAYS_LED_UNTIL) or index % 2 == 0

    def _is_in(self, span: range, index: int) -> bool:
        return self._of_fifty(span.start) <= index < self._of_fifty(span.stop)

    def _of_fifty(self, step: int) -> int:
        """The step that is as far on the way as `step` is of 50."""
        return step * self.levels.count // _STEPS


def _features(photo: OpenPhoto, latents: torch.Tensor, level: int) -> list[torch.Tensor]:
    """What the decoder's blocks see, at a quarter of the picture's size, float32."""
    unet = photo.model.unet
    found = features(unet, _BLOCKS, lambda: photo.model.denoiser.noise(latents, level, photo.text))
    size = [side * CELL // SCALE for side in latents.shape[2:]]
    return [functional.interpolate(found[block].float(), size=size) for block in _BLOCKS]


def _cells(places: tuple[torch.Tensor, torch.Tensor], drag: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The cells in which the places around a point lie."""
    rows, columns = places
    wide = CELL // SCALE
    return rows[drag] // wide, columns[drag] // wide


def _enlarged(cells: torch.Tensor) -> torch.Tensor:
    wide = CELL // SCALE
    return cells.repeat_interleave(wide, dim=0).repeat_interleave(wide, dim=1)


def _shifted(cells: torch.Tensor, x: int, y: int) -> torch.Tensor:
    """`cells` moved by (x, y); what leaves the picture is gone."""
    height, width = cells.shape
    rows, columns = torch.nonzero(cells, as_tuple=True)
    inside = (rows + y >= 0) & (rows + y < height) & (columns + x >= 0) & (columns + x < width)
    moved = torch.zeros_like(cells)
    moved[rows[inside] + y, columns[inside] + x] = True
    return moved
