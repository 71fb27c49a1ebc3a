"""Pictures that clients send again and again, decoded once."""

import hashlib
import threading
from collections import OrderedDict

from pliant.imageio import load
from pliant.serve.settings import MIB, Settings
from pliant.types import Picture


class Pictures:
    """Decoded pictures by what their files hold; the least recently used go when they exceed `pictures_mb`.

    The same file gives the same object, by which segmenters know what they have computed already.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: OrderedDict[bytes, Picture] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, data: bytes) -> Picture:
        """The picture in the file `data`.

        Raises:
            PictureError: as `pliant.load`.
        """
        key = hashlib.sha256(data).digest()
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        picture = load(data, max_pixels=self._settings.max_pixels)
        with self._lock:
            picture = self._kept.setdefault(key, picture)
            self._make_room()
        return picture

    def _make_room(self) -> None:
        # The newest always stays, or every click on a large picture would decode it anew.
        while len(self._kept) > 1 and self._bytes() > self._settings.pictures_mb * MIB:
            self._kept.popitem(last=False)

    def _bytes(self) -> int:
        return sum(picture.pixels.nbytes for picture in self._kept.values())
