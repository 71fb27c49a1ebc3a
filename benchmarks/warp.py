"""Speed, memory and accuracy of the warp, in one run: `python benchmarks/warp.py > benchmarks/results/warp.md`."""

import argparse
import multiprocessing
import os
import platform
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from pliant.types import Drag, DragRegion, Edit, Mask, Picture
from pliant.warp.deform import DEFORMERS
from pliant.warp.nearest import warp as nearest_warp
from pliant.warp.warper import Warper

SIDES = (512, 1024, 2048, 4096)
ROUNDS = 15


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=4096)
    largest = parser.parse_args().largest
    sides = [side for side in SIDES if side <= largest]
    print("# The warp, measured\n")
    print(
        f"`python benchmarks/warp.py`, {os.cpu_count()} cores ({platform.machine()}), medians of {ROUNDS} moves."
    )
    speed(sides)
    growth()
    memory(sides)
    accuracy()


@cache
def region(side, radius):
    rows, columns = np.ogrid[:side, :side]
    return Mask((columns - side // 2) ** 2 + (rows - side // 2) ** 2 <= radius**2)


def scene(side, radius, name="rigid", move=0):
    centre = side // 2
    left, right = (centre - radius // 2, centre), (centre + radius // 2, centre)
    target = (right[0] + radius // 4 + move, right[1] + radius // 6)
    edge = "pinned" if name == "membrane" else "free"
    return Edit(
        [DragRegion(region(side, radius), [Drag(left, left), Drag(right, target)], deform=name, edge=edge)]
    )


def timed(work, rounds=ROUNDS):
    times = []
    for turn in range(rounds):
        start = perf_counter()
        work(turn)
        times.append(1e3 * (perf_counter() - start))
    return median(times)


def photo(side):
    return Picture(np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8))


def speed(sides):
    print("\n## A preview of a round region with two handles (field, inverse, sampling, hole), ms\n")
    print("Warm: the session has seen the region. Cold: a new session. Published: the released method's own")
    print("arithmetic (four nearest handles, 100 references) on a k-d tree.\n")
    names = [name for name, _ in DEFORMERS]
    print(
        "| picture | region, px | "
        + " | ".join(f"{name}, warm" for name in names)
        + " | rigid, cold | published |"
    )
    print("|---" * (len(names) + 4) + "|")
    for side in sides:
        radius = round(side * 0.2978)
        area = int(region(side, radius).selected.sum())
        row = [*(warm(side, radius, name) for name in names), cold(side, radius), published(side, radius)]
        print(f"| {side}² | {area:,} | " + " | ".join(f"{value:.1f}" for value in row) + " |", flush=True)


def warm(side, radius, name="rigid"):
    warper = Warper(photo(side))
    edits = [scene(side, radius, name, move) for move in range(ROUNDS + 1)]
    warper.preview(edits[-1])
    return timed(lambda turn: warper.preview(edits[turn]))


def cold(side, radius):
    picture = photo(side)
    return timed(lambda turn: Warper(picture).preview(scene(side, radius, move=turn)), 5)


def published(side, radius):
    handles = np.array([(side // 2 - radius // 2, side // 2), (side // 2 + radius // 2, side // 2)], float)
    targets = handles + [(0, 0), (radius // 4, radius // 6)]
    return timed(lambda _: nearest_warp(region(side, radius).selected, handles, targets), 3)


def growth():
    print("\n## The cost grows with the region, not with the picture (rigid, warm, ms)\n")
    print("| region radius | " + " | ".join(f"{side}²" for side in SIDES) + " |")
    print("|---" * (len(SIDES) + 1) + "|")
    for radius in (50, 150):
        row = [warm(side, radius) for side in SIDES]
        print(f"| {radius} | " + " | ".join(f"{value:.1f}" for value in row) + " |")


def memory(sides):
    print("\n## Peak extra memory of one preview, its picture included\n")
    print("| picture | bytes | extra | ratio |\n|---|---|---|---|")
    for side in sides:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            extra = pool.apply(peak, (side,))
        size = 3 * side * side
        print(f"| {side}² | {size / 1e6:.1f} MB | {extra / 1e6:.0f} MB | {extra / size:.1f} |")


def peak(side):
    _ = Warper(photo(64)).preview(scene(64, 19)).picture
    picture, change = photo(side), scene(side, round(side * 0.2978))
    Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak starts again from here
    before = resident("VmRSS")
    _ = Warper(picture).preview(change).picture
    return resident("VmHWM") - before


def resident(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field))


def accuracy():
    print("\n## Where the pixels come from: mean and largest error in px against the exact map\n")
    print("| motion | pliant | published | four nearest, as in the paper |\n|---|---|---|---|")
    turn = np.deg2rad(30)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.array([149.5, 139.5])
    corners = np.array([(101, 101), (198, 101), (198, 178), (101, 178)], float)
    report("4 corners turned by 30° (rigid)", "rigid", corners, (corners - centre) @ matrix.T + centre,
           lambda at: (at - centre) @ matrix + centre)  # fmt: skip
    grid = np.array([(x, y) for x in np.linspace(102, 197, 5) for y in np.linspace(102, 177, 5)])
    handles = np.rint(grid)
    report("25 handles, stretched twice (spline)", "spline", handles, handles * (2, 1) - (100, 0),
           lambda at: (at + (100, 0)) / (2, 1))  # fmt: skip


def report(title, name, handles, targets, exact):
    mask = np.zeros((512, 512), bool)
    mask[100:180, 100:200] = True
    drags = [Drag(tuple(a), tuple(b)) for a, b in zip(handles, targets, strict=True)]
    found = Warper(photo(512)).preview(Edit([DragRegion(mask, drags, deform=name)]))
    at = np.argwhere(found.moved)[:, ::-1]
    cells = [errors(found.source_of[at[:, 1], at[:, 0]], exact(at))]
    for as_released in (True, False):
        other = nearest_warp(mask, handles, targets, published=as_released)
        cells.append(errors(other.sources, exact(other.targets)))
    print(f"| {title} | " + " | ".join(cells) + " |")


def errors(found, truth):
    distance = np.linalg.norm(found - truth, axis=1)
    return f"{distance.mean():.3f}, {distance.max():.2f}"


if __name__ == "__main__":
    main()
