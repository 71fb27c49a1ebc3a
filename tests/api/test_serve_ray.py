"""The server on Ray Serve: the same answers, and what waits, fails or is cancelled over there."""

import json

import httpx2
import many
import numpy as np
import pytest
import served
from websockets.sync.client import connect

import pliant
from pliant import imageio
from pliant.errors import UnknownNameError
from pliant.events import CancelToken, ignore
from pliant.serve.models import Models
from pliant.serve.parcel import pack, unpack
from pliant.serve.schemas import EditForm
from pliant.serve.settings import Settings
from pliant.serve.work import edit_work

PORT = 18_642


def test_work_arrives_with_the_models_of_the_place():
    settings = Settings()
    work, _ = edit_work(
        served.picture(), served.edit(), EditForm(filler="telea"), "png", settings, Models(settings)
    )
    there = unpack(pack(work), Models(settings))
    assert there("cpu", ignore, CancelToken()).content == work("cpu", ignore, CancelToken()).content


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"engine": "inpaint4drag"}, "engine"),
        ({"engines": " , "}, "engines"),
        ({"max_replicas": "0"}, "max_replicas"),
        ({"allow_hosts": "photos.example.org"}, "a token is required"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, said):
    pytest.importorskip("ray.serve", reason="Ray is not installed: pip install 'pliant[ray]'")
    from pliant.serve.ray_app import app

    with pytest.raises(ValueError, match=said):
        app(options)
    with pytest.raises(UnknownNameError):
        app({"engines": "inpaint4drag,nonsense"})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    serve = pytest.importorskip("ray.serve", reason="Ray is not installed: pip install 'pliant[ray]'")
    import ray

    from pliant.serve.ray_app import app

    with pytest.MonkeyPatch.context() as patch:
        many.install_stub(tmp_path_factory.mktemp("stub"), patch)
        ray.init(address="local", num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        serve.start(http_options={"host": "127.0.0.1", "port": PORT})
        serve.run(app({"engines": "inpaint4drag,stub", "max_replicas": "2", "cpus": "0.5"}))
        yield f"127.0.0.1:{PORT}"
        serve.shutdown()
        ray.shutdown()


def replicas(engine):
    from ray import serve

    states = serve.status().applications["default"].deployments[engine].replica_states
    return sum(count for state, count in states.items() if state == "RUNNING")


@pytest.fixture
def client(server):
    with httpx2.Client(base_url=f"http://{server}", timeout=60, trust_env=False) as made:
        yield made


def test_an_edit_is_what_it_is_elsewhere(client):
    answer = client.post(
        f"{served.API}/edit", files=served.sent(), data={"filler": "telea"}, headers={"Prefer": "wait=30"}
    )
    assert answer.status_code == 200, answer.text
    alone = pliant.apply(served.picture(), served.edit(), filler="telea")
    assert np.array_equal(imageio.load(answer.content).pixels, alone.picture.pixels)


def test_events_come_from_the_replica(client):
    job = client.post(f"{served.API}/edit", files=served.sent(), data={"filler": "telea"}).json()
    events = client.get(f"{served.API}/jobs/{job['id']}/events").text
    assert "event: stage" in events
    assert '"warp"' in events
    assert "event: done" in events


def test_what_fails_there_is_a_problem_here(client):
    asked = served.document(prompt="fail")
    answer = client.post(
        f"{served.API}/edit",
        files=served.sent(asked=asked),
        data={"engine": "stub"},
        headers={"Prefer": "wait=30"},
    )
    served.problem(answer, 500, "internal")


def test_replicas_come_with_the_queue_and_a_cancel_reaches_them(client):
    asked = {"files": served.sent(asked=served.document(prompt="wait 600")), "data": {"engine": "stub"}}
    jobs = [client.post(f"{served.API}/edit", **asked).json()["id"] for _ in range(2)]
    served.until(lambda: replicas("stub") == 2, 40)
    for job in jobs:
        client.delete(f"{served.API}/jobs/{job}")
        served.until(lambda job=job: client.get(f"{served.API}/jobs/{job}").json()["state"] == "cancelled", 30)
    # Replicas that still worked on those would never get to this one.
    quick = {"files": served.sent(asked=served.document(prompt="wait 0")), "data": {"engine": "stub"}}
    for _ in range(4):
        answer = client.post(f"{served.API}/edit", **quick, headers={"Prefer": "wait=30"})
        assert answer.status_code == 200, answer.text


def test_live_previews_stay_in_one_place(server):
    with connect(f"ws://{server}{served.API}/preview", max_size=None) as socket:
        socket.send(served.photo())
        assert json.loads(socket.recv(timeout=30)) == {"type": "opened", "size": [64, 48]}
        for seq in range(3):
            socket.send(json.dumps({"type": "edit", "seq": seq, "edit": served.document()}))
            assert isinstance(socket.recv(timeout=30), bytes)
