"""Loaded models, kept for the next use within a bound on memory."""

import gc
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pliant.errors import CancelledError

T = TypeVar("T")


@dataclass(frozen=True)
class _Kept:
    model: Any
    size: int


class ModelCache:
    """Keeps models by key, in all at most `limit_bytes`; the least recently used goes first. Safe from any thread.

    A model that alone is larger than the limit is kept, and nothing beside it. Dropping a model forgets it and
    returns the accelerator's unused memory: who still holds it may go on, and its memory is free when they let go.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._loading: dict[Hashable, Future[Any]] = {}

    @property
    def used(self) -> int:
        """Bytes of all that is kept."""
        with self._lock:
            return self._used()

    @property
    def keys(self) -> list[Hashable]:
        """What is kept, the least recently used first."""
        with self._lock:
            return list(self._kept)

    def get(self, key: Hashable, load: Callable[[], T], size_of: Callable[[T], int], *, expect: int = 0) -> T:
        """The model kept under `key`, or what `load` gives, which is then kept.

        Who asks for a model that another thread is loading waits for that load, and gets its error if it fails; a
        failed load is not kept. `expect`, in bytes, makes room before loading, where the size is about known.
        """
        while True:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return cast(T, self._kept[key].model)
                pending = self._loading.get(key)
                if pending is None:
                    mine = self._loading[key] = Future[Any]()
                    break
            try:
                return cast(T, pending.result())
            except (CancelledError, KeyboardInterrupt):
                continue  # the other one was told to stop, not we
        return self._load(key, mine, load, size_of, expect)

    def drop(self, key: Hashable) -> None:
        """Forget the model kept under `key`, if there is one."""
        with self._lock:
            dropped = [self._kept.pop(key)] if key in self._kept else []
        _release(dropped)

    def clear(self) -> None:
        """Forget every model."""
        with self._lock:
            dropped = list(self._kept.values())
            self._kept.clear()
        _release(dropped)

    def _load(
        self, key: Hashable, mine: Future[Any], load: Callable[[], T], size_of: Callable[[T], int], expect: int
    ) -> T:
        try:
            self._make_room(expect)
            model = load()
            size = size_of(model)
        except BaseException as error:
            with self._lock:
                del self._loading[key]
            mine.set_exception(error)
            raise
        with self._lock:
            self._kept[key] = _Kept(model, size)
            del self._loading[key]
        mine.set_result(model)
        self._make_room(0)
        return model

    def _make_room(self, needed: int) -> None:
        dropped: list[_Kept] = []
        with self._lock:
            while self._kept and self._used() + needed > self._limit and (needed or len(self._kept) > 1):
                dropped.append(self._kept.popitem(last=False)[1])
        _release(dropped)

    def _used(self) -> int:
        return sum(kept.size for kept in self._kept.values())


def _release(dropped: list[_Kept]) -> None:
    if not dropped:
        return
    dropped.clear()
    # Pipelines hold themselves in cycles; without a collection their weights stay for long.
    gc.collect()
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return
    owners = {"cuda": torch.cuda, "mps": torch.backends.mps, "xpu": getattr(torch, "xpu", None)}
    for name, owner in owners.items():
        if owner is not None and owner.is_available():
            getattr(torch, name).empty_cache()
