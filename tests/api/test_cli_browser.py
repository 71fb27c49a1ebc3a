"""The editor from the command line: `pliant edit PHOTO` on a desktop, and `pliant serve --open`."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from served import API, connection, edit, photo, picture, problem

import pliant
from pliant.cli.browser import on_desktop
from pliant.cli.main import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")

BROWSER = "import sys, pathlib; pathlib.Path('opened').write_text(sys.argv[1])"


@contextmanager
def at_a_desk(folder: Path, *flags: str, **environment: str):
    """`pliant` at a terminal, with a browser that writes down what it is told to open."""
    (folder / "browser.py").write_text(BROWSER)
    desk = {"DISPLAY": ":0", "BROWSER": f"{sys.executable} {folder / 'browser.py'} %s", **environment}
    kept = {name: value for name, value in os.environ.items() if name not in ("SSH_CONNECTION", "WAYLAND_DISPLAY")}
    ours, theirs = os.openpty()
    command = [sys.executable, "-W", "error", "-m", "pliant.cli.main", *flags]
    streams = {"stdin": theirs, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=folder, env={**kept, **desk}, **streams) as made:
        try:
            yield made
        finally:
            made.kill()
            os.close(ours)
            os.close(theirs)


def opened(folder: Path, process: subprocess.Popen[str]) -> str:
    for _ in range(600):
        if (folder / "opened").exists() and (found := (folder / "opened").read_text()):
            return found
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    raise AssertionError("no browser was opened")


def test_a_photo_alone_opens_in_the_editor(tmp_path):
    (tmp_path / "photo.png").write_bytes(photo())
    with at_a_desk(tmp_path, "edit", "photo.png") as process:
        page, _, secret = opened(tmp_path, process).partition("#token=")
        assert len(secret) >= 32
        with connection(page) as web:
            assert web.get("/").status_code == 200
            problem(web.get(f"{API}/photo"), 401, "not_authorised")
            answer = web.get(f"{API}/photo", headers={"Authorization": f"Bearer {secret}"})
            assert answer.content == photo()
        process.send_signal(signal.SIGINT)
        assert (process.wait(20), process.stderr.read()) == (0, "")
        assert process.stdout.read() == f"Pliant is at {page}#token={secret} (Ctrl-C stops it)\n"


def test_a_result_shows_its_edit_as_ever(tmp_path):
    pliant.save(picture(), tmp_path / "result.png", edit=edit())
    with at_a_desk(tmp_path, "edit", "result.png") as process:
        out, _ = process.communicate(timeout=30)
    assert '"version": 1' in out
    assert not (tmp_path / "opened").exists()


def test_what_is_no_picture_is_refused_before_anything_opens(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xffnothing")
    with at_a_desk(tmp_path, "edit", "photo.jpg") as process:
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err.endswith("[damaged]\n")) == (1, True)
    assert not (tmp_path / "opened").exists()


def test_without_a_desktop_it_says_what_to_do(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("photo.png").write_bytes(photo())
    assert main(["edit", "photo.png"]) == 2
    err = capfd.readouterr().err
    assert "pliant serve --input photo.png" in err
    assert "--edit EDIT.json" in err


def test_serve_opens_the_editor_where_asked(tmp_path):
    (tmp_path / "photo.png").write_bytes(photo())
    flags = ["serve", "--port", "0", "--open", "--input", "photo.png", "--segmenter", "grabcut"]
    with at_a_desk(tmp_path, *flags) as process, connection(opened(tmp_path, process)) as web:
        assert web.get(f"{API}/photo").content == photo()
        default = [row["name"] for row in web.get(f"{API}/segmenters").json() if row["default"]]
        assert default == ["grabcut"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--input", "none.png"], "[missing_file]"),
        (["--segmenter", "nothing"], "[unknown_segmenter]"),
    ],
)
def test_bad_flags(capfd, flags, said):
    assert main(["serve", "--port", "0", *flags]) == 1
    assert said in capfd.readouterr().err


@pytest.mark.parametrize(
    ("terminal", "environment", "found"),
    [
        (True, {"DISPLAY": ":0"}, True),
        (True, {"WAYLAND_DISPLAY": "wayland-0"}, True),
        (False, {"DISPLAY": ":0"}, False),
        (True, {}, False),
        (True, {"DISPLAY": ":0", "SSH_CONNECTION": "a b"}, False),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="displays of Linux")
def test_what_a_desktop_is(monkeypatch, terminal, environment, found):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("webbrowser._browsers", {})
    monkeypatch.setattr("webbrowser._tryorder", None)
    monkeypatch.setenv("BROWSER", f"{sys.executable} %s")
    ours, theirs = os.openpty()
    with os.fdopen(theirs) as plain, open(os.devnull, encoding="utf-8") as null:
        monkeypatch.setattr(sys, "stdin", plain if terminal else null)
        assert on_desktop() is found
    os.close(ours)
