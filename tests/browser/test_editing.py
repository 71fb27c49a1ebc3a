"""Editing from end to end: paint, pull, fill, undo, reload, and what goes wrong on the way."""

import base64
import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from editor import button, choose, fill, first
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from served import serving

import pliant
from pliant import imageio
from pliant.regions.mask import rasterise
from pliant.serve.models import Models
from pliant.serve.settings import Settings
from pliant.types import DragRegion, Edit, Picture

SIZE = (320, 240)
DISC = (120, 110)
RED, GREEN = (200, 40, 40), (40, 120, 60)


def scene() -> Picture:
    """A red disc of radius 30 on green, with some texture, so that wrong pixels are seen to be wrong."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    grain = np.random.default_rng(5).integers(-12, 13, (SIZE[1], SIZE[0], 1))
    inside = (x - DISC[0]) ** 2 + (y - DISC[1]) ** 2 <= 30**2
    pixels = np.where(inside[..., None], RED, GREEN) + grain
    return Picture(pixels.astype(np.uint8))


FILE: dict[str, Any] = {"name": "disc.png", "mimeType": "image/png", "buffer": imageio.encode(scene(), "png")}


# -------------------------------------------------------------------------------------------- hands and eyes


class Hand:
    """A mouse that knows where the photo stands: as large as life, in the middle of the stage."""

    def __init__(self, page: Page) -> None:
        self.page = page
        box = page.locator("#canvas").bounding_box()
        assert box is not None
        self.left = box["x"] + (box["width"] - SIZE[0]) / 2
        self.top = box["y"] + (box["height"] - SIZE[1]) / 2

    def move(self, x: float, y: float, steps: int = 1) -> None:
        self.page.mouse.move(self.left + x + 0.5, self.top + y + 0.5, steps=steps)

    def drag(self, start: tuple[float, float], *way: tuple[float, float], steps: int = 10) -> None:
        self.move(*start)
        self.page.mouse.down()
        for place in way:
            self.move(*place, steps=steps)
        self.page.mouse.up()

    def seen(self, x: int, y: int) -> NDArray[np.float64]:
        """The mean colour of the screen on the 5 x 5 pixels around a place of the photo."""
        clip = {"x": round(self.left) + x - 2, "y": round(self.top) + y - 2, "width": 5, "height": 5}
        shot = Image.open(io.BytesIO(self.page.screenshot(clip=clip))).convert("RGB")
        return np.asarray(shot, np.float64).mean(axis=(0, 1))

    def sees(self, x: int, y: int, colour: tuple[int, int, int] | None) -> bool:
        """Whether the screen shows `colour` there; None: no colour at all, as in the checker."""
        found = self.seen(x, y)
        return np.ptp(found) < 12 if colour is None else bool(np.abs(found - colour).max() < 30)


def until(page: Page, holds: Callable[[], bool], seconds: float = 10) -> None:
    for _ in range(int(seconds * 20)):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("It did not come to that.")


def opened(page: Page) -> Hand:
    """The scene, opened by a user who then fills by hand."""
    first(page)
    choose(page, FILE)
    expect(page).to_have_title("disc.png – Pliant")
    page.get_by_role("switch", name="Fill when I let go").uncheck(force=True)
    return Hand(page)


def painted(page: Page) -> Hand:
    """The disc as a part."""
    hand = opened(page)
    button(page, "Brush").click()
    hand.drag((100, 100), (140, 100), (140, 120), (100, 120), (100, 110), (140, 110), steps=3)
    expect(page.locator(".item-row")).to_have_count(1)
    return hand


def pulled(page: Page, to: tuple[float, float] = (200, 120)) -> Hand:
    """The disc, pulled to the right."""
    hand = painted(page)
    button(page, "Pull").click()
    hand.drag(DISC, to, steps=6)
    expect(fill(page)).to_be_enabled()
    return hand


def filled(page: Page) -> Hand:
    hand = pulled(page)
    fill(page).click()
    expect(button(page, "Save")).to_be_enabled()
    return hand


def document(page: Page) -> dict[str, Any]:
    """The edit document that the page would save."""
    button(page, "More ways to save").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download edit document").click()
    return json.loads(download.value.path().read_text(encoding="utf-8"))


def result(page: Page) -> Path:
    with page.expect_download() as download:
        button(page, "Save").click()
    return download.value.path()


def edit_in(text: dict[str, Any]) -> Edit:
    return pliant.document.loads(json.dumps(text))


def undo(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Undo "))


def redo(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Redo "))


# -------------------------------------------------------------------------------------------------- the way


def test_the_disc_follows_the_pointer_and_leaves_a_checker(page):
    hand = painted(page)
    button(page, "Pull").click()
    hand.move(*DISC)
    page.mouse.down()
    for shift in (10, 40, 80):
        hand.move(DISC[0] + shift, DISC[1], steps=15)
        # Beside the arrow, which lies along the way of the disc's middle.
        until(page, lambda shift=shift: hand.sees(DISC[0] + shift, DISC[1] - 18, RED))
    until(page, lambda: hand.sees(DISC[0] - 15, DISC[1] - 15, None))
    assert hand.sees(DISC[0] + 150, DISC[1], GREEN)
    page.keyboard.press("Escape")
    until(page, lambda: hand.sees(DISC[0] - 15, DISC[1] - 15, RED))
    page.mouse.up()
    assert document_is_missing(page)


def document_is_missing(page: Page) -> bool:
    expect(page.get_by_text("pull it, or delete it", exact=False).first).to_be_visible()
    return fill(page).is_disabled()


def test_the_result_is_what_the_library_makes_of_the_same_document(page):
    hand = filled(page)
    asked = document(page)
    saved = imageio.load(result(page))
    expected = pliant.apply(scene(), edit_in(asked))
    assert np.array_equal(saved.pixels, expected.picture.pixels)
    assert (saved.pixels[100, 200] - RED).max() < 13
    until(page, lambda: hand.sees(DISC[0] - 15, DISC[1] - 15, GREEN))


def test_letting_go_fills_and_pulling_on_goes_back_to_the_live_bend(page):
    hand = painted(page)
    page.get_by_role("switch", name="Fill when I let go").check(force=True)
    button(page, "Pull").click()
    hand.drag(DISC, (200, 110), steps=6)
    until(page, lambda: hand.sees(DISC[0] - 15, DISC[1] - 15, GREEN))
    expect(page.locator(".result")).to_have_count(1)
    hand.move(200, 110)
    page.mouse.down()
    hand.move(220, 110, steps=10)
    until(page, lambda: hand.sees(DISC[0] - 15, DISC[1] - 15, None))
    page.mouse.up()
    until(page, lambda: hand.sees(DISC[0] - 15, DISC[1] - 15, GREEN))
    expect(page.locator(".result")).to_have_count(1)


def test_everything_is_undone_to_the_start_and_done_again(page):
    pulled(page)
    page.get_by_label("Border stays").check()
    page.get_by_label("Moves freely").check()
    button(page, "Grow").click()
    end = document(page)
    labels = ["open disc.png", "paint", "pull", "change edge", "change edge", "grow"]
    for label in reversed(labels):
        button(page, f"Undo {label}").click()
    expect(button(page, "Nothing to undo")).to_be_disabled()
    expect(page).to_have_title("lighthouse.jpg – Pliant")
    for label in labels:
        button(page, f"Redo {label}").click()
    expect(button(page, "Nothing to redo")).to_be_disabled()
    expect(page).to_have_title("disc.png – Pliant")
    assert document(page) == end


def test_erasing_takes_away_what_the_eraser_passed(page):
    hand = pulled(page)
    before = area(document(page))
    button(page, "Eraser").click()
    hand.drag((95, 90), (95, 130))
    after = area(document(page))
    assert 0 < after < before
    undo(page).click()
    assert area(document(page)) == before


def area(asked: dict[str, Any]) -> int:
    region = edit_in(asked).regions[0]
    assert isinstance(region, DragRegion)
    return int(rasterise(region.region, pliant.geometry.Size(*SIZE)).sum())


def test_loading_the_page_anew_finds_everything_again(page):
    filled(page)
    asked, saved = document(page), result(page).read_bytes()
    page.wait_for_timeout(700)
    page.reload()
    expect(page).to_have_title("disc.png – Pliant")
    expect(page.locator(".result")).to_have_count(1)
    assert document(page) == asked
    page.get_by_role("button", name=re.compile("^Result 1")).click(position={"x": 20, "y": 20})
    assert result(page).read_bytes() == saved
    assert undo(page).count() == 1
    undo(page).click()
    expect(redo(page)).to_be_enabled()


def test_a_result_that_is_dropped_gives_its_edit_back(page):
    filled(page)
    asked, saved = document(page), result(page).read_bytes()
    button(page, "Delete Part 1").click()
    expect(fill(page)).to_be_disabled()
    drop(page, "disc-edited.png", saved)
    page.get_by_role("button", name="Use its edit on the open photo").click()
    expect(fill(page)).to_be_enabled()
    assert document(page) == asked


def test_what_no_mesh_shows_is_drawn_by_the_server(page):
    hand = opened(page)
    pair = {"source": {"box": [80, 70, 160, 150]}, "target": {"box": [200, 70, 280, 150]}}
    text = json.dumps({"version": 1, "size": SIZE, "regions": [pair]})
    choose(page, {"name": "pair.json", "mimeType": "application/json", "buffer": text.encode()})
    until(page, lambda: hand.sees(240, DISC[1], RED))
    until(page, lambda: hand.sees(*DISC, None))
    undo(page).click()
    until(page, lambda: hand.sees(*DISC, RED))


@pytest.mark.parametrize("form", ["TIFF", "BMP"])
def test_a_file_that_the_browser_or_the_server_cannot_read_is_read_all_the_same(page, form):
    stream = io.BytesIO()
    Image.fromarray(scene().pixels).save(stream, form)
    hand = opened(page)
    name = f"disc.{form.lower()}"
    choose(page, {"name": name, "mimeType": f"image/{form.lower()}", "buffer": stream.getvalue()})
    expect(page).to_have_title(f"{name} – Pliant")
    region = {"region": {"box": [80, 70, 160, 150]}, "drags": [{"from": DISC, "to": [200, 110]}]}
    text = json.dumps({"version": 1, "regions": [region]}).encode()
    choose(page, {"name": "edit.json", "mimeType": "application/json", "buffer": text})
    until(page, lambda: hand.sees(200, DISC[1] - 18, RED))
    fill(page).click()
    expect(button(page, "Save")).to_be_enabled()
    saved = imageio.load(result(page))
    expected = pliant.apply(scene(), edit_in(document(page)))
    assert np.array_equal(saved.pixels[..., :3], expected.picture.pixels)


def test_a_second_page_begins_anew_and_takes_nothing_from_the_first(page):
    painted(page)
    page.wait_for_timeout(700)
    other = page.context.new_page()
    first(other)
    button(other, "Delete Part 1").click()
    other.close()
    page.reload()
    expect(page).to_have_title("disc.png – Pliant")
    expect(page.locator(".item-row")).to_have_count(1)


def test_where_the_browser_keeps_nothing_everything_else_works(page):
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    filled(page)
    page.reload()
    expect(page).to_have_title("lighthouse.jpg – Pliant")


def drop(page: Page, name: str, content: bytes) -> None:
    page.evaluate(
        """([name, content]) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const files = new DataTransfer();
            files.items.add(new File([bytes], name, { type: "image/png" }));
            const options = { bubbles: true, cancelable: true, dataTransfer: files };
            document.body.dispatchEvent(new DragEvent("drop", options));
        }""",
        [name, base64.b64encode(content).decode()],
    )


# ---------------------------------------------------------------------------------------- what goes wrong


class Waiting:
    """A filler that says that it works, and works until it is cancelled."""

    def __init__(self, plain: Any) -> None:
        self.info = plain.info
        self.begun, self.cancelled = threading.Event(), threading.Event()

    def fill(self, picture: Picture, hole: Any, *, cancel: Any, **_: Any) -> Picture:
        self.begun.set()
        try:
            while True:
                cancel.check()
                self.cancelled.wait(0.01)
        finally:
            self.cancelled.set()


def test_cancelling_reaches_the_worker(page, monkeypatch):
    waiting: list[Waiting] = []
    plain = Models.filler

    def filler(models: Models, name: str, device: str) -> Any:
        waiting.append(Waiting(plain(models, name, device)))
        return waiting[-1]

    monkeypatch.setattr(Models, "filler", filler)
    pulled(page)
    fill(page).click()
    until(page, lambda: bool(waiting) and waiting[0].begun.is_set())
    button(page, "Cancel Result 1").click()
    expect(page.locator(".result")).to_contain_text("Cancelled")
    assert waiting[0].cancelled.wait(10)
    state = page.evaluate("fetch('/api/v1/jobs').then((answer) => answer.json()).then(([job]) => job.state)")
    assert state == "cancelled"
    expect(fill(page)).to_be_enabled()


def test_a_bad_file_is_said_and_nothing_is_lost(page, watch):
    watch.expect("415|422")
    pulled(page)
    asked = document(page)
    choose(page, {"name": "broken.png", "mimeType": "image/png", "buffer": FILE["buffer"][:300]})
    expect(page.get_by_text("broken.png could not be opened", exact=False).first).to_be_visible()
    wrong = {**asked, "size": [9, 9]}
    choose(page, {"name": "wrong.json", "mimeType": "application/json", "buffer": json.dumps(wrong).encode()})
    expect(page.get_by_text("for a photo of 9 × 9", exact=False).first).to_be_visible()
    assert document(page) == asked
    expect(page).to_have_title("disc.png – Pliant")


class TestServerGone:
    @pytest.fixture
    def power(self) -> Iterator[ExitStack]:
        """What runs the server: `close` switches it off."""
        with ExitStack() as stack:
            yield stack

    @pytest.fixture
    def address(self, power: ExitStack) -> str:
        return power.enter_context(serving(Settings(port=0)))[0]

    def test_the_work_stays_and_goes_on(self, page, watch, power, address):
        watch.expect("ERR_CONNECTION|WebSocket|ERR_EMPTY|ERR_INCOMPLETE")
        hand = pulled(page)
        power.close()
        expect(page.get_by_text("The server is away", exact=False).first).to_be_visible(timeout=20_000)
        hand.drag((200, 120), (180, 150), steps=5)
        asked = document(page)
        assert asked["regions"][0]["drags"][0]["to"] == [180, 150]
        power.enter_context(serving(Settings(port=int(address.rpartition(":")[2]))))
        expect(fill(page)).to_be_enabled(timeout=20_000)
        until(page, lambda: hand.sees(180, 150 - 18, RED))
        fill(page).click()
        expect(button(page, "Save")).to_be_enabled()
        expected = pliant.apply(scene(), edit_in(asked))
        assert np.array_equal(imageio.load(result(page)).pixels, expected.picture.pixels)
