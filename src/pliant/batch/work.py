"""One item: open the photo, apply the edit, write the result and then its record."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from pliant import __version__
from pliant.batch.crew import Answer, Task
from pliant.batch.errors import BatchError
from pliant.batch.item import Item, edit_of
from pliant.batch.plan import Plan
from pliant.batch.record import Record, make_folder, write_record
from pliant.engines.base import Engine
from pliant.errors import CancelledError, PliantError
from pliant.events import CancelToken
from pliant.files import write_bytes
from pliant.imageio import encode, load
from pliant.models.device import Runtime
from pliant.types import Result


def hand(facts: Mapping[str, Any], runtime: Runtime) -> "Editor":
    """The hand (`pliant.batch.crew`) for the plan and folder that `facts` has."""
    return Editor(Plan.from_json(facts["plan"]), Path(facts["folder"]), runtime)


class Editor:
    """What one process keeps between items: the engine, made with the first."""

    def __init__(self, plan: Plan, folder: Path, runtime: Runtime) -> None:
        self._plan, self._folder, self._runtime = plan, folder, runtime
        self._engine: Engine | None = None

    def do(self, task: Task, cancel: CancelToken) -> Answer:
        """Make the result and the record of an item; whatever goes wrong with it is in the record.

        Raises:
            CancelledError: `cancel` asked for it; there is no record then.
        """
        item, record = self._begun(task)
        try:
            return self._written(self._done(item, record, cancel))
        except CancelledError:
            raise
        except PliantError as error:
            return self._failed(record, error.code, str(error))
        # An engine may be anybody's: one item that trips it up must not end the batch.
        except Exception as error:
            return self._failed(record, "internal", f"{type(error).__name__}: {error}")

    def lost(self, task: Task, reason: str) -> Answer:
        """Write the record of an item that no process lived through."""
        return self._failed(self._begun(task)[1], "worker_ended", reason)

    def _begun(self, task: Task) -> tuple[Item, Record]:
        item = Item(**task["item"])
        return item, Record(
            key=task["key"],
            output=item.output,
            photo=item.photo,
            edit=item.edit if isinstance(item.edit, str) else None,
            status="done",
            engine=self._plan.engine,
            device=self._runtime.device,
            version=__version__,
        )

    def _done(self, item: Item, record: Record, cancel: CancelToken) -> Record:
        start = perf_counter()
        target = self._folder / item.output
        if target.resolve() == Path(item.photo).resolve():
            raise BatchError(f"The result would replace the photo {item.photo!r}; choose another folder.")
        edit = self._plan.adjusted(edit_of(item))
        if item.prompt is not None:
            edit = replace(edit, prompt=item.prompt)
        if item.seed is not None:
            edit = replace(edit, seed=item.seed)
        picture = load(item.photo)
        loaded = perf_counter()
        with self._made().open(picture, edit=edit, cancel=cancel) as session:
            result = session.run(edit, cancel=cancel)
        cancel.check()
        done = perf_counter()
        sha256 = _save(result, target)
        return replace(
            record,
            seed=result.seed,
            size=list(picture.size),
            moved_area=result.moved_area,
            hole_area=result.hole_area,
            timings={
                "load": loaded - start,
                **result.timings,
                "save": perf_counter() - done,
                "total": perf_counter() - start,
            },
            warnings=list(result.warnings),
            sha256=sha256,
        )

    def _made(self) -> Engine:
        if self._engine is None:
            self._engine = self._plan.make(self._runtime)
        return self._engine

    def _failed(self, record: Record, code: str, message: str) -> Answer:
        return self._written(replace(record, status="failed", error={"code": code, "message": message}))

    def _written(self, record: Record) -> Answer:
        write_record(self._folder, record)
        error = record.error
        return {"status": record.status, "code": error and error["code"], "message": error and error["message"]}


def _save(result: Result, target: Path) -> str:
    """Write `result`; the SHA-256 of its file."""
    make_folder(target.parent)
    data = encode(result, target.suffix)
    write_bytes(target, data, fail=BatchError)
    return hashlib.sha256(data).hexdigest()
