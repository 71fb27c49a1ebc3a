"""What `--data` can name: the generated sets, or a folder or file with one."""

import re
from collections.abc import Sequence
from pathlib import Path

from pliant.bench.datasets import open_data
from pliant.bench.exact.dataset import Exact
from pliant.bench.holes import Holes
from pliant.bench.sample import DataError, DataSet

EXACT = "exact"
HOLES = "holes"

_NUMBER = re.compile(r",(\w+)=(\d+)$")


def open_source(text: str) -> DataSet:
    """The data set that `text` names.

    `exact` or `exact:count=300,seed=0,side=256` (any of them), `holes:FOLDER` or
    `holes:FOLDER,count=300,seed=0,side=512` (any of them), or a path.

    Raises:
        DataError: it is neither.
    """
    name, _, rest = text.partition(":")
    if name == EXACT:
        return Exact(**_numbers(rest.split(","), f"{EXACT}:count=300,seed=0,side=256"))
    if name == HOLES:
        folder, options = _parted(rest)
        return Holes(Path(folder).expanduser(), **_numbers(options, f"{HOLES}:FOLDER,count=300,seed=0,side=512"))
    return open_data(text)


def _parted(text: str) -> tuple[str, list[str]]:
    """The folder, whose name may hold a comma, and what follows it."""
    options: list[str] = []
    while found := _NUMBER.search(text):
        options.append(found[0][1:])
        text = text[: found.start()]
    return text, options


def _numbers(parts: Sequence[str], form: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in filter(None, parts):
        name, _, value = part.partition("=")
        if name not in ("count", "seed", "side") or not value.isdecimal():
            raise DataError(f"{part!r} was given; the form is {form}.", code="invalid_option")
        found[name] = int(value)
    return found
