"""The method's choice: what each takes, its options by name, and why one cannot run here."""

import pytest
from editor import button, first
from playwright.sync_api import Page, expect

from pliant.serve.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return Settings(port=0, engines=("fastdrag",))


def choose_method(page: Page, name: str) -> None:
    page.get_by_text("More", exact=True).click()
    button(page, "Method inpaint4drag").click()
    page.get_by_role("radio", name=name).check()
    page.keyboard.press("Escape")


def test_every_method_is_listed_and_those_not_here_with_the_reason(page):
    first(page)
    page.get_by_text("More", exact=True).click()
    button(page, "Method inpaint4drag").click()
    assert page.locator("#engine .choice").count() == 6
    expect(page.locator("#engine .choice.off")).to_have_count(4)
    for reason in page.locator("#engine .choice.off i").all_inner_texts():
        assert "--engine" in reason


def test_an_option_with_names_is_chosen_by_name(page):
    first(page)
    choose_method(page, "fastdrag")
    mode = page.get_by_role("group", name="mode")
    expect(mode.get_by_role("radio", name="drag")).to_be_checked()
    mode.get_by_role("radio", name="move").check()
    expect(mode.get_by_role("radio", name="move")).to_be_checked()
    expect(button(page, "Undo change mode")).to_be_enabled()


def test_a_region_pair_is_not_for_a_method_that_takes_none(page):
    first(page)
    choose_method(page, "fastdrag")
    button(page, "New region pair").click()
    expect(page.locator(".fill-need")).to_contain_text("fastdrag takes no region pairs")


def test_an_option_that_takes_other_text_has_no_field(page):
    first(page)
    choose_method(page, "fastdrag")
    expect(page.get_by_role("spinbutton", name="t_start")).to_be_visible()
    for name in ("model", "vae", "unet", "compat"):
        expect(page.get_by_label(name, exact=True)).to_have_count(0)
