"""Pickles of data sets: numbers come out as they went in, and nothing else gets in."""

import os
import pickle

import numpy as np
import pytest

from pliant.bench.datasets.unpickle import MAX_BYTES, PlainArray, load_plain
from pliant.bench.sample import DataError

ARRAYS = [
    np.arange(12, dtype=np.uint8).reshape(3, 4),
    np.asfortranarray(np.arange(12, dtype=np.int64).reshape(3, 4)),
    np.zeros((2, 3), np.float32),
    np.array([[True, False]]),
    np.arange(4, dtype=">i4"),
    np.array(7.5),
    np.zeros((0, 2)),
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype.str}{array.shape}")
def test_arrays_come_out_as_they_went_in(array, protocol):
    found = load_plain(pickle.dumps({"mask": array}, protocol), "x.pkl")["mask"]
    assert isinstance(found, PlainArray)
    assert found.array.dtype == array.dtype
    np.testing.assert_array_equal(found.array, array)


def test_numpy_1_calls_its_inside_by_another_name():
    data = pickle.dumps({"mask": ARRAYS[0]}, 2)
    assert b"numpy._core" in data
    found = load_plain(data.replace(b"numpy._core", b"numpy.core"), "x.pkl")
    np.testing.assert_array_equal(found["mask"].array, ARRAYS[0])


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_and_numbers_of_numpy(protocol):
    value = {"prompt": "a cat", "points": [[1, 2], (3, 4.5)], "n": np.int64(7), "x": np.float32(0.5), "no": None}
    assert load_plain(pickle.dumps(value, protocol), "x.pkl") == value


class Runs:
    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize(
    "value",
    [
        Runs(os.system, "touch hacked"),
        Runs(eval, "open('hacked', 'w')"),
        Runs(open, "hacked", "w"),
        Runs(getattr, "text", "upper"),
        Runs(np.fromfile, "hacked"),
        Runs(np.dtype, "O"),
        Runs(np.ndarray, (2,)),
        np.array(["text"]),
        np.array([object], dtype=object),
        np.zeros(2, dtype=[("a", "i4")]),
        np.zeros(2, dtype="datetime64[s]"),
        {1, 2}.__class__,
        Runs(bytearray, 10),
        Runs(bytes, 10**12),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_everything_else_is_refused_and_nothing_runs(value, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        load_plain(pickle.dumps({"prompt": "", "points": value}, protocol), "meta_data.pkl")
    assert caught.value.code == "unsafe_pickle"
    assert str(caught.value).startswith("meta_data.pkl: ")
    assert list(tmp_path.iterdir()) == []


def test_a_dtype_that_lies_about_itself_stays_what_it_is():
    """numpy's own dtype takes its flags from the pickle, and then bytes for pointers."""
    state = (3, "|", None, None, None, -1, -1, 0)
    data = pickle.dumps({"mask": Lying(state)}, 2)
    found = load_plain(data, "x.pkl")["mask"]
    assert found.array.dtype == np.uint8
    np.testing.assert_array_equal(found.array, [1, 2])


class Lying:
    def __init__(self, state):
        self.state = state

    def __reduce__(self):
        function, arguments, _ = np.zeros(2, np.uint8).__reduce__()
        return function, arguments, (1, (2,), LyingType(self.state), False, b"\x01\x02")


class LyingType:
    def __init__(self, state):
        self.state = state

    def __reduce__(self):
        return np.dtype, ("u1", False, True), self.state


@pytest.mark.parametrize("shape", [(2, 3), (-1,), (1 << 40,), (1, 1, 1, 2)])
def test_a_shape_that_its_bytes_do_not_fill(shape):
    class Wrong:
        def __reduce__(self):
            function, arguments, _ = np.zeros(2, np.uint8).__reduce__()
            return function, arguments, (1, shape, np.dtype("u1"), False, b"\x01\x02")

    with pytest.raises(DataError, match="damaged"):
        load_plain(pickle.dumps(Wrong(), 2), "x.pkl")


@pytest.mark.parametrize(
    "data", [b"", b"no pickle", pickle.dumps([1, 2])[:-3], b"cos\nsystem\n", b"P1\n.", b"\x80\x05R."]
)
def test_what_is_no_pickle(data):
    with pytest.raises(DataError, match=r"^x\.pkl"):
        load_plain(data, "x.pkl")


def test_every_cut_of_a_pickle_is_an_error_and_nothing_worse():
    data = pickle.dumps({"mask": ARRAYS[0], "points": [[1, 2]]}, 4)
    for end in range(len(data)):
        with pytest.raises(DataError):
            load_plain(data[:end], "x.pkl")


def test_a_pickle_may_not_be_huge():
    with pytest.raises(DataError) as caught:
        load_plain(bytes(MAX_BYTES + 1), "x.pkl")
    assert caught.value.code == "too_large"
