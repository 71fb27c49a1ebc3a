"""Writing a picture file."""

import io
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import numpy as np

from pliant.errors import PictureError
from pliant.files import check_target, write_bytes
from pliant.imageio import png, tiff
from pliant.imageio.pixels import image_of, on_white, to_8_bit
from pliant.types import Edit, Origin, Picture, Result

Target = str | os.PathLike[str] | BinaryIO
Writes = Literal["PNG", "JPEG", "WEBP", "TIFF"]

_SUFFIXES: dict[str, Writes] = {
    "png": "PNG",
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "jpe": "JPEG",
    "webp": "WEBP",
    "tif": "TIFF",
    "tiff": "TIFF",
}
_LONGEST_SIDE = {"PNG": 2**31 - 1, "JPEG": 65500, "WEBP": 16383, "TIFF": 2**31 - 1}
_LONGEST_SEGMENT = 65533 - 29  # of a JPEG, less the longest label in front of metadata
_PNG_EFFORT = 4  # of 9: a third of the time of the usual 6 for 3 % more bytes on photos
_LOSSY = {"JPEG", "WEBP", "HEIF"}


def save(
    picture: Picture | Result,
    target: Target,
    *,
    format: str | None = None,
    edit: Edit | None = None,
    overwrite: bool = True,
) -> None:
    """Write `picture` to `target`, a path or a binary stream, with the metadata of its origin.

    A path is written atomically. The format is `format` or what the path's suffix says; for a stream, that
    of the origin. What `encode` says about formats holds here. A `Result` saved as PNG carries its edit
    document, which `read_edit` gets back.

    Raises:
        PictureError: `unknown_format`, `exists` (and `overwrite` is false), `missing_folder`, `is_folder`,
            `not_writable`, or as `encode`.
    """
    if isinstance(target, str | os.PathLike):
        path = Path(target)
        chosen = format_of(format or path.suffix, name=None if format else str(path))
        check_target(path, fail=PictureError, overwrite=overwrite)
        write_bytes(path, encode(picture, chosen, edit=edit), fail=PictureError, overwrite=overwrite)
        return
    data = encode(picture, format or _own_format(_bare(picture)), edit=edit)
    try:
        target.write(data)
        target.flush()
    except (OSError, ValueError) as error:
        raise PictureError(f"The stream cannot be written to: {error}.", code="not_writable") from error


def encode(picture: Picture | Result, format: str, *, edit: Edit | None = None) -> bytes:
    """`picture` as the bytes of a file; `format` is "png", "jpeg", "webp" or "tiff", or such a suffix.

    PNG and TIFF keep every bit; JPEG and WebP have 8 bits per channel, so 16 are rounded. JPEG has no
    alpha: a picture that has is composed on white. A picture that was a JPEG is written with its own
    quantization tables and subsampling, another at quality 95 without subsampling; WebP is lossless
    unless the picture came from a lossy file (then 95). EXIF and XMP blocks that are too long for a JPEG
    (over 65,504 bytes) are left out of it.

    A PNG carries `edit` (by default that of a `Result`) as an edit document with its masks inside.

    Raises:
        PictureError: `unknown_format`; `too_large` for that format; `cannot_embed`, an `edit` was given
            for a format other than PNG; `cannot_encode`.
    """
    chosen, plain = format_of(format), _bare(picture)
    if edit is not None and chosen != "PNG":
        raise PictureError(
            f"An edit can be embedded in a PNG, not in {chosen}; save as PNG, or write the edit document "
            "to a file of its own.",
            code="cannot_embed",
        )
    if max(plain.size) > _LONGEST_SIDE[chosen]:
        raise PictureError(
            f"The picture is {plain.size} and a {chosen} file has at most {_LONGEST_SIDE[chosen]} pixels a "
            "side; save as PNG or TIFF.",
            code="too_large",
        )
    if edit is None and isinstance(picture, Result):
        edit = picture.edit
    try:
        return _encoded(plain, chosen, edit)
    except (OSError, ValueError, OverflowError, TypeError, KeyError, struct.error) as error:
        raise PictureError(
            f"The picture cannot be written as {chosen}: {error}. Try another format.", code="cannot_encode"
        ) from error


def format_of(format: str, *, name: str | None = None) -> Writes:
    """The format meant by "png", ".PNG", "jpg", ...; an error speaks of the file `name` if there is one.

    Raises:
        PictureError: `unknown_format`.
    """
    known = _SUFFIXES.get(format.lower().removeprefix("."))
    if known is not None:
        return known
    given = f"The file name {name!r} does not say" if name else f"{format!r} is not"
    what = "a format to write" if name else "a format that can be written"
    raise PictureError(
        f"{given} {what}; accepted are .png, .jpg, .jpeg, .webp, .tif and .tiff.", code="unknown_format"
    )


def _bare(picture: Picture | Result) -> Picture:
    return picture.picture if isinstance(picture, Result) else picture


def _own_format(picture: Picture) -> str:
    own = picture.origin.format or ""
    return own if own in _SUFFIXES.values() else "PNG"


def _encoded(picture: Picture, format: Writes, edit: Edit | None) -> bytes:
    if format == "PNG":
        return _png(picture, edit)
    if format == "TIFF":
        return tiff.encode(picture)
    return _jpeg(picture) if format == "JPEG" else _webp(picture)


def _png(picture: Picture, edit: Edit | None) -> bytes:
    if picture.pixels.dtype == np.uint16:
        bare = png.encode16(cast(Any, picture.pixels))
    else:
        stream = io.BytesIO()
        image_of(to_8_bit(picture.pixels)).save(stream, "PNG", compress_level=_PNG_EFFORT)
        bare = stream.getvalue()
    return png.with_chunks(bare, _png_metadata(picture, edit))


def _png_metadata(picture: Picture, edit: Edit | None) -> Iterator[bytes]:
    origin = picture.origin
    if origin.icc:
        yield png.chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(origin.icc))
    if origin.dpi:
        x, y = (round(value / 0.0254) for value in origin.dpi)
        yield png.chunk(b"pHYs", struct.pack(">IIB", x, y, 1))
    if origin.exif:
        yield png.chunk(b"eXIf", origin.exif.removeprefix(b"Exif\0\0"))
    if origin.xmp:
        yield png.text_chunk(png.XMP_KEYWORD, origin.xmp)
    if edit is not None:
        # document reads masks through this package; importing it here keeps pydantic out of plain pictures.
        from pliant.document import dumps

        yield png.text_chunk(png.EDIT_KEYWORD, dumps(edit, size=picture.size).encode())


def _jpeg(picture: Picture) -> bytes:
    origin = picture.origin
    extras = _extras(origin)
    extras = {k: v for k, v in extras.items() if k == "icc_profile" or len(v) <= _LONGEST_SEGMENT}
    if origin.dpi:
        extras["dpi"] = tuple(round(value) for value in origin.dpi)
    stream = io.BytesIO()
    image_of(on_white(to_8_bit(picture.pixels))).save(stream, "JPEG", **extras, **_compression(picture))
    return stream.getvalue()


def _compression(picture: Picture) -> dict[str, Any]:
    """Pillow's options for the source's own JPEG compression, or for a good one."""
    origin = picture.origin
    if not origin.quantization:
        return {"quality": 95, "subsampling": 0}
    tables = [list(table) for _, table in sorted(origin.quantization.items())]
    return {"qtables": tables, "subsampling": origin.subsampling or 0}


def _webp(picture: Picture) -> bytes:
    pixels = to_8_bit(picture.pixels)
    if pixels.shape[2] < 3:
        pixels = pixels[..., [0, 0, 0, 1][: pixels.shape[2] + 2]]
    options: dict[str, Any] = {"lossless": True, "exact": True}
    if picture.origin.format in _LOSSY:
        options = {"quality": 95}
    stream = io.BytesIO()
    image_of(pixels).save(stream, "WEBP", **options, **_extras(picture.origin))
    return stream.getvalue()


def _extras(origin: Origin) -> dict[str, Any]:
    blocks = {"icc_profile": origin.icc, "exif": origin.exif, "xmp": origin.xmp}
    return {name: block for name, block in blocks.items() if block}
