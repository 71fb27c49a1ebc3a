"""The log of a server: what it says in both forms, at which level, and what it never says."""

import io
import json
import logging
import re

import pytest
from served import API, Gate, client, connection, document, mask, process, sent, until

from pliant.cli.main import main
from pliant.serve import logs

SECRET = "Zanzibar"
WAIT = {"Prefer": "wait=60"}


@pytest.fixture
def lines():
    """What is logged as JSON from now on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    log = logging.getLogger("pliant")
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)


def of(message: str, lines) -> list[dict]:
    return [line for line in lines() if line["message"] == message]


def test_a_request_and_its_job(lines):
    with client() as web:
        answer = web.post(f"{API}/edit", files=sent(), headers=WAIT)
        name = web.get(f"{API}/jobs").json()[0]["id"]
    (job,), (post, get) = of("job", lines), of("request", lines)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", post["time"])
    assert (post["id"], post["job"]) == (answer.headers["x-request-id"], name)
    assert (post["method"], post["route"], post["status"]) == ("POST", "/api/v1/edit", 200)
    assert (get["method"], get["route"], get["status"]) == ("GET", "/api/v1/jobs", 200)
    assert (job["job"], job["kind"], job["engine"], job["state"]) == (name, "edit", "inpaint4drag", "done")
    assert {"warp", "fill"} <= job["timings"].keys()
    assert 0 <= job["waited"] <= post["seconds"] + 0.1
    assert 0 < job["ran"] <= post["seconds"] + 0.1


@pytest.mark.parametrize(
    ("method", "path", "headers", "expected"),
    [
        ("GET", "/api/v1/jobs/none", {}, ("/api/v1/jobs/{name}", 404, "unknown_job")),
        ("GET", f"/{SECRET}", {}, (None, 404, "not_found")),
        ("GET", "/api/v1/health", {"Host": "evil.example"}, (None, 403, "host_not_allowed")),
        ("DELETE", "/metrics", {}, ("/metrics", 405, "method_not_allowed")),
    ],
)
def test_problems_have_their_code(lines, method, path, headers, expected):
    with client() as web:
        web.request(method, path, headers=headers)
    (line,) = of("request", lines)
    assert (line["route"], line["status"], line["code"]) == expected


def test_jobs_that_fail_or_are_cancelled(lines):
    def broken(device, on_event, cancel):
        raise ZeroDivisionError

    gate = Gate()
    with client() as web:
        jobs = web.app.state.context.jobs
        failed = jobs.submit(broken, kind="test")
        until(lambda: failed.over)
        running, waiting = jobs.submit(gate, kind="test"), jobs.submit(gate, kind="test")
        assert gate.begun.wait(5)
        jobs.cancel(waiting)
        jobs.cancel(running)
        until(lambda: running.over)
    found = {line["job"]: line for line in of("job", lines)}
    assert (found[failed.id]["state"], found[failed.id]["code"]) == ("failed", "internal")
    assert [found[job.id]["state"] for job in (running, waiting)] == ["cancelled", "cancelled"]
    assert found[waiting.id]["ran"] == 0
    (error,) = [line for line in lines() if line["level"] == "error"]
    assert "ZeroDivisionError" in error["error"]


def test_a_live_preview_is_one_line(lines):
    with client() as web, web.websocket_connect("ws://127.0.0.1:7860/api/v1/preview") as socket:
        socket.send_json({"type": "open", "size": [64, 48]})
        socket.receive_json()
    (line,) = of("request", lines)
    assert (line["method"], line["route"], line["status"]) == ("WS", "/api/v1/preview", 101)


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_of_a_client_is_in_it(form):
    token = "secret-secret-secret"
    flags = ("--log-format", form, "--log-level", "debug", "--token", token)
    with process(*flags) as (server, address):
        bearer = {"Authorization": f"Bearer {token}"}
        with connection(address) as web:
            asked = document(prompt=SECRET)
            assert web.post(f"{API}/edit", files=sent(asked=asked), headers={**WAIT, **bearer}).status_code == 200
            web.post(f"{API}/edit", files=sent(masks=(f"{SECRET}.png", mask())), headers=bearer)
            web.post(f"{API}/edit", files=sent(), data={"prompt": SECRET, "filler": SECRET}, headers=bearer)
            web.get(f"/{SECRET}?token={token}")
            web.get(f"{API}/jobs?{SECRET}={token}", headers=bearer)
        server.terminate()
        assert server.wait(30) == 0
        said = server.stderr.read()
    assert said.count("request") == 5
    assert SECRET not in said
    assert token not in said
    if form == "json":
        assert all(json.loads(line)["level"] == "info" for line in said.splitlines())
    else:
        assert all(re.match(r"pliant: (request|job) \w+=", line) for line in said.splitlines())
        assert re.search(r" timings=warp:[\d.]+", said)


@pytest.mark.parametrize(
    ("flags", "variable", "expected"),
    [
        ([], None, "warning"),
        (["-v"], None, "info"),
        (["--log-level", "debug", "-v"], None, "debug"),
        ([], "error", "error"),
        ([], "INFO", "info"),
        (["--log-level", "error"], "debug", "error"),
    ],
)
def test_the_level(monkeypatch, flags, variable, expected):
    seen = []
    monkeypatch.setattr("pliant.serve.server.run", lambda *args, **options: seen.append(options))
    if variable:
        monkeypatch.setenv("PLIANT_LOG_LEVEL", variable)
    assert main(["serve", "--port", "0", *flags]) == 0
    assert seen == [{"log_format": "text", "level": expected}]


def test_a_level_that_is_none(capfd):
    assert main(["serve", "--log-level", "loud"]) == 2
    assert "--log-level" in capfd.readouterr().err
