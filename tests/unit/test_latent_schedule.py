"""Noise levels: the sheet's values, the published lists, and what is refused."""

import numpy as np
import pytest
from diffusers import DDIMScheduler

from pliant.engines.latent.schedule import Levels, Schedule, count_until
from pliant.errors import PliantError

SD15 = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}


@pytest.fixture(scope="module")
def schedule():
    return Schedule.of(SD15)


@pytest.mark.parametrize(
    ("level", "alpha"),
    [
        (1, 0.99829603),
        (51, 0.95052432),
        (200, 0.75369205),
        (450, 0.34704471),
        (501, 0.27499907),
        (549, 0.21509734),
        (550, 0.21393807),
        (604, 0.15694090),
        (999, 0.00466010),
    ],
)
def test_alphas_of_stable_diffusion(schedule, level, alpha):
    assert schedule.alpha(level) == pytest.approx(alpha, abs=5e-9)


def test_a_finished_picture_has_the_noise_of_level_0(schedule):
    assert schedule.alpha(-19) == schedule.alpha(0) == pytest.approx(0.99915, abs=1e-9)


def test_alphas_are_those_of_diffusers(schedule):
    theirs = DDIMScheduler(**SD15).alphas_cumprod.double().numpy()
    assert np.allclose(schedule.alphas, theirs, rtol=1e-5)
    linear = Schedule.of({"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02})
    assert np.allclose(linear.alphas, DDIMScheduler().alphas_cumprod.numpy(), rtol=1e-4)
    given = Schedule.of({"trained_betas": [0.1, 0.2]})
    assert np.allclose(given.alphas, [0.9, 0.72])


@pytest.mark.parametrize("config", [{"rescale_betas_zero_snr": True}, {"beta_schedule": "squaredcos_cap_v2"}])
def test_schedules_that_are_refused(config):
    with pytest.raises(PliantError) as caught:
        Schedule.of({**SD15, **config})
    assert caught.value.code == "unsupported_model"


def test_one_list_serves_both_ways():
    levels = Levels.leading(20, 10)
    assert levels.up == (1, 51, 101, 151, 201, 251, 301, 351, 401, 451, 501)
    assert [pair[0] for pair in levels.down] == list(levels.up[:0:-1])
    assert [pair[1] for pair in levels.down] == list(levels.up[-2::-1])
    assert levels.top == 501
    assert levels.count == 10


@pytest.mark.parametrize("steps", [20, 40, 50, 60, 80, 100, 200, 500])
def test_the_top_is_where_it_was_asked_for(steps):
    for start in (500, 600):
        levels = Levels.leading(steps, count_until(start, steps))
        assert start + 1 - 1000 / steps < levels.top <= start + 1
        assert levels.up[0] == 1
        assert min(np.diff(levels.up)) > 0


@pytest.mark.parametrize(
    ("steps", "count", "first", "top"),
    [(50, 35, -19, 681), (10, 7, -99, 601), (50, 50, -19, 981)],
    ids=["DragDiffusion", "FastDrag", "DiffEditor"],
)
def test_the_published_ddim_inversions(steps, count, first, top):
    levels = Levels.leading(steps, count, from_below=True)
    assert (levels.up[0], levels.top, levels.count) == (first, top, count)
    theirs = DDIMScheduler(**SD15, steps_offset=1, timestep_spacing="leading")
    theirs.set_timesteps(steps)
    assert list(levels.up[1:]) == theirs.timesteps.tolist()[::-1][:count]


def test_the_public_code_of_regiondrag_comes_down_beside_where_it_went_up():
    levels = Levels.linspace(20, 10)
    assert levels.up == (50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 550)
    assert [pair[0] for pair in levels.down] == [549, 500, 450, 400, 350, 300, 250, 200, 150, 100]
    assert all(high - low == 50 for high, low in levels.down)


def test_the_public_code_of_sdedrag():
    levels = Levels.linspace(200, 120)
    assert (levels.up[0], levels.top, levels.count) == (5, 604, 120)
