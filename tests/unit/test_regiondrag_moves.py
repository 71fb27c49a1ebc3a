"""RegionDrag with the best denoiser there can be: the posterior mean over a small set of pictures.

The set is one thing in front of one background, at every place it fits. An edit is right if it ends at the picture
in which the thing stands where it was dragged to.
"""

import numpy as np
import pytest
import scenes
import tiny_engines
import torch
from latent_cases import shift, task_of

from pliant.engines.copypaste import CopyPaste
from pliant.engines.latent.denoiser import Denoiser
from pliant.engines.latent.task import OpenPhoto, Watch
from pliant.engines.regiondrag import PUBLIC_CODE, Settings
from pliant.events import CancelToken, ignore
from pliant.fill.diffusion.text import Embedding
from pliant.types import Drag, DragRegion, Edit

SIDE, THING = 16, 4
SIZE = (8 * SIDE, 8 * SIDE)
PLACES = [(x, y) for y in range(SIDE - THING + 1) for x in range(SIDE - THING + 1)]
FROM, TO = (2, 3), (9, 8)


class Best(torch.nn.Module):
    """The noise that an optimal network would see in latents of `pictures` `(N, 4, h, w)`."""

    dtype = torch.float64

    def __init__(self, pictures, schedule):
        super().__init__()
        self.down_blocks = self.up_blocks = torch.nn.ModuleList()
        self.mid_block = None
        self.pictures, self.schedule = pictures, schedule

    def forward(self, latents, level, **told):
        a = self.schedule.alpha(int(level))
        distance = ((latents - a**0.5 * self.pictures) ** 2).flatten(1).sum(1)
        weights = torch.softmax(-distance / (2 * (1 - a)), 0)
        mean = torch.einsum("n,nchw->chw", weights, self.pictures)[None]
        return ((latents - a**0.5 * mean) / (1 - a) ** 0.5,)


@pytest.fixture(scope="module")
def pictures():
    random = torch.Generator().manual_seed(0)
    background = 0.7 * torch.randn((4, SIDE, SIDE), generator=random).double()
    thing = 1.2 * torch.randn((4, THING, THING), generator=random).double()
    found = background.repeat(len(PLACES), 1, 1, 1)
    for picture, (x, y) in zip(found, PLACES, strict=True):
        picture[:, y : y + THING, x : x + THING] = thing
    return found


def ends(pictures, change, *, seed=0, **settings):
    """Where the thing stands in the picture nearest to the result, and how far the result is from that picture."""
    tiny, method = tiny_engines.model(), CopyPaste(Settings(**settings))
    denoiser = Denoiser(unet=Best(pictures, tiny.schedule), schedule=tiny.schedule)
    model = type(tiny)(
        denoiser=denoiser, codec=tiny.codec, tiny=None, prompts=tiny.prompts, size=128, device=torch.device("cpu")
    )
    task, watch = task_of(change, SIZE, seed), Watch(ignore, CancelToken())
    latents, text = pictures[PLACES.index(FROM)][None], Embedding(hidden=torch.zeros(1, 1, 1))
    photo = OpenPhoto(model=model, frame=task.frame, latents=latents, prompt="", text=text)
    with torch.no_grad():
        result = method.edit(photo, method.prepare(photo, watch), task, watch)
    distance = (result - pictures).pow(2).mean(dim=(1, 2, 3)).sqrt()
    best = int(distance.argmin())
    return PLACES[best], distance[best].item()


def region():
    x, y = (8 * value for value in FROM)
    return scenes.rectangle(x, x + 8 * THING, y, y + 8 * THING, SIZE)


def moved_by(dx, dy):
    return Edit([shift(region(), dx, dy)])


WAY = (8 * (TO[0] - FROM[0]), 8 * (TO[1] - FROM[1]))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("settings", [{}, {"alpha": 0.6}, {"alpha": 0}, {"t_end": 0}, {"steps": 50}], ids=str)
def test_the_thing_stands_where_it_was_dragged_to(pictures, seed, settings):
    place, distance = ends(pictures, moved_by(*WAY), seed=seed, **settings)
    assert place == TO
    assert distance < 0.01


def test_a_drag_does_what_the_pair_does(pictures):
    x, y = 8 * FROM[0] + 16, 8 * FROM[1] + 16
    drag = Edit([DragRegion(region(), [Drag((x, y), (x + WAY[0], y + WAY[1]))])])
    assert ends(pictures, drag) == ends(pictures, moved_by(*WAY))


@pytest.mark.parametrize("by", [(-13, 5), (3, 27), (50, -20)])
def test_it_ends_at_the_nearest_cell(pictures, by):
    place, distance = ends(pictures, moved_by(*by))
    assert abs(8 * (place[0] - FROM[0]) - by[0]) <= 4
    assert abs(8 * (place[1] - FROM[1]) - by[1]) <= 4
    assert distance < 0.01


def test_without_an_edit_it_stays(pictures):
    place, distance = ends(pictures, Edit(moved_by(*WAY).regions, protect=np.ones(SIZE[::-1], bool)))
    assert place == FROM
    assert distance < 1e-12


def test_few_points_are_less_certain(pictures):
    """The paper's figure 7."""
    hits = {
        share: sum(ends(pictures, moved_by(*WAY), seed=seed, points=share)[0] == TO for seed in range(8))
        for share in (1.0, 0.1)
    }
    assert hits[1.0] == 8
    assert hits[0.1] < 8


def test_the_published_levels_end_beside_the_picture(pictures):
    place, distance = ends(pictures, moved_by(*WAY), compat=PUBLIC_CODE)
    assert place == TO
    assert 0.02 < distance < 0.1
