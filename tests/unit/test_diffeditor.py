"""DiffEditor: its energies in closed form, its plan of steps, and what it does to the network's calls."""

from dataclasses import replace

import numpy as np
import pytest
import scenes
import tiny_engines
import torch

import pliant
from pliant.engines.diffeditor import DiffEditor, Settings
from pliant.engines.diffeditor_energy import Boxes, alike, content_energy, drag_energy, move_energy
from pliant.engines.diffeditor_steps import LedByEnergy, _shifted
from pliant.errors import EditError

SIZE = 24, 32


def noise(seed, channels=12):
    return torch.randn(1, channels, *SIZE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def boxes(*drags):
    handles, targets = (np.array([drag[end] for drag in drags], float) for end in (0, 1))
    return Boxes.around(handles, targets, SIZE, torch.device("cpu"))


def pasted(photo, made):
    """`photo` with what stood around the handles around the targets, and its opposite where that was."""
    now = photo.clone()
    for source, target in zip(zip(*made.source, strict=True), zip(*made.target, strict=True), strict=True):
        now[(0, slice(None), *target)] = photo[(0, slice(None), *source)]
    now[0][:, made.source[0][made.left], made.source[1][made.left]] *= -1
    return now


def test_boxes_lie_in_the_picture_on_both_axes():
    made = boxes(((126, 94), (0, 1)), ((41, 33), (47, 33)))
    assert made.source[0][0].tolist() == [21, 21, 21, 22, 22, 22, 23, 23, 23]
    assert made.source[1][0].tolist() == [29, 30, 31] * 3
    assert (made.target[0][0].min(), made.target[1][0].min()) == (0, 0)
    assert made.left[0].all()
    assert made.left[1].tolist() == [True, False, False] * 3


def test_the_drag_energy_of_a_finished_drag():
    photo, made = noise(1), boxes(((40, 40), (90, 60)))
    assert drag_energy([pasted(photo, made)], [photo], made).item() == pytest.approx(4 / 5)


def test_the_drag_energy_of_an_untouched_photo():
    photo, made = noise(1), boxes(((40, 40), (90, 60)))
    there = alike(photo[0][:, made.target[0], made.target[1]], photo[0][:, made.source[0], made.source[1]]).mean()
    assert drag_energy([photo, photo], [photo, photo], made).item() == pytest.approx(
        float(4 / (1 + 4 * there) + 0.2)
    )


def test_following_the_gradient_brings_the_handle_to_its_target():
    photo, made = noise(2), boxes(((40, 40), (90, 60)))
    # Where edit and photo are equal, their likeness is at its peak, and nothing leads away from it.
    now = (photo + 0.1 * noise(5)).requires_grad_()
    for _ in range(200):
        (gradient,) = torch.autograd.grad(drag_energy([now], [photo], made), now)
        now = (now - 20 * gradient).detach().requires_grad_()
    there = alike(now[0][:, made.target[0], made.target[1]], photo[0][:, made.source[0], made.source[1]])
    here = alike(now[0][:, made.source[0], made.source[1]], photo[0][:, made.source[0], made.source[1]])
    assert there.min() > 0.95
    assert here.mean() < 0.5


def test_the_content_energy_is_least_where_nothing_changed():
    photo, kept = noise(3), torch.zeros(SIZE, dtype=torch.bool)
    kept[:12] = True
    changed = photo.clone()
    changed[:, :, 12:] = 0
    assert content_energy([changed], [photo], kept).item() == pytest.approx(6 / 5)
    changed[:, :, :6] *= -1
    assert content_energy([changed], [photo], kept).item() == pytest.approx(6 / 3)
    assert content_energy([changed], [photo], kept & False).item() == 0


def test_the_move_energy_of_a_finished_move():
    photo = noise(4)
    source = torch.as_tensor(scenes.rectangle(4, 12, 6, 14, (SIZE[1], SIZE[0])))
    target = _shifted(source, 12, 3)
    now = torch.where(target, torch.roll(photo, (3, 12), dims=(2, 3)), photo)
    around = ~(source | target)
    now[0][:, source] = photo[0][:, around].mean(dim=1, keepdim=True)
    kept = torch.cosine_similarity(now, photo, dim=1)[0][source].mean()
    wanted = 4 / 5 + 0.2 * kept + 0.8 / 5
    assert move_energy([now], [photo], source, target, (12, 3)).item() == pytest.approx(float(wanted))


def test_the_published_plan_of_steps():
    method = LedByEnergy(Settings())
    assert (method.levels.top, method.levels.count) == (981, 50)
    visits = method.visits()
    assert len(visits) == 50 + 4 * 2
    assert [visits.count((index, True)) for index in (21, 22, 24, 26, 28, 29)] == [0, 2, 2, 2, 2, 0]
    assert [index for index in range(50) if method._is_led(index)] == [*range(10), *range(10, 30, 2)]
    assert not any(again for _, again in LedByEnergy(Settings(travel=False)).visits())


@pytest.mark.parametrize(("prompt", "guided"), [("a thing", 58), ("", 0)])
def test_calls_of_the_unet_are_counted(prompt, guided):
    model, calls = tiny_engines.shaped(), []
    change = scenes.edit(scenes.disc(40, 40, 18, (97, 81)), ((40, 40), (58, 33)))
    change = replace(change, prompt=prompt)
    hook = model.unet.conv_in.register_forward_hook(lambda *found: calls.append(found[1][0].shape[0]))
    try:
        with pliant.engine("diffeditor", model=model).open(scenes.noise((97, 81)), edit=change) as session:
            session.run(change)
    finally:
        hook.remove()
    led = 20 + 4 * 2
    assert calls.count(2) == guided
    assert calls.count(1) == 50 + 2 * led + 8 + (58 - guided)


def test_the_noise_stays_in_the_region():
    model, picture = tiny_engines.shaped(), scenes.noise((97, 81))
    change = scenes.edit(scenes.disc(40, 40, 18, (97, 81)), ((40, 40), (58, 33)))
    with pliant.engine("diffeditor", model=model, energy=0, travel=False).open(picture) as session:
        one, other = (session.run(change, seed=seed).picture.pixels for seed in (1, 2))
        still = session.preview(change)
    assert not np.array_equal(one, other)
    assert np.array_equal(one[~still.hole], other[~still.hole])


def test_a_whole_region_is_moved():
    model, picture = tiny_engines.shaped(), scenes.noise((97, 81))
    change = scenes.edit(scenes.disc(40, 40, 18, (97, 81)), ((40, 40), (56, 32)))
    with pliant.engine("diffeditor", model=model, mode="move", steps=4).open(picture) as session:
        photo = session._ready
    assert photo is not None
    result = pliant.apply(picture, change, engine="diffeditor", model=model, mode="move", steps=4)
    assert not np.array_equal(result.picture.pixels, picture.pixels)


def test_what_is_moved_out_of_the_picture_is_gone():
    cells = torch.as_tensor(scenes.rectangle(4, 12, 6, 14, (SIZE[1], SIZE[0])))
    assert _shifted(cells, 24, 0).sum() == 4 * 8
    assert not _shifted(cells, 0, 40).any()


@pytest.mark.parametrize(
    "options", [{"mode": "fly"}, {"energy": 11}, {"guidance": 0}, {"sde": 2}, {"travel": 1}, {"steps": 0}]
)
def test_wrong_options_say_what_is_right(options):
    with pytest.raises(EditError, match="accepted") as caught:
        DiffEditor(**options)
    assert caught.value.code == "invalid_option"
