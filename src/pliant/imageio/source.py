"""Where the bytes of a picture come from, and which format they are in."""

import os
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from pliant.errors import PictureError
from pliant.files import read_bytes

Readable: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
Format = Literal["PNG", "JPEG", "WEBP", "TIFF", "HEIF"]

READS = "PNG, JPEG, WebP, TIFF and (with pillow-heif) HEIC"
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def bytes_of(source: Readable) -> tuple[bytes, str]:
    """The content of `source` and what an error calls it."""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        data, name = read_bytes(path, fail=PictureError), repr(str(path))
    elif isinstance(source, bytes | bytearray | memoryview):
        data, name = bytes(source), "The picture"
    else:
        data, name = source.read(), repr(getattr(source, "name", "the stream"))
    if not data:
        raise PictureError(f"{name} is empty: it has 0 bytes. A picture is expected.", code="empty_file")
    return data, name


def format_in(data: bytes, name: str) -> Format:
    """The format that `data` begins as.

    Raises:
        PictureError: `not_a_picture`, none that can be read.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "HEIF"
    raise PictureError(
        f"{name} is not a picture that can be read: its content is none of {READS}, "
        "whatever its name says. Convert it to one of these.",
        code="not_a_picture",
    )
