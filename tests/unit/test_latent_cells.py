"""Dense correspondences as cells of the latents: shifts stay rigid, strokes survive, rules decide conflicts."""

import numpy as np
import pytest
import scenes
from latent_cases import displacements, moves, pair, shift, task_of

from pliant.engines.latent.cells import cell_pairs
from pliant.errors import EditError
from pliant.layer import Layer
from pliant.types import Drag, DragRegion, Edit, Polygon, RegionPair

SQUARE = scenes.rectangle(100, 228, 100, 228)


def at_cells(mask):
    rows, columns = np.nonzero(mask.reshape(64, 8, 64, 8).any(axis=(1, 3)))
    return set(zip(columns.tolist(), rows.tolist(), strict=True))


@pytest.mark.parametrize("way", [(3, 0), (12, 0), (20, -12), (8, 8), (50, 40), (-37, 61), (1, 1)])
def test_a_shifted_region_moves_as_one(way):
    dx, dy = way
    found = displacements(Edit([shift(SQUARE, dx, dy)]))
    assert found == {(-np.floor(0.5 - dx / 8), -np.floor(0.5 - dy / 8))}


def test_drags_and_pairs_are_quantised_alike():
    region = scenes.rectangle(100, 200, 100, 180)
    drag = scenes.edit(region, ((150, 140), (200, 180)))
    assert displacements(drag) == displacements(Edit([shift(region, 50, 40)])) == {(6, 5)}


def test_identity_is_identity():
    for region in (SQUARE, np.ones((512, 512), bool), scenes.disc(200, 150, 61)):
        found = moves(Edit([RegionPair(region, region)]))
        assert all(target == source for target, source in found.items())
        assert set(found) == at_cells(region)


@pytest.mark.parametrize("width", range(1, 9))
def test_thin_strokes_survive(width):
    for offset in range(8):
        stroke = scenes.rectangle(80 + offset, 80 + offset + width, 120, 200)
        target = np.roll(stroke, 61, axis=1)
        found = moves(pair(stroke, target))
        assert set(found.values()) & at_cells(stroke)
        for row in range(15, 25):
            assert any(cell[1] == row for cell in found), (width, offset, row)


def test_a_stroke_takes_its_own_cell_and_not_the_one_beside_it():
    stroke, target = scenes.rectangle(87, 88, 120, 200), scenes.rectangle(96, 97, 120, 200)
    assert set(moves(pair(stroke, target)).items()) == {((12, row), (10, row)) for row in range(15, 25)}


def test_two_blobs_and_a_mouth_are_not_sampled_between():
    blobs = scenes.rectangle(96, 136, 104, 144) | scenes.rectangle(184, 224, 104, 144)
    found = moves(pair(blobs, scenes.rectangle(304, 424, 104, 144)))
    assert set(found.values()) <= at_cells(blobs)
    c_shape = scenes.rectangle(96, 200, 96, 200) & ~scenes.rectangle(128, 200, 128, 168)
    found = moves(pair(c_shape, np.roll(c_shape, 160, axis=1)))
    assert set(found.values()) <= at_cells(c_shape)


def test_empty_regions_are_refused():
    nothing = np.zeros((512, 512), bool)
    for source, target in ((nothing, SQUARE), (SQUARE, nothing)):
        with pytest.raises(EditError) as caught:
            moves(pair(source, target))
        assert caught.value.code == "empty_region"


def test_a_region_twice_as_large_takes_every_cell_twice_each_way():
    source, target = scenes.rectangle(96, 192, 96, 176), scenes.rectangle(96, 288, 96, 256)
    found = moves(pair(source, target))
    assert set(found) == at_cells(target)
    assert set(found.values()) == at_cells(source)
    for (x, y), (x_from, y_from) in found.items():
        assert abs((x - 12) / 2 - (x_from - 12)) <= 1
        assert abs((y - 12) / 2 - (y_from - 12)) <= 1


def test_polygons_onto_twice_the_size():
    source = Polygon([(100, 100), (200, 100), (200, 200), (100, 200)])
    target = Polygon([(100, 100), (300, 100), (300, 300), (100, 300)])
    found = moves(pair(source, target))
    assert {x for x, _ in found} == set(range(12, 38))
    assert {x for x, _ in found.values()} <= set(range(12, 26))


def test_random_quads_never_leave_the_latents():
    rng = np.random.default_rng(0)
    made = 0
    while made < 60:
        try:
            found = moves(pair(*(Polygon(rng.uniform(0, 63, (4, 2)).tolist()) for _ in range(2))), (64, 64))
        except EditError:
            continue
        made += 1
        assert all(0 <= value < 8 for cells in found.items() for cell in cells for value in cell)


def test_later_regions_win_where_they_have_as_many_pixels():
    left, right = scenes.rectangle(0, 64, 0, 64), scenes.rectangle(128, 192, 0, 64)
    target = scenes.rectangle(256, 320, 0, 64)
    for order, from_column in (((left, right), 16), ((right, left), 0)):
        found = moves(Edit([RegionPair(source, target) for source in order]))
        assert found[32, 0][0] == from_column


def test_a_shared_cell_goes_to_whoever_has_most_of_it():
    one = RegionPair(scenes.rectangle(0, 64, 0, 64), scenes.rectangle(256, 325, 0, 64))
    two = RegionPair(scenes.rectangle(128, 192, 0, 64), scenes.rectangle(325, 389, 0, 64))
    for order in ([one, two], [two, one]):
        assert moves(Edit(order))[40, 0][0] < 8


def test_order_and_repetition_of_pixels_make_no_difference():
    task = task_of(pair(scenes.disc(150, 150, 60), scenes.rectangle(260, 420, 200, 420)))
    (layer,) = task.warp.layers
    found = cell_pairs([layer], task.frame)
    again = cell_pairs([layer, layer], task.frame)
    turned = Layer(
        box=layer.box,
        pixels=layer.pixels,
        coverage=np.asfortranarray(layer.coverage),
        offset=np.asfortranarray(layer.offset),
    )
    for other in (again, cell_pairs([turned], task.frame)):
        assert np.array_equal(found.targets, other.targets)
        assert np.array_equal(found.sources, other.sources)
    assert len(np.unique(found.targets)) == len(found)


def test_a_part_of_the_pairs():
    task = task_of(pair(SQUARE, np.roll(SQUARE, 200, axis=1)))
    whole = cell_pairs(task.warp.layers, task.frame)
    part = whole.thinned(0.2, np.random.default_rng(1))
    assert len(part) == round(0.2 * len(whole))
    table = dict(zip(whole.targets, whole.sources, strict=True))
    assert all(table[target] == source for target, source in zip(part.targets, part.sources, strict=True))


def test_protected_pixels_are_no_targets():
    keep = scenes.rectangle(300, 512, 0, 512)
    change = Edit([shift(SQUARE, 160, 0)], protect=keep)
    assert all(x < 38 for x, _ in moves(change))


def test_a_part_dragged_half_out_of_the_picture():
    region = scenes.rectangle(40, 140, 100, 200)
    found = moves(Edit([DragRegion(region, [Drag((90, 150), (20, 150))])]))
    assert min(x for x, _ in found) == 0
    assert displacements(Edit([DragRegion(region, [Drag((90, 150), (20, 150))])])) == {(-9, 0)}
