"""A server on a port of its own, and what clients send to it."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import numpy as np
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from pliant import imageio
from pliant.document import loads
from pliant.events import Stage
from pliant.serve.app import create_app
from pliant.serve.job import Output
from pliant.serve.server import listening
from pliant.serve.settings import Settings
from pliant.types import Edit, Picture

API = "/api/v1"
HOME = "http://127.0.0.1:7860"
LIVE = "ws://127.0.0.1:7860/api/v1/preview"


def picture(seed: int = 0, size: tuple[int, int] = (64, 48)) -> Picture:
    y, x = np.mgrid[: size[1], : size[0]]
    return Picture(np.stack([(x * 4 + seed) % 256, y * 5 % 256, (x * 7 + y * 3) % 256], axis=2).astype(np.uint8))


def photo(seed: int = 0, form: str = "png") -> bytes:
    return imageio.encode(picture(seed), form)


def document(target: tuple[float, float] = (40, 26), **more: object) -> dict[str, object]:
    region = {"region": {"box": [20, 15, 40, 30]}, "drags": [{"from": [30, 22], "to": list(target)}]}
    return {"version": 1, "regions": [region], "seed": 7, **more}


def edit(target: tuple[float, float] = (40, 26), **more: object) -> Edit:
    return loads(json.dumps(document(target, **more)))


def mask(box: tuple[int, int, int, int] = (20, 15, 40, 30), size: tuple[int, int] = (64, 48)) -> bytes:
    pixels = np.zeros(size[::-1], np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    return imageio.encode(Picture(pixels), "png")


def sent(
    content: bytes | None = None, asked: object = None, **more: tuple[str, bytes]
) -> dict[str, tuple[str, bytes]]:
    """The files of a request with a photo and an edit."""
    text = json.dumps(document() if asked is None else asked).encode()
    return {"image": ("photo.png", photo() if content is None else content), "edit": ("edit.json", text), **more}


def client(settings: Settings | None = None, **options: object) -> TestClient:
    """A client of a server in this process, without a port."""
    return TestClient(create_app(settings or Settings()), base_url=HOME, **options)


@contextmanager
def serving(settings: Settings | None = None) -> Iterator[tuple[str, FastAPI]]:
    """A server with a port, in a thread: its address and the application."""
    settings = settings or Settings(port=0)
    listener = listening(settings)
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", app
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@contextmanager
def process(*flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`pliant serve` as a process of its own, and its address."""
    command = [sys.executable, "-W", "error", "-m", "pliant.cli.main", "serve", "--port", "0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as made:
        try:
            line = made.stdout.readline()
            found = re.match(r"Pliant is at (http://127\.0\.0\.1:\d+)/\S* \(", line)
            assert found, line + made.stderr.read()
            yield made, found[1]
        finally:
            made.kill()


def connection(address: str) -> httpx2.Client:
    return httpx2.Client(base_url=address, timeout=60, trust_env=False)


class Gate:
    """Work that begins, waits to be let through, and notices a cancel within a moment."""

    def __init__(self, content: bytes = b"done") -> None:
        self.begun = threading.Event()
        self.open = threading.Event()
        self.content = content

    def __call__(self, device, on_event, cancel):
        on_event(Stage(name="gate"))
        self.begun.set()
        while not self.open.wait(0.002):
            cancel.check()
        return Output(content=self.content, media_type="image/png", suffix="png", facts={"seed": 1})


def until(condition, seconds: float = 10.0) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.005)):
        if condition():
            return
        pause.wait(0.005)
    raise AssertionError("it did not happen in time")


def problem(answer, status: int, code: str) -> str:
    """Check that `answer` is that problem; gives its detail."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["title"]
    assert body["type"] == "about:blank"
    return body["detail"]
