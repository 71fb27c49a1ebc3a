"""Picture files made for tests, with odd modes and metadata."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from pliant import imageio
from pliant.types import Picture

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="%d"/></x:xmpmeta>'


def ramp(channels=3, dtype=np.uint8, width=23, height=17):
    """A smooth picture with different channels and no symmetry, opaque to half transparent."""
    peak = np.iinfo(dtype).max
    y, x = np.mgrid[:height, :width]
    planes = [(x * (i + 1) / width + y * (3 - i) / height) / 4 * peak for i in range(channels)]
    if channels in (2, 4):
        planes[-1] = peak - planes[-1] / 2
    return np.stack(planes, axis=-1).astype(dtype)


def noise(channels=3, dtype=np.uint8, width=23, height=17):
    generator = np.random.default_rng(channels)
    return generator.integers(0, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True)


def image(array) -> Image.Image:
    return Image.fromarray(array[..., 0] if array.shape[2] == 1 else array)


def saved(picture: Image.Image, form: str, **options) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation=1) -> bytes:
    made = Image.Exif()
    made[271], made[272], made[274] = "Maker", "Model", orientation
    made[34665] = {33434: (1, 250), 36867: "2024:05:06 07:08:09"}
    made[34853] = {1: "N", 2: (52.0, 30.0, 0.0)}
    return made.tobytes()


def text_info(keyword: str, text: str) -> PngInfo:
    info = PngInfo()
    info.add_itxt(keyword, text)
    return info


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


def every_format() -> dict[str, bytes]:
    """One small valid file of each kind that is read, with metadata."""
    picture, facts = image(ramp()), {"icc_profile": srgb(), "exif": exif(6)}
    files = {
        "png": saved(picture, "PNG", **facts, dpi=(300, 300), pnginfo=text_info("Comment", "hello")),
        "palette": saved(picture.quantize(16), "PNG", transparency=3),
        "jpeg": saved(picture, "JPEG", **facts, dpi=(72, 72), quality=80, xmp=XMP % 6),
        "progressive": saved(picture, "JPEG", progressive=True),
        "cmyk": saved(picture.convert("CMYK"), "JPEG"),
        "webp": saved(picture, "WEBP", **facts),
        "lossless": saved(image(ramp(4)), "WEBP", lossless=True),
        "tiff": saved(picture, "TIFF", **facts, dpi=(300, 300)),
        "lzw": saved(picture, "TIFF", compression="tiff_lzw"),
    }
    for channels in (1, 2, 3, 4):
        deep = Picture(noise(channels, np.uint16))
        files[f"png16x{channels}"] = imageio.encode(deep, "png")
        files[f"tiff16x{channels}"] = imageio.encode(deep, "tiff")
    return files


def animation(form: str) -> bytes:
    frames = [Image.new("RGB", (9, 7), colour) for colour in ("red", "green", "blue")]
    return saved(frames[0], form, save_all=True, append_images=frames[1:], duration=100, lossless=True)
