"""Regions and pictures that several tests drag about."""

import numpy as np

from pliant.types import Drag, DragRegion, Edit, Picture


def rectangle(x0, x1, y0, y1, size=(512, 512)):
    mask = np.zeros(size[::-1], bool)
    mask[y0:y1, x0:x1] = True
    return mask


def disc(x, y, radius, size=(512, 512)):
    rows, columns = np.mgrid[: size[1], : size[0]]
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def triangle():
    return np.tril(np.ones((512, 512), bool)) & rectangle(100, 200, 100, 200)


def l_shape():
    return rectangle(100, 200, 100, 120) | rectangle(100, 120, 100, 180)


def line():
    return rectangle(100, 200, 140, 141)


def ring():
    return rectangle(100, 200, 100, 200) & ~rectangle(140, 160, 140, 160)


def noise(size=(512, 512), channels=3, dtype=np.uint8, seed=0):
    rng = np.random.default_rng(seed)
    high = np.iinfo(dtype).max + 1
    return Picture(rng.integers(0, high, (size[1], size[0], channels), dtype=dtype))


def ramp(size=(512, 512)):
    rows, columns = np.mgrid[: size[1], : size[0]]
    return Picture(np.dstack([columns // 2, rows // 2, (columns + rows) // 4]).astype(np.uint8))


def edit(mask, *drags, **options):
    return Edit([DragRegion(mask, [Drag(a, b) for a, b in drags], **options)])
