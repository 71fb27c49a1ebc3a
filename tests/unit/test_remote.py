"""Fillers that run elsewhere: three interfaces, and all that can go wrong on the way."""

import base64
import socket
import threading
import time

import numpy as np
import pytest
from remote_servers import (
    COLOUR,
    FakeComfyUI,
    FakeIOPaint,
    FakePliant,
    Said,
    Server,
    listening,
    picture,
    pixels,
    png,
    said,
)

from pliant.cli.main import main
from pliant.compose import repaint, widen
from pliant.errors import CancelledError, EditError, PliantError
from pliant.events import CancelToken, Step, ignore
from pliant.fill.base import make_filler
from pliant.fill.remote import client, from_url
from pliant.fill.remote.errors import (
    RemoteAnswerError,
    RemoteRefusedError,
    RemoteTimeoutError,
    RemoteUnreachableError,
)
from pliant.types import Picture

PREFIXES = {FakePliant: "pliant", FakeIOPaint: "iopaint", FakeComfyUI: "comfyui"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(client, "PAUSES", (0.01, 0.01, 0.01))
    monkeypatch.setattr("pliant.fill.remote.comfyui.FIRST_POLL", 0.01)
    monkeypatch.setattr("pliant.fill.remote.pliant_server.POLL", 0.01)


@pytest.fixture(params=PREFIXES, ids=PREFIXES.values())
def server(request):
    with listening(request.param()) as made:
        yield made


@pytest.fixture
def pliant():
    with listening(FakePliant()) as made:
        yield made


@pytest.fixture
def comfyui():
    with listening(FakeComfyUI()) as made:
        yield made


@pytest.fixture
def iopaint():
    with listening(FakeIOPaint()) as made:
        yield made


def photo(height=45, width=61) -> Picture:
    return Picture(np.random.default_rng(2).integers(0, 256, (height, width, 3), np.uint8))


def blob(height=45, width=61):
    hole = np.zeros((height, width), bool)
    hole[12:30, 20:47] = True
    return hole


def filled(url, *, seed=0, prompt="", cancel=None, on_event=ignore, shape=(45, 61)):
    filler = make_filler(url)
    token = cancel or CancelToken()
    return filler.fill(
        photo(*shape), blob(*shape), seed=seed, prompt=prompt, on_event=on_event, cancel=token
    ).pixels


def expected(shape=(45, 61)):
    return np.where(blob(*shape)[..., None], np.uint8(COLOUR), photo(*shape).pixels)


def refused(kind, url, **options):
    """The message of the error of that `kind`, and how long it took."""
    start = time.monotonic()
    with pytest.raises(kind) as caught:
        filled(url, **options)
    return str(caught.value), time.monotonic() - start


# ------------------------------------------------------------------------------------------ what works


@pytest.mark.parametrize("named", [False, True], ids=["found out", "named"])
def test_the_hole_is_painted_and_nothing_else(server, named):
    url = server.address(PREFIXES[type(server)] if named else "")
    np.testing.assert_array_equal(filled(url, seed=2**63 + 5, prompt="a cat"), expected())


def test_nothing_is_contacted_before_the_first_fill_and_what_runs_there_is_asked_once(server):
    filler = from_url(server.address())
    assert filler.info.working_size == 1024
    assert not server.heard
    for _ in range(2):
        filler.fill(photo(), blob(), on_event=ignore, cancel=CancelToken())
    probes = [heard.path for heard in server.heard if heard.path in ("/api/v1/health", "/system_stats")]
    assert len(probes) == len(set(probes))


def test_no_hole_and_all_hole_are_settled_here(server):
    filler = from_url(server.address())
    nothing = np.zeros((45, 61), bool)
    assert filler.fill(photo(), nothing, on_event=ignore, cancel=CancelToken()).pixels is not None
    with pytest.raises(EditError, match="hole covers everything"):
        filler.fill(photo(), ~nothing, on_event=ignore, cancel=CancelToken())
    assert not server.heard


def test_what_stands_in_the_hole_is_not_sent(server):
    sent = []
    for value in (0, 255):
        array = photo().pixels.copy()
        array[blob()] = value
        server.heard.clear()
        from_url(server.address(PREFIXES[type(server)])).fill(
            Picture(array), blob(), on_event=ignore, cancel=CancelToken()
        )
        upload = next(heard for heard in server.heard if len(heard.body) > 500)
        sent.append(upload.form["image"] if b"form-data" in upload.body else upload.json["image"])
    assert sent[0] == sent[1]


@pytest.mark.parametrize("verb", ["fill", "edit"])
def test_the_command_line_takes_an_address(server, verb, tmp_path, capsys):
    (tmp_path / "photo.png").write_bytes(png(photo().pixels))
    (tmp_path / "hole.png").write_bytes(png(blob().astype(np.uint8)[..., None] * 255))
    how = {
        "fill": ["--hole", str(tmp_path / "hole.png"), "--margin", "0"],
        "edit": ["--box", "12,12,30,30", "--drag", "20,20:40,20"],
    }
    out = tmp_path / "out.png"
    where = ["--filler", server.address(end="?size=0"), "-o", str(out), "-q"]
    assert main([verb, str(tmp_path / "photo.png"), *how[verb], *where]) == 0, capsys.readouterr().err
    result = pixels(out.read_bytes())
    painted = (result == COLOUR).all(axis=2)
    assert painted[(blob() if verb == "fill" else np.s_[15:28, 14:20])].all()
    if verb == "fill":
        np.testing.assert_array_equal(result, expected())


@pytest.mark.parametrize("shape", [(45, 61), (64, 64), (200, 131)])
def test_any_size_comes_back(server, shape):
    result = filled(server.address(PREFIXES[type(server)]), shape=shape)
    np.testing.assert_array_equal(result, expected(shape))


def test_large_pictures_are_brought_to_the_size_that_the_address_asks_for(iopaint):
    shape = (300, 400)
    picture_, hole = photo(*shape), blob(*shape)
    hole[100:250, 50:300] = True
    box, weight = widen(hole, 0)
    filler = from_url(iopaint.address(end="?size=128"))
    result = repaint(picture_, box, weight, filler).pixels
    np.testing.assert_array_equal(result[~hole], picture_.pixels[~hole])
    sent = iopaint.asked("/api/v1/inpaint")[0].json["mask"]
    assert max(pixels(base64.b64decode(sent)).shape) == 128
    np.testing.assert_array_equal(result[150:200, 100:250], np.broadcast_to(np.uint8(COLOUR), (50, 150, 3)))


def test_progress_is_told(server):
    events = []
    filled(server.address(), on_event=events.append)
    assert events == [Step(index=index, total=3) for index in (1, 2, 3)]


def test_pliant_is_asked_as_its_interface_wants(pliant):
    filled(pliant.address(end="?filler=sd15-lcm"), seed=7, prompt=" café ")
    form = pliant.asked("/api/v1/fill")[0].form
    assert {name: form[name] for name in ("prompt", "seed", "margin", "filler")} == {
        "prompt": "café",
        "seed": "7",
        "margin": "0",
        "filler": "sd15-lcm",
    }


def test_iopaint_is_asked_as_its_interface_wants(iopaint):
    filled(iopaint.address(end="?steps=12&cfg=1.5"), seed=2**32 + 9, prompt="a dog")
    asked = iopaint.asked("/api/v1/inpaint")[0].json
    assert asked.keys() == {
        *("image", "mask", "prompt", "sd_seed", "hd_strategy", "sd_mask_blur"),
        *("sd_steps", "ldm_steps", "sd_guidance_scale"),
    }
    assert (asked["sd_seed"], asked["prompt"], asked["sd_steps"]) == (9, "a dog", 12)


def test_an_iopaint_without_server_config_is_recognised(iopaint):
    del iopaint.routes["GET /api/v1/server-config"]
    np.testing.assert_array_equal(filled(iopaint.address()), expected())


@pytest.mark.parametrize("new", [False, True], ids=["list", "COMBO"])
def test_comfyui_is_given_a_graph_with_a_checkpoint_it_has(new):
    with listening(FakeComfyUI(new=new)) as comfyui:
        filled(comfyui.address(end="?steps=5&cfg=2"), seed=11, prompt="moss")
        graph = comfyui.asked("/prompt")[0].json["prompt"]
    kinds = {node["class_type"]: node["inputs"] for node in graph.values()}
    assert kinds["CheckpointLoaderSimple"]["ckpt_name"] == "512-inpainting-ema.ckpt"
    assert {"seed": 11, "steps": 5, "cfg": 2.0, "denoise": 1.0}.items() <= kinds["KSampler"].items()
    for node in graph.values():
        for value in node["inputs"].values():
            assert not isinstance(value, list) or value[0] in graph
    texts = sorted(node["inputs"]["text"] for node in graph.values() if node["class_type"] == "CLIPTextEncode")
    assert texts == ["", "moss"]


def test_comfyui_takes_the_checkpoint_that_the_address_names(comfyui):
    filled(comfyui.address(end="?checkpoint=dreams.safetensors"))
    graph = comfyui.asked("/prompt")[0].json["prompt"]
    assert "dreams.safetensors" in str(graph)
    message, _ = refused(RemoteRefusedError, comfyui.address(end="?checkpoint=nope.ckpt"))
    assert "'nope.ckpt'" in message
    assert "dreams.safetensors, 512-inpainting-ema.ckpt" in message


def test_comfyui_never_runs_the_same_graph_twice_since_it_would_skip_it(comfyui):
    for _ in range(2):
        filled(comfyui.address())
    first, second = (heard.json["prompt"] for heard in comfyui.asked("/prompt"))
    assert first != second


def test_a_server_under_a_path(pliant):
    pliant.routes = {name.replace(" /", " /tools/paint/"): route for name, route in pliant.routes.items()}
    np.testing.assert_array_equal(filled(pliant.address(end="/tools/paint/")), expected())


def test_grey_alpha_and_16_bit_answers_become_rgb(pliant):
    array = np.full((45, 61, 4), 200 * 257, np.uint16)
    pliant.routes["POST /api/v1/fill"] = lambda heard: picture(png(array))
    assert (filled(pliant.address())[blob()] == 200).all()
    pliant.routes["POST /api/v1/fill"] = lambda heard: picture(png(np.full((45, 61, 1), 77, np.uint8)))
    assert (filled(pliant.address())[blob()] == 77).all()


def deferred(pliant, states):
    """Make `pliant` answer with a job that goes through `states`; what is kept is returned."""
    paint, kept, left = pliant.fill, {}, iter(states)

    def begin(heard):
        kept["answer"] = paint(heard)
        return said({"id": "a b", "state": "queued"}, 202)

    pliant.routes |= {
        "POST /api/v1/fill": begin,
        "GET /api/v1/jobs/*": lambda heard: said({"id": "a b", "state": next(left, states[-1])}),
        "DELETE /api/v1/jobs/*": lambda heard: kept.setdefault("deleted", said({})),
        "GET /api/v1/jobs/a%20b/result": lambda heard: kept["answer"],
    }
    return kept


def test_a_pliant_that_does_not_wait_is_asked_for_the_job(pliant):
    kept = deferred(pliant, ["queued", "running", "done"])
    np.testing.assert_array_equal(filled(pliant.address()), expected())
    assert "deleted" not in kept


def test_a_job_of_pliant_that_is_given_up_is_cancelled(pliant):
    kept, token = deferred(pliant, ["running"]), CancelToken()
    threading.Timer(0.2, token.cancel).start()
    refused(CancelledError, pliant.address(), cancel=token)
    assert "deleted" in kept


# ---------------------------------------------------------------------------------------------- tokens


@pytest.mark.parametrize(
    ("user", "header"),
    [(":s%40fe", "Bearer s@fe"), ("s%40fe", "Bearer s@fe"), ("me:pass", "Basic bWU6cGFzcw=="), ("", None)],
)
def test_the_token_goes_with_every_request(server, user, header):
    filled(server.address(user=user))
    assert {heard.headers.get("authorization") for heard in server.heard} == {header}


def test_the_token_is_never_shown(pliant):
    pliant.routes = {"GET /api/v1/health": lambda heard: said({"detail": "no"}, 401)}
    url = pliant.address(user=":s3cret")
    assert "s3cret" not in repr(from_url(url).info)
    message, _ = refused(RemoteRefusedError, url)
    assert "s3cret" not in message
    assert "http://TOKEN@HOST:PORT" in message


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


# -------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("ftp://127.0.0.1:21", "begins with 'ftp'"),
        ("gradio+http://127.0.0.1:7860", "begins with 'gradio+http'"),
        ("http://", "names the host ''"),
        ("http://a b:80", "names the host 'a b'"),
        ("http://127.0.0.1:99999", "cannot be read"),
        ("http://127.0.0.1:80/#x", "has a #"),
        ("http://[::1", "cannot be read"),
        ("http://127.0.0.1?sise=512", "the option 'sise'"),
        ("http://127.0.0.1?size=512&size=1024", "stands twice"),
        ("http://127.0.0.1?size=big", "size='big'"),
        ("http://127.0.0.1?timeout=0", "timeout=0"),
        ("http://127.0.0.1?timeout=nan", "timeout=nan"),
        ("http://caf%C3%A9@127.0.0.1", "not plain ASCII"),
        ("http://a%0Ab@127.0.0.1", "not plain ASCII"),
        ("pliant+http://127.0.0.1?checkpoint=x", "'checkpoint', which Pliant does not understand"),
        ("iopaint+http://127.0.0.1?filler=x", "'filler', which IOPaint does not understand"),
    ],
)
def test_addresses_that_are_refused(url, complaint):
    with pytest.raises(PliantError) as caught:
        make_filler(url)
    assert caught.value.code == "invalid_address"
    assert complaint in str(caught.value)


def test_an_option_that_what_runs_there_does_not_understand(pliant):
    with pytest.raises(PliantError, match="'steps', which Pliant does not understand") as caught:
        filled(pliant.address(end="?steps=3"))
    assert caught.value.code == "invalid_address"
    assert not pliant.asked("/api/v1/fill")


def test_the_address_of_a_model_file_is_no_server():
    for name in ("lama.onnx", "model.safetensors"):
        assert make_filler(f"http://127.0.0.1:9/{name}").info.name != "remote"


@pytest.mark.parametrize(
    ("url", "size"),
    [
        ("http://h", 1024),
        ("http://h?size=512", 512),
        ("comfyui+https://h?size=0", None),
        ("pliant+http://h", None),
    ],
)
def test_working_sizes(url, size):
    assert from_url(url).info.working_size == size


def test_the_codes_are_stable():
    kinds = [RemoteUnreachableError, RemoteRefusedError, RemoteTimeoutError, RemoteAnswerError]
    codes = ["remote_unreachable", "remote_refused", "remote_timeout", "remote_bad_answer"]
    assert [kind.code for kind in kinds] == codes
