"""Edits reduced to cells, and the counting of a UNet's calls, for several tests."""

from contextlib import contextmanager

import numpy as np
import scenes

from pliant.engines.latent.area import changed, pasted, preview_of, protected
from pliant.engines.latent.cells import cell_pairs
from pliant.engines.latent.frame import Frame
from pliant.engines.latent.task import Task
from pliant.geometry import Box
from pliant.types import Edit, RegionPair
from pliant.warp.warper import Warper


def task_of(edit, size=(512, 512), seed=0):
    """The edit as a method is given it, on a photo of `size` that is worked on whole."""
    picture = scenes.noise(size)
    warp = Warper(picture).preview(edit)
    box, weight = pasted(changed(edit, warp), protected(edit, picture.size), picture.size)
    frame = Frame.of(picture, Box.of_size(size), picture.size)
    return Task(edit=edit, frame=frame, warp=warp, preview=preview_of(warp, box, weight), seed=seed)


def moves(edit, size=(512, 512)):
    """{target cell: source cell}, each as (column, row)."""
    task = task_of(edit, size)
    columns = task.frame.cells[1]
    pairs = cell_pairs(task.warp.layers, task.frame)

    def place(flat):
        return int(flat % columns), int(flat // columns)

    return {place(t): place(s) for t, s in zip(pairs.targets, pairs.sources, strict=True)}


def displacements(edit, size=(512, 512)):
    """The set of (dx, dy) in cells that target cells are away from their sources."""
    return {(t[0] - s[0], t[1] - s[1]) for t, s in moves(edit, size).items()}


def shift(mask, dx, dy):
    """A pair that moves `mask`, which stays inside the picture, by (dx, dy) pixels."""
    return RegionPair(mask, np.roll(mask, (dy, dx), axis=(0, 1)))


def pair(source, target):
    return Edit([RegionPair(source, target)])


@contextmanager
def counted(unet):
    """A list that grows by the batch size of each call of the UNet."""
    calls = []

    def note(module, inputs):
        calls.append(inputs[0].shape[0])

    handle = unet.register_forward_pre_hook(note)
    try:
        yield calls
    finally:
        handle.remove()
