"""Plans name what there is, and baselines do what they say."""

import numpy as np
import pytest

from pliant.bench.baselines import BASELINES, NearestWarp, Nothing
from pliant.bench.contender import Contender, edge_of
from pliant.bench.exact.dataset import Exact
from pliant.bench.plans import PLANS, contenders, ready_fillers
from pliant.engines.base import ENGINES
from pliant.errors import EditError, UnknownNameError
from pliant.fill.base import FILLERS
from pliant.models.device import Runtime
from pliant.types import Drag, DragRegion, Edit, Picture, Rectangle, RegionPair
from pliant.warp import nearest
from pliant.warp.deform import DEFORMERS


@pytest.mark.parametrize("name", PLANS)
def test_plans_name_what_there_is(name):
    found = contenders(name)
    assert len({contender.name for contender in found}) == len(found) > 1
    for contender in found:
        make = BASELINES.get(contender.engine) or ENGINES.get(contender.engine)
        assert contender.options.keys() <= make.info.options.keys()
        if make.info.extra is None:
            contender.make(Runtime())


def test_every_deformer_and_free_filler_is_compared():
    names = {contender.name for contender in contenders("deformers-fillers")}
    assert names == {"no-op"} | {f"{d} + {f}" for d in DEFORMERS.names() for f in ready_fillers()}
    assert set(ready_fillers()) >= {"telea", "patchmatch", "navier-stokes"}
    assert all(FILLERS.get(name).info.extra is None for name in ready_fillers())


def test_an_unknown_plan_is_said():
    with pytest.raises(UnknownNameError, match="known: default") as caught:
        contenders("nonsense")
    assert caught.value.code == "unknown_plan"


def test_a_contender_changes_every_drag_region_and_nothing_else():
    box, pair = Rectangle(0, 0, 4, 4), RegionPair(Rectangle(0, 0, 2, 2), Rectangle(3, 3, 5, 5))
    edit = Edit([DragRegion(box, [Drag((1, 1), (2, 2))]), pair], prompt="p", seed=3)
    changed = Contender(name="x", deform="membrane", edge="pinned").edited(edit)
    assert (changed.regions[0].deform, changed.regions[0].edge) == ("membrane", "pinned")
    assert changed.regions[0].drags == edit.regions[0].drags
    assert changed.regions[1] == pair
    assert (changed.prompt, changed.seed) == ("p", 3)
    assert Contender(name="x").edited(edit) == edit


def test_the_edge_of_an_edit():
    free, pinned = (DragRegion(Rectangle(0, 0, 4, 4), [Drag((1, 1), (2, 2))], edge=e) for e in ("free", "pinned"))
    assert edge_of(Edit([free, free])) == "free"
    assert edge_of(Edit([free, pinned])) is None
    assert edge_of(Edit([RegionPair(Rectangle(0, 0, 2, 2), Rectangle(3, 3, 5, 5))])) is None
    assert Contender(name="x", takes="pinned").runs_on("pinned")
    assert not Contender(name="x", takes="pinned").runs_on("free")


def test_the_no_op_gives_the_photo_back():
    sample = Exact(1, side=64).make(1)
    with Nothing().open(sample.picture) as session:
        preview, result = session.preview(sample.edit), session.run(sample.edit, seed=5)
    assert np.array_equal(result.picture.pixels, sample.picture.pixels)
    assert np.array_equal(preview.source_of[7, 9], [9, 7])
    assert not preview.hole.any()
    assert result.seed == 5


@pytest.mark.parametrize(("variant", "published"), [("released", True), ("paper", False)])
def test_the_papers_warp_is_that_of_the_warp_module(variant, published):
    sample = Exact(3, side=96, seed=2).make(1)
    region = sample.edit.regions[0]
    handles = np.array([drag.handle for drag in region.drags] + list(region.pins))
    targets = np.array([drag.target for drag in region.drags] + list(region.pins))
    expected = nearest.warp(region.region.selected, handles, targets, published=published)
    preview = NearestWarp(variant=variant).open(sample.picture).preview(sample.edit)
    columns, rows = expected.targets.T
    assert np.array_equal(preview.source_of[rows, columns], expected.sources)
    assert np.array_equal(preview.hole, expected.hole)
    result = NearestWarp(variant=variant).open(sample.picture).run(sample.edit).picture.pixels
    kept = ~expected.hole
    assert np.array_equal(result[kept], preview.picture.pixels[kept])
    assert (result[expected.hole] != preview.picture.pixels[expected.hole]).any()


def test_forward_warping_leaves_gaps_where_it_stretches():
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    drags = [Drag((20, 30), (14, 30)), Drag((40, 30), (60, 30))]
    edit = Edit([DragRegion(Rectangle(15, 20, 46, 41), drags)])
    preview = NearestWarp(variant="forward").open(Picture(pixels)).preview(edit)
    moved, hole = preview.moved, preview.hole
    assert hole[30, 14:60].any()  # between its pixels, which are further apart than one
    assert not (moved & hole).any()
    sources = preview.source_of[moved]
    assert (pixels[sources[:, 1].astype(int), sources[:, 0].astype(int)] == preview.picture.pixels[moved]).all()


def test_the_papers_warp_says_what_it_cannot_do():
    picture = Picture(np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(UnknownNameError, match="released, paper, forward"):
        NearestWarp(variant="nonsense")
    pair = Edit([RegionPair(Rectangle(0, 0, 4, 4), Rectangle(8, 8, 12, 12))])
    with pytest.raises(EditError, match="region pair"):
        NearestWarp().open(picture).preview(pair)
