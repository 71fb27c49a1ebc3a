"""Where the items of a batch come from: a manifest with an item on every line, or a folder. Both are streamed."""

import json
import sqlite3
import unicodedata
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pliant.batch.errors import BatchError
from pliant.batch.item import Item, Refused, item_in
from pliant.errors import PliantError

MAX_LINE = 64 * 2**20
"""Bytes; an edit document has no more either."""

_PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".bmp", ".gif")


class Source(Protocol):
    """Items that are read as they are wanted."""

    def count(self) -> int:
        """How many items, and things that are none, `entries` gives."""
        ...

    def entries(self) -> Iterator[Item | Refused]:
        """Every item, and in its place what is none."""
        ...


def open_source(path: Path) -> Source:
    """The items of the manifest or folder at `path`.

    Raises:
        BatchError: `missing_file`.
    """
    if path.is_dir():
        return Folder(path)
    if not path.is_file():
        raise BatchError(f"There is no file or folder {str(path)!r}; check the path.", code="missing_file")
    return Manifest(path)


@dataclass(frozen=True)
class Manifest:
    """A file of JSON lines; paths in it start from its own folder. Empty lines are passed over."""

    path: Path

    def count(self) -> int:
        """How many lines there are."""
        return sum(1 for _ in self._lines())

    def entries(self) -> Iterator[Item | Refused]:
        """What each line asks for."""
        for number, line in self._lines():
            name = f"line-{number}"
            try:
                yield item_in(_value(line), self.path.parent)
            except PliantError as error:
                yield Refused(name=name, code=error.code, message=str(error))

    def _lines(self) -> Generator[tuple[int, bytes]]:
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(_pieces(file), 1):
                    if line.strip():
                        yield number, line
        except OSError as error:
            raise BatchError(
                f"{str(self.path)!r} cannot be read: {error.strerror}.", code="not_readable"
            ) from error


@dataclass(frozen=True)
class Folder:
    """A folder in which `cat.json` is the edit of the photo `cat.jpg`; its result is `cat.png`."""

    path: Path

    def count(self) -> int:
        """How many edit documents there are."""
        return sum(1 for _ in self._documents())

    def entries(self) -> Iterator[Item | Refused]:
        """One item for every document."""
        for name in self._documents():
            stem = name[: -len(".json")]
            photos = self._photos(stem)
            try:
                yield item_in({"photo": _only(photos, name), "edit": name, "output": f"{stem}.png"}, self.path)
            except PliantError as error:
                yield Refused(name=name, code=error.code, message=str(error))

    def _photos(self, stem: str) -> list[str]:
        beside = [self.path / (stem + suffix) for suffix in (*_PHOTOS, *map(str.upper, _PHOTOS))]
        # By the file's number: where the case of letters does not count, a.jpg and a.JPG are one.
        return [*{path.stat().st_ino: path.name for path in reversed(beside) if path.is_file()}.values()]

    def _documents(self) -> Iterator[str]:
        return (path.name for path in self.path.iterdir() if path.suffix == ".json" and path.is_file())


def unrepeated(entries: Iterator[Item | Refused]) -> Iterator[Item | Refused]:
    """`entries`, with every item refused whose output an earlier one has, also if only by the case of letters.

    The names are kept in a temporary database on disk, since there may be more than memory holds.
    """
    # Threads take turns with it.
    with closing(sqlite3.connect("", check_same_thread=False)) as names:
        names.execute("CREATE TABLE taken (name TEXT PRIMARY KEY, place INTEGER) WITHOUT ROWID")
        for place, entry in enumerate(entries, 1):
            yield _repeat(names, entry, place) or entry if isinstance(entry, Item) else entry


def _repeat(names: sqlite3.Connection, item: Item, place: int) -> Refused | None:
    name = unicodedata.normalize("NFC", item.output).casefold()
    try:
        names.execute("INSERT INTO taken VALUES (?, ?)", (name, place))
    except sqlite3.IntegrityError:
        (first,) = names.execute("SELECT place FROM taken WHERE name = ?", (name,)).fetchone()
        message = f"Its output {item.output!r} is that of item {first}; give it another."
        return Refused(name=f"item-{place}", code="duplicate_output", message=message)
    return None


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The lines of `file`; of one that is too long only its beginning, which is then no JSON."""
    while line := file.readline(MAX_LINE):
        yield line
        while len(line) == MAX_LINE and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE)


def _value(line: bytes) -> Any:
    if len(line) == MAX_LINE:
        raise BatchError(f"It has more than {MAX_LINE:,} bytes; put masks into files.", code="too_large")
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BatchError(f"It is not JSON: {error}.", code="invalid_item") from None


def _only(photos: list[str], document: str) -> str:
    if len(photos) == 1:
        return photos[0]
    found = f"{' and '.join(sorted(photos))} stand" if photos else "no photo of the same name stands"
    raise BatchError(
        f"{found} beside {document}; there must be one, or a manifest that says which.", code="invalid_item"
    )
