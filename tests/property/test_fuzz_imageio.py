"""Whatever bytes come in as a picture, a picture or a `PliantError` comes out."""

import io
import struct
import zlib

import hypothesis.strategies as st
import numpy as np
import pictures
import pytest
from hypothesis import HealthCheck, given, settings

from pliant import imageio
from pliant.errors import PliantError
from pliant.imageio import png
from pliant.types import Origin, Picture

FILES = pictures.every_format()
try:
    import pillow_heif

    _stream = io.BytesIO()
    pillow_heif.from_pillow(pictures.image(pictures.ramp(width=64, height=64))).save(_stream)
    FILES["heic"] = _stream.getvalue()
except ImportError:
    pass

MAGIC = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x20\0\0\0WEBP", b"II*\0", b"MM\0*", b"\0\0\0\x18ftypheic"]
CHUNKS = [b"iCCP", b"eXIf", b"pHYs", b"tRNS", b"iTXt", b"zTXt", b"acTL"]
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(data: bytes) -> None:
    """Load `data`; where that works, what was loaded can be written in every format."""
    for call in (imageio.load, imageio.read_edit):
        try:
            loaded = call(data, max_pixels=10_000_000) if call is imageio.load else call(data)
        except PliantError as error:
            assert str(error)
            continue
        if isinstance(loaded, Picture):
            assert loaded.pixels.dtype in (np.uint8, np.uint16)
            write_everywhere(loaded)


def write_everywhere(picture: Picture) -> None:
    if picture.pixels.size > 100_000:
        return
    for form in ("png", "tiff", "jpeg", "webp"):
        try:
            data = imageio.encode(picture, form)
        except PliantError:
            continue
        again = imageio.load(data)
        assert again.size == picture.size
        if form == "png":
            assert np.array_equal(again.pixels, picture.pixels)


def mutated(data: bytes, changes: list[tuple[float, int]], cut: float | None) -> bytes:
    changed = bytearray(data)
    for place, value in changes:
        changed[int(place * (len(changed) - 1))] = value
    return bytes(changed if cut is None else changed[: int(cut * len(changed)) + 1])


def resealed(data: bytes) -> bytes:
    """A PNG whose checksums are made right again, so that the damage gets past them."""
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        length = struct.unpack_from(">I", data, at)[0]
        body = data[at + 4 : at + 8 + length]
        parts.append(data[at : at + 4] + body + struct.pack(">I", zlib.crc32(body)))
        at += 12 + length
    return b"".join(parts)


changes = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12)
tables = st.dictionaries(st.integers(0, 4), st.lists(st.integers(-1, 70000), max_size=65), max_size=5)
cuts = st.none() | st.floats(0, 1)


@few
@given(st.sampled_from([b"", *MAGIC]), st.binary(max_size=300))
def test_random_bytes(magic, data):
    check(magic + data)


@pytest.mark.parametrize("name", FILES)
@few
@given(changes=changes, cut=cuts)
def test_damaged_files(name, changes, cut):
    check(mutated(FILES[name], changes, cut))


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name].startswith(MAGIC[0])])
@few
@given(changes=changes)
def test_damaged_pngs_with_right_checksums(name, changes):
    data = FILES[name]
    check(resealed(data[:8] + mutated(data[8:], changes, None)))


@few
@given(
    kind=st.sampled_from([b"iCCP", b"eXIf", b"pHYs", b"tRNS", b"iTXt", b"zTXt", b"acTL"]),
    body=st.binary(max_size=80),
)
def test_odd_png_chunks(kind, body):
    for prefix in (b"", b"pliant:edit\0", b"XML:com.adobe.xmp\0"):
        check(png.with_chunks(FILES["png16x3"], [png.chunk(kind, prefix + body)]))


@few
@given(
    icc=st.none() | st.binary(max_size=300),
    exif=st.none() | st.binary(max_size=300).map(lambda tail: b"Exif\0\0II*\0\x08\0\0\0" + tail),
    xmp=st.none() | st.binary(max_size=100),
    dpi=st.none() | st.tuples(st.floats(), st.floats()),
    tables=st.none()
    | st.dictionaries(st.integers(0, 4), st.lists(st.integers(-1, 70000), max_size=65), max_size=5),
    subsampling=st.none() | st.integers(-2, 9),
    channels=st.integers(1, 4),
)
def test_odd_origins(icc, exif, xmp, dpi, tables, subsampling, channels):
    origin = Origin(icc=icc, exif=exif, xmp=xmp, dpi=dpi, quantization=tables, subsampling=subsampling)
    for dtype in (np.uint8, np.uint16):
        picture = Picture(pictures.ramp(channels, dtype), origin)
        for form in ("png", "tiff", "jpeg", "webp"):
            try:
                imageio.load(imageio.encode(picture, form))
            except PliantError as error:
                assert error.code == "cannot_encode"
