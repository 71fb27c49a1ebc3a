"""Fillers that run elsewhere: all that can go wrong on the way, and cancelling."""

import socket
import threading

import numpy as np
import pytest
from remote_servers import (
    FakeComfyUI,
    FakeIOPaint,
    FakePliant,
    Said,
    Server,
    listening,
    picture,
    png,
    said,
)
from remote_work import expected, filled, refused

from pliant.errors import CancelledError
from pliant.events import CancelToken
from pliant.fill.remote import client
from pliant.fill.remote.errors import (
    RemoteAnswerError,
    RemoteRefusedError,
    RemoteTimeoutError,
    RemoteUnreachableError,
)

pytestmark = pytest.mark.usefixtures("impatient")


# ------------------------------------------------------------------------------------ what goes wrong


def test_nothing_listens(free_port):
    message, _ = refused(RemoteUnreachableError, f"http://127.0.0.1:{free_port}")
    assert f"http://127.0.0.1:{free_port} cannot be reached" in message


@pytest.fixture
def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.mark.parametrize("where", ["POST /api/v1/fill", "GET /api/v1/health"])
def test_an_answer_that_does_not_come(pliant, where):
    pliant.routes[where] = pliant.hang
    message, seconds = refused(RemoteTimeoutError, pliant.address(end="?timeout=0.4"))
    assert "within 0.4 s" in message
    assert "?timeout=SECONDS" in message
    assert seconds < 5


def test_an_answer_that_trickles(pliant):
    pliant.routes["POST /api/v1/fill"] = lambda heard: Said(headers={"Content-Length": "1000000"})
    message, _ = refused(RemoteUnreachableError, pliant.address())
    assert "broke" in message
    assert len(pliant.asked("/api/v1/fill")) == 1


def test_a_job_that_may_have_begun_is_not_begun_again(pliant):
    pliant.routes["POST /api/v1/fill"] = lambda heard: said({"detail": "out of memory"}, 500)
    message, _ = refused(RemoteRefusedError, pliant.address())
    assert "status 500: out of memory. See what its log says" in message
    assert len(pliant.asked("/api/v1/fill")) == 1


def test_busy_is_asked_again(pliant):
    answers = iter([said({}, 503), said({}, 429, **{"Retry-After": "0"})])
    paint = pliant.fill
    pliant.routes["POST /api/v1/fill"] = lambda heard: next(answers, None) or paint(heard)
    np.testing.assert_array_equal(filled(pliant.address()), expected())
    assert len(pliant.asked("/api/v1/fill")) == 3


def test_always_busy(pliant):
    pliant.routes["POST /api/v1/fill"] = lambda heard: said({"title": "Queue full"}, 503)
    message, _ = refused(RemoteRefusedError, pliant.address())
    assert "Queue full. It is busy" in message
    assert len(pliant.asked("/api/v1/fill")) == 4


def test_a_problem_of_pliant_is_passed_on(pliant):
    problem = {"title": "Bad", "status": 422, "code": "unknown_filler", "detail": "There is no filler 'x'."}
    answer = Said(422, said(problem).body, "application/problem+json")
    pliant.routes["POST /api/v1/fill"] = lambda heard: answer
    message, _ = refused(RemoteRefusedError, pliant.address(end="?filler=x"))
    assert "status 422: There is no filler 'x'. [unknown_filler]" in message


def test_an_error_of_iopaint_is_passed_on(iopaint):
    problem = {"error": "RuntimeError", "detail": "", "body": "", "errors": "CUDA out of memory"}
    iopaint.routes["POST /api/v1/inpaint"] = lambda heard: said(problem, 500)
    message, _ = refused(RemoteRefusedError, iopaint.address())
    assert "CUDA out of memory" in message


def test_an_answer_of_another_size(server):
    wrong = png(np.zeros((50, 60, 3), np.uint8))
    for path in ("POST /api/v1/fill", "POST /api/v1/inpaint", "GET /view"):
        server.routes[path] = lambda heard: picture(wrong)
    message, _ = refused(RemoteAnswerError, server.address())
    sent = "64x64" if isinstance(server, FakeComfyUI) else "61x45"
    assert f"sent {sent} pixels and answered with 60x50" in message


def test_an_answer_that_is_no_picture(pliant):
    pliant.routes["POST /api/v1/fill"] = lambda heard: said({"ok": True})
    message, _ = refused(RemoteAnswerError, pliant.address())
    assert "did not answer with a picture" in message


@pytest.mark.parametrize("declared", [True, False])
def test_a_huge_answer(pliant, declared):
    answer = Said(body=b"\x89PNG" * 2_000_000, headers={} if declared else {"Connection": "close"})
    if declared:
        answer = Said(headers={"Content-Length": "99999999999"})
    pliant.routes["POST /api/v1/fill"] = lambda heard: answer
    message, _ = refused(RemoteAnswerError, pliant.address())
    assert "more than 1,092,496 bytes" in message


def test_a_picture_of_too_many_pixels(pliant):
    bomb = png(np.zeros((9000, 9000, 1), np.uint8))
    pliant.routes["POST /api/v1/fill"] = lambda heard: picture(bomb)
    message, _ = refused(RemoteAnswerError, pliant.address())
    assert "9000x9000" in message


def test_redirects_to_another_server_are_refused(pliant):
    with listening(Server()) as other:
        moved = {"Location": f"{other.url}/api/v1/fill"}
        pliant.routes["POST /api/v1/fill"] = lambda heard: Said(307, headers=moved)
        message, _ = refused(RemoteRefusedError, pliant.address(user="token"))
        assert f"another server, {other.url}" in message
        assert not other.heard


def test_redirects_within_the_server_are_followed(pliant):
    pliant.routes["POST /v2/fill"] = pliant.routes["POST /api/v1/fill"]
    pliant.routes["POST /api/v1/fill"] = lambda heard: Said(308, headers={"Location": "/v2/fill"})
    np.testing.assert_array_equal(filled(pliant.address()), expected())
    pliant.routes["POST /api/v1/fill"] = lambda heard: Said(302, headers={"Location": "/v2/fill"})
    assert "cannot be followed" in refused(RemoteRefusedError, pliant.address())[0]
    pliant.routes["POST /api/v1/fill"] = lambda heard: Said(308, headers={"Location": "/api/v1/fill"})
    assert "in circles" in refused(RemoteRefusedError, pliant.address())[0]


def test_a_server_of_another_kind(free_port):
    with listening(Server()) as stranger:
        stranger.routes["GET /api/v1/health"] = lambda heard: Said(body=b"<html>", kind="text/html")
        message, _ = refused(RemoteAnswerError, stranger.address())
        assert "none of Pliant, IOPaint and ComfyUI" in message
        assert "404" in refused(RemoteRefusedError, stranger.address("iopaint"))[0]


def test_something_that_does_not_speak_http():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def greet():
            for _ in range(4):
                accepted, _ = listener.accept()
                with accepted:
                    accepted.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        message, _ = refused(RemoteUnreachableError, f"http://127.0.0.1:{port}")
        assert "broke during /api/v1/health" in message
        thread.join(5)


def test_https_to_a_server_that_speaks_http(pliant):
    url = pliant.address().replace("http:", "https:")
    message, _ = refused(RemoteUnreachableError, url)
    assert "http or https" in message


# -------------------------------------------------------------------------------------------- ComfyUI


def test_comfyui_refuses_the_graph(comfyui):
    comfyui.routes["POST /prompt"] = lambda heard: said(
        {
            "error": {
                "type": "prompt_outputs_failed_validation",
                "message": "Prompt outputs failed",
                "details": "",
            },
            "node_errors": {"1": {"errors": [{"message": "Value not in list", "details": "ckpt_name: 'x'"}]}},
        },
        400,
    )
    message, _ = refused(RemoteRefusedError, comfyui.address())
    assert "Prompt outputs failed; Value not in list (ckpt_name: 'x')" in message


def test_comfyui_fails_at_a_node(comfyui):
    facts = {"node_type": "KSampler", "exception_message": "not enough memory", "exception_type": "OOM"}
    messages = [["execution_start", {}], ["execution_error", facts]]
    comfyui.failure = {"outputs": {}, "status": {"status_str": "error", "completed": False, "messages": messages}}
    message, _ = refused(RemoteRefusedError, comfyui.address())
    assert "could not paint: not enough memory (in KSampler)" in message


def test_comfyui_has_no_checkpoint(comfyui):
    comfyui.loader["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"] = [[]]
    message, _ = refused(RemoteRefusedError, comfyui.address())
    assert "models/checkpoints" in message


def test_comfyui_loses_the_job(comfyui):
    comfyui.polls = 1000
    comfyui.routes["GET /queue"] = lambda heard: said({"queue_running": [], "queue_pending": []})
    message, _ = refused(RemoteAnswerError, comfyui.address())
    assert "lost the job" in message


@pytest.mark.parametrize("pending", [False, True], ids=["running", "waiting"])
@pytest.mark.parametrize("why", ["cancelled", "time-out"])
def test_a_job_that_is_given_up_is_taken_off_comfyui(comfyui, pending, why):
    comfyui.polls, comfyui.pending, token = 1000, pending, CancelToken()
    if why == "cancelled":
        threading.Timer(0.3, token.cancel).start()
        _, seconds = refused(CancelledError, comfyui.address(), cancel=token)
    else:
        _, seconds = refused(RemoteTimeoutError, comfyui.address(end="?timeout=0.4"))
    assert seconds < 5
    assert comfyui.removed == ["job-0"]
    assert comfyui.interrupted == ([] if pending else [{"prompt_id": "job-0"}])


# ------------------------------------------------------------------------------------------- cancelling


def test_cancelled_beforehand_nothing_is_asked(server):
    token = CancelToken()
    token.cancel()
    refused(CancelledError, server.address(), cancel=token)
    assert not server.heard


def test_cancelled_on_the_way(server):
    token = CancelToken()
    refused(CancelledError, server.address(), cancel=token, on_event=lambda event: token.cancel())


@pytest.mark.parametrize("kind", [FakePliant, FakeIOPaint])
def test_cancelled_while_the_server_works(kind):
    with listening(kind()) as server:
        server.routes |= {"POST /api/v1/fill": server.hang, "POST /api/v1/inpaint": server.hang}
        token = CancelToken()
        threading.Timer(0.2, token.cancel).start()
        _, seconds = refused(CancelledError, server.address(), cancel=token)
        assert seconds < 3


def test_cancelled_between_two_attempts(pliant, monkeypatch):
    monkeypatch.setattr(client, "PAUSES", (30.0,))
    pliant.routes["POST /api/v1/fill"] = lambda heard: said({}, 503)
    token = CancelToken()
    threading.Timer(0.2, token.cancel).start()
    _, seconds = refused(CancelledError, pliant.address(), cancel=token)
    assert seconds < 3


def test_the_codes_are_stable():
    kinds = [RemoteUnreachableError, RemoteRefusedError, RemoteTimeoutError, RemoteAnswerError]
    codes = ["remote_unreachable", "remote_refused", "remote_timeout", "remote_bad_answer"]
    assert [kind.code for kind in kinds] == codes
