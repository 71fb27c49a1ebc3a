"""`/metrics`: what is counted, by what, and who may read it."""

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from served import API, HOME, LIVE, Gate, client, document, mask, photo, problem, sent, until

from pliant.serve.settings import Settings

TOKEN = "0123456789abcdef"
HTTP = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")
WAIT = {"Prefer": "wait=60"}


def figures(web, **headers: str) -> dict[tuple[str, frozenset], float]:
    """Every sample by its name and labels."""
    answer = web.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def labelled(name: str, **labels: str) -> tuple[str, frozenset]:
    return name, frozenset(labels.items())


@pytest.fixture
def web():
    with client() as made:
        yield made


def test_a_new_server(web):
    found = figures(web)
    assert found[labelled("pliant_queue_length")] == 0
    assert found[labelled("pliant_previews_open")] == 0
    assert found[labelled("pliant_models_bytes")] == 0
    assert not any(name in ("pliant_jobs", "pliant_failures_total") for name, _ in found)


@pytest.fixture
def two_gpus(monkeypatch):
    """As torch tells of two of them, of which the second is in use."""
    cuda = SimpleNamespace(
        is_available=lambda: True,
        is_initialized=lambda: True,
        device_count=lambda: 2,
        memory_allocated=lambda index: 1000 * index,
        memory_reserved=lambda index: 3000 * index,
        get_device_properties=lambda index: SimpleNamespace(total_memory=9000),
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))


@pytest.mark.usefixtures("two_gpus")
def test_the_memory_of_devices(web):
    found = figures(web)
    told = {"used": (0, 1000), "reserved": (0, 3000), "": (9000, 9000)}
    for what, expected in told.items():
        name = f"pliant_device_memory_{what}_bytes".replace("__", "_")
        assert tuple(found[labelled(name, device=f"cuda:{index}")] for index in range(2)) == expected


@pytest.mark.usefixtures("two_gpus")
def test_every_figure_is_documented_and_no_other(web):
    named = set(re.findall(r"`(pliant_[a-z_]+)`", HTTP))
    text = web.get("/metrics").text
    families = set(re.findall(r"^# TYPE (pliant_[a-z_]+) (?:gauge|counter|histogram)$", text, re.MULTILINE))
    assert {name for name in families if not name.endswith("_created")} == named


@pytest.mark.skipif("sys.platform != 'linux'", reason="the system tells it on Linux")
def test_the_memory_of_the_process(web):
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    held = figures(web)[labelled("process_resident_memory_bytes")]
    assert held == pytest.approx(pages * os.sysconf("SC_PAGE_SIZE"), rel=0.2)


def test_jobs_by_kind_and_state_and_the_stages_of_edits(web):
    done = web.post(f"{API}/edit", files=sent(), headers=WAIT)
    assert done.status_code == 200
    web.post(f"{API}/fill", files={"image": ("a.png", photo()), "mask": ("b.png", mask())}, headers=WAIT)
    timings = web.get(f"{API}/jobs").json()[0]["result"]["timings"]
    found = figures(web)
    for kind, engine in (("edit", "inpaint4drag"), ("fill", "")):
        assert found[labelled("pliant_jobs", kind=kind, state="done")] == 1
        assert found[labelled("pliant_jobs_finished_total", kind=kind, engine=engine, state="done")] == 1
        assert found[labelled("pliant_job_seconds_count", kind=kind, engine=engine)] == 1
        assert found[labelled("pliant_job_wait_seconds_count", kind=kind)] == 1
    assert {"warp", "fill"} <= timings.keys()
    for stage, seconds in timings.items():
        labels = {"engine": "inpaint4drag", "stage": stage}
        assert found[labelled("pliant_stage_seconds_count", **labels)] == 1
        assert found[labelled("pliant_stage_seconds_sum", **labels)] == pytest.approx(seconds, abs=1e-4)
    whole = found[labelled("pliant_job_seconds_sum", kind="edit", engine="inpaint4drag")]
    assert whole >= sum(timings.values()) * 0.9


def test_the_queue_and_what_is_cancelled(web):
    jobs, gate = web.app.state.context.jobs, Gate()
    running = jobs.submit(gate, kind="test")
    waiting = [jobs.submit(gate, kind="test") for _ in range(3)]
    assert gate.begun.wait(5)
    found = figures(web)
    assert found[labelled("pliant_queue_length")] == 3
    assert found[labelled("pliant_jobs", kind="test", state="queued")] == 3
    assert found[labelled("pliant_jobs", kind="test", state="running")] == 1
    for job in (*waiting, running):
        jobs.cancel(job)
    until(lambda: running.over)
    found = figures(web)
    assert found[labelled("pliant_queue_length")] == 0
    assert found[labelled("pliant_jobs_finished_total", kind="test", engine="", state="cancelled")] == 4
    assert ("pliant_job_seconds_count", frozenset()) not in found


def test_failures_by_their_code(web):
    def broken(device, on_event, cancel):
        raise MemoryError

    job = web.app.state.context.jobs.submit(broken, kind="test")
    web.get(f"{API}/jobs/none")
    web.get("/nothing")
    web.get(f"{API}/health?secret=1")
    web.get(f"{API}/health", headers={"Host": "evil.example"})
    web.post(f"{API}/edit", files=sent(b"no picture"))
    web.get(f"{API}/jobs", headers={"Origin": "https://evil.example"})
    until(lambda: job.over)
    web.get(f"{API}/jobs/{job.id}/result")  # the problem of the job, told: no second failure
    found = {
        dict(labels)["where"] + " " + dict(labels)["code"]: value
        for (name, labels), value in figures(web).items()
        if name == "pliant_failures_total"
    }
    assert found == {
        "request unknown_job": 1,
        "request not_found": 1,
        "request unknown_parameter": 1,
        "request host_not_allowed": 1,
        "request not_a_picture": 1,
        "request origin_not_allowed": 1,
        "job internal": 1,
    }


def test_what_nobody_expected_is_counted_once(monkeypatch):
    def broken(name):
        raise ZeroDivisionError

    with client(raise_server_exceptions=False) as web:
        monkeypatch.setattr(web.app.state.context.jobs, "find", broken)
        problem(web.get(f"{API}/jobs/any"), 500, "internal")
        assert figures(web)[labelled("pliant_failures_total", where="request", code="internal")] == 1


def test_live_previews(web):
    with web.websocket_connect(LIVE) as socket:
        socket.send_json({"type": "open", "size": [64, 48]})
        socket.receive_json()
        socket.send_json({"type": "edit", "seq": 1, "edit": document()})
        for _ in range(2):
            socket.receive_bytes()
        socket.send_json({"type": "move", "seq": 2, "targets": []})
        assert socket.receive_json()["code"] == "invalid_move"
        found = figures(web)
        assert found[labelled("pliant_previews_open")] == 1
        assert found[labelled("pliant_preview_seconds_count")] == 2
        assert found[labelled("pliant_failures_total", where="preview", code="invalid_move")] == 1
    until(lambda: figures(web)[labelled("pliant_previews_open")] == 0)


def test_it_is_guarded_like_the_rest():
    with client(Settings(token=TOKEN)) as web:
        assert web.get("/metrics").json()["code"] == "not_authorised"
        found = figures(web, Authorization=f"Bearer {TOKEN}")
        assert found[labelled("pliant_failures_total", where="request", code="not_authorised")] == 1
        assert web.get("/metrics", headers={"Host": "evil.example"}).status_code == 403


def test_nothing_of_a_client_is_in_it(web):
    secret = "Zanzibar"
    files = sent(asked=document(prompt=secret), masks=(f"{secret}.png", mask()))
    web.post(f"{API}/edit", files=files, data={"engine": secret})
    web.post(f"{API}/edit", files=sent(asked=document(prompt=secret)), headers=WAIT)
    web.get(f"/{secret}?{secret}", headers={"Referer": f"{HOME}/{secret}"})
    text = web.get("/metrics").text
    assert secret not in text
    assert re.search(r'pliant_jobs_finished_total\{[^}]*state="done"\} 1', text)
