"""One contender on one sample: run it, measure it, keep its pictures, write its record."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from time import perf_counter
from typing import Any

import cv2
import numpy as np

from pliant import __version__
from pliant.batch.crew import Answer
from pliant.bench.contender import Contender, edge_of
from pliant.bench.job import Job, Task
from pliant.bench.memory import device_peak_mb, forget_peak, peak_mb
from pliant.bench.metrics.base import Metric, Outcome
from pliant.bench.protocols import metrics_of
from pliant.bench.record import Layout, Record, write_json, write_record
from pliant.bench.sample import DataError, DataSet, Sample, SampleRef
from pliant.bench.sources import open_source
from pliant.engines.base import Engine
from pliant.errors import CancelledError, PliantError
from pliant.events import CancelToken
from pliant.imageio import save
from pliant.models.device import Runtime
from pliant.regions.mask import rasterise
from pliant.types import DragRegion, Edit, Picture, as_region
from pliant.warp.show import rgb8, with_checker

_PACKAGES = ("numpy", "numba", "opencv-python-headless", "torch", "diffusers", "onnxruntime")


def hand(facts: Mapping[str, Any], runtime: Runtime) -> "Bench":
    """The hand (`pliant.batch.crew`) for the job and folder that `facts` has."""
    return Bench(Job.from_json(facts["job"]), Path(facts["folder"]), runtime)


class Bench:
    """What one process keeps between tasks: data sets, metrics, and the engine of the last contender."""

    def __init__(self, job: Job, folder: Path, runtime: Runtime) -> None:
        self._job = job
        self._runtime = runtime
        self._layout = Layout(folder, job)
        self._data: dict[int, tuple[DataSet, Sequence[SampleRef]]] = {}
        self._metrics: Sequence[Metric] | None = None
        self._engine: tuple[int, Engine] | None = None
        self._ran: set[int] = set()
        self._versions = _versions()

    def do(self, asked: Mapping[str, Any], cancel: CancelToken) -> Answer:
        """Make and write the record of a `Task`; whatever goes wrong with the sample is in the record.

        Raises:
            CancelledError: `cancel` asked for it; there is no record then.
        """
        task = Task(**asked)
        record = self._blank(task)
        try:
            record = self._done(task, record, cancel)
        except CancelledError:
            raise
        except PliantError as error:
            record = replace(record, status="failed", error={"code": error.code, "message": str(error)})
        # An engine may be anybody's: one sample that trips it up must not end the run.
        except Exception as error:
            told = {"code": "internal", "message": f"{type(error).__name__}: {error}"}
            record = replace(record, status="failed", error=told)
        return self._written(task, record)

    def lost(self, asked: Mapping[str, Any], reason: str) -> Answer:
        """Write a record for a `Task` that no process lived through."""
        task, told = Task(**asked), {"code": "worker_ended", "message": reason}
        return self._written(task, replace(self._blank(task), status="failed", error=told))

    def _written(self, task: Task, record: Record) -> Answer:
        write_record(self._layout.record(task), record)
        return {"status": record.status, "message": record.error["message"] if record.error else None}

    def _blank(self, task: Task) -> Record:
        contender = self._job.contenders[task.contender]
        return Record(
            dataset=self._job.data[task.data],
            sample=task.name,
            contender=contender.name,
            status="done",
            protocol=self._job.protocol,
            seed=self._job.seed,
            device=self._runtime.device,
            engine=contender.engine,
            options=contender.options,
            deform=contender.deform,
            edge=contender.edge,
            versions=self._versions,
        )

    def _done(self, task: Task, record: Record, cancel: CancelToken) -> Record:
        contender = self._job.contenders[task.contender]
        dataset, refs = self._opened(task.data)
        sample = refs[task.sample].load()
        if sample.name != task.name:
            raise DataError(f"The data set changed: {task.name!r} is now {sample.name!r}.", code="other_data")
        edge = edge_of(sample.edit)
        record = replace(
            record,
            dataset=dataset.name,
            category=sample.category,
            sample_edge=edge,
            size=list(sample.picture.size),
        )
        if not contender.runs_on(edge):
            return replace(record, status="skipped")
        self._keep_sample(task, sample)
        return self._measured(task, record, sample, contender, cancel)

    def _opened(self, index: int) -> tuple[DataSet, Sequence[SampleRef]]:
        if index not in self._data:
            dataset = open_source(self._job.data[index])
            self._data[index] = dataset, dataset.samples
        return self._data[index]

    def _measured(
        self, task: Task, record: Record, sample: Sample, contender: Contender, cancel: CancelToken
    ) -> Record:
        metrics = self._measures()
        first = task.contender not in self._ran
        forget_peak()
        start = perf_counter()
        engine = self._made(task.contender)
        edit = contender.edited(sample.edit)
        with engine.open(sample.picture, edit=edit, cancel=cancel) as session:
            opened = perf_counter()
            result = session.run(edit, seed=self._job.seed, cancel=cancel)
            done = perf_counter()
            peak, device_peak = peak_mb(), device_peak_mb()
            self._ran.add(task.contender)
            preview = session.preview(edit) if engine.info.has_preview else None
        outcome = Outcome(picture=result.picture, preview=preview)
        found: dict[str, float] = {}
        for metric in metrics:
            found |= metric.measure(sample, outcome)
        self._keep_outcome(task, outcome)
        return replace(
            record,
            metrics=found,
            timings={"open": opened - start, **result.timings, "total": done - start},
            first=first,
            peak_mb=peak,
            device_peak_mb=device_peak,
            hole_area=result.hole_area,
            moved_area=result.moved_area,
            warnings=list(result.warnings),
        )

    def _measures(self) -> Sequence[Metric]:
        if self._metrics is None:
            job = self._job
            self._metrics = metrics_of(job.protocol, job.weights, self._runtime, features=job.features)
        return self._metrics

    def _made(self, index: int) -> Engine:
        """The contender's engine. Only one is kept: several models at once may not fit into memory."""
        if self._engine is None or self._engine[0] != index:
            self._engine = None
            self._engine = index, self._job.contenders[index].make(self._runtime)
        return self._engine[1]

    def _keep_sample(self, task: Task, sample: Sample) -> None:
        where = self._layout.facts(task)
        if where.exists():
            return
        self._layout.input(task).parent.mkdir(parents=True, exist_ok=True)
        save(Picture(rgb8(sample.picture)), self._layout.input(task))
        if sample.truth is not None:
            save(Picture(rgb8(sample.truth)), self._layout.truth(task))
        write_json(where, _facts(sample))

    def _keep_outcome(self, task: Task, outcome: Outcome) -> None:
        self._layout.result(task).parent.mkdir(parents=True, exist_ok=True)
        save(Picture(rgb8(outcome.picture)), self._layout.result(task))
        if outcome.preview is not None:
            save(Picture(with_checker(outcome.preview)), self._layout.warp(task))


def _facts(sample: Sample) -> dict[str, Any]:
    return {
        "name": sample.name,
        "category": sample.category,
        "size": list(sample.picture.size),
        "prompt": sample.prompt,
        "truth": sample.truth is not None,
        "drags": [[*drag.handle, *drag.target] for drag in sample.drags],
        "pins": [list(pin) for item in sample.edit.regions if isinstance(item, DragRegion) for pin in item.pins],
        "outlines": _outlines(sample.edit, sample.picture),
    }


def _outlines(edit: Edit, picture: Picture) -> list[list[list[float]]]:
    """The outlines of the regions, as polygons in pixels, for drawing."""
    found: list[list[list[float]]] = []
    for item in edit.regions:
        region = item.region if isinstance(item, DragRegion) else item.source
        mask = rasterise(as_region(region), picture.size).astype(np.uint8)
        for contour in cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0]:
            found.append(np.asarray(cv2.approxPolyDP(contour, 0.7, True)).reshape(-1, 2).tolist())
    return found


def _versions() -> Mapping[str, str]:
    found = {"pliant": __version__, "python": python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
