"""What a user waits for: imports, help, the first run ever and a large photo, each in a process of its own.

`python benchmarks/commands.py > benchmarks/results/commands.md`
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent
PLIANT = [str(Path(sys.executable).with_name("pliant"))]
EXAMPLE = [
    "edit",
    ROOT / "examples/lighthouse.jpg",
    "--edit",
    ROOT / "examples/lighthouse.json",
    "--overwrite",
    "-o",
]


def main():
    print("# Commands, measured\n")
    print(f"`python benchmarks/commands.py`, {os.cpu_count()} cores; medians of 5 where not said otherwise.\n")
    print("| what | seconds | peak memory |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        report("`python -c pass`, to compare", [sys.executable, "-c", "pass"])
        report("`import pliant`, python included", [sys.executable, "-c", "import pliant"])
        report("`pliant --help`", [*PLIANT, "--help"])
        cold = {"NUMBA_CACHE_DIR": str(here / "cache")}
        report("first edit ever, compiling (once)", [*PLIANT, *EXAMPLE, here / "a.jpg"], 1, cold)
        report("the same edit again", [*PLIANT, *EXAMPLE, here / "a.jpg"], 5, cold)
        for share in (0.05, 0.2):
            photo = large_photo(here / "large.jpg")
            drag = region(share)
            report(
                f"24-megapixel JPEG, a region of {share:.0%} moved by a third of its size",
                [*PLIANT, "edit", photo, *drag, "-o", here / "b.jpg", "--overwrite"],
                3,
            )


def large_photo(path):
    """6000 x 4000 with detail at every scale: the example photo, enlarged, with grain."""
    small = Image.open(ROOT / "examples/lighthouse.jpg").crop((10, 10, 758, 502))
    pixels = np.asarray(small.resize((6000, 4000), Image.Resampling.LANCZOS), np.int16)
    grain = np.random.default_rng(0).normal(0, 6, (4000, 6000, 1)).astype(np.int16)
    Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).save(path, quality=92)
    return path


def region(share):
    side = round((24e6 * share) ** 0.5)
    x0, y0 = 2200, 1400
    x, y = x0 + side // 2, y0 + side // 2
    return ["--box", f"{x0},{y0},{x0 + side},{y0 + side}", "--drag", f"{x},{y}:{x + side // 3},{y - side // 6}"]


def report(what, command, rounds=5, environment=None):
    times, peaks = zip(
        *(run([str(part) for part in command], environment or {}) for _ in range(rounds)), strict=True
    )
    print(f"| {what} | {median(times):.2f} | {max(peaks) / 1e6:.0f} MB |", flush=True)


def run(command, environment):
    start = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | environment)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - start
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return seconds, 1024 * usage.ru_maxrss


if __name__ == "__main__":
    main()
