"""A filler that runs in another Pliant: a real server process."""

import re
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from pliant.compose import repaint, widen
from pliant.errors import CancelledError
from pliant.events import CancelToken, ignore
from pliant.fill.base import make_filler
from pliant.fill.remote.errors import RemoteAnswerError, RemoteRefusedError
from pliant.types import Picture

pytest.importorskip("pliant.serve.server")

TOKEN = "a-token-for-this-test"
SERVE = "from pliant.cli.main import main; main()"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where a `pliant serve` listens, without the scheme."""
    log = tmp_path_factory.mktemp("serve") / "log"
    flags = ["--port", "0", "--token", TOKEN]
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-c", SERVE, "serve", *flags], stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            line = process.stdout.readline()
            found = re.search(r"http://([\d.]+:\d+)", line)
            assert found, f"{line!r}: {log.read_text()}"
            yield found[1]
        finally:
            process.terminate()
            process.wait(20)


def photo(height=90, width=120) -> Picture:
    """A ramp with some grain."""
    grain = np.random.default_rng(4).integers(0, 30, (height, width, 3))
    return Picture((grain + np.linspace(0, 200, width)[None, :, None]).astype(np.uint8))


def blob(height=90, width=120):
    hole = np.zeros((height, width), bool)
    hole[30:60, 40:80] = True
    return hole


def filled(filler, *, seed=0, cancel=None):
    token = cancel or CancelToken()
    return filler.fill(photo(), blob(), seed=seed, on_event=ignore, cancel=token).pixels


@pytest.mark.parametrize("name", ["telea", "patchmatch"])
@pytest.mark.parametrize("prefix", ["", "pliant+"])
def test_it_paints_as_the_same_filler_does_here(address, name, prefix):
    there = make_filler(f"{prefix}http://{TOKEN}@{address}?filler={name}")
    box, weight = widen(blob(), 0)
    here = repaint(photo(), box, weight, make_filler(name), seed=3).pixels
    np.testing.assert_array_equal(filled(there, seed=3), here)


def test_it_keeps_all_else_and_repeats_itself(address):
    filler = make_filler(f"http://:{TOKEN}@{address}")
    first, second = filled(filler, seed=9), filled(filler, seed=9)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[~blob()], photo().pixels[~blob()])
    assert np.abs(first[blob()].mean() - photo().pixels[blob()].mean()) < 20


def test_the_token_is_asked_for(address):
    with pytest.raises(RemoteRefusedError, match="http://TOKEN@HOST:PORT") as caught:
        filled(make_filler(f"http://wrong-token-altogether@{address}"))
    assert "wrong" not in str(caught.value)


def test_its_problems_are_passed_on(address):
    with pytest.raises(RemoteRefusedError, match=r"There is no filler called 'nonsense'.*\[unknown_filler\]"):
        filled(make_filler(f"http://{TOKEN}@{address}?filler=nonsense"))


def test_it_is_not_taken_for_another(address):
    with pytest.raises((RemoteRefusedError, RemoteAnswerError)):
        filled(make_filler(f"iopaint+http://{TOKEN}@{address}"))


def test_cancelled_while_it_works(address):
    token, start = CancelToken(), time.monotonic()
    threading.Timer(0.05, token.cancel).start()
    large = Picture(np.tile(photo().pixels, (10, 10, 1)))
    hole = np.tile(blob(), (10, 10))
    with pytest.raises(CancelledError):
        make_filler(f"http://{TOKEN}@{address}").fill(large, hole, on_event=ignore, cancel=token)
    assert time.monotonic() - start < 5
