"""A server loads a model once for a device, and lets the least recently used go."""

from types import SimpleNamespace

import pytest

from pliant.fill.base import FillerInfo
from pliant.serve import fillers
from pliant.serve.fillers import Fillers
from pliant.serve.settings import MIB, Settings


@pytest.fixture
def made(monkeypatch, tmp_path):
    """The names and runtimes of what was made; every filler's model is a file of 3 MiB."""
    weights = tmp_path / "weights.onnx"
    weights.write_bytes(bytes(3 * MIB))
    seen = []

    def make(name, runtime):
        seen.append((name, runtime.device, runtime.offline))
        extra = None if name == "patchmatch" else "onnx"
        info = FillerInfo(name=name, summary="", licence="", extra=extra, weights=(str(weights),) if extra else ())
        return SimpleNamespace(info=info)

    monkeypatch.setattr(fillers, "make_filler", make)
    return seen


def test_a_filler_is_made_once_for_a_device(made):
    kept = Fillers(Settings())
    assert kept.get("lama", "cpu") is kept.get("lama", "cpu")
    assert kept.get("lama", "cpu") is not kept.get("lama", "auto")
    assert made == [("lama", "cpu", True), ("lama", "auto", True)]


def test_the_least_recently_used_goes_first(made):
    kept = Fillers(Settings(models_mb=7))
    for name in ("lama", "migan", "lama", "other", "lama", "migan"):
        kept.get(name, "cpu")
    assert [name for name, *_ in made] == ["lama", "migan", "other", "migan"]


def test_what_has_no_model_takes_no_room(made):
    kept = Fillers(Settings(models_mb=4))
    for name in ("lama", "patchmatch", "lama"):
        kept.get(name, "cpu")
    assert [name for name, *_ in made] == ["lama", "patchmatch"]
