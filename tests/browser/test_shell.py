"""The page around the stage: bars, rail, panel, dialogs, files in and out."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from editor import PHOTO, button, choose, fill, filled, first, pulled
from PIL import Image
from playwright.sync_api import Page, expect
from served import photo, picture

import pliant
from pliant.imageio import read_edit
from pliant.serve.settings import Settings

NO_PICTURE = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"not a picture"}


def give(page: Page, kind: str, name: str, content: bytes) -> None:
    """Files that come by the clipboard or are dropped, as the browser would hand them over."""
    page.evaluate(
        """([kind, name, content]) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const files = new DataTransfer();
            files.items.add(new File([bytes], name, { type: "image/png" }));
            const options = { bubbles: true, cancelable: true };
            const event = kind === "paste"
                ? new ClipboardEvent(kind, { ...options, clipboardData: files })
                : new DragEvent(kind, { ...options, dataTransfer: files });
            document.body.dispatchEvent(event);
        }""",
        [kind, name, base64.b64encode(content).decode()],
    )


# --------------------------------------------------------------------------------------------- first run


def test_a_newcomer_finds_an_arrow_to_pull(page):
    first(page)
    expect(page.get_by_text("768 × 510")).to_be_visible()
    expect(page.get_by_text("1 arrow, 3 pins")).to_be_visible()
    expect(page.get_by_role("note", name="First steps")).to_contain_text("Drag the glowing end of the arrow.")
    expect(page.locator(".beacon")).to_be_visible()
    expect(button(page, "Pull")).to_have_attribute("aria-pressed", "true")
    expect(button(page, "Save")).to_be_disabled()
    expect(button(page, "Nothing to undo")).to_be_disabled()


def test_the_first_steps_go_and_stay_away(page):
    first(page)
    button(page, "Close the first steps").click()
    expect(page.get_by_role("note")).to_have_count(0)
    expect(page.locator(".beacon")).to_be_hidden()
    page.reload()
    expect(page.get_by_text("lighthouse.jpg")).to_be_visible()
    expect(page.get_by_role("note")).to_have_count(0)


def test_a_photo_without_parts_says_what_to_do(page):
    first(page)
    choose(page, PHOTO)
    expect(page.get_by_text("Nothing marked yet.")).to_be_visible()
    expect(page.get_by_text("Paint a part first")).to_be_visible()
    expect(fill(page)).to_be_disabled()
    button(page, "Paint a part").click()
    expect(button(page, "Brush")).to_have_attribute("aria-pressed", "true")


# ------------------------------------------------------------------------------------------- files, in and out


def test_a_photo_comes_by_the_picker(page):
    first(page)
    choose(page, PHOTO)
    expect(page.get_by_text("ramp.png")).to_be_visible()
    expect(page.get_by_text("64 × 48")).to_be_visible()
    assert page.title() == "ramp.png – Pliant"


def test_a_photo_comes_by_dropping_it(page):
    first(page)
    give(page, "dragenter", "ramp.png", photo())
    expect(page.get_by_text("Drop a photo or an edit")).to_be_visible()
    give(page, "drop", "ramp.png", photo())
    expect(page.get_by_text("Drop a photo or an edit")).to_have_count(0)
    expect(page.get_by_text("64 × 48")).to_be_visible()


def test_a_photo_comes_by_the_clipboard_but_not_into_a_field(page):
    first(page)
    give(page, "paste", "ramp.png", photo())
    expect(page.get_by_text("64 × 48")).to_be_visible()


def test_what_is_no_picture_is_said_and_stays_until_dismissed(page, watch):
    watch.expect("415")  # the server was asked whether it can read it
    first(page)
    page.clock.install()
    choose(page, NO_PICTURE)
    said = page.locator(".notice.error")
    expect(said).to_contain_text("notes.txt")
    page.clock.run_for(60_000)
    button(page, "Dismiss").click()
    expect(said).to_have_count(0)
    expect(page.get_by_text("lighthouse.jpg")).to_be_visible()


def test_save_gives_a_png_that_holds_its_edit(page, tmp_path):
    filled(page)
    with page.expect_download() as download:
        button(page, "Save").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    assert saved.suffix == ".png"
    edit = read_edit(saved)
    assert edit is not None
    assert edit.regions[0].drags[0].target == (40, 26)
    expected = pliant.apply(picture(), edit, seed=7)
    assert np.array_equal(pliant.load(saved).pixels, expected.picture.pixels)


@pytest.mark.parametrize(("name", "form"), [("JPEG", "JPEG"), ("WebP", "WEBP")])
def test_save_as(page, tmp_path, name, form):
    filled(page)
    button(page, "More ways to save").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(f"^{name}")).click()
    with Image.open(download.value.path()) as saved:
        assert (saved.format, saved.size) == (form, (64, 48))
    assert Path(download.value.suggested_filename).suffix == {"JPEG": ".jpg", "WEBP": ".webp"}[form]


def test_copy_gives_the_result(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    filled(page)
    button(page, "Copy Result 1").click()
    expect(page.get_by_text("Picture copied.")).to_be_visible()
    content = page.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read();
            const bytes = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
            return btoa(String.fromCharCode(...bytes));
        }"""
    )
    assert Image.open(io.BytesIO(base64.b64decode(content))).size == (64, 48)


def test_the_edit_document_is_downloaded(page):
    pulled(page)
    button(page, "More ways to save").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download edit document").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert pliant.document.loads(text).regions[0].drags[0].target == (40, 26)


# ------------------------------------------------------------------------------------------------- panel


def test_undo_says_what_it_undoes(page):
    pulled(page)
    page.get_by_label("Border stays").check()
    expect(button(page, "Undo change edge")).to_be_enabled()
    expect(button(page, "Bends membrane")).to_be_visible()
    button(page, "Undo change edge").click()
    expect(button(page, "Redo change edge")).to_be_enabled()
    expect(page.get_by_label("Moves freely")).to_be_checked()


def test_a_slider_is_one_step(page):
    pulled(page)
    strength = page.get_by_role("slider", name="Strength")
    strength.focus()
    box = strength.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()
    assert 40 <= int(strength.input_value()) <= 60
    button(page, "Undo change strength").click()
    expect(strength).to_have_value("100")


def test_parts_are_listed_front_first_and_can_change_places(page):
    pulled(page)
    button(page, "New region pair").click()
    names = page.locator(".item-words b")
    expect(names.first).to_have_text("Part 2")
    expect(page.get_by_text("Part 2: paint what is taken, or delete it")).to_be_visible()
    expect(fill(page)).to_be_disabled()
    button(page, "Send Part 2 back").click()
    expect(page.locator(".item-row").first).to_contain_text("1 arrow")
    button(page, "Delete Part 1").click()
    expect(page.locator(".item-row")).to_have_count(1)
    button(page, "Undo delete Part 1").click()
    expect(page.locator(".item-row")).to_have_count(2)


def test_the_shape_of_a_part_changes(page):
    pulled(page)
    button(page, "Grow").click()
    expect(button(page, "Undo grow")).to_be_enabled()
    amount = page.get_by_label("Pixels by which the shape changes")
    amount.fill("5000")
    amount.blur()
    expect(amount).to_have_value("200")
    button(page, "Clear").click()
    expect(page.get_by_text("Nothing painted yet")).to_be_visible()


def test_what_cannot_run_is_listed_with_the_reason(page):
    first(page)
    button(page, "Paint with patchmatch").click()
    choices = page.locator("#filler .choice")
    off = page.locator("#filler .choice.off")
    assert 0 < off.count() < choices.count()
    for choice in off.all():
        expect(choice.get_by_role("radio")).to_be_disabled()
        assert re.search(r"pip install|--filler|Not ", choice.locator("i").inner_text())
    page.get_by_role("radio", name="telea").check()
    page.keyboard.press("Escape")
    expect(button(page, "Paint with telea")).to_be_visible()
    expect(button(page, "Undo change filler")).to_be_enabled()


def test_results_can_be_shown_left_and_deleted(page):
    filled(page)
    expect(button(page, "Save")).to_be_enabled()
    button(page, "Photo with the live bend").click()
    expect(button(page, "Photo with the live bend")).to_have_attribute("aria-pressed", "true")
    page.locator(".result .item-main").click(position={"x": 20, "y": 20})
    expect(page.locator(".result")).to_have_attribute("data-chosen", "true")
    button(page, "Delete Result 1").click()
    expect(page.get_by_text("What you fill is kept here, newest first.")).to_be_visible()


def test_a_result_can_become_the_photo(page):
    filled(page)
    button(page, "Continue from Result 1: it becomes the photo").click()
    expect(page.get_by_text("Nothing marked yet.")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("1 arrow", exact=True)).to_be_visible()


# ---------------------------------------------------------------------------------------------- the rest


def test_the_theme_is_kept(page):
    first(page)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    button(page, "Dark theme").click()
    dark = page.evaluate(ground)
    assert light != dark
    page.reload()
    expect(button(page, "Light theme")).to_be_visible()
    assert page.evaluate(ground) == dark


def test_the_theme_of_the_system_is_followed(page):
    page.emulate_media(color_scheme="dark")
    first(page)
    expect(button(page, "Light theme")).to_be_visible()
    page.emulate_media(color_scheme="light")
    expect(button(page, "Dark theme")).to_be_visible()


def test_the_key_sheet_comes_and_goes(page):
    first(page)
    sheet = page.get_by_role("dialog", name="Keys")
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    for what in ("Brush", "Undo", "Fit the photo", "Save"):
        expect(sheet.get_by_text(what, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    button(page, "Keys").click()
    expect(sheet).to_be_visible()


def test_the_original_is_shown_while_held_and_beside(page):
    filled(page)
    eye = button(page, "Hold to see the original")
    eye.hover()
    page.mouse.down()
    expect(eye).to_have_attribute("aria-pressed", "true")
    page.mouse.up()
    expect(eye).to_have_attribute("aria-pressed", "false")
    button(page, "Compare with a slider").click()
    expect(page.get_by_role("slider", name=re.compile("compare|before|original", re.IGNORECASE))).to_be_visible()


def test_without_its_server_the_page_works_on_and_it_comes_back(page, watch):
    watch.expect("ERR_FAILED")
    page.route("**/api/v1/**", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_text("The server is away. Your work stays")).to_be_visible()
    expect(page.get_by_text("1 arrow, 3 pins")).to_be_visible()
    expect(fill(page)).to_be_disabled()
    button(page, "Grow").click()
    expect(button(page, "Undo grow")).to_be_enabled()
    page.unroute("**/api/v1/**")
    expect(fill(page)).to_be_enabled(timeout=15_000)
    expect(page.get_by_text("The server is away. Your work stays")).to_have_count(0)


def test_a_phone_has_its_panel_as_a_sheet(phone):
    first(phone)
    parts = phone.get_by_role("heading", name="Parts")
    expect(parts).to_be_hidden()
    button(phone, "Open the panel").tap()
    expect(parts).to_be_visible()
    button(phone, "Close the panel").tap()
    expect(parts).to_be_hidden()


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_shows_all_and_reaches_it_with_a_thumb(opened, width):
    page = first(opened(viewport={"width": width, "height": 640}, has_touch=True, is_mobile=True))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("Open the panel", "Fill", "Brush", "Pull", "Hold to see the original", "More ways to save"):
        box = button(page, name).bounding_box()
        assert box["height"] >= 44, name
        assert box["width"] >= 36, name
        assert 0 <= box["y"] <= 640 - box["height"], name


class TestToken:
    @pytest.fixture
    def settings(self):
        return Settings(port=0, token="0123456789abcdefXYZ")

    def test_a_locked_server_asks_for_its_token(self, page, watch):
        watch.expect("401")
        page.goto("/")
        dialog = page.get_by_role("dialog", name="This server wants its token")
        expect(dialog).to_be_visible()
        dialog.get_by_label("Token").fill("0123456789abcdefXYZ")
        dialog.get_by_role("button", name="Go on").click()
        expect(fill(page)).to_be_enabled()


class TestPhoto:
    @pytest.fixture
    def settings(self, tmp_path):
        path = tmp_path / "ramp with ö.png"
        path.write_bytes(photo())
        return Settings(port=0, photo=path)

    def test_the_photo_that_the_server_was_started_with_is_opened(self, page):
        page.goto("/")
        expect(page.get_by_text("ramp with ö.png")).to_be_visible()
        expect(page.get_by_text("Nothing marked yet.")).to_be_visible()
