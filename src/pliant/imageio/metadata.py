"""What a file carries beside its pixels, taken from a Pillow image into an `Origin`."""

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, cast

from PIL import ExifTags, Image

from pliant.imageio import tiff
from pliant.types import Origin

_ORIENTATION = int(ExifTags.Base.Orientation)
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>)\s*)[2-8]""")


def orientation_of(image: Image.Image) -> int:
    """The EXIF (or XMP) orientation that still has to be applied: 1 to 8."""
    value = _readable_exif(image).get(_ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def origin_of(image: Image.Image, form: str, icc: bytes | None, *, turned: bool) -> Origin:
    """The facts of `image`, a file of format `form`; its pixels have the profile `icc`.

    Orientation becomes 1, and the EXIF thumbnail, which no edit would keep true, is left out. `turned` says
    that applying the orientation has swapped width and height.
    """
    dpi = _dpi(image.info.get("dpi"), turned)
    return Origin(
        format=form,
        icc=icc,
        exif=_exif(image, form),
        xmp=_xmp(image.info.get("xmp")),
        dpi=dpi,
        quantization=_quantization(image),
        subsampling=_subsampling(image, form),
    )


def _readable_exif(image: Image.Image) -> Image.Exif:
    try:
        return image.getexif()
    # Damaged metadata, for which Pillow has many exceptions, is no reason to refuse a good picture.
    except Exception:
        return Image.Exif()


def _exif(image: Image.Image, form: str) -> bytes | None:
    exif = _readable_exif(image)
    # Pillow may have read it from a text chunk, or have added an orientation it found in the XMP.
    raw = image.info.get("exif")
    try:
        untouched = form != "TIFF" and isinstance(raw, bytes) and raw.startswith(b"Exif\0\0") and len(exif)
        if untouched and exif.get(_ORIENTATION, 1) == 1 and not exif.get_ifd(ExifTags.IFD.IFD1):
            return cast(bytes, raw)
        kept = _rewritten(exif, only=tiff.DESCRIPTIVE if form == "TIFF" else None)
        return kept.tobytes() if len(kept) else None
    except Exception:
        return None


def _rewritten(exif: Image.Exif, only: frozenset[int] | None) -> Image.Exif:
    kept = Image.Exif()
    directories = {int(ExifTags.IFD.Exif), int(ExifTags.IFD.GPSInfo)}
    for tag in exif:
        if tag != _ORIENTATION and (only is None or tag in only):
            kept[tag] = exif.get_ifd(tag) if tag in directories else exif[tag]
    if len(kept) and _ORIENTATION in exif:
        kept[_ORIENTATION] = 1
    return kept


def _xmp(value: object) -> bytes | None:
    data = value.encode() if isinstance(value, str) else value
    if not isinstance(data, bytes) or not data:
        return None
    return _XMP_ORIENTATION.sub(rb"\g<1>1", data)


def _dpi(value: object, turned: bool) -> tuple[float, float] | None:
    try:
        x, y = (float(part) for part in cast(Sequence[Any], value))
        x, y = (y, x) if turned else (x, y)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if isfinite(x) and isfinite(y) and 1 < min(x, y) <= max(x, y) <= 65535 else None


def _quantization(image: Image.Image) -> Mapping[int, Sequence[int]] | None:
    tables: dict[int, list[int]] = getattr(image, "quantization", None) or {}
    return {index: tuple(table) for index, table in tables.items()} or None


def _subsampling(image: Image.Image, form: str) -> int | None:
    if form != "JPEG":
        return None
    from PIL.JpegImagePlugin import get_sampling

    code = cast(int, get_sampling(image))  # type: ignore[reportUnknownArgumentType]
    return code if code >= 0 else None
