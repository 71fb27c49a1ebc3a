"""Pillow's many modes as the four channel layouts of a `Picture`, and back."""

import io
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pliant.errors import PictureError
from pliant.layer import Pixels

_PLAIN = {"L", "LA", "RGB", "RGBA"}
_CONVERTED = {"1": "L", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}


def pixels_of(image: Image.Image, name: str) -> tuple[Pixels, bytes | None]:
    """The `(H, W, C)` pixels of a loaded `image`, and the ICC profile they are in.

    Raises:
        PictureError: `unsupported`, a mode that has no exact or agreed conversion.
    """
    icc = cast(bytes | None, image.info.get("icc_profile")) or None
    if image.mode == "CMYK":
        return _from_cmyk(image, icc)
    # A profile of inks says nothing about pixels that are none.
    icc = None if icc and icc[16:20] == b"CMYK" else icc
    if image.mode.startswith("I;16"):
        return _with_key(np.asarray(image).astype(np.uint16), image.info.get("transparency")), icc
    keyed = "transparency" in image.info
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if keyed or image.mode == "PA" else "RGB")
    elif keyed and image.mode in ("1", "L", "RGB"):
        image = image.convert("RGBA" if image.mode == "RGB" else "LA")
    elif image.mode in _CONVERTED:
        image = image.convert(_CONVERTED[image.mode])
    if image.mode not in _PLAIN:
        raise PictureError(
            f"{name} stores its pixels as {image.mode!r}, which cannot be used. Accepted are grey, RGB, palette "
            "and CMYK with 8 or 16 whole-number bits; convert it to one of these.",
            code="unsupported",
        )
    return _three_axes(np.array(image)), icc


def with_key16(pixels: NDArray[np.uint16], key: object) -> Pixels:
    """16-bit grey or RGB `(H, W, C)` with the PNG transparent colour `key`, if there is one, as alpha."""
    return _with_key(pixels, key) if pixels.shape[2] in (1, 3) else pixels


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """`(H, W, C)` turned and mirrored as EXIF `orientation` (1 to 8) asks for."""
    if orientation in (5, 7):
        pixels = pixels.transpose(1, 0, 2)
    turns = {3: 2, 6: 3, 7: 2, 8: 1}.get(orientation, 0)
    pixels = np.rot90(pixels, turns)
    if orientation == 2:
        pixels = pixels[:, ::-1]
    elif orientation == 4:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def to_8_bit(pixels: Pixels) -> NDArray[np.uint8]:
    """`pixels` rounded to 8 bits per channel."""
    if pixels.dtype == np.uint8:
        return cast(NDArray[np.uint8], pixels)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def on_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`(H, W, C)` uint8 without its alpha, composed on white."""
    if pixels.shape[2] not in (2, 4):
        return pixels
    colour, alpha = pixels[..., :-1].astype(np.uint32), pixels[..., -1:].astype(np.uint32)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def image_of(pixels: NDArray[np.uint8]) -> Image.Image:
    """`(H, W, C)` uint8 as a Pillow image."""
    return Image.fromarray(np.ascontiguousarray(pixels if pixels.shape[2] > 1 else pixels[..., 0]))


def _from_cmyk(image: Image.Image, icc: bytes | None) -> tuple[Pixels, bytes | None]:
    if icc:
        try:
            converted = ImageCms.profileToProfile(
                image,
                io.BytesIO(icc),
                io.BytesIO(_srgb()),
                ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
            return np.array(converted), _srgb()
        except ImageCms.PyCMSError:
            pass  # a damaged profile: the plain conversion is what every viewer shows then
    return np.array(image.convert("RGB")), None


@cache
def _srgb() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()  # type: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    # Bytes 24 to 35 are the time of its making; a fixed one keeps equal input equal in output.
    return profile[:24] + bytes((7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0)) + profile[36:]


def _with_key(pixels: NDArray[np.uint16], key: Any) -> Pixels:
    array = cast(NDArray[np.uint16], _three_axes(pixels))
    if not isinstance(key, int | tuple):
        return array
    alpha = np.where((array == np.asarray(key)).all(axis=2, keepdims=True), 0, 65535)
    return np.concatenate([array, alpha.astype(np.uint16)], axis=2)


def _three_axes(array: NDArray[Any]) -> Pixels:
    return array[..., None] if array.ndim == 2 else array
