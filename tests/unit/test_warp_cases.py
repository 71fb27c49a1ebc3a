"""The numbered cases 8, 17 and 18 of the method sheet that concern pixels."""

import numpy as np
import pytest
import scenes

from pliant.layer import paint
from pliant.types import Drag, DragRegion, Edit
from pliant.warp.nearest import warp
from pliant.warp.warper import Warper

RECTANGLE = scenes.rectangle(100, 200, 100, 180)
MOVES = [((110, 140), (110, 140)), ((190, 140), (250, 140))]


def preview(mask, *drags, picture=None, **options):
    return Warper(picture or scenes.noise()).preview(scenes.edit(mask, *drags, **options))


# ------------------------------------------------------------------------------------- 17, as published


def test_17_published_translation():
    found = warp(RECTANGLE, np.array([[150.0, 140]]), np.array([[210.0, 170]]))
    assert len(found.targets) == 8000
    assert len(np.unique(found.targets, axis=0)) == 8000
    assert np.unique(found.targets - found.sources, axis=0).tolist() == [[60, 30]]
    assert found.hole.sum() == 8738


def test_17_published_out_of_frame():
    found = warp(RECTANGLE, np.array([[150.0, 140]]), np.array([[150.0, -30]]))
    assert len(found.targets) == 1000
    assert sorted(set(found.targets[:, 1].tolist())) == list(range(10))
    assert np.unique(found.targets - found.sources, axis=0).tolist() == [[0, -170]]


@pytest.mark.parametrize("mask", [scenes.disc(150, 150, 60), scenes.triangle(), scenes.l_shape()])
def test_17_published_shapes(mask):
    handle = np.argwhere(mask)[len(np.argwhere(mask)) // 2][::-1].astype(float)
    found = warp(mask, handle[None], handle[None] + (40, 25))
    moved = np.zeros_like(mask)
    moved[found.targets[:, 1], found.targets[:, 0]] = True
    assert np.array_equal(moved, np.roll(mask, (25, 40), axis=(0, 1)))


def test_17_published_swap():
    a, b = scenes.rectangle(50, 100, 50, 100), scenes.rectangle(200, 250, 50, 100)
    found = warp(a | b, np.array([[75.0, 75], [225, 75]]), np.array([[225.0, 75], [75, 75]]))
    assert len(np.unique(found.targets, axis=0)) == len(found.targets) == 5000


# ------------------------------------------------------------------------------------------ 17, by ours


@pytest.mark.parametrize("deform", ["similar", "elastic", "rigid", "spline"])
@pytest.mark.parametrize(
    "mask", [RECTANGLE, scenes.disc(150, 150, 60), scenes.triangle(), scenes.l_shape(), scenes.line()]
)
def test_17_translation_is_exact(mask, deform):
    picture = scenes.noise()
    handle = tuple(np.argwhere(mask)[len(np.argwhere(mask)) // 2][::-1].tolist())
    found = preview(mask, (handle, (handle[0] + 60, handle[1] + 30)), picture=picture, deform=deform)
    shifted = np.roll(mask, (30, 60), axis=(0, 1))
    assert np.array_equal(found.moved, shifted)
    expected = picture.pixels.copy()
    expected[shifted] = np.roll(picture.pixels, (30, 60), axis=(0, 1))[shifted]
    assert np.array_equal(found.picture.pixels, expected)
    assert np.array_equal(found.hole & mask, mask & ~shifted)


def test_17_partly_out_of_frame():
    found = preview(RECTANGLE, ((150, 140), (150, -30)))
    assert found.moved.sum() == 1000
    assert found.moved[:10, 100:200].all()


def test_17_swap():
    a, b = scenes.rectangle(50, 100, 50, 100), scenes.rectangle(200, 250, 50, 100)
    picture = scenes.noise()
    both = [DragRegion(a, [Drag((75, 75), (225, 75))]), DragRegion(b, [Drag((225, 75), (75, 75))])]
    for change in (Edit(both), scenes.edit(a | b, ((75, 75), (225, 75)), ((225, 75), (75, 75)))):
        found = Warper(picture).preview(change)
        assert np.array_equal(found.moved, a | b)
        assert not found.hole.any()
        assert np.array_equal(found.picture.pixels[50:100, 200:250], picture.pixels[50:100, 50:100])
        assert np.array_equal(found.picture.pixels[50:100, 50:100], picture.pixels[50:100, 200:250])


# --------------------------------------------------------------------------------------- 18, better ones


@pytest.mark.parametrize("deform", ["similar", "elastic", "rigid", "spline", "membrane"])
def test_18a_identity_changes_nothing(deform):
    picture = scenes.noise()
    edge = "pinned" if deform == "membrane" else "free"
    drags = [((150, 140), (150, 140)), ((120.5, 130.25), (120.5, 130.25)), ((180, 120), (180, 120))]
    found = preview(RECTANGLE, *drags, picture=picture, deform=deform, edge=edge)
    assert not found.hole.any()
    assert np.array_equal(found.picture.pixels, picture.pixels)
    assert found.warnings == ("Every drag ends where it starts: nothing moves.",)


@pytest.mark.parametrize("deform", ["similar", "elastic", "rigid", "spline"])
def test_18b_pin_and_drag(deform):
    found = preview(RECTANGLE, *MOVES, deform=deform)
    assert found.moved[140, 250]
    assert np.abs(found.source_of[140, 250] - (190, 140)).max() < 0.1
    assert np.abs(found.source_of[140, 110] - (110, 140)).max() < 0.1


@pytest.mark.parametrize("deform", ["similar", "elastic", "rigid", "spline"])
def test_18c_bent_edge_reaches_its_target(deform):
    corners = [(101, 101), (198, 101), (101, 178), (198, 178)]
    found = preview(RECTANGLE, ((150, 102), (150, 62)), pins=corners, deform=deform)
    assert found.moved[62, 150]
    assert np.abs(found.source_of[62, 150] - (150, 102)).max() < 0.1


@pytest.mark.parametrize("deform", ["similar", "rigid", "spline"])
def test_18d_rotation(deform):
    mask, centre, turn = scenes.rectangle(100, 200, 100, 180), np.array([149.5, 139.5]), np.deg2rad(30)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = np.array([(101, 101), (198, 101), (198, 178), (101, 178)], float)
    turned = (corners - centre) @ rotation.T + centre
    found = preview(mask, *zip(corners.tolist(), turned.tolist(), strict=True), deform=deform)
    rows, columns = np.nonzero(found.moved)
    expected = (np.column_stack([columns, rows]) - centre) @ rotation + centre
    error = np.linalg.norm(found.source_of[rows, columns] - expected, axis=1)
    assert error.mean() < 0.05
    assert abs(int(found.moved.sum()) - 8000) < 400


def test_18e_stretch():
    grid = [(x, y) for x in np.linspace(102, 197, 5) for y in np.linspace(102, 177, 5)]
    found = preview(RECTANGLE, *[((x, y), (2 * x - 100, y)) for x, y in grid], deform="spline")
    rows, columns = np.nonzero(found.moved)
    expected = np.column_stack([(columns + 100) / 2, rows])
    error = np.linalg.norm(found.source_of[rows, columns] - expected, axis=1)
    assert error.max() < 0.1


@pytest.mark.parametrize("deform", ["similar", "elastic", "rigid", "spline", "membrane"])
def test_18f_inverse_agrees_with_the_field(deform):
    mask = scenes.disc(256, 256, 150)
    drags = [((200, 256), (190, 230)), ((310, 250), (345, 270)), ((256, 300), (256, 320))]
    change = scenes.edit(mask, *drags, deform=deform, edge="pinned" if deform == "membrane" else "free")
    warper = Warper(scenes.noise())
    found = warper.preview(change)
    assert not found.warnings
    ((region, (part,)),) = warper.parts(change)
    rows, columns = np.nonzero(found.moved)
    targets = np.array([drag.target for drag in region.drags])
    back = part.deformer.target_of(found.source_of[rows, columns].astype(float), part.handles, targets)
    error = np.linalg.norm(back - np.column_stack([columns, rows]), axis=1)
    assert error.mean() < 0.05
    assert np.quantile(error, 0.999) < 0.3


def test_18g_hole_of_a_ring_stays():
    picture = scenes.noise()
    found = preview(scenes.ring(), ((120, 120), (180, 130)), picture=picture)
    assert not found.moved[150:170, 200:220].any()
    assert np.array_equal(found.moved, np.roll(scenes.ring(), (10, 60), axis=(0, 1)))


@pytest.mark.parametrize("deform", ["similar", "elastic", "rigid", "spline"])
def test_18h_no_sample_from_outside(deform):
    pixels = np.zeros((512, 512, 3), np.uint8)
    pixels[RECTANGLE] = 200
    flare = [((150, 102), (150, 62)), ((102, 170), (60, 200)), ((197, 170), (240, 200))]
    found = preview(RECTANGLE, *flare, picture=scenes.Picture(pixels), deform=deform)
    (layer,) = found.layers
    assert (layer.pixels[layer.coverage > 0] == 200).all()
    columns, rows = np.rint(found.source_of[found.moved]).astype(int).T
    near = np.pad(RECTANGLE, 1)
    assert all(near[1 + rows + dy, 1 + columns + dx].any() for dy in (-1, 0, 1) for dx in (-1, 0, 1))


def test_18i_ramp_comes_back():
    columns = np.broadcast_to(np.arange(512), (512, 512))
    picture = scenes.Picture((columns * 100).astype(np.uint16))
    found = preview(scenes.disc(256, 256, 150), ((256, 256), (266.37, 250.81)), picture=picture)
    inside = scenes.disc(266, 251, 148)
    error = found.picture.pixels[inside][:, 0] - 100 * (columns - 10.37)[inside]
    assert np.abs(error).max() < 1  # of 65,535; half a level of 255 is 128


def test_18j_out_of_frame_leaves_its_place():
    found = preview(RECTANGLE, ((150, 140), (150, -200)))
    assert not found.moved.any()
    assert found.hole[RECTANGLE].all()
    assert "Everything that moves leaves the picture." in found.warnings


def test_8_sub_pixel_move_is_kept():
    found = preview(RECTANGLE, ((150, 140), (200.25, 180.75)))
    inside = scenes.rectangle(152, 248, 142, 218)
    offset = found.source_of - np.stack(np.meshgrid(np.arange(512), np.arange(512)), axis=-1)
    assert np.allclose(offset[inside], (-50.25, -40.75), atol=1e-3)


def test_painting_the_layers_is_the_preview():
    found = preview(RECTANGLE, *MOVES, deform="elastic")
    pixels = found.source.pixels.copy()
    paint(pixels, found.layers)
    assert np.array_equal(pixels, found.picture.pixels)
