"""The stage: what it draws, pixel by pixel, and what hands and keys do on it."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from editor import button, choose, fill, first
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

import pliant
from pliant import imageio
from pliant.layer import paint
from pliant.types import Picture
from pliant.warp.warper import Warper

SIZE = (320, 240)
SQUARE = (100, 80, 160, 140)
RED, GREEN = (200, 40, 40), (40, 120, 60)


def scene() -> Picture:
    """A red square on green."""
    pixels = np.full((SIZE[1], SIZE[0], 3), GREEN, np.uint8)
    x0, y0, x1, y1 = SQUARE
    pixels[y0:y1, x0:x1] = RED
    return Picture(pixels)


def ramps() -> Picture:
    """Colours that tell where a pixel comes from: red and green rise by about one for each pixel, blue is even."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    return Picture(np.stack([x * 0.75 + 8, y + 8, np.full_like(x, 60)], axis=2).astype(np.uint8))


def file(picture: Picture) -> dict[str, Any]:
    return {"name": "scene.png", "mimeType": "image/png", "buffer": imageio.encode(picture, "png")}


def document(*regions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": 1, "size": list(SIZE), "regions": list(regions), **more}


def part(**more: Any) -> dict[str, Any]:
    """The square with a rim, pulled to the right."""
    drag = {"from": [130, 110], "to": [200, 110]}
    return {"region": {"box": [95, 75, 165, 145]}, "drags": [drag], "deform": "rigid", **more}


# -------------------------------------------------------------------------------------------- hands and eyes


class Stage:
    """The stage with a photo as large as life in its middle, and a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page
        box = page.locator("#canvas").bounding_box()
        assert box is not None
        self.left = box["x"] + (box["width"] - SIZE[0]) / 2
        self.top = box["y"] + (box["height"] - SIZE[1]) / 2

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x + 0.5, self.top + y + 0.5

    def move(self, x: float, y: float, steps: int = 1) -> None:
        self.page.mouse.move(*self.at(x, y), steps=steps)

    def drag(self, *way: tuple[float, float], steps: int = 8) -> None:
        self.move(*way[0])
        self.page.mouse.down()
        for place in way[1:]:
            self.move(*place, steps=steps)
        self.page.mouse.up()

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.at(x, y))

    def shown(self) -> NDArray[np.int64]:
        """The photo's pixels as the screen shows them, without what is drawn over them."""
        marks = "document.querySelector('.marks').style.setProperty('display', '%s')"
        self.page.evaluate(marks % "none")
        clip = {"x": round(self.left), "y": round(self.top), "width": SIZE[0], "height": SIZE[1]}
        shot = Image.open(io.BytesIO(self.page.screenshot(clip=clip))).convert("RGB")
        self.page.evaluate(marks % "block")
        return np.asarray(shot, np.int64)

    def sees(self, x: int, y: int, colour: tuple[int, int, int] | None) -> bool:
        """Whether `colour` is shown at a place of the unzoomed photo; None: a grey, as in the checker."""
        found = self.shown()[y, x]
        return bool(np.ptp(found) < 12) if colour is None else bool(np.abs(found - colour).max() < 30)

    def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(200):
            if holds():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("It did not come to that.")

    def until_seen(self, x: int, y: int, colour: tuple[int, int, int] | None) -> None:
        self.until(lambda: self.sees(x, y, colour))


def opened(page: Page, picture: Picture | None = None, *regions: dict[str, Any], **more: Any) -> Stage:
    """A photo, and an edit of it where there are regions; filled by hand."""
    first(page)
    choose(page, file(picture or scene()))
    expect(page).to_have_title("scene.png – Pliant")
    page.get_by_role("switch", name="Fill when I let go").uncheck(force=True)
    if regions:
        text = json.dumps(document(*regions, **more))
        choose(page, {"name": "edit.json", "mimeType": "application/json", "buffer": text.encode()})
        expect(page.locator(".item-row")).to_have_count(len(regions) + len(more))
    return Stage(page)


def grips(page: Page) -> Locator:
    """Arrow ends and pins, as who does not see the stage finds them."""
    return page.get_by_role("list", name="Arrow ends and pins").get_by_role("button")


def last_step(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^(Undo |Nothing to undo)"))


def expect_step(page: Page, label: str) -> None:
    expect(last_step(page)).to_have_accessible_name(f"Undo {label}", ignore_case=True)


# ------------------------------------------------------------------------------------------------ what is drawn

FOLDING = {
    "region": {"box": [60, 60, 200, 180]},
    "drags": [{"from": [90, 120], "to": [180, 122]}, {"from": [165, 120], "to": [80, 118]}],
    "deform": "elastic",
}
TURNING = {
    "region": {"box": [60, 60, 180, 180]},
    "drags": [{"from": [80, 120], "to": [100, 90]}, {"from": [160, 120], "to": [200, 150]}],
    "deform": "rigid",
}
HELD = {
    "region": {"box": [60, 60, 200, 180]},
    "drags": [{"from": [120, 120], "to": [150, 132]}],
    "edge": "pinned",
    "deform": "membrane",
}


@pytest.mark.parametrize("region", [TURNING, FOLDING, HELD], ids=["turning", "folding", "held"])
def test_the_bend_is_what_the_server_paints(page, region):
    picture = ramps()
    preview = Warper(picture).preview(pliant.document.loads(json.dumps(document(region))))
    assert (sum(layer.folded for layer in preview.layers) > 200) == (region is FOLDING)
    wanted = np.array(picture.pixels)
    paint(wanted, preview.layers)
    coverage = np.zeros(wanted.shape[:2], np.uint8)
    for layer in preview.layers:
        np.maximum(coverage[layer.box.slices], layer.coverage, out=coverage[layer.box.slices])

    stage = opened(page, picture, region)
    vacated = np.zeros(coverage.shape, np.uint8)
    x0, y0, x1, y1 = region["region"]["box"]
    vacated[y0:y1, x0:x1] = coverage[y0:y1, x0:x1] == 0
    vacated = cv2.erode(vacated, np.ones((3, 3), np.uint8))
    stage.until(lambda: _agrees(stage.shown(), wanted, coverage, vacated > 0))


def _agrees(
    shown: NDArray[np.int64], wanted: NDArray[np.uint8], coverage: NDArray[np.uint8], vacated: NDArray[np.bool_]
) -> bool:
    """The part where it is, the checker where it was, the photo elsewhere; the live mesh is a little coarser."""
    close = np.abs(shown - wanted).max(axis=2) <= 4
    grey = np.ptp(shown, axis=2) < 12
    beside = (coverage == 0) & ~vacated
    moved, kept = np.mean(close[coverage == 255]), np.mean(close[beside])
    return bool(moved > 0.98 and kept > 0.98 and grey[vacated].all())


def test_what_tears_is_striped_where_the_part_was(page):
    region = {**TURNING, "drags": [{"from": [80, 120], "to": [64, 120]}, {"from": [120, 120], "to": [170, 120]}]}
    picture, edit = ramps(), pliant.document.loads(json.dumps(document({**region, "deform": "elastic"})))
    whole, torn = (Warper(picture).preview(edit, tear=tear).layers[0] for tear in (None, 1.6))
    gone = cv2.erode(((whole.coverage == 255) & (torn.coverage == 0)).astype(np.uint8), np.ones((5, 5), np.uint8))
    assert gone.sum() > 200
    stage = opened(page, picture, {**region, "deform": "elastic"})
    page.get_by_text("More", exact=True).click()
    page.get_by_role("spinbutton", name="tear").fill("1.6")
    page.keyboard.press("Tab")
    rows, columns = np.nonzero(gone)
    places = rows + torn.box.y0, columns + torn.box.x0
    stage.until(lambda: bool(np.mean(np.ptp(stage.shown()[places], axis=1) < 12) > 0.95))
    assert len(np.unique(stage.shown()[places][:, 0] // 64)) > 1  # two greys


def test_a_part_that_rests_leaves_no_trace(page):
    still = part(drags=[{"from": [130, 110], "to": [130, 110]}])
    stage = opened(page, ramps(), still)
    button(page, "Pull").click()
    stage.until(lambda: bool(np.abs(stage.shown() - ramps().pixels).max() <= 2))


def test_what_is_protected_stays_in_front(page):
    stage = opened(page, None, part(), protect={"box": [190, 0, 320, 240]})
    button(page, "Pull").click()
    stage.until_seen(185, 110, RED)
    assert stage.sees(205, 110, GREEN)
    stage.until_seen(110, 90, None)


def test_what_is_transparent_is_not_taken_for_vacated(page):
    pixels = np.dstack([scene().pixels, np.full(SIZE[::-1], 255, np.uint8)])
    pixels[150:, :, 3] = 0
    stage = opened(page, Picture(pixels), part())
    stage.until_seen(110, 90, None)
    shown = stage.shown()
    assert np.ptp(shown[80:140, 96:125], axis=(0, 1)).min() > 60
    assert np.ptp(shown[160:230, 40:280], axis=(0, 1)).max() < 30
    assert shown[160:230].min() > 200


def test_the_graphics_card_can_be_lost(page):
    stage = opened(page, None, part())
    stage.until_seen(185, 110, RED)
    page.evaluate(
        "window.card = document.querySelector('.paint').getContext('webgl2').getExtension('WEBGL_lose_context')"
    )
    page.evaluate("card.loseContext()")
    stage.until(lambda: not stage.sees(185, 110, RED))
    stage.drag((200, 110), (220, 110))
    page.evaluate("card.restoreContext()")
    stage.until_seen(205, 110, RED)
    stage.until_seen(110, 90, None)


def test_without_webgl_the_server_draws(opened_without_webgl):
    stage = opened(opened_without_webgl, None, part())
    stage.until_seen(185, 110, RED)
    stage.until_seen(110, 90, None)
    stage.drag((200, 110), (240, 110))
    stage.until_seen(225, 110, RED)


@pytest.fixture
def opened_without_webgl(page: Page) -> Page:
    page.add_init_script(
        """const get = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
            return kind === "webgl2" ? null : get.call(this, kind, ...more);
        };"""
    )
    return page


def test_before_and_after_are_divided_by_a_slider(page):
    stage = opened(page, None, part())
    stage.until_seen(185, 110, RED)
    button(page, "Compare with a slider").click()
    line = page.get_by_role("slider", name="Before and after")
    expect(line).to_have_attribute("aria-valuenow", "50")
    stage.until_seen(110, 90, RED)
    assert stage.sees(185, 110, RED)
    line.press("Home")
    stage.until_seen(110, 90, None)
    box = line.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(stage.at(300, 0)[0], box["y"] + 20, steps=5)
    page.mouse.up()
    stage.until_seen(185, 110, GREEN)
    page.locator(".surface").focus()
    page.keyboard.press("Escape")
    expect(line).to_be_hidden()


# ------------------------------------------------------------------------------------------------------ the view


def test_the_wheel_zooms_where_the_pointer_is_and_pans(page):
    stage = opened(page)
    x, y = stage.at(160, 110)  # the square's right edge
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    for _ in range(4):
        page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    # 2.7 times as large, the edge still where it was: what was 40 pixels left of it is now 108 away.
    stage.until(lambda: _beside(stage, x - 90, y) == "red" and _beside(stage, x + 6, y) == "green")
    assert _beside(stage, x - 6, y) == "red"
    page.mouse.wheel(40, 0)
    stage.until(lambda: _beside(stage, x - 34, y) == "green" and _beside(stage, x - 46, y) == "red")
    page.keyboard.press("Control+1")
    page.keyboard.press("Control+0")
    stage.until(lambda: _beside(stage, x - 6, y) == "red" and _beside(stage, x + 6, y) == "green")


def _beside(stage: Stage, x: float, y: float) -> str:
    clip = {"x": round(x), "y": round(y), "width": 1, "height": 1}
    red, green, _ = Image.open(io.BytesIO(stage.page.screenshot(clip=clip))).convert("RGB").getpixel((0, 0))
    return "red" if red > green + 40 else "green" if green > red + 40 else "other"


def test_space_moves_the_view_and_the_tool_comes_back(page):
    stage = opened(page)
    button(page, "Brush").click()
    stage.move(130, 110)
    page.keyboard.down("Space")
    stage.drag((130, 110), (150, 110))
    page.keyboard.up("Space")
    stage.until(lambda: _beside(stage, stage.at(175, 110)[0], stage.at(175, 110)[1]) == "red")
    expect(page.locator(".item-row")).to_have_count(0)
    stage.drag((150, 110), (170, 110))
    expect(page.locator(".item-row")).to_have_count(1)


# ------------------------------------------------------------------------------------------- arrows and pins


def test_a_pull_is_one_step_that_a_key_takes_back(page):
    stage = opened(page, None, part(drags=[{"from": [130, 110], "to": [130, 110]}]))
    page.keyboard.press("d")
    stage.drag((110, 90), (130, 84))
    expect_step(page, "pull")
    expect(grips(page)).to_have_text(
        [*["Arrow 1 of part 1, start, at 130, 110", "Arrow 1 of part 1, end, at 130, 110"],
         *["Arrow 2 of part 1, start, at 110, 90", "Arrow 2 of part 1, end, at 130, 84"]]
    )  # fmt: skip
    page.keyboard.press("Control+z")
    expect(grips(page)).to_have_count(2)
    page.keyboard.press("Control+Shift+Z")
    expect(grips(page)).to_have_count(4)


def test_a_bent_part_is_pulled_where_it_is_seen(page):
    stage = opened(page, None, part())
    stage.until_seen(185, 110, RED)
    button(page, "Pull").click()
    stage.drag((180, 90), (190, 80))
    expect(grips(page).nth(2)).to_have_text("Arrow 2 of part 1, start, at 110, 90")
    stage.drag((110, 130), (120, 140))
    expect(page.get_by_text("Press inside a part to pull it", exact=False)).to_be_visible()
    expect(grips(page)).to_have_count(4)


def test_a_click_that_changes_nothing_is_no_step(page):
    stage = opened(page, None, part())
    before = last_step(page).get_attribute("aria-label")
    for tool in ("Move", "Pull"):
        button(page, tool).click()
        for place in ((200, 110), (130, 110), (150, 130), (20, 20)):
            stage.click(*place)
    button(page, "Eraser").click()
    stage.click(250, 40)
    assert last_step(page).get_attribute("aria-label") == before


def test_nudges_in_a_burst_are_one_step(page):
    stage = opened(page, None, part())
    button(page, "Move").click()
    stage.click(200, 110)
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(grips(page).nth(1)).to_have_text("Arrow 1 of part 1, end, at 202, 119")
    expect_step(page, "move handle")
    page.keyboard.press("Control+z")
    expect(grips(page).nth(1)).to_have_text("Arrow 1 of part 1, end, at 200, 110")


def test_a_rectangle_picks_and_delete_removes(page):
    stage = opened(page, None, part(pins=[[110, 90], [150, 130]]))
    button(page, "Move").click()
    stage.drag((104, 84), (116, 96))
    page.keyboard.press("Delete")
    expect(grips(page)).to_have_count(3)
    stage.drag((104, 84), (156, 136))
    page.keyboard.press("Backspace")
    expect(grips(page)).to_have_count(0)
    expect_step(page, "delete 2 handles")
    page.keyboard.press("Control+z")
    expect(grips(page)).to_have_count(3)


def test_several_are_moved_at_once_and_what_holds_stays_inside(page):
    stage = opened(page, None, part(pins=[[110, 90]]))
    button(page, "Move").click()
    stage.click(200, 110)
    page.keyboard.down("Shift")
    stage.click(110, 90)
    page.keyboard.up("Shift")
    stage.drag((200, 110), (270, 110))
    expect_step(page, "move 2 handles")
    expect(grips(page).nth(1)).to_have_text("Arrow 1 of part 1, end, at 270, 110")
    expect(grips(page).nth(2)).to_have_text(re.compile("Pin 1 of part 1, at 16[345], 90"))


def test_a_pin_holds(page):
    stage = opened(page, None, part())
    button(page, "Pin").click()
    stage.until_seen(185, 110, RED)
    stage.click(180, 90)
    expect(grips(page).nth(2)).to_have_text("Pin 1 of part 1, at 110, 90")
    stage.until_seen(108, 92, RED)
    stage.click(300, 20)
    expect(page.get_by_text("Click inside a part to pin that spot.")).to_be_visible()


def test_all_of_it_is_reached_by_keys(page):
    stage = opened(page, None, part())
    stage.click(300, 230)
    page.keyboard.press("Tab")
    expect(grips(page).nth(0)).to_be_focused()
    page.keyboard.press(".")
    expect(grips(page).nth(1)).to_be_focused()
    expect(grips(page).nth(1)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Shift+ArrowRight")
    expect(grips(page).nth(1)).to_have_text("Arrow 1 of part 1, end, at 210, 110")
    page.keyboard.press(",")
    page.keyboard.press("Delete")
    expect(grips(page)).to_have_count(0)


# -------------------------------------------------------------------------------------------------- selecting


def selected(stage: Stage) -> NDArray[np.bool_]:
    """What is shown as selected: the wash differs from the photo."""
    return np.abs(stage.shown() - scene().pixels).max(axis=2) > 15


def test_a_polygon_closes_in_three_ways_and_gives_up_in_one(page):
    stage = opened(page)
    corners = [(200, 40), (260, 40), (260, 90), (200, 90)]
    for close in ("enter", "first", "twice"):
        button(page, "Polygon").click()
        for place in corners:
            stage.click(*place)
            page.wait_for_timeout(400)  # two clicks are not one double click
        if close == "enter":
            page.keyboard.press("Enter")
        else:
            stage.click(*corners[0 if close == "first" else -1])
            if close == "twice":
                stage.click(*corners[-1])
        expect_step(page, "polygon")
        stage.until(lambda: bool(selected(stage)[45:86, 205:256].all()))
        assert not selected(stage)[100:].any()
        page.keyboard.press("Control+z")
        expect(page.locator(".item-row")).to_have_count(0)
    for place in corners:
        stage.click(*place)
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator(".item-row")).to_have_count(0)


def test_strokes_add_take_away_and_go_straight(page):
    stage = opened(page)
    button(page, "Brush").click()
    stage.drag((50, 200), (90, 200))
    stage.until(lambda: bool(selected(stage)[200, 50:91].all()))
    page.keyboard.down("Shift")
    stage.click(250, 200)
    page.keyboard.up("Shift")
    stage.until(lambda: bool(selected(stage)[200, 50:251].all()))
    page.keyboard.down("Alt")
    stage.drag((150, 180), (150, 220))
    page.keyboard.up("Alt")
    stage.until(lambda: not selected(stage)[200, 150])
    assert selected(stage)[200, [50, 250]].all()
    expect_step(page, "erase")


def test_esc_takes_a_stroke_back(page):
    stage = opened(page)
    button(page, "Brush").click()
    stage.move(50, 200)
    page.mouse.down()
    stage.move(150, 200, steps=8)
    stage.until(lambda: bool(selected(stage)[200, 100]))
    page.keyboard.press("Escape")
    stage.until(lambda: not selected(stage).any())
    stage.move(200, 200, steps=3)
    page.mouse.up()
    expect(page.locator(".item-row")).to_have_count(0)


def test_a_box_and_a_lasso_select(page):
    stage = opened(page)
    button(page, "Box").click()
    stage.drag((199.6, 29.6), (250.4, 60.4))
    stage.until(lambda: bool(selected(stage)[31:59, 202:249].all()))
    assert not selected(stage)[:, :199].any()
    button(page, "Lasso").click()
    stage.drag((30, 160), (90, 160), (90, 220), (30, 220), (30, 162))
    stage.until(lambda: bool(selected(stage)[165:215, 35:85].all()))
    expect_step(page, "lasso")
    expect(page.locator(".item-row")).to_have_count(1)
    expect(fill(page)).to_be_disabled()


# --------------------------------------------------------------------------------------------------------- keys


def test_keys_choose_tools_but_not_while_one_writes(page):
    opened(page, None, part())
    page.keyboard.press("e")
    expect(button(page, "Eraser")).to_have_attribute("aria-pressed", "true")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("spinbutton", name="Seed").press_sequentially("v[?w")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(button(page, "Eraser")).to_have_attribute("aria-pressed", "true")
    slider = page.get_by_role("slider", name="Strength")
    slider.focus()
    slider.press("ArrowLeft")
    expect(slider).not_to_have_value("100")
    expect(grips(page).nth(1)).to_have_text("Arrow 1 of part 1, end, at 200, 110")


def test_the_original_is_seen_while_a_key_is_held(page):
    stage = opened(page, None, part())
    stage.until_seen(185, 110, RED)
    page.keyboard.down("\\")
    stage.until_seen(110, 90, RED)
    assert stage.sees(185, 110, GREEN)
    page.keyboard.up("\\")
    stage.until_seen(110, 90, None)
