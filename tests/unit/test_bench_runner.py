"""The runner: killed, resumed, sharded or tripped up, it loses and repeats nothing."""

import json
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from pliant.bench.contender import Contender
from pliant.bench.datasets import convert
from pliant.bench.exact.dataset import Exact
from pliant.bench.job import BenchError, Job, Selection, read_job
from pliant.bench.record import Layout, read_columns, records
from pliant.bench.runner import run, tasks
from pliant.bench.table import sections
from pliant.errors import CancelledError, UnknownNameError
from pliant.events import CancelToken
from pliant.imageio import load

NO_OP = Contender(name="no-op", engine="no-op")
TELEA = Contender(name="telea", options={"filler": "telea"})
DATA = "exact:count=12,side=64"


def job_of(data=DATA, contenders=(NO_OP,)):
    return Job(data=[str(data)], contenders=contenders, protocol="pixels")


def found(folder):
    return [record for _, record in records(Layout(folder, read_job(folder)))]


def table(folder):
    """What a report says, without what time and memory it took."""
    rows = sections(found(folder), read_columns(folder), by="category", against="no-op")
    return [
        (section.dataset, section.group, row.contender, row.count, row.failed, row.errors, row.cells, row.against)
        for section in rows
        for row in section.rows
    ]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """An undisturbed run."""
    folder = tmp_path_factory.mktemp("run") / "out"
    summary = run(job_of(contenders=[NO_OP, TELEA]), folder)
    assert (summary.done, summary.failed, summary.kept) == (24, 0, 0)
    return folder


def command(folder, *more):
    flags = ["--data", DATA, "--engine", "no-op", "--engine", "inpaint4drag", "--workers", "2", "-q", *more]
    return [sys.executable, "-m", "pliant.cli.main", "bench", "run", *flags, "-o", str(folder)]


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_table(tmp_path):
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    subprocess.run(command(whole), check=True, timeout=120)
    chance = random.Random(4)
    kills = 0
    for wanted in range(2, 17, 3):
        process = subprocess.Popen(command(torn))
        while process.poll() is None and len(list(torn.rglob("records/**/*.json"))) < wanted:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills == 5
    for path in torn.rglob("records/**/*.json"):
        json.loads(path.read_text(encoding="utf-8"))
    subprocess.run(command(torn), check=True, timeout=120)
    assert len(found(torn)) == 24
    assert table(torn) == table(whole)


def test_what_is_recorded_is_not_done_again(done):
    times = {path: path.stat().st_mtime_ns for path in done.rglob("records/**/*.json")}
    victim = sorted(times)[3]
    victim.unlink()
    summary = run(job_of(contenders=[NO_OP, TELEA]), done)
    assert (summary.done, summary.kept) == (1, 23)
    assert [path for path in times if path.stat().st_mtime_ns != times[path]] == [victim]


def test_a_record_says_what_was_done_and_with_what(done):
    record = next(r for r in found(done) if r.contender == "telea" and r.sample.startswith("00001"))
    assert record.status == "done"
    assert record.engine == "inpaint4drag"
    assert record.options == {"filler": "telea"}
    assert (record.category, record.sample_edge, record.size) == ("rotate free", "free", [64, 64])
    assert {"epe", "psnr", "ssim", "changed_outside"} <= record.metrics.keys()
    assert {"open", "warp", "fill", "total"} <= record.timings.keys()
    assert record.timings["total"] >= record.timings["warp"] + record.timings["fill"]
    assert record.peak_mb > 20
    assert {"pliant", "numpy"} <= record.versions.keys()


def test_pictures_are_kept(done):
    layout = Layout(done, read_job(done))
    task, record = next((t, r) for t, r in records(layout) if r.contender == "telea")
    sample = Exact(12, side=64).make(0)
    assert np.array_equal(load(layout.input(task)).pixels, sample.picture.pixels)
    assert np.array_equal(load(layout.truth(task)).pixels, sample.truth.pixels)
    assert load(layout.result(task)).size == (64, 64)
    assert load(layout.warp(task)).size == (64, 64)
    facts = json.loads(layout.facts(task).read_text(encoding="utf-8"))
    assert facts["name"] == record.sample
    assert len(facts["drags"]) == len(sample.drags)


def test_only_the_first_of_each_process_is_marked(done):
    assert sum(r.first for r in found(done) if r.contender == "telea") == 1


@pytest.mark.parametrize(("limit", "of"), [(None, 1), (None, 5), (7, 3), (2, 4)])
def test_shards_are_a_partition(limit, of):
    job, datasets = job_of(contenders=[NO_OP, TELEA]), [Exact(12, side=64)]
    whole = tasks(job, datasets, Selection(limit=limit))
    parts = [tasks(job, datasets, Selection(limit=limit, shard=i + 1, of=of)) for i in range(of)]
    together = [task for part in parts for task in part]
    assert len(together) == len(whole) == 2 * (limit or 12)
    assert set(together) == set(whole)


def test_shards_into_one_folder_make_one_run(tmp_path):
    for shard in (1, 2):
        run(job_of(), tmp_path / "out", selection=Selection(limit=4, shard=shard, of=2))
    assert len(found(tmp_path / "out")) == 4


@pytest.mark.parametrize("bad", [{"shard": 0, "of": 1}, {"shard": 3, "of": 2}, {"limit": 0}])
def test_impossible_selections_are_refused(bad):
    with pytest.raises(BenchError, match="accepted"):
        Selection(**bad)


def test_a_broken_sample_is_a_record_with_its_error(tmp_path):
    convert(Exact(3, side=64), tmp_path / "data")
    broken = sorted((tmp_path / "data").glob("*.json"))[1]
    picture = next(p for p in (tmp_path / "data").glob(f"{broken.stem}*.png") if "mask" not in p.name)
    picture.write_bytes(b"no picture")
    messages = []
    summary = run(job_of(tmp_path / "data"), tmp_path / "out", on_progress=lambda p: messages.append(p.message))
    assert (summary.done, summary.failed) == (2, 1)
    (failed,) = [record for record in found(tmp_path / "out") if record.status == "failed"]
    assert failed.error["code"]
    assert failed.error["message"] in messages


def test_an_edit_that_an_engine_refuses_is_a_record_with_its_error(tmp_path):
    pinned = Contender(name="pinned", deform="membrane", edge="pinned")
    run(job_of(contenders=[pinned]), tmp_path / "out", selection=Selection(limit=1))
    (record,) = found(tmp_path / "out")
    assert record.status == "failed"
    assert record.error["code"] == "target_outside_region"


def test_samples_a_contender_is_not_for_are_skipped(tmp_path):
    area = Contender(
        name="membrane", deform="membrane", edge="pinned", takes="pinned", options={"filler": "telea"}
    )
    job = Job(data=["exact:count=13,side=64"], contenders=[area], protocol="pixels")
    summary = run(job, tmp_path / "out")
    assert (summary.done, summary.skipped) == (1, 12)
    assert run(job, tmp_path / "out").kept == 13


def test_a_worker_that_dies_costs_one_sample(tmp_path, monkeypatch):
    (tmp_path / "dying.py").write_text(
        """
import os
from pliant.bench.baselines import Nothing

class Dying(Nothing):
    def open(self, picture, **known):
        if picture.pixels[0, 0, 0] == int(os.environ["DIES_AT"]):
            os._exit(7)
        return super().open(picture, **known)
""",
        encoding="utf-8",
    )
    facts = tmp_path / "dying-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Name: dying\nVersion: 1.0\n", encoding="utf-8")
    (facts / "entry_points.txt").write_text("[pliant.engines]\ndying = dying:Dying\n", encoding="utf-8")
    values = [int(Exact(4, side=64).make(i).picture.pixels[0, 0, 0]) for i in range(4)]
    assert values.count(values[1]) == 1
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DIES_AT", str(values[1]))
    job = Job(
        data=["exact:count=4,side=64"], contenders=[Contender(name="dying", engine="dying")], protocol="pixels"
    )
    summary = run(job, tmp_path / "out")
    assert (summary.done, summary.failed) == (3, 1)
    (lost,) = [record for record in found(tmp_path / "out") if record.status == "failed"]
    assert lost.error["code"] == "worker_ended"
    assert lost.sample.startswith("00001")


def test_a_cancelled_run_goes_on(tmp_path):
    cancel = CancelToken()
    with pytest.raises(CancelledError):
        run(job_of(), tmp_path / "out", on_progress=lambda progress: cancel.cancel(), cancel=cancel)
    kept = len(found(tmp_path / "out"))
    assert 1 <= kept < 12
    assert run(job_of(), tmp_path / "out").kept == kept


def test_a_folder_holds_one_run(done):
    with pytest.raises(BenchError, match="another folder") as caught:
        run(Job(data=[DATA], contenders=[NO_OP, TELEA], protocol="pixels", seed=1), done)
    assert caught.value.code == "other_run"


def test_unknown_names_are_refused_before_any_work(tmp_path):
    for contender, code in (
        (Contender(name="x", engine="nonsense"), "unknown_engine"),
        (Contender(name="x", options={"nonsense": 1}), "unknown_option"),
        (Contender(name="x", engine="no-op", options={"nonsense": 1}), "unknown_option"),
        (Contender(name="x", deform="nonsense"), "unknown_deformer"),
    ):
        with pytest.raises(UnknownNameError) as caught:
            run(job_of(contenders=[contender]), tmp_path / "out")
        assert caught.value.code == code
    with pytest.raises(UnknownNameError):
        run(Job(data=[DATA], contenders=[NO_OP], protocol="nonsense"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_job_comes_back_from_its_file(done):
    assert read_job(done) == job_of(contenders=[NO_OP, TELEA])
    with pytest.raises(BenchError, match="no file"):
        read_job(done / "nowhere")


def test_a_job_needs_different_names():
    with pytest.raises(BenchError, match="two contenders|Two contenders"):
        job_of(contenders=[NO_OP, NO_OP])
