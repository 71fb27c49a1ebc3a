"""A picture with a hole, given to a server to paint."""

import time

import numpy as np
import pytest
from remote_servers import COLOUR

from pliant.events import CancelToken, ignore
from pliant.fill.base import make_filler
from pliant.types import Picture


def photo(height=45, width=61) -> Picture:
    return Picture(np.random.default_rng(2).integers(0, 256, (height, width, 3), np.uint8))


def blob(height=45, width=61):
    hole = np.zeros((height, width), bool)
    hole[12:30, 20:47] = True
    return hole


def filled(url, *, seed=0, prompt="", cancel=None, on_event=ignore, shape=(45, 61)):
    filler = make_filler(url)
    token = cancel or CancelToken()
    return filler.fill(
        photo(*shape), blob(*shape), seed=seed, prompt=prompt, on_event=on_event, cancel=token
    ).pixels


def expected(shape=(45, 61)):
    return np.where(blob(*shape)[..., None], np.uint8(COLOUR), photo(*shape).pixels)


def refused(kind, url, **options):
    """The message of the error of that `kind`, and how long it took."""
    start = time.monotonic()
    with pytest.raises(kind) as caught:
        filled(url, **options)
    return str(caught.value), time.monotonic() - start
