"""RegionDrag on small models of the real classes."""

from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest
import scenes
import tiny_diffusion
import tiny_engines
import torch
from latent_cases import counted, shift, task_of

import pliant
from pliant.engines.copypaste import CopyPaste, blended
from pliant.engines.latent.denoiser import Denoiser
from pliant.engines.latent.inversion import unit_noise
from pliant.engines.latent.task import OpenPhoto, Watch
from pliant.engines.regiondrag import PUBLIC_CODE, Settings
from pliant.errors import CancelledError, EditError
from pliant.events import CancelToken, Partial, Stage, Step, ignore
from pliant.fill.diffusion.text import Embedding
from pliant.types import Drag, DragRegion, Edit, Everything, Polygon, RegionPair

SIZE = (97, 81)
DISC = scenes.disc(40, 40, 18, SIZE)


def dragged(**more):
    return Edit(scenes.edit(DISC, ((40, 40), (58, 33))).regions, **more)


def paired():
    source, target = scenes.rectangle(10, 40, 20, 60, SIZE), scenes.rectangle(50, 90, 15, 60, SIZE)
    return Edit([RegionPair(source, target)])


def session(picture=None, change=None, **options):
    engine = pliant.engine("regiondrag", **{**tiny_engines.options("regiondrag"), **options})
    return engine.open(picture or scenes.noise(SIZE), edit=change)


def applied(change, picture=None, seed=0, **options):
    with session(picture, change, **options) as opened:
        return opened.run(change, seed=seed)


# ----------------------------------------------------------------------------------- what it costs


def test_ten_calls_to_open_and_ten_to_edit():
    with counted(tiny_engines.model().unet) as calls:
        opened = session()
        assert calls == [1] * 10
        opened.run(dragged())
        assert calls == [1] * 20
        opened.run(paired())
        opened.run(dragged(), seed=7)
        assert calls == [1] * 40


def test_several_candidates_share_the_inversion():
    with counted(tiny_engines.model().unet) as calls, session() as opened:
        first, second = opened.run_candidates(dragged(), seeds=[1, 2])
    assert len(calls) == 30
    assert not np.array_equal(first.picture.pixels, second.picture.pixels)
    assert (first.seed, second.seed) == (1, 2)
    assert np.array_equal(applied(dragged(), seed=2).picture.pixels, second.picture.pixels)


def test_applied_at_once_a_prompt_costs_no_second_inversion():
    with counted(tiny_engines.model().unet) as calls:
        told = applied(dragged(prompt="a cat"))
        assert len(calls) == 20
        with session() as opened:
            again = opened.run(dragged(prompt="a cat"))
        assert len(calls) == 50
    assert np.array_equal(told.picture.pixels, again.picture.pixels)
    assert not np.array_equal(told.picture.pixels, applied(dragged()).picture.pixels)


def test_an_edit_that_does_not_fit_costs_nothing():
    with counted(tiny_engines.model().unet) as calls:
        with pytest.raises(EditError):
            session(change=scenes.edit(DISC, ((5, 5), (9, 9))))
        applied(scenes.edit(DISC, ((40, 40), (40, 40))))
    assert calls == []


@pytest.mark.parametrize(("options", "count"), [({"steps": 40}, 20), ({"t_start": 300}, 6), ({"steps": 7}, 3)])
def test_steps_and_start(options, count):
    with counted(tiny_engines.model().unet) as calls:
        applied(dragged(), **options)
    assert len(calls) == 2 * count


# ------------------------------------------------------------------------ the method on its own, in float64


@pytest.fixture(scope="module")
def unet():
    return deepcopy(tiny_diffusion.sd15_shaped()).double()


def opened(unet, seed=0, rows=11, columns=13):
    """An open photo whose latents are random, in double precision."""
    latents = torch.randn((1, 4, rows, columns), generator=torch.Generator().manual_seed(seed)).double()
    tiny = tiny_engines.model()
    model = type(tiny)(
        denoiser=Denoiser(unet=unet, schedule=tiny.schedule),
        codec=tiny.codec,
        tiny=None,
        prompts=tiny.prompts,
        size=64,
        device=torch.device("cpu"),
    )
    text = Embedding(hidden=torch.ones(1, 7, tiny_diffusion.TEXT_WIDTH).double())
    return OpenPhoto(model=model, frame=task_of(dragged(), SIZE).frame, latents=latents, prompt="", text=text)


def ran(unet, change, **settings):
    """The photo's and the edited latents."""
    method, photo = CopyPaste(Settings(**settings)), opened(unet)
    with torch.no_grad():
        prepared = method.prepare(photo, Watch(ignore, CancelToken()))
        edited = method.edit(photo, prepared, task_of(change, SIZE), Watch(ignore, CancelToken()))
    return photo.latents, edited, prepared


@pytest.mark.parametrize("attention", ["all", "none"])
@pytest.mark.parametrize("steps", [20, 60])
def test_an_identity_edit_gives_the_latents_back(unet, attention, steps):
    still = Edit([RegionPair(DISC, DISC)])
    method, photo = CopyPaste(Settings(alpha=0, attention=attention, steps=steps)), opened(unet)
    task = task_of(dragged(), SIZE)
    object.__setattr__(task, "warp", task_of(still, SIZE).warp)  # free cells, and every pair onto itself
    with torch.no_grad():
        prepared = method.prepare(photo, Watch(ignore, CancelToken()))
        edited = method.edit(photo, prepared, task, Watch(ignore, CancelToken()))
    assert len(method.planned(task, photo.latents.device).targets) > 10
    assert (edited - photo.latents).abs().max() < 1e-12


def test_where_nothing_may_change_the_latents_are_the_photos(unet):
    before, after, _ = ran(unet, dragged(protect=np.ones(SIZE[::-1], bool)))
    assert torch.equal(before, after)


def test_cells_that_are_not_pasted_back_are_the_photos(unet):
    before, after, _ = ran(unet, dragged())
    free = torch.as_tensor(task_of(dragged(), SIZE).editable_cells)
    assert torch.equal(before[..., ~free], after[..., ~free])
    assert (before[..., free] - after[..., free]).abs().max() > 0.1


def test_keys_and_values_of_sixteen_layers_and_ten_steps(unet):
    assert len(ran(unet, dragged())[2].attention) == 2 * 160
    assert len(ran(unet, dragged(), attention="10-15@0-3")[2].attention) == 2 * 6 * 4
    assert len(ran(unet, dragged(), attention="none")[2].attention) == 0


def test_the_network_is_left_as_it_was(unet):
    given = torch.ones(1, 4, 8, 8).double()
    hidden = torch.ones(1, 7, tiny_diffusion.TEXT_WIDTH).double()
    with torch.no_grad():
        before = unet(given, 5, encoder_hidden_states=hidden).sample
        ran(unet, dragged())
        assert torch.equal(unet(given, 5, encoder_hidden_states=hidden).sample, before)


def test_pasted_values_come_from_the_unedited_photo():
    """Source and target overlap: nothing is copied on from what was pasted."""
    method = CopyPaste(Settings())
    change = Edit([shift(scenes.rectangle(8, 56, 16, 48, SIZE), 16, 0)])
    paste = method.planned(task_of(change, SIZE), torch.device("cpu"))
    photo = torch.arange(11 * 13).view(1, 1, 11, 13).float()
    assert torch.equal(paste.onto(photo, photo)[0, 0, 3, 3:9], photo[0, 0, 3, 1:7])
    twice = paste.onto(paste.onto(photo, photo), photo)
    assert torch.equal(twice, paste.onto(photo, photo))


def levels_pasted(unet, **settings):
    method = CopyPaste(Settings(**settings))
    pasted = []

    class Noted(type(method.planned(task_of(paired(), SIZE), torch.device("cpu")))):
        def onto(self, latents, photo):
            pasted.append(1)
            return super().onto(latents, photo)

    planned = method.planned

    def noted(task, device):
        paste = planned(task, device)
        return Noted(paste.targets, paste.sources, paste.handle, paste.free)

    method.planned = noted
    photo = opened(unet)
    with torch.no_grad():
        prepared = method.prepare(photo, Watch(ignore, CancelToken()))
        method.edit(photo, prepared, task_of(paired(), SIZE), Watch(ignore, CancelToken()))
    return len(pasted)


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({}, 7),  # 501, 451, ..., 201
        ({"t_end": 151}, 8),
        ({"t_end": 500}, 1),
        ({"t_end": 0}, 10),
        ({"compat": PUBLIC_CODE}, 10),
        ({"compat": PUBLIC_CODE, "t_end": 200}, 8),  # 549, 500, ..., 200
    ],
)
def test_the_copy_paste_interval(unet, settings, count):
    assert levels_pasted(unet, **settings) == count


# --------------------------------------------------------------------------------------- noise in the handle


def test_noise_is_blended_into_the_handle_alone():
    latents = torch.randn((1, 4, 40, 50), generator=torch.Generator().manual_seed(1))
    handle = torch.zeros(1, 1, 40, 50, dtype=torch.bool)
    handle[..., 5:35, 5:45] = True

    def made(alpha):
        return blended(latents, handle, alpha, torch.Generator().manual_seed(2))

    noise = unit_noise(latents, torch.Generator().manual_seed(2))
    inside = handle.expand_as(latents)
    assert torch.equal(made(0), latents)
    assert torch.allclose(made(0.6)[inside], (0.8 * latents + 0.6 * noise)[inside], atol=1e-6)
    assert torch.equal(made(1)[inside], noise[inside])
    for alpha in (0, 0.3, 0.6, 1):
        assert torch.equal(made(alpha)[~inside], latents[~inside])
        assert made(alpha)[inside].var().item() == pytest.approx(1, abs=0.06)
    assert made(1.6)[inside].std().item() == pytest.approx(1.6, abs=0.05)


def test_alpha_changes_what_is_left_behind():
    results = [applied(dragged(), alpha=alpha).picture.pixels for alpha in (0, 0.6, 1)]
    assert not any(np.array_equal(a, b) for a, b in pairwise(results))
    with session(alpha=0) as opened_session:
        first, second = opened_session.run_candidates(dragged(), seeds=[1, 2])
    assert np.array_equal(first.picture.pixels, second.picture.pixels)


# ----------------------------------------------------------------------------------------- the public code


def test_the_public_mapping_on_whole_cells_is_ours():
    source = scenes.rectangle(64, 192, 64, 160)
    change = Edit([shift(source, 120, 80)])
    ours, theirs = (
        CopyPaste(Settings(compat=compat)).planned(task_of(change), torch.device("cpu"))
        for compat in (None, PUBLIC_CODE)
    )
    assert torch.equal(ours.targets, theirs.targets)
    assert torch.equal(ours.sources, theirs.sources)
    assert torch.equal(ours.handle, theirs.handle)


def test_the_public_mapping_of_polygons_divides_their_vertices():
    change = Edit(
        [
            RegionPair(
                Polygon([(100, 100), (200, 100), (200, 200), (100, 200)]),
                Polygon([(100, 100), (300, 100), (300, 300), (100, 300)]),
            )
        ]
    )
    paste = CopyPaste(Settings(compat=PUBLIC_CODE)).planned(task_of(change), torch.device("cpu"))
    assert len(paste.targets) == 26 * 26
    assert set((paste.targets % 64).tolist()) == set(range(12, 38))
    assert set((paste.sources % 64).tolist()) <= set(range(12, 26))


def test_the_public_mapping_shrinks_brushes_as_opencv_does():
    square = scenes.rectangle(100, 228, 100, 228)
    change = Edit([RegionPair(square, square)])
    task = task_of(Edit([shift(square, 8, 8)]))
    object.__setattr__(task, "edit", change)
    paste = CopyPaste(Settings(compat=PUBLIC_CODE)).planned(task, torch.device("cpu"))
    assert len(paste.targets) == 285  # 17 x 17 without its corners
    assert torch.equal(paste.targets, paste.sources)


def test_the_public_code_gives_back_the_whole_picture_and_knows_pairs_alone():
    picture = scenes.noise(SIZE)
    result = applied(paired(), picture, compat=PUBLIC_CODE)
    assert (result.picture.pixels != picture.pixels).any(axis=2).mean() > 0.95
    assert result.hole_area == SIZE[0] * SIZE[1]
    with pytest.raises(EditError) as caught:
        applied(dragged(), compat=PUBLIC_CODE)
    assert caught.value.code == "unsupported_input"


# ------------------------------------------------------------------------------------------ photos and edits


def test_protected_pixels_stay():
    keep = scenes.rectangle(60, 97, 0, 81, SIZE)
    picture = scenes.noise(SIZE)
    for paste_back in (True, False):
        result = applied(dragged(protect=keep), picture, paste_back=paste_back).picture.pixels
        assert np.array_equal(result[keep], picture.pixels[keep])
        assert not np.array_equal(result, picture.pixels)


def test_all_of_the_models_picture_comes_back_when_asked_for():
    picture = scenes.noise(SIZE)
    result = applied(dragged(), picture, paste_back=False)
    assert (result.picture.pixels != picture.pixels).any(axis=2).mean() > 0.95


def test_several_pairs_and_drags_in_one_edit():
    regions = [*paired().regions, DragRegion(scenes.disc(20, 68, 8, SIZE), [Drag((20, 68), (60, 70))])]
    picture = scenes.noise(SIZE)
    result = applied(Edit(regions), picture).picture.pixels
    for place in ((70, 40), (25, 40), (60, 70), (20, 68)):
        assert not np.array_equal(result[place[1], place[0]], picture.pixels[place[1], place[0]])


def test_a_large_photo_is_worked_on_in_a_crop_that_is_kept():
    picture = scenes.noise((600, 400))
    near = scenes.edit(scenes.disc(300, 200, 18, (600, 400)), ((300, 200), (310, 200)))
    beside = scenes.edit(scenes.disc(302, 205, 12, (600, 400)), ((302, 205), (308, 200)))
    far = scenes.edit(scenes.disc(60, 60, 18, (600, 400)), ((60, 60), (70, 60)))
    sizes = []
    unet = tiny_engines.model().unet
    handle = unet.register_forward_pre_hook(lambda module, inputs: sizes.append(tuple(inputs[0].shape[2:])))
    try:
        with session(picture) as opened_session:
            assert sizes == []
            first = opened_session.run(near)
            assert len(sizes) == 20
            opened_session.run(beside)
            assert len(sizes) == 30
            opened_session.run(far)
            assert len(sizes) == 50
    finally:
        handle.remove()
    assert max(height * width for height, width in sizes) < 40 * 40
    untouched = np.ones((400, 600), bool)
    untouched[100:300, 200:420] = False
    assert np.array_equal(first.picture.pixels[untouched], picture.pixels[untouched])


def test_an_edit_larger_than_the_model_is_made_smaller_with_a_warning():
    picture = scenes.noise((300, 200))
    change = scenes.edit(scenes.disc(150, 100, 60, (300, 200)), ((150, 100), (170, 100)))
    result = applied(change, picture)
    assert any("softer" in warning for warning in result.warnings)
    assert result.picture.size == picture.size
    assert np.array_equal(result.picture.pixels[:, :30], picture.pixels[:, :30])
    assert not any("softer" in warning for warning in applied(change, picture, size=512).warnings)


def test_what_is_dragged_out_of_the_picture_is_painted_over():
    picture = scenes.noise(SIZE)
    result = applied(scenes.edit(DISC, ((40, 40), (40, -200))), picture)
    assert not np.array_equal(result.picture.pixels[DISC], picture.pixels[DISC])
    assert "Everything that moves leaves the picture." in result.warnings
    assert result.moved_area == 0


@pytest.mark.parametrize("size", [(9, 7), (64, 8), (511, 1)])
def test_small_and_odd_photos(size):
    picture = scenes.noise(size)
    half = scenes.rectangle(0, size[0] // 2, 0, size[1], size)
    result = applied(Edit([RegionPair(half, ~half)]), picture)
    assert result.picture.size == size
    assert not np.array_equal(result.picture.pixels, picture.pixels)


def test_everything_may_be_dragged():
    picture = scenes.noise(SIZE)
    result = applied(Edit([DragRegion(Everything(), [Drag((40, 40), (50, 44))])]), picture)
    assert (result.picture.pixels != picture.pixels).any(axis=2).mean() > 0.9


def test_pictures_of_the_unfinished():
    seen = []
    with session() as opened_session:
        opened_session.run(dragged(), on_event=seen.append)
    shown = [event.picture for event in seen if isinstance(event, Partial)]
    assert len(shown) == 10
    photo = scenes.noise(SIZE).pixels
    assert all(picture.size == SIZE for picture in shown)
    assert not np.array_equal(shown[-1].pixels, photo)
    assert np.array_equal(shown[-1].pixels[0, 0], photo[0, 0])


def test_stages_and_timings():
    seen = []
    engine = pliant.engine("regiondrag", **tiny_engines.options("regiondrag"))
    with engine.open(scenes.noise(SIZE), on_event=seen.append) as opened_session:
        result = opened_session.run(dragged(), on_event=seen.append)
        again = opened_session.run(dragged())
    assert [event.name for event in seen if isinstance(event, Stage)] == [
        "encode",
        "invert",
        "warp",
        "denoise",
        "decode",
    ]
    assert list(result.timings) == ["encode", "invert", "warp", "denoise", "decode"]
    assert list(again.timings) == ["warp", "denoise", "decode"]


@pytest.mark.parametrize("stop_at", [1, 10, 11, 20])
def test_cancel_takes_one_step(stop_at):
    token, steps = CancelToken(), []

    def listen(event):
        if isinstance(event, Step):
            steps.append(event)
            if len(steps) == stop_at:
                token.cancel()

    with counted(tiny_engines.model().unet) as calls, pytest.raises(CancelledError):
        pliant.apply(
            scenes.noise(SIZE),
            dragged(),
            engine="regiondrag",
            on_event=listen,
            cancel=token,
            **tiny_engines.options("regiondrag"),
        )
    assert len(calls) == len(steps) == stop_at


def test_a_cancelled_edit_leaves_the_session_usable():
    token = CancelToken()
    with session() as opened_session:
        with pytest.raises(CancelledError):
            opened_session.run(dragged(), on_event=lambda event: token.cancel(), cancel=token)
        found = opened_session.run(dragged())
    assert np.array_equal(found.picture.pixels, applied(dragged()).picture.pixels)


# ---------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 0},
        {"steps": 2.5},
        {"steps": True},
        {"steps": 1},
        {"t_start": 0},
        {"t_start": 1000},
        {"t_end": -1},
        {"alpha": 1.2},
        {"alpha": "much"},
        {"points": 0},
        {"attention": "some"},
        {"attention": "9-3"},
        {"attention": "all@x"},
        {"compat": "yes"},
        {"size": 10},
        {"paste_back": "perhaps"},
    ],
    ids=str,
)
def test_options_that_are_refused(options):
    with pytest.raises(EditError) as caught:
        pliant.engine("regiondrag", **options)
    assert caught.value.code == "invalid_option"
    assert "accepted" in str(caught.value) or "raise one" in str(caught.value)


def test_the_defaults_are_the_papers():
    settings = Settings()
    assert (settings.steps, settings.t_start, settings.pasted_from, settings.alpha) == (20, 500, 200, 1.0)
    assert (settings.count, settings.attention, settings.compat) == (10, "all", None)


def test_attention_by_layers_and_steps():
    layers, steps = Settings(attention="10-15@4-9").swaps()
    assert (list(layers), list(steps)) == (list(range(10, 16)), list(range(4, 10)))
    assert list(Settings(attention=7).swaps()[0]) == [7]
    assert 15 in Settings().swaps()[0]


def test_the_photos_keys_and_values_make_a_difference():
    found = {attention: applied(dragged(), attention=attention).picture.pixels for attention in ("all", "none")}
    assert not np.array_equal(found["all"], found["none"])
