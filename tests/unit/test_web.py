"""The editor's pure parts, tested in their own language: `node --test` on every file of tests/web."""

import subprocess

import outside
import pytest

FILES = sorted((outside.ROOT / "tests" / "web").rglob("*.test.js"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_javascript(path):
    done = subprocess.run([outside.node(), "--test", str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_tests():
    assert FILES
