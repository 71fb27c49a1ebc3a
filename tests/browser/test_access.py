"""What axe-core finds in the page, in all its states."""

from collections.abc import Callable
from typing import Any

import pytest
from editor import PHOTO, button, choose, filled, first
from playwright.sync_api import Page, expect

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
SCREENS: dict[str, dict[str, Any]] = {
    "light": {**DESKTOP, "color_scheme": "light"},
    "dark": {**DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


def empty(page: Page) -> None:
    choose(first(page), PHOTO)
    expect(page.get_by_text("Paint a part first")).to_be_visible()


def keys(page: Page) -> None:
    first(page).keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def fillers(page: Page) -> None:
    first(page)
    opened_panel(page)
    button(page, "Paint with patchmatch").click()
    expect(page.get_by_role("radio", name="telea")).to_be_attached()


def more(page: Page) -> None:
    first(page)
    opened_panel(page)
    page.get_by_text("More", exact=True).click()
    button(page, "New region pair").click()
    expect(page.get_by_label("Seed")).to_be_visible()


def results(page: Page) -> None:
    filled(page)
    opened_panel(page)


def compared(page: Page) -> None:
    filled(page)
    button(page, "Compare with a slider").click()


def opened_panel(page: Page) -> None:
    sheet = button(page, "Open the panel")
    if sheet.is_visible():
        sheet.click()


@pytest.mark.parametrize(
    "state", [first, empty, keys, fillers, more, results, compared], ids=lambda state: state.__name__
)
@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_serious(screen: str, state: Callable[[Page], object], opened: Callable[..., Page], axe: str):
    page = opened(**SCREENS[screen])
    state(page)
    page.evaluate(axe)
    found = page.evaluate("async () => (await axe.run()).violations")
    serious = [
        f"{one['id']}: {node['html'][:120]}: {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    assert serious == []
