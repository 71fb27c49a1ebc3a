"""A soak of the service: mixed work against a real `pliant serve` for some minutes, with its memory over time.

    python benchmarks/soak.py --minutes 30 --samples soak.csv      # and soak.json; then soak_report.py

One client does one thing after another and pauses in between, so that other work on the machine goes on: live
previews that follow a pointer, edits and fills of several sizes, jobs cancelled while they wait or run, and
requests that are wrong in many ways. Every answer is checked: one that was not expected ends the soak.
"""

import argparse
import csv
import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from websockets.sync.client import connect

from pliant import imageio
from pliant.types import Picture

ROOT = Path(__file__).parents[1]
API = "/api/v1"
SIZES = ((320, 240), (640, 480), (1024, 768), (1600, 1200))
MOVES = 40
BROKEN = "multipart/form-data; boundary=y"
COLUMNS = ("minutes", "memory_mib", "peak_mib", "threads", "files", "previews", "edits", "fills", "cancels", "bad")


class Client:
    """Does one piece of work at a time and counts what it did."""

    def __init__(self, address: str, seed: int) -> None:
        self._address = address
        self._web = httpx2.Client(base_url=address, timeout=120, trust_env=False)
        self._random = random.Random(seed)
        self._photos = [_photo(size, seed + number) for number, size in enumerate(SIZES)]
        self.done: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = {}

    def step(self) -> None:
        """One piece of work, chosen by the seed."""
        kinds = [
            ("previews", self._preview),
            ("edits", self._edit),
            ("fills", self._fill),
            ("cancels", self._cancel),
            ("bad", self._bad),
        ]
        name, work = self._random.choices(kinds, [3, 3, 1, 1, 3])[0]
        began = time.monotonic()
        work()
        self.done[name] += 1
        self.seconds.setdefault(name, []).append(time.monotonic() - began)

    def _any(self) -> tuple[tuple[int, int], bytes]:
        number = self._random.randrange(len(SIZES))
        return SIZES[number], self._photos[number]

    def _document(self, size: tuple[int, int]) -> dict[str, Any]:
        side = size[1]
        x, y = side // 2 + self._random.randint(-side // 8, side // 8), side // 2
        half, reach = side // 6, side // 8
        box = [x - half, y - half, x + half, y + half]
        target = [x + self._random.randint(-reach, reach), y + self._random.randint(-reach, reach)]
        return {"version": 1, "regions": [{"region": {"box": box}, "drags": [{"from": [x, y], "to": target}]}]}

    def _preview(self) -> None:
        size, photo = self._any()
        with connect(f"ws{self._address[4:]}{API}/preview", max_size=None, compression=None) as socket:
            pictured = self._random.random() < 0.5
            socket.send(photo if pictured else json.dumps({"type": "open", "size": size}))
            _expect(json.loads(socket.recv(60))["type"], "opened")
            edit = self._document(size)
            socket.send(json.dumps({"type": "edit", "seq": 0, "edit": edit}))
            _expect([socket.recv(60)[3] for _ in range(2)], [2, 1])
            x, y = edit["regions"][0]["drags"][0]["to"]
            for seq in range(1, MOVES + 1):
                move: dict[str, Any] = {"type": "move", "seq": seq, "targets": [[[x + seq / 4, y]]]}
                last = pictured and seq == MOVES
                socket.send(json.dumps({**move, "picture": "jpeg"} if last else move))
                _expect([socket.recv(60)[3] for _ in range(1 + last)], [1, 3][: 1 + last])
                time.sleep(0.01)

    def _edit(self) -> None:
        size, photo = self._any()
        form = self._random.choice(["png", "jpeg", "webp"])
        answer = self._web.post(
            f"{API}/edit?format={form}",
            files=_files(photo, self._document(size)),
            data={"filler": self._random.choice(["patchmatch", "telea"]), "seed": str(self._random.randrange(99))},
            headers={"Prefer": "wait=120"},
        )
        _expect(answer.status_code, 200)
        _expect(imageio.load(answer.content).size, size)

    def _fill(self) -> None:
        size, photo = self._any()
        mask = np.zeros(size[::-1], np.uint8)
        mask[size[1] // 3 : size[1] // 2, size[0] // 3 : size[0] // 2] = 255
        files = {"image": ("photo.png", photo), "mask": ("mask.png", imageio.encode(Picture(mask), "png"))}
        _expect(self._web.post(f"{API}/fill", files=files).status_code, 200)

    def _cancel(self) -> None:
        files = _files(self._photos[-1], self._document(SIZES[-1]))
        jobs = [self._web.post(f"{API}/edit", files=files).json() for _ in range(3)]
        time.sleep(self._random.random() / 4)
        for job in reversed(jobs):
            _expect(self._web.delete(job["status_url"]).status_code, 200)
        for job in jobs:
            with self._web.stream("GET", job["events_url"]) as events:
                ends = [line for line in events.iter_lines() if line.startswith("event: ")]
            _expect(ends[-1] in ("event: cancelled", "event: done"), True)

    def _bad(self) -> None:
        size, photo = self._any()
        good = self._document(size)
        outside = {**good, "regions": [{**good["regions"][0], "drags": [{"from": [0, 0], "to": [9, 9]}]}]}
        cases: list[tuple[int, Callable[[], httpx2.Response]]] = [
            (415, lambda: self._edited(b"not a picture", good)),
            (422, lambda: self._edited(photo[: len(photo) // 2], good)),
            (422, lambda: self._edited(photo, outside)),
            (422, lambda: self._edited(photo, {"version": 1, "regions": "none"})),
            (422, lambda: self._edited(photo, good, nonsense="1")),
            (403, lambda: self._edited(photo, good, filler="lama")),
            (404, lambda: self._web.get(f"{API}/jobs/{self._random.random()}")),
            (404, lambda: self._web.get(f"/{self._random.random()}")),
            (403, lambda: self._web.get(f"{API}/jobs", headers={"Origin": "https://elsewhere.example"})),
            (400, lambda: self._web.post(f"{API}/edit", content=b"--x", headers={"Content-Type": BROKEN})),
        ]
        status, send = self._random.choice(cases)
        _expect(send().status_code, status)

    def _edited(self, photo: bytes, edit: object, **fields: str) -> httpx2.Response:
        return self._web.post(f"{API}/edit", files=_files(photo, edit), data=fields)


def _files(photo: bytes, edit: object) -> dict[str, tuple[str, bytes]]:
    return {"image": ("photo.png", photo), "edit": ("edit.json", json.dumps(edit).encode())}


def _photo(size: tuple[int, int], seed: int) -> bytes:
    rough = np.random.default_rng(seed).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    y, x = np.linspace(0, 11, size[1]).round().astype(int), np.linspace(0, 15, size[0]).round().astype(int)
    return imageio.encode(Picture(rough[y][:, x]), "png")


def _expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise RuntimeError(f"{found!r} came where {wanted!r} was expected")


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of its own on a free port."""
    command = [sys.executable, "-m", "pliant.cli.main", "serve", "--port", "0", "--device", "cpu"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as made:
        try:
            assert made.stdout is not None
            found = re.match(r"Pliant is at (http://127\.0\.0\.1:\d+)/", made.stdout.readline())
            if found is None:
                raise RuntimeError("the server did not start")
            yield made, found[1]
        finally:
            made.terminate()
            made.wait(30)


def sample(process: int) -> dict[str, float]:
    """What the system says of the process: memory in MiB, threads and open files."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    told = dict(line.split(":", 1) for line in lines)
    memory = {"memory_mib": "VmRSS", "peak_mib": "VmHWM"}
    return {
        **{name: int(told[key].split()[0]) / 1024 for name, key in memory.items()},
        "threads": int(told["Threads"]),
        "files": len(os.listdir(f"/proc/{process}/fd")),
    }


def run(minutes: float, samples: Path, pause: float, seed: int) -> None:
    """Soak a server, and write a row to `samples` every ten seconds."""
    with serving() as (server, address), samples.open("w", newline="", encoding="ascii") as file:
        rows = csv.DictWriter(file, COLUMNS, restval=0)
        rows.writeheader()
        client, began, next_row = Client(address, seed), time.monotonic(), 0.0
        while (passed := time.monotonic() - began) < minutes * 60:
            if passed >= next_row:
                rows.writerow({"minutes": round(passed / 60, 3), **sample(server.pid), **client.done})
                file.flush()
                next_row = passed + 10
            client.step()
            time.sleep(pause)
        metrics = httpx2.get(f"{address}/metrics", trust_env=False).text
        rows.writerow({"minutes": round(minutes, 3), **sample(server.pid), **client.done})
    timings = {name: sorted(seconds) for name, seconds in client.seconds.items()}
    told = {"timings": timings, "metrics": metrics.splitlines(), "moves": MOVES}
    samples.with_suffix(".json").write_text(json.dumps(told), encoding="ascii")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--pause", type=float, default=0.4, help="seconds between two pieces of work")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    run(chosen.minutes, chosen.samples, chosen.pause, chosen.seed)


if __name__ == "__main__":
    main()
