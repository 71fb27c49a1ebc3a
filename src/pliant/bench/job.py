"""What a run measures, as data that can be written down: job.json, and the messages to worker processes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from pliant.bench.contender import Contender
from pliant.errors import PliantError
from pliant.files import read_bytes, write_bytes

VERSION = 1


class BenchError(PliantError):
    """A run cannot be made, gone on with or reported."""

    code = "invalid_run"


@dataclass(frozen=True, kw_only=True)
class Job:
    """`data` are data sets as `pliant.bench.sources.open_source` takes them; `protocol` names what is measured.

    `weights` is the folder of the metrics' networks (None: the catalogue's) and `features` replaces the protocol's
    features (`metrics_of`); `seed` is what every engine gets.
    """

    data: Sequence[str]
    contenders: Sequence[Contender]
    protocol: str
    weights: str | None = None
    features: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        names = [contender.name for contender in self.contenders]
        if not self.data or not names:
            raise BenchError("A run needs at least one data set and one contender.")
        for name in names:
            if names.count(name) > 1:
                raise BenchError(f"Two contenders are called {name!r}; names must differ.")

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, made: Mapping[str, Any]) -> Self:
        """From what `to_json` gave.

        Raises:
            BenchError: it is of another version, or no job.
        """
        try:
            if made["version"] != VERSION:
                raise BenchError(
                    f"The run was written by another version of the bench ({made['version']}, this is {VERSION}); "
                    "run it anew into another folder."
                )
            facts = {name: value for name, value in made.items() if name != "version"}
            facts["contenders"] = [Contender(**contender) for contender in facts["contenders"]]
            return cls(**facts)
        except (KeyError, TypeError) as error:
            raise BenchError(f"job.json is not what the bench writes: {error}.") from error


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which samples of each data set are run: the first `limit` (None: all), and of those every `of`-th.

    Shard `shard` (from 1) of `of` has the samples whose index in the data set is `shard - 1` modulo `of`.
    """

    limit: int | None = None
    shard: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.shard <= self.of:
            raise BenchError(f"The shard is {self.shard}/{self.of}; accepted is i/n with 1 <= i <= n.")
        if self.limit is not None and self.limit < 1:
            raise BenchError(f"The limit is {self.limit}; accepted is 1 or more.")

    def chosen(self, count: int) -> range:
        """The indices out of `count`."""
        stop = count if self.limit is None else min(count, self.limit)
        return range(self.shard - 1, stop, self.of)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One record to be made: `data`, `contender` and `sample` count from 0; `name` is the sample's."""

    data: int
    contender: int
    sample: int
    name: str


def write_job(folder: Path, job: Job) -> None:
    """Write the job into `folder`, or make sure that the one which is there asks for the same.

    Raises:
        BenchError: `other_run`, the folder holds a run of something else.
    """
    path, made = folder / "job.json", json.dumps(job.to_json(), indent=1, sort_keys=True) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        write_bytes(path, made.encode(), fail=BenchError, overwrite=False)
    except BenchError as error:
        if error.code != "exists":
            raise
        if read_job(folder) != Job.from_json(json.loads(made)):
            raise BenchError(
                f"{str(folder)!r} holds a run of other data, contenders, protocol or seed (job.json says which); "
                "choose another folder.",
                code="other_run",
            ) from None


def read_job(folder: Path) -> Job:
    """The job in `folder`.

    Raises:
        BenchError: there is none (`missing_file`), or it is not one.
    """
    data = read_bytes(folder / "job.json", fail=BenchError)
    try:
        return Job.from_json(json.loads(data))
    except ValueError as error:
        raise BenchError(f"{str(folder / 'job.json')!r} is not JSON: {error}.") from error
