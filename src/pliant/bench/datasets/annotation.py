"""What people wrote down about a picture, as drags, masks and edits."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from pliant import imageio
from pliant.bench.datasets.unpickle import PlainArray, load_plain
from pliant.bench.sample import DataError
from pliant.files import read_bytes
from pliant.geometry import Size
from pliant.types import Bool, Drag, DragRegion, Edge, Edit, Everything, Mask

Points = Sequence[tuple[float, float]]

MAX_POINTS = 4_000_000


def read_pickle(path: Path) -> Mapping[str, Any]:
    """The dict in the pickle at `path`.

    Raises:
        DataError: there is none; it is missing, unsafe or damaged.
    """
    return _mapping(load_plain(read_bytes(path, fail=DataError), path.name), path)


def read_json(path: Path) -> Mapping[str, Any]:
    """The object in the JSON file at `path`; errors as `read_pickle`."""
    try:
        return _mapping(json.loads(read_bytes(path, fail=DataError)), path)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path.name} is not JSON: {error}.") from None


def text_of(record: Mapping[str, Any], key: str) -> str:
    """The text under `key`; "" where there is none."""
    value = record.get(key) or ""
    if not isinstance(value, str):
        raise DataError(f"{key} is {value!r}; it must be a text.")
    return value


def points_of(value: Any, name: str) -> list[tuple[float, float]]:
    """Points (x, y) from a sequence or array of pairs.

    Raises:
        DataError: it is something else, or there are more than `MAX_POINTS`.
    """
    listed = value.array.tolist() if isinstance(value, PlainArray) else value
    if not isinstance(listed, list | tuple) or len(cast(Sequence[Any], listed)) > MAX_POINTS:
        raise DataError(f"{name} must be a list of up to {MAX_POINTS:,} points [x, y].")
    return [_point(item, name) for item in cast(Sequence[Any], listed)]


def drags_of_points(points: Points) -> list[Drag]:
    """Drags from points that alternate: handle, target, handle, target; a last one alone is left out."""
    return [Drag(handle, target) for handle, target in zip(points[::2], points[1::2], strict=False)]


def mask_of(value: Any, size: Size, name: str) -> Bool:
    """The mask `(H, W)` from an array of a pickle; True where it is above 0.

    Raises:
        DataError: it is not an array of the picture's `size`.
    """
    array = value.array if isinstance(value, PlainArray) else None
    if array is None or array.shape != (size.height, size.width):
        shape = "no array" if array is None else f"an array of shape {array.shape}"
        raise DataError(f"{name} is {shape}; it must be ({size.height}, {size.width}), as the picture.")
    return array > 0


def read_mask(path: Path, size: Size) -> Bool:
    """The mask `(H, W)` in a picture file: True where it is lighter than half of white.

    Raises:
        DataError: it is not of the picture's `size`.
        PictureError: it cannot be read.
    """
    picture = imageio.load(path)
    if picture.size != size:
        raise DataError(f"{path.name} is {picture.size} and the picture {size}; both must be the same.")
    colours = picture.pixels[..., : picture.pixels.shape[2] - picture.has_alpha]
    return colours.max(axis=2) > picture.peak / 2


def edit_of(drags: Sequence[Drag], mask: Bool, edge: Edge, size: Size, prompt: str) -> Edit:
    """One region with all drags. An empty mask was never painted: then everything is editable.

    Raises:
        DataError: there are no drags.
    """
    if not drags:
        raise DataError("It has no pair of points; it needs a handle and a target.")
    region = Mask(mask) if mask.any() else Everything()
    return Edit([DragRegion(region, drags, edge=edge)], prompt=prompt, size=size)


def _mapping(value: Any, path: Path) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{path.name} holds {type(value).__name__}; it must hold a dict.")
    return cast(dict[str, Any], value)


def _point(value: Any, name: str) -> tuple[float, float]:
    pair = value.array.tolist() if isinstance(value, PlainArray) else value
    try:
        x, y = (float(part) for part in pair)
    except (TypeError, ValueError):
        raise DataError(f"{name} has {str(pair)[:80]} for a point; a point is [x, y].") from None
    if not np.isfinite([x, y]).all():
        raise DataError(f"{name} has the point ({x}, {y}); coordinates must be finite.")
    return x, y
