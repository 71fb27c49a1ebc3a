"""What the server counts and measures, in the text format of Prometheus."""

import sys
from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Literal

from anyio import CapacityLimiter
from fastapi import FastAPI, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from pliant.serve.job import Job
from pliant.serve.jobs import Jobs
from pliant.serve.models import Models

Where = Literal["request", "job", "preview"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_MOMENTS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066, 0.133, 0.25, 0.5, 1)  # around a frame's


class Metrics:
    """The figures of one server. Labels are names that the server knows, so that clients cannot add to them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._failures = Counter(
            "pliant_failures",
            "What went wrong, in requests, jobs and previews, by the code of the problem",
            ["where", "code"],
            registry=self._registry,
        )
        self._finished = Counter(
            "pliant_jobs_finished", "Jobs that ended", ["kind", "engine", "state"], registry=self._registry
        )
        self._waited = self._histogram("pliant_job_wait_seconds", "From the request to a worker", "kind")
        self._ran = self._histogram("pliant_job_seconds", "From a worker to the result", "kind", "engine")
        self._stages = self._histogram("pliant_stage_seconds", "A stage of a finished edit", "engine", "stage")
        self._previews = Histogram(
            "pliant_preview_seconds",
            "From a message of a live preview to the frames that answer it",
            buckets=_MOMENTS,
            registry=self._registry,
        )

    def failed(self, where: Where, code: str) -> None:
        """Count a problem."""
        self._failures.labels(where, code).inc()

    def ended(self, job: Job) -> None:
        """Count a job that ended, and the times of one that is done."""
        self._finished.labels(job.kind, job.engine, job.state).inc()
        if job.problem is not None:
            self.failed("job", job.problem["code"])
        if job.state == "done":
            self._waited.labels(job.kind).observe(job.waited)
            self._ran.labels(job.kind, job.engine).observe(job.ran)
            for stage, seconds in job.facts.get("timings", {}).items():
                self._stages.labels(job.engine, stage).observe(seconds)

    def previewing(self) -> AbstractContextManager[object]:
        """What measures the answer to one message of a live preview."""
        return self._previews.time()

    def watch(self, jobs: Jobs, models: Models, sockets: CapacityLimiter) -> None:
        """Tell of these, too: as they are when somebody asks."""
        self._registry.register(_Now(jobs, models, sockets))

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)

    def _histogram(self, name: str, what: str, *labels: str) -> Histogram:
        return Histogram(name, what, labels, buckets=_SECONDS, registry=self._registry)


class _Now(Collector):
    """What is so now, looked up when it is asked for."""

    def __init__(self, jobs: Jobs, models: Models, sockets: CapacityLimiter) -> None:
        self._jobs = jobs
        self._models = models
        self._sockets = sockets

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges."""
        yield GaugeMetricFamily("pliant_queue_length", "Jobs that wait for a worker", self._jobs.waiting)
        yield self._known()
        yield GaugeMetricFamily("pliant_previews_open", "Live previews", self._sockets.borrowed_tokens)
        yield GaugeMetricFamily("pliant_models_bytes", "About what the loaded models take", self._models.used)
        yield from _device_memory()

    def _known(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily("pliant_jobs", "Jobs that are known, by state", labels=["kind", "state"])
        for labels, count in Tally((job.kind, job.state) for job in self._jobs.list()).items():
            family.add_metric(labels, count)
        return family


def install(app: FastAPI, metrics: Metrics) -> None:
    """Add `/metrics` to `app`."""

    def answer() -> Response:
        """What is counted and measured, in the text format of Prometheus."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})

    content = {"text/plain": {"schema": {"type": "string"}}}
    app.add_api_route("/metrics", answer, response_class=Response, responses={200: {"content": content}})


def _device_memory() -> Iterator[GaugeMetricFamily]:
    """The memory that models hold on accelerators; nothing where none is in use. Loads no torch for it."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not (torch.cuda.is_available() and torch.cuda.is_initialized()):
        return
    used = GaugeMetricFamily("pliant_device_memory_used_bytes", "Held by tensors", labels=["device"])
    kept = GaugeMetricFamily("pliant_device_memory_reserved_bytes", "Held by this process", labels=["device"])
    total = GaugeMetricFamily("pliant_device_memory_bytes", "Of the device, all in all", labels=["device"])
    for index in range(torch.cuda.device_count()):
        device = [f"cuda:{index}"]
        used.add_metric(device, torch.cuda.memory_allocated(index))
        kept.add_metric(device, torch.cuda.memory_reserved(index))
        total.add_metric(device, torch.cuda.get_device_properties(index).total_memory)
    yield from (used, kept, total)
