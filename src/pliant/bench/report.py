"""A table as text: Markdown for people, LaTeX for papers, CSV and JSON for programs."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from pliant.bench.bootstrap import Estimate, Paired
from pliant.bench.metrics.base import Column
from pliant.bench.table import Row, Section

Notes = Mapping[str, Sequence[str]]

_CSV_HEAD = (
    *("dataset", "group", "contender", "metric", "unit", "samples", "failed", "mean", "low", "high"),
    *("against", "difference", "difference_low", "difference_high", "better"),
)


def markdown(sections: Sequence[Section], *, against: str | None = None, notes: Notes | None = None) -> str:
    """Sections with a table each: the mean and its interval; the best mean is bold. `notes` are by data set."""
    parts: list[str] = []
    for section in sections:
        parts.append(f"## {_title(section)}")
        parts += [_grid(section)] if section.columns else []
        if against and any(row.against for row in section.rows):
            parts += [f"Difference to *{against}* on the same samples, and the share of them that are better:"]
            parts += [_differences(section)]
        parts += _failures(section)
        parts += [f"- {note}" for note in (notes or {}).get(section.dataset, ())]
    return "\n\n".join(parts).replace("\n\n- ", "\n- ") + "\n"


def latex(sections: Sequence[Section], *, against: str | None = None, notes: Notes | None = None) -> str:
    """A `tabular` (booktabs) for each section: means, the best one bold."""
    del against, notes
    return "\n\n".join(_tabular(section) for section in sections) + "\n"


def table_csv(sections: Sequence[Section], *, against: str | None = None, notes: Notes | None = None) -> str:
    """A line for each number: where it belongs, samples, mean and interval, and the difference."""
    del notes
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_CSV_HEAD)
    for section in sections:
        for row in section.rows:
            for column in section.columns:
                if (cell := row.cells.get(column.name)) is None:
                    continue
                pair = row.against.get(column.name)
                apart = _apart(pair, against)
                facts = [section.dataset, section.group, row.contender, column.name, column.unit]
                writer.writerow([*facts, cell.count, row.failed, cell.mean, cell.low, cell.high, *apart])
    return out.getvalue()


def table_json(sections: Sequence[Section], *, against: str | None = None, notes: Notes | None = None) -> str:
    """Everything that the table has, numbers as they are."""
    made = {"against": against, "notes": dict(notes or {}), "sections": [asdict(section) for section in sections]}
    return json.dumps(made, indent=1) + "\n"


FORMATS: dict[str, Callable[..., str]] = {
    "markdown": markdown,
    "csv": table_csv,
    "latex": latex,
    "json": table_json,
}


def heading(column: Column) -> str:
    """What stands above a column: title, unit, and which way is good."""
    way = {"lower": " ↓", "higher": " ↑", None: ""}[column.better]
    return f"{column.title}{', ' + column.unit if column.unit else ''}{way}"


def number(column: Column, value: float, *, signed: bool = False) -> str:
    """`value` as tables show it."""
    return f"{value * column.scale:{'+' if signed else ''}.{column.digits}f}"


def _title(section: Section) -> str:
    return f"{section.dataset}, {section.group}" if section.group else section.dataset


def _grid(section: Section) -> str:
    head = ["", "samples", *(heading(column) for column in section.columns), "s", "first, s", "peak MB"]
    best = _best(section)
    lines = [_line(head), "|---|" + "--:|" * (len(head) - 1)]
    for row in section.rows:
        cells = [_cell(column, row.cells.get(column.name), best) for column in section.columns]
        lines.append(_line([row.contender, _count(row), *cells, *_costs(row)]))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _count(row: Row) -> str:
    return f"{row.count} ({row.failed} failed)" if row.failed else str(row.count)


def _best(section: Section) -> dict[str, str]:
    """By column, the best mean as it is shown; rows that show the same are all best."""
    found: dict[str, str] = {}
    for column in section.columns:
        means = [row.cells[column.name].mean for row in section.rows if column.name in row.cells]
        if column.better and len(means) > 1:
            found[column.name] = number(column, min(means) if column.better == "lower" else max(means))
    return found


def _cell(column: Column, cell: Estimate | None, best: Mapping[str, str]) -> str:
    if cell is None:
        return ""
    shown = number(column, cell.mean)
    shown = f"**{shown}**" if best.get(column.name) == shown else shown
    return f"{shown} [{number(column, cell.low)}, {number(column, cell.high)}]"


def _costs(row: Row) -> list[str]:
    seconds = [f"{value:.3f}" if value is not None else "" for value in (row.seconds, row.first_seconds)]
    return [*seconds, f"{row.peak_mb:.0f}" if row.peak_mb is not None else ""]


def _differences(section: Section) -> str:
    columns = [column for column in section.columns if any(column.name in row.against for row in section.rows)]
    lines = [_line(["", *(heading(column) for column in columns)]), "|---|" + "--:|" * len(columns)]
    for row in section.rows:
        if row.against:
            lines.append(
                _line([row.contender, *(_pair(column, row.against.get(column.name)) for column in columns)])
            )
    return "\n".join(lines)


def _pair(column: Column, pair: Paired | None) -> str:
    """A difference whose interval leaves out zero is bold."""
    if pair is None:
        return ""
    apart = pair.difference
    mean, low, high = (number(column, value, signed=True) for value in (apart.mean, apart.low, apart.high))
    share = "" if pair.better is None else f", {pair.better:.0%}"
    return f"{f'**{mean}**' if pair.sure else mean} [{low}, {high}]{share}"


def _failures(section: Section) -> list[str]:
    rows = [row for row in section.rows if row.errors]
    return [
        f"- {row.contender}: failed on {row.failed} of {row.failed + row.count} samples: "
        + ", ".join(f"`{code}` {count}" for code, count in sorted(row.errors.items()))
        for row in rows
    ]


def _apart(pair: Paired | None, against: str | None) -> list[object]:
    if pair is None:
        return [""] * 5
    return [against, pair.difference.mean, pair.difference.low, pair.difference.high, pair.better]


def _tabular(section: Section) -> str:
    best = _best(section)
    head = ["", "$n$", *(_escaped(heading(column)) for column in section.columns)]
    lines = [
        f"% {_title(section)}",
        rf"\begin{{tabular}}{{lr{'r' * len(section.columns)}}}",
        r"\toprule",
        " & ".join(head) + r" \\",
        r"\midrule",
    ]
    for row in section.rows:
        cells = [_bold(column, row.cells.get(column.name), best) for column in section.columns]
        lines.append(" & ".join([_escaped(row.contender), str(row.count), *cells]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def _bold(column: Column, cell: Estimate | None, best: Mapping[str, str]) -> str:
    if cell is None:
        return "--"
    shown = number(column, cell.mean)
    return rf"\textbf{{{shown}}}" if best.get(column.name) == shown else shown


_LATEX = str.maketrans(
    {sign: f"\\{sign}" for sign in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"↓": r"$\downarrow$", "↑": r"$\uparrow$"}
)


def _escaped(text: str) -> str:
    return text.translate(_LATEX)
