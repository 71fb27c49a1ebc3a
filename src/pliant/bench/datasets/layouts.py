"""How the files of each published data set lie, and how one of its samples is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pliant import imageio
from pliant.bench.datasets.annotation import (
    Points,
    drags_of_points,
    edit_of,
    mask_of,
    points_of,
    read_json,
    read_mask,
    read_pickle,
    text_of,
)
from pliant.bench.datasets.dense import region_pairs
from pliant.bench.sample import MASK_MEANINGS, DataError, Sample
from pliant.types import Edge, Edit, Mask, Picture

CATEGORIES = frozenset(
    (
        *("art_work", "land_scape", "building_city_view", "building_countryside_view", "interior_design"),
        *("animals", "human_head", "human_upper_body", "human_full_body", "other_objects"),
    )
)
"""Those of DragBench-D; the 100 pictures of DragBench-S have none."""

_EDITABLE = (
    MASK_MEANINGS["pinned"],
    "A mask that was never painted makes everything editable; a last point without a partner is left out.",
)

POINTS = "meta_data.pkl"
REGIONS = "meta_data_region.pkl"
DEFORMABLE = "meta_data_i4p.pkl"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One sample is a folder with the file `picture` and all of `files`; `title` is what tables call the set.

    `{}` in `title` becomes D, S or DS, by the categories that are there. `read` makes the sample of a folder under
    the name it is given.
    """

    title: str
    picture: str
    files: Sequence[str]
    notes: Sequence[str]
    read: Callable[[Path, str], Sample]


def read_points(folder: Path, name: str) -> Sample:
    """DragDiffusion's: drags, and where the picture may change."""
    return _from_record(folder, name, "pinned", POINTS)


def read_deformable(folder: Path, name: str) -> Sample:
    """Inpaint4Drag's: what to deform and how, while the measure stays at the points of DragBench."""
    return _from_record(folder, name, "free", DEFORMABLE)


def read_regions(folder: Path, name: str) -> Sample:
    """RegionDrag's: pairs of regions, while the measure stays at the points of DragBench."""
    picture = imageio.load(folder / "original_image.png")
    record, measured = read_pickle(folder / REGIONS), read_pickle(folder / POINTS)
    editable = mask_of(_value(record, "mask", REGIONS), picture.size, f"mask of {REGIONS}")
    pairs = region_pairs(points_of(_value(record, "points", REGIONS), f"points of {REGIONS}"), picture.size)
    protect = Mask(~editable) if editable.any() and not editable.all() else None
    return Sample(
        name=name,
        picture=picture,
        edit=Edit(pairs, protect=protect, prompt=text_of(record, "prompt"), size=picture.size),
        drags=drags_of_points(points_of(_value(measured, "points", POINTS), f"points of {POINTS}")),
        prompt=text_of(measured, "prompt"),
        editable=None if protect is None else editable,
        category=category_of(folder),
    )


def read_sde(folder: Path, name: str) -> Sample:
    """SDE-Drag's: a white mask where the picture may change, and two lists of points."""
    picture = imageio.load(folder / "origin_image.png")
    record = read_json(folder / "prompt.json")
    sources, targets = (
        points_of(_value(record, key, "prompt.json"), f"{key} of prompt.json") for key in ("source", "target")
    )
    if len(sources) != len(targets):
        raise DataError(f"prompt.json has {len(sources)} sources and {len(targets)} targets; they must be pairs.")
    points = [point for pair in zip(sources, targets, strict=True) for point in pair]
    return _from_mask(folder, name, picture, points, text_of(record, "prompt"))


def read_video(folder: Path, name: str) -> Sample:
    """VFD-Bench's: a frame, a later one that is the truth, a white mask where the picture may change."""
    picture = imageio.load(folder / "input.png")
    points = points_of(_value(read_json(folder / "points.json"), "points", "points.json"), "points.json")
    prompt = text_of(read_json(folder / "prompt.json"), "prompt") if (folder / "prompt.json").is_file() else ""
    truth = imageio.load(folder / "gt.png")
    if truth.size != picture.size:
        raise DataError(f"gt.png is {truth.size} and input.png {picture.size}; both must be the same.")
    return _from_mask(folder, name, picture, points, prompt, truth)


def read_rendered(folder: Path, name: str) -> Sample:
    """DragBench with its mask as a picture and its points as JSON."""
    picture = imageio.load(folder / "original_image.png")
    record = read_json(folder / "points.json")
    points = points_of(_value(record, "points", "points.json"), "points.json")
    sample = _from_mask(folder, name, picture, points, text_of(record, "prompt"))
    return replace(sample, category=text_of(record, "category") or sample.category)


def category_of(folder: Path) -> str:
    """The DragBench category that the folder stands in; "" where it stands in none."""
    return folder.parent.name if folder.parent.name in CATEGORIES else ""


def _from_record(folder: Path, name: str, edge: Edge, file: str) -> Sample:
    picture = imageio.load(folder / "original_image.png")
    record, measured = read_pickle(folder / file), read_pickle(folder / POINTS)
    mask = mask_of(_value(record, "mask", file), picture.size, f"mask of {file}")
    drags = drags_of_points(points_of(_value(record, "points", file), f"points of {file}"))
    return Sample(
        name=name,
        picture=picture,
        edit=edit_of(drags, mask, edge, picture.size, text_of(record, "prompt")),
        drags=drags_of_points(points_of(_value(measured, "points", POINTS), f"points of {POINTS}")),
        prompt=text_of(measured, "prompt"),
        editable=mask if edge == "pinned" and mask.any() else None,
        category=category_of(folder),
    )


def _from_mask(
    folder: Path, name: str, picture: Picture, points: Points, prompt: str, truth: Picture | None = None
) -> Sample:
    mask = read_mask(folder / "mask.png", picture.size)
    drags = drags_of_points(points)
    return Sample(
        name=name,
        picture=picture,
        edit=edit_of(drags, mask, "pinned", picture.size, prompt),
        drags=drags,
        prompt=prompt,
        editable=mask if mask.any() else None,
        truth=truth,
        category=category_of(folder),
    )


def _value(record: Mapping[str, Any], key: str, name: str) -> Any:
    if key not in record:
        raise DataError(f"{name} has no {key!r}.")
    return record[key]


LAYOUTS: dict[str, Layout] = {
    "inpaint4drag": Layout(
        title="DragBench-{} as re-annotated by Inpaint4Drag",
        picture="original_image.png",
        files=(DEFORMABLE, POINTS),
        notes=(
            MASK_MEANINGS["free"],
            f"Edits are those of {DEFORMABLE}; mean distance is measured at the points of {POINTS}.",
        ),
        read=read_deformable,
    ),
    "regiondrag": Layout(
        title="DragBench-{}R",
        picture="original_image.png",
        files=(REGIONS, POINTS),
        notes=(
            "Edits are pairs of regions, without drags; what a mask leaves out of the picture is protected.",
            "The stored pairs of pixels give the regions; the map inside a pair is RegionDrag's Algorithm 1.",
            f"Mean distance is measured at the points of {POINTS}.",
        ),
        read=read_regions,
    ),
    "dragbench": Layout(
        title="DragBench-{}",
        picture="original_image.png",
        files=(POINTS,),
        notes=_EDITABLE,
        read=read_points,
    ),
    "sde-drag": Layout(
        title="DragBench-S",
        picture="origin_image.png",
        files=("mask.png", "prompt.json"),
        notes=_EDITABLE,
        read=read_sde,
    ),
    "vfd": Layout(
        title="VFD-Bench",
        picture="input.png",
        files=("gt.png", "mask.png", "points.json"),
        notes=(MASK_MEANINGS["pinned"], "The truth is a later frame of a video: things move that nobody dragged."),
        read=read_video,
    ),
    "rendered": Layout(
        title="DragBench (masks as pictures)",
        picture="original_image.png",
        files=("mask.png", "points.json"),
        notes=_EDITABLE,
        read=read_rendered,
    ),
}
