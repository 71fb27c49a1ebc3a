"""Records as a table: sections by data set and kind of sample, a row for each contender."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from pliant.bench.bootstrap import Estimate, Paired, Values, estimate, paired
from pliant.bench.job import BenchError
from pliant.bench.metrics.base import Column
from pliant.bench.record import Record

By = Literal["edge", "category", "all"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A contender on the samples of a section.

    `failed` counts samples that ended with an error, `errors` by code. `seconds` is the median of a whole call
    that was not the first of its process, `first_seconds` the longest that was; `peak_mb` the largest of all.
    """

    contender: str
    count: int
    failed: int
    errors: Mapping[str, int]
    cells: Mapping[str, Estimate]
    against: Mapping[str, Paired]
    seconds: float | None
    first_seconds: float | None
    peak_mb: float | None


@dataclass(frozen=True, kw_only=True)
class Section:
    """`group` is the edge or category of its samples, "" for all; `columns` are those that some row has."""

    dataset: str
    group: str
    columns: Sequence[Column]
    rows: Sequence[Row]


def sections(
    records: Iterable[Record],
    columns: Sequence[Column],
    *,
    by: By = "edge",
    against: str | None = None,
) -> list[Section]:
    """The table of `records`, data sets in their order.

    With `against`, every contender is compared with that one, sample by sample.

    Raises:
        BenchError: there is no such contender, or no record.
    """
    grouped: dict[tuple[str, str], dict[str, list[Record]]] = {}
    for record in records:
        if record.status != "skipped":
            group = grouped.setdefault((record.dataset, _group(record, by)), {})
            group.setdefault(record.contender, []).append(record)
    if not grouped:
        raise BenchError("There are no records yet; `pliant bench run` makes them.", code="no_records")
    names = list(dict.fromkeys(name for rows in grouped.values() for name in rows))
    if against is not None and against not in names:
        raise BenchError(
            f"There is no contender {against!r} in this run; it has: {', '.join(names)}.", code="unknown_contender"
        )
    order = list(dict.fromkeys(dataset for dataset, _ in grouped))
    keys = sorted(grouped, key=lambda key: (order.index(key[0]), key[1]))
    return [_section(key, grouped[key], columns, against) for key in keys]


def _group(record: Record, by: By) -> str:
    if by == "all":
        return ""
    if by == "category":
        return record.category
    return f"{record.sample_edge} edge" if record.sample_edge else ""


def _section(
    key: tuple[str, str], rows: Mapping[str, list[Record]], columns: Sequence[Column], against: str | None
) -> Section:
    reference = _values(rows.get(against, [])) if against else {}
    made = [_row(name, found, columns, reference if name != against else {}) for name, found in rows.items()]
    shown = [column for column in columns if any(column.name in row.cells for row in made)]
    return Section(dataset=key[0], group=key[1], columns=shown, rows=made)


def _row(name: str, records: Sequence[Record], columns: Sequence[Column], reference: Mapping[str, Values]) -> Row:
    records = sorted(records, key=lambda record: record.sample)
    done = [record for record in records if record.status == "done"]
    values = _values(done)
    cells = {column.name: estimate(column, list(values.values())) for column in columns}
    pairs = {column.name: paired(column, values, reference) for column in columns} if reference else {}
    later = [record.timings["total"] for record in done if not record.first]
    first = [record.timings["total"] for record in done if record.first]
    peaks = [record.peak_mb for record in done if record.peak_mb is not None]
    return Row(
        contender=name,
        count=len(done),
        failed=len(records) - len(done),
        errors=dict(Counter(record.error["code"] for record in records if record.error)),
        cells={column: cell for column, cell in cells.items() if cell},
        against={column: pair for column, pair in pairs.items() if pair},
        seconds=median(later) if later else None,
        first_seconds=max(first, default=None),
        peak_mb=max(peaks, default=None),
    )


def _values(records: Iterable[Record]) -> dict[str, Values]:
    return {record.sample: record.metrics for record in records if record.status == "done"}
