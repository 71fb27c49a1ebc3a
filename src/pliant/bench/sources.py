"""What `--data` can name: the generated set, or a folder or file with one."""

from pliant.bench.datasets import open_data
from pliant.bench.exact.dataset import Exact
from pliant.bench.sample import DataError, DataSet

EXACT = "exact"


def open_source(text: str) -> DataSet:
    """The data set that `text` names: `exact`, `exact:count=300,seed=0,side=256` (any of them), or a path.

    Raises:
        DataError: it is neither.
    """
    name, _, options = text.partition(":")
    return Exact(**_numbers(options)) if name == EXACT else open_data(text)


def _numbers(options: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in filter(None, options.split(",")):
        name, _, value = part.partition("=")
        if name not in ("count", "seed", "side") or not value.isdecimal():
            raise DataError(
                f"{part!r} was given for {EXACT!r}; the form is exact:count=300,seed=0,side=256.",
                code="invalid_option",
            )
        found[name] = int(value)
    return found
