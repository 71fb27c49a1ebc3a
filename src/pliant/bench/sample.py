"""What the bench passes around: samples, and the data sets they come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pliant.errors import PliantError
from pliant.types import Bool, Drag, DragRegion, Edge, Edit, Picture


class DataError(PliantError):
    """A data set or one of its samples cannot be used; the message names the file."""

    code = "broken_sample"


@dataclass(frozen=True, kw_only=True, eq=False)
class Motion:
    """The true motion of a sample.

    `source_of` `(H, W, 2)` float32: where the pixel that stands at (x, y) after the edit comes from. It is defined
    where `visible` `(H, W)` is True: on moved content that could be seen before the edit too.
    """

    source_of: NDArray[np.float32]
    visible: Bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """One picture, what is asked of it, and what is known of the answer.

    `name` is unique in its data set and can be a file name. `drags` are what mean distance is measured at, and
    `prompt` the text its features get: a data set may state them apart from the edit (RegionDrag's edits are
    region pairs, its measure is the point drags of DragBench). `editable` `(H, W)` is where the edit may change
    the picture (None: not stated). `truth` is the picture after the true edit, of the size of `picture`;
    `uncovered` `(H, W)` is what shows there and was hidden before. `category` groups samples in a table.
    """

    name: str
    picture: Picture
    edit: Edit
    drags: Sequence[Drag] = ()
    prompt: str = ""
    editable: Bool | None = None
    truth: Picture | None = None
    motion: Motion | None = None
    uncovered: Bool | None = None
    category: str = ""


@dataclass(frozen=True, slots=True)
class SampleRef:
    """A sample that is not in memory yet.

    `load` reads or makes it, the same one every time, and raises `DataError` (or another `PliantError`) where it
    is broken; then the next one can still be loaded.
    """

    name: str
    load: Callable[[], Sample]


class DataSet(Protocol):
    """Samples of one kind. What is listed is light: nothing is read before a `SampleRef.load`."""

    @property
    def name(self) -> str:
        """What tables call it: `DragBench-D`."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What a reader of its numbers must know, as sentences: its layout, what its masks mean and which `edge`
        its edits got for that."""
        ...

    @property
    def samples(self) -> Sequence[SampleRef]:
        """Every sample, in a fixed order; names are unique."""
        ...


def drags_of(edit: Edit) -> tuple[Drag, ...]:
    """Every drag of the edit's drag regions, in order; region pairs have none."""
    return tuple(drag for item in edit.regions if isinstance(item, DragRegion) for drag in item.drags)


MASK_MEANINGS: dict[Edge, str] = {
    "pinned": "Masks are editable areas: the edits are `edge: pinned`.",
    "free": "Masks are the deformable regions themselves: the edits are `edge: free`.",
}
"""The note of a data set whose masks became edits with that edge."""
