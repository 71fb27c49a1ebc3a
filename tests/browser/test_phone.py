"""The whole way on a phone, with fingers."""

import io
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from editor import button, choose, fill, first
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from pliant import imageio
from pliant.types import Picture

SIZE = (320, 240)
SQUARE = (100, 80, 160, 140)
RED, GREEN = (200, 40, 40), (40, 120, 60)


def scene() -> Picture:
    """A red square on green."""
    pixels = np.full((SIZE[1], SIZE[0], 3), GREEN, np.uint8)
    x0, y0, x1, y1 = SQUARE
    pixels[y0:y1, x0:x1] = RED
    return Picture(pixels)


class Fingers:
    """Fingers on the screen, in CSS pixels of it, and the photo as large as life or as it was zoomed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)
        box = page.locator("#canvas").bounding_box()
        assert box is not None
        self.middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The screen's point at a place of the photo, which stands fitted in the middle of the stage."""
        return self.middle[0] + x - (SIZE[0] - 1) / 2, self.middle[1] + y - (SIZE[1] - 1) / 2

    def put(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def drag(self, *way: tuple[float, float], steps: int = 8) -> None:
        self.put("touchStart", way[0])
        for (x0, y0), (x1, y1) in pairwise(way):
            for share in np.linspace(0, 1, steps + 1)[1:].tolist():
                self.put("touchMove", (x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
        self.put("touchEnd")

    def pinch(self, apart: float, wider: float, steps: int = 8) -> None:
        """Two fingers around the middle of the stage, `apart` pixels from each other and then `wider`."""
        x, y = self.middle

        def pair(span: float) -> list[tuple[float, float]]:
            return [(x - span / 2, y), (x + span / 2, y)]

        self.put("touchStart", pair(apart)[0])
        self.put("touchStart", *pair(apart))
        for step in range(1, steps + 1):
            self.put("touchMove", *pair(apart + (wider - apart) * step / steps))
        self.put("touchEnd")

    def seen(self, point: tuple[float, float]) -> NDArray[np.int64]:
        clip = {"x": round(point[0]), "y": round(point[1]), "width": 1, "height": 1}
        shot = Image.open(io.BytesIO(self.page.screenshot(clip=clip))).convert("RGB")
        return np.asarray(shot, np.int64)[0, 0]

    def until_seen(self, point: tuple[float, float], colour: tuple[int, int, int] | None) -> None:
        """Wait until the screen shows `colour` at a point; None: a grey, as in the checker."""
        for _ in range(200):
            found = self.seen(point)
            if np.ptp(found) < 12 if colour is None else np.abs(found - colour).max() < 30:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.seen(point)} is shown.")


@pytest.fixture
def fingers(phone: Page) -> Fingers:
    first(phone)
    content: dict[str, Any] = {"name": "s.png", "mimeType": "image/png", "buffer": imageio.encode(scene(), "png")}
    choose(phone, content)
    expect(phone).to_have_title("s.png – Pliant")
    return Fingers(phone)


def take(page: Page, tool: str) -> None:
    button(page, tool).tap()
    expect(button(page, tool)).to_have_attribute("aria-pressed", "true")


def paint(fingers: Fingers) -> None:
    take(fingers.page, "Brush")
    rows = [fingers.at(x, y) for y in (90, 110, 130) for x in (100, 160)]
    fingers.drag(*rows)
    expect(button(fingers.page, "Undo paint")).to_be_visible()


def test_the_whole_way_with_a_finger(phone, fingers):
    paint(fingers)
    take(phone, "Pull")
    # The finger comes down beside the middle of the square, and on the arrow's end again later, not quite.
    fingers.drag(fingers.at(130, 110), fingers.at(170, 150))
    expect(fill(phone)).to_be_enabled()
    fingers.until_seen(fingers.at(95, 85), GREEN)  # filled when it was let go
    fingers.put("touchStart", fingers.at(182, 160))
    for step in range(1, 7):
        fingers.put("touchMove", fingers.at(182 + 5 * step, 160))
    fingers.until_seen(fingers.at(95, 85), None)
    fingers.until_seen(fingers.at(222, 140), RED)
    fingers.put("touchEnd")
    fingers.until_seen(fingers.at(95, 85), GREEN)
    expect(button(phone, "Save")).to_be_enabled()
    with phone.expect_download() as download:
        button(phone, "Save").tap()
    saved = imageio.load(download.value.path())
    assert np.abs(saved.pixels[140, 222].astype(int) - RED).max() < 30


def test_two_fingers_zoom_and_leave_no_stroke(phone, fingers):
    take(phone, "Brush")
    edge = fingers.at(159.5, 110)
    away = edge[0] - fingers.middle[0]
    fingers.pinch(60, 120)
    # Twice as large around the middle of the stage: the square's right edge is twice as far from it.
    x, y = fingers.middle
    fingers.until_seen((x + 2 * away - 6, y - 20), RED)
    fingers.until_seen((x + 2 * away + 6, y - 20), GREEN)
    expect(button(phone, "Undo open s.png")).to_be_visible()
    assert phone.evaluate("[scrollX, scrollY, visualViewport.scale]") == [0, 0, 1]


def test_a_second_finger_ends_a_stroke_that_has_just_begun(phone, fingers):
    take(phone, "Brush")
    x, y = fingers.at(60, 200)
    fingers.put("touchStart", (x, y))
    fingers.put("touchMove", (x + 4, y))
    fingers.put("touchStart", (x + 4, y), (x + 80, y))
    fingers.put("touchMove", (x, y), (x + 84, y))
    fingers.put("touchEnd")
    expect(button(phone, "Undo open s.png")).to_be_visible()


def test_a_finger_reaches_what_a_mouse_would_miss(phone, fingers):
    paint(fingers)
    take(phone, "Pull")
    fingers.drag(fingers.at(130, 110), fingers.at(200, 60))
    expect(button(phone, "Undo pull")).to_be_visible()
    take(phone, "Move")
    fingers.drag(fingers.at(216, 70), fingers.at(226, 60))
    expect(phone.get_by_role("button", name="Arrow 1 of part 1, end, at 210, 50")).to_be_attached()
