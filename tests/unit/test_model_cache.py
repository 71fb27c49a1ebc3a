"""The cache of loaded models: what stays, what goes, and threads."""

import gc
import threading
import weakref

import pytest

from pliant.errors import CancelledError
from pliant.models.cache import ModelCache


class Weights:
    """Something that can be loaded and has a size."""

    def __init__(self, size: int) -> None:
        self.size = size


def put(cache: ModelCache, key: str, size: int, **flags: int) -> Weights:
    return cache.get(key, lambda: Weights(size), lambda made: made.size, **flags)


def never() -> Weights:
    raise AssertionError("it is kept and must not be loaded again")


def test_a_model_is_loaded_once():
    cache = ModelCache(100)
    first = put(cache, "a", 10)
    assert cache.get("a", never, lambda made: made.size) is first
    assert cache.used == 10


def test_the_least_recently_used_goes_first():
    cache = ModelCache(30)
    for key in "abc":
        put(cache, key, 10)
    put(cache, "a", 10)
    put(cache, "d", 10)
    assert cache.keys == ["c", "a", "d"]
    assert cache.used == 30


def test_what_is_dropped_is_freed():
    cache = ModelCache(10)
    gone = weakref.ref(put(cache, "a", 10))
    put(cache, "b", 10)
    assert gone() is None


def test_a_cycle_is_freed_too():
    cache = ModelCache(10)
    first = put(cache, "a", 10)
    first.itself = first
    gone = weakref.ref(first)
    del first
    gc.disable()
    try:
        put(cache, "b", 10)
    finally:
        gc.enable()
    assert gone() is None


def test_a_model_in_use_survives_its_eviction():
    cache = ModelCache(10)
    held = put(cache, "a", 10)
    put(cache, "b", 10)
    assert held.size == 10
    assert cache.keys == ["b"]


def test_one_that_is_too_large_stays_alone():
    cache = ModelCache(30)
    put(cache, "a", 10)
    large = put(cache, "b", 99)
    assert cache.keys == ["b"]
    assert cache.get("b", never, lambda made: made.size) is large
    put(cache, "a", 10)
    assert cache.keys == ["a"]


def test_room_is_made_before_a_load_of_known_size():
    cache = ModelCache(30)
    put(cache, "a", 20)
    seen: list[list[object]] = []

    def load() -> Weights:
        seen.append(cache.keys)
        return Weights(20)

    cache.get("b", load, lambda made: made.size, expect=20)
    assert seen == [[]]


def test_drop_and_clear():
    cache = ModelCache(100)
    for key in "abc":
        put(cache, key, 10)
    cache.drop("b")
    cache.drop("not there")
    assert cache.keys == ["a", "c"]
    cache.clear()
    assert (cache.keys, cache.used) == ([], 0)


def test_a_failed_load_is_told_and_not_kept():
    cache = ModelCache(100)

    def fail() -> Weights:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        cache.get("a", fail, lambda made: made.size)
    assert put(cache, "a", 10).size == 10


class Slow:
    """A load that says when it began and ends when told; `outcome` is raised if it is an error."""

    def __init__(self, outcome: BaseException | None = None) -> None:
        self.began, self.go, self.count = threading.Event(), threading.Event(), 0
        self.outcome = outcome

    def __call__(self) -> Weights:
        self.count += 1
        self.began.set()
        assert self.go.wait(10)
        if self.outcome is not None:
            raise self.outcome
        return Weights(10)


def ask(cache: ModelCache, load: object, results: list[object]) -> threading.Thread:
    def run() -> None:
        try:
            results.append(cache.get("a", load, lambda made: made.size))
        except Exception as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def race(slow: Slow, second: object) -> list[object]:
    """What two threads get that ask for the same model while the first one loads it."""
    cache, results = ModelCache(100), []
    threads = [ask(cache, slow, results)]
    assert slow.began.wait(10)
    threads.append(ask(cache, second, results))
    slow.go.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    return results


def test_a_load_in_progress_is_shared():
    slow = Slow()
    results = race(slow, slow)
    assert slow.count == 1
    assert results[0] is results[1]


def test_its_error_is_shared():
    error = OSError("disk")
    # The second thread may come late enough to load for itself; it meets the same error then.
    slow = Slow(error)
    assert race(slow, slow) == [error, error]


def test_one_threads_cancel_is_not_the_others():
    results = race(Slow(CancelledError("stop")), lambda: Weights(7))
    assert {type(result) for result in results} == {CancelledError, Weights}


def test_another_model_can_be_loaded_meanwhile():
    cache, slow, results = ModelCache(100), Slow(), []
    thread = ask(cache, slow, results)
    assert slow.began.wait(10)
    assert put(cache, "b", 5).size == 5
    slow.go.set()
    thread.join(10)
    assert cache.used == 15
