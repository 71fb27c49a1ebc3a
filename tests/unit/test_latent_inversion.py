"""Up to noise and back: closed forms, diffusers as an oracle, and round trips with networks of every kind."""

import pytest
import torch
from diffusers import DDIMScheduler

from pliant.engines.latent.inversion import (
    clean,
    ddim_step,
    invert_ddim,
    invert_sde,
    mean_below,
    noised,
    sde_step,
    sigma,
    unit_noise,
)
from pliant.engines.latent.schedule import Levels, Schedule, count_until

SD15 = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
SCHEDULE = Schedule.of(SD15)


def network(latents, level, step):
    """Deterministic, nonlinear, and it looks at its neighbours and at the level."""
    del step
    return torch.tanh(1.3 * latents.roll(1, -1) + 0.2 * latents.flip(1)) + 0.1 * latents.sin() * (level / 500)


def start(dtype=torch.float64):
    return torch.randn((1, 4, 8, 12), generator=torch.Generator().manual_seed(3), dtype=torch.float64).to(dtype)


def there_and_back(levels, dtype):
    up = invert_sde(start(dtype), SCHEDULE, levels, network, torch.Generator().manual_seed(0), lambda done: None)
    latents = up.top
    for index, (level, below) in enumerate(levels.down):
        step = levels.count - 1 - index
        noise = network(latents, level, step)
        latents = sde_step(latents, noise, up.noises[step], SCHEDULE.alpha(below), SCHEDULE.alpha(level))
    return (latents - start(dtype)).abs().max().item()


def test_one_step_in_numbers():
    a_high, a_low = SCHEDULE.alpha(500), SCHEDULE.alpha(450)
    one, half, noise = (torch.tensor(value, dtype=torch.float64) for value in (1.0, 0.5, 0.3))
    high = noised(one, half, a_low, a_high)
    s = sigma(a_low, a_high)
    mean = mean_below(high, noise, a_low, a_high, s)
    cached = (one - mean) / s
    assert s == pytest.approx(0.42877175, abs=1e-8)
    assert high.item() == pytest.approx(1.11802176, abs=1e-8)
    assert clean(high, noise, a_high).item() == pytest.approx(1.64135297, abs=1e-8)
    assert mean.item() == pytest.approx(1.17240408, abs=1e-8)
    assert cached.item() == pytest.approx(-0.40208825, abs=1e-8)
    assert sde_step(high, noise, cached, a_low, a_high).item() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize(
    ("high", "low", "value"),
    [(550, 500, 0.45593036), (100, 50, 0.16610755), (51, 1, 0.04059673), (604, 599, 0.17197968)],
)
def test_deviations(high, low, value):
    assert sigma(SCHEDULE.alpha(low), SCHEDULE.alpha(high)) == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize("t_start", [500, 600])
@pytest.mark.parametrize("steps", [20, 40, 60, 80, 100, 200])
def test_without_an_edit_the_photo_comes_back(steps, t_start):
    levels = Levels.leading(steps, count_until(t_start, steps))
    assert there_and_back(levels, torch.float64) < 1e-12
    assert there_and_back(levels, torch.float32) < 1e-5


def test_the_published_levels_do_not_lead_back():
    assert there_and_back(Levels.linspace(20, 10), torch.float64) > 1e-4


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_steps_down_are_those_of_diffusers(eta):
    scheduler = DDIMScheduler(**SD15, steps_offset=1, timestep_spacing="leading", clip_sample=False)
    scheduler.set_timesteps(20)
    latents, noise, fresh = (torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(i)) for i in range(3))
    theirs = scheduler.step(noise, 451, latents, eta=eta, variance_noise=fresh if eta else None).prev_sample
    a, a_low = SCHEDULE.alpha(451), SCHEDULE.alpha(401)
    ours = sde_step(latents, noise, fresh, a_low, a) if eta else ddim_step(latents, noise, a, a_low)
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_ddim_inverts_exactly_what_does_not_depend_on_the_latents():
    def constant(latents, level, step):
        return torch.full_like(latents, 0.1 * level / 1000)

    levels = Levels.leading(50, 35, from_below=True)
    up = invert_ddim(start(), SCHEDULE, levels, constant, lambda done: None)
    latents = up.top
    for level, below in levels.down:
        noise = constant(latents, level, 0)
        latents = ddim_step(latents, noise, SCHEDULE.alpha(level), SCHEDULE.alpha(below))
    assert (latents - start()).abs().max() < 1e-12


def test_ddim_asks_at_the_upper_level():
    asked = []

    def note(latents, level, step):
        asked.append((step, level))
        return latents

    up = invert_ddim(start(), SCHEDULE, Levels.leading(10, 7, from_below=True), note, lambda done: None)
    assert asked == list(enumerate([1, 101, 201, 301, 401, 501, 601]))
    assert len(up.latents) == 8
    assert up.noises == ()


def test_the_way_up_has_the_variance_it_should():
    flat = torch.zeros(1, 4, 64, 64)
    levels = Levels.leading(20, 10)
    random = torch.Generator().manual_seed(0)
    up = invert_sde(flat, SCHEDULE, levels, lambda x, level, step: x, random, lambda done: None)
    for level, latents in zip(levels.up[1:], up.latents[1:], strict=True):
        expected = 1 - SCHEDULE.alpha(level) / SCHEDULE.alpha(1)
        assert latents.var().item() == pytest.approx(expected, rel=0.05)


def test_every_step_is_reported():
    done = []
    invert_sde(start(), SCHEDULE, Levels.leading(20, 4), network, torch.Generator(), done.append)
    assert done == [1, 2, 3, 4]


def test_noise_of_a_seed_is_the_same_in_every_number_type():
    first = unit_noise(start(torch.float32), torch.Generator().manual_seed(5))
    second = unit_noise(start(torch.float64), torch.Generator().manual_seed(5))
    assert torch.equal(first.double(), second)
