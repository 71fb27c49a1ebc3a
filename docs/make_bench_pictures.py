"""Makes the pictures of docs/bench.md: samples of *Exact*, and with --photos samples of *Holes*, filled.

python docs/make_bench_pictures.py [--photos FOLDER]
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from make_pictures import strip
from PIL import Image

import pliant
from pliant.bench.datasets import show
from pliant.bench.exact.dataset import Exact
from pliant.bench.holes import Holes
from pliant.geometry import Box

PICTURES = Path(__file__).parent / "pictures"
INDICES = (0, 1, 20, 57, 4, 29, 12, 31, 50, 33, 34, 35)  # the six kinds, free and pinned
GAP = 10
FILLERS = ("telea", "patchmatch", "seam")
FILLED = (3, 6, 12, 1, 4, 16, 5, 14, 17)  # three seams, three crescents, three vacated parts


def padded(pixels):
    return np.pad(pixels, ((0, GAP), (0, GAP), (0, 0)), constant_values=255)


def exact():
    data = Exact(side=256)
    tiles = [padded(show(data.make(index)).pixels) for index in INDICES]
    rows = [np.concatenate(tiles[first : first + 3], axis=1) for first in range(0, len(tiles), 3)]
    sheet = np.concatenate(rows)[:-GAP, :-GAP]
    small = Image.fromarray(sheet).resize((sheet.shape[1] * 2 // 3, sheet.shape[0] * 2 // 3))
    small.save(PICTURES / "exact.jpg", quality=88)


def holes(photos):
    """A row for each of some holes, on their boxes: what is to be filled, the truth, what fillers make of it."""
    data, rows = Holes(photos), []
    for index in FILLED:
        sample = data.make(index)
        box = Box.around(sample.uncovered).grown(24).within(Box.of_size(sample.picture.size))
        hole = np.where(sample.uncovered[..., None], np.uint8(255), sample.truth.pixels)
        results = [pliant.apply(sample.picture, sample.edit, filler=name).picture.pixels for name in FILLERS]
        cells = [pixels[box.slices] for pixels in (hole, sample.truth.pixels, *results)]
        rows.append([fitted(np.ascontiguousarray(cell), 260, 200) for cell in cells])
    columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
    strip(columns, ["the hole", "the truth", *FILLERS]).save(PICTURES / "holes.jpg", quality=88)


def fitted(pixels, width, height):
    """`pixels` as large as fits into `width` x `height`, in the middle of white."""
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    spare = [(have - got) for have, got in zip((height, width), small.shape[:2], strict=True)]
    around = [(space // 2, space - space // 2) for space in spare]
    return np.pad(small, (*around, (0, 0)), constant_values=255)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path)
    asked = parser.parse_args()
    exact()
    if asked.photos:
        holes(asked.photos)


if __name__ == "__main__":
    main()
