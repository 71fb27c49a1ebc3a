"""Manifests of small items, an engine that misbehaves, and what became of a batch."""

import json
import os
import signal
from collections import Counter
from pathlib import Path

import numpy as np

from pliant import imageio
from pliant.batch.plan import Plan
from pliant.batch.record import record_path
from pliant.types import Picture

TELEA = Plan(options={"filler": "telea"})

STUB = '''
import os, signal, time
from pathlib import Path
from pliant.bench.baselines import Nothing

class Stub(Nothing):
    """Changes nothing, writes down every run, and does what the edit's prompt says."""

    info = Nothing.info

    def __init__(self, *given, **options):
        super().__init__()

    def open(self, picture, *, edit=None, on_event=None, cancel=None):
        log = Path(os.environ["STUB_LOG"])
        with log.open("a") as file:
            file.write(f"{edit.seed}\\n")
        word, _, seconds = edit.prompt.partition(" ")
        if word == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if word == "fail":
            raise RuntimeError("tripped")
        until = time.monotonic() + float(seconds or 0)
        while time.monotonic() < until:
            cancel.check()
            time.sleep(0.005)
        return super().open(picture)
'''


def picture(seed: int) -> Picture:
    y, x = np.mgrid[:48, :64]
    return Picture(np.stack([(x * 4 + seed) % 256, y * 5 % 256, (x * 7 + y * 3) % 256], axis=2).astype(np.uint8))


def document(target: tuple[float, float], *, seed: int) -> dict[str, object]:
    region = {"region": {"box": [20, 15, 40, 30]}, "drags": [{"from": [30, 22], "to": list(target)}]}
    return {"version": 1, "regions": [region], "seed": seed}


def write_manifest(folder: Path, count: int, *, pictures: int = 5, **more: object) -> Path:
    """A manifest of `count` items, each with an edit of its own; fields in `more` are made from the index."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(pictures):
        imageio.save(picture(40 * index), folder / f"photo{index}.png")
    path = folder / "items.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for index in range(count):
            asked = document((38 + index % 7, 24 + index % 5), seed=index)
            item = {"photo": f"photo{index % pictures}.png", "edit": asked, "output": f"{index % 3}/{index}.png"}
            file.write(json.dumps(item | {name: make(index) for name, make in more.items()}) + "\n")
    return path


def install_stub(folder: Path, monkeypatch) -> Path:
    """Make the engine `stub` known here and to every process started from here; where it writes down its runs."""
    (folder / "stub_engine.py").write_text(STUB, encoding="utf-8")
    facts = folder / "stub-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Name: stub\nVersion: 1.0\n", encoding="utf-8")
    (facts / "entry_points.txt").write_text("[pliant.engines]\nstub = stub_engine:Stub\n", encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("STUB_LOG", str(folder / "runs.log"))
    return folder / "runs.log"


def runs(log: Path) -> Counter[int]:
    """How often the stub ran each item, by its seed."""
    return Counter(int(line) for line in log.read_text().split())


def results(folder: Path) -> dict[str, bytes]:
    """The pictures of a batch by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.png")}


def records(folder: Path) -> dict[str, dict]:
    """Its records by output."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in (folder / "records").rglob("*.json")]
    assert all(record_path(folder, one["output"]).is_file() for one in found)
    return {one["output"]: one for one in found}


def left_over(folder: Path) -> list[Path]:
    """Files that are half written."""
    return [path for path in folder.rglob("*") if path.name.endswith(".part")]


def kill_a_worker(choose, command: str = "pliant.batch.worker") -> bool:
    """Kill a process that this one started, itself or through others, for `command`; whether there was one."""
    workers = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and command in _text(entry / "cmdline") and os.getpid() in _ancestors(entry)
    ]
    if workers:
        os.kill(choose(sorted(workers)), signal.SIGKILL)
    return bool(workers)


def _ancestors(process: Path) -> list[int]:
    found: list[int] = []
    while stat := _text(process / "stat"):
        found.append(int(stat.rpartition(")")[2].split()[1]))
        process = process.with_name(str(found[-1]))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
