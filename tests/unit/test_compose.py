"""The crop plan, the stitch, and every kind of picture."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from pliant.compose import repaint, widen
from pliant.crops import plan_crops, roomy
from pliant.errors import CancelledError, EditError
from pliant.events import CancelToken, Event, OnEvent, Partial, Stage, Step, ignore
from pliant.fill.base import FillerInfo
from pliant.fill.classical import NavierStokes
from pliant.geometry import Box
from pliant.types import Bool, Picture


@dataclass
class Painter:
    """A filler that paints one colour and remembers what it was shown."""

    colour: tuple[int, int, int] = (10, 20, 30)
    working_size: int | None = None
    shown: list[tuple[Picture, Bool]] = field(default_factory=list)

    @property
    def info(self) -> FillerInfo:
        return FillerInfo(name="painter", summary="", licence="", working_size=self.working_size)

    def fill(
        self,
        picture: Picture,
        hole: Bool,
        *,
        prompt: str = "",
        seed: int = 0,
        on_event: OnEvent,
        cancel: CancelToken,
    ) -> Picture:
        self.shown.append((picture, hole))
        on_event(Partial(make=lambda: picture.with_pixels(picture.pixels + np.uint8(1))))
        for index in range(4):
            on_event(Step(index=index + 1, total=4))
            cancel.check()
        colour = np.array(self.colour, np.uint8)
        return picture.with_pixels(np.where(hole[..., None], colour, picture.pixels))


def weight_on(shape: tuple[int, int], *boxes: Box) -> np.ndarray:
    weight = np.zeros(shape, np.uint8)
    for box in boxes:
        weight[box.slices] = 255
    return weight


FRAME = Box(0, 0, 600, 400)
LEFT, RIGHT = Box(60, 100, 90, 140), Box(500, 300, 540, 320)


def test_holes_that_lie_apart_get_their_own_crops() -> None:
    crops = plan_crops(FRAME, weight_on((400, 600), LEFT, RIGHT), FRAME)
    assert len(crops) == 2
    assert crops[0].within(LEFT) == LEFT
    assert crops[1].within(RIGHT) == RIGHT
    assert sum(crop.area for crop in crops) < FRAME.area / 4


def test_holes_that_lie_together_share_a_crop() -> None:
    assert len(plan_crops(FRAME, weight_on((400, 600), LEFT, LEFT.moved(50, 10)), FRAME)) == 1


def test_a_hole_inside_the_crop_of_a_ring_is_not_filled_twice() -> None:
    weight = weight_on((400, 600), Box(100, 50, 500, 350))
    weight[Box(110, 60, 490, 340).slices] = 0
    weight[190:200, 290:300] = 255
    assert len(plan_crops(FRAME, weight, FRAME)) == 1


def test_the_filler_sees_rgb8_and_no_pixel_of_the_hole() -> None:
    pixels = np.full((400, 600, 2), 40_000, np.uint16)
    painter = Painter()
    repaint(Picture(pixels), LEFT, np.full((40, 30), 7, np.uint8), painter)
    shown, hole = painter.shown[0]
    assert shown.pixels.shape[2] == 3
    assert shown.pixels.dtype == np.uint8
    assert not shown.pixels[hole].any()
    assert hole.sum() == LEFT.area
    assert (shown.pixels[~hole] == round(40_000 / 257)).all()


def test_a_large_crop_is_brought_to_the_working_size_and_never_stretched() -> None:
    pixels = np.full((400, 600, 3), 90, np.uint8)
    large, small = Painter(working_size=64), Painter(working_size=4000)
    weight = weight_on((400, 600), Box(100, 100, 300, 200))
    result = repaint(Picture(pixels), FRAME, weight, large)
    repaint(Picture(pixels), FRAME, weight, small)
    width, height = large.shown[0][0].size
    assert max(width, height) == 64
    crop = plan_crops(FRAME, weight, FRAME)[0]
    assert width / height == pytest.approx(crop.width / crop.height, rel=0.03)
    assert small.shown[0][0].size == (600, 400)
    assert (result.pixels[110:190, 110:290] == (10, 20, 30)).all()
    assert (result.pixels[weight == 0] == 90).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_kind_of_picture(channels: int, dtype: type) -> None:
    peak = np.iinfo(dtype).max
    pixels = np.full((80, 80, channels), peak // 3, dtype)
    if channels in (2, 4):
        pixels[..., -1] = peak // 2
    box = Box(30, 30, 50, 50)
    result = repaint(Picture(pixels), box, np.full((20, 20), 255, np.uint8), Painter((200, 200, 200))).pixels
    assert result.dtype == dtype
    colours = result[box.slices][..., : 3 if channels > 2 else 1]
    assert np.abs(colours / peak - 200 / 255).max() < 0.003
    if channels in (2, 4):
        assert (result[..., -1] == peak // 2).all()


def test_sixteen_bit_gradients_get_no_bands() -> None:
    ramp = np.linspace(20_000, 24_000, 200)[None, :, None] + np.zeros((120, 1, 3))
    truth = np.rint(ramp).astype(np.uint16)
    box = Box(90, 50, 110, 70)
    result = repaint(Picture(truth), box, np.full((20, 20), 255, np.uint8), NavierStokes()).pixels
    assert np.unique(result[60, 90:110, 0]).size > 12
    assert np.abs(result.astype(int) - truth)[box.slices].max() < 700


def test_alpha_is_continued_from_around() -> None:
    pixels = np.full((80, 80, 4), 120, np.uint8)
    pixels[:, :40, 3], pixels[:, 40:, 3] = 0, 255
    box = Box(30, 20, 50, 60)
    alpha = repaint(Picture(pixels), box, np.full((40, 20), 255, np.uint8), Painter()).pixels[..., 3]
    assert alpha[40, 31] < 60
    assert alpha[40, 48] > 195
    assert (np.diff(alpha[40].astype(int)) >= -2).all()


def test_colours_under_full_transparency_are_not_shown() -> None:
    pixels = np.full((60, 60, 4), 200, np.uint8)
    pixels[:20] = (255, 0, 0, 0)
    painter = Painter()
    result = repaint(Picture(pixels), Box(25, 25, 35, 35), np.full((10, 10), 255, np.uint8), painter).pixels
    shown, hole = painter.shown[0]
    assert (shown.pixels[~hole] == 200).all()
    assert (result[:20] == (255, 0, 0, 0)).all()


def test_the_blend_follows_the_weight() -> None:
    pixels = np.full((40, 40, 3), 110, np.uint8)
    weight = np.tile(np.array([0, 51, 102, 204, 255], np.uint8), (5, 1))
    result = repaint(Picture(pixels), Box(10, 10, 15, 15), weight, Painter((10, 10, 10))).pixels
    np.testing.assert_array_equal(result[12, 10:15, 0], [110, 90, 70, 30, 10])


def test_nothing_to_do_returns_the_picture() -> None:
    picture = Picture(np.zeros((5, 5), np.uint8))
    assert repaint(picture, Box(0, 0, 0, 0), np.zeros((0, 0), np.uint8), Painter()) is picture
    assert repaint(picture, Box(0, 0, 5, 5), np.zeros((5, 5), np.uint8), Painter()) is picture


@pytest.mark.parametrize(
    ("box", "weight"),
    [
        (Box(0, 0, 5, 5), np.zeros((4, 5), np.uint8)),
        (Box(0, 0, 5, 5), np.zeros((5, 5), np.float32)),
        (Box(-1, 0, 4, 5), np.zeros((5, 5), np.uint8)),
        (Box(3, 3, 8, 8), np.zeros((5, 5), np.uint8)),
    ],
)
def test_a_weight_that_does_not_fit_is_refused(box: Box, weight: np.ndarray) -> None:
    with pytest.raises(EditError) as caught:
        repaint(Picture(np.zeros((5, 5), np.uint8)), box, weight, Painter())
    assert caught.value.code == "invalid_hole"


def test_progress_over_several_crops() -> None:
    events: list[Event] = []
    weight = weight_on((400, 600), LEFT, RIGHT)
    repaint(Picture(np.zeros((400, 600), np.uint8)), FRAME, weight, Painter(), on_event=events.append)
    assert events[0] == Stage(name="fill")
    steps = [event for event in events[1:] if isinstance(event, Step)]
    assert len(steps) == len(events) - 3  # and a partial picture from each crop
    assert [step.index / step.total for step in steps] == [i / 8 for i in range(1, 9)]


def test_a_crops_unfinished_picture_becomes_one_of_the_whole() -> None:
    pixels = np.zeros((400, 600, 4), np.uint16)
    pixels[..., 3] = 65535
    events: list[Event] = []
    weight = weight_on((400, 600), LEFT, RIGHT)
    result = repaint(Picture(pixels), FRAME, weight, Painter((9, 9, 9)), on_event=events.append).pixels
    partials = [event for event in events if isinstance(event, Partial)]
    assert len(partials) == 2
    first, second = (partial.picture.pixels for partial in partials)
    assert partials[0].picture is partials[0].picture
    for picture in (first, second):
        assert picture.shape == pixels.shape
        assert picture.dtype == np.uint16
        np.testing.assert_array_equal(picture[weight == 0], pixels[weight == 0])
    assert (first[LEFT.slices][..., 0] > 100).all()
    assert (second[RIGHT.slices][..., 0] > 100).all()
    assert (second[LEFT.slices] == result[LEFT.slices]).all()


def test_a_model_is_shown_more_of_the_picture_where_there_is_room() -> None:
    frame = Box(0, 0, 2000, 600)
    crops = [Box(0, 0, 100, 100), Box(1900, 500, 2000, 600), Box(1700, 100, 1740, 140)]
    grown = roomy(crops, frame, 512)
    assert grown[0] == Box(0, 0, 512, 512)
    assert grown[1] == Box(1488, 88, 2000, 600).within(frame) or grown[1] == crops[1]
    for index, crop in enumerate(grown):
        assert crop.within(crops[index]) == crops[index]
        assert crop.within(frame) == crop
        assert not any(crop.within(other).area for other in grown[:index] + grown[index + 1 :])
    assert roomy(crops, frame, 0) == crops
    assert roomy([Box(5, 5, 9, 9)], Box(0, 0, 30, 700), 512) == [Box(0, 0, 30, 512)]


def test_cancel_beforehand_and_between_crops() -> None:
    picture, weight = Picture(np.zeros((400, 600), np.uint8)), weight_on((400, 600), LEFT, RIGHT)
    token, painter = CancelToken(), Painter()

    def stop(event: Event) -> None:
        if event == Step(index=100, total=200):
            token.cancel()

    with pytest.raises(CancelledError):
        repaint(picture, FRAME, weight, painter, on_event=stop, cancel=token)
    assert len(painter.shown) == 1
    with pytest.raises(CancelledError):
        repaint(picture, FRAME, weight, painter, on_event=ignore, cancel=token)
    assert len(painter.shown) == 1


def test_widen() -> None:
    hole = np.zeros((40, 50), bool)
    hole[10:20, 12:22] = True
    box, weight = widen(hole, 3)
    assert box == Box(9, 7, 25, 23)
    np.testing.assert_array_equal(weight[8, :5], [64, 128, 191, 255, 255])
    assert widen(np.zeros((4, 4), bool))[0].area == 0
    assert (widen(np.ones((4, 4), bool))[1] == 255).all()
