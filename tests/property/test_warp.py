"""What must hold for every warp: random shapes, handles, sizes, depths and deformers."""

import numpy as np
import scenes
from hypothesis import given, settings
from hypothesis import strategies as st

from pliant.errors import EditError
from pliant.types import Drag, DragRegion, Edit, Picture, RegionPair
from pliant.warp.warper import Warper

sizes = st.one_of(st.integers(1, 12), st.integers(13, 90))
depths = st.sampled_from([np.uint8, np.uint16])


FREE = ["similar", "rigid", "elastic", "spline"]


@st.composite
def pictures(draw):
    width, height = draw(sizes), draw(sizes)
    return scenes.noise((width, height), draw(st.integers(1, 4)), draw(depths), draw(st.integers(0, 99)))


@st.composite
def masks(draw, size):
    """A disc, a box, specks, a ring or everything; at least one pixel."""
    width, height = size
    kind = draw(st.sampled_from(["disc", "box", "specks", "ring", "all"]))
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    radius = draw(st.floats(0, 60))
    if kind == "all":
        return np.ones((height, width), bool)
    mask = scenes.disc(x, y, radius, size)
    if kind == "box":
        mask = scenes.rectangle(x // 2, x + 1, y // 2, y + 1, size)
    if kind == "ring":
        mask &= ~scenes.disc(x, y, radius / 2, size)
    if kind == "specks":
        mask = np.random.default_rng(x + 1000 * y).random((height, width)) < 0.3
    mask[y, x] = True
    return mask


@st.composite
def drag_regions(draw, size):
    mask = draw(masks(size))
    places = np.argwhere(mask)[:, ::-1]
    count = min(draw(st.integers(1, 5)), len(places))
    chosen = draw(st.lists(st.integers(0, len(places) - 1), min_size=count, max_size=count, unique=True))
    shift = st.floats(-120, 120, allow_nan=False)
    pinned = draw(st.booleans())
    deform = None if pinned else draw(st.sampled_from(FREE))
    drags, pins = [], []
    for index in chosen:
        x, y = places[index].tolist()
        if drags and draw(st.booleans()):
            pins.append((x, y))
        else:
            drags.append(Drag((x, y), (x + draw(shift), y + draw(shift))))
    return DragRegion(
        mask, drags, pins, "pinned" if pinned else "free", deform, draw(st.sampled_from([0, 0.1, 1]))
    )


@st.composite
def scenes_and_edits(draw):
    picture = draw(pictures())
    regions = draw(st.lists(drag_regions(picture.size), min_size=1, max_size=3))
    if draw(st.booleans()):
        regions.append(RegionPair(draw(masks(picture.size)), draw(masks(picture.size))))
    protect = draw(st.none() | masks(picture.size))
    return picture, Edit(regions, protect=protect)


@settings(max_examples=250, deadline=None)
@given(scenes_and_edits(), st.none() | st.integers(0, 9), st.none() | st.floats(1.1, 9))
def test_nothing_else_changes(scene, margin, tear):
    picture, change = scene
    try:
        found = Warper(picture).preview(change, margin=margin, tear=tear)
    except EditError as error:
        assert error.code == "target_outside_region"
        return
    untouched = ~(found.moved | found.hole)
    assert np.array_equal(found.picture.pixels[untouched], picture.pixels[untouched])
    assert np.array_equal(
        found.picture.pixels[found.hole & ~found.moved], picture.pixels[found.hole & ~found.moved]
    )
    assert np.isfinite(found.source_of).all()
    width, height = picture.size
    # A part's mesh reaches one pixel beyond it. Where the part shrinks, a pixel is a mean over its footprint,
    # which may reach into the part though its middle comes from that very border.
    assert (found.source_of >= -1).all()
    assert (found.source_of <= (width, height)).all()
    if change.protect is not None:
        assert not (found.hole | found.moved)[change.protect.selected].any()
    again = Warper(Picture(picture.pixels.copy())).preview(change, margin=margin, tear=tear)
    assert np.array_equal(again.picture.pixels, found.picture.pixels)
    assert np.array_equal(again.hole_weight, found.hole_weight)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(-40, 40), st.integers(-40, 40), st.sampled_from(FREE))
def test_whole_pixel_moves_copy_bits(data, dx, dy, deform):
    picture = data.draw(pictures())
    mask = data.draw(masks(picture.size))
    x, y = np.argwhere(mask)[0][::-1].tolist()
    found = Warper(picture).preview(scenes.edit(mask, ((x, y), (x + dx, y + dy)), deform=deform))
    width, height = picture.size
    rows, columns = np.nonzero(mask)
    there = (columns + dx >= 0) & (columns + dx < width) & (rows + dy >= 0) & (rows + dy < height)
    rows, columns = rows[there], columns[there]
    expected, moved = picture.pixels.copy(), np.zeros_like(mask)
    expected[rows + dy, columns + dx] = picture.pixels[rows, columns]
    moved[rows + dy, columns + dx] = True
    assert np.array_equal(found.moved, moved)
    assert np.array_equal(found.picture.pixels, expected)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_prepared_session_gives_what_a_new_one_gives(data):
    picture = data.draw(pictures())
    region = data.draw(drag_regions(picture.size))
    warper = Warper(picture)
    for strength in (0.2, 1.0, 0.2):
        change = Edit([DragRegion(region.region, region.drags, region.pins, "free", "rigid", strength)])
        found, fresh = warper.preview(change), Warper(picture).preview(change)
        assert np.array_equal(found.picture.pixels, fresh.picture.pixels)
        assert np.array_equal(found.hole, fresh.hole)


def test_large_odd_sizes():
    for size in ((3000, 7), (7, 3000), (2999, 1501)):
        picture = scenes.noise(size, 3)
        x, y = size[0] // 2, size[1] // 2
        mask = scenes.disc(x, y, 200, size)
        found = Warper(picture).preview(scenes.edit(mask, ((x, y), (x + 55.5, y + 3.25))))
        untouched = ~(found.moved | found.hole)
        assert np.array_equal(found.picture.pixels[untouched], picture.pixels[untouched])
