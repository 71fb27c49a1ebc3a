"""The mesh that carries a region, and the thinner one with which it is drawn."""

import numpy as np
import pytest
import scenes
from scipy.interpolate import RegularGridInterpolator

from pliant.geometry import Box
from pliant.warp.deform import DEFORMERS
from pliant.warp.mesh import Mesh, build, spacing

SIDE = 512
MASK = scenes.disc(256, 256, 200, (SIDE, SIDE))
BOX = Box.of_size((SIDE, SIDE))
TURNS = np.linspace(0, 2 * np.pi, 7, endpoint=False)
HANDLES = 256 + 120 * np.column_stack([np.cos(TURNS), np.sin(TURNS)])


@pytest.fixture(scope="module")
def meshes() -> tuple[Mesh, Mesh]:
    full = build(MASK, BOX, HANDLES)
    return full, full.thinned(HANDLES)


def test_a_thinned_mesh_has_the_lines_that_matter(meshes):
    full, thin = meshes
    for lines, kept, places in (
        (full.columns, thin.columns, HANDLES[:, 0]),
        (full.rows, thin.rows, HANDLES[:, 1]),
    ):
        assert set(kept) <= set(lines)
        assert set(places) <= set(kept)
        assert (kept[0], kept[-1]) == (lines[0], lines[-1])
        free = ~np.isin(kept, places)
        gaps = np.diff(kept)
        assert (gaps[free[1:] & free[:-1]] >= spacing(BOX) / 4 - 1e-9).all()
        assert gaps.max() <= 2 * spacing(BOX)
    assert thin.cells.sum() < 0.6 * full.cells.sum()


def test_a_thinned_mesh_covers_the_region(meshes):
    _, thin = meshes
    rows, columns = np.nonzero(MASK)
    cells = np.searchsorted(thin.rows, rows, "right") - 1, np.searchsorted(thin.columns, columns, "right") - 1
    assert thin.cells[cells].all()


@pytest.mark.parametrize(("name", "most"), [("similar", 0.5), ("rigid", 0.5), ("spline", 0.3), ("elastic", 1.5)])
def test_it_is_drawn_where_the_warp_takes_it(meshes, name, most):
    full, thin = meshes
    targets = HANDLES + [[40, -30], *[[0, 0]] * 6]
    places = full.vertices[full.used]
    exact = DEFORMERS.get(name)(MASK, BOX).target_of(places, HANDLES, targets)
    coarse = DEFORMERS.get(name)(MASK, BOX).target_of(thin.vertices.reshape(-1, 2), HANDLES, targets)
    drawn = RegularGridInterpolator((thin.rows, thin.columns), coarse.reshape(thin.vertices.shape))
    error = np.linalg.norm(drawn(places[:, ::-1]) - exact, axis=1)
    assert error.max() < most
    assert error.mean() < 0.02
