"""A folder on disk as a data set: which layout its files lie in, and where its samples are."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from pliant.bench.datasets.documents import DocumentFolder
from pliant.bench.datasets.layouts import LAYOUTS, Layout, category_of
from pliant.bench.sample import DataError, DataSet, Sample, SampleRef
from pliant.errors import PliantError

DOCUMENTS = "documents"


@dataclass(frozen=True)
class LayoutFolder:
    """Every folder in or below `root` that has the layout's picture is a sample, whole or broken."""

    root: Path
    layout: Layout

    @property
    def name(self) -> str:
        """See `DataSet`."""
        letters = {"D" if category_of(folder) else "S" for folder in self._folders}
        return self.layout.title.format("".join(sorted(letters)))

    @property
    def notes(self) -> Sequence[str]:
        """See `DataSet`."""
        return self.layout.notes

    @property
    def samples(self) -> Sequence[SampleRef]:
        """See `DataSet`; a sample is named by its folder's path, `animals__JH_2023-09-14-1820-16`."""
        named = ((self._name(folder), folder) for folder in self._folders)
        return [SampleRef(name, partial(_load, self.layout, folder, name)) for name, folder in named]

    @cached_property
    def _folders(self) -> Sequence[Path]:
        return [folder for folder in _folders(self.root) if (folder / self.layout.picture).is_file()]

    def _name(self, folder: Path) -> str:
        return "__".join(folder.relative_to(self.root).parts) or folder.name


def open_data(reference: str | Path) -> DataSet:
    """The data set at a path, in whatever layout it lies; extra folders around it do not matter.

    `reference` is a folder, or `LAYOUT:FOLDER` with a name of `LAYOUTS` or `documents`, which is needed only where
    files of several annotations lie side by side.

    Raises:
        DataError: there is no such folder (`missing_data`), it is in no known layout (`unknown_layout`), or in
            more than one (`ambiguous_layout`).
    """
    wanted, root = _parted(str(reference))
    if not root.is_dir():
        raise DataError(f"There is no folder {str(root)!r}; give the folder of a data set.", code="missing_data")
    found = [wanted] if wanted else _recognised(root)
    if not found:
        known = "; ".join(f"{name}: {', '.join([facts.picture, *facts.files])}" for name, facts in LAYOUTS.items())
        raise DataError(
            f"{str(root)!r} is in no known layout. In the folder of a sample lie: {known}; {DOCUMENTS}: pictures "
            "with edit documents of the same name.",
            code="unknown_layout",
        )
    if len(found) > 1:
        raise DataError(
            f"{str(root)!r} has annotations of several kinds: {', '.join(found)}. Say which you mean: "
            f"{found[0]}:{root}",
            code="ambiguous_layout",
        )
    return DocumentFolder(root) if found[0] == DOCUMENTS else LayoutFolder(root, LAYOUTS[found[0]])


def _parted(reference: str) -> tuple[str, Path]:
    name, colon, rest = reference.partition(":")
    if colon and name in (*LAYOUTS, DOCUMENTS):
        return name, Path(rest).expanduser()
    return "", Path(reference).expanduser()


def _recognised(root: Path) -> list[str]:
    """The layouts that at least one folder is complete in, without those that are part of another one found."""
    folders = list(_folders(root))
    found = [name for name, facts in LAYOUTS.items() if any(_is_whole(folder, facts) for folder in folders)]
    found = [name for name in found if not any(_is_part(LAYOUTS[name], LAYOUTS[other]) for other in found)]
    return found or ([DOCUMENTS] if DocumentFolder(root).samples else [])


def _is_whole(folder: Path, layout: Layout) -> bool:
    return all((folder / file).is_file() for file in (layout.picture, *layout.files))


def _is_part(one: Layout, other: Layout) -> bool:
    return one.picture == other.picture and set(one.files) < set(other.files)


def _folders(root: Path) -> Iterator[Path]:
    """`root` and the folders below it, sorted, without hidden ones and what archives of macOS add."""
    for path, names, _ in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith((".", "__MACOSX")))
        yield Path(path)


def _load(layout: Layout, folder: Path, name: str) -> Sample:
    missing = [file for file in layout.files if not (folder / file).is_file()]
    if missing:
        raise DataError(f"{str(folder)!r} lacks {', '.join(missing)}.")
    try:
        return layout.read(folder, name)
    except PliantError as error:
        raise DataError(f"{str(folder)!r}: {error}", code=error.code) from error
