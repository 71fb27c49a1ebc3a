"""*Exact*: what it states as the truth is true of its pictures."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from pliant.bench.exact.dataset import Exact
from pliant.bench.exact.moves import Affine, Bend
from pliant.bench.exact.pack import Pack
from pliant.bench.exact.scene import KINDS, draw
from pliant.bench.sample import DataError
from pliant.warp.warper import Warper

MOVES = {
    "shift": Affine.about((3, 4), shift=(5.5, -2)),
    "turn": Affine.about((10, 20), turn=0.7),
    "scale": Affine.about((10, 20), scale=1.3),
    "bend": Bend(np.array([20.0, 60.0]), np.array([0.0, -1.0]), np.array([1.0, 0.0]), 40.0),
}


@pytest.fixture(scope="module")
def samples():
    """Each kind with both edges, and a few more."""
    return [ref.load() for ref in Exact(36, seed=5, side=160).samples]


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_motions_are_inverted_exactly(move):
    points = np.random.default_rng(0).uniform((0, 0), (40, 100), (500, 2))
    assert np.allclose(move.source_of(move.target_of(points)), points, atol=1e-9)


def test_closed_forms():
    assert np.allclose(MOVES["turn"].target_of(np.array([[10.0, 20.0]])), [[10, 20]])
    quarter = Affine.about((1, 1), turn=np.pi / 2, scale=2)
    assert np.allclose(quarter.target_of(np.array([[2.0, 1.0]])), [[1, 3]])
    bend = MOVES["bend"]
    # On the axis: half pi times the radius up is a quarter of the circle; below the foot nothing moves.
    top = bend.foot + bend.up * bend.radius * np.pi / 2
    assert np.allclose(bend.target_of(top[None]), [[20 + 40, 60 - 40]])
    assert np.array_equal(bend.target_of(np.array([[25.0, 70.0]])), [[25, 70]])


def test_a_bend_keeps_lengths_on_its_axis():
    bend = MOVES["bend"]
    axis = bend.foot + np.linspace(-20, 60, 400)[:, None] * bend.up
    steps = np.linalg.norm(np.diff(bend.target_of(axis), axis=0), axis=1)
    assert np.allclose(steps, 80 / 399, rtol=1e-3)


def test_warping_before_by_the_truth_gives_after(samples):
    for sample in samples:
        motion = sample.motion
        x, y = np.moveaxis(np.nan_to_num(motion.source_of, nan=-1), -1, 0)
        warped = cv2.remap(sample.picture.pixels, x, y, cv2.INTER_CUBIC).astype(float)
        # Where the outline's mixed pixels do not reach: both pictures are resampled, so levels differ a little.
        inner = cv2.erode(motion.visible.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        off = np.abs(warped - sample.truth.pixels).mean(axis=2)[inner]
        unmoved = np.abs(sample.picture.pixels.astype(float) - sample.truth.pixels).mean(axis=2)[inner]
        assert off.mean() < 6, sample.name
        assert off.mean() < 0.5 * unmoved.mean(), sample.name


def test_nothing_outside_changes(samples):
    for sample in samples:
        changed = (sample.picture.pixels != sample.truth.pixels).any(axis=2)
        assert not (changed & ~sample.editable).any(), sample.name


def test_what_was_uncovered_was_hidden(samples):
    assert sum(sample.uncovered.any() for sample in samples) > 0.8 * len(samples)
    for sample in samples:
        assert not (sample.uncovered & sample.motion.visible).any()
        assert np.isfinite(sample.motion.source_of[sample.motion.visible]).all()


def test_every_handle_says_the_truth(samples):
    for sample in samples:
        drags, pins = sample.drags, sample.edit.regions[0].pins
        handles = np.array([drag.handle for drag in drags] + list(pins))
        targets = np.array([drag.target for drag in drags] + list(pins))
        columns, rows = np.rint(targets).astype(int).T
        assert sample.motion.visible[rows, columns].all(), sample.name
        fields = np.moveaxis(sample.motion.source_of, -1, 0)
        source = np.stack([map_coordinates(field, targets.T[::-1], order=1) for field in fields], axis=1)
        known = np.isfinite(source).all(axis=1)
        assert known.any()
        assert np.abs(source - handles)[known].max() < 0.2, sample.name


def test_the_edits_can_be_applied(samples):
    for sample in samples:
        preview = Warper(sample.picture).preview(sample.edit)
        assert preview.moved.any()
        assert not sample.edit.protect or not (preview.moved & sample.edit.protect.selected).any()


def test_kinds_and_edges_take_turns():
    categories = [Exact(18, side=64).make(i).category for i in range(18)]
    assert categories[:6] == [f"{kind} free" for kind in KINDS]
    assert categories[12:] == [f"{kind} pinned" for kind in KINDS]


def test_a_sample_depends_on_seed_and_index_alone():
    first = Exact(3, seed=9, side=96).samples[2].load()
    again = Exact(300, seed=9, side=96).make(2)
    other = Exact(300, seed=10, side=96).make(2)
    assert first.name == again.name
    assert np.array_equal(first.picture.pixels, again.picture.pixels)
    assert np.array_equal(first.truth.pixels, again.truth.pixels)
    assert first.edit == again.edit
    assert not np.array_equal(first.picture.pixels, other.picture.pixels)


class NotingPack(Pack):
    """Notes what is taken from it."""

    def __init__(self):
        super().__init__()
        self.backgrounds_taken, self.photos_cut = [], []

    def background(self, name):
        self.backgrounds_taken.append(name)
        return super().background(name)

    def cutout(self, name):
        self.photos_cut.append(self.cutouts[name])
        return super().cutout(name)


def test_no_cut_out_lies_on_the_photo_it_was_cut_from():
    taken = cut = 0
    for index in range(60):
        pack = NotingPack()
        draw(3, index, 64, pack)
        assert not set(pack.backgrounds_taken) & set(pack.photos_cut)
        taken, cut = taken + len(pack.backgrounds_taken), cut + len(pack.photos_cut)
    assert taken > 30
    assert cut > 30


@pytest.mark.parametrize("bad", [{"count": 0}, {"side": 63}, {"side": 1025}, {"seed": -1}])
def test_numbers_out_of_range_are_refused(bad):
    with pytest.raises(DataError, match="accepted is") as caught:
        Exact(**bad)
    assert caught.value.code == "invalid_option"


def test_the_pack_is_small_and_whole():
    pack = Pack()
    for name in pack.backgrounds:
        assert pack.background(name).shape[2] == 3
    for name in pack.cutouts:
        cutout = pack.cutout(name)
        assert cutout.shape[2] == 4
        assert 0 <= cutout[..., 3].min() < 0.01
        assert cutout[..., 3].max() == 1
    assert sum(len(path.read_bytes()) for path in pack._folder.iterdir()) < 5e6
