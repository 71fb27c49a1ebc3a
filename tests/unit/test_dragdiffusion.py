"""DragDiffusion: the published core, its order and cost, and where ours differs."""

from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np
import pytest
import scenes
import tiny_diffusion
import tiny_engines
import torch
from latent_cases import counted, task_of

import pliant
from pliant.engines.dragdiffusion import PUBLIC_CODE, DragDiffusion, Settings
from pliant.engines.dragdiffusion_chase import Chase, Points, feature_block
from pliant.engines.dragdiffusion_steps import MotionSupervision, mutual_layers
from pliant.engines.dragdiffusion_supervision import arrived, supervised, tracked
from pliant.engines.latent.attention import rewriting, shared
from pliant.engines.latent.denoiser import Denoiser
from pliant.engines.latent.features import watched
from pliant.engines.latent.inversion import ddim_step
from pliant.engines.latent.task import OpenPhoto, Watch
from pliant.errors import CancelledError, EditError
from pliant.events import CancelToken, Partial, Stage, Step, ignore
from pliant.fill.diffusion.text import Embedding
from pliant.types import Drag, DragRegion, Edit, Everything

SIZE = (97, 81)
DISC = scenes.disc(40, 40, 18, SIZE)
DRAG = scenes.edit(DISC, ((40, 40), (58, 33)))
SHORT = {"steps": 5, "pixel_steps": 3, "lora": 0}


def places(*found):
    return torch.tensor(found, dtype=torch.float64)


# ------------------------------------------------------------------------- supervision and tracking


@pytest.mark.parametrize("case", [0, 1])
def test_the_published_core(assets, case):
    golden = np.load(Path(assets).parent / "golden" / f"dragdiffusion_core_{case}.npz")
    first, now = (torch.as_tensor(golden[name]) for name in ("F0", "F1"))
    starts, here, targets = (
        torch.as_tensor(golden[name][:, ::-1].copy()) for name in ("init_yx", "cur_yx", "target_yx")
    )
    assert torch.equal(tracked(first, now, starts, here, 3).flip(1), torch.as_tensor(golden["tracked_yx"]))
    now.requires_grad_(True)
    loss = supervised(now, here, targets, 1, 2.0)
    loss.backward()
    assert loss.item() == pytest.approx(float(golden["loss"]), rel=2e-6)
    np.testing.assert_allclose(now.grad, golden["grad"], atol=3e-7)


def ramp(width=12, height=9, slope=2.0):
    """Two channels that rise by `slope` a pixel to the right."""
    return (slope * torch.arange(width).double()).expand(1, 2, height, width).clone()


@pytest.mark.parametrize("radius", [0, 1, 2])
def test_on_a_ramp_each_pixel_of_a_patch_misses_by_the_slope(radius):
    count = (2 * radius + 1) ** 2
    right = supervised(ramp(), places((5, 4)), places((9, 4)), radius, 2)
    slanted = supervised(ramp(), places((5, 4)), places((8, 8)), radius, 2)
    assert right.item() == pytest.approx(2 * count)
    assert slanted.item() == pytest.approx(2 * count * 0.6)


def test_a_patch_is_cut_at_the_border():
    """Of the three columns around the last one, only the first has another pixel to its right."""
    at_the_end = supervised(ramp(), places((11, 4)), places((15, 4)), 1, 2)
    assert at_the_end.item() == pytest.approx(2 * 9 / 3)


@pytest.mark.parametrize("corner", [(0, 0), (11, 0), (0, 8), (11, 8)])
def test_corners_and_targets_beyond_them(corner):
    features = torch.randn((1, 3, 9, 12), generator=torch.Generator().manual_seed(0)).double()
    here, away = places(corner), places((corner[0] * 3 - 12, corner[1] * 3 - 9))
    found = features.requires_grad_(True)
    supervised(found, here, away, 1, 2).backward()
    assert torch.isfinite(found.grad).all()
    assert torch.equal(tracked(features.detach(), features.detach(), here, here, 3), here)


def test_no_gradient_flows_into_what_stands_there():
    features = ramp().requires_grad_(True)
    supervised(features, places((5, 4)), places((9, 4)), 0, 2).backward()
    assert features.grad.nonzero()[:, 2:].unique(dim=0).tolist() == [[4, 6]]


def test_what_has_arrived_is_not_supervised():
    here, targets = places((5, 4), (5, 4), (5, 4)), places((5, 4), (6.9, 4), (7, 4))
    assert arrived(here, targets, 2).tolist() == [True, True, False]
    assert supervised(ramp(), here, targets, 1, 2).item() == pytest.approx(18)


def test_of_equals_the_first_in_reading_order_is_tracked():
    flat = torch.zeros(1, 2, 9, 12).double()
    assert tracked(flat, flat, places((5, 4)), places((5, 4)), 2).tolist() == [[3, 2]]


def test_a_feature_walks_to_its_target():
    """Without any network: features that may be anything are pulled, pixel by pixel, and followed."""
    rows, columns = torch.meshgrid(torch.arange(24.0), torch.arange(32.0), indexing="ij")
    blob = torch.exp(-((rows - 12) ** 2 + (columns - 10) ** 2) / 8)
    first = torch.stack([blob, 2 * blob, -blob])[None].double()
    now, here, targets = first.clone().requires_grad_(True), places((10, 12)), places((18, 9))
    adam = torch.optim.Adam([now], lr=0.02)
    for _ in range(400):
        here = tracked(first, now.detach(), places((10, 12)), here, 3)
        if arrived(here, targets, 2).all():
            break
        adam.zero_grad()
        supervised(now, here, targets, 1, 2).backward()
        adam.step()
    assert arrived(here, targets, 2).all()
    assert (now[0, :, 9:11, 16:19].detach() - first[0, :, 12:13, 10:11]).abs().amin(dim=(1, 2)).max() < 0.3


# ---------------------------------------------------------------------------------- parts and their order


def test_levels_layers_and_features():
    levels = MotionSupervision(Settings()).levels
    assert levels.up == (-19, *range(1, 682, 20))
    assert levels.down[0] == (681, 661)
    assert levels.count == 35
    unet = tiny_diffusion.sd15_shaped()
    assert [layer.number for layer in mutual_layers(unet)] == [10, 11, 12, 13, 14, 15]
    assert feature_block(unet) == 2
    hidden = torch.ones(1, 7, tiny_diffusion.TEXT_WIDTH, dtype=unet.dtype)
    with torch.no_grad(), watched(unet, [2]) as found:
        unet(torch.ones(1, 4, 16, 24, dtype=unet.dtype), 681, encoder_hidden_states=hidden)
    assert found[2].shape[2:] == (16, 24)


def session(picture=None, **options):
    engine = pliant.engine("dragdiffusion", model=tiny_engines.model(), **{**SHORT, **options})
    return engine.open(picture or scenes.noise(SIZE))


def applied(change=DRAG, **options):
    with session(**options) as opened:
        return opened.run(change).picture.pixels


@contextmanager
def levels_asked(unet):
    asked = []
    hook = unet.register_forward_pre_hook(lambda module, inputs: asked.append(int(inputs[1])))
    try:
        yield asked
    finally:
        hook.remove()


def test_the_levels_it_asks_at_and_what_another_edit_costs():
    unet = tiny_engines.model().unet
    with levels_asked(unet) as asked, counted(unet) as calls:
        opened = session(steps=50, pixel_steps=4)
        up = list(range(1, 682, 20))
        assert asked == up + up[::-1]
        opened.run(DRAG)
        opened.run(scenes.edit(DISC, ((40, 40), (30, 44))))
    assert asked == up + up[::-1] + 2 * (4 * [681] + up[::-1])
    assert set(calls) == {1}


def test_learning_the_photo_comes_first():
    unet = tiny_engines.model().unet
    with counted(unet) as calls:
        session(lora=3)
    assert len(calls) == 3 * 4 + 3 + 3


# ------------------------------------------------------------------- the method on its own, in float64


@pytest.fixture(scope="module")
def unet():
    return deepcopy(tiny_diffusion.sd15_shaped()).double().requires_grad_(False)


@pytest.fixture(scope="module")
def photo(unet):
    latents = torch.randn((1, 4, 11, 13), generator=torch.Generator().manual_seed(0)).double()
    model = replace(tiny_engines.model(), turn=Lock())
    model = replace(model, denoiser=Denoiser(unet=unet, schedule=model.schedule))
    text = Embedding(hidden=torch.ones(1, 7, tiny_diffusion.TEXT_WIDTH).double())
    return OpenPhoto(model=model, frame=task_of(DRAG, SIZE).frame, latents=latents, prompt="", text=text)


def watch():
    return Watch(ignore, CancelToken())


@torch.no_grad()
def test_an_edit_is_as_in_a_batch_with_the_photo(photo, unet):
    method, task = MotionSupervision(Settings(**SHORT)), task_of(DRAG, SIZE)
    prepared = method.prepare(photo, watch())
    found = method.edit(photo, prepared, task, watch())
    both = torch.cat([prepared.top, method.dragged(photo, prepared.top, task, watch())])
    for level, below in method.levels.down:
        with rewriting(mutual_layers(unet), shared((0, 0))):
            noise = photo.model.denoiser.noise(both, level, photo.text)
        both = ddim_step(both, noise, photo.model.schedule.alpha(level), photo.model.schedule.alpha(below))
    assert not torch.allclose(both[1:], both[:1], atol=1e-3)
    torch.testing.assert_close(found, both[1:], atol=1e-10, rtol=0)


def chase(photo, top, held=None, points=None, **settings):
    points = points or Points(places((12, 12)), places((30, 20)))
    return Chase(photo, Settings(**settings), (681, 661), top, points, held)


@torch.no_grad()
def test_it_stops_as_soon_as_all_have_arrived(photo, unet):
    there = Points(places((12, 12), (20, 30)), places((13, 13), (20, 30)))
    pursuit = chase(photo, photo.latents, points=there)
    with counted(unet) as calls:
        assert pursuit.step()
    assert len(calls) == 1
    assert torch.equal(pursuit.latents, photo.latents)
    assert not chase(photo, photo.latents).step()


@torch.no_grad()
def test_the_first_step_is_adams_and_the_photo_s_own_latents_stay(photo):
    before = photo.latents.clone()
    pursuit = chase(photo, photo.latents, rate=0.02)
    pursuit.step()
    moved = (pursuit.latents - before).abs()
    assert moved.max().item() == pytest.approx(0.02, rel=1e-2)
    assert torch.equal(photo.latents, before)


@torch.no_grad()
def test_where_nothing_is_held_the_last_block_is_not_run(photo, unet):
    calls = []
    hook = unet.up_blocks[3].register_forward_hook(lambda *_: calls.append(1))
    try:
        short, whole = chase(photo, photo.latents), chase(photo, photo.latents, torch.zeros(11, 13).bool())
        for _ in range(3):
            short.step()
        assert not calls
        for _ in range(3):
            whole.step()
    finally:
        hook.remove()
    assert len(calls) == 3
    assert short.guess is None
    assert whole.guess.shape == photo.latents.shape
    assert torch.equal(short.latents, whole.latents)


@torch.no_grad()
def test_what_is_held_strays_less(photo):
    held = torch.zeros(11, 13).bool()
    held[:, 8:] = True

    def strayed(lam):
        pursuit = chase(photo, photo.latents, held, lam=lam)
        for _ in range(6):
            pursuit.step()
        away = (pursuit.latents - photo.latents).abs()
        return away[..., held].mean().item(), away[..., ~held].mean().item()

    free, firm = strayed(0.0), strayed(10.0)
    assert firm[0] < 0.5 * free[0]
    assert firm[1] > 0.5 * free[1]


@torch.no_grad()
def test_with_little_memory_the_result_is_the_same(photo, unet):
    method, task = MotionSupervision(Settings(**SHORT)), task_of(DRAG, SIZE)
    poor = replace(photo, model=replace(photo.model, low_mem=True))
    found = [method.edit(each, method.prepare(each, watch()), task, watch()) for each in (photo, poor)]
    torch.testing.assert_close(found[0], found[1], atol=1e-12, rtol=0)
    assert not unet.is_gradient_checkpointing


@torch.no_grad()
def test_checkpointing_computes_blocks_again(photo, unet):
    count = []
    hook = unet.up_blocks[0].resnets[0].register_forward_pre_hook(lambda *_: count.append(1))
    try:
        for low_mem in (False, True):
            poor = replace(photo, model=replace(photo.model, low_mem=low_mem))
            MotionSupervision(Settings(**SHORT)).dragged(poor, poor.latents, task_of(DRAG, SIZE), watch())
            count.append(0)
    finally:
        hook.remove()
    assert count == [1, 1, 1, 0] + [1, 1] * 3 + [0]


@torch.no_grad()
def test_in_half_precision_latents_stay_single_and_move(photo):
    unet = deepcopy(photo.model.unet).half()
    model = replace(photo.model, denoiser=Denoiser(unet=unet, schedule=photo.model.schedule))
    half = replace(photo, model=model, latents=photo.latents.float())
    points = Points(places((12, 12)).float(), places((30, 20)).float())
    held = torch.ones(11, 13).bool()
    quick, exact = chase(half, half.latents, held, points), chase(photo, photo.latents, held)
    for _ in range(3):
        assert not quick.step()
        exact.step()
    assert quick.latents.dtype == torch.float32
    one, other = (found.latents - photo.latents for found in (quick, exact))
    cosine = torch.nn.functional.cosine_similarity(one.flatten().double(), other.flatten(), dim=0)
    assert cosine > 0.8


# -------------------------------------------------------------------------------- points and masks


def points_of(change, size=SIZE, **settings):
    starts, targets = MotionSupervision(Settings(**settings)).points(task_of(change, size))
    return starts.tolist(), targets.tolist()


@pytest.mark.parametrize(("handle", "start"), [(40, 20), (41, 20), (42, 21), (43, 21)])
def test_starts_are_the_pixels_that_handles_lie_in(handle, start):
    change = scenes.edit(DISC, ((handle, 40), (handle + 17, 33)))
    assert points_of(change) == ([[start, 20]], [[start + 8.5, 16.5]])


def test_the_published_rounding():
    change = scenes.edit(DISC, ((43, 41), (61, 33)))
    assert points_of(change, compat=PUBLIC_CODE) == ([[22, 20]], [[30, 16]])


def test_pins_are_points_that_have_arrived():
    change = scenes.edit(DISC, ((40, 40), (58, 33)), pins=[(30, 44)])
    starts, targets = points_of(change)
    assert starts[1] == targets[1] == [15, 22]


def test_a_drag_that_has_arrived_before_it_begins_is_an_error():
    change = scenes.edit(DISC, ((40, 40), (42, 42)))
    with pytest.raises(EditError, match="shorter than 4 pixels") as caught:
        applied(change)
    assert caught.value.code == "drag_too_short"
    applied(scenes.edit(DISC, ((40, 40), (42, 42)), ((36, 40), (41, 40))))


def held(change, **settings):
    return MotionSupervision(Settings(**settings)).held(task_of(change, (256, 192)))


def test_what_is_held_is_where_nothing_moves():
    region = scenes.rectangle(80, 120, 80, 120, (256, 192))
    change = scenes.edit(region, ((100, 100), (148, 100)))
    cells = held(change)
    assert not cells[10:15, 10:21].any()
    assert cells[:9].all()
    assert cells[:, 23:].all()
    assert not held(change, lam=0).any()
    public = held(change, compat=PUBLIC_CODE)
    assert np.argwhere(~public).min(axis=0).tolist() == [10, 10]
    assert np.argwhere(~public).max(axis=0).tolist() == [14, 14]


def test_of_an_edit_without_a_mask_nothing_is_held():
    assert not held(Edit([DragRegion(Everything(), [Drag((100, 100), (120, 100))])])).any()


def test_what_is_held_does_not_depend_on_pasting():
    seen = []

    class Noted(MotionSupervision):
        def held(self, task):
            seen.append(super().held(task))
            return seen[-1]

    for paste_back in (True, False):
        engine = DragDiffusion(model=tiny_engines.model(), paste_back=paste_back, **SHORT)
        engine._method = lambda: Noted(Settings(**SHORT))
        with engine.open(scenes.noise(SIZE)) as opened:
            opened.run(DRAG)
    assert seen[0].any()
    assert np.array_equal(seen[0], seen[1])


# ------------------------------------------------------------------------------------- as an engine


def test_stages_steps_and_pictures_on_the_way():
    seen = []
    with session() as opened:
        opened.run(DRAG, on_event=seen.append)
    assert [event.name for event in seen if isinstance(event, Stage)] == ["warp", "drag", "denoise", "decode"]
    steps = [(event.index, event.total) for event in seen if isinstance(event, Step)]
    assert steps == [(1, 3), (2, 3), (3, 3)] * 2
    shown = [event.picture.pixels for event in seen if isinstance(event, Partial)]
    assert len(shown) == 6
    assert not np.array_equal(shown[0], shown[5])


@pytest.mark.parametrize("stop_at", [1, 3, 5, 7, 9, 11, 14])
def test_cancel_takes_one_step(stop_at):
    unet, token, steps = tiny_engines.model().unet, CancelToken(), []

    def listen(event):
        if isinstance(event, Step):
            steps.append(event)
            if len(steps) == stop_at:
                token.cancel()

    options = {"model": tiny_engines.model(), **SHORT, "lora": 2}
    with counted(unet) as calls, pytest.raises(CancelledError):
        pliant.apply(scenes.noise(SIZE), DRAG, engine="dragdiffusion", on_event=listen, cancel=token, **options)
    assert len(steps) == stop_at
    learned = min(stop_at, 2)
    assert len(calls) == 4 * learned + stop_at - learned
    assert not [name for name, _ in unet.named_parameters() if "lora" in name]
    assert not any(module._forward_hooks for module in unet.modules())


def test_a_kept_lora_is_taken_up_again(tmp_path):
    unet = tiny_engines.model().unet
    with counted(unet) as calls:
        first = applied(lora=2, lora_folder=str(tmp_path))
        once = len(calls)
        again = applied(lora=2, lora_folder=tmp_path)
    assert len(calls) - once == once - 8
    assert [path.suffix for path in tmp_path.iterdir()] == [".safetensors"]
    assert np.array_equal(first, again)
    assert np.array_equal(first, applied(lora=2))
    assert not np.array_equal(first, applied())


def test_as_published_the_whole_picture_is_the_models():
    assert np.array_equal(applied()[0, 0], scenes.noise(SIZE).pixels[0, 0])
    assert not np.array_equal(applied(compat=PUBLIC_CODE)[0, 0], scenes.noise(SIZE).pixels[0, 0])


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 0},
        {"t_start": 1001},
        {"pixel_steps": 0},
        {"rate": 0},
        {"lam": -1},
        {"r1": -1},
        {"r2": 0},
        {"lora": 1.5},
        {"lora_folder": 3},
        {"compat": "yes"},
    ],
    ids=str,
)
def test_wrong_options_say_what_is_right(options):
    with pytest.raises(EditError, match="accepted") as caught:
        DragDiffusion(**options)
    assert caught.value.code == "invalid_option"


def test_the_defaults_are_the_papers():
    chosen = Settings()
    assert (chosen.steps, chosen.count, chosen.pixel_steps, chosen.lora) == (50, 35, 80, 80)
    assert (chosen.rate, chosen.lam, chosen.r1, chosen.r2) == (0.01, 0.1, 1, 3)
