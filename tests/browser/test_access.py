"""What axe-core finds in the page, in all its states."""

from collections.abc import Callable
from typing import Any

import pytest
from editor import EDIT, PHOTO, button, choose, fill, first
from playwright.sync_api import Page, expect

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
SCREENS: dict[str, dict[str, Any]] = {
    "light": {**DESKTOP, "color_scheme": "light"},
    "dark": {**DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_serious(screen: str, opened: Callable[..., Page], axe: str):
    page = first(opened(**SCREENS[screen]))
    page.evaluate(axe)
    expect_nothing_serious(page, "first run")

    page.evaluate("document.getElementById('keys').showModal()")
    expect_nothing_serious(page, "key sheet")
    page.keyboard.press("Escape")

    if screen == "phone":
        button(page, "Open the panel").click()
    button(page, "Paint with patchmatch").click()
    expect_nothing_serious(page, "choice of fillers")
    page.keyboard.press("Escape")

    page.get_by_text("More", exact=True).click()
    button(page, "New region pair").click()
    expect(page.get_by_label("Seed", exact=True)).to_be_visible()
    expect_nothing_serious(page, "region pair, more options")

    choose(page, PHOTO)
    expect(page.get_by_text("Nothing marked yet.")).to_be_visible()
    expect_nothing_serious(page, "photo without parts")

    choose(page, EDIT)
    fill(page).click()
    expect(button(page, "Save")).to_be_enabled()
    expect_nothing_serious(page, "result")

    button(page, "Compare with a slider").click()
    button(page, "More ways to save").click()
    expect_nothing_serious(page, "comparison, ways to save")


def expect_nothing_serious(page: Page, state: str) -> None:
    found = page.evaluate("async () => (await axe.run()).violations")
    serious = [
        f"{one['id']}: {node['html'][:120]}: {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    assert serious == [], state
