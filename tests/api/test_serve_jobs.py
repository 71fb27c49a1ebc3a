"""The queue: order, cancelling, retention, events, and many clients at once."""

import base64
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from served import API, Gate, client, connection, document, edit, photo, picture, problem, sent, serving, until

import pliant
from pliant import imageio
from pliant.errors import PliantError
from pliant.events import Partial, Stage, Step
from pliant.serve.job import Job, Output
from pliant.serve.jobs import Jobs
from pliant.serve.settings import Settings

WAIT = {"Prefer": "wait=60"}


@pytest.fixture
def jobs():
    made = Jobs(Settings())
    yield made
    assert made.close(0)


def quick(content: bytes = b"x") -> object:
    def work(device, on_event, cancel):
        on_event(Stage(name="quick"))
        return Output(content=content, media_type="image/png", suffix="png")

    return work


def make_jobs(**settings: object) -> Jobs:
    return Jobs(Settings(**settings))


def events_in(text: str) -> list[tuple[int, str, dict]]:
    blocks = [block.splitlines() for block in text.strip().split("\n\n") if not block.startswith(":")]
    assert all([line.split(":")[0] for line in block] == ["id", "event", "data"] for block in blocks)
    return [(int(i[4:]), kind[7:], json.loads(data[6:])) for i, kind, data in blocks]


# ------------------------------------------------------------------------------------------------- queue


def test_jobs_run_in_their_order(jobs):
    gate, order = Gate(), []
    jobs.submit(gate, kind="test")
    assert gate.begun.wait(5)

    def noted(number):
        def work(device, on_event, cancel):
            order.append(number)
            return quick()(device, on_event, cancel)

        return work

    last = [jobs.submit(noted(i), kind="test") for i in range(5)][-1]
    assert jobs.waiting == 5
    gate.open.set()
    until(lambda: last.over)
    assert order == [0, 1, 2, 3, 4]


def test_a_full_queue_refuses():
    jobs, gate = make_jobs(queue=2), Gate()
    jobs.submit(gate, kind="test")
    assert gate.begun.wait(5)
    for _ in range(2):
        jobs.submit(quick(), kind="test")
    with pytest.raises(PliantError) as refused:
        jobs.submit(quick(), kind="test")
    assert refused.value.code == "queue_full"
    assert jobs.close(0)
    with pytest.raises(PliantError) as refused:
        jobs.submit(quick(), kind="test")
    assert refused.value.code == "shutting_down"


def test_closing_lets_what_runs_finish_and_cancels_what_does_not():
    for patience, state in ((5.0, "done"), (0.0, "cancelled")):
        jobs, gate = make_jobs(), Gate()
        running, waiting = jobs.submit(gate, kind="test"), jobs.submit(quick(), kind="test")
        assert gate.begun.wait(5)
        if patience:
            gate.open.set()
        assert jobs.close(patience)
        assert (running.state, waiting.over) == (state, True)


def test_what_waits_has_a_bound_in_bytes():
    jobs, gate = make_jobs(waiting_mb=1), Gate()
    jobs.submit(gate, kind="test")
    assert gate.begun.wait(5)
    jobs.submit(quick(), kind="test", weight=2 << 20)
    with pytest.raises(PliantError):
        jobs.submit(quick(), kind="test", weight=1)
    assert jobs.close(0)


def test_two_devices_work_side_by_side():
    jobs, gates = make_jobs(devices=("cpu", "auto")), (Gate(), Gate())
    for gate in gates:
        jobs.submit(gate, kind="test")
    assert all(gate.begun.wait(5) for gate in gates)
    assert jobs.close(0)


def test_a_failure_leaves_the_worker_alive(jobs):
    def broken(device, on_event, cancel):
        raise SystemExit("secret")

    failed, after = jobs.submit(broken, kind="test"), jobs.submit(quick(), kind="test")
    until(lambda: after.over)
    assert (failed.state, failed.problem["code"], after.state) == ("failed", "internal", "done")
    assert "secret" not in json.dumps(failed.problem)
    assert jobs.ready


# ------------------------------------------------------------------------------------------------- cancel


def test_cancel_reaches_what_runs_and_what_waits(jobs):
    gate = Gate()
    running, waiting = jobs.submit(gate, kind="test"), jobs.submit(quick(), kind="test")
    assert gate.begun.wait(5)
    jobs.cancel(waiting)
    assert (waiting.state, jobs.waiting) == ("cancelled", 0)
    jobs.cancel(running)
    until(lambda: running.over)
    assert running.state == "cancelled"
    with pytest.raises(PliantError, match="was cancelled"):
        running.output()


def test_two_hundred_cancels_at_random_moments(jobs):
    random.seed(5)
    loaded, asked = picture(), edit()

    def work(device, on_event, cancel):
        done = pliant.apply(loaded, asked, filler="telea", on_event=on_event, cancel=cancel)
        return Output(content=done.picture.pixels.tobytes(), media_type="image/png", suffix="png")

    made: list[Job] = []
    pause = threading.Event()
    for _ in range(200):
        until(lambda: jobs.waiting < 60)
        job = jobs.submit(work, kind="test")
        made.append(job)
        pause.wait(random.uniform(0, 0.004))
        jobs.cancel(job if random.random() < 0.7 else random.choice(made))
    until(lambda: all(job.over for job in made), 30)
    assert {job.state for job in made} <= {"done", "cancelled"}
    assert all((job.state == "done") == (job.reports()[-1].kind == "done") for job in made)
    after = jobs.submit(work, kind="test")
    until(lambda: after.over)
    assert after.state == "done"


def test_cancel_over_http():
    with serving() as (address, app), connection(address) as web:
        gate = Gate()
        job = app.state.context.jobs.submit(gate, kind="test")
        assert gate.begun.wait(5)
        problem(web.get(f"{API}/jobs/{job.id}/result"), 409, "not_finished")
        assert web.delete(f"{API}/jobs/{job.id}").status_code == 200
        until(lambda: job.over)
        assert web.get(f"{API}/jobs/{job.id}").json()["state"] == "cancelled"
        problem(web.get(f"{API}/jobs/{job.id}/result"), 409, "not_finished")
        assert web.delete(f"{API}/jobs/{job.id}").json()["state"] == "cancelled"


def test_a_client_that_goes_away_cancels_what_it_waits_for():
    with serving() as (address, app), connection(address) as web:
        jobs, gate = app.state.context.jobs, Gate()
        jobs.submit(gate, kind="test")
        assert gate.begun.wait(5)
        with pytest.raises(Exception, match="timed out"):
            web.post(f"{API}/edit", files=sent(), headers=WAIT, timeout=0.3)
        until(lambda: jobs.list()[-1].over)
        assert (jobs.list()[-1].kind, jobs.list()[-1].state) == ("edit", "cancelled")
        gate.open.set()


# ---------------------------------------------------------------------------------------------- retention


def finished(jobs: Jobs, *contents: bytes) -> list[Job]:
    made = [jobs.submit(quick(content), kind="test") for content in contents]
    until(lambda: all(job.over for job in made))
    return made


@pytest.mark.parametrize(
    ("settings", "kept"),
    [({"keep_count": 2}, 2), ({"keep_mb": 2}, 2), ({"keep_seconds": -1.0}, 0), ({}, 4)],
)
def test_results_are_kept_within_limits(settings, kept):
    jobs = make_jobs(**settings)
    made = finished(jobs, *[b"x" * (1 << 20)] * 4)
    until(lambda: len(jobs.list()) == kept)
    assert jobs.list() == made[4 - kept :]
    assert jobs.close(0)


def test_results_can_be_files(tmp_path):
    jobs = make_jobs(output_dir=tmp_path, keep_mb=1)
    (job,) = finished(jobs, b"x" * (2 << 20))
    assert [path.name for path in tmp_path.iterdir()] == [f"pliant-{job.id}.png"]
    assert (len(job.output().content), job.kept_bytes) == (2 << 20, 0)
    (tmp_path / f"pliant-{job.id}.png").unlink()
    with pytest.raises(PliantError, match="There is no file"):
        job.output()
    assert jobs.close(0)


# ------------------------------------------------------------------------------------------------- events


def test_events_come_in_their_order_and_resume():
    with client() as web:
        web.post(f"{API}/edit", files=sent(), headers=WAIT)
        url = web.get(f"{API}/jobs").json()[-1]["events_url"]
        answer = web.get(url)
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = events_in(answer.text)
        assert [index for index, _, _ in told] == list(range(1, len(told) + 1))
        kinds = [kind for _, kind, _ in told]
        assert (kinds[0], kinds[-1]) == ("queued", "done")
        assert next(data["name"] for _, kind, data in told if kind == "stage") == "warp"
        steps = [(data["index"], data["total"]) for _, kind, data in told if kind == "step"]
        assert steps == [(i + 1, len(steps)) for i in range(len(steps))]
        assert told[-1][2]["seed"] == 7
        resumed = web.get(url, headers={"Last-Event-ID": "5"})
        assert events_in(resumed.text) == told[5:]
        assert web.get(url, headers={"Last-Event-ID": str(len(told))}).status_code == 204
        problem(web.get(url, headers={"Last-Event-ID": "x"}), 422, "invalid_request")


def test_events_come_while_the_job_runs():
    with serving() as (address, app), connection(address) as web:
        gate = Gate()
        job = app.state.context.jobs.submit(gate, kind="test")
        with web.stream("GET", f"{API}/jobs/{job.id}/events") as flow:
            lines = flow.iter_lines()
            until(lambda: "event: stage" in next(lines))
            gate.open.set()
            assert "event: done" in list(lines)


def test_previews_are_small_pictures_and_only_the_last_is_kept(jobs):
    def work(device, on_event, cancel):
        on_event(Stage(name="fill"))
        for index in range(3):
            on_event(Partial(make=lambda: picture(size=(1600, 800))))
            on_event(Step(index=index + 1, total=3))
        gate.wait(5)
        return Output(content=b"x", media_type="image/png", suffix="png")

    gate = threading.Event()
    jobs.submit(lambda *_: gate.wait(5) and quick()(*_), kind="test")
    job = jobs.submit(work, kind="test")
    stop = job.listen(lambda: None)
    gate.set()
    until(lambda: job.over)
    stop()
    (shown,) = [report.data for report in job.reports() if report.kind == "preview"]
    small = imageio.load(base64.b64decode(shown["image"].partition(",")[2]))
    assert (small.size, shown["size"]) == ((768, 384), [1600, 800])


def test_reports_are_bounded(jobs):
    def work(device, on_event, cancel):
        for index in range(3000):
            on_event(Step(index=index + 1, total=3000))
        return Output(content=b"x", media_type="image/png", suffix="png")

    job = jobs.submit(work, kind="test")
    until(lambda: job.over)
    told = job.reports()
    assert len(told) == 500
    assert (told[0].kind, told[-1].kind, told[-2].data["index"]) == ("queued", "done", 3000)


# ------------------------------------------------------------------------------------------- many clients


def test_fifty_clients_at_once_each_get_their_own():
    with serving(Settings(port=0, queue=100)) as (address, _):

        def ask(number: int) -> bytes:
            target = (32 + number % 10, 20 + number // 10)
            with connection(address) as web:
                files = sent(photo(number), document(target, seed=number))
                answer = web.post(f"{API}/edit", files=files, data={"filler": "telea"}, headers=WAIT)
            assert (answer.status_code, answer.headers["x-seed"]) == (200, str(number))
            return answer.content

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(ask, range(50)))
    for number, content in enumerate(answers):
        asked = edit((32 + number % 10, 20 + number // 10), seed=number)
        expected = pliant.apply(picture(number), asked, filler="telea").picture
        np.testing.assert_array_equal(imageio.load(content).pixels, expected.pixels)


def test_previews_do_not_wait_behind_finals():
    with serving() as (address, app), connection(address) as web:
        gate = Gate()
        for _ in range(10):
            app.state.context.jobs.submit(gate, kind="test")
        assert gate.begun.wait(10)
        assert web.post(f"{API}/warp", files=sent()).status_code == 200
        assert web.get(f"{API}/health").json()["waiting"] == 9
        gate.open.set()


def test_waiting_ends_with_a_job_to_look_at():
    with serving() as (address, app), connection(address) as web:
        gate = Gate()
        app.state.context.jobs.submit(gate, kind="test")
        for headers in ({}, {"Prefer": "wait=0"}, {"Prefer": "respond-async, wait=1"}):
            taken = web.post(f"{API}/edit", files=sent(), headers=headers)
            assert (taken.status_code, taken.json()["state"]) == (202, "queued")
            assert taken.headers["location"] == taken.json()["status_url"]
        gate.open.set()
        flow = web.get(taken.json()["events_url"]).text
        assert events_in(flow)[-1][1] == "done"


def test_a_server_without_its_worker_is_not_ready():
    with client() as web:
        web.app.state.context.jobs.close(0)
        answer = web.get(f"{API}/health")
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        refused = web.post(f"{API}/edit", files=sent())
        problem(refused, 503, "shutting_down")
        assert refused.headers["retry-after"] == "5"
