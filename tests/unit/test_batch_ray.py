"""A batch on a Ray cluster of several nodes: the same bits, and nothing lost or repeated when parts of it go."""

import random
import sys
import time

import many
import pytest
from many import TELEA

from pliant.batch.errors import BatchError
from pliant.batch.local import Local
from pliant.batch.plan import Plan
from pliant.batch.ray import Ray
from pliant.batch.run import run
from pliant.batch.source import open_source
from pliant.bench.contender import Contender
from pliant.bench.job import Job, read_job
from pliant.bench.record import Layout, records
from pliant.bench.runner import run as run_bench
from pliant.errors import CancelledError, MissingRequirementError
from pliant.events import CancelToken

STUB = Plan(engine="stub")


@pytest.fixture(scope="module")
def stub_log(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        yield many.install_stub(tmp_path_factory.mktemp("stub"), patch)


@pytest.fixture(scope="module")
def cluster(stub_log):
    """A cluster of two nodes with a core each; the second may be taken away and comes back."""
    utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed: pip install 'pliant[ray]'")
    made = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    made.second = made.add_node(num_cpus=1)
    yield made
    made.shutdown()


@pytest.fixture
def two(cluster):
    return Ray(address=cluster.address, workers=2)


def test_the_same_bits_as_local_processes(two, tmp_path):
    source = open_source(many.write_manifest(tmp_path / "items", 12))
    assert run(TELEA, source, tmp_path / "local", executor=Local()).done == 12
    assert run(TELEA, source, tmp_path / "ray", executor=two).done == 12
    assert many.results(tmp_path / "ray") == many.results(tmp_path / "local")
    assert run(TELEA, source, tmp_path / "ray", executor=two).kept == 12


def test_the_bench_runs_on_it_too(two, tmp_path):
    job = Job(
        data=["exact:count=3,side=64"], contenders=[Contender(name="no-op", engine="no-op")], protocol="pixels"
    )
    found = {}
    for name, executor in (("ray", two), ("local", Local())):
        assert run_bench(job, tmp_path / name, executor=executor).done == 3
        layout = Layout(tmp_path / name, read_job(tmp_path / name))
        found[name] = [(record.sample, record.metrics) for _, record in records(layout)]
    assert found["ray"] == found["local"]


def test_a_node_and_a_worker_that_go_lose_and_repeat_nothing(cluster, two, stub_log, tmp_path):
    stub_log.write_text("")
    source = open_source(many.write_manifest(tmp_path / "items", 60, prompt=lambda index: "wait 0.05"))
    chance, told, killed = random.Random(8), [], []

    def disturb(progress):
        told.append(progress.name)
        time.sleep(chance.uniform(0, 0.01))
        if len(told) == 15:
            cluster.remove_node(cluster.second, allow_graceful=False)
            killed.append("node")
        if len(told) == 30:
            cluster.second = cluster.add_node(num_cpus=1)
        if len(told) == 45:
            assert many.kill_a_worker(chance.choice, "ray::_Actor")
            killed.append("worker")

    summary = run(STUB, source, tmp_path / "out", executor=two, on_progress=disturb)
    assert killed == ["node", "worker"]
    assert (summary.done, summary.failed) == (60, 0)
    assert len(told) == len(set(told)) == len(many.records(tmp_path / "out")) == 60
    assert len(many.results(tmp_path / "out")) == 60
    ran = many.runs(stub_log)
    assert ran.keys() == set(range(60))
    assert sum(ran.values()) <= 60 + len(killed)


def test_an_item_that_ends_every_worker_costs_itself_alone(two, stub_log, tmp_path):
    stub_log.write_text("")
    source = open_source(many.write_manifest(tmp_path, 4, prompt=lambda index: "die" if index == 1 else ""))
    summary = run(STUB, source, tmp_path / "out", executor=two)
    assert (summary.done, summary.errors) == (3, {"worker_ended": 1})
    assert many.runs(stub_log)[1] == 3


def test_a_cancel_reaches_the_workers(two, tmp_path):
    waits = many.write_manifest(tmp_path, 3, prompt=lambda index: "wait 100" if index else "")
    cancel = CancelToken()
    with pytest.raises(CancelledError):
        run(
            STUB,
            open_source(waits),
            tmp_path / "out",
            executor=two,
            on_progress=lambda progress: cancel.cancel(),
            cancel=cancel,
        )
    assert many.records(tmp_path / "out").keys() == {"0/0.png"}


def test_a_worker_that_no_node_has_room_for_is_refused(cluster, tmp_path):
    source = open_source(many.write_manifest(tmp_path, 1))
    for asked in ({"cpus": 64}, {"gpus": 0.5}):
        with pytest.raises(BatchError, match="Ask for less") as caught:
            run(TELEA, source, tmp_path / "out", executor=Ray(address=cluster.address, **asked))
        assert caught.value.code == "no_room"


def test_without_a_cluster(tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'pliant[ray]'")
    source = open_source(many.write_manifest(tmp_path, 1))
    with pytest.raises(BatchError) as caught:
        run(TELEA, source, tmp_path / "out", executor=Ray(address="nonsense"))
    assert caught.value.code == "no_cluster"


def test_without_ray(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    source = open_source(many.write_manifest(tmp_path, 1))
    with pytest.raises(MissingRequirementError, match=r"pliant\[ray\]"):
        run(TELEA, source, tmp_path / "out", executor=Ray())
