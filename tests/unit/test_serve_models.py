"""A server loads a model once for a device, and lets the least recently used go."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from pliant.fill.base import FillerInfo
from pliant.serve import models
from pliant.serve.models import Models
from pliant.serve.settings import MIB, Settings


@pytest.fixture
def made(monkeypatch, tmp_path):
    """The names and runtimes of what was made; every model is a file of 3 MiB."""
    weights = tmp_path / "weights.onnx"
    weights.write_bytes(bytes(3 * MIB))
    seen = []

    def make(name, runtime):
        seen.append((name, runtime.device, runtime.offline))
        extra = None if name == "patchmatch" else "onnx"
        info = FillerInfo(name=name, summary="", licence="", extra=extra, weights=(str(weights),) if extra else ())
        return SimpleNamespace(info=info)

    monkeypatch.setattr(models, "make_filler", make)
    monkeypatch.setattr(models, "make_segmenter", make)
    return seen


@pytest.mark.parametrize("kind", ["filler", "segmenter"])
def test_a_model_is_made_once_for_a_device(made, kind):
    get = getattr(Models(Settings()), kind)
    assert get("lama", "cpu") is get("lama", "cpu")
    assert get("lama", "cpu") is not get("lama", "auto")
    assert made == [("lama", "cpu", True), ("lama", "auto", True)]


def test_the_least_recently_used_goes_first(made):
    kept = Models(Settings(models_mb=7))
    for name in ("lama", "migan", "lama", "other", "lama", "migan"):
        kept.filler(name, "cpu")
    assert [name for name, *_ in made] == ["lama", "migan", "other", "migan"]


def test_fillers_and_segmenters_share_the_room(made):
    kept = Models(Settings(models_mb=4))
    kept.filler("lama", "cpu")
    kept.segmenter("sam", "cpu")
    kept.filler("lama", "cpu")
    assert [name for name, *_ in made] == ["lama", "sam", "lama"]


def test_what_has_no_model_takes_no_room(made):
    kept = Models(Settings(models_mb=4))
    for name in ("lama", "patchmatch", "lama"):
        kept.filler(name, "cpu")
    assert [name for name, *_ in made] == ["lama", "patchmatch"]


def test_threads_take_turns_with_a_segmenter(monkeypatch):
    inside, most, lock = 0, 0, threading.Barrier(4)

    def propose(picture, **prompt):
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        threading.Event().wait(0.01)
        inside -= 1
        return np.ones((1, 1), np.bool_)

    made = SimpleNamespace(info=FillerInfo(name="slow", summary="", licence=""), propose=propose)
    monkeypatch.setattr(models, "make_segmenter", lambda name, runtime: made)
    kept = Models(Settings())

    def use() -> None:
        lock.wait(5)
        kept.segmenter("slow", "cpu").propose(None)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (most, inside) == (1, 0)
