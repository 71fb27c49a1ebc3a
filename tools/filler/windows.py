"""What the filler `seam` is trained on: windows of photos with holes that drags leave, proposals, and the truth.

    python -m tools.filler.windows OUT --photos FOLDER [--photos MORE] [--count 20000]

Every tenth photo of a folder, by name, is held out. Three of four holes are those of `pliant.bench.holes`, with
the moved part hidden as it is from a filler; the others are the same without it, and brush strokes. The folder OUT
gets files of 100 windows, `(100, SIDE, SIDE, 15)` uint8, each when it is whole: truth, sharp, soft and smooth in
RGB, misfit, depth, and 255 where the hole is (less where the filler paints behind the part, which nobody sees).
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pliant.bench.holes import KINDS, Holes, cropped, draw_edit
from pliant.compose import Piece, widen
from pliant.crops import plan_crops
from pliant.events import CancelToken, ignore
from pliant.fill.patchmatch import PatchMatch
from pliant.fill.proposals import Proposals
from pliant.geometry import Box
from pliant.imageio import load
from pliant.layer import Layer
from pliant.types import Picture
from pliant.warp.holes import Hole
from pliant.warp.warper import Warper

Window = NDArray[np.uint8]

SIDE = 256
CHANNELS = 15
HELD_OUT = 10  # every tenth photo
UNSEEN = 64  # of 255: what painting behind a part counts

_SEED = 9
_PIECES = 3  # windows of one hole
_TOGETHER = 100  # windows in a file
_CROP = 512


def split(folders: Sequence[Path], *, held_out: bool) -> list[Path]:
    """The photos for training, or those held out."""
    found: list[Path] = []
    for folder in folders:
        found += [path for index, path in enumerate(Holes(folder).photos) if (index % HELD_OUT == 0) == held_out]
    return found


def hole_of(photo: Picture, rng: Generator) -> tuple[Hole, Sequence[Layer]]:
    """A hole of `photo`, which may be empty, and the parts in front of it."""
    if rng.random() < 0.12:
        return strokes(photo, rng), ()
    edit = None
    while edit is None:
        edit = draw_edit(KINDS[int(rng.integers(len(KINDS)))], photo.size, rng)
    preview = Warper(photo).preview(edit)
    hidden = preview.layers if preview.hole_box.area and rng.random() < 0.85 else ()
    return Hole(preview.hole_box, preview.hole_weight), hidden


def strokes(photo: Picture, rng: Generator) -> Hole:
    """What a brush paints over."""
    canvas = np.zeros(photo.pixels.shape[:2], np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        steps = rng.normal(0, 0.08, (int(rng.integers(2, 6)), 2)) * min(photo.size)
        points = rng.uniform(0.2, 0.8, 2) * photo.size + steps.cumsum(axis=0)
        cv2.polylines(canvas, [np.rint(points).astype(np.int32)], False, 1, int(rng.integers(3, 40)))
    return Hole(*widen(canvas > 0, 2))


def windows(path: Path, rng: Generator) -> Iterator[Window]:
    """Some windows around a random hole of a photo."""
    photo = load(path)
    if photo.pixels.shape[2] != 3 or min(photo.size) < SIDE:
        return
    if min(photo.size) > 600 and rng.random() < 0.5:
        photo = photo.with_pixels(cv2.resize(photo.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    photo = cropped(photo, _CROP, rng)
    maps = np.zeros((*photo.pixels.shape[:2], CHANNELS - 12), np.uint8)
    whole = np.dstack([photo.pixels] * 4 + [maps])
    hole, parts = hole_of(photo, rng)
    for crop in plan_crops(hole.box, hole.weight, Box.of_size(photo.size)):
        weight = crop.cut(hole.weight, hole.box)
        piece = Piece.of(photo, crop, weight > 0, PatchMatch.info, parts)
        whole[crop.slices] = solved(photo.pixels[crop.slices], weight, piece, rng)
    yield from _cut(whole, rng)


def solved(truth: Window, weight: Window, piece: Piece, rng: Generator) -> Window:
    """`(h, w, CHANNELS)` of a crop."""
    unseen = piece.small_unseen
    found = Proposals.of(
        piece.small.pixels, unseen, seed=int(rng.integers(2**31)), on_event=ignore, cancel=CancelToken()
    )
    worth = np.maximum(weight, np.where(unseen, UNSEEN, 0).astype(np.uint8))
    # A smooth stand-in for a part far from the hole is no truth, but what the network sees there and shall keep.
    seen = np.where(unseen[..., None], truth, piece.small.pixels)
    return np.dstack([seen, found.sharp, found.soft, found.smooth, found.misfit, found.depth, worth])


def _cut(whole: Window, rng: Generator) -> Iterator[Window]:
    rows, columns = np.nonzero(whole[..., -1] == 255)
    for _ in range(min(_PIECES, 1 + rows.size // 3000) if rows.size else 0):
        pick = int(rng.integers(rows.size))
        y, x = (
            int(np.clip(at[pick] - SIDE // 2 + rng.integers(-40, 41), 0, length - SIDE))
            for at, length in zip((rows, columns), whole.shape[:2], strict=True)
        )
        yield whole[y : y + SIDE, x : x + SIDE]


def make(index: int, photos: Sequence[Path], out: Path) -> None:
    """Write a file of windows; each has its own random numbers."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng([_SEED, index])
    found: list[Window] = []
    while len(found) < _TOGETHER:
        found += windows(photos[int(rng.integers(len(photos)))], rng)
    path = out / f"{index:05d}.npy"
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.save(file, np.stack(found[:_TOGETHER]))
    unfinished.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=Path, action="append", required=True)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    work = partial(make, photos=split(args.photos, held_out=args.held_out), out=args.out)
    with ProcessPoolExecutor(args.workers) as pool:
        for done, _ in enumerate(pool.map(work, range(-(-args.count // _TOGETHER))), 1):
            print(f"{done * _TOGETHER} windows", flush=True)


if __name__ == "__main__":
    main()
