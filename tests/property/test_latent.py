"""What must hold of levels, inversion and cells, whatever the numbers."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from latent_cases import moves, pair, shift, task_of

from pliant.engines.latent.cells import cell_pairs
from pliant.engines.latent.inversion import invert_sde, sde_step
from pliant.engines.latent.schedule import Levels, Schedule, count_until
from pliant.types import Edit, RegionPair

SCHEDULE = Schedule.of({"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"})
SIZE = (104, 88)


@given(steps=st.integers(2, 500), t_start=st.integers(1, 999), weight=st.floats(-2, 2))
@settings(max_examples=40, deadline=None)
def test_every_number_of_steps_leads_back(steps, t_start, weight):
    count = count_until(t_start, steps)
    if not 1 <= count <= 80:
        return
    levels = Levels.leading(steps, count)
    assert 0 <= levels.up[0] < levels.top < 1000
    start = torch.linspace(-2, 2, 16, dtype=torch.float64).view(1, 4, 2, 2)

    def network(latents, level, step):
        return torch.sin(weight * latents.flip(1)) + level / 1000

    up = invert_sde(start, SCHEDULE, levels, network, torch.Generator().manual_seed(1), lambda done: None)
    latents = up.top
    for index, (level, below) in enumerate(levels.down):
        step = count - 1 - index
        latents = sde_step(
            latents, network(latents, level, step), up.noises[step], SCHEDULE.alpha(below), SCHEDULE.alpha(level)
        )
    assert (latents - start).abs().max() < 1e-12


@st.composite
def boxes(draw, least=1):
    x0, y0 = draw(st.integers(0, SIZE[0] - least)), draw(st.integers(0, SIZE[1] - least))
    x1, y1 = draw(st.integers(x0 + least, SIZE[0])), draw(st.integers(y0 + least, SIZE[1]))
    mask = np.zeros(SIZE[::-1], bool)
    mask[y0:y1, x0:x1] = True
    return mask


@given(source=boxes(), target=boxes())
@settings(max_examples=60, deadline=None)
def test_cells_stay_inside_and_take_from_the_handle(source, target):
    found = moves(pair(source, target), SIZE)
    rows, columns = 11, 13
    assert found
    for (x, y), (x_from, y_from) in found.items():
        assert 0 <= x < columns
        assert 0 <= y < rows
        assert target[8 * y : 8 * y + 8, 8 * x : 8 * x + 8].any()
        assert source[8 * y_from : 8 * y_from + 8, 8 * x_from : 8 * x_from + 8].any()


@given(mask=boxes(17), data=st.data())
@settings(max_examples=60, deadline=None)
def test_shifts_are_rigid(mask, data):
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    dx = data.draw(st.integers(-int(columns[0]), SIZE[0] - 1 - int(columns[-1])))
    dy = data.draw(st.integers(-int(rows[0]), SIZE[1] - 1 - int(rows[-1])))
    found = moves(Edit([shift(mask, dx, dy)]), SIZE)
    assert len({(t[0] - s[0], t[1] - s[1]) for t, s in found.items()}) == 1


@given(regions=st.lists(st.tuples(boxes(), boxes()), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_no_cell_is_written_twice(regions):
    task = task_of(Edit([RegionPair(*both) for both in regions]), SIZE)
    found = cell_pairs(task.warp.layers, task.frame)
    assert len(np.unique(found.targets)) == len(found)
    assert np.array_equal(found.targets, np.sort(found.targets))
