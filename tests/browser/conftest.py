"""Chromium without a window, its WebGL drawn by software, and pages of it that notice what goes wrong."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import outside
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from served import serving

from pliant.serve.settings import Settings

FLAGS = [
    "--use-angle=swiftshader-webgl",
    "--enable-unsafe-swiftshader",
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}


class Watch:
    """What pages complained about, and whom they asked beside their own server."""

    def __init__(self, address: str) -> None:
        self.found: list[str] = []
        self._address = address
        self._expected: list[str] = []

    def attach(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.found.append(f"uncaught: {error.error}"))
        context.on("request", self._request)

    def expect(self, pattern: str) -> None:
        """Complaints in which the regular expression `pattern` is found are part of the test."""
        self._expected.append(pattern)

    @property
    def unexpected(self) -> list[str]:
        return [line for line in self.found if not any(re.search(pattern, line) for pattern in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        # Without a graphics card the browser itself reads every frame back, and complains about it.
        if message.type in ("error", "warning") and "GPU stall due to ReadPixels" not in message.text:
            self.found.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self._address, "data:", f"blob:{self._address}")):
            self.found.append(f"asked {request.url}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the whole session: while playwright runs, its event loop is this thread's.
    path = outside.chromium()
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def settings() -> Settings:
    """How the server is set up; a test module may have another."""
    return Settings(port=0)


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    """A server, and where it is."""
    with serving(settings) as (made, _):
        yield made


@pytest.fixture
def watch(address: str) -> Iterator[Watch]:
    """What goes wrong in the pages' consoles, policies and requests; anything unexpected fails the test."""
    made = Watch(address)
    yield made
    assert made.unexpected == []


@pytest.fixture
def opened(browser: Browser, address: str, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Opens an empty page on a screen of its own, for example `opened(**DESKTOP, color_scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def open_page(**screen: Any) -> Page:
        context = browser.new_context(base_url=address, reduced_motion="reduce", **screen)
        context.set_default_timeout(15_000)
        watch.attach(context)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(opened: Callable[..., Page]) -> Page:
    """An empty page on a desktop; `page.goto("/")` opens the editor."""
    return opened(**DESKTOP)


@pytest.fixture
def phone(opened: Callable[..., Page]) -> Page:
    """An empty page on a phone with a touch screen."""
    return opened(**PHONE)


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, to be given to `page.evaluate`."""
    return (outside.package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
