"""`pliant batch` as a person or a script meets it."""

import json
import signal
import subprocess
import sys
import time

import many
import pytest

from pliant.cli.main import main


@pytest.fixture
def manifest(tmp_path):
    return many.write_manifest(tmp_path / "items", 3)


def batch(source, folder, *more):
    return main(["batch", str(source), "-o", str(folder), "--filler", "telea", *more])


def test_all_went_well(manifest, tmp_path, capsys):
    assert batch(manifest, tmp_path / "out", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts.pop("seconds") > 0
    assert facts == {
        "output": str(tmp_path / "out"),
        "dry_run": False,
        "done": 3,
        "kept": 0,
        "failed": 0,
        "errors": {},
    }
    assert batch(manifest, tmp_path / "out") == 0
    assert "0 done, 3 there before, 0 failed" in capsys.readouterr().out
    assert len(many.results(tmp_path / "out")) == 3


def test_some_failed(manifest, tmp_path, capsys):
    (manifest.parent / "photo1.png").unlink()
    assert batch(manifest, tmp_path / "out") == 1
    said = capsys.readouterr()
    assert "2 done, 0 there before, 1 failed (1 missing_file)" in said.out
    assert "1/1.png: There is no file" in said.err
    assert batch(manifest, tmp_path / "out", "-q") == 1
    assert capsys.readouterr() == ("", "")


def test_a_folder_of_photos(manifest, tmp_path):
    for index in range(2):
        (manifest.parent / f"photo{index}.json").write_text(json.dumps(many.document((38, 24), seed=index)))
    assert batch(manifest.parent, tmp_path / "out") == 0
    assert many.results(tmp_path / "out").keys() == {"photo0.png", "photo1.png"}


def test_a_dry_run_writes_nothing(manifest, tmp_path, capsys):
    assert batch(manifest, tmp_path / "out", "--dry-run") == 0
    assert "3 to do" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--gpus", "1"], 2, "give --ray too"),
        (["--ray", "auto", "--device", "cpu", "--device", "cuda"], 2, "there is one"),
        (["--workers", "0"], 2, "--workers"),
        (["--engine-option", "nonsense"], 2, "name=value"),
        (["--engine", "nonsense"], 1, "unknown_engine"),
        (["--engine-option", "nonsense=1"], 1, "unknown_option"),
        (["--deform", "nonsense"], 1, "unknown_deformer"),
    ],
)
def test_what_makes_no_sense_is_refused(manifest, tmp_path, capsys, more, code, said):
    assert batch(manifest, tmp_path / "out", *more) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_source_that_is_not_there(tmp_path, capsys):
    assert batch(tmp_path / "nowhere.jsonl", tmp_path / "out") == 1
    assert "[missing_file]" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
def test_ctrl_c_stops_and_the_same_command_goes_on(tmp_path):
    manifest = many.write_manifest(tmp_path / "items", 200)
    command = [sys.executable, "-m", "pliant.cli.main", "batch", str(manifest), "-o", str(tmp_path / "out")]
    process = subprocess.Popen([*command, "--filler", "telea"], stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not list((tmp_path / "out").rglob("records/**/*.json")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "goes on from here" in said
    kept = len(many.records(tmp_path / "out"))
    assert 1 <= kept < 200
    assert many.left_over(tmp_path / "out") == []
