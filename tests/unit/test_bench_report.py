"""Tables, intervals and pages against numbers made by hand."""

import csv
import io
import json
import math
import re

import numpy as np
import pytest

from pliant.bench.bootstrap import estimate, paired
from pliant.bench.gallery import write_gallery
from pliant.bench.job import BenchError, Job, Task
from pliant.bench.metrics.base import Column
from pliant.bench.plans import contenders
from pliant.bench.plots import write_plots
from pliant.bench.record import Layout, Record, write_json
from pliant.bench.report import latex, markdown, table_csv, table_json
from pliant.bench.table import sections

EPE = Column(name="epe", title="EPE", better="lower", unit="px", digits=2)
PSNR = Column(name="psnr", title="PSNR", better="higher", unit="dB", digits=1)
MD = Column(name="md", title="MD x100", better="lower", scale=100, digits=1, weight="md_pairs")
IF = Column(name="if", title="IF", better="higher")
COLUMNS = [EPE, PSNR, MD, IF]


def record(contender, sample, *, status="done", first=False, total=1.0, edge="free", **metrics):
    return Record(
        dataset="set",
        sample=sample,
        contender=contender,
        status=status,
        protocol="pixels",
        seed=0,
        device="cpu",
        sample_edge=edge,
        category="thing",
        metrics=metrics,
        timings={"total": total},
        first=first,
        peak_mb=100 * total,
        error={"code": "odd", "message": "It is odd."} if status == "failed" else None,
    )


RECORDS = [
    record("a", "s1", epe=1.0, psnr=20.0, md=0.1, md_pairs=1.0, total=9.0, first=True),
    record("a", "s2", epe=2.0, psnr=22.0, md=0.2, md_pairs=3.0, total=1.0),
    record("a", "s3", epe=6.0, total=3.0),
    record("b", "s1", epe=0.5, psnr=20.0),
    record("b", "s2", epe=1.5, psnr=30.0),
    record("b", "s3", status="failed"),
    record("b", "s4", status="skipped"),
]


def test_a_table_by_hand():
    (section,) = sections(RECORDS, COLUMNS, against="a")
    a, b = section.rows
    assert [column.name for column in section.columns] == ["epe", "psnr", "md"]
    assert (a.count, a.failed, b.count, b.failed, b.errors) == (3, 0, 2, 1, {"odd": 1})
    assert a.cells["epe"].mean == 3
    assert a.cells["psnr"].mean == 21
    assert a.cells["psnr"].count == 2
    assert a.cells["md"].mean == pytest.approx((0.1 + 3 * 0.2) / 4)
    assert (a.seconds, a.first_seconds, a.peak_mb) == (2, 9, 900)
    assert not a.against
    pair = b.against["epe"]
    assert (pair.difference.mean, pair.difference.count, pair.better) == (-0.5, 2, 1.0)
    assert (pair.difference.low, pair.difference.high) == (-0.5, -0.5)
    assert pair.sure
    assert b.against["psnr"].better == 0.75  # one tie, one better


def test_sections_are_edges_categories_or_all():
    mixed = [record("a", "s1", epe=1.0), record("a", "s2", edge="pinned", epe=3.0)]
    assert [s.group for s in sections(mixed, COLUMNS)] == ["free edge", "pinned edge"]
    assert [s.group for s in sections(mixed, COLUMNS, by="category")] == ["thing"]
    (section,) = sections(mixed, COLUMNS, by="all")
    assert section.rows[0].cells["epe"].mean == 2


def test_the_order_of_records_changes_nothing():
    assert (
        sections(RECORDS[::-1], COLUMNS, against="a")[0].rows[1]
        == sections(RECORDS, COLUMNS, against="a")[0].rows[0]
    )


def test_nothing_and_nobody_are_said():
    with pytest.raises(BenchError) as caught:
        sections([], COLUMNS)
    assert caught.value.code == "no_records"
    with pytest.raises(BenchError, match="it has: a, b") as caught:
        sections(RECORDS, COLUMNS, against="c")
    assert caught.value.code == "unknown_contender"


def test_an_interval_is_as_wide_as_theory_says():
    values = np.random.default_rng(1).normal(5, 2, 400)
    found = estimate(EPE, [{"epe": value} for value in values])
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_an_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(200):
        found = estimate(EPE, [{"epe": value} for value in rng.exponential(1, 60)])
        held += found.low <= 1 <= found.high
    assert 0.88 <= held / 200 <= 0.99


def test_one_value_has_no_spread_and_none_no_mean():
    alone = estimate(EPE, [{"epe": 2.0}, {"psnr": 1.0}])
    assert (alone.mean, alone.low, alone.high, alone.count) == (2, 2, 2, 1)
    assert estimate(EPE, [{"psnr": 1.0}]) is None
    assert paired(EPE, {"s": {"epe": 1.0}}, {"t": {"epe": 1.0}}) is None


def test_pairing_sees_what_means_hide():
    rng = np.random.default_rng(3)
    hard = rng.uniform(0, 100, 80)
    ours = {f"{i:02}": {"epe": value - 1 + rng.normal(0, 0.5)} for i, value in enumerate(hard)}
    others = {f"{i:02}": {"epe": value} for i, value in enumerate(hard)}
    pair = paired(EPE, ours, others)
    apart = estimate(EPE, list(ours.values())), estimate(EPE, list(others.values()))
    assert apart[0].high > apart[1].low  # the intervals of the means overlap
    assert pair.sure
    assert pair.difference.mean == pytest.approx(-1, abs=0.2)
    assert pair.better > 0.9


def test_markdown():
    table = sections(RECORDS, COLUMNS, against="a")
    text = markdown(table, against="a", notes={"set": ["It is small."]})
    assert "## set, free edge" in text
    assert "|  | samples | EPE, px ↓ | PSNR, dB ↑ | MD x100 ↓ | s | first, s | peak MB |" in text
    assert re.search(
        r"\| a \| 3 \| 3\.00 \[\d\.\d\d, \d\.\d\d\] \| 21\.0 .* \| 17\.5 .* \| 2\.000 \| 9\.000 \| 900 \|", text
    )
    assert "| b | 2 (1 failed) | **1.00**" in text
    assert "| b | **-0.50** [-0.50, -0.50], 100% |" in text
    assert "- b: failed on 1 of 3 samples: `odd` 1" in text
    assert text.endswith("- It is small.\n")


def test_latex():
    text = latex(sections([*RECORDS, record("c_1 & d", "s1", epe=9.0)], COLUMNS))
    assert text.count(r"\begin{tabular}{lrrrr}") == 1
    assert r"EPE, px $\downarrow$" in text
    assert r"b & 2 & \textbf{1.00} & \textbf{25.0} & -- \\" in text
    assert r"c\_1 \& d & 1 & 9.00" in text
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0]
    assert all(line.count(" & ") == 4 for line in body.strip().splitlines())


def test_csv_and_json_have_every_number():
    table = sections(RECORDS, COLUMNS, against="a")
    rows = list(csv.DictReader(io.StringIO(table_csv(table, against="a"))))
    (row,) = [row for row in rows if (row["contender"], row["metric"]) == ("b", "psnr")]
    assert (float(row["mean"]), row["samples"], row["failed"], float(row["difference"])) == (25, "2", "1", 4)
    assert row["against"] == "a"
    made = json.loads(table_json(table, against="a"))
    assert made["sections"][0]["rows"][1]["cells"]["psnr"]["mean"] == 25
    assert made["sections"][0]["rows"][1]["against"]["psnr"]["difference"]["mean"] == 4


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path, Job(data=["set"], contenders=contenders("default"), protocol="pixels"))


def found(layout):
    tasks = [Task(data=0, contender=i % 2, sample=i // 2, name=f"s{i // 2}") for i in range(4)]
    names = [contender.name for contender in layout.job.contenders]
    made = [(task, record(names[task.contender], task.name, epe=float(i))) for i, task in enumerate(tasks)]
    facts = {"name": "s0", "category": "</script><b>", "size": [8, 8], "truth": True}
    for task, _ in made:
        write_json(layout.facts(task), {**facts, "prompt": "", "drags": [], "pins": [], "outlines": []})
    return made


def test_a_gallery_is_one_page_that_loads_nothing_from_elsewhere(layout):
    page = write_gallery(layout, found(layout), COLUMNS, sort="epe").read_text(encoding="utf-8")
    assert "http" not in page.replace("http://www.w3.org/", "")
    embedded = re.search(r'<script type="application/json" id="run">(.*?)</script>', page, re.DOTALL)
    run = json.loads(embedded[1])
    assert run["datasets"][0]["samples"]["s0"]["category"] == "</script><b>"
    assert run["datasets"][0]["records"]["1"]["s1"]["metrics"] == {"epe": 3.0}
    assert run["start"]["metric"] == "epe"


def test_a_gallery_sorts_by_what_there_is(layout):
    with pytest.raises(BenchError, match="it has: epe") as caught:
        write_gallery(layout, found(layout), COLUMNS, sort="beauty")
    assert caught.value.code == "unknown_metric"


def test_plots_are_drawn_where_there_is_something_to_plot(tmp_path):
    pytest.importorskip("matplotlib")
    both = [
        record(name, f"s{i}", epe=1.0 + i, md=0.1, md_pairs=1.0, **{"if": 0.9}) for name in "ab" for i in (0, 1)
    ]
    names = [path.name for path in write_plots(sections(both, COLUMNS), tmp_path / "plots")]
    assert names == ["accuracy-time.png", "md-if.png"]
    with pytest.raises(BenchError, match="to plot"):
        write_plots(sections([record("a", "s1", **{"if": 1.0})], COLUMNS), tmp_path)
