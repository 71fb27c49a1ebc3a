"""TIFF with 8 or 16 bits per channel: read by OpenCV where Pillow would round to 8, written by hand
around Pillow's directory, which keeps EXIF, GPS, ICC and XMP at both depths.
"""

import io
import zlib
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, TiffTags
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from pliant.errors import PictureError
from pliant.imageio.settings import pillow_settings
from pliant.layer import Pixels
from pliant.types import Origin, Picture

# IFD0 mixes what describes the photo with how the file is laid out; only the former may travel.
DESCRIPTIVE = frozenset(
    {
        *(
            270,
            271,
            272,
            305,
            306,
            315,
            316,
            33432,
        ),  # description, make, model, software, date, artist, host, rights
        *(18246, 18249, 40091, 40092, 40093, 40094, 40095),  # rating, and Windows' title, comment, author, ...
        int(ExifTags.IFD.Exif),
        int(ExifTags.IFD.GPSInfo),
    }
)
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_BITS, _COMPRESSION, _PHOTOMETRIC, _OFFSETS, _ORIENTATION, _SAMPLES = 258, 259, 262, 273, 274, 277
_ROWS, _COUNTS, _PLANAR, _PREDICTOR, _EXTRA, _FORMAT, _XMP, _ICC = 278, 279, 284, 317, 338, 339, 700, 34675
_STRIP_BYTES = 1 << 20


def directory(data: bytes) -> ImageFileDirectory_v2:
    """The tags of the first picture in the TIFF file `data`."""
    stream = io.BytesIO(data)
    ifd = ImageFileDirectory_v2(data[:16] if data[2:3] == b"+" or data[3:4] == b"+" else data[:8])
    stream.seek(cast(int, ifd.next))
    ifd.load(stream)
    return ifd


def check(data: bytes, name: str) -> bool:
    """Whether the first picture in `data` has 16 bits per channel and is no CMYK.

    Raises:
        PictureError: `unsupported`, with the reason.
    """
    tags = directory(data)
    bits = set(_numbers(tags, _BITS, 1))
    if 3 in _numbers(tags, _FORMAT, 1):
        raise _unsupported(name, "its numbers are floating point")
    if bits != {16} or _numbers(tags, _PHOTOMETRIC, 1)[0] not in (0, 1, 2):
        return False
    samples = _numbers(tags, _SAMPLES, 1)[0]
    if samples not in (1, 3, 4):
        raise _unsupported(name, f"it has {samples} channels of 16 bits")
    if samples > 1 and _numbers(tags, _PLANAR, 1)[0] == 2:
        raise _unsupported(name, "its 16-bit channels are stored as separate planes")
    return True


def decode16(data: bytes) -> NDArray[np.uint16]:
    """The `(H, W, 1, 3 or 4)` pixels of a file that passed `check`, turned as its orientation asks."""
    import cv2

    tags = directory(data)
    flags = cv2.IMREAD_UNCHANGED
    decoded = cast(NDArray[Any] | None, cv2.imdecode(np.frombuffer(data, np.uint8), flags))
    if decoded is None or decoded.dtype != np.uint16:
        raise ValueError("OpenCV cannot decode it")
    pixels = np.atleast_3d(decoded)
    if pixels.shape[2] > 1:
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    if _numbers(tags, _PHOTOMETRIC, 1)[0] == 0:
        pixels = 65535 - pixels
    if pixels.shape[2] == 4 and _numbers(tags, _EXTRA, 2)[0] == 1:
        pixels = _straight(pixels)
    return np.ascontiguousarray(pixels, np.uint16)


def encode(picture: Picture) -> bytes:
    """`picture` as a TIFF file, deflated without loss, with the metadata of its origin.

    Grey with alpha at 16 bits, which next to nothing reads, is written as RGBA.
    """
    pixels = picture.pixels
    if pixels.dtype == np.uint16 and pixels.shape[2] == 2:
        pixels = pixels[..., [0, 0, 0, 1]]
    rows = max(_STRIP_BYTES // (pixels.shape[1] * pixels.shape[2] * pixels.itemsize), 1)
    strips = [_packed(pixels[top : top + rows]) for top in range(0, pixels.shape[0], rows)]
    ifd = _layout(pixels, rows, [len(strip) for strip in strips])
    _describe(ifd, picture.origin)
    stream = io.BytesIO()
    ifd.save(stream)
    return b"".join([stream.getvalue(), *strips])


def _packed(strip: Pixels) -> bytes:
    ordered = strip.astype(strip.dtype.newbyteorder("<"), order="C")
    ordered[:, 1:] -= strip[:, :-1]
    return zlib.compress(ordered.data, 4)


def _layout(pixels: Pixels, rows: int, counts: list[int]) -> ImageFileDirectory_v2:
    height, width, channels = pixels.shape
    ifd = ImageFileDirectory_v2()
    ifd[256], ifd[257], ifd[_SAMPLES], ifd[_ROWS] = width, height, channels, rows
    ifd[_BITS] = (8 * pixels.itemsize,) * channels
    ifd[_COMPRESSION], ifd[_PREDICTOR], ifd[_PLANAR] = 8, 2, 1
    ifd[_PHOTOMETRIC] = 2 if channels > 2 else 1
    if channels in (2, 4):
        ifd[_EXTRA] = (2,)
    # Counted from the end of the directory, which adds its own length when it is written.
    ifd.tagtype[_OFFSETS] = ifd.tagtype[_COUNTS] = TiffTags.LONG
    ifd[_OFFSETS] = tuple(np.cumsum([0, *counts[:-1]]).tolist())
    ifd[_COUNTS] = tuple(counts)
    return ifd


def _describe(ifd: ImageFileDirectory_v2, origin: Origin) -> None:
    if origin.dpi is not None:
        ifd[282], ifd[283], ifd[296] = (*origin.dpi, 2)
    for tag, value in ((_ICC, origin.icc), (_XMP, origin.xmp)):
        if value:
            ifd.tagtype[tag] = TiffTags.UNDEFINED if tag == _ICC else TiffTags.BYTE
            ifd[tag] = value
    for tag, value in _descriptive(origin.exif).items():
        ifd[tag] = value


def _descriptive(data: bytes | None) -> dict[int, Any]:
    """What the EXIF block `data` says about the photo; nothing where it is damaged."""
    exif = Image.Exif()
    try:
        with pillow_settings():
            exif.load(data or b"")
            found = {
                tag: exif.get_ifd(tag) if tag in _DIRECTORIES else exif[tag] for tag in DESCRIPTIVE & set(exif)
            }
            trial = ImageFileDirectory_v2()
            for tag, value in found.items():
                trial[tag] = value
            trial.tobytes()
    except Exception:
        return {}
    return found


def _straight(pixels: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Colour divided by alpha, for a file whose alpha is associated."""
    alpha = pixels[..., 3:].astype(np.float32)
    colour = pixels[..., :3] * np.float32(65535) / np.maximum(alpha, 1)
    return np.concatenate([np.rint(np.minimum(colour, 65535)).astype(np.uint16), pixels[..., 3:]], axis=-1)


def _numbers(tags: ImageFileDirectory_v2, tag: int, default: int) -> tuple[int, ...]:
    value: Any = tags.get(tag, default)
    return tuple(value) if isinstance(value, tuple) else (value,)  # type: ignore[reportUnknownArgumentType]


def _unsupported(name: str, reason: str) -> PictureError:
    return PictureError(
        f"{name} is a TIFF that cannot be used: {reason}. Accepted are 8 or 16 bits, whole numbers, grey, "
        "RGB or RGBA, interleaved; convert it to that.",
        code="unsupported",
    )
