"""A plain folder of pictures with edit documents: read, and written from any other data set."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from pliant import document, imageio
from pliant.bench.datasets.annotation import read_mask
from pliant.bench.sample import DataError, DataSet, Sample, SampleRef, drags_of
from pliant.errors import PliantError
from pliant.files import read_bytes, write_bytes
from pliant.types import Bool, Drag, Picture

FACTS = "dataset.json"
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _SampleFacts(_Strict):
    category: str = ""
    prompt: str | None = None
    drags: tuple[tuple[float, float, float, float], ...] | None = None


class _Facts(_Strict):
    version: Literal[1] = 1
    name: str = ""
    notes: tuple[str, ...] = ("Edits are as their documents say.",)
    samples: dict[str, _SampleFacts] = {}


@dataclass(frozen=True)
class DocumentFolder:
    """`NAME.png` (or another picture) with `NAME.json`, its edit document.

    `NAME.truth.png` is the true result and `NAME.editable.png` white where the edit may change it, if there.
    `dataset.json` holds what documents cannot: the set's name and notes, and by sample the category, the drags to
    measure and the prompt to measure with.
    """

    root: Path

    @property
    def name(self) -> str:
        """See `DataSet`."""
        return self._facts.name or self.root.resolve().name

    @property
    def notes(self) -> Sequence[str]:
        """See `DataSet`."""
        return self._facts.notes

    @property
    def samples(self) -> Sequence[SampleRef]:
        """See `DataSet`."""
        documents = sorted(path for path in self.root.glob("*.json") if path.name != FACTS)
        named = ((path, _picture_of(path)) for path in documents)
        return [SampleRef(path.stem, partial(self._load, path, picture)) for path, picture in named if picture]

    @cached_property
    def _facts(self) -> _Facts:
        path = self.root / FACTS
        if not path.is_file():
            return _Facts()
        try:
            return _Facts.model_validate_json(read_bytes(path, fail=DataError))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise DataError(f"{str(path)!r}: {where}: {first['msg']}.") from None

    def _load(self, path: Path, picture_path: Path) -> Sample:
        picture, edit = imageio.load(picture_path), document.load(path)
        if edit.size is not None and edit.size != picture.size:
            raise DataError(f"{path.name} is for {edit.size} and {picture_path.name} is {picture.size}.")
        facts = self._facts.samples.get(path.stem, _SampleFacts())
        truth, editable = path.with_suffix(".truth.png"), path.with_suffix(".editable.png")
        return Sample(
            name=path.stem,
            picture=picture,
            edit=edit,
            drags=drags_of(edit) if facts.drags is None else [Drag((a, b), (c, d)) for a, b, c, d in facts.drags],
            prompt=edit.prompt if facts.prompt is None else facts.prompt,
            editable=read_mask(editable, picture.size) if editable.is_file() else None,
            truth=imageio.load(truth) if truth.is_file() else None,
            category=facts.category,
        )


def convert(dataset: DataSet, folder: Path) -> list[tuple[str, PliantError]]:
    """Write every sample of `dataset` into the new or empty `folder`, as `DocumentFolder` reads it.

    Gives the samples that are broken, which are left out. True motion, which only generated samples have, is not
    written.

    Raises:
        DataError: the folder is not empty (`exists`) or cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DataError(f"The folder {str(folder)!r} is not empty; give a new one.", code="exists")
    broken: list[tuple[str, PliantError]] = []
    samples: dict[str, _SampleFacts] = {}
    for ref in dataset.samples:
        try:
            samples[ref.name] = _write(ref.load(), folder)
        except PliantError as error:
            broken.append((ref.name, error))
    facts = _Facts(name=dataset.name, notes=tuple(dataset.notes), samples=samples)
    write_bytes(folder / FACTS, facts.model_dump_json(indent=1, exclude_defaults=True).encode(), fail=DataError)
    return broken


def _write(sample: Sample, folder: Path) -> _SampleFacts:
    base = folder / f"{sample.name}.json"
    imageio.save(sample.picture, base.with_suffix(".png"))
    if sample.truth is not None:
        imageio.save(sample.truth, base.with_suffix(".truth.png"))
    if sample.editable is not None:
        imageio.save(_as_picture(sample.editable), base.with_suffix(".editable.png"))
    document.save(sample.edit, base, size=sample.picture.size)
    own = tuple(sample.drags) == drags_of(sample.edit)
    return _SampleFacts(
        category=sample.category,
        prompt=None if sample.prompt == sample.edit.prompt else sample.prompt,
        drags=None if own else tuple(_flat(drag) for drag in sample.drags),
    )


def _flat(drag: Drag) -> tuple[float, float, float, float]:
    (a, b), (c, d) = drag.handle, drag.target
    return a, b, c, d


def _as_picture(mask: Bool) -> Picture:
    return Picture(mask.astype(np.uint8) * 255)


def _picture_of(path: Path) -> Path | None:
    return next((found for suffix in _PICTURES if (found := path.with_suffix(suffix)).is_file()), None)
