"""What every registered filler must do."""

from typing import cast

import numpy as np
import pytest

from pliant.compose import repaint
from pliant.errors import CancelledError, EditError
from pliant.events import CancelToken, Event, ignore
from pliant.fill.base import FILLERS, Filler, FillerInfo
from pliant.fill.diffusion.recipes import Recipe
from pliant.geometry import Box
from pliant.types import Bool, Picture

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # diffusers and NumPy 2


def made(name: str) -> Filler:
    """The filler called `name`; models are tiny, random and real, and are loaded as any others are."""
    make = FILLERS.get(name)
    if make.info.extra == "diffusion":
        pytest.importorskip("torch")
        from tiny_diffusion import tiny_recipe

        return tiny_recipe(cast(Recipe, make))()
    if make.info.extra == "onnx":
        pytest.importorskip("onnxruntime")
        from tiny_onnx import tiny_filler

        return tiny_filler(name)
    return make()


@pytest.fixture(scope="module", params=FILLERS.names())
def filler(request: pytest.FixtureRequest) -> Filler:
    return made(request.param)


def photo(height: int = 60, width: int = 70, seed: int = 3) -> Picture:
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0, 180, width)[None, :, None] + np.zeros((height, width, 3))
    return Picture((ramp + rng.integers(0, 60, ramp.shape)).astype(np.uint8))


def blob(height: int = 60, width: int = 70) -> Bool:
    hole = np.zeros((height, width), bool)
    hole[20:40, 25:50] = True
    return hole


def filled(filler: Filler, picture: Picture, hole: Bool, seed: int = 0) -> np.ndarray:
    return filler.fill(picture, hole, seed=seed, on_event=ignore, cancel=CancelToken()).pixels


def test_declares_itself(filler: Filler) -> None:
    info = filler.info
    assert isinstance(info, FillerInfo)
    assert info.name in FILLERS.names()
    assert info.summary
    assert info.licence


def test_keeps_size_and_type(filler: Filler) -> None:
    picture = photo()
    result = filled(filler, picture, blob())
    assert result.shape == picture.pixels.shape
    assert result.dtype == np.uint8


def test_paints_the_hole_and_nothing_else(filler: Filler) -> None:
    pixels = photo().pixels.copy()
    pixels[blob()] = 255
    box = Box(0, 0, 70, 60)
    result = repaint(Picture(pixels), box, blob().astype(np.uint8) * 255, filler).pixels
    np.testing.assert_array_equal(result[~blob()], pixels[~blob()])
    assert (result[blob()] < 255).mean() > 0.9


def test_same_seed_same_pixels(filler: Filler) -> None:
    picture = photo()
    first = filled(filler, picture, blob(), seed=2**62 + 5)
    np.random.default_rng().random()
    again = filled(made(filler.info.name), picture, blob(), seed=2**62 + 5)
    np.testing.assert_array_equal(first, again)


def test_the_hole_is_not_read(filler: Filler) -> None:
    one, two = photo().pixels.copy(), photo().pixels.copy()
    two[blob()] = np.random.default_rng(9).integers(0, 256, (blob().sum(), 3), dtype=np.uint8)
    first, second = (filled(filler, Picture(pixels), blob()) for pixels in (one, two))
    np.testing.assert_array_equal(first, second)


def test_the_input_is_not_written(filler: Filler) -> None:
    picture = photo()
    before = picture.pixels.copy()
    filled(filler, picture, blob())
    np.testing.assert_array_equal(picture.pixels, before)


def test_no_hole_no_change(filler: Filler) -> None:
    picture = photo()
    np.testing.assert_array_equal(filled(filler, picture, np.zeros((60, 70), bool)), picture.pixels)


@pytest.mark.parametrize(("height", "width"), [(60, 70), (1, 1)])
def test_nothing_to_copy_is_said(filler: Filler, height: int, width: int) -> None:
    with pytest.raises(EditError, match="hole covers everything") as caught:
        filled(filler, photo(height, width), np.ones((height, width), bool))
    assert caught.value.code == "nothing_to_copy"


def test_a_hole_of_another_size_is_refused(filler: Filler) -> None:
    with pytest.raises(EditError, match="shape") as caught:
        filled(filler, photo(), np.zeros((5, 5), bool))
    assert caught.value.code == "invalid_hole"


@pytest.mark.parametrize("side", ["top", "bottom", "left", "right", "corner", "almost all"])
def test_holes_at_the_border(filler: Filler, side: str) -> None:
    hole = np.zeros((60, 70), bool)
    where = {
        "top": np.s_[:12, 10:50],
        "bottom": np.s_[-12:, 10:50],
        "left": np.s_[10:50, :12],
        "right": np.s_[10:50, -12:],
        "corner": np.s_[40:, 50:],
        "almost all": np.s_[1:, :],
    }[side]
    hole[where] = True
    picture = photo()
    result = filled(filler, picture, hole)
    np.testing.assert_array_equal(result[~hole], picture.pixels[~hole])
    assert result[hole].std() > 0


@pytest.mark.parametrize(("height", "width"), [(1, 2), (2, 1), (1, 40), (3, 3), (9, 5)])
def test_tiny_pictures(filler: Filler, height: int, width: int) -> None:
    picture, hole = photo(height, width), np.zeros((height, width), bool)
    hole[0, 0] = True
    result = filled(filler, picture, hole)
    np.testing.assert_array_equal(result[~hole], picture.pixels[~hole])


def test_a_flat_picture_stays_flat(filler: Filler) -> None:
    if filler.info.extra:
        pytest.skip("random weights paint noise")
    result = filled(filler, Picture(np.full((60, 70, 3), 90, np.uint8)), blob())
    assert np.abs(result.astype(int) - 90).max() <= 2  # OpenCV's own rounding


def test_cancelled_beforehand(filler: Filler) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        filler.fill(photo(), blob(), on_event=ignore, cancel=token)


def test_cancelled_on_the_way(filler: Filler) -> None:
    token = CancelToken()

    def stop(event: Event) -> None:
        token.cancel()

    with pytest.raises(CancelledError):
        filler.fill(photo(), blob(), on_event=stop, cancel=token)
