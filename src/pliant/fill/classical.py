"""Fillers that continue colours from the hole's border inwards; good for thin gaps, soft for wide ones."""

from typing import ClassVar

import cv2
import numpy as np

from pliant.events import CancelToken, OnEvent, Step
from pliant.fill.base import FillerInfo, check_hole
from pliant.models.device import ANYWHERE, Runtime
from pliant.types import Bool, Picture

_RADIUS = 5


class _Continued:
    """What the two have in common; `method` is OpenCV's name for the way."""

    info: ClassVar[FillerInfo]
    method: ClassVar[int]

    def __init__(self, runtime: Runtime = ANYWHERE) -> None:
        del runtime  # it runs on the CPU and loads nothing

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
        """See `pliant.fill.base.Filler.fill`; prompt and seed change nothing."""
        del prompt, seed
        cancel.check()
        if not check_hole(picture, hole):
            return picture
        painted = cv2.inpaint(_blanked(picture, hole), hole.astype(np.uint8), _RADIUS, self.method)
        on_event(Step(index=1, total=1))
        cancel.check()
        return picture.with_pixels(np.where(hole[..., None], painted, picture.pixels))


class Telea(_Continued):
    """Fast marching from the border, each pixel a weighted mean of the known ones within 5 px (Telea 2004)."""

    info = FillerInfo(
        name="telea",
        summary="Fast marching; thin gaps and seams. Blurs wide holes.",
        licence="Apache-2.0 (OpenCV)",
        paints_behind=True,
        paper="https://doi.org/10.1080/10867651.2004.10487596",
    )
    method = cv2.INPAINT_TELEA


class NavierStokes(_Continued):
    """Isophotes carried into the hole along themselves (Bertalmio, Bertozzi and Sapiro 2001)."""

    info = FillerInfo(
        name="navier-stokes",
        summary="Continues edges smoothly; thin gaps and skies. Blurs wide holes.",
        licence="Apache-2.0 (OpenCV)",
        paints_behind=True,
        paper="https://doi.org/10.1109/CVPR.2001.990497",
    )
    method = cv2.INPAINT_NS


def _blanked(picture: Picture, hole: Bool) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.where(hole[..., None], 0, picture.pixels).astype(np.uint8)
