"""What only an editor asks for: select, view and the photo to begin with."""

import io
import json
import threading
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image, ImageCms
from served import API, client, connection, mask, picture, problem, serving, until

import pliant
from pliant import imageio
from pliant.document import loads
from pliant.errors import PliantError
from pliant.regions.segment import refine, select
from pliant.serve.models import Models
from pliant.serve.settings import Settings
from pliant.types import Mask, Picture


@pytest.fixture(scope="module")
def web():
    with client() as made:
        yield made


def scene() -> Picture:
    """A red disc on blue that gets lighter to the right."""
    y, x = np.mgrid[:120, :160]
    blue = np.stack([x // 8, x // 4, 120 + x // 2], axis=2)
    pixels = np.where(((x - 80) ** 2 + (y - 60) ** 2 < 900)[..., None], [200, 30, 30], blue)
    return Picture(pixels.astype(np.uint8))


FILE = imageio.encode(scene(), "png")


def ask(web, files=None, **fields):
    return web.post(f"{API}/select", files={"image": FILE, **(files or {})}, data=fields)


def mask_of(answer) -> np.ndarray:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), answer.text
    pixels = imageio.load(answer.content).pixels
    assert pixels.shape[2] == 1
    assert set(np.unique(pixels)) <= {0, 255}
    return pixels[..., 0] > 0


# ------------------------------------------------------------------------------------------------- select


def test_a_click_selects_what_the_library_selects(web):
    found = mask_of(ask(web, points="[[80, 60, 1], [5, 5, 0]]"))
    np.testing.assert_array_equal(found, select(scene(), points=[(80, 60), (5, 5)], labels=[1, 0]))
    assert found[60, 80]
    assert not found[5, 5]


def test_a_point_without_a_label_is_on_the_object(web):
    np.testing.assert_array_equal(
        mask_of(ask(web, points="[[80, 60]]")), mask_of(ask(web, points="[[80, 60, 1]]"))
    )


def test_a_box(web):
    found = mask_of(ask(web, box="[40, 20, 120, 100]", segmenter="grabcut"))
    np.testing.assert_array_equal(found, select(scene(), box=(40, 20, 120, 100)))


def test_a_drawn_mask_is_refined(web):
    drawn = mask((46, 26, 116, 96), (160, 120))
    found = mask_of(ask(web, files={"mask": drawn}))
    np.testing.assert_array_equal(found, refine(scene(), Mask(imageio.load(drawn).pixels[..., 0])))


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 422, "no_prompt"),
        ({"points": "[[200, 10, 1]]"}, 422, "point_outside_picture"),
        ({"points": "[[80, 60, 2]]"}, 422, "invalid_request"),
        ({"points": "[[80]]"}, 422, "invalid_request"),
        ({"points": "[[80, NaN]]"}, 422, "invalid_request"),
        ({"points": "80,60"}, 422, "invalid_request"),
        ({"points": "[" + "[1,1]," * 1000 + "[1,1]]"}, 422, "invalid_request"),
        ({"points": '[["80", "60"]]'}, 422, "invalid_request"),
        ({"box": "[1, 2, 3]"}, 422, "invalid_request"),
        ({"box": "[300, 300, 400, 400]"}, 422, "empty_region"),
        ({"points": "[[80, 60]]", "segmenter": "nothing"}, 422, "unknown_segmenter"),
        ({"points": "[[80, 60]]", "segmenter": "sam"}, 403, "segmenter_not_offered"),
        ({"points": "[[80, 60]]", "segmenter": "/etc/passwd"}, 422, "unknown_segmenter"),
        ({"points": "[[80, 60]]", "radius": "3"}, 422, "unknown_field"),
    ],
)
def test_what_cannot_be_selected(web, fields, status, code):
    problem(ask(web, **fields), status, code)


def test_files_that_cannot_be_used(web):
    problem(web.post(f"{API}/select", data={"points": "[[1, 1]]"}, files={"mask": mask()}), 422, "missing_field")
    problem(web.post(f"{API}/select", files={"image": b"no picture"}), 415, "not_a_picture")
    problem(ask(web, files={"mask": mask()}), 422, "size_mismatch")
    problem(ask(web, files={"mask": mask()}, points="[[1, 1]]"), 422, "invalid_request")
    assert web.post(f"{API}/select", files=[("image", FILE), ("image", FILE)]).status_code == 422


def test_a_picture_that_is_clicked_on_again_is_decoded_once(web):
    kept = web.app.state.context.kept
    assert kept.get(FILE) is kept.get(bytes(FILE))
    for number in range(3):
        ask(web, points=f"[[80, {60 + number}]]")
    np.testing.assert_array_equal(kept.get(FILE).pixels, scene().pixels)


def test_pictures_are_kept_within_a_bound():
    with client(Settings(pictures_mb=1)) as web:
        kept = web.app.state.context.kept
        large = [imageio.encode(Picture(np.full((700, 700, 1), shade, np.uint8)), "png") for shade in range(3)]
        first = kept.get(large[0])
        assert kept.get(large[1]) is kept.get(large[1])
        assert kept.get(large[0]) is first
        kept.get(large[2])
        assert kept.get(large[0]) is first
        huge = imageio.encode(Picture(np.zeros((1100, 1100, 1), np.uint8)), "png")
        assert kept.get(huge) is kept.get(huge)
        assert kept.get(large[0]) is not first


def test_segmenters_say_whether_they_are_offered(web):
    rows = {row["name"]: row for row in web.get(f"{API}/segmenters").json()}
    assert (rows["grabcut"]["offered"], rows["grabcut"]["default"]) == (True, True)
    assert (rows["sam"]["offered"], rows["sam"]["default"]) == (False, False)
    with client(Settings(segmenters=("sam", "models/own"))) as other:
        rows = {row["name"]: row for row in other.get(f"{API}/segmenters").json()}
    assert rows["grabcut"]["offered"]
    assert rows["sam"]["default"]
    assert rows["models/own"]["offered"]


# ------------------------------------------------------------------------------------- many at a time


class Slow:
    """A segmenter that waits to be let through, and counts who asked."""

    def __init__(self, monkeypatch):
        self.open, self.begun, self.calls = threading.Event(), threading.Semaphore(0), 0
        plain = Models.segmenter

        def segmenter(models, name, device):
            self.calls += 1
            self.begun.release()
            self.open.wait(20)
            return plain(models, name, device)

        monkeypatch.setattr(Models, "segmenter", segmenter)


def begin(address: str, answers: list, **options) -> threading.Thread:
    def send() -> None:
        with connection(address) as other:
            try:
                answers.append(
                    other.post(f"{API}/select", files={"image": FILE}, data={"points": "[[80, 60]]"}, **options)
                )
            except Exception as error:
                answers.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_selections_take_turns_and_nothing_else_waits_for_them(monkeypatch):
    slow, answers = Slow(monkeypatch), []
    with serving() as (address, app), connection(address) as web:
        places = app.state.context.selections
        threads = [begin(address, answers) for _ in range(10)]
        assert slow.begun.acquire(timeout=10)
        assert slow.begun.acquire(timeout=10)
        until(lambda: places.statistics().tasks_waiting == 8)
        problem(web.post(f"{API}/select", files={"image": FILE}, data={"points": "[[8, 6]]"}), 503, "queue_full")
        assert slow.calls == 2
        assert web.post(f"{API}/view", files={"image": FILE}).status_code == 200
        slow.open.set()
        for thread in threads:
            thread.join(20)
        assert [answer.status_code for answer in answers] == [200] * 10
        assert places.statistics().borrowed_tokens == 0


def test_who_leaves_the_line_is_not_served(monkeypatch):
    slow, answers = Slow(monkeypatch), []
    with serving() as (address, app):
        places = app.state.context.selections
        first = [begin(address, answers) for _ in range(2)]
        assert slow.begun.acquire(timeout=10)
        assert slow.begun.acquire(timeout=10)
        gone: list = []
        left = begin(address, gone, timeout=0.4)
        until(lambda: places.statistics().tasks_waiting == 1)
        left.join(10)
        assert isinstance(gone[0], Exception)
        until(lambda: places.statistics().tasks_waiting == 0)
        slow.open.set()
        for thread in first:
            thread.join(20)
        assert [answer.status_code for answer in answers] == [200, 200]
        assert slow.calls == 2


# --------------------------------------------------------------------------------------------------- view


def shown(web, content: bytes) -> tuple[str, Image.Image]:
    answer = web.post(f"{API}/view", files={"image": content})
    assert answer.status_code == 200, answer.text
    return answer.headers["content-type"], Image.open(io.BytesIO(answer.content))


def test_a_deep_tiff_is_shown_with_8_bits(web):
    deep = (picture().pixels.astype(np.uint16) * 257)[..., :3]
    kind, image = shown(web, imageio.encode(Picture(deep), "tiff"))
    assert (kind, image.mode, image.size) == ("image/jpeg", "RGB", (64, 48))
    np.testing.assert_allclose(np.asarray(image).astype(int), picture().pixels, atol=40)


def test_transparency_is_kept_in_a_png(web):
    pixels = np.full((4, 6, 4), 65535, np.uint16)
    pixels[1, 2] = (257, 514, 771, 0)
    kind, image = shown(web, imageio.encode(Picture(pixels), "png"))
    assert (kind, image.mode) == ("image/png", "RGBA")
    assert np.asarray(image)[1, 2].tolist() == [1, 2, 3, 0]


def test_it_stands_upright_and_keeps_its_colour_profile_and_nothing_else(web):
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "somebody"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (30, 20)).save(stream, "JPEG", exif=exif, icc_profile=profile)
    _, image = shown(web, stream.getvalue())
    assert image.size == (20, 30)
    assert image.info["icc_profile"] == profile
    assert not image.getexif()


def test_heic_is_shown(web):
    heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    heif.from_pillow(Image.new("RGB", (40, 30), (9, 120, 40))).save(stream)
    kind, image = shown(web, stream.getvalue())
    assert (kind, image.size) == ("image/jpeg", (40, 30))


def test_what_cannot_be_viewed(web):
    problem(web.post(f"{API}/view", files={"image": b"%PDF-1.7"}), 415, "not_a_picture")
    problem(web.post(f"{API}/view", files={"image": FILE[:60]}), 422, "damaged")
    problem(web.post(f"{API}/view", files={"image": FILE}, data={"size": "3"}), 422, "unknown_field")


# -------------------------------------------------------------------------------------------------- photo


def test_the_photo_that_was_named_is_given_as_it_is(tmp_path):
    path = tmp_path / 'a "photo" ü.png'
    path.write_bytes(FILE)
    with client(Settings(photo=path)) as web:
        answer = web.get(f"{API}/photo")
        assert (answer.status_code, answer.content) == (200, FILE)
        assert answer.headers["content-type"] == "image/png"
        name = answer.headers["content-disposition"].removeprefix("inline; filename*=UTF-8''")
        assert unquote(name) == path.name
        problem(web.get(f"{API}/photo", params={"name": "/etc/passwd"}), 422, "unknown_parameter")
        problem(web.get(f"{API}/photo/..%2fother.png"), 404, "not_found")
        path.unlink()
        problem(web.get(f"{API}/photo"), 404, "missing_file")


def test_without_a_photo_there_is_none(web):
    answer = web.get(f"{API}/photo")
    assert (answer.status_code, answer.content) == (204, b"")


def test_only_a_picture_is_given(tmp_path):
    path = tmp_path / "photo.png"
    path.write_text("root:x:0:0")
    with client(Settings(photo=path)) as web:
        problem(web.get(f"{API}/photo"), 415, "not_a_picture")


def test_the_photo_must_be_there(tmp_path):
    with pytest.raises(PliantError) as refused:
        Settings(photo=tmp_path)
    assert refused.value.code == "missing_file"


def test_the_photo_needs_the_token(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(FILE)
    with client(Settings(photo=path, token="0123456789abcdef")) as web:
        problem(web.get(f"{API}/photo"), 401, "not_authorised")


# --------------------------------------------------------------------------------------- edits that refine


def test_an_edit_may_refine_its_regions(web):
    region = {"region": {"box": [46, 26, 116, 96]}, "drags": [{"from": [80, 60], "to": [90, 60]}]}
    text = json.dumps({"version": 1, "regions": [region]}).encode()
    files = {"image": FILE, "edit": text}
    wait = {"Prefer": "wait=60"}
    plain = web.post(f"{API}/edit", files=files, headers=wait)
    refined = web.post(f"{API}/edit", files=files, data={"refine": "grabcut"}, headers=wait)
    assert (plain.status_code, refined.status_code) == (200, 200), refined.text
    assert plain.content != refined.content
    wanted = pliant.apply(scene(), loads(text.decode()), refine="grabcut").picture
    np.testing.assert_array_equal(imageio.load(refined.content).pixels, wanted.pixels)
    problem(web.post(f"{API}/edit", files=files, data={"refine": "sam2"}), 403, "segmenter_not_offered")
    problem(web.post(f"{API}/edit", files=files, data={"options": '{"refine": 3}'}), 422, "invalid_request")
