"""Turns what a running edit reports into the reports of its job."""

import base64
from time import monotonic

import cv2
import numpy as np

from pliant.events import Event, Stage, Step
from pliant.imageio import encode
from pliant.serve.job import Job
from pliant.types import Picture
from pliant.warp.show import rgb8

_LONGEST = 768  # pixels of a preview's longer side
_APART = 0.5  # seconds between previews at least


class Listener:
    """An `on_event` for a job. Previews are made only where somebody looks, and not too often."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._shown = -_APART

    def __call__(self, event: Event) -> None:
        """Report `event`."""
        if isinstance(event, Stage):
            self._job.report("stage", {"name": event.name})
        elif isinstance(event, Step):
            self._job.report("step", {"index": event.index, "total": event.total})
        elif self._job.watched and monotonic() - self._shown >= _APART:
            self._shown = monotonic()
            self._job.report("preview", {"image": data_uri(event.picture), "size": list(event.picture.size)})


def data_uri(picture: Picture) -> str:
    """`picture`, made small, as a JPEG in a data URI."""
    pixels = rgb8(picture)
    share = _LONGEST / max(picture.size)
    if share < 1:
        width, height = (max(round(side * share), 1) for side in picture.size)
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return "data:image/jpeg;base64," + base64.b64encode(encode(Picture(pixels), "jpeg")).decode()
