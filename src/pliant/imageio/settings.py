"""Pillow's settings, which are of the whole process, for the length of one call."""

import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager

from PIL import Image

_one_at_a_time = threading.Lock()


@contextmanager
def pillow_settings(*, max_pixels: int | None = None) -> Generator[None]:
    """Pillow without its warnings about odd files, and with our limit in place of its own.

    A caller gets a picture or an error, so warnings are no news. One at a time: two threads must not put
    the settings back in each other's order.
    """
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max_pixels
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit
