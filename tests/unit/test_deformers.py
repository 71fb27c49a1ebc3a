"""Deformers against closed forms and independent implementations."""

import numpy as np
import pytest
import scenes
from scipy.interpolate import RBFInterpolator

from pliant.errors import EditError, UnknownNameError
from pliant.geometry import Box
from pliant.types import Drag, DragRegion, Edit
from pliant.warp.deform import DEFORMERS
from pliant.warp.warper import Warper

MASK = scenes.disc(100, 100, 90, (201, 201))
BOX = Box.of_size((201, 201))
FREE = ["similar", "elastic", "rigid", "spline"]
ALL = [*FREE, "membrane"]
RNG = np.random.default_rng(7)
POINTS = RNG.uniform(40, 160, (500, 2))
HANDLES = np.array([[70.0, 80], [120.5, 77.25], [100, 130], [61, 111]])
TARGETS = HANDLES + [[9, -12], [4.5, 3], [0, 0], [-7, 6]]


def deform(name, points=POINTS, handles=HANDLES, targets=TARGETS):
    return DEFORMERS.get(name)(MASK, BOX).target_of(points, handles, targets)


@pytest.mark.parametrize("name", ALL)
def test_handles_land_on_their_targets_and_pins_hold(name):
    assert np.abs(deform(name, HANDLES) - TARGETS).max() < 1e-4


@pytest.mark.parametrize("name", ALL)
def test_handles_that_stay_leave_everything_where_it_is(name):
    assert np.abs(deform(name, targets=HANDLES) - POINTS).max() < 1e-9


@pytest.mark.parametrize("name", FREE)
def test_one_handle_is_a_shift(name):
    assert np.allclose(deform(name, handles=HANDLES[:1], targets=TARGETS[:1]), POINTS + [9, -12], atol=1e-9)


@pytest.mark.parametrize("name", FREE)
def test_fields_follow_a_shifted_picture(name):
    there = deform(name, POINTS + 1000, HANDLES + 1000, TARGETS + 1000)
    assert np.allclose(there, deform(name) + 1000, atol=1e-6)


@pytest.mark.parametrize("name", ["similar", "rigid", "spline"])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_turns_are_exact(name, count):
    turn = np.deg2rad(40)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    turned = deform(name, handles=HANDLES[:count], targets=HANDLES[:count] @ matrix + 5)
    assert np.allclose(turned, POINTS @ matrix + 5, atol=1e-6)


def test_spline_is_a_similarity_for_two_and_affine_for_three():
    similarity = np.array([[1.5, 0.4], [-0.4, 1.5]])
    two = deform("spline", handles=HANDLES[:2], targets=HANDLES[:2] @ similarity)
    assert np.allclose(two, POINTS @ similarity, atol=1e-6)
    affine = np.array([[1.5, 0.2], [0.3, 0.8]])
    three = deform("spline", handles=HANDLES[:3], targets=HANDLES[:3] @ affine)
    assert np.allclose(three, POINTS @ affine, atol=1e-6)


def test_spline_equals_an_independent_one():
    oracle = RBFInterpolator(HANDLES, TARGETS, kernel="thin_plate_spline")
    assert np.allclose(deform("spline"), oracle(POINTS), atol=1e-6)


def test_spline_with_handles_on_a_line_stays_close_to_its_similarity():
    handles = np.array([[60.0, 100], [100, 100], [140, 100]])
    assert np.allclose(deform("spline", handles=handles, targets=handles + [3, 4]), POINTS + [3, 4], atol=1e-6)
    bent = deform("spline", handles=handles, targets=handles + [[0, 0], [0, -20], [0, 0]])
    assert np.abs(bent - POINTS).max() < 60
    assert (
        np.abs(deform("spline", handles, handles, handles + [[0, 0], [0, -20], [0, 0]])[1] - (100, 80)).max()
        < 1e-6
    )


def test_elastic_equals_the_paper_s_formula():
    distance = np.linalg.norm(POINTS[:, None] - HANDLES[None], axis=-1)
    weight = 1 / (distance + 1e-6)
    weight /= weight.sum(axis=1, keepdims=True)
    assert np.allclose(deform("elastic"), POINTS + weight @ (TARGETS - HANDLES), atol=1e-9)


def test_rigid_equals_weighted_procrustes():
    for point, found in zip(POINTS[:50], deform("rigid")[:50], strict=True):
        weight = 1 / ((point - HANDLES) ** 2).sum(axis=1)
        weight /= weight.sum()
        here, there = weight @ HANDLES, weight @ TARGETS
        u, _, v = np.linalg.svd((HANDLES - here).T @ (weight[:, None] * (TARGETS - there)))
        turn = u @ np.diag([1, np.sign(np.linalg.det(u @ v))]) @ v
        assert np.allclose(found, (point - here) @ turn + there, atol=1e-8)


@pytest.mark.parametrize("name", ["similar", "spline"])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_scaling_is_exact(name, count):
    matrix = np.array([[1.5, 0.4], [-0.4, 1.5]])
    scaled = deform(name, handles=HANDLES[:count], targets=HANDLES[:count] @ matrix + 5)
    assert np.allclose(scaled, POINTS @ matrix + 5, atol=1e-6)


def test_similar_equals_weighted_least_squares():
    """The best `[[a, b], [-b, a]]` and shift, as unknowns of one linear system at each point."""
    x, y = HANDLES.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    rows = np.concatenate([np.stack([x, -y, one, zero], 1), np.stack([y, x, zero, one], 1)])
    for point, found in zip(POINTS[:50], deform("similar")[:50], strict=True):
        weight = np.tile(1 / np.linalg.norm(point - HANDLES, axis=1) ** 2, 2)
        a, b, *shift = np.linalg.lstsq(rows * weight[:, None], TARGETS.T.ravel() * weight, rcond=None)[0]
        assert np.allclose(found, (a * point[0] - b * point[1], b * point[0] + a * point[1]) + np.array(shift))


@pytest.mark.parametrize("pull", [(60, 0), (-60, 0), (0, 60), (40, -45)])
def test_similar_does_not_fold_between_pins(pull):
    x, y = np.meshgrid(np.arange(0.0, 200, 2), np.arange(0.0, 160, 2))
    handles = np.array([[100.0, 80], [5, 5], [195, 5], [5, 155], [195, 155]])
    targets = handles + np.array([pull, *[(0, 0)] * 4])
    moved = deform("similar", np.stack([x, y], axis=-1).reshape(-1, 2), handles, targets).reshape(*x.shape, 2)
    right, down = np.diff(moved, axis=1)[:-1], np.diff(moved, axis=0)[:, :-1]
    assert (right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]).min() > 0


def test_similar_is_what_a_free_region_gets():
    warper, drags = Warper(scenes.noise((201, 201))), [((70, 80), (60, 75)), ((130, 100), (150, 120))]
    left, named = (warper.preview(scenes.edit(MASK, *drags, deform=name)) for name in (None, "similar"))
    assert np.array_equal(left.picture.pixels, named.picture.pixels)


def test_membrane_holds_its_border_and_uncovers_nothing():
    picture = scenes.noise((201, 201))
    found = Warper(picture).preview(scenes.edit(MASK, ((70, 80), (95, 60)), edge="pinned"))
    assert not found.hole.any()
    assert np.array_equal(found.moved, MASK)
    assert np.array_equal(found.picture.pixels[~MASK], picture.pixels[~MASK])
    rim = MASK & scenes.disc(100, 100, 90, (201, 201)) & ~scenes.disc(100, 100, 88, (201, 201))
    rows, columns = np.nonzero(rim)
    assert np.abs(found.source_of[rows, columns] - np.column_stack([columns, rows])).max() < 0.5


@pytest.mark.parametrize("reach", [30, 50, 70, 80])
def test_membrane_does_not_fold_even_close_to_its_border(reach):
    found = Warper(scenes.noise((201, 201))).preview(
        scenes.edit(MASK, ((100, 100), (100 + reach, 100)), pins=[(60, 100)], edge="pinned")
    )
    assert not found.warnings
    assert sum(layer.folded for layer in found.layers) == 0
    assert np.abs(found.source_of[100, 100 + reach] - (100, 100)).max() < 0.1


def test_membrane_refuses_a_target_beyond_its_border():
    with pytest.raises(EditError, match=r"\(100, 100\) to \(195, 100\) leaves its region") as caught:
        Warper(scenes.noise((201, 201))).preview(scenes.edit(MASK, ((100, 100), (195, 100)), edge="pinned"))
    assert caught.value.code == "target_outside_region"


@pytest.mark.parametrize(
    ("mask", "drag"),
    [
        (scenes.rectangle(10, 13, 10, 200, (201, 201)), ((11, 50), (11, 70))),
        (scenes.disc(100, 100, 3, (201, 201)), ((100, 100), (101, 101))),
        (scenes.rectangle(0, 201, 0, 201, (201, 201)), ((2, 2), (30, 30))),
        (scenes.rectangle(50, 51, 50, 51, (201, 201)), ((50, 50), (50, 50))),
        (scenes.rectangle(50, 150, 50, 51, (201, 201)), ((60, 50), (63, 50))),
    ],
)
def test_membrane_in_narrow_places(mask, drag):
    found = Warper(scenes.noise((201, 201))).preview(scenes.edit(mask, drag, edge="pinned"))
    (x, y), source = drag[1], drag[0]
    assert np.abs(found.source_of[y, x] - source).max() < 1
    assert np.array_equal(found.picture.pixels[~mask], found.source.pixels[~mask])


def test_a_deformer_for_the_other_edge_is_refused():
    with pytest.raises(EditError, match="for a pinned edge, but the region's edge is 'free'"):
        Warper(scenes.noise((201, 201))).preview(scenes.edit(MASK, ((70, 80), (75, 80)), deform="membrane"))
    with pytest.raises(UnknownNameError, match="no deformer called 'elastc'.*Did you mean 'elastic'"):
        Warper(scenes.noise((201, 201))).preview(scenes.edit(MASK, ((70, 80), (75, 80)), deform="elastc"))


def test_strength_scales_the_drag():
    half = Edit([DragRegion(MASK, [Drag((100, 100), (120, 110))], strength=0.5)])
    whole = scenes.edit(MASK, ((100, 100), (110, 105)))
    warper = Warper(scenes.noise((201, 201)))
    assert np.array_equal(warper.preview(half).picture.pixels, warper.preview(whole).picture.pixels)


def test_a_part_without_a_handle_stays_where_the_border_is_pinned():
    speck = scenes.rectangle(2, 6, 2, 6, (201, 201))
    picture = scenes.noise((201, 201))
    drag = ((100, 100), (120, 95))
    found = Warper(picture).preview(scenes.edit(MASK | speck, drag, edge="pinned"))
    alone = Warper(picture).preview(scenes.edit(MASK, drag, edge="pinned"))
    assert np.array_equal(found.picture.pixels, alone.picture.pixels)
    assert np.array_equal(found.moved, alone.moved)
    assert not found.hole.any()


def test_a_free_part_without_a_handle_moves_along():
    speck = scenes.rectangle(2, 6, 2, 6, (201, 201))
    found = Warper(scenes.noise((201, 201))).preview(scenes.edit(MASK | speck, ((100, 100), (103, 105))))
    assert np.array_equal(found.moved, np.roll(MASK | speck, (5, 3), axis=(0, 1)) & found.moved)
    assert found.moved[7:11, 5:9].all()


# ----------------------------------------------------------------------------------------- pointer moves


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("scarce", [False, True])
def test_a_move_does_not_depend_on_those_before_it(name, scarce, monkeypatch):
    if scarce:
        monkeypatch.setattr("pliant.warp.spline._MOST_KEPT", 0)
        monkeypatch.setattr("pliant.warp.plate.KEPT_BYTES", 400_000)
    used, fresh = (DEFORMERS.get(name)(MASK, BOX) for _ in range(2))
    for pull in np.linspace(-40, 40, 9):
        used.target_of(POINTS, HANDLES, HANDLES + [pull, pull / 2])
    used.target_of(POINTS[:10], HANDLES[:2], TARGETS[:2])
    before = HANDLES.copy(), POINTS.copy()
    assert np.array_equal(used.target_of(POINTS, HANDLES, TARGETS), fresh.target_of(POINTS, HANDLES, TARGETS))
    assert np.array_equal(before[0], HANDLES)
    assert np.array_equal(before[1], POINTS)
