"""What a soak showed: a table and a plot.

    python benchmarks/soak_report.py soak.csv

Reads what benchmarks/soak.py wrote (soak.json stands beside it); writes benchmarks/results/soak.md and .csv, and
docs/pictures/soak.png.
"""

import csv
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot
from numpy.typing import NDArray

from pliant.serve.settings import Settings

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PLOT = ROOT / "docs" / "pictures" / "soak.png"
WARM_UP = 10.0  # minutes that are left out of the trend: by then results have come and gone
KINDS = {
    "previews": "live previews, {moves} moves each",
    "edits": "edits",
    "fills": "fills",
    "cancels": "three edits cancelled, the last first",
    "bad": "requests that are wrong",
}

Table = dict[str, NDArray[np.float64]]


def table_of(samples: Path) -> Table:
    """The columns of the samples by name."""
    with samples.open(encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def trend(table: Table) -> tuple[float, float]:
    """Memory after the warm-up, a straight line fitted: MiB an hour, and the standard error of that.

    Samples that follow one another are alike, so the error is of the medians of two minutes.
    """
    minutes, memory = table["minutes"], table["memory_mib"]
    edges = np.arange(WARM_UP, minutes[-1] - 1, 2)
    spans = [(minutes >= edge) & (minutes < edge + 2) for edge in edges]
    x, y = edges + 1, np.array([np.median(memory[span]) for span in spans])
    (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
    return float(slope) * 60, float(np.sqrt(covariance[0, 0])) * 60


def spans(table: Table, width: float = 5.0) -> list[str]:
    """A row for every five minutes: memory and what is open."""
    lines: list[str] = []
    for begin in np.arange(0, table["minutes"][-1] - 1, width):
        within = (table["minutes"] >= begin) & (table["minutes"] < begin + width)
        memory = table["memory_mib"][within]
        counts = [f"{table[name][within].max():.0f}" for name in ("threads", "files")]
        cells = [f"{np.median(memory):.0f}", f"{memory.min():.0f}-{memory.max():.0f}", *counts]
        lines.append(f"| {begin:.0f}-{begin + width:.0f} | " + " | ".join(cells) + " |")
    return lines


def work(told: dict[str, Any]) -> list[str]:
    """A row for every kind of work: how often, and how long it took."""
    lines: list[str] = []
    for name, title in KINDS.items():
        seconds = told["timings"][name]
        middle, late = np.quantile(seconds, [0.5, 0.95])
        lines.append(f"| {title.format(moves=told['moves'])} | {len(seconds)} | {middle:.2f} | {late:.2f} |")
    return lines


def figures(told: dict[str, Any]) -> list[str]:
    """What the server itself counted."""
    wanted = ("pliant_jobs_finished_total", "pliant_failures_total", "pliant_preview_seconds_count")
    return [line for line in told["metrics"] if line.startswith(wanted)]


def plot(table: Table) -> None:
    """Memory over time, and the work done meanwhile."""
    mpl.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(7, 4.4), sharex=True, height_ratios=[2, 1])
    above.plot(table["minutes"], table["memory_mib"], color="#2a6fb0", label="resident memory")
    above.plot(table["minutes"], table["peak_mib"], color="#9a9a9a", linestyle="--", label="its highest so far")
    above.axvspan(0, WARM_UP, color="#f0f0f0", zorder=0, label="warm-up")
    above.set(ylabel="MiB", ylim=(0, None))
    above.legend(loc="lower right", frameon=False)
    for name in KINDS:
        below.plot(table["minutes"], table[name], label=name)
    below.set(xlabel="minutes", ylabel="done so far", ylim=(0, None), xlim=(0, table["minutes"][-1]))
    below.legend(loc="upper left", frameon=False, ncols=2)
    figure.tight_layout()
    figure.savefig(PLOT, dpi=110)


PAGE = """\
# A soak of the service

`python benchmarks/soak.py --minutes {minutes:.0f} --samples soak.csv`, then `soak_report.py soak.csv`; {cores}
cores that other work shared, so that times are to be read as upper bounds.

One client against a real `pliant serve`, one thing after another with a pause in between, pictures of 320 x 240 to
1600 x 1200. Every answer was the expected one; the soak would have ended otherwise.

| work | times | median s | 95% s |
|---|--:|--:|--:|
{work}

![Memory over time](../../docs/pictures/soak.png)

| minutes | memory, median MiB | range | most threads | most open files |
|---|--:|--:|--:|--:|
{spans}

After the warm-up of {warm_up:.0f} minutes, by which the server keeps as many results as it ever does ({kept}), a
straight line through the memory has a slope of {slope:+.1f} MiB an hour, with a standard error of {error:.1f}. The
median there is {median:.0f} MiB, the highest sample {highest:.0f} MiB; the highest moment of the whole run was
{peak:.0f} MiB.

What the server counted itself (`/metrics`):

{figures}
"""


def report(table: Table, told: dict[str, Any]) -> str:
    """The page with the results."""
    slope, error = trend(table)
    late = table["memory_mib"][table["minutes"] >= WARM_UP]
    return PAGE.format(
        minutes=table["minutes"][-1],
        cores=os.cpu_count(),
        work="\n".join(work(told)),
        spans="\n".join(spans(table)),
        warm_up=WARM_UP,
        kept=Settings().keep_count,
        slope=slope,
        error=error,
        median=np.median(late),
        highest=late.max(),
        peak=table["peak_mib"][-1],
        figures="\n".join(f"    {line}" for line in figures(told)),
    )


def main() -> None:
    """The command line."""
    samples = Path(sys.argv[1])
    table, told = table_of(samples), json.loads(samples.with_suffix(".json").read_text(encoding="ascii"))
    plot(table)
    (RESULTS / "soak.md").write_text(report(table, told), encoding="utf-8")
    if samples.resolve() != (RESULTS / "soak.csv").resolve():
        shutil.copy(samples, RESULTS / "soak.csv")


if __name__ == "__main__":
    main()
