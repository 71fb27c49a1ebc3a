"""Masks as a document names them: a file beside it, or a data URI in it."""

import base64
import binascii
import io
import os
import re
from pathlib import Path

import numpy as np
from PIL import Image

from pliant import imageio
from pliant.errors import DocumentError, PictureError
from pliant.geometry import Size
from pliant.types import Bool, Mask, Picture

MAX_MASK_PIXELS = 1_000_000_000
"""All the different masks of one document together."""

_DATA_URI = re.compile(r"data:image/[\w.+-]+(?:;[\w=.+-]+)*;base64,", re.ASCII)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class MaskReader:
    """Reads the masks of one document, each once.

    `base` is the folder that paths start from; None allows no files at all. `size` is what each must have.
    """

    def __init__(self, base: Path | None, size: Size | None) -> None:
        self._base = base
        self._size = size
        self._left = MAX_MASK_PIXELS
        self._known: dict[str, Mask] = {}

    def read(self, value: str, field: str) -> Mask:
        """The mask that `value`, the content of `field`, names.

        Raises:
            DocumentError: it names none; the message has the field and the file.
        """
        if value not in self._known:
            self._known[value] = self._fresh(value, field)
        mask = self._known[value]
        height, width = mask.selected.shape
        if self._size is not None and self._size != (width, height):
            raise DocumentError(
                f"{field} is {width}x{height} and the document's size {self._size}; both must be the same.",
                code="size_mismatch",
            )
        return mask

    def _fresh(self, value: str, field: str) -> Mask:
        path = None if value.startswith("data:") else self._path(value, field)
        source = _unpacked(value, field) if path is None else path
        limit = min(imageio.MAX_PIXELS, self._left)
        try:
            picture = imageio.load(source, max_pixels=limit)
        except PictureError as error:
            raise DocumentError(f"{field}: {error}", code=error.code) from error
        self._left -= picture.size.width * picture.size.height
        return Mask(_white(picture), source=None if path is None else str(path))

    def _path(self, value: str, field: str) -> Path:
        if self._base is None:
            raise DocumentError(
                f"{field} is the file name {value[:100]!r}; here only a data URI (data:image/png;base64,...) is "
                "accepted, since the document has no folder to look in.",
                code="file_not_allowed",
            )
        return Path(os.path.abspath(self._base / value))


def reference(mask: Mask, base: Path | None) -> str:
    """`mask` by its file's path from `base`, if it has one there that exists, else as a data URI."""
    if mask.source is not None and base is not None:
        path = Path(os.path.abspath(mask.source))
        folder = Path(os.path.abspath(base))
        if path.is_relative_to(folder) and path.is_file():
            return path.relative_to(folder).as_posix()
    stream = io.BytesIO()
    Image.fromarray(mask.selected).save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _unpacked(uri: str, field: str) -> bytes:
    head = _DATA_URI.match(uri)
    if head is None:
        raise DocumentError(
            f"{field} is {uri[:40]!r}...; accepted data URIs begin with 'data:image/png;base64,' or the like."
        )
    try:
        return base64.b64decode(uri[head.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise DocumentError(f"{field} is a data URI whose base64 is damaged: {error}.") from None


def _white(picture: Picture) -> Bool:
    """`(H, W)`: where the picture is lighter than half of white; what is transparent is black."""
    pixels = picture.pixels
    if pixels.shape[2] == 1:
        return pixels[..., 0] > picture.peak / 2
    light = pixels[..., 0].astype(np.float32) if pixels.shape[2] == 2 else pixels[..., :3] @ _LUMA
    if picture.has_alpha:
        light *= pixels[..., -1] / np.float32(picture.peak)
    return light > picture.peak / 2
