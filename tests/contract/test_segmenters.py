"""What every registered segmenter must do."""

import numpy as np
import pytest

from pliant.errors import EditError, MissingRequirementError
from pliant.models.catalog import find
from pliant.models.device import Runtime
from pliant.regions.mask import components
from pliant.regions.segment import SEGMENTERS, Segmenter, SegmenterInfo, make_segmenter
from pliant.types import Bool, Picture

RANDOM = ("sam", "sam2")  # tiny random weights: everything is real but the knowledge
OBJECT = np.s_[20:50, 30:70]


def made(name: str) -> Segmenter:
    """The segmenter called `name`; models are tiny and real, and are loaded from a path as a user's are."""
    info = SEGMENTERS.get(name).info
    if info.extra == "diffusion":
        from tiny_sam import folder

        return make_segmenter(str(folder(name)), Runtime(device="cpu"))
    if info.extra == "onnx":
        pytest.importorskip("onnxruntime")
        from tiny_onnx import tiny_segmenter

        return make_segmenter(str(tiny_segmenter(name)))
    return make_segmenter(name)


@pytest.fixture(scope="module", params=SEGMENTERS.names())
def segmenter(request: pytest.FixtureRequest) -> Segmenter:
    return made(request.param)


def photo(channels: int = 3, kind: type = np.uint8, height: int = 70, width: int = 100) -> Picture:
    """A bright thing before a dark ground, with a little grain."""
    rng = np.random.default_rng(5)
    pixels = rng.integers(40, 56, (height, width, channels))
    pixels[OBJECT] = rng.integers(200, 216, (30, 40, channels))
    if channels in (2, 4):
        pixels[..., -1] = 255
    return Picture((pixels * (257 if kind is np.uint16 else 1)).astype(kind))


def truth() -> Bool:
    mask = np.zeros((70, 100), bool)
    mask[OBJECT] = True
    return mask


def agreement(one: Bool, two: Bool) -> float:
    return float((one & two).sum() / (one | two).sum())


PROMPTS = {
    "point": {"points": [(50, 35)]},
    "points": {"points": [(40.4, 30.2), (60, 40), (5, 5)], "labels": [1, 1, 0]},
    "box": {"box": (26, 16, 74, 54)},
    "box and point": {"box": (26, 16, 74, 54), "points": [(50, 35)]},
    "mask": {"mask": truth()},
}


@pytest.mark.parametrize("name", SEGMENTERS.names())
def test_declares_itself(name: str) -> None:
    info = SEGMENTERS.get(name).info
    assert isinstance(info, SegmenterInfo)
    assert info.name == name
    assert info.summary
    assert info.licence
    assert info.paper
    assert info.extra in (None, "diffusion", "onnx")
    assert all(find(alias) for alias in info.weights)
    assert bool(info.weights) == bool(info.extra)


def test_says_who_it_is(segmenter: Segmenter) -> None:
    assert segmenter.info.name in SEGMENTERS.names()


@pytest.mark.parametrize("prompt", PROMPTS)
def test_size_and_type(segmenter: Segmenter, prompt: str) -> None:
    found = segmenter.propose(photo(), **PROMPTS[prompt])
    assert found.shape == (70, 100)
    assert found.dtype == np.bool_


@pytest.mark.parametrize("prompt", PROMPTS)
def test_finds_a_clear_object(segmenter: Segmenter, prompt: str) -> None:
    if segmenter.info.name in RANDOM:
        pytest.skip("random weights know no objects")
    found = segmenter.propose(photo(), **PROMPTS[prompt])
    assert agreement(found, truth()) > 0.65


def test_clicks_are_in_what_was_found(segmenter: Segmenter) -> None:
    if segmenter.info.name in RANDOM:
        pytest.skip("random weights know no objects")
    labels, _ = components(segmenter.propose(photo(), **PROMPTS["points"]))
    assert labels[30, 40] == labels[40, 60] != 0
    assert labels[5, 5] == 0


def test_same_prompt_same_mask(segmenter: Segmenter) -> None:
    picture = photo()
    for prompt in PROMPTS.values():
        first = segmenter.propose(picture, **prompt)
        np.random.default_rng().random()
        np.testing.assert_array_equal(first, segmenter.propose(photo(), **prompt))
        np.testing.assert_array_equal(first, made(segmenter.info.name).propose(picture, **prompt))


def test_another_picture_is_looked_at_anew(segmenter: Segmenter) -> None:
    turned = Picture(photo().pixels[::-1, ::-1].copy())
    alone = made(segmenter.info.name).propose(turned, points=[(49, 34)])
    segmenter.propose(photo(), points=[(50, 35)])
    np.testing.assert_array_equal(segmenter.propose(turned, points=[(49, 34)]), alone)


def test_the_picture_is_not_written(segmenter: Segmenter) -> None:
    picture, drawn = photo(), truth()
    before = picture.pixels.copy()
    found = segmenter.propose(picture, mask=drawn)
    found[:] = True
    np.testing.assert_array_equal(picture.pixels, before)
    np.testing.assert_array_equal(drawn, truth())


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_kind_of_picture(segmenter: Segmenter, channels: int, kind: type) -> None:
    found = segmenter.propose(photo(channels, kind), points=[(50, 35)])
    assert found.shape == (70, 100)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (9, 1), (2, 2), (3, 200)])
def test_tiny_and_narrow_pictures(segmenter: Segmenter, height: int, width: int) -> None:
    picture = Picture(np.random.default_rng(2).integers(0, 256, (height, width, 3), dtype=np.uint8))
    mask = np.zeros((height, width), bool)
    mask[0, 0] = True
    for prompt in ({"points": [(0, 0)]}, {"box": (0, 0, 1, 1)}, {"mask": mask}, {"mask": ~mask | mask}):
        found = segmenter.propose(picture, **prompt)
        assert found.shape == (height, width)
        assert found.dtype == np.bool_


def test_a_flat_picture(segmenter: Segmenter) -> None:
    picture = Picture(np.full((40, 50, 3), 128, np.uint8))
    assert segmenter.propose(picture, points=[(20, 20)]).shape == (40, 50)


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ({"points": [(100, 5)]}, "point_outside_picture"),
        ({"points": [(-1, 5)]}, "point_outside_picture"),
        ({"points": [(float("nan"), 5)]}, "invalid_point"),
        ({"points": [(1, 2, 3)]}, "invalid_point"),
        ({"points": [(5, 5)], "labels": [1, 0]}, "invalid_prompt"),
        ({"points": [(5, 5)], "labels": [2]}, "invalid_prompt"),
        ({"box": (10, 10, 10, 20)}, "invalid_region"),
        ({"box": (10, 10, 20)}, "invalid_region"),
        ({"box": (200, 10, 220, 20)}, "empty_region"),
        ({"mask": np.zeros((70, 100), bool)}, "empty_region"),
        ({"mask": np.ones((7, 10), bool)}, "size_mismatch"),
    ],
)
def test_wrong_prompts_are_refused(segmenter: Segmenter, prompt: dict, code: str) -> None:
    with pytest.raises(EditError) as caught:
        segmenter.propose(photo(), **prompt)
    assert caught.value.code == code


@pytest.mark.parametrize("prompt", [{}, {"points": [(5, 5)], "labels": [0]}])
def test_no_prompt(segmenter: Segmenter, prompt: dict) -> None:
    if not segmenter.info.needs_prompt:
        assert segmenter.propose(photo(), **prompt).shape == (70, 100)
        return
    with pytest.raises(EditError, match="say where the object is") as caught:
        segmenter.propose(photo(), **prompt)
    assert caught.value.code == "no_prompt"


@pytest.mark.parametrize("name", [n for n in SEGMENTERS.names() if SEGMENTERS.get(n).info.extra])
def test_a_missing_package_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    info = SEGMENTERS.get(name).info
    package = {"diffusion": "torch", "onnx": "onnxruntime"}[info.extra or ""]
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingRequirementError) as caught:
        SEGMENTERS.get(name)(Runtime(offline=True)).propose(photo(), points=[(50, 35)])
    assert f"pip install 'pliant[{info.extra}]'" in str(caught.value)


@pytest.mark.parametrize("name", [n for n in SEGMENTERS.names() if SEGMENTERS.get(n).info.extra])
def test_missing_weights_are_named(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: "pytest.TempPathFactory"
) -> None:
    info = SEGMENTERS.get(name).info
    pytest.importorskip({"diffusion": "torch", "onnx": "onnxruntime"}[info.extra or ""])
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingRequirementError, match="pliant models get") as caught:
        SEGMENTERS.get(name)(Runtime(offline=True)).propose(photo(), points=[(50, 35)])
    assert caught.value.code == "model_unavailable"
