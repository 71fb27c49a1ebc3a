"""Refinement, prompt points, trimaps and the frames of models: what has a closed form."""

import numpy as np
import pytest

import pliant
from pliant.errors import EditError, PliantError, UnknownNameError
from pliant.models.device import ANYWHERE
from pliant.regions.frames import SquareFrame, best, in_square
from pliant.regions.mask import components, grow
from pliant.regions.prompts import Prompt, prompt_points
from pliant.regions.refined import Refiner
from pliant.regions.segment import SegmenterInfo, make_segmenter, reach_of
from pliant.types import Drag, DragRegion, Edit, Mask, Picture, Polygon, Rectangle, RegionPair


class Fixed:
    """Proposes what it was made with, and counts how often it was asked."""

    def __init__(self, answer, **understands):
        self.answer = answer
        self.asked = []
        self.info = SegmenterInfo(name="fixed", summary="-", licence="-", **understands)

    def propose(self, picture, *, points=(), labels=(), box=None, mask=None):
        self.asked.append({"points": points, "mask": mask})
        return self.answer


def picture(height=200, width=300):
    return Picture(np.zeros((height, width, 3), np.uint8))


def disc(x, y, radius, height=200, width=300):
    rows, columns = np.mgrid[:height, :width]
    return np.hypot(columns - x, rows - y) <= radius


def at(points):
    columns, rows = points.astype(int).T
    return rows, columns


# ------------------------------------------------------------------------------------------------ refine


def test_everything_proposed_gives_the_dilation():
    drawn = disc(150, 100, 50)
    refined = pliant.refine(picture(), drawn, Fixed(np.ones((200, 300), bool)))
    np.testing.assert_array_equal(refined, disc(150, 100, 50) | (grow(drawn, 10)))
    assert abs(int(refined.sum()) - np.pi * 60**2) < 120


def test_nothing_proposed_gives_the_erosion():
    refined = pliant.refine(picture(), disc(150, 100, 50), Fixed(np.zeros((200, 300), bool)))
    np.testing.assert_array_equal(refined, grow(disc(150, 100, 50), -10))
    assert abs(int(refined.sum()) - np.pi * 40**2) < 120


def test_the_proposal_decides_in_the_band_and_nowhere_else():
    drawn, proposal = disc(150, 100, 50), disc(155, 100, 48) | disc(20, 20, 10)
    proposal[98:103, 148:153] = False
    refined = pliant.refine(picture(), drawn, Fixed(proposal))
    np.testing.assert_array_equal(refined, (proposal & grow(drawn, 10)) | grow(drawn, -10))
    assert not refined[20, 20]
    assert refined[100, 150]


@pytest.mark.parametrize(
    ("width", "height", "reach"), [(100, 80, 10), (512, 300, 10), (1024, 768, 20), (300, 5120, 100)]
)
def test_the_radius_grows_with_large_photos(width, height, reach):
    assert reach_of(10, (width, height)) == reach


def test_a_whole_picture_has_no_border_to_refine():
    segmenter = Fixed(np.zeros((200, 300), bool))
    assert pliant.refine(picture(), pliant.Everything(), segmenter).all()
    assert not segmenter.asked


def test_a_segmenter_without_masks_gets_points_inside():
    segmenter = Fixed(disc(150, 100, 50), understands_mask=False)
    pliant.refine(picture(), disc(150, 100, 50), segmenter)
    points = np.array(segmenter.asked[0]["points"])
    assert len(points) == 128
    assert disc(150, 100, 50)[at(points)].all()


def test_refine_refuses():
    with pytest.raises(EditError, match="above 0"):
        pliant.refine(picture(), disc(150, 100, 50), radius=0)
    with pytest.raises(EditError, match="selects no pixel"):
        pliant.refine(picture(), np.zeros((200, 300), bool))


def test_select_says_when_it_found_nothing():
    with pytest.raises(EditError, match="found no object") as caught:
        pliant.select(picture(), points=[(3, 3)], segmenter=Fixed(np.zeros((200, 300), bool)))
    assert caught.value.code == "nothing_found"


def test_unknown_segmenters(tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 'grabcut'") as caught:
        make_segmenter("grabcat")
    assert caught.value.code == "unknown_segmenter"
    with pytest.raises(UnknownNameError, match="holds no segmenter"):
        make_segmenter(str(tmp_path))
    (tmp_path / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    with pytest.raises(PliantError, match="'bert'; accepted are sam, sam2"):
        make_segmenter(str(tmp_path))


# ----------------------------------------------------------------------------------------- refined edits


def edit_of(region, handle=(150, 100), pins=(), target=(160, 100)):
    return Edit([DragRegion(region, [Drag(handle, target)], pins)])


def selected(edit):
    (region,) = edit.regions
    return region.region.selected


def test_a_region_is_refined_once_while_it_stays():
    segmenter = Fixed(disc(155, 100, 48))
    refiner = Refiner(picture(), segmenter)
    first, notes = refiner.refined(edit_of(disc(150, 100, 50)))
    again, _ = refiner.refined(edit_of(disc(150, 100, 50), target=(190, 120)))
    assert len(segmenter.asked) == 1
    assert again.regions[0].region is first.regions[0].region
    assert again.regions[0].drags[0].target == (190, 120)
    assert notes == []
    refiner.refined(edit_of(disc(150, 90, 50)))
    assert len(segmenter.asked) == 2


def test_a_refined_region_holds_its_handles_and_pins():
    drawn = Rectangle(50, 50, 250, 150)
    answer = disc(150, 100, 30)
    refined, notes = Refiner(picture(), Fixed(answer)).refined(edit_of(drawn, (150, 100), pins=[(54, 56)]))
    plain, _ = Refiner(picture(), Fixed(answer)).refined(edit_of(drawn))
    assert selected(refined)[56, 54]
    kept = disc(54, 56, 10)
    kept[:50] = kept[:, :50] = False
    np.testing.assert_array_equal(selected(refined), selected(plain) | kept)
    assert "region 1 lies beside" in notes[0]


def test_a_region_in_which_nothing_is_found_stays_as_drawn():
    drawn = disc(150, 100, 50)
    refined, notes = Refiner(picture(), Fixed(np.zeros((200, 300), bool))).refined(edit_of(drawn))
    np.testing.assert_array_equal(selected(refined), drawn)
    assert "found nothing in region 1" in notes[0].lower()


def test_pairs_are_left_alone():
    pair = RegionPair(Rectangle(10, 10, 40, 40), Rectangle(100, 10, 130, 40))
    refined, _ = Refiner(picture(), Fixed(np.zeros((200, 300), bool))).refined(Edit([pair]))
    assert refined.regions == (pair,)


def test_the_engine_refines_before_it_warps():
    pixels = np.full((200, 300, 3), 60, np.uint8)
    thing = disc(150, 100, 40)
    pixels[thing] = (200, 180, 90)
    edit = edit_of(disc(152, 98, 46), target=(190, 100))
    stages = []
    engine = pliant.engine(refine="grabcut", filler="telea")
    with engine.open(Picture(pixels)) as session:
        moved = selected(session.preview(edit).edit)
        result = session.run(edit, on_event=lambda event: stages.append(getattr(event, "name", "")))
    assert (moved ^ thing).sum() < 0.02 * thing.sum()
    assert set(result.timings) == {"refine", "warp", "fill"}
    assert stages[:2] == ["refine", "warp"]
    assert result.edit is edit
    after = result.picture.pixels[..., 0] > 130
    assert after.sum() == pytest.approx(thing.sum(), rel=0.03)


def test_the_engine_warns_of_what_refinement_could_not_do():
    edit = edit_of(disc(150, 100, 50))
    result = pliant.apply(picture(), edit, refine=Fixed(np.zeros((200, 300), bool)), filler="telea")
    assert any("found nothing" in warning for warning in result.warnings)


# ----------------------------------------------------------------------------------------- prompt points


def line():
    mask = np.zeros((300, 600), bool)
    mask[150, 20:580] = True
    return mask


def strip():
    mask = np.zeros((300, 600), bool)
    mask[10:13, 20:520] = True
    return mask


def ring():
    return disc(300, 150, 140, 300, 600) & ~disc(300, 150, 110, 300, 600)


@pytest.mark.parametrize("shape", [line, strip, ring, lambda: strip().T.copy()])
@pytest.mark.parametrize("count", [1, 7, 128])
def test_points_lie_inside_and_apart(shape, count):
    mask = shape()
    points = prompt_points(mask, count)
    assert points.shape == (count, 2)
    assert mask[at(points)].all()
    assert len(np.unique(points, axis=0)) == count
    np.testing.assert_array_equal(points, prompt_points(mask.copy(), count))


@pytest.mark.parametrize(("shape", "gap"), [(line, 3), (strip, 3), (ring, 6)])
def test_points_leave_no_large_gap(shape, gap):
    points = prompt_points(shape(), 128)
    rows, columns = np.nonzero(shape())
    away = np.hypot(columns[:, None] - points[:, 0], rows[:, None] - points[:, 1]).min(axis=1)
    assert away.max() <= 2.5 * gap


def test_every_blob_gets_its_share():
    mask = np.zeros((400, 400), bool)
    mask[5, 5] = True
    mask[50:100, 50:100] = True
    mask[200:300, 200:300] = True
    labels, _ = components(mask)
    shares = np.bincount(labels[at(prompt_points(mask, 21))], minlength=4)[1:]
    assert sorted(shares) == [1, 4, 16]


def test_more_blobs_than_points():
    mask = np.zeros((60, 60), bool)
    mask[::4, ::4] = True
    mask[40:50, 40:50] = True
    points = prompt_points(mask, 5)
    assert len(points) == 5
    assert mask[at(points)].all()


def test_fewer_pixels_than_points():
    mask = np.zeros((9, 9), bool)
    mask[3, 2:5] = True
    points = prompt_points(mask, 128)
    assert sorted(map(tuple, points)) == [(2, 3), (3, 3), (4, 3)]


def test_the_first_point_is_the_deepest():
    (point,) = prompt_points(disc(150, 100, 50), 1)
    assert np.hypot(*(point - (150, 100))) < 1.5


def test_a_large_mask_is_quick_and_inside():
    mask = np.ones((2000, 3000), bool)
    points = prompt_points(mask, 16)
    assert mask[at(points)].all()
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + np.eye(16) * 1e9
    assert apart.min() > 400


def test_no_pixel_no_points():
    with pytest.raises(EditError) as caught:
        prompt_points(np.zeros((5, 5), bool))
    assert caught.value.code == "empty_region"


# ------------------------------------------------------------------------------------------------ frames


def test_points_and_pixels_share_the_square():
    frame = SquareFrame.padded(300, 200, 1024)
    assert (frame.inner_width, frame.inner_height) == (1024, 683)
    corners = np.array([(-0.5, -0.5), (299.5, 199.5)])
    np.testing.assert_allclose(frame.places(corners), [(-0.5, -0.5), (1023.5, 682.5)])
    image = np.zeros((200, 300, 3), np.uint8)
    image[100, 150] = 255
    y, x = np.unravel_index(frame.pixels(image)[..., 0].argmax(), (683, 1024))
    np.testing.assert_allclose(frame.places(np.array([(150.0, 100.0)])), [(x, y)], atol=1)


@pytest.mark.parametrize("made", [SquareFrame.padded, SquareFrame.stretched])
@pytest.mark.parametrize(("width", "height"), [(300, 200), (200, 300), (64, 64), (1500, 900), (1, 50)])
def test_a_mask_comes_back_where_it_was(made, width, height):
    frame = made(width, height, 256)
    rows, columns = np.mgrid[:height, :width]
    mask = (columns >= width * 0.25) & (columns < width * 0.6) & (rows >= height * 0.3) & (rows < height * 0.8)
    shown = frame.pixels(np.repeat(mask[..., None], 3, axis=2).astype(np.uint8) * 255)[..., 0]
    square = np.full((256, 256), -1.0, np.float32)
    square[: frame.inner_height, : frame.inner_width] = shown / 127.5 - 1
    found = frame.mask(square)
    assert found.shape == mask.shape
    edge = 2 * (width + height) * max(width, height) / 256 + width + height
    assert (found ^ mask).sum() <= edge


def prompt_at(*points, positive=None):
    positive = np.ones(len(points), bool) if positive is None else np.array(positive)
    return Prompt(points=np.array(points, float).reshape(-1, 2), positive=positive, box=None, mask=None)


def test_the_best_mask_agrees_with_the_prompt_first():
    frame = SquareFrame.padded(64, 64, 64)
    left, all_of_it = np.full((64, 64), -1.0), np.full((64, 64), 1.0)
    left[:, :32] = 1
    logits, quality = np.stack([left, all_of_it]), np.array([0.5, 0.9])
    assert best(logits, quality, frame, prompt_at((10, 10))).all()
    split = prompt_at((10, 10), (50, 10), positive=[True, False])
    np.testing.assert_array_equal(best(logits, quality, frame, split), left > 0)


def test_a_mask_prompt_becomes_points_in_the_square():
    mask = disc(150, 100, 50)
    prompt = Prompt(points=np.zeros((0, 2)), positive=np.zeros(0, bool), box=None, mask=mask)
    asked = in_square(prompt, SquareFrame.stretched(300, 200, 600))
    assert asked.labels.tolist() == [1] * 128
    inside = asked.points / (2, 3)
    assert (np.hypot(inside[:, 0] - 150, inside[:, 1] - 100) < 52).all()


def test_sam_looks_at_what_its_own_processor_makes():
    """Sizes, normalisation, prompts and the way back, against transformers' implementation."""
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tiny_sam import SIDE, folder

    from pliant.regions import sam

    rows, columns = np.mgrid[:90, :120]
    pixels = np.stack([columns * 2, rows * 2, 255 - columns - rows], axis=2).astype(np.uint8)
    segmenter = sam.from_folder(folder("sam"), ANYWHERE)
    found = segmenter.propose(Picture(pixels), points=[(40, 30)], box=(20, 10, 100, 80))
    images = transformers.SamImageProcessorPil(
        size={"longest_edge": SIDE}, pad_size={"height": SIDE, "width": SIDE}, mask_size={"longest_edge": 32}
    )
    processor = transformers.SamProcessor(images)
    inputs = processor(pixels, input_points=[[[40, 30]]], input_boxes=[[[20, 10, 100, 80]]], return_tensors="pt")
    outputs = transformers.SamModel.from_pretrained(folder("sam"))(**inputs)
    masks = images.post_process_masks(
        outputs.pred_masks,
        inputs["original_sizes"],
        inputs["reshaped_input_sizes"],
        pad_size={"height": SIDE, "width": SIDE},
    )
    agreement = [(mask.numpy() == found).mean() for mask in masks[0][0]]
    assert max(agreement) > 0.97


def test_polygons_and_masks_are_regions_too():
    drawn = Polygon([(100, 50), (200, 50), (200, 150), (100, 150)])
    refined = pliant.refine(picture(), drawn, Fixed(disc(150, 100, 55)))
    assert refined[100, 150]
    again = pliant.refine(picture(), Mask(refined), Fixed(disc(150, 100, 55)))
    assert again.shape == refined.shape
