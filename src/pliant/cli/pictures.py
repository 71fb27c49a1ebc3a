"""Pictures and edit documents between a verb and the files or pipes it was given."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pliant.cli.console import UsageError

if TYPE_CHECKING:
    from pliant.cli.flags import Format
    from pliant.types import Edit, Mask, Picture, Result

PIPE = "-"


def open_photo(name: str) -> "Picture":
    """The photo called `name`, or the one on standard input."""
    from pliant.imageio import load

    return load(sys.stdin.buffer.read() if name == PIPE else name)


def mask_of(name: str, flag: str) -> "Mask":
    """The region that the picture file `name`, given with `flag`, shows white."""
    from pliant.document.masks import MaskReader

    return MaskReader(Path(), None).read(name, flag)


def open_edit(name: str, *, photo: str) -> "Edit":
    """The edit in the document or PNG result called `name`, or in the JSON on standard input."""
    from pliant.document import load, loads

    if name == PIPE:
        if photo == PIPE:
            raise UsageError("--edit", "standard input cannot be both the photo and the edit.")
        return loads(sys.stdin.buffer.read(), base=Path())
    return embedded_edit(name) if Path(name).suffix.lower() == ".png" else load(name)


def embedded_edit(name: str) -> "Edit":
    """The edit that the PNG result called `name` holds."""
    from pliant.errors import DocumentError
    from pliant.imageio import read_edit

    found = read_edit(name)
    if found is None:
        raise DocumentError(
            f"{name!r} holds no edit; PNG files written by `pliant edit` do, or give an edit document (JSON).",
            code="no_edit",
        )
    return found


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a verb's picture goes; refused before any work is done where it could not be written."""

    name: str
    format: "Format | None"
    overwrite: bool

    @property
    def is_pipe(self) -> bool:
        """Whether it is standard output."""
        return self.name == PIPE

    def check(self) -> None:
        """Refuse what cannot be written."""
        if self.is_pipe:
            if sys.stdout.isatty():
                raise UsageError("-o", "standard output is a terminal; name a file.")
            return
        if self.format is not None:
            raise UsageError("--format", "it belongs to '-o -'; a file's suffix says its format.")
        check_file(self.name, overwrite=self.overwrite)

    def write(self, picture: "Picture | Result") -> None:
        """Write `picture`."""
        from pliant.imageio import encode, save

        if not self.is_pipe:
            save(picture, self.name, overwrite=self.overwrite)
            return
        sys.stdout.buffer.write(encode(picture, self.format or "png"))
        sys.stdout.buffer.flush()


def target(name: str | None, format: "Format | None", *, overwrite: bool) -> Target:
    """The checked target that `-o`, `--format` and `--overwrite` describe."""
    if name is None:
        raise UsageError("-o", "say where to write: -o out.png, or -o - for standard output.")
    found = Target(name=name, format=format, overwrite=overwrite)
    found.check()
    return found


def targets(name: str | None, format: "Format | None", count: int, *, overwrite: bool) -> list[Target]:
    """`count` checked targets; more than one are called `out-1.png`, `out-2.png`, ... for `out.png`."""
    if count == 1 or name is None:
        return [target(name, format, overwrite=overwrite)]
    if name == PIPE:
        raise UsageError("--candidates", "standard output takes one picture; name a file.")
    path = Path(name)
    names = [str(path.with_name(f"{path.stem}-{index + 1}{path.suffix}")) for index in range(count)]
    return [target(numbered, format, overwrite=overwrite) for numbered in names]


def check_file(name: str, *, overwrite: bool) -> None:
    """Refuse a picture file that could not be written."""
    from pliant.errors import PictureError
    from pliant.files import check_target
    from pliant.imageio import format_of

    format_of(Path(name).suffix, name=name)
    try:
        check_target(Path(name), fail=PictureError, overwrite=overwrite)
    except PictureError as error:
        if error.code != "exists":
            raise
        raise PictureError(
            f"{name!r} exists; give --overwrite to replace it, or another name.", code="exists"
        ) from None
