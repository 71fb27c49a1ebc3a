"""Fillers that run elsewhere: three interfaces, tokens and addresses."""

import base64
import threading

import numpy as np
import pytest
from remote_servers import COLOUR, PREFIXES, FakeComfyUI, listening, picture, pixels, png, said
from remote_work import blob, expected, filled, photo, refused

from pliant.cli.main import main
from pliant.compose import repaint, widen
from pliant.errors import CancelledError, EditError, PliantError
from pliant.events import CancelToken, Step, ignore
from pliant.fill.base import make_filler
from pliant.fill.remote import from_url
from pliant.fill.remote.errors import (
    RemoteRefusedError,
)
from pliant.types import Picture

pytestmark = pytest.mark.usefixtures("impatient")


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
