"""Fillers against the truth: drag-shaped holes cut in photos, filled, and compared with what stood there.

    python benchmarks/fill.py --photos PHOTOS [--photos MORE] --lpips WEIGHTS [--limit 12] [--sheets FOLDER]
    python benchmarks/fill.py --photos PHOTOS --large --only patchmatch
    python benchmarks/fill.py --photos PHOTOS --crops [--only seam]

LPIPS (AlexNet) is taken on the hole's box and 32 px around it, PSNR on the hole alone; both are means. `--sheets`
writes pictures to look at: the hole, the truth, and each filler's answer. LPIPS needs torch. `--large` enlarges a
photo to 24 megapixels, gives it grain, and fills a round hole of 1.2 megapixels; "sharpness" is the fine detail
(what a Gaussian of 1.5 px takes away) in the fill over that in the truth. `--crops` measures how long a filler
takes for a crop of 512 x 512, without the crop plan and the stitch; for a hole that reaches all through it, too.
"""

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.compose import repaint, widen
from pliant.events import CancelToken, OnEvent, ignore
from pliant.fill.base import FILLERS, Filler, FillerInfo
from pliant.geometry import Box
from pliant.types import Bool, Picture

Rgb = NDArray[np.uint8]
CROP = 512
Ellipse = tuple[tuple[int, int], tuple[int, int], float]  # centre, half axes, degrees


class Library:
    """A function `(rgb, hole, seed) -> rgb` of some library as a filler."""

    def __init__(self, name: str, function: Callable[[Rgb, Bool, int], Rgb]) -> None:
        self.info = FillerInfo(name=name, summary="", licence="")
        self._function = function

    def fill(
        self,
        picture: Picture,
        hole: Bool,
        *,
        prompt: str = "",
        seed: int = 0,
        on_event: OnEvent,
        cancel: CancelToken,
    ) -> Picture:
        del prompt, on_event, cancel
        return picture.with_pixels(self._function(picture.pixels, hole, seed))


def libraries() -> Iterator[Filler]:
    try:
        import patchmatch
    except ImportError:
        pass
    else:

        def native(rgb: Rgb, hole: Bool, seed: int) -> Rgb:
            patchmatch.set_random_seed(seed)
            return patchmatch.inpaint(np.ascontiguousarray(rgb), hole, patch_size=3)

        yield Library("pypatchmatch", native)
    try:
        from patchmatch_cython import inpaint_pyramid
    except ImportError:
        pass
    else:
        yield Library("patchmatch-cython", lambda rgb, hole, seed: inpaint_pyramid(rgb, hole, seed=seed + 1))


# ---------------------------------------------------------------------------------------------------- holes


def crescent(shape: tuple[int, int], rng: np.random.Generator) -> Bool:
    """What a part leaves behind that moved by 3 to 40 px."""
    centre, axes, angle = _ellipse(shape, rng, 0.12, 0.3)
    shift, turn = rng.uniform(3, 40), rng.uniform(0, 2 * np.pi)
    moved = (round(centre[0] + shift * np.cos(turn)), round(centre[1] + shift * np.sin(turn)))
    return _filled(shape, centre, axes, angle) & ~_filled(shape, moved, axes, angle)


def seam(shape: tuple[int, int], rng: np.random.Generator) -> Bool:
    """A ring of 3 to 10 px around a part."""
    centre, axes, angle = _ellipse(shape, rng, 0.12, 0.3)
    width = int(rng.integers(3, 11))
    inner = (axes[0] - width, axes[1] - width)
    return _filled(shape, centre, axes, angle) & ~_filled(shape, centre, inner, angle)


def vacated(shape: tuple[int, int], rng: np.random.Generator) -> Bool:
    """All of a part of 60 to 200 px, moved away."""
    hole = np.zeros(shape, bool)
    size = rng.uniform(60, min(200, 0.45 * min(shape)))
    x, y = (rng.uniform(size / 2, side - size / 2) for side in (shape[1], shape[0]))
    for _ in range(4):
        axes = (round(size * rng.uniform(0.15, 0.4)), round(size * rng.uniform(0.15, 0.4)))
        at = (round(x + size * rng.uniform(-0.15, 0.15)), round(y + size * rng.uniform(-0.15, 0.15)))
        hole |= _filled(shape, at, axes, rng.uniform(0, 180))
    return hole


def _ellipse(shape: tuple[int, int], rng: np.random.Generator, least: float, most: float) -> Ellipse:
    first, second = (round(min(shape) * rng.uniform(least, most)) for _ in range(2))
    x, y = (round(side * rng.uniform(0.3, 0.7)) for side in (shape[1], shape[0]))
    return (x, y), (first, second), rng.uniform(0, 180)


def _filled(shape: tuple[int, int], centre: tuple[int, int], axes: tuple[int, int], angle: float) -> Bool:
    canvas = np.zeros(shape, np.uint8)
    cv2.ellipse(canvas, centre, axes, angle, 0, 360, 1, -1)
    return canvas > 0


HOLES = {"crescent": crescent, "seam": seam, "vacated": vacated}


# -------------------------------------------------------------------------------------------------- measuring


def psnr(first: Rgb, second: Rgb, hole: Bool) -> float:
    difference = first[hole].astype(float) - second[hole]
    return float(10 * np.log10(255**2 / max(np.mean(difference**2), 1e-3)))


def photos(folders: list[Path], limit: int) -> list[Path]:
    """`limit` photos of each folder, spread evenly over their names."""
    chosen: list[Path] = []
    for folder in folders:
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".png"))
        chosen += [files[i] for i in np.linspace(0, len(files) - 1, min(limit, len(files))).astype(int)]
    return chosen


def row(pictures: list[Rgb], height: int = 240) -> Rgb:
    scaled = [cv2.resize(p, (max(p.shape[1] * height // p.shape[0], 1), height)) for p in pictures]
    return np.concatenate([cv2.copyMakeBorder(p, 2, 2, 2, 2, cv2.BORDER_CONSTANT) for p in scaled], axis=1)


def chosen(only: list[str]) -> list[Filler]:
    fillers = [make() for name, make in FILLERS if name in only or not (only or make.info.weights)]
    fillers += [library for library in libraries() if not only or library.info.name in only]
    box, weight = Box(20, 20, 30, 30), np.full((10, 10), 255, np.uint8)
    for filler in fillers:  # so that no compilation is measured
        repaint(Picture(np.zeros((64, 64, 3), np.uint8)), box, weight, filler)
    return fillers


def detail(picture: Rgb, hole: Bool) -> float:
    blurred = cv2.GaussianBlur(picture, (0, 0), 1.5).astype(np.float32)
    return float((picture.astype(np.float32) - blurred)[hole].std())


def large(args: argparse.Namespace) -> None:
    small = cv2.imread(str(photos(args.photos, 1)[0]), cv2.IMREAD_COLOR)[..., ::-1]
    truth = cv2.resize(small, (6000, 4000), interpolation=cv2.INTER_CUBIC)
    rng, hole = np.random.default_rng(0), _filled((4000, 6000), (3000, 2000), (618, 618), 0)
    for rows in np.array_split(truth, 40):  # in bands, so that the peak is the filler's
        rows[:] = (rows + rng.normal(0, 9, (*rows.shape[:2], 1))).clip(0, 255)
    print("| filler | seconds | peak MB of the process | sharpness |\n|---|--:|--:|--:|")
    for filler in chosen(args.only):
        start = time.perf_counter()
        answer = repaint(Picture(truth), *widen(hole, 3), filler).pixels
        spent = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        sharpness = detail(answer, hole) / detail(truth, hole)
        print(f"| {filler.info.name} | {spent:.2f} | {peak} | {sharpness:.2f} |", flush=True)


def across(shape: tuple[int, int], rng: np.random.Generator) -> Bool:
    """A ring of 8 px that touches all four sides."""
    del rng
    centre, axes = (shape[1] // 2, shape[0] // 2), (shape[1] // 2 - 1, shape[0] // 2 - 1)
    return _filled(shape, centre, axes, 0) & ~_filled(shape, centre, (axes[0] - 8, axes[1] - 8), 0)


def crops(args: argparse.Namespace) -> None:
    print("| hole | filler | ms (median) | ms (longest) | crops |\n|---|---|--:|--:|--:|")
    fillers = chosen(args.only)
    for kind, cut in {**HOLES, "across": across}.items():
        spent: dict[str, list[float]] = {filler.info.name: [] for filler in fillers}
        for index, path in enumerate(photos(args.photos, args.limit)):
            truth = cv2.imread(str(path), cv2.IMREAD_COLOR)[:CROP, :CROP, ::-1]
            if truth.shape[:2] != (CROP, CROP):
                continue
            hole = cut((CROP, CROP), np.random.default_rng([index, len(kind)]))
            shown = Picture(np.where(hole[..., None], np.uint8(0), truth))
            for filler in fillers:
                start = time.perf_counter()
                filler.fill(shown, hole, on_event=ignore, cancel=CancelToken())
                spent[filler.info.name].append((time.perf_counter() - start) * 1000)
        for name, found in spent.items():
            print(f"| {kind} | {name} | {np.median(found):.0f} | {max(found):.0f} | {len(found)} |", flush=True)


def measure(args: argparse.Namespace) -> dict[tuple[str, str], list[tuple[float, float, float]]]:
    from pliant.bench.metrics.lpips import Lpips  # it needs torch, the other measurements do not

    distance = Lpips.load("alex", args.lpips)
    fillers = chosen(args.only)
    figures: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for index, path in enumerate(photos(args.photos, args.limit)):
        truth = np.ascontiguousarray(cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1])
        for kind, cut in HOLES.items():
            if args.kinds and kind not in args.kinds:
                continue
            hole = cut(truth.shape[:2], np.random.default_rng([index, len(kind)]))
            box, weight = widen(hole, 2)
            view = box.grown(32).within(Box.of_size((truth.shape[1], truth.shape[0]))).slices
            shown = [np.where(hole[..., None], np.uint8(0), truth)[view], truth[view]]
            for filler in fillers:
                start = time.perf_counter()
                answer = repaint(Picture(truth), box, weight, filler).pixels
                spent = (time.perf_counter() - start) * 1000
                figure = (distance(answer[view], truth[view]), psnr(answer, truth, hole), spent)
                figures.setdefault((kind, filler.info.name), []).append(figure)
                shown.append(answer[view])
            if args.sheets:
                args.sheets.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(args.sheets / f"{kind}-{index:03d}.png"), row(shown)[..., ::-1])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, action="append", required=True)
    parser.add_argument("--lpips", type=Path)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--crops", action="store_true")
    parser.add_argument("--limit", type=int, default=12)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--kinds", nargs="*", default=[])
    args = parser.parse_args()
    if args.large or args.crops:
        (large if args.large else crops)(args)
        return
    if args.lpips is None:
        parser.error("--lpips is needed: the folder with the published weights.")
    print("| hole | filler | LPIPS (lower is better) | PSNR dB | ms (median) | holes |")
    print("|---|---|--:|--:|--:|--:|")
    for (kind, name), rows in sorted(measure(args).items()):
        table = np.array(rows)
        lpips, signal, spent = table[:, 0].mean(), table[:, 1].mean(), np.median(table[:, 2])
        print(f"| {kind} | {name} | {lpips:.4f} | {signal:.2f} | {spent:.0f} | {len(rows)} |")


if __name__ == "__main__":
    main()
