"""One item of a batch: a photo, its edit, and what the result is called."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from pliant.batch.errors import BatchError
from pliant.batch.plan import FILE
from pliant.document import load, loads
from pliant.errors import DocumentError
from pliant.imageio import format_of, read_edit
from pliant.types import Edit

RESERVED = ("records", "refused")
"""Folders of a batch that hold no pictures."""

_FIELDS = ("photo", "edit", "output", "seed", "prompt")


@dataclass(frozen=True, kw_only=True)
class Item:
    """`photo` is an absolute path; so is `edit`, or it is an edit document whose files are looked for from `base`.

    `output` is a path in the batch's folder, with slashes. `seed` and `prompt` replace what plan and edit say.
    """

    photo: str
    edit: str | Mapping[str, Any]
    base: str
    output: str
    seed: int | None = None
    prompt: str | None = None

    def key(self, plan: Mapping[str, Any]) -> str:
        """What tells this item with that plan from any other."""
        return digest({"plan": plan, "item": self.to_json()})

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return dict(vars(self))  # asdict would copy whole documents


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Something that was to be an item and is none; `name` is what its record is called."""

    name: str
    code: str
    message: str


def item_in(entry: Any, base: Path) -> Item:
    """The item that one line of a manifest, `entry`, asks for; its paths start from the folder `base`.

    Raises:
        BatchError: `invalid_item`; the message names the field.
    """
    if not isinstance(entry, dict):
        raise _wrong("The line", entry, 'an object such as {"photo": "a.jpg", "edit": "a.json"}')
    given = cast(dict[str, Any], entry)
    for name in given.keys() - set(_FIELDS):
        raise BatchError(f"{name!r} is no field; accepted are {', '.join(_FIELDS)}.", code="invalid_item")
    photo, edit = given.get("photo"), given.get("edit")
    if not (isinstance(photo, str) and photo):
        raise _wrong("photo", photo, "the path of a picture")
    if not (edit and isinstance(edit, str | dict)):
        raise _wrong("edit", edit, "the path of an edit document or of a PNG result, or a document itself")
    seed, prompt = given.get("seed"), given.get("prompt")
    if not (seed is None or (type(seed) is int and seed >= 0)):
        raise _wrong("seed", seed, "a whole number from 0")
    if not (prompt is None or isinstance(prompt, str)):
        raise _wrong("prompt", prompt, "a text")
    folder = base.absolute()
    document = cast("str | dict[str, Any]", edit)
    where = str(folder / document) if isinstance(document, str) else document
    output = given.get("output")
    named = _named(photo, given) if output is None else _checked_output(output)
    return Item(photo=str(folder / photo), edit=where, base=str(folder), output=named, seed=seed, prompt=prompt)


def edit_of(item: Item) -> Edit:
    """The edit that `item` asks for.

    Raises:
        DocumentError: it is malformed or not there; `no_edit`, it is a PNG that holds none.
    """
    if not isinstance(item.edit, str):
        return loads(json.dumps(item.edit), base=Path(item.base))
    if not item.edit.lower().endswith(".png"):
        return load(item.edit)
    found = read_edit(item.edit)
    if found is None:
        raise DocumentError(f"{item.edit!r} holds no edit; PNG results of Pliant do.", code="no_edit")
    return found


def check(item: Item) -> None:
    """Refuse an item whose photo is not there or whose edit is malformed, without opening the photo.

    Raises:
        PliantError: as the item would fail with.
    """
    if not Path(item.photo).is_file():
        raise BatchError(f"There is no file {item.photo!r}; check the path.", code="missing_file")
    edit_of(item)


def digest(value: Any) -> str:
    """A name for a JSON value: 32 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _named(photo: str, given: Mapping[str, Any]) -> str:
    # By what is asked, not by where it stands: lines can be added and moved, and results keep their names.
    stem = re.sub(r"[^\w.,+=@ -]", "_", Path(photo).stem[:100]).lstrip(".")
    return f"{stem}-{digest(given)[:12]}.png"


def _checked_output(output: Any) -> str:
    accepted = "a picture's path inside the output folder, such as cats/1.png"
    if not (isinstance(output, str) and output.isprintable()):
        raise _wrong("output", output, accepted)
    path = PurePosixPath(output)
    parts = path.parts
    odd = path.is_absolute() or not parts or ".." in parts or any(c in output for c in '\\:*?"<>|')
    if odd or parts[0] in (*RESERVED, FILE) or any(part.startswith(".") or len(part) > 200 for part in parts):
        raise _wrong("output", output, f"{accepted} (not in {' or '.join(RESERVED)})")
    format_of(path.suffix, name=output)
    return str(path)


def _wrong(field: str, given: Any, accepted: str) -> BatchError:
    told = "not given" if given is None else f"{str(given)[:80]!r}"
    return BatchError(f"{field} is {told}; accepted is {accepted}.", code="invalid_item")
