"""Reading a picture file."""

import io
from typing import Any, cast

import numpy as np
from PIL import Image, ImageFile

from pliant.errors import MissingRequirementError, PictureError, PliantError
from pliant.imageio import tiff
from pliant.imageio.metadata import orientation_of, origin_of
from pliant.imageio.pixels import pixels_of, upright, with_key16
from pliant.imageio.settings import pillow_settings
from pliant.imageio.source import Format, Readable, bytes_of, format_in
from pliant.layer import Pixels
from pliant.types import Picture

MAX_PIXELS = 500_000_000
"""Pictures with more pixels than this are refused before they are decoded."""


def load(source: Readable, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """The picture in `source`, a path, the bytes of a file or a binary stream.

    PNG, JPEG, WebP, TIFF, and HEIC where pillow-heif is installed; 8 and 16 bits per channel are kept;
    palette, 1-bit and CMYK pictures become grey or RGB (CMYK through its ICC profile, into sRGB). The
    orientation tag is applied. Of an animation or a file with several pages it is the first.

    Raises:
        PictureError: `missing_file`, `is_folder`, `not_readable`, `empty_file`, `not_a_picture`, `damaged`
            (truncated, say), `unsupported` (floating point, say), `too_large` (over `max_pixels`).
        MissingRequirementError: it is a HEIC file and pillow-heif is not installed.
    """
    data, name = bytes_of(source)
    form = format_in(data, name)
    with pillow_settings(max_pixels=max_pixels):
        try:
            return _decoded(data, form, name, max_pixels)
        except PliantError:
            raise
        except Image.DecompressionBombError as error:
            raise PictureError(f"{name} is too large: {error} Make it smaller.", code="too_large") from None
        except MemoryError:
            raise PictureError(f"{name} does not fit into memory; make it smaller.", code="too_large") from None
        # Decoders of untrusted bytes raise nearly every type there is; all of them mean the same here.
        except Exception as error:
            raise PictureError(
                f"{name} is a {form} file that cannot be decoded: it is damaged, cut off or of a rare kind "
                f"({str(error) or type(error).__name__}). Save or fetch it again.",
                code="damaged",
            ) from error


def _decoded(data: bytes, form: Format, name: str, max_pixels: int) -> Picture:
    deep_tiff = form == "TIFF" and tiff.check(data, name)
    with _opened(data, form, name) as image:
        width, height = image.size
        if width * height > max_pixels:
            raise PictureError(
                f"{name} is {width}x{height}, {width * height / 1e6:.0f} megapixels; accepted are up to "
                f"{max_pixels / 1e6:g}. Make it smaller.",
                code="too_large",
            )
        # Pillow turns a TIFF itself while it loads it, as OpenCV does, and takes the tag away.
        orientation = orientation_of(image)
        image.load()
        pixels, icc = pixels_of(image, name)
        if deep_tiff:
            pixels = tiff.decode16(data)
        elif form == "PNG" and data[24] == 16 and pixels.dtype != np.uint16:
            pixels = with_key16(_deep_png(data), image.info.get("transparency"))
        if form != "TIFF":
            pixels = upright(pixels, orientation)
        return Picture(pixels, origin_of(image, form, icc, turned=orientation >= 5))


def _opened(data: bytes, form: Format, name: str) -> ImageFile.ImageFile:
    """The file's header, by the class of its format: nothing else is ever tried on it."""
    stream = io.BytesIO(data)
    if form == "HEIF":
        return _opened_heif(stream, name)
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.TiffImagePlugin import TiffImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    kinds = {"PNG": PngImageFile, "JPEG": JpegImageFile, "WEBP": WebPImageFile, "TIFF": TiffImageFile}
    return kinds[form](stream)


def _opened_heif(stream: io.BytesIO, name: str) -> ImageFile.ImageFile:
    try:
        from pillow_heif import HeifImageFile  # type: ignore[reportUnknownVariableType]
    except ImportError:
        raise MissingRequirementError(
            f"{name} is a HEIC picture; reading it needs pillow-heif: pip install 'pliant[heif]'"
        ) from None
    return cast(ImageFile.ImageFile, HeifImageFile(stream))


def _deep_png(data: bytes) -> Any:
    """16-bit PNG pixels, which Pillow rounds to 8, in the channels that its header states."""
    import cv2

    decoded = cast(Any, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))
    if decoded is None or decoded.dtype != np.uint16:
        raise ValueError("OpenCV cannot decode it")
    order = {0: [0], 2: [2, 1, 0], 4: [0, 3], 6: [2, 1, 0, 3]}[data[25]]
    return cast(Pixels, np.ascontiguousarray(np.atleast_3d(decoded)[..., order]))
