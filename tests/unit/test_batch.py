"""A batch: killed, resumed, cancelled or tripped up, it loses and repeats nothing."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import many
import numpy as np
import pytest
from many import TELEA

import pliant
from pliant import imageio
from pliant.batch.errors import BatchError
from pliant.batch.local import Local
from pliant.batch.plan import Plan
from pliant.batch.run import rehearse, run
from pliant.batch.source import open_source
from pliant.document import loads
from pliant.errors import CancelledError, UnknownNameError
from pliant.events import CancelToken
from pliant.models.device import Runtime

TWO = Local(runtimes=[Runtime(device="cpu")] * 2)
STUB = Plan(engine="stub")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return many.write_manifest(tmp_path_factory.mktemp("items"), 24)


@pytest.fixture(scope="module")
def done(manifest, tmp_path_factory):
    """An undisturbed batch."""
    folder = tmp_path_factory.mktemp("batch") / "out"
    summary = run(TELEA, open_source(manifest), folder, executor=TWO)
    assert (summary.done, summary.kept, summary.failed) == (24, 0, 0)
    return folder


def test_results_are_those_of_single_edits(manifest, done):
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    assert many.results(done).keys() == {line["output"] for line in lines}
    for line in lines[::5]:
        edit = loads(json.dumps(line["edit"]))
        alone = pliant.apply(pliant.load(manifest.parent / line["photo"]), edit, filler="telea")
        assert np.array_equal(pliant.load(done / line["output"]).pixels, alone.picture.pixels)
        assert imageio.read_edit(done / line["output"]).seed == edit.seed


def test_a_record_says_what_was_done(manifest, done):
    record = many.records(done)["1/4.png"]
    assert record["status"] == "done"
    assert record["photo"] == str(manifest.parent / "photo4.png")
    assert (record["engine"], record["device"], record["seed"], record["size"]) == (
        "inpaint4drag",
        "cpu",
        4,
        [64, 48],
    )
    assert record["moved_area"] > 0
    assert record["timings"]["total"] >= record["timings"]["warp"] + record["timings"]["fill"]
    assert record["error"] is None


def test_what_is_recorded_is_not_done_again(manifest, done):
    times = {path: path.stat().st_mtime_ns for path in (done / "records").rglob("*.json")}
    victim = sorted(times)[3]
    victim.unlink()
    summary = run(TELEA, open_source(manifest), done)
    assert (summary.done, summary.kept, summary.failed) == (1, 23, 0)
    assert [path for path in times if path.stat().st_mtime_ns != times[path]] == [victim]


def command(manifest, folder):
    flags = ["--filler", "telea", "--workers", "2", "-q"]
    return [sys.executable, "-m", "pliant.cli.main", "batch", str(manifest), "-o", str(folder), *flags]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_batch_that_is_killed_again_and_again_ends_with_the_same_pictures(manifest, done, tmp_path):
    chance, torn, kills = random.Random(5), tmp_path / "out", 0
    for wanted in (2, 9, 16):
        process = subprocess.Popen(command(manifest, torn))
        while process.poll() is None and len(list(torn.rglob("records/**/*.json"))) < wanted:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills == 3
    subprocess.run(command(manifest, torn), check=True, timeout=120)
    assert many.results(torn) == many.results(done)
    assert many.records(torn).keys() == many.records(done).keys()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the workers are found through /proc")
def test_workers_killed_at_random_lose_and_repeat_nothing(tmp_path, monkeypatch):
    log = many.install_stub(tmp_path, monkeypatch)
    manifest = many.write_manifest(tmp_path / "items", 60, prompt=lambda index: "wait 0.02")
    chance, kills, told = random.Random(6), [], []

    def disturb(progress):
        told.append(progress.name)
        if len(told) in (10, 25, 40):
            time.sleep(chance.uniform(0, 0.03))
            kills.append(many.kill_a_worker(chance.choice))

    summary = run(STUB, open_source(manifest), tmp_path / "out", executor=TWO, on_progress=disturb)
    assert kills == [True] * 3
    assert (summary.done, summary.failed) == (60, 0)
    assert len(told) == len(set(told)) == len(many.records(tmp_path / "out")) == 60
    assert len(many.results(tmp_path / "out")) == 60
    ran = many.runs(log)
    assert ran.keys() == set(range(60))
    assert sum(ran.values()) <= 60 + len(kills)


def test_an_item_that_ends_every_worker_costs_itself_alone(tmp_path, monkeypatch):
    log = many.install_stub(tmp_path, monkeypatch)
    manifest = many.write_manifest(tmp_path / "items", 5, prompt=lambda index: "die" if index == 2 else "")
    summary = run(STUB, open_source(manifest), tmp_path / "out")
    assert (summary.done, summary.failed, summary.errors) == (4, 1, {"worker_ended": 1})
    assert many.runs(log)[2] == 3
    assert "3 worker processes" in many.records(tmp_path / "out")["2/2.png"]["error"]["message"]


def test_failures_are_records_and_stop_nothing(tmp_path, monkeypatch):
    many.install_stub(tmp_path, monkeypatch)
    manifest = many.write_manifest(tmp_path / "items", 4, prompt=lambda index: "fail" if index == 1 else "")
    lines = manifest.read_text().splitlines()
    lines[2:2] = ["{", '{"photo": "nowhere.png", "edit": {"version": 1, "regions": []}}', "", lines[0], "[1]"]
    manifest.write_text("\n".join(lines))
    out, messages = tmp_path / "out", []
    source = open_source(manifest)
    summary = run(STUB, source, out, on_progress=lambda progress: messages.append(progress.message))
    assert (summary.done, summary.failed) == (3, 5)
    assert summary.errors["internal"] == summary.errors["duplicate_output"] == 1
    assert summary.errors["invalid_item"] == 2
    assert {path.stem for path in (out / "refused").iterdir()} == {"line-3", "item-5", "line-7"}
    assert many.records(out)["1/1.png"]["error"] == {"code": "internal", "message": "RuntimeError: tripped"}
    assert sum(message is not None for message in messages) == 5
    again = run(STUB, source, out)
    assert (again.done, again.kept, again.failed) == (0, 3, 5)
    manifest.write_text("\n".join(line.replace('"fail"', '"fine"') for line in lines[:2]))
    mended = run(STUB, open_source(manifest), out)
    assert (mended.done, mended.kept, mended.failed) == (1, 1, 0)
    assert not (out / "refused").exists()


def test_what_failed_is_done_anew_only_when_asked(tmp_path):
    manifest = many.write_manifest(tmp_path, 2, pictures=1)
    photo = (tmp_path / "photo0.png").read_bytes()
    (tmp_path / "photo0.png").unlink()
    assert run(TELEA, open_source(manifest), tmp_path / "out").errors == {"missing_file": 2}
    (tmp_path / "photo0.png").write_bytes(photo)
    assert run(TELEA, open_source(manifest), tmp_path / "out").failed == 2
    assert run(TELEA, open_source(manifest), tmp_path / "out", retry=True).done == 2


def test_a_changed_line_is_done_again(tmp_path):
    manifest = many.write_manifest(tmp_path, 3)
    run(TELEA, open_source(manifest), tmp_path / "out")
    before = many.results(tmp_path / "out")
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    lines[1]["edit"]["regions"][0]["drags"][0]["to"] = [30, 26]
    manifest.write_text("\n".join(map(json.dumps, lines)))
    summary = run(TELEA, open_source(manifest), tmp_path / "out")
    assert (summary.done, summary.kept) == (1, 2)
    after = many.results(tmp_path / "out")
    assert [name for name in after if after[name] != before[name]] == ["1/1.png"]


def test_a_cancelled_batch_stops_within_an_item_and_goes_on(tmp_path, monkeypatch):
    many.install_stub(tmp_path, monkeypatch)
    waits = {"prompt": lambda index: "wait 60" if index == 2 else ""}
    manifest = many.write_manifest(tmp_path / "items", 4, **waits)
    cancel = CancelToken()
    with pytest.raises(CancelledError):
        run(
            STUB,
            open_source(manifest),
            tmp_path / "out",
            on_progress=lambda progress: cancel.cancel() if progress.done == 2 else None,
            cancel=cancel,
        )
    assert many.records(tmp_path / "out").keys() == {"0/0.png", "1/1.png"}
    assert many.left_over(tmp_path / "out") == []


def test_a_folder_holds_one_batch(done, manifest, tmp_path):
    with pytest.raises(BatchError, match="another folder") as caught:
        run(Plan(options={"filler": "navier-stokes"}), open_source(manifest), done)
    assert caught.value.code == "other_run"
    (tmp_path / ".batch.json.0.part").write_bytes(b"{")
    assert run(TELEA, open_source(manifest), tmp_path).done == 24
    (tmp_path / "batch.json").unlink()
    with pytest.raises(BatchError) as caught:
        run(TELEA, open_source(manifest), tmp_path)
    assert caught.value.code == "exists"
    assert run(TELEA, open_source(manifest), tmp_path, overwrite=True).kept == 24


def test_a_photo_is_never_replaced(tmp_path):
    manifest = many.write_manifest(tmp_path, 1, output=lambda index: "photo0.png")
    before = (tmp_path / "photo0.png").read_bytes()
    summary = run(TELEA, open_source(manifest), tmp_path, overwrite=True)
    assert summary.failed == 1
    assert (tmp_path / "photo0.png").read_bytes() == before


def test_what_is_laid_over_edits(tmp_path):
    manifest = many.write_manifest(tmp_path, 2, seed=lambda index: index + 50)
    run(Plan(options={"filler": "telea"}, strength=0.5, deform="spline"), open_source(manifest), tmp_path / "out")
    edit = imageio.read_edit(tmp_path / "out" / "1" / "1.png")
    assert (edit.regions[0].strength, edit.regions[0].deform) == (0.5, "spline")
    assert many.records(tmp_path / "out")["1/1.png"]["seed"] == 51


def test_unknown_names_are_refused_before_any_work(manifest, tmp_path):
    for plan in (Plan(engine="nonsense"), Plan(options={"nonsense": 1})):
        with pytest.raises(UnknownNameError):
            run(plan, open_source(manifest), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_rehearsal_writes_nothing_and_finds_what_would_fail(tmp_path):
    manifest = many.write_manifest(tmp_path, 6)
    (tmp_path / "photo3.png").unlink()
    with manifest.open("a") as file:
        file.write('{"photo": "photo1.png", "edit": {"version": 1, "regions": 7}}\n{"phot": 1}\n')
    summary = rehearse(TELEA, open_source(manifest), tmp_path / "out")
    assert (summary.done, summary.failed) == (5, 3)
    assert summary.errors == {"missing_file": 1, "invalid_document": 1, "invalid_item": 1}
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_manifest(tmp_path):
    peaks = {}
    for count in (1_000, 100_000):
        manifest = many.write_manifest(tmp_path / str(count), count)
        code = (
            "import sys; from pathlib import Path\n"
            "from pliant.batch.plan import Plan; from pliant.batch.run import rehearse\n"
            "from pliant.batch.source import open_source\n"
            "done = rehearse(Plan(), open_source(Path(sys.argv[1])), Path(sys.argv[1] + '-out')).done\n"
            "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
            "print(done, peak.split()[1])"
        )
        said = subprocess.run([sys.executable, "-c", code, str(manifest)], check=True, capture_output=True)
        done, peaks[count] = map(int, said.stdout.split())
        assert done == count
    assert peaks[100_000] - peaks[1_000] < 8_000  # kB; a list of the items alone would take 100,000
