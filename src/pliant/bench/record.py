"""What is kept of one contender on one sample, and where in a run's folder everything lies.

    job.json                            what is run
    columns.json, notes.json            what the metrics' columns mean; what is to be known of the data sets
    records/DATA/CONTENDER/SAMPLE.json  a record
    samples/DATA/SAMPLE.json            what a page needs of a sample: regions, drags, size
    pictures/DATA/SAMPLE.input.png, SAMPLE.truth.png
    pictures/DATA/CONTENDER/SAMPLE.png, SAMPLE.warp.jpg

A record is written last, and whole: where it is, everything of it is.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from pliant.bench.job import BenchError, Job, Task
from pliant.bench.metrics.base import Column
from pliant.bench.sample import DataSet
from pliant.files import read_bytes, write_bytes

Status = Literal["done", "failed", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Record:
    """`status`: `done`; `failed`, `error` has its code and message; `skipped`, it is not for such samples.

    `options`, `deform` and `edge` are the contender's, `sample_edge` the sample's own. `timings` are seconds by
    stage, `total` the whole call; `first` says that this process ran the contender for the first time, so that it
    compiled or loaded. `peak_mb` is the largest memory of the process meanwhile, `device_peak_mb` that of the
    accelerator.
    """

    dataset: str
    sample: str
    contender: str
    status: Status
    protocol: str
    seed: int
    device: str
    engine: str = ""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    deform: str | None = None
    edge: str | None = None
    category: str = ""
    sample_edge: str | None = None
    size: Sequence[int] = ()
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    timings: Mapping[str, float] = field(default_factory=dict[str, float])
    first: bool = False
    peak_mb: float | None = None
    device_peak_mb: float | None = None
    hole_area: int = 0
    moved_area: int = 0
    warnings: Sequence[str] = ()
    error: Mapping[str, str] | None = None
    versions: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def from_json(cls, made: Mapping[str, Any]) -> Self:
        """From what was written.

        Raises:
            BenchError: it is not a record.
        """
        try:
            return cls(**made)
        except TypeError as error:
            raise BenchError(f"A record is not what the bench writes: {error}.") from error


@dataclass(frozen=True)
class Layout:
    """The places in the folder of a run of `job`."""

    folder: Path
    job: Job

    def data(self, index: int) -> str:
        """The folder name of a data set."""
        return f"{index + 1}-{_slug(self.job.data[index])}"

    def contender(self, index: int) -> str:
        """The folder name of a contender."""
        return f"{index + 1}-{_slug(self.job.contenders[index].name)}"

    def record(self, task: Task) -> Path:
        """The file of a record."""
        return self._under("records", task) / f"{file_name(task.name)}.json"

    def facts(self, task: Task) -> Path:
        """The file of what is known of a sample."""
        return self.folder / "samples" / self.data(task.data) / f"{file_name(task.name)}.json"

    def input(self, task: Task) -> Path:
        """The picture of a sample before the edit."""
        return self.folder / "pictures" / self.data(task.data) / f"{file_name(task.name)}.input.png"

    def truth(self, task: Task) -> Path:
        """The picture of a sample after the true edit."""
        return self.input(task).with_name(f"{file_name(task.name)}.truth.png")

    def result(self, task: Task) -> Path:
        """What the contender made."""
        return self._under("pictures", task) / f"{file_name(task.name)}.png"

    def warp(self, task: Task) -> Path:
        """Its warp with the hole open."""
        return self._under("pictures", task) / f"{file_name(task.name)}.warp.jpg"

    def _under(self, kind: str, task: Task) -> Path:
        return self.folder / kind / self.data(task.data) / self.contender(task.contender)


def write_record(path: Path, record: Record) -> None:
    """Write `record` to `path`, atomically."""
    write_json(path, asdict(record))


def write_json(path: Path, made: Any) -> None:
    """Write plain values to `path`, atomically, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, (json.dumps(made, indent=1) + "\n").encode(), fail=BenchError)


def read_json(path: Path) -> Any:
    """The plain values in `path`.

    Raises:
        BenchError: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(read_bytes(path, fail=BenchError))
    except ValueError as error:
        raise BenchError(f"{str(path)!r} is damaged: {error}. Delete it and run again.") from error


def write_columns(folder: Path, columns: Sequence[Column]) -> None:
    """Keep what the numbers of a run's records mean: a report has no weights at hand to ask the metrics."""
    write_json(folder / "columns.json", [asdict(column) for column in columns])


def read_columns(folder: Path) -> list[Column]:
    """What `write_columns` wrote."""
    return [Column(**made) for made in read_json(folder / "columns.json")]


def write_notes(folder: Path, datasets: Sequence[DataSet]) -> None:
    """Keep the notes of the data sets, by their names."""
    write_json(folder / "notes.json", {dataset.name: list(dataset.notes) for dataset in datasets})


def read_notes(folder: Path) -> dict[str, list[str]]:
    """What `write_notes` wrote."""
    return read_json(folder / "notes.json")


def records(layout: Layout) -> Iterator[tuple[Task, Record]]:
    """Every record of a run, by data set, contender and sample name."""
    for data in range(len(layout.job.data)):
        for contender in range(len(layout.job.contenders)):
            folder = layout.folder / "records" / layout.data(data) / layout.contender(contender)
            for index, path in enumerate(sorted(folder.glob("*.json"))):
                record = Record.from_json(read_json(path))
                yield Task(data=data, contender=contender, sample=index, name=record.sample), record


def file_name(name: str) -> str:
    """`name` as the name of a file; a sample's name is one already unless somebody's folder is odd."""
    return re.sub(r"[^\w.,+=@-]", "_", name)[:150] or "_"


def _slug(name: str) -> str:
    return re.sub(r"[^\w.+-]+", "-", name).strip("-.")[-60:] or "x"
