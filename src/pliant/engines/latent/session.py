"""A photo opened by an engine that works on latents: all that is not the method itself."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from pliant.engines.base import EngineInfo, check_understood
from pliant.engines.latent.area import moved_alpha
from pliant.engines.latent.choices import Choices
from pliant.engines.latent.frame import Frame, working_size
from pliant.engines.latent.glance import Glance
from pliant.engines.latent.ip_adapter import image_prompt
from pliant.engines.latent.model import LatentModel
from pliant.engines.latent.plan import Plan, is_whole, planned
from pliant.engines.latent.task import Method, OpenPhoto, Task, Watch
from pliant.events import CancelToken, OnEvent, ignore
from pliant.fill.diffusion.filler import memory_explained, turn
from pliant.fill.diffusion.residence import at_work
from pliant.fill.diffusion.text import Embedding
from pliant.geometry import Box, Size
from pliant.types import Edit, Picture, Preview, Result
from pliant.warp.warper import Warper


@dataclass(frozen=True, eq=False, kw_only=True)
class _Ready:
    """A photo, or a crop of it, with what its edits share."""

    photo: OpenPhoto
    prepared: Any
    glance: Glance


class LatentSession:
    """One opened photo. What is prepared for its last crop and prompt is kept for the next edit."""

    def __init__(
        self,
        picture: Picture,
        info: EngineInfo,
        load: Callable[[], LatentModel],
        method: Method[Any],
        choices: Choices,
        *,
        offline: bool,
    ) -> None:
        self._picture = picture
        self._info = info
        self._load = load
        self._method = method
        self._choices = choices
        self._offline = offline
        self._warper = Warper(picture)
        self._ready: _Ready | None = None
        self._spent: dict[str, float] = {}  # in `start`; part of the first result's timings

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._ready = None

    def start(self, edit: Edit | None, on_event: OnEvent, cancel: CancelToken) -> None:
        """Check `edit` and do what its first run would have to do, or that of an edit without a prompt.

        Of a large photo the crop is not known without an edit; then only the model is loaded.
        """
        watch = Watch(on_event, cancel)
        plan = None if edit is None else self._planned(edit)
        whole = Box.of_size(self._picture.size)
        with self._at_work(cancel) as model:
            if plan is not None and plan.moves:
                self._prepare(model, plan.crop, plan.prompt, watch)
            elif plan is None and self._is_whole():
                self._prepare(model, whole, "", watch)
        self._spent = watch.timings

    def preview(self, edit: Edit) -> Preview:
        """The warp of the photo's own pixels, quick to make; its hole is all that the model would paint."""
        return self._planned(edit).preview

    def run(
        self,
        edit: Edit,
        *,
        seed: int | None = None,
        on_event: OnEvent = ignore,
        cancel: CancelToken | None = None,
    ) -> Result:
        """The finished edit; pixels that the preview's hole does not hold are the photo's own, bit for bit."""
        seed = edit.seed if seed is None else seed
        return self.run_candidates(edit, seeds=[seed], on_event=on_event, cancel=cancel)[0]

    def run_candidates(
        self,
        edit: Edit,
        *,
        seeds: Sequence[int],
        on_event: OnEvent = ignore,
        cancel: CancelToken | None = None,
    ) -> list[Result]:
        """The edit finished once for each of `seeds`; the photo is inverted once."""
        cancel = cancel or CancelToken()
        cancel.check()
        watch = Watch(on_event, cancel)
        watch.stage("warp")
        plan = self._planned(edit)
        watch.close()
        if not plan.moves:
            return [self._result(plan, self._picture, seed, watch.timings) for seed in seeds]
        with self._at_work(cancel) as model:
            ready = self._prepare(model, plan.crop, plan.prompt, watch)
            spent, self._spent = {**self._spent, **watch.timings}, {}
            return [self._candidate(plan, ready, seed, spent, on_event, cancel) for seed in seeds]

    def _side(self) -> int:
        return self._choices.size or self._load().size

    def _is_whole(self) -> bool:
        return is_whole(self._picture.size, self._choices, self._side())

    def _planned(self, edit: Edit) -> Plan:
        check_understood(self._info, edit)
        warp = self._warper.preview(edit)
        last = self._ready.photo.frame.crop if self._ready else None
        return planned(edit, warp, self._choices, self._side, last)

    @contextmanager
    def _at_work(self, cancel: CancelToken) -> Generator[LatentModel]:
        """The model, to ourselves and on its device."""
        model = self._load()
        with (
            turn(model.turn, cancel),
            memory_explained(self._info.name),
            torch.no_grad(),
            at_work(model.unet, model.device, model.low_mem),
        ):
            yield model

    def _prepare(self, model: LatentModel, crop: Box, prompt: str, watch: Watch) -> _Ready:
        ready = self._ready
        if ready is not None and (ready.photo.frame.crop, ready.photo.prompt) == (crop, prompt):
            return ready
        self._ready = None  # what it holds would stand in the way of the new
        watch.stage("encode")
        size = Size(crop.width, crop.height) if self._is_whole() else working_size(crop, self._side())
        photo = self._encoded(model, Frame.of(self._picture, crop, size), prompt)
        prepared = self._method.prepare(photo, watch)
        watch.close()
        glance = Glance(photo.frame.rgb, photo.latents)
        self._ready = _Ready(photo=photo, prepared=prepared, glance=glance)
        return self._ready

    def _encoded(self, model: LatentModel, frame: Frame, prompt: str) -> OpenPhoto:
        random = torch.Generator("cpu").manual_seed(0) if self._choices.sampled else None
        latents = model.codec.encode(frame.rgb, random=random)
        text = model.prompts.embedding(prompt, guided=self._choices.guided)
        # Codec and text encoder give inference tensors, which take no part in gradients; copies made here do.
        pooled = None if text.pooled is None else text.pooled.clone()
        return OpenPhoto(
            model=model,
            frame=frame,
            latents=latents.clone(),
            prompt=prompt,
            text=Embedding(hidden=text.hidden.clone(), pooled=pooled),
            image=image_prompt(model, frame.rgb, self._choices, offline=self._offline),
        )

    def _candidate(
        self,
        plan: Plan,
        ready: _Ready,
        seed: int,
        spent: dict[str, float],
        on_event: OnEvent,
        cancel: CancelToken,
    ) -> Result:
        model, frame = ready.photo.model, ready.photo.frame
        task = Task(edit=plan.edit, frame=frame, warp=plan.warp, preview=plan.preview, seed=seed)
        alpha = moved_alpha(plan.warp)

        def finished(decoded: NDArray[np.float32]) -> Picture:
            return frame.finished(decoded, plan.preview.hole_box, plan.preview.hole_weight, alpha)

        decoder = model.tiny or ready.glance
        watch = Watch(on_event, cancel, lambda guess: finished(decoder.decode(guess)))
        latents = self._method.edit(ready.photo, ready.prepared, task, watch)
        watch.stage("decode")
        picture = finished(model.codec.decode(latents))
        watch.close()
        return self._result(plan, picture, seed, {**spent, **watch.timings}, _coarseness(frame))

    def _result(
        self,
        plan: Plan,
        picture: Picture,
        seed: int,
        timings: dict[str, float],
        warnings: Sequence[str] = (),
    ) -> Result:
        edit, preview = plan.edit, plan.preview
        return Result(
            picture=picture,
            edit=edit if edit.seed == seed else replace(edit, seed=seed),
            engine=self._info.name,
            seed=seed,
            timings=dict(timings),
            hole_area=int((preview.hole_weight > 0).sum()),
            moved_area=int(preview.moved.sum()),
            warnings=(*preview.warnings, *warnings),
        )


def _coarseness(frame: Frame) -> list[str]:
    """What to say where the model saw less of the photo than there is."""
    if frame.size == (frame.crop.width, frame.crop.height):
        return []
    return [
        f"The edit spans {frame.crop.width}x{frame.crop.height} pixels and was made at {frame.size}: what it "
        "changed is softer than the photo. Drag a smaller part, or raise the option 'size'."
    ]
