"""What is kept of every item of a batch, and where.

    OUT/batch.json                  the plan
    OUT/cats/1.png                  a result
    OUT/records/cats/1.png.json     its record, also where the item failed and there is no result
    OUT/refused/line-12.json        why something in the manifest is no item; made anew by every run

A record is written last, and whole: where it is, its result is, and the item is not done again.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pliant.batch.errors import BatchError
from pliant.batch.item import Refused
from pliant.errors import PliantError
from pliant.files import read_bytes, write_bytes


@dataclass(frozen=True, kw_only=True)
class Record:
    """`status`: `done`; or `failed`, then `error` has its code and message.

    `key` tells what was asked (item and plan). `sha256` is that of the result's file. `size` is in pixels,
    `timings` in seconds by stage. `edit` is a path, or None for a document in the manifest.
    """

    key: str
    output: str
    photo: str
    edit: str | None
    status: Literal["done", "failed"]
    engine: str
    device: str
    version: str
    seed: int | None = None
    size: Sequence[int] = ()
    moved_area: int = 0
    hole_area: int = 0
    timings: Mapping[str, float] = field(default_factory=dict[str, float])
    warnings: Sequence[str] = ()
    sha256: str | None = None
    error: Mapping[str, str] | None = None


def record_path(folder: Path, output: str) -> Path:
    """The file of the record of the item with that output."""
    return folder / "records" / f"{output}.json"


def write_record(folder: Path, record: Record) -> None:
    """Write `record`, atomically."""
    _write(record_path(folder, record.output), asdict(record))


def write_refused(folder: Path, refused: Refused) -> None:
    """Write down why something is no item."""
    name = re.sub(r"[^\w.-]", "_", refused.name)[:150]
    _write(folder / "refused" / f"{name}.json", asdict(refused))


def read_outcome(folder: Path, output: str) -> tuple[str, str | None] | None:
    """The key of the item with that output, and the code of its error; None where there is no record.

    What is no record counts as none: the item is done again.
    """
    path = record_path(folder, output)
    try:
        made = json.loads(read_bytes(path, fail=BatchError))
        return made["key"], made["error"] and made["error"]["code"]
    except (PliantError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, made: Mapping[str, Any]) -> None:
    make_folder(path.parent)
    write_bytes(path, (json.dumps(made, indent=1) + "\n").encode(), fail=BatchError)


def make_folder(path: Path) -> None:
    """Make sure that the folder `path` is there.

    Raises:
        BatchError: `not_writable`.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BatchError(f"{str(path)!r} cannot be made: {error.strerror}.", code="not_writable") from error
