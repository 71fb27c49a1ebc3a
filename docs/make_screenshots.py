"""Make the pictures of docs/editor.md: `python docs/make_screenshots.py` from the project's root.

Starts a server, opens its page in Chromium (`--browser PATH`, else the one on the search path), pulls the
example, and saves what is seen.
"""

import argparse
import io
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

OUT = Path(__file__).parent / "pictures"
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 1.5,
    "has_touch": True,
    "is_mobile": True,
}


@contextmanager
def served():
    """The address of a server that lives as long as the block."""
    command = [Path(sys.executable).with_name("pliant"), "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = next(filter(None, (re.search(r"http://\S+", line) for line in process.stdout)))
        yield found[0]
    finally:
        process.terminate()
        process.wait(30)


def pulled(page, by):
    """Drag the end of the example's arrow in small moves, and wait for the result."""
    expect(page.get_by_text("Drag the glowing end of the arrow.")).to_be_visible(timeout=60_000)
    box = page.locator(".beacon").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 21):
        page.mouse.move(x + by[0] * step / 20, y + by[1] * step / 20)
    page.mouse.up()
    expect(page.get_by_text("The result is there")).to_be_attached(timeout=120_000)
    page.mouse.move(4, 4)
    page.wait_for_timeout(600)


def write(page, name):
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(OUT / name, quality=86, optimize=True)
    print(OUT / name, picture.size, (OUT / name).stat().st_size)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", default=shutil.which("chromium") or shutil.which("google-chrome"))
    given = parser.parse_args()
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.browser)
        for name, options in (("light", DESKTOP), ("dark", DESKTOP), ("phone", PHONE)):
            theme = "dark" if name == "dark" else "light"
            page = browser.new_context(**options, color_scheme=theme).new_page()
            page.goto(address)
            pulled(page, (16, 4) if name == "phone" else (36, 10))
            write(page, f"editor-{name}.jpg")
        browser.close()


if __name__ == "__main__":
    main()
