import io
import os
import stat
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pictures
import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from pliant import imageio
from pliant.errors import DocumentError, PictureError
from pliant.geometry import Size
from pliant.imageio import png
from pliant.types import Drag, DragRegion, Edit, Mask, Origin, Picture, Result

FORMATS = ("png", "jpeg", "webp", "tiff")


def result(picture: Picture) -> Result:
    mask = np.zeros(picture.pixels.shape[:2], np.bool_)
    mask[4:9, 5:12] = True
    edit = Edit([DragRegion(Mask(mask), [Drag((6, 6), (9, 7.5))])], prompt="größer", seed=7)
    return Result(picture=picture, edit=edit, engine="e", seed=7, timings={}, hole_area=0, moved_area=0)


def refusal(call, *args, **options) -> PictureError:
    with pytest.raises(PictureError) as caught:
        call(*args, **options)
    return caught.value


# --------------------------------------------------------------------------------------------- pixels in and out


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("form", ["png", "tiff"])
def test_lossless_formats_keep_every_bit(form, channels, dtype):
    pixels = pictures.noise(channels, dtype)
    again = imageio.load(imageio.encode(Picture(pixels), form)).pixels
    if (form, channels, dtype) == ("tiff", 2, np.uint16):
        pixels = pixels[..., [0, 0, 0, 1]]
    assert again.dtype == dtype
    assert np.array_equal(again, pixels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (700, 900)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("form", ["png", "tiff"])
def test_every_shape_is_kept(form, dtype, shape):
    pixels = pictures.noise(3, dtype, width=shape[1], height=shape[0])
    assert np.array_equal(imageio.load(imageio.encode(Picture(pixels), form)).pixels, pixels)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_other_readers_agree_about_16_bits(channels):
    pixels = pictures.noise(channels, np.uint16)
    order = [2, 1, 0, 3][:channels] if channels > 1 else [0]
    for form in ("png", "tiff"):
        data = imageio.encode(Picture(pixels), form)
        other = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(np.atleast_3d(other)[..., order], pixels)
        ok, theirs = cv2.imencode(f".{form}", pixels[..., order])
        assert ok
        assert np.array_equal(imageio.load(theirs.tobytes()).pixels, pixels)


def test_pillow_agrees_about_8_bits():
    for channels in (1, 2, 3, 4):
        pixels = pictures.noise(channels)
        for form in ("png", "tiff"):
            with Image.open(io.BytesIO(imageio.encode(Picture(pixels), form))) as other:
                assert np.array_equal(np.asarray(other).reshape(pixels.shape), pixels)


def test_views_of_an_array_are_written_as_they_look():
    for pixels in (
        pictures.noise(3, np.uint16)[::-1, ::2],
        pictures.noise(4)[..., ::-1],
        pictures.noise(3)[:, :, :1],
    ):
        for form in ("png", "tiff"):
            assert np.array_equal(imageio.load(imageio.encode(Picture(pixels), form)).pixels, pixels)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_pillow_modes_are_read(mode):
    image = pictures.image(pictures.ramp(4)).convert("RGB").convert(mode)
    channels = {"1": 1, "L": 1, "LA": 2, "P": 3, "RGB": 3, "RGBA": 4}[mode]
    wanted = np.asarray(image.convert({"1": "L", "P": "RGB"}.get(mode, mode)))
    pixels = imageio.load(pictures.saved(image, "PNG")).pixels
    assert pixels.shape == (17, 23, channels)
    assert np.array_equal(pixels, wanted.reshape(pixels.shape))


def test_transparent_colours_become_alpha():
    palette = pictures.image(pictures.ramp()).quantize(8)
    for image, key, channels in (
        (palette, 2, 4),
        (palette, bytes([0, 99, 200]), 4),
        (pictures.image(pictures.ramp(1)), 0, 2),
        (pictures.image(pictures.ramp(3)), (0, 0, 0), 4),
        (pictures.image(pictures.ramp(1)).convert("1"), 0, 2),
    ):
        data = pictures.saved(image, "PNG", transparency=key)
        with Image.open(io.BytesIO(data)) as other:
            wanted = np.asarray(other.convert("RGBA"))
        pixels = imageio.load(data).pixels
        assert pixels.shape[2] == channels
        assert np.array_equal(pixels[..., -1], wanted[..., -1])
        assert np.array_equal(pixels[..., 0], wanted[..., 0])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_colour_of_16_bits_becomes_alpha(channels):
    pixels = pictures.noise(channels, np.uint16)
    key = png.chunk(b"tRNS", pixels[3, 4].astype(">u2").tobytes())
    again = imageio.load(png.with_chunks(png.encode16(pixels), [key])).pixels
    assert np.array_equal(again[..., :-1], pixels)
    assert again[3, 4, -1] == 0
    assert (again[..., -1] == 0).sum() == 1


def test_cmyk_is_converted_plainly_without_a_profile():
    image = pictures.image(pictures.ramp()).convert("CMYK")
    picture = imageio.load(pictures.saved(image, "TIFF"))
    assert np.array_equal(picture.pixels, np.asarray(image.convert("RGB")))
    assert picture.origin.icc is None
    assert imageio.load(pictures.saved(image, "JPEG", icc_profile=b"no profile")).pixels.shape == (17, 23, 3)


def test_a_profile_of_inks_leaves_with_the_inks():
    profile = bytearray(pictures.srgb())
    profile[16:20] = b"CMYK"
    assert (
        imageio.load(pictures.saved(pictures.image(pictures.ramp()), "PNG", icc_profile=bytes(profile))).origin.icc
        is None
    )


def test_cmyk_is_converted_through_its_profile(monkeypatch):
    seen = []

    def convert(image, source, target, intent, **options):
        seen.append((source.read(), target.read()[16:20], options["outputMode"]))
        return image.convert("RGB")

    monkeypatch.setattr(ImageCms, "profileToProfile", convert)
    image = pictures.image(pictures.ramp()).convert("CMYK")
    first, second = (imageio.load(pictures.saved(image, "JPEG", icc_profile=b"inks")) for _ in range(2))
    assert seen[0] == (b"inks", b"RGB ", "RGB")
    assert ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(first.origin.icc))).startswith(
        "sRGB"
    )
    assert first.origin.icc == second.origin.icc


def test_a_grey_tiff_that_is_white_at_zero_is_turned_round():
    for dtype in (np.uint8, np.uint16):
        pixels = pictures.noise(1, dtype)
        ifd = ImageFileDirectory_v2()
        ifd[256], ifd[257], ifd[258], ifd[259], ifd[262] = 23, 17, 8 * pixels.itemsize, 1, 0
        ifd[273], ifd[277], ifd[278], ifd[279] = 0, 1, 17, pixels.nbytes
        stream = io.BytesIO()
        ifd.save(stream)
        data = stream.getvalue() + pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
        assert np.array_equal(imageio.load(data).pixels, np.iinfo(dtype).max - pixels)


def test_associated_alpha_is_made_straight():
    pixels = np.full((17, 23, 4), 0, np.uint16)
    pixels[...] = (20000, 10000, 0, 40000)
    data = imageio.encode(Picture(pixels), "tiff")
    entry = struct.pack("<HHI", 338, 3, 1)
    associated = data.replace(entry + b"\2\0", entry + b"\1\0")
    assert associated != data
    assert imageio.load(associated).pixels[0, 0].tolist() == [32768, 16384, 0, 40000]


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_the_first_frame_or_page_is_read(form):
    data = (
        pictures.animation(form)
        if form != "TIFF"
        else pictures.saved(
            Image.new("RGB", (9, 7), "red"),
            "TIFF",
            save_all=True,
            append_images=[Image.new("RGB", (5, 5), "blue")],
        )
    )
    pixels = imageio.load(data).pixels
    assert pixels.shape[:2] == (7, 9)
    assert (pixels[..., :3] == (255, 0, 0)).all()


def test_heic_is_read():
    heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    image = pictures.image(pictures.ramp(width=64, height=48))
    heif.from_pillow(image).save(stream, quality=95, exif=pictures.exif(6))
    picture = imageio.load(stream.getvalue())
    assert picture.origin.format == "HEIF"
    assert picture.size == (48, 64)
    wanted = np.asarray(image.transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert abs(picture.pixels.astype(int) - wanted).mean() < 4
    again = imageio.load(imageio.encode(picture, "jpeg"))
    assert again.size == (48, 64)


def test_16_bits_round_to_8():
    pixels = np.array([[[0], [128], [129], [257], [32768], [65407], [65535]]], np.uint16)
    again = imageio.load(imageio.encode(Picture(np.repeat(pixels, 3, axis=2)), "webp")).pixels
    assert again[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255, 255]


def test_a_jpeg_of_alpha_stands_on_white():
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:8] = (0, 0, 0, 255)
    pixels[8:] = (0, 0, 0, 51)
    again = imageio.load(imageio.encode(Picture(pixels), "jpeg")).pixels
    assert abs(again[2].astype(int) - 0).max() < 3
    assert abs(again[13].astype(int) - 204).max() < 3


# -------------------------------------------------------------------------------------------------- metadata


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_orientation_is_applied_once(form, orientation, tmp_path):
    image = pictures.image(pictures.ramp(width=40, height=24))
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(form, {})
    data = pictures.saved(image, form, exif=pictures.exif(orientation), **options)
    plain = pictures.saved(image, form, **options)
    with Image.open(io.BytesIO(plain)) as stored:
        stored.getexif()[274] = orientation
        wanted = np.asarray(ImageOps.exif_transpose(stored))
    picture = imageio.load(data)
    assert np.array_equal(picture.pixels, wanted)
    imageio.save(picture, tmp_path / "again.png")
    assert np.array_equal(imageio.load(tmp_path / "again.png").pixels, wanted)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_a_16_bit_tiff_is_applied_once(orientation):
    pixels = pictures.noise(1, np.uint16, 40, 24)
    image = Image.fromarray(pixels[..., 0])
    data = pictures.saved(image, "TIFF", exif=pictures.exif(orientation))
    image.getexif()[274] = orientation
    wanted = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(imageio.load(data).pixels[..., 0], wanted)


def test_an_orientation_in_xmp_is_applied_and_reset():
    image = pictures.image(pictures.ramp(width=40, height=24))
    picture = imageio.load(pictures.saved(image, "JPEG", xmp=pictures.XMP % 6))
    assert picture.size == (24, 40)
    assert picture.origin.xmp == pictures.XMP % 1
    assert imageio.load(imageio.encode(picture, "jpeg")).size == (24, 40)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("form", FORMATS)
def test_metadata_survives(form, dtype):
    source = pictures.saved(
        pictures.image(pictures.ramp()), "JPEG",
        exif=pictures.exif(6), icc_profile=pictures.srgb(), dpi=(300, 300), xmp=pictures.XMP % 6,
    )  # fmt: skip
    picture = imageio.load(source)
    deep = picture.with_pixels(pictures.noise(3, dtype))
    origin = imageio.load(imageio.encode(deep, form)).origin
    assert origin.icc == picture.origin.icc == pictures.srgb()
    assert origin.xmp == picture.origin.xmp == pictures.XMP % 1
    if form != "webp":
        assert origin.dpi == pytest.approx((300, 300), abs=0.01)
    exif = Image.Exif()
    exif.load(origin.exif)
    assert exif[271] == "Maker"
    assert exif.get(274, 1) == 1
    assert exif.get_ifd(34665)[36867] == "2024:05:06 07:08:09"
    assert exif.get_ifd(34853)[2] == (52, 30, 0)


@pytest.mark.parametrize("form", FORMATS)
def test_metadata_of_a_tiff_travels_without_its_layout(form):
    source = pictures.saved(
        pictures.image(pictures.ramp()), "TIFF", exif=pictures.exif(), icc_profile=pictures.srgb()
    )
    origin = imageio.load(imageio.encode(imageio.load(source), form)).origin
    exif = Image.Exif()
    exif.load(origin.exif)
    assert exif[272] == "Model"
    assert not {256, 257, 273, 279, 34675} & set(exif)
    assert origin.icc == pictures.srgb()


def test_exif_without_anything_to_change_is_kept_to_the_byte():
    data = pictures.saved(pictures.image(pictures.ramp()), "JPEG", exif=pictures.exif(1))
    picture = imageio.load(data)
    assert picture.origin.exif == pictures.exif(1)
    assert imageio.load(imageio.encode(picture, "jpeg")).origin.exif == pictures.exif(1)


def test_a_thumbnail_is_dropped():
    directory = struct.pack("<HHHI4sI", 1, 271, 2, 4, b"Mak\0", 26)
    thumbnail = struct.pack("<HHHIIHHIII", 2, 513, 4, 1, 56, 514, 4, 1, 7, 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + directory + thumbnail + b"\xff\xd8thumb"
    picture = imageio.load(pictures.saved(pictures.image(pictures.ramp()), "JPEG", exif=exif))
    assert b"thumb" not in picture.origin.exif
    assert b"Mak" in picture.origin.exif


def test_a_jpeg_is_written_as_it_was_compressed():
    for quality, subsampling in ((60, 2), (85, 1), (97, 0)):
        image = pictures.image(pictures.ramp(width=64, height=48))
        data = pictures.saved(image, "JPEG", quality=quality, subsampling=subsampling)
        again = imageio.encode(imageio.load(data), "jpeg")
        with Image.open(io.BytesIO(data)) as first, Image.open(io.BytesIO(again)) as second:
            assert first.quantization == second.quantization
            assert imageio.load(again).origin.subsampling == subsampling
            assert abs(np.asarray(first).astype(int) - np.asarray(second)).max() <= 4


def test_another_picture_becomes_a_good_jpeg():
    with Image.open(io.BytesIO(imageio.encode(Picture(pictures.ramp()), "jpg"))) as image:
        assert image.quantization[0][0] == 2
    assert imageio.load(imageio.encode(Picture(pictures.ramp()), "jpg")).origin.subsampling == 0


def test_a_grey_jpeg_stays_grey():
    data = pictures.saved(pictures.image(pictures.ramp(1)), "JPEG", quality=70)
    assert imageio.load(imageio.encode(imageio.load(data), "jpeg")).pixels.shape == (17, 23, 1)


def test_webp_is_lossless_unless_the_source_was_not():
    pixels = pictures.noise(4)
    assert np.array_equal(imageio.load(imageio.encode(Picture(pixels), "webp")).pixels, pixels)
    lossy = imageio.encode(Picture(pixels, Origin(format="JPEG")), "webp")
    assert not np.array_equal(imageio.load(lossy).pixels, pixels)


def test_metadata_too_long_for_a_jpeg_is_left_out():
    picture = Picture(
        pictures.ramp(), Origin(xmp=b"x" * 70000, exif=b"Exif\0\0" + bytes(70000), icc=pictures.srgb())
    )
    origin = imageio.load(imageio.encode(picture, "jpeg")).origin
    assert (origin.xmp, origin.exif) == (None, None)
    assert origin.icc == pictures.srgb()
    assert imageio.load(imageio.encode(Picture(pictures.ramp(), Origin(xmp=b"x" * 70000)), "png")).origin.xmp


# --------------------------------------------------------------------------------------------- the edit inside


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_png_result_carries_its_edit(tmp_path, dtype):
    made = result(Picture(pictures.ramp(3, dtype)))
    imageio.save(made, tmp_path / "out.png")
    edit = imageio.read_edit(tmp_path / "out.png")
    assert edit.regions == made.edit.regions
    assert (edit.prompt, edit.seed, edit.size) == ("größer", 7, Size(23, 17))
    assert np.array_equal(imageio.load(tmp_path / "out.png").pixels, made.picture.pixels)
    with Image.open(tmp_path / "out.png") as image:
        assert "pliant:edit" in image.text


def test_an_edit_can_be_given_and_stands_before_that_of_the_result():
    other = Edit(result(Picture(pictures.ramp())).edit.regions, seed=99)
    data = imageio.encode(result(Picture(pictures.ramp())), "png", edit=other)
    assert imageio.read_edit(data).seed == 99
    assert imageio.read_edit(imageio.encode(Picture(pictures.ramp()), "png", edit=other)).seed == 99
    assert refusal(imageio.encode, Picture(pictures.ramp()), "jpeg", edit=other).code == "cannot_embed"


def test_pictures_without_an_edit_have_none():
    for data in pictures.every_format().values():
        assert imageio.read_edit(data) is None
    assert imageio.read_edit(imageio.encode(result(Picture(pictures.ramp())), "jpeg")) is None


def test_compressed_text_chunks_are_read_too():
    made = result(Picture(pictures.ramp()))
    text = png.text_in(imageio.encode(made, "png"), png.EDIT_KEYWORD)
    bare = imageio.encode(made.picture, "png")
    for chunk in (
        png.chunk(b"zTXt", b"pliant:edit\0\0" + zlib.compress(text)),
        png.chunk(b"iTXt", b"pliant:edit\0\1\0de\0Titel\0" + zlib.compress(text)),
    ):
        assert imageio.read_edit(png.with_chunks(bare, [chunk])).seed == 7


@pytest.mark.parametrize(
    "body",
    [b"\0\0\0\0\0{}", b"\0\0\0\0\0\xff", b"\0\1\0\0\0junk", b"\0\1\0\0\0" + zlib.compress(bytes(65 * 2**20))],
)
def test_a_broken_embedded_edit_is_a_document_error(body):
    bare = imageio.encode(Picture(pictures.ramp()), "png")
    with pytest.raises(DocumentError):
        imageio.read_edit(png.with_chunks(bare, [png.chunk(b"iTXt", b"pliant:edit" + body)]))


# ------------------------------------------------------------------------------------------------- bad input


def test_files_that_are_no_pictures(tmp_path: Path):
    (tmp_path / "text.png").write_text("hello, I am a text")
    (tmp_path / "empty.png").touch()
    (tmp_path / "nul.png").write_bytes(bytes(100))
    for name, code in {
        "none.png": "missing_file",
        "": "is_folder",
        "text.png": "not_a_picture",
        "empty.png": "empty_file",
        "nul.png": "not_a_picture",
        "nul\0.png": "not_readable",
        "text.png/inside.png": "not_readable",
    }.items():
        for call in (imageio.load, imageio.read_edit):
            error = refusal(call, tmp_path / name)
            assert error.code == code
            assert repr(str(tmp_path / name))[1:-1] in str(error)


@pytest.mark.parametrize("name", pictures.every_format())
def test_a_truncated_file_is_damaged(name):
    data = pictures.every_format()[name]
    for length in (len(data) // 2, len(data) // 4, 40):
        error = refusal(imageio.load, data[:length])
        assert error.code in ("damaged", "unsupported")


def test_a_bomb_is_refused_before_it_is_decoded():
    error = refusal(imageio.load, pictures.png_header(30000, 30000))
    assert error.code == "too_large"
    assert "30000x30000, 900 megapixels" in str(error)
    assert "500" in str(error)
    assert refusal(imageio.load, pictures.every_format()["jpeg"], max_pixels=390).code == "too_large"
    assert imageio.load(pictures.every_format()["jpeg"], max_pixels=391).size == (17, 23)


def test_pillows_own_limit_neither_counts_nor_changes(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for data in pictures.every_format().values():
        imageio.load(data)
        assert refusal(imageio.load, data, max_pixels=100).code == "too_large"
    assert Image.MAX_IMAGE_PIXELS == 10


def test_floating_point_is_refused_with_the_reason():
    image = Image.fromarray(pictures.ramp(1)[..., 0].astype(np.float32))
    error = refusal(imageio.load, pictures.saved(image, "TIFF"))
    assert error.code == "unsupported"
    assert "floating point" in str(error)
    whole = Image.fromarray(pictures.ramp(1)[..., 0].astype(np.int32))
    assert refusal(imageio.load, pictures.saved(whole, "TIFF")).code == "unsupported"


def test_warnings_of_pillow_do_not_leak():
    exif = pictures.exif()[:60] + b"\xff" * 50
    data = pictures.saved(pictures.image(pictures.ramp()), "JPEG", exif=exif)
    palette = pictures.saved(pictures.image(pictures.ramp()).quantize(8), "PNG", transparency=bytes([0, 9, 8]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        imageio.load(data)
        imageio.load(palette)
    assert caught == []


def test_many_threads_leave_the_warning_filters_alone():
    before, files = list(warnings.filters), list(pictures.every_format().values())
    threads = [threading.Thread(target=lambda: [imageio.load(data) for data in files]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


def test_bytes_streams_and_paths_are_read_alike(tmp_path: Path):
    data = pictures.every_format()["png"]
    (tmp_path / "p.txt").write_bytes(data)
    wanted = imageio.load(data).pixels
    for source in (
        bytearray(data),
        memoryview(data),
        io.BytesIO(data),
        tmp_path / "p.txt",
        str(tmp_path / "p.txt"),
    ):
        assert np.array_equal(imageio.load(source).pixels, wanted)


# --------------------------------------------------------------------------------------------------- writing


def test_the_suffix_or_the_format_decides(tmp_path: Path):
    for name, form, wanted in (
        ("a.PNG", None, "PNG"),
        ("a.jpg", None, "JPEG"),
        ("a.tif", None, "TIFF"),
        ("a.webp", None, "WEBP"),
        ("a.png", "jpeg", "JPEG"),
        ("a", ".tiff", "TIFF"),
    ):
        imageio.save(Picture(pictures.ramp()), tmp_path / name, format=form)
        assert imageio.load(tmp_path / name).origin.format == wanted


def test_a_stream_gets_the_format_of_the_source():
    for form, wanted in ((None, "PNG"), ("JPEG", "JPEG"), ("HEIF", "PNG")):
        stream = io.BytesIO()
        imageio.save(Picture(pictures.ramp(), Origin(format=form)), stream)
        assert imageio.load(stream.getvalue()).origin.format == wanted
    stream.close()
    assert refusal(imageio.save, Picture(pictures.ramp()), stream).code == "not_writable"


def test_targets_that_cannot_be_written(tmp_path: Path):
    picture = Picture(pictures.ramp())
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "there.png").write_text("old")
    for name, code in {
        "a.xyz": "unknown_format",
        "a": "unknown_format",
        "a.heic": "unknown_format",
        "none/a.png": "missing_folder",
        "folder.png": "is_folder",
        "there.png/a.png": "not_writable",
        "nul\0.png": "not_writable",
        "x" * 300 + ".png": "not_writable",
    }.items():
        error = refusal(imageio.save, picture, tmp_path / name)
        assert error.code == code, name
    error = refusal(imageio.save, picture, tmp_path / "there.png", overwrite=False)
    assert error.code == "exists"
    assert (tmp_path / "there.png").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.png", "there.png"]


def test_a_picture_too_large_for_the_format_is_refused():
    wide = Picture(np.zeros((1, 70000, 3), np.uint8))
    assert refusal(imageio.encode, wide, "jpeg").code == "too_large"
    assert refusal(imageio.encode, Picture(wide.pixels[:, :16384]), "webp").code == "too_large"
    assert imageio.load(imageio.encode(wide, "png")).size == (70000, 1)


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path: Path):
    picture, umask = Picture(pictures.ramp()), os.umask(0o022)
    try:
        imageio.save(picture, tmp_path / "new.png")
        assert stat.S_IMODE((tmp_path / "new.png").stat().st_mode) == 0o644
        (tmp_path / "new.png").chmod(0o640)
        imageio.save(picture, tmp_path / "new.png")
        assert stat.S_IMODE((tmp_path / "new.png").stat().st_mode) == 0o640
    finally:
        os.umask(umask)


def test_a_link_is_followed(tmp_path: Path):
    (tmp_path / "real.png").write_text("old")
    (tmp_path / "link.png").symlink_to("real.png")
    imageio.save(Picture(pictures.ramp()), tmp_path / "link.png")
    assert (tmp_path / "link.png").is_symlink()
    assert imageio.load(tmp_path / "real.png").size == (23, 17)


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch, broken):
    def fail(*args, **options):
        raise OSError(28, "No space left on device")

    (tmp_path / "a.png").write_text("old")
    monkeypatch.setattr(os if broken == "fsync" else Path, broken, fail)
    error = refusal(imageio.save, Picture(pictures.ramp()), tmp_path / "a.png")
    assert error.code == "not_writable"
    assert "No space left" in str(error)
    assert (tmp_path / "a.png").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch):
    def sync(handle):
        (tmp_path / "a.png").write_text("another's")

    monkeypatch.setattr(os, "fsync", sync)
    assert refusal(imageio.save, Picture(pictures.ramp()), tmp_path / "a.png", overwrite=False).code == "exists"
    assert (tmp_path / "a.png").read_text() == "another's"
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_importing_it_loads_no_codec_that_few_need():
    names = ("cv2", "pillow_heif", "numba", "torch", "pydantic")
    code = f"import pliant.imageio, sys; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
