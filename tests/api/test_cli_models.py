"""`pliant models` and what `pliant doctor` says of models. A server on this machine stands for the web."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image
from web import serving, use

from pliant.cli import extras
from pliant.cli.main import main
from pliant.cli.runtime import models_of
from pliant.models import catalog, fetch
from pliant.models.catalog import Location, Model

WEIGHTS = bytes(range(256)) * 8
THING = Model(
    alias="thing",
    kind="lora",
    title="A thing",
    licence="MIT",
    size=len(WEIGHTS),
    locations=(Location(repo="org/name", files=("model.safetensors",)),),
)


@pytest.fixture
def web(monkeypatch, tmp_path):
    """A hub that has `thing`, which is the whole catalogue."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(catalog, "_catalogue", lambda: {"thing": THING})
    with serving() as web:
        use(monkeypatch, web, tmp_path / "cache")
        web.repos["org/name"] = {"model.safetensors": WEIGHTS}
        yield web


@pytest.fixture
def run(web, capfd):
    """Runs `pliant`: (exit code, what it printed, what it said on stderr)."""

    def call(*argv: str) -> tuple[int, str, str]:
        code = main(argv)
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return call


def at_a_terminal(monkeypatch, *answers: str) -> None:
    lines = iter(answers)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdin, "readline", lambda *_: next(lines) + "\n", raising=False)


def test_the_life_of_a_model(run):
    code, out, err = run("models", "get", "thing")
    path = out.strip()
    assert (code, err) == (0, "pliant: thing: A thing; 2 kB; licence: MIT\n")
    assert run("models", "path", "thing") == (0, out, "")
    assert run("models", "get", "thing") == (0, out, "")
    with open(path, "rb") as file:
        assert file.read() == WEIGHTS
    assert run("models", "check")[:2] == (0, "thing          ok       model.safetensors\n")
    assert run("models", "rm", "thing") == (0, "thing: 2 kB freed\n", "pliant: thing: 2 kB\n")
    assert run("models", "rm", "thing") == (0, "thing: was not here\n", "")
    code, out, err = run("models", "path", "thing")
    assert (code, out) == (1, "")
    assert "`pliant models get thing`" in err
    assert err.endswith("[model_unavailable]\n")


def test_list(run):
    assert run("models", "list")[1].split() == ["thing", "2", "kB", "MIT", "A", "thing"]
    run("models", "get", "thing")
    assert run("models", "list")[1].split() == ["thing", "here", "2", "kB", "MIT", "A", "thing"]
    (row,) = json.loads(run("models", "list", "--json")[1])
    assert row["alias"] == "thing"
    assert row["locations"] == ["org/name"]
    assert row["path"].endswith("model.safetensors")


def test_json(run):
    (got,) = json.loads(run("models", "get", "thing", "--json")[1])
    assert json.loads(run("models", "path", "thing", "--json")[1]) == got
    assert got["model"] == "thing"
    assert json.loads(run("models", "check", "thing", "--json")[1]) == [
        {"model": "thing", "file": "model.safetensors", "state": "ok"}
    ]
    assert json.loads(run("models", "rm", "thing", "--json")[1]) == [{"model": "thing", "freed": len(WEIGHTS)}]


def test_offline(run, web):
    code, out, err = run("models", "get", "thing", "--offline")
    assert (code, out) == (1, "")
    assert "downloads are off" in err
    assert web.asked == []


def test_it_asks_at_a_terminal(run, web, monkeypatch):
    at_a_terminal(monkeypatch, "n", "y", "n")
    code, out, err = run("models", "get", "thing")
    assert (code, out) == (130, "")
    assert "licence: MIT\nDownload it? [y/N] " in err
    assert web.asked == []
    assert run("models", "get", "thing")[0] == 0
    assert run("models", "rm", "thing")[0] == 130
    assert fetch.cached("thing") is not None


def test_yes_does_not_ask(run, monkeypatch):
    at_a_terminal(monkeypatch)
    assert run("models", "get", "--yes", "thing")[0] == 0
    assert run("models", "rm", "-y", "thing")[0] == 0


def test_a_damaged_file(run):
    path = run("models", "get", "thing")[1].strip()
    with open(path, "r+b") as file:
        file.write(b"damage")
    code, out, err = run("models", "check")
    assert code == 1
    assert "damaged" in out
    assert "`pliant models rm thing`" in err
    assert "[damaged_model]" in err


def test_a_name_that_is_none(run):
    code, _, err = run("models", "get", "thin")
    assert code == 1
    assert "Did you mean 'thing'?" in err
    assert "[unknown_model]" in err


@pytest.mark.parametrize("argv", [["models", "get"], ["models", "nonsense"], ["models", "rm", "--nonsense", "a"]])
def test_bad_usage(run, argv):
    assert run(*argv)[0] == 2


def test_help_lists_the_verbs(run):
    code, out, _ = run("models", "--help")
    assert code == 0
    assert all(verb in out for verb in ("list", "get", "path", "rm", "check"))


def test_doctor_says_what_a_filler_waits_for(run, monkeypatch):
    from types import SimpleNamespace

    from pliant.fill import classical
    from pliant.fill.base import FillerInfo

    info = FillerInfo(name="telea", summary="s", licence="MIT", extra="gpu", weights=("thing",))
    monkeypatch.setattr(classical, "Telea", lambda runtime=None: SimpleNamespace(info=info))
    classical.Telea.info = info
    monkeypatch.setattr("pliant.cli.extras.requires", lambda _: ["numpy", "no-such-thing; extra == 'gpu'"])
    code, out, _ = run("doctor")
    assert code == 0
    assert "  telea needs: pip install 'pliant[gpu]'; pliant models get thing\n" in out
    run("models", "get", "thing")
    facts = json.loads(run("doctor", "--json")[1])
    assert facts["needs"]["filler"]["telea"] == ["pip install 'pliant[gpu]'"]
    assert "navier-stokes" in facts["works"]["filler"]
    assert all(names[-1].lower().startswith("cpu") for names in facts["devices"].values())


def test_the_hubs_environment_variables_hold(web, tmp_path):
    home = tmp_path / "home"
    settings = {**os.environ, "HF_ENDPOINT": web.url, "HF_HOME": str(home), "HF_TOKEN": "hf_secret"}

    def run(*argv: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-m", "pliant.cli.main", "models", *argv]
        return subprocess.run(
            command, capture_output=True, text=True, env={**settings, **more}, timeout=60, check=False
        )

    assert run("get", "org/name", HF_HUB_OFFLINE="1").returncode == 1
    assert web.asked == []
    got = run("get", "org/name")
    assert got.returncode == 0, got.stderr
    assert "org/name; 2 kB; licence: mit" in got.stderr
    assert got.stdout.startswith(str(home / "hub" / "models--org--name"))
    assert "Bearer hf_secret" in web.tokens
    assert run("path", "org/name", HF_HUB_OFFLINE="1").stdout == got.stdout


@pytest.fixture
def fill(run, tmp_path):
    """Runs `pliant fill` on a small photo with a filler."""
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "photo.png")
    Image.new("L", (40, 30), 0).save(tmp_path / "hole.png")

    def call(*argv: str) -> tuple[int, str, str]:
        return run("fill", "photo.png", "--hole", "hole.png", "-o", "out.png", *argv)

    return call


def test_a_filler_s_model_is_announced_before_it_is_downloaded(fill, web, monkeypatch):
    at_a_terminal(monkeypatch, "n")
    code, _, said = fill("--filler", "org/name")
    assert code == 130
    assert "org/name" in said
    assert "2 kB; licence: mit" in said
    assert "Download it? [y/N]" in said
    assert fetch.cached("org/name") is None


def test_offline_downloads_no_filler(fill):
    code, _, said = fill("--filler", "org/name", "--offline")
    assert code == 1
    assert "licence" not in said
    assert "pliant models get org/name" in said


def test_what_works_without_a_model_asks_nothing():
    assert models_of("patchmatch", "grabcut") == []
    assert models_of("lama", "sam") == ["lama", "sam"]
    assert models_of("http://127.0.0.1:8080", None) == []


def test_a_missing_package_is_said_before_a_download(fill, web, monkeypatch):
    monkeypatch.setattr(extras, "installed", lambda name: None if name == "onnxruntime" else "1")
    code, _, said = fill("--filler", "lama")
    assert code == 1
    assert "'lama' needs onnxruntime, which is not installed; pip install 'pliant[onnx]'" in said
    assert "licence" not in said
