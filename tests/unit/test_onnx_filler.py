"""Any ONNX inpainting graph: what is recognised, how sizes are met, what is refused."""

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import tiny_onnx

from pliant.errors import CancelledError, MissingRequirementError, PliantError, UnknownNameError
from pliant.events import CancelToken, ignore
from pliant.fill.base import FILLERS, make_filler
from pliant.fill.onnx import OnnxFiller
from pliant.models.catalog import Contract
from pliant.models.device import Runtime
from pliant.types import Picture

SIGNED = {
    "mask_first": True,
    "mean": [127.5] * 3,
    "std": [127.5] * 3,
    "hole": -0.5,
    "keep": 0.5,
    "output_range": [-1, 1],
}


def scene(height=60, width=70):
    rng = np.random.default_rng(3)
    ramp = np.linspace(0, 180, width)[None, :, None] + np.zeros((height, width, 3))
    hole = np.zeros((height, width), bool)
    hole[height // 3 : height * 2 // 3, width // 3 : width * 2 // 3] = True
    return (ramp + rng.integers(0, 60, ramp.shape)).astype(np.uint8), hole


def fill(path, pixels, hole, **options):
    filler = OnnxFiller(path, **options)
    return filler.fill(Picture(pixels), hole, on_event=ignore, cancel=CancelToken()).pixels


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    pixels, hole = scene()
    return fill(tiny_onnx.float_inpainter(tmp_path_factory.mktemp("onnx") / "plain.onnx"), pixels, hole)


@pytest.mark.parametrize(
    "build",
    [
        lambda path: tiny_onnx.float_inpainter(path, output_scale=255.0),
        lambda path: tiny_onnx.float_inpainter(path, names=("mask_of_nothing", "x")),
        lambda path: tiny_onnx.float_inpainter(path, height=96, width=80),
        tiny_onnx.byte_inpainter,
        tiny_onnx.joint_inpainter,
        lambda path: tiny_onnx.joint_inpainter(path, mask_first=True, metadata=SIGNED),
    ],
    ids=["bytes out", "odd names", "fixed size", "bytes in and out", "one input", "signed, mask first"],
)
def test_every_kind_of_graph_paints_the_same(build, tmp_path, reference):
    pixels, hole = scene()
    found = fill(build(tmp_path / "graph.onnx"), pixels, hole)
    np.testing.assert_array_equal(found[~hole], pixels[~hole])
    assert np.abs(found.astype(int) - reference).max() <= 1


def test_the_polarity_of_a_catalogue_entry_is_kept(tmp_path, reference):
    pixels, hole = scene()
    contract = Contract(image="image", mask="mask", dtype="uint8", hole=0, keep=255, output_range=(0, 255))
    found = fill(tiny_onnx.byte_inpainter(tmp_path / "g.onnx", hole=0), pixels, hole, contract=contract)
    assert np.abs(found.astype(int) - reference).max() <= 1


def test_a_fixed_size_is_met_without_stretching(tmp_path):
    """A graph of 128x128 gives what one of free sizes gives; only the padding differs."""
    pixels, hole = scene(60, 70)
    small = fill(tiny_onnx.float_inpainter(tmp_path / "a.onnx", height=128, width=128), pixels, hole)
    free = fill(tiny_onnx.float_inpainter(tmp_path / "b.onnx"), pixels, hole)
    assert np.abs(small.astype(int) - free).max() <= 2


def test_a_picture_larger_than_the_graph_comes_back_at_its_size(tmp_path):
    pixels, hole = scene(150, 210)
    found = fill(tiny_onnx.float_inpainter(tmp_path / "a.onnx", height=64, width=64), pixels, hole)
    assert found.shape == pixels.shape
    np.testing.assert_array_equal(found[~hole], pixels[~hole])
    assert abs(found[hole].mean() - pixels[hole].mean()) < 12


@pytest.mark.parametrize("kind", ["floats", "bytes"])
def test_what_stands_in_the_hole_is_not_shown(tmp_path, kind):
    """A graph that repeats what it is shown."""
    number = {"floats": "float32", "bytes": "uint8"}[kind]
    shape = {"image": (number, [1, 3, "h", "w"]), "mask": (number, [1, 1, "h", "w"])}
    path = tiny_onnx.identity(tmp_path / "a.onnx", shape, {"out": shape["image"]})
    pixels, hole = scene()
    assert (fill(path, pixels, hole)[hole] == 0).all()


def test_the_hole_goes_on_into_the_padding(tmp_path):
    """What is painted at the border is not drawn from a frame of zeros."""
    pixels = np.full((61, 67, 3), 200, np.uint8)
    hole = np.zeros((61, 67), bool)
    hole[30:, 40:] = True
    found = fill(tiny_onnx.float_inpainter(tmp_path / "a.onnx", height=96, width=96), pixels, hole)
    assert np.abs(found[hole].astype(int) - 200).max() <= 1


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"x": ("float32", [1, 3, 8, 8])}, "x 1x3x8x8 float32"),
        ({"a": ("float32", [1, 3, 8, 8]), "b": ("float32", [1, 3, 8, 8])}, "b 1x3x8x8 float32"),
        ({n: ("float32", [1, 3, 8, 8]) for n in "abc"}, "c 1x3x8x8"),
        ({"ids": ("int64", [1, 4, 8, 8])}, "ids 1x4x8x8 int64"),
        ({"v": ("float32", [1, 512])}, "v 1x512"),
    ],
)
def test_a_graph_that_does_not_inpaint_is_refused(tmp_path, inputs, said):
    path = tiny_onnx.identity(tmp_path / "a.onnx", inputs)
    with pytest.raises(PliantError, match=said) as caught:
        fill(path, *scene())
    assert caught.value.code == "invalid_model"
    assert "accepted are an image 1x3xHxW and a mask 1x1xHxW" in str(caught.value)


def test_a_graph_that_gives_no_picture_is_refused(tmp_path):
    inputs = {"mask": ("float32", [1, 1, "h", "w"]), "image": ("float32", [1, 3, "h", "w"])}
    path = tiny_onnx.identity(tmp_path / "a.onnx", inputs)
    with pytest.raises(PliantError, match="gives out 1x1x") as caught:
        fill(path, *scene())
    assert caught.value.code == "invalid_model"


def test_metadata_that_says_nonsense_is_refused(tmp_path):
    path = tiny_onnx.float_inpainter(tmp_path / "a.onnx", metadata={"polarity": "odd"})
    with pytest.raises(PliantError, match="says polarity of itself under 'pliant'"):
        fill(path, *scene())


def test_a_file_that_is_no_graph(tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"not a graph")
    with pytest.raises(PliantError, match="no ONNX graph") as caught:
        fill(path, *scene())
    assert caught.value.code == "invalid_model"


def test_a_path_makes_a_filler(tmp_path):
    path = tiny_onnx.float_inpainter(tmp_path / "mine.onnx")
    filler = make_filler(str(path))
    pixels, hole = scene()
    result = filler.fill(Picture(pixels), hole, on_event=ignore, cancel=CancelToken())
    assert result.pixels.shape == pixels.shape
    assert filler.info.name == "mine.onnx"
    assert filler.info.working_size == 512


def test_a_name_that_means_nothing():
    with pytest.raises(UnknownNameError, match="nowhere"):
        fill("nowhere", *scene())


@pytest.mark.parametrize("name", ["lama", "migan"])
def test_what_is_missing_is_named(name, monkeypatch, tmp_path):
    for variable in ("HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.setenv(variable, str(tmp_path))
    pixels, hole = scene()
    filler = FILLERS.get(name)(Runtime(offline=True))
    with pytest.raises(MissingRequirementError, match=f"pliant models get {name}"):
        filler.fill(Picture(pixels), hole, on_event=ignore, cancel=CancelToken())
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(MissingRequirementError, match="pip install 'pliant"):
        filler.fill(Picture(pixels), hole, on_event=ignore, cancel=CancelToken())


def test_nothing_is_loaded_for_a_cancelled_fill():
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        OnnxFiller("nowhere").fill(Picture(scene()[0]), scene()[1], on_event=ignore, cancel=token)
