"""Edit documents from clients: masks inside or sent along, and no file of this machine ever looked at."""

import base64
import binascii
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from PIL import Image, UnidentifiedImageError

from pliant.document import loads
from pliant.document.masks import MaskReader
from pliant.document.parse import tree
from pliant.errors import DocumentError
from pliant.imageio.settings import pillow_settings
from pliant.serve.settings import MIB, Settings
from pliant.types import Edit, Mask

_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF")


def edit_in(text: bytes, masks: Mapping[str, bytes], settings: Settings) -> Edit:
    """The edit in a document's `text`; a mask file it names must be among `masks`, by that name.

    Raises:
        DocumentError: it is malformed, too large, or names a file that was not sent (`file_not_allowed`).
    """
    if len(text) > settings.max_document_mb * MIB:
        raise DocumentError(
            f"The edit document has {len(text):,} bytes; accepted are up to {settings.max_document_mb} MiB.",
            code="too_large",
        )
    value = tree(text)
    return edit_of(value, masks, settings)


def edit_of(value: Any, masks: Mapping[str, bytes], settings: Settings) -> Edit:
    """`edit_in` for a document that is parsed already."""
    used: set[str] = set()
    for holder in _mask_holders(value):
        name = holder["mask"]
        if name in masks:
            used.add(name)
            holder["mask"] = _uri(masks[name])
        _refuse_large(holder["mask"], settings.max_pixels)
    if unused := sorted(masks.keys() - used):
        raise DocumentError(
            f"The mask file {unused[0][:100]!r} was sent, but no region of the edit names it; "
            'a region that uses it is {"mask": "its file name"}.',
            code="unused_mask",
        )
    return loads(json.dumps(value), base=None)


def mask_in(data: bytes, settings: Settings) -> Mask:
    """The mask in a picture file: white is selected.

    Raises:
        DocumentError: it is no picture, or too large.
    """
    uri = _uri(data)
    _refuse_large(uri, settings.max_pixels)
    return MaskReader(None, None).read(uri, "mask")


def _uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _mask_holders(value: Any) -> Iterator[dict[str, Any]]:
    pending: list[Any] = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            branch = cast(dict[str, Any], node)
            if isinstance(branch.get("mask"), str):
                yield branch
            pending.extend(branch.values())
        elif isinstance(node, list):
            pending.extend(cast(list[Any], node))


def _refuse_large(mask: str, max_pixels: int) -> None:
    """By its header, before it is unpacked: a mask of a few bytes can have half a billion pixels."""
    try:
        data = base64.b64decode(mask.partition(",")[2], validate=True)
        with pillow_settings(max_pixels=None), Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            width, height = image.size
    # What cannot be read at all is refused, with its field, by the document itself.
    except (binascii.Error, ValueError, OSError, SyntaxError, UnidentifiedImageError):
        return
    if width * height > max_pixels:
        raise DocumentError(
            f"A mask is {width}x{height}; accepted are up to {max_pixels / 1e6:g} megapixels.", code="too_large"
        )
