"""Pointer to picture: how long after the pointer moved the editor shows the bend, without a graphics card.

    python benchmarks/live.py > benchmarks/results/live.md

Chromium (PLIANT_CHROMIUM, or the system's) draws WebGL by software, the server is another process. A handle is
moved in many small steps. Nothing in the page knows that it is measured: a script put in front of it notes when
pointer events come, what is sent and received, and, by a fence behind the drawing, when a frame with new vertices
is done.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from pydantic import TypeAdapter

import pliant
from pliant.document.parse import tree
from pliant.serve.preview import Live
from pliant.serve.schemas import EditMessage, Message, MoveMessage, OpenMessage
from pliant.serve.settings import Settings

SIDE, HANDLES, RADIUS = 1024, 10, 300
MOVES, WARM_UP, ROUND = 300, 60, 150
SWING = 60  # pixels on the screen between the handle and where it is pulled
# WebGL by software, and the page put together without it, as Chromium does where there is no graphics card.
FLAGS = ["--use-angle=swiftshader-webgl", "--enable-unsafe-swiftshader", "--no-sandbox"]
DEFORMERS = ("rigid", "elastic", "spline", "membrane")
PHOTO = Path(__file__).parents[1] / "examples" / "lighthouse.jpg"

NOTES = """
(() => {
  const notes = (window.notes = { pointers: [], sent: [], received: [], drawn: [] });
  const note = (event) => notes.pointers.push([event.timeStamp, event.clientX, event.clientY]);
  addEventListener("pointermove", note, true);

  const Plain = WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (kindOf(data) === 1) notes.received.push([performance.now(), seqOf(data)]);
      });
    }
    send(data) {
      notes.sent.push([performance.now(), data]);
      super.send(data);
    }
  };
  const kindOf = (data) => (data instanceof ArrayBuffer ? new DataView(data).getUint32(0) : 0);
  const seqOf = (data) => new DataView(data).getUint32(4, true);

  // The page draws in the order: vertices of a frame to the card, triangles, end of its animation frame.
  const gl = WebGL2RenderingContext.prototype;
  const { bufferData, drawElements } = gl;
  let uploaded = null, drawing = null;
  gl.bufferData = function (target, data, ...rest) {
    const ofFrame = ArrayBuffer.isView(data) && data.byteOffset === 12 && kindOf(data.buffer) === 1;
    if (ofFrame) uploaded = seqOf(data.buffer);
    return bufferData.call(this, target, data, ...rest);
  };
  gl.drawElements = function (...given) {
    if (uploaded !== null) drawing = this;
    return drawElements.apply(this, given);
  };
  const whenDone = (gl, fence, seq) => {
    const look = () => {
      if (gl.getSyncParameter(fence, gl.SYNC_STATUS) === gl.SIGNALED) notes.drawn.push([performance.now(), seq]);
      else setTimeout(look, 1);
    };
    gl.flush();
    setTimeout(look, 1);
  };
  const plainFrame = window.requestAnimationFrame;
  window.requestAnimationFrame = (draw) =>
    plainFrame.call(window, (time) => {
      draw(time);
      if (!drawing) return;
      whenDone(drawing, drawing.fenceSync(drawing.SYNC_GPU_COMMANDS_COMPLETE, 0), uploaded);
      uploaded = drawing = null;
    });
})();
"""


@dataclass(frozen=True)
class Row:
    """Milliseconds, over the moves after the warm-up."""

    deform: str
    pointer: Sequence[float]
    answer: Sequence[float]
    server: Sequence[float]
    vertices: int


def main() -> None:
    print("# Pointer to picture, measured\n")
    step, load = 2 * np.pi * SWING / ROUND, os.getloadavg()[0]
    print(
        f"`python benchmarks/live.py`: a {SIDE}x{SIDE} photo, a round region of radius {RADIUS} with {HANDLES} "
        f"handles,\none of them moved {MOVES} times by {step:.1f} pixels of a 1280x800 window. "
        f"{os.cpu_count()} cores for browser, renderer\nand server together",
        end="",
    )
    with TemporaryDirectory() as folder, served() as address, sync_playwright() as playwright:
        path = os.environ.get("PLIANT_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        rows = [measured(browser, address, deform, Path(folder)) for deform in DEFORMERS]
        print(f"; Chromium {browser.version},\n{renderer(browser, address)}.")
        print(f"Of other work on the machine, {load:.1f} processes wanted a core on average when it began.\n")
        browser.close()
    print("- Pointer to picture: from a pointer event to the end of drawing a frame with the vertices of that")
    print("  pointer position or of a later one, for every pointer event.")
    print("- Round trip: from sending a move to its vertices.")
    print("- Server: what the server computes for a move, from its text to the frame, replayed by itself.\n")
    print("| deformer | vertices | pointer to picture, ms | 95 % | round trip | 95 % | server | 95 % |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        cells = [f"{np.percentile(v, p):.1f}" for v in (row.pointer, row.answer, row.server) for p in (50, 95)]
        print(f"| {row.deform} | {row.vertices:,} | " + " | ".join(cells) + " |")


@contextmanager
def served() -> Iterator[str]:
    """The address of a server in a process of its own."""
    command = [sys.executable, "-m", "pliant.cli.main", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            found = re.search(r"http://\S+", process.stdout.readline() if process.stdout else "")
            assert found
            yield found[0]
        finally:
            process.terminate()


def edit_of(deform: str) -> dict[str, Any]:
    """One region; its first handle is in the middle of the photo."""
    middle = SIDE / 2
    turns = np.linspace(0, 2 * np.pi, HANDLES - 1, endpoint=False)
    ring = [(middle + 0.6 * RADIUS * np.cos(turn), middle + 0.6 * RADIUS * np.sin(turn)) for turn in turns]
    outline = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    region = {
        "region": {"polygon": [[middle + RADIUS * np.cos(a), middle + RADIUS * np.sin(a)] for a in outline]},
        "drags": [{"from": list(place), "to": list(place)} for place in [(middle, middle), *ring]],
        "edge": "pinned" if deform == "membrane" else "free",
        "deform": deform,
    }
    return {"version": 1, "size": [SIDE, SIDE], "regions": [region]}


def measured(browser: Browser, address: str, deform: str, folder: Path) -> Row:
    pixels = cv2.resize(pliant.load(PHOTO).pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    pliant.save(pliant.Picture(np.asarray(pixels, np.uint8)), folder / "photo.png")
    (folder / "edit.json").write_text(json.dumps(edit_of(deform)))
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(NOTES)
    page.goto(address)
    for name in ("photo.png", "edit.json"):
        page.wait_for_timeout(1500)
        page.locator("input[type=file]").first.set_input_files(folder / name)
    page.wait_for_timeout(2500)
    move(page)
    notes = page.evaluate("notes")
    page.close()
    return row_of(deform, notes)


def move(page: Page) -> None:
    """Pull the handle in the middle of the stage around; the button stays down."""
    box = page.locator("canvas").first.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(MOVES):
        turn = 2 * np.pi * i / ROUND
        out = SWING * min(i / WARM_UP, 1.0)
        page.mouse.move(x + out * np.cos(turn), y + out * np.sin(turn))
    page.wait_for_timeout(500)


def row_of(deform: str, notes: dict[str, list[Any]]) -> Row:
    sent = [(time, json.loads(text)) for time, text in notes["sent"]]
    moves = [(time, message) for time, message in sent if message["type"] == "move"]
    came = {seq: time for time, seq in notes["received"]}
    answers = [(came[message["seq"]] - time) for time, message in moves[WARM_UP:] if message["seq"] in came]
    server, vertices = replayed([text for _, text in notes["sent"]])
    return Row(deform, pointer_times(notes, moves), answers, server[WARM_UP:], vertices)


def pointer_times(notes: dict[str, list[Any]], moves: Sequence[tuple[float, Any]]) -> list[float]:
    """For each pointer event, how long until a frame with its place, or a later one, was drawn."""
    pointers = np.array(notes["pointers"])
    where = np.array([message["targets"][0][0] for _, message in moves])
    shown = seen_by(moves, pointers, where)
    drawn = [(time, shown[seq]) for time, seq in notes["drawn"] if seq in shown]
    waits: list[float] = []
    for index in range(len(pointers) - MOVES + WARM_UP, len(pointers)):
        end = next((time for time, newest in drawn if newest >= index), None)
        assert end is not None, "a pointer event was never shown"
        waits.append(end - pointers[index, 0])
    return waits


def seen_by(moves: Sequence[tuple[float, Any]], pointers: Any, where: Any) -> dict[int, int]:
    """By the number of each message, the pointer event whose place is in it: the photo is shown to one scale."""
    latest = np.array([np.searchsorted(pointers[:, 0], time, side="right") - 1 for time, _ in moves])
    found = {}
    fits = [np.polyfit(where[:, axis], pointers[latest, 1 + axis], 1) for axis in (0, 1)]
    for (_, message), place, last in zip(moves, where, latest, strict=True):
        expected = np.array([np.polyval(fit, value) for fit, value in zip(fits, place, strict=True)])
        recent = np.arange(max(last - 8, 0), last + 1)
        distance = np.linalg.norm(pointers[recent, 1:] - expected, axis=1)
        found[message["seq"]] = int(recent[np.argmin(distance)])
    return found


def replayed(texts: Sequence[str]) -> tuple[list[float], int]:
    """Milliseconds of the server for each move, and how many vertices it sends."""
    adapter: TypeAdapter[OpenMessage | EditMessage | MoveMessage] = TypeAdapter(Message)
    live, spent, vertices = Live(Settings()), [], 0
    for text in texts:
        start = perf_counter()
        message = adapter.validate_python(tree(text))
        if isinstance(message, OpenMessage):
            live.open(message)
            continue
        move = message if isinstance(message, MoveMessage) else None
        frames = live.answer(None if move else message, move)
        if move:
            spent.append(1000 * (perf_counter() - start))
            vertices = (len(frames[-1]) - 12) // 8
    return spent, vertices


def renderer(browser: Browser, address: str) -> str:
    page = browser.new_page()
    page.goto(address)
    name = page.evaluate(
        """() => {
            const gl = document.createElement("canvas").getContext("webgl2");
            return gl.getParameter(gl.getExtension("WEBGL_debug_renderer_info").UNMASKED_RENDERER_WEBGL);
        }"""
    )
    page.close()
    return str(name)


if __name__ == "__main__":
    main()
