"""Makes the picture of docs/bench.md: a sample of *Exact* of each kind.

python docs/make_bench_pictures.py
"""

from pathlib import Path

import numpy as np
from PIL import Image

from pliant.bench.datasets import show
from pliant.bench.exact.dataset import Exact

PICTURE = Path(__file__).parent / "pictures" / "exact.jpg"
INDICES = (0, 1, 20, 57, 4, 29, 12, 31, 50, 33, 34, 35)  # the six kinds, free and pinned
GAP = 10


def padded(pixels):
    return np.pad(pixels, ((0, GAP), (0, GAP), (0, 0)), constant_values=255)


def main():
    data = Exact(side=256)
    tiles = [padded(show(data.make(index)).pixels) for index in INDICES]
    rows = [np.concatenate(tiles[first : first + 3], axis=1) for first in range(0, len(tiles), 3)]
    sheet = np.concatenate(rows)[:-GAP, :-GAP]
    Image.fromarray(sheet).resize((sheet.shape[1] * 2 // 3, sheet.shape[0] * 2 // 3)).save(PICTURE, quality=88)


if __name__ == "__main__":
    main()
