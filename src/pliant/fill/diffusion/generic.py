"""Any inpainting pipeline of diffusers, called as a whole: FLUX Fill, Kandinsky, four-channel models, ..."""

import inspect
from typing import Any

import numpy as np
import torch
from PIL import Image

from pliant.events import CancelToken, OnEvent, Step
from pliant.fill.diffusion.frame import Frame
from pliant.types import Bool, Picture

_MULTIPLE = 16  # what the pickiest families ask of a side


class PipelinePainter:
    """Paints by calling a pipeline; its own defaults hold for steps and guidance."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self._accepted = inspect.signature(pipeline.__call__).parameters

    def paint(
        self, picture: Picture, hole: Bool, *, prompt: str, seed: int, on_event: OnEvent, cancel: CancelToken
    ) -> Picture:
        """See `Painter.paint`."""
        frame = Frame.of(picture, hole, multiple=_MULTIPLE)
        arguments = self._arguments(frame, prompt, seed)

        def after_step(pipeline: Any, index: int, time: Any, kept: dict[str, Any]) -> dict[str, Any]:
            del time
            on_event(Step(index=index + 1, total=max(pipeline.num_timesteps, index + 1)))
            cancel.check()
            return kept

        try:
            found = self.pipeline(**arguments, callback_on_step_end=after_step)
        finally:
            self.pipeline.maybe_free_model_hooks()
        return frame.finished(np.asarray(found.images[0], np.float32) * 255)

    def _arguments(self, frame: Frame, prompt: str, seed: int) -> dict[str, Any]:
        height, width = frame.hole.shape
        known: dict[str, Any] = {
            "prompt": prompt,
            "image": Image.fromarray(frame.guessed()),
            "mask_image": Image.fromarray(frame.hole.astype(np.uint8) * 255),
            "height": height,
            "width": width,
            "strength": 1.0,
            "generator": torch.Generator("cpu").manual_seed(seed),
            "output_type": "np",
        }
        if not prompt and "negative_prompt" in self._accepted:
            known["guidance_scale"] = 1.0
        return {name: value for name, value in known.items() if name in self._accepted}
