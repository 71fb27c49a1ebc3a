"""Data sets in their published layouts, made here; whole and broken ones, and those of the assets."""

import json
import pickle

import numpy as np
import pytest

from pliant import document, imageio
from pliant.bench.datasets import check, convert, open_data, show
from pliant.bench.datasets.dense import region_pairs
from pliant.bench.sample import DataError
from pliant.geometry import Size
from pliant.types import Drag, Everything, Picture, RegionPair

SIZE = Size(64, 48)
POINTS = [[20, 20], [30, 22], (25, 24), (35, 24)]
DRAGS = (Drag((20, 20), (30, 22)), Drag((25, 24), (35, 24)))


def rectangle(x0, y0, x1, y1, value=1, dtype=np.uint8):
    mask = np.zeros((SIZE.height, SIZE.width), dtype)
    mask[y0:y1, x0:x1] = value
    return mask


EDITABLE = rectangle(10, 10, 50, 40)
THING = rectangle(15, 15, 28, 28)


def put_picture(path, size=SIZE, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    imageio.save(Picture(pixels), path)


def put_mask(path, mask):
    imageio.save(Picture((mask > 0).astype(np.uint8) * 255), path)


def put_pickle(path, protocol=4, **record):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(record, protocol))


def put_dragbench(folder, **record):
    put_picture(folder / "original_image.png")
    put_picture(folder / "user_drag.png")
    put_pickle(folder / "meta_data.pkl", **({"prompt": "a cat", "points": POINTS, "mask": EDITABLE} | record))


def put_sde(folder):
    put_picture(folder / "origin_image.png")
    put_mask(folder / "mask.png", EDITABLE)
    facts = {"source": [[20, 20], [25, 24]], "target": [[30, 22], [35, 24]], "prompt": "a cat"}
    (folder / "prompt.json").write_text(json.dumps(facts))


def put_video(folder):
    put_picture(folder / "input.png")
    put_picture(folder / "gt.png", seed=1)
    put_mask(folder / "mask.png", EDITABLE)
    (folder / "points.json").write_text(json.dumps({"points": POINTS}))
    (folder / "prompt.json").write_text(json.dumps({"prompt": "a cat"}))


def only(root, layout=""):
    dataset = open_data(f"{layout}:{root}" if layout else root)
    assert len(dataset.samples) == 1
    return dataset, dataset.samples[0].load()


def assert_editable_area(sample, drags=DRAGS):
    (region,) = sample.edit.regions
    assert region.edge == "pinned"
    assert region.drags == drags
    np.testing.assert_array_equal(region.region.selected, EDITABLE > 0)
    np.testing.assert_array_equal(sample.editable, EDITABLE > 0)
    assert tuple(sample.drags) == drags
    assert sample.edit.size == sample.picture.size == SIZE


# ---------------------------------------------------------------------------------------------- the layouts


@pytest.mark.parametrize("above", ["", "drag_bench_data", "DragBench/drag_bench_data"])
def test_dragbench_d(tmp_path, above):
    put_dragbench(tmp_path / above / "animals" / "JH_2023-09-14-1820-16")
    (tmp_path / ".DS_Store").write_bytes(b"")
    put_picture(tmp_path / "__MACOSX" / "original_image.png")
    dataset, sample = only(tmp_path)
    assert dataset.name == "DragBench-D"
    assert "pinned" in dataset.notes[0]
    assert sample.name.endswith("animals__JH_2023-09-14-1820-16")
    assert sample.category == "animals"
    assert sample.prompt == sample.edit.prompt == "a cat"
    assert sample.truth is None
    assert_editable_area(sample)


def test_dragbench_s_converted_has_no_categories(tmp_path):
    put_dragbench(tmp_path / "art_0")
    dataset, sample = only(tmp_path)
    assert dataset.name == "DragBench-S"
    assert sample.category == ""
    assert_editable_area(sample)


def test_a_mask_that_was_never_painted_makes_everything_editable(tmp_path):
    put_dragbench(tmp_path / "a", mask=np.zeros((SIZE.height, SIZE.width), np.float32))
    _, sample = only(tmp_path)
    assert sample.edit.regions[0].region == Everything()
    assert sample.editable is None


@pytest.mark.parametrize(
    "points", [np.array(POINTS), [np.array(p) for p in POINTS], [tuple(map(np.int64, p)) for p in POINTS]]
)
@pytest.mark.parametrize("protocol", [2, 5])
def test_points_may_be_arrays_and_numpy_numbers(tmp_path, points, protocol):
    put_dragbench(tmp_path / "a")
    put_pickle(tmp_path / "a" / "meta_data.pkl", protocol, prompt="", points=points, mask=EDITABLE)
    assert_editable_area(only(tmp_path)[1])


def test_a_last_point_without_a_partner_is_left_out(tmp_path):
    put_dragbench(tmp_path / "a", points=[*POINTS, [1, 1]])
    dataset, sample = only(tmp_path)
    assert_editable_area(sample)
    assert "without a partner" in " ".join(dataset.notes)


def test_sde_drag(tmp_path):
    put_sde(tmp_path / "DragBench" / "art_0")
    dataset, sample = only(tmp_path)
    assert dataset.name == "DragBench-S"
    assert sample.prompt == "a cat"
    assert_editable_area(sample)


def test_video_frames_have_a_truth(tmp_path):
    put_video(tmp_path / "Deer_0")
    dataset, sample = only(tmp_path)
    assert dataset.name == "VFD-Bench"
    assert sample.truth.size == SIZE
    assert sample.prompt == "a cat"
    assert_editable_area(sample)


def test_inpaint4drag_moves_its_own_regions_and_is_measured_at_dragbenchs_points(tmp_path):
    folder = tmp_path / "dragbench-dr" / "animals" / "x"
    put_dragbench(folder)
    put_pickle(folder / "meta_data_i4p.pkl", points=[[20, 20], [40, 20]], mask=THING)
    dataset, sample = only(tmp_path)
    assert "Inpaint4Drag" in dataset.name
    assert "free" in dataset.notes[0]
    (region,) = sample.edit.regions
    assert region.edge == "free"
    assert region.drags == (Drag((20, 20), (40, 20)),)
    np.testing.assert_array_equal(region.region.selected, THING > 0)
    assert tuple(sample.drags) == DRAGS
    assert sample.prompt == "a cat"
    assert sample.editable is None


def dense_points(mask, dx, dy, step=1):
    rows, columns = np.nonzero(mask[::step, ::step])
    pairs = [[(x * step, y * step), (x * step + dx, y * step + dy)] for x, y in zip(columns, rows, strict=True)]
    return [point for pair in pairs for point in pair]


@pytest.mark.parametrize("category", ["animals/", ""])
def test_regiondrag(tmp_path, category):
    folder = tmp_path / "drag_data" / "dragbench-dr" / f"{category}x"
    put_dragbench(folder)
    put_pickle(folder / "meta_data_region.pkl", prompt="a cat", points=dense_points(THING, 9, 3), mask=EDITABLE)
    dataset, sample = only(tmp_path)
    assert dataset.name == ("DragBench-DR" if category else "DragBench-SR")
    (pair,) = sample.edit.regions
    assert isinstance(pair, RegionPair)
    np.testing.assert_array_equal(pair.source.selected, THING > 0)
    np.testing.assert_array_equal(pair.target.selected, np.roll(THING > 0, (3, 9), (0, 1)))
    np.testing.assert_array_equal(sample.edit.protect.selected, EDITABLE == 0)
    assert tuple(sample.drags) == DRAGS


def test_cells_of_eight_pixels_become_whole_squares():
    thing = rectangle(8, 16, 24, 32)
    (pair,) = region_pairs(dense_points(thing, 16, 8, step=8), SIZE)
    np.testing.assert_array_equal(pair.source.selected, thing > 0)
    np.testing.assert_array_equal(pair.target.selected, np.roll(thing > 0, (8, 16), (0, 1)))


def test_regions_apart_are_pairs_apart_whatever_the_order_and_the_repeats():
    left, right = rectangle(2, 3, 9, 9), rectangle(30, 30, 41, 37)
    points = dense_points(left, 5, 20) + dense_points(right, 9, 1)
    pairs = region_pairs(points, SIZE)
    assert len(pairs) == 2
    shuffled = np.array(points).reshape(-1, 4)[np.random.default_rng(0).permutation(len(points) // 2)]
    again = region_pairs([*shuffled.reshape(-1, 2).tolist(), *points[:10]], SIZE)
    sources = [[pair.source.selected.sum() for pair in found] for found in (pairs, again)]
    assert sources[0] == sources[1] == [left.sum(), right.sum()]


def test_pairs_off_the_picture_add_nothing():
    points = [(1, 1), (3, 3), (-4, 1), (3, 3), (1, 1), (64, 3)]
    (pair,) = region_pairs(points, SIZE)
    assert pair.source.selected.sum() == pair.target.selected.sum() == 1
    with pytest.raises(DataError, match="None of its pairs"):
        region_pairs(points[2:], SIZE)


def test_a_plain_folder_of_documents(tmp_path):
    put_video(tmp_path / "from" / "x.y")
    sample = only(tmp_path / "from")[1]
    plain = tmp_path / "mine"
    plain.mkdir()
    imageio.save(sample.picture, plain / "cat.png")
    document.save(sample.edit, plain / "cat.json")
    dataset, read = only(plain)
    assert dataset.name == "mine"
    assert (read.name, read.truth, read.editable, read.prompt) == ("cat", None, None, "a cat")
    assert read.edit == sample.edit
    assert tuple(read.drags) == DRAGS


# -------------------------------------------------------------------------- which layout; what is broken


def test_annotations_side_by_side_have_to_be_told_apart(tmp_path):
    put_dragbench(tmp_path / "x")
    put_pickle(tmp_path / "x" / "meta_data_region.pkl", prompt="", points=dense_points(THING, 9, 3), mask=EDITABLE)
    put_pickle(tmp_path / "x" / "meta_data_i4p.pkl", points=POINTS, mask=THING)
    with pytest.raises(DataError, match="inpaint4drag, regiondrag") as caught:
        open_data(tmp_path)
    assert caught.value.code == "ambiguous_layout"
    assert only(tmp_path, "inpaint4drag")[1].edit.regions[0].edge == "free"
    assert isinstance(only(tmp_path, "regiondrag")[1].edit.regions[0], RegionPair)
    assert_editable_area(only(tmp_path, "dragbench")[1])


@pytest.mark.parametrize(
    ("make", "code"), [(lambda p: p / "gone", "missing_data"), (lambda p: p, "unknown_layout")]
)
def test_what_is_no_data_set(tmp_path, make, code):
    put_picture(tmp_path / "a.png")
    with pytest.raises(DataError) as caught:
        open_data(make(tmp_path))
    assert caught.value.code == code


BROKEN = {
    "no-points": (lambda f: put_dragbench(f, points=[]), "no pair of points"),
    "flat-points": (lambda f: put_dragbench(f, points=[1, 2, 3, 4]), r"a point is \[x, y\]"),
    "nested-points": (lambda f: put_dragbench(f, points=[[[1, 2], 3], [4, 5]]), r"a point is \[x, y\]"),
    "nan": (lambda f: put_dragbench(f, points=[[1, float("nan")], [4, 5]]), "finite"),
    "mask-size": (lambda f: put_dragbench(f, mask=EDITABLE[:-1]), r"\(47, 64\)"),
    "mask-list": (lambda f: put_dragbench(f, mask=[[1, 0]]), "no array"),
    "prompt": (lambda f: put_dragbench(f, prompt=7), "must be a text"),
    "not-a-dict": (
        lambda f: (put_dragbench(f), (f / "meta_data.pkl").write_bytes(pickle.dumps([1]))),
        "holds list",
    ),
    "unsafe": (lambda f: (put_dragbench(f), (f / "meta_data.pkl").write_bytes(pickle.dumps(print))), "not data"),
    "cut-off": (lambda f: (put_dragbench(f), (f / "meta_data.pkl").write_bytes(b"\x80\x04")), "damaged"),
    "no-pickle": (lambda f: (put_dragbench(f), (f / "meta_data.pkl").unlink()), "lacks meta_data.pkl"),
    "picture": (
        lambda f: (put_dragbench(f), (f / "original_image.png").write_bytes(b"\x89PNG")),
        "original_image",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_sample_is_reported_and_the_others_are_read(tmp_path, name):
    make, message = BROKEN[name]
    put_dragbench(tmp_path / "animals" / "a")
    make(tmp_path / "animals" / "b")
    put_dragbench(tmp_path / "animals" / "c")
    dataset = open_data(tmp_path)
    assert [ref.name for ref in dataset.samples] == ["animals__a", "animals__b", "animals__c"]
    found = check(dataset)
    assert found.whole == 2
    assert found.drags == 4
    ((broken, reason),) = found.broken
    assert broken == "animals__b"
    assert str(tmp_path / "animals" / "b") in reason
    with pytest.raises(DataError, match=message):
        dataset.samples[1].load()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("prompt.json", "{", "is not JSON"),
        ("prompt.json", "[1]", "holds list"),
        ("prompt.json", '{"source": [[1, 2]], "target": []}', "1 sources and 0 targets"),
        ("prompt.json", '{"source": [[1, 2]]}', "no 'target'"),
    ],
)
def test_broken_json(tmp_path, file, text, message):
    put_sde(tmp_path / "a")
    (tmp_path / "a" / file).write_text(text)
    with pytest.raises(DataError, match=message):
        only(tmp_path)


def test_pictures_of_different_sizes(tmp_path):
    put_video(tmp_path / "a")
    put_picture(tmp_path / "a" / "gt.png", (32, 32))
    with pytest.raises(DataError, match="gt.png is 32x32"):
        only(tmp_path)
    put_mask(tmp_path / "a" / "mask.png", EDITABLE[:10])
    with pytest.raises(DataError, match="mask.png is 64x10|gt.png"):
        only(tmp_path)


def test_what_may_surprise_an_engine_is_said(tmp_path):
    put_dragbench(tmp_path / "a", points=[[1, 1], [20, 20], [20, 20], [63, 47], [20, 20], [-5, 99]])
    put_pickle(tmp_path / "a" / "meta_data_i4p.pkl", points=[[20, 20], [60, 20]], mask=THING)
    remarks = [remark for _, remark in check(open_data(f"dragbench:{tmp_path}")).odd]
    assert remarks == [
        "1 of 3 handles lie outside the region",
        "2 of 3 targets lie outside the region, whose border is pinned",
    ]
    assert check(open_data(f"inpaint4drag:{tmp_path}")).odd == []


# -------------------------------------------------------------------------------------- converted, shown


@pytest.mark.parametrize("kind", ["video", "regiondrag", "inpaint4drag"])
def test_conversion_keeps_everything_that_is_measured(tmp_path, kind):
    folder = tmp_path / "from" / "animals" / "x"
    if kind == "video":
        put_video(folder)
    else:
        put_dragbench(folder)
        name, points = ("region", dense_points(THING, 9, 3)) if kind == "regiondrag" else ("i4p", POINTS[:2])
        put_pickle(folder / f"meta_data_{name}.pkl", prompt="other", points=points, mask=THING)
    put_picture(
        tmp_path / "from" / "animals" / "broken" / ("input.png" if kind == "video" else "original_image.png")
    )
    before, to = open_data(tmp_path / "from"), tmp_path / "to"
    broken = convert(before, to)
    assert [name for name, _ in broken] == ["animals__broken"]
    after = open_data(to)
    assert (after.name, tuple(after.notes)) == (before.name, tuple(before.notes))
    ((old,), (new,)) = (
        [ref.load() for ref in data.samples if "broken" not in ref.name] for data in (before, after)
    )
    np.testing.assert_array_equal(new.picture.pixels, old.picture.pixels)
    assert new.edit == old.edit
    assert tuple(new.drags) == tuple(old.drags)
    assert (new.name, new.prompt, new.category) == (old.name, old.prompt, old.category)
    assert (new.truth is None) == (old.truth is None)
    np.testing.assert_array_equal(new.editable, old.editable)
    with pytest.raises(DataError, match="not empty"):
        convert(before, to)


def test_facts_that_are_none(tmp_path):
    put_video(tmp_path / "from" / "x")
    convert(open_data(tmp_path / "from"), tmp_path / "to")
    (tmp_path / "to" / "dataset.json").write_text('{"version": 2}')
    with pytest.raises(DataError, match="version"):
        _ = open_data(tmp_path / "to").name


def test_a_sample_is_shown_with_its_truth_beside_it(tmp_path):
    put_video(tmp_path / "x")
    sample = only(tmp_path)[1]
    pixels = show(sample).pixels
    assert pixels.shape == (SIZE.height, 2 * SIZE.width + 8, 3)
    np.testing.assert_array_equal(pixels[:, -SIZE.width :], sample.truth.pixels)
    changed = (pixels[:, : SIZE.width] != sample.picture.pixels).any(axis=2)
    assert changed[20, 20]
    assert changed[10, 10:50].all()
    assert not changed[:5].any()


def test_the_samples_of_the_assets(assets):
    video, rendered = open_data(assets / "vfd"), open_data(assets / "dragbench")
    for dataset, count, truths in ((video, 6, 6), (rendered, 20, 0)):
        found = check(dataset)
        assert (found.whole, found.with_truth, found.broken, found.odd) == (count, truths, [], [])
    assert {ref.load().category for ref in rendered.samples} >= {"animals", "human_head"}
