"""The editor's page as its tests handle it: by the roles and names that a user meets."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect
from served import document, photo

PHOTO: dict[str, Any] = {"name": "ramp.png", "mimeType": "image/png", "buffer": photo()}
EDIT: dict[str, Any] = {
    "name": "edit.json",
    "mimeType": "application/json",
    "buffer": json.dumps(document()).encode(),
}


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def fill(page: Page) -> Locator:
    return button(page, "Fill")


def choose(page: Page, file: dict[str, Any]) -> None:
    """Open a file by the picker."""
    page.get_by_label("Open a photo or an edit").set_input_files(file)


def first(page: Page) -> Page:
    """The page as a newcomer gets it: the example, ready to be pulled."""
    page.goto("/")
    expect(page).to_have_title("lighthouse.jpg – Pliant")
    expect(fill(page)).to_be_enabled()
    return page


def pulled(page: Page) -> Page:
    """A small photo with an edit that is complete."""
    first(page)
    choose(page, PHOTO)
    expect(page).to_have_title("ramp.png – Pliant")
    choose(page, EDIT)
    expect(fill(page)).to_be_enabled()
    return page


def filled(page: Page) -> Page:
    """The same, and its result."""
    fill(pulled(page)).click()
    expect(button(page, "Save")).to_be_enabled()
    return page
