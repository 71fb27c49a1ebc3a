"""Plots of a table: what accuracy costs in time, and MD against IF."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pliant.bench.bootstrap import Estimate
from pliant.bench.job import BenchError
from pliant.bench.metrics.base import Column
from pliant.bench.report import heading
from pliant.bench.table import Row, Section
from pliant.errors import MissingRequirementError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito: told apart by people with any colour vision.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#B8A800")
_MARKERS = "os^Dv<>P"
_ACCURACY = ("epe", "lpips_truth", "md", "psnr")

Place = Callable[[Row], "tuple[Estimate, Estimate] | None"]


def write_plots(sections: Sequence[Section], folder: Path) -> list[Path]:
    """Write `accuracy-time.png` and `md-if.png` into `folder`, each where the records have what it shows.

    A panel for each section; bars are the bootstrap intervals.

    Raises:
        BenchError: there is nothing to plot (`nothing_to_plot`).
        MissingRequirementError: matplotlib is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    timed = [(section, column) for section in sections if (column := _accuracy(section))]
    if timed:
        panels = [(section, "seconds", heading(column), _time_and(column)) for section, column in timed]
        written.append(_drawn(panels, folder / "accuracy-time.png", log=True))
    both = [section for section in sections if {"md", "if"} <= {column.name for column in section.columns}]
    if both:
        panels = [
            (section, "IF ↑", heading(_named(section, "md")), _md_if(_named(section, "md"))) for section in both
        ]
        written.append(_drawn(panels, folder / "md-if.png", log=False))
    if not written:
        raise BenchError("No section has a measure of accuracy, or MD and IF, to plot.", code="nothing_to_plot")
    return written


def _accuracy(section: Section) -> Column | None:
    names = {column.name for column in section.columns}
    return next((_named(section, name) for name in _ACCURACY if name in names), None)


def _named(section: Section, name: str) -> Column:
    return next(column for column in section.columns if column.name == name)


def _time_and(column: Column) -> Place:
    def place(row: Row) -> tuple[Estimate, Estimate] | None:
        cell = row.cells.get(column.name)
        if cell is None or not row.seconds:
            return None
        return Estimate(row.seconds, row.seconds, row.seconds, row.count), _scaled(cell, column.scale)

    return place


def _md_if(column: Column) -> Place:
    def place(row: Row) -> tuple[Estimate, Estimate] | None:
        fidelity, distance = row.cells.get("if"), row.cells.get("md")
        return (fidelity, _scaled(distance, column.scale)) if fidelity and distance else None

    return place


def _scaled(cell: Estimate, scale: float) -> Estimate:
    return Estimate(cell.mean * scale, cell.low * scale, cell.high * scale, cell.count)


def _drawn(panels: Sequence[tuple[Section, str, str, Place]], path: Path, *, log: bool) -> Path:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingRequirementError(
            f"Plots need {error.name}, which is not installed; pip install 'pliant[bench]'"
        ) from error
    names = list(dict.fromkeys(row.contender for section, *_ in panels for row in section.rows))
    figure: Any = Figure(figsize=(5.2 * len(panels) + 2.4, 4.4), dpi=130, layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (section, across, up, place) in zip(axes, panels, strict=True):
        _panel(axis, section, place, names)
        axis.set(xlabel=across, ylabel=up, xscale="log" if log else "linear")
        axis.set_title(f"{section.dataset}\n{section.group}".strip(), fontsize=9)
    handles: dict[str, Any] = {}
    for axis in axes:
        handles |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside right center", fontsize=8, frameon=False)
    figure.savefig(path)
    return path


def _panel(axis: "Axes", section: Section, place: Place, names: Sequence[str]) -> None:
    drawing: Any = axis
    for row in section.rows:
        found = place(row)
        if found is None:
            continue
        index = names.index(row.contender)
        bars = [[[cell.mean - cell.low], [cell.high - cell.mean]] for cell in found]
        drawing.errorbar(
            found[0].mean,
            found[1].mean,
            xerr=bars[0],
            yerr=bars[1],
            fmt=_MARKERS[index // len(_COLOURS) % len(_MARKERS)],
            color=_COLOURS[index % len(_COLOURS)],
            label=row.contender,
            markersize=6,
            elinewidth=1,
            capsize=2,
        )
    drawing.grid(visible=True, alpha=0.25, linewidth=0.6)
    drawing.spines[["top", "right"]].set_visible(False)
