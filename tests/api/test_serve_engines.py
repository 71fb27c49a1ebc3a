"""Engines that load models: loaded once for all jobs, offline, within the room that models have."""

import json

import numpy as np
import pytest
from served import API, client, connection, picture, problem, sent, serving

from pliant import imageio
from pliant.errors import MissingRequirementError
from pliant.serve.settings import Settings

tiny_diffusion = pytest.importorskip("tiny_diffusion")

from pliant.engines.latent import model as latent  # noqa: E402

WAIT = {"Prefer": "wait=120"}
NAMES = ("regiondrag", "fastdrag", "sdedrag", "dragdiffusion")
STEPS = {
    "regiondrag": {"steps": 4},
    "fastdrag": {"steps": 4},
    "sdedrag": {"steps": 4, "lora": 1},
    "dragdiffusion": {"steps": 4, "pixel_steps": 2, "lora": 1},
}


@pytest.fixture
def loads(monkeypatch):
    """The references of what was loaded. Whatever they name, a small model stands there."""
    seen = []

    def here(reference, *, offline):
        assert offline
        seen.append(reference)
        return tiny_diffusion.sd15(4)

    monkeypatch.setattr(latent, "locate", here)
    return seen


def offering(**more: object) -> Settings:
    return Settings(port=0, devices=("cpu",), engines=NAMES, **more)


def asked(engine: str, **options: object) -> dict[str, str]:
    return {"engine": engine, "options": json.dumps({**STEPS[engine], **options})}


def edited(web, engine: str, **options: object):
    answer = web.post(f"{API}/edit", files=sent(), data=asked(engine, **options), headers=WAIT)
    assert answer.status_code == 200, answer.text
    return imageio.load(answer.content)


def test_two_edits_load_once(loads):
    with client(offering()) as web:
        first, second = edited(web, "regiondrag"), edited(web, "regiondrag")
        edited(web, "regiondrag", steps=6)
    assert loads == ["sd15"]
    assert first.size == picture().size
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert not np.array_equal(first.pixels, picture().pixels)


def test_engines_share_a_model_and_leave_it_as_it_was(loads):
    with client(offering()) as web:
        before = edited(web, "regiondrag")
        for name in ("sdedrag", "dragdiffusion"):
            edited(web, name)
        np.testing.assert_array_equal(edited(web, "regiondrag").pixels, before.pixels)
    assert loads == ["sd15"]


@pytest.mark.parametrize(("room", "again"), [(1024, []), (0, ["sd15"])])
def test_the_least_recently_used_goes_first(loads, room, again):
    with client(offering(models_mb=room)) as web:
        edited(web, "regiondrag")
        one = web.app.state.context.models.used
        edited(web, "fastdrag")  # another model: its UNet comes from elsewhere
        both = web.app.state.context.models.used
        edited(web, "regiondrag")
    assert both == (2 * one if room else one) > 0
    assert loads == ["sd15", "sd15", "lcm-dreamshaper", *again]


def test_what_is_not_here_is_not_fetched(monkeypatch):
    def absent(reference, *, offline):
        raise MissingRequirementError(f"{reference} is not here", code="missing_model")

    monkeypatch.setattr(latent, "locate", absent)
    with client(offering()) as web:
        answer = web.post(f"{API}/edit", files=sent(), data=asked("regiondrag"), headers=WAIT)
        problem(answer, 501, "missing_model")


def test_progress_and_previews_reach_who_listens(loads):
    with serving(offering()) as (address, _), connection(address) as web:
        edited(web, "regiondrag")  # the model is there, so that the steps come quickly
        job = web.post(f"{API}/edit", files=sent(), data=asked("regiondrag", steps=60)).json()
        with web.stream("GET", job["events_url"]) as flow:
            kinds = [line[7:] for line in flow.iter_lines() if line.startswith("event: ")]
        stages = web.get(job["status_url"]).json()["result"]["timings"]
    assert kinds[0] == "queued"
    assert kinds[-1] == "done"
    assert kinds.count("step") >= 30
    assert "preview" in kinds
    assert kinds.count("stage") >= len(stages) - 1
    assert loads == ["sd15"]


def test_cancel_stops_it_within_a_step(loads):
    with serving(offering()) as (address, _), connection(address) as web, connection(address) as other:
        job = web.post(f"{API}/edit", files=sent(), data=asked("regiondrag", steps=500)).json()
        with web.stream("GET", job["events_url"]) as flow:
            lines = flow.iter_lines()
            assert any(line == "event: step" for line in lines)
            other.delete(job["status_url"])
            left = [line for line in lines if line.startswith("event: ")]
        assert left[-1] == "event: cancelled"
        assert left.count("event: step") < 100
        edited(web, "regiondrag")  # and what was loaded serves the next
    assert loads == ["sd15"]


@pytest.mark.parametrize(
    ("engine", "options"),
    [
        ("regiondrag", {"model": None}),
        ("regiondrag", {"vae": 3}),
        ("fastdrag", {"unet": 3}),
        ("sdedrag", {"lora_folder": 3}),
        ("regiondrag", {"steps": 0}),
    ],
)
def test_an_option_that_an_engine_refuses_is_refused_when_it_is_posted(engine, options):
    with client(offering()) as web:
        data = {"engine": engine, "options": json.dumps(options)}
        problem(web.post(f"{API}/edit", files=sent(), data=data), 422, "invalid_option")


def test_a_name_is_taken_where_there_are_names_to_choose_from(loads):
    with client(offering()) as web:
        moved, dragged = edited(web, "fastdrag", mode="move"), edited(web, "fastdrag", mode="drag")
        for option, value in (("mode", "fly"), ("unet", "/etc/passwd"), ("model", "sd15")):
            posted = web.post(f"{API}/edit", files=sent(), data=asked("fastdrag", **{option: value}))
            assert value in problem(posted, 422, "invalid_request")
    assert (moved.pixels != dragged.pixels).any()


def test_an_edit_that_an_engine_does_not_understand_is_refused_when_it_is_posted():
    pair = {"source": {"box": [5, 5, 15, 15]}, "target": {"box": [20, 20, 30, 30]}}
    with client(offering()) as web:
        answer = web.post(
            f"{API}/edit", files=sent(asked={"version": 1, "regions": [pair]}), data=asked("fastdrag")
        )
        problem(answer, 422, "unsupported_input")
