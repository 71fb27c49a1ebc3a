"""A page that shows every sample of a run, worst first: input with arrows, warp, result, truth and difference.

The page lies in the run's folder and shows the pictures there; it loads nothing else, and nothing from elsewhere.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from pliant.bench.job import BenchError, Task
from pliant.bench.metrics.base import Column
from pliant.bench.record import Layout, Record, file_name, read_json
from pliant.files import write_bytes


def write_gallery(
    layout: Layout, records: Sequence[tuple[Task, Record]], columns: Sequence[Column], *, sort: str | None = None
) -> Path:
    """Write `gallery.html` into the run's folder; `sort` names the metric by which samples stand at first.

    Raises:
        BenchError: there is no such metric (`unknown_metric`).
    """
    names = [column.name for column in columns]
    if sort is not None and sort not in names:
        raise BenchError(
            f"There is no metric {sort!r} in this run; it has: {', '.join(names)}.", code="unknown_metric"
        )
    shown = [column for column in columns if column.better]
    first = sort or next((name for name in ("epe", "lpips_truth", "md") if _has(records, name)), None)
    made = {
        "about": f"{len(records)} records, protocol {layout.job.protocol}, seed {layout.job.seed}",
        "columns": [asdict(column) for column in columns if column in shown or column.name == sort],
        "contenders": [
            {"name": contender.name, "folder": layout.contender(index)}
            for index, contender in enumerate(layout.job.contenders)
        ],
        "datasets": [_dataset(layout, index, records) for index in range(len(layout.job.data))],
        "start": {"who": min(1, len(layout.job.contenders) - 1), "metric": first},
    }
    template = (files("pliant.bench") / "gallery.html").read_text(encoding="utf-8")
    # Within a script element only its own end tag could be misread.
    page = template.replace("/*RUN*/", json.dumps(made, separators=(",", ":")).replace("</", "<\\/"))
    path = layout.folder / "gallery.html"
    write_bytes(path, page.encode(), fail=BenchError)
    return path


def _has(records: Sequence[tuple[Task, Record]], metric: str) -> bool:
    return any(metric in record.metrics for _, record in records)


def _dataset(layout: Layout, index: int, records: Sequence[tuple[Task, Record]]) -> dict[str, Any]:
    own = [(task, record) for task, record in records if task.data == index]
    samples: dict[str, Any] = {}
    rows: dict[int, dict[str, Any]] = {}
    for task, record in own:
        if record.status == "skipped":
            continue
        if record.sample not in samples and layout.facts(task).exists():
            samples[record.sample] = {**read_json(layout.facts(task)), "file": file_name(record.sample)}
        rows.setdefault(task.contender, {})[record.sample] = _row(layout, task, record)
    return {
        "name": own[0][1].dataset if own else layout.job.data[index],
        "folder": layout.data(index),
        "samples": samples,
        "records": rows,
    }


def _row(layout: Layout, task: Task, record: Record) -> dict[str, Any]:
    made: dict[str, Any] = {"status": record.status, "metrics": record.metrics}
    if record.error:
        made["error"] = f"{record.error['message']} [{record.error['code']}]"
    if layout.warp(task).exists():
        made["warp"] = True
    return made
