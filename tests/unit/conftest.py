"""Small servers of three kinds for the tests of remote fillers."""

import pytest
from remote_servers import PREFIXES, FakeComfyUI, FakeIOPaint, FakePliant, listening

from pliant.fill.remote import client


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(client, "PAUSES", (0.01, 0.01, 0.01))
    monkeypatch.setattr("pliant.fill.remote.comfyui.FIRST_POLL", 0.01)
    monkeypatch.setattr("pliant.fill.remote.pliant_server.POLL", 0.01)


@pytest.fixture(params=PREFIXES, ids=PREFIXES.values())
def server(request, impatient):
    with listening(request.param()) as made:
        yield made


@pytest.fixture
def pliant(impatient):
    with listening(FakePliant()) as made:
        yield made


@pytest.fixture
def comfyui(impatient):
    with listening(FakeComfyUI()) as made:
        yield made


@pytest.fixture
def iopaint(impatient):
    with listening(FakeIOPaint()) as made:
        yield made
