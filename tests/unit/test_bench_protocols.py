"""Protocols by name, and DIFT on a tiny diffusion model against the same steps written out."""

import sys

import numpy as np
import pytest

from pliant.bench.metrics.base import Metric, Outcome
from pliant.bench.protocols import PROTOCOLS, metrics_of
from pliant.bench.sample import Sample
from pliant.errors import MissingRequirementError, PliantError, UnknownNameError
from pliant.models.device import Runtime
from pliant.types import Drag, DragRegion, Edit, Picture, Rectangle

HERE = Runtime(device="cpu", dtype="float32", offline=True)
COLUMNS = {
    "pixels": ["psnr", "ssim", "psnr_uncovered", "epe", "epe_p95", "psnr_outside", "changed_outside"],
    "perception": ["lpips", "if", "lpips_truth"],
    "pliant": ["lpips", "if", "lpips_truth", "md", "md_pairs"],
    "dragdiffusion-2024": ["lpips", "if", "lpips_truth", "md", "md_pairs"],
    "regiondrag-2024": ["lpips", "if", "lpips_truth", "md", "md_pairs"],
    "inpaint4drag-2025": ["lpips", "if", "lpips_truth", "md", "md_pairs"],
}


def noise(width, height, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def sample():
    drags = (Drag((20, 20), (26, 20)),)
    edit = Edit([DragRegion(Rectangle(10, 10, 30, 30), drags)])
    truth, editable = Picture(noise(67, 45, 1)), np.zeros((45, 67), np.bool_)
    editable[8:30, 8:40] = True
    return Sample(
        name="x",
        picture=Picture(noise(67, 45)),
        edit=edit,
        drags=drags,
        prompt="a",
        truth=truth,
        editable=editable,
    )


@pytest.fixture(scope="module")
def tiny():
    pytest.importorskip("diffusers")
    import tiny_diffusion

    return str(tiny_diffusion.sd15(4))


def columns(metrics: list[Metric]):
    return [column.name for metric in metrics for column in metric.columns]


def test_pixels_need_no_network():
    found = {}
    for metric in metrics_of("pixels"):
        found |= metric.measure(sample(), Outcome(picture=Picture(noise(67, 45, 1))))
    assert found["psnr"] == 100
    assert found["changed_outside"] > 0
    assert "epe" not in found


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_measures_what_it_says(name, assets):
    # DIFT itself is tested below; here the small network's features are quicker.
    features = "" if name in ("pixels", "perception") else "squeezenet"
    metrics = metrics_of(name, assets / "lpips", HERE, features=features)
    own = columns(metrics)
    assert len(own) == len(set(own))
    assert set(COLUMNS[name]) <= set(own)
    assert ("psnr" in own) == (name in ("pixels", "perception", "pliant"))
    found = {}
    for metric in metrics:
        measured = metric.measure(sample(), Outcome(picture=Picture(noise(67, 45, 2))))
        assert measured.keys() <= {column.name for column in metric.columns}
        found |= measured
    assert all(np.isfinite(value) for value in found.values())
    assert found.get("md_pairs", 1) == 1


@pytest.mark.parametrize("features", ["tiny", "mobilenetv2"])
def test_features_can_be_chosen(features, assets, tiny, tmp_path):
    for source in (assets / "lpips", assets / "features"):
        for file in source.iterdir():
            (tmp_path / file.name).symlink_to(file)
    metrics = metrics_of("pliant", tmp_path, HERE, features=tiny if features == "tiny" else features)
    unchanged = metrics[-1].measure(sample(), Outcome(picture=sample().picture))
    assert unchanged["md"] == pytest.approx(6 / np.hypot(67, 45))


@pytest.mark.parametrize(
    ("name", "side", "sampled"),
    [("dragdiffusion-2024", None, True), ("regiondrag-2024", 768, False), ("inpaint4drag-2025", 768, False)],
)
def test_published_features_are_dift_by_the_papers_settings(name, side, sampled, assets, tiny):
    distance = metrics_of(name, assets / "lpips", HERE, features=tiny)[-1]
    settings = distance.extractor.settings
    assert (settings.side, settings.sampled) == (side, sampled)
    assert (settings.ensemble, settings.level, settings.block) == (8, 261, 1)


def test_published_lpips_is_of_squeezed_pictures_and_ours_of_pictures_as_they_are(assets):
    from pliant.bench.metrics.lpips import Lpips

    lpips = Lpips.load("alex", assets / "lpips", HERE)
    outcome = Outcome(picture=Picture(noise(67, 45, 2)))
    before = sample().picture.pixels
    for name, side in (("regiondrag-2024", 224), ("dragdiffusion-2024", 224), ("perception", None)):
        metric = metrics_of(name, assets / "lpips", HERE, features="squeezenet")[0]
        expected = lpips(before, outcome.picture.pixels, side=side)
        assert metric.measure(sample(), outcome)["lpips"] == pytest.approx(expected)


def test_an_unknown_protocol():
    with pytest.raises(UnknownNameError, match="dragdiffusion-2024") as caught:
        metrics_of("dragdiffusion-2023")
    assert caught.value.code == "unknown_protocol"


@pytest.mark.parametrize(
    ("name", "package", "extra"), [("perception", "torch", "bench"), ("pliant", "torch", "bench")]
)
def test_what_is_not_installed_is_said_with_the_command(monkeypatch, name, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    for module in [m for m in sys.modules if m.startswith("pliant.bench.metrics.")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(MissingRequirementError, match=rf"pliant\[{extra}\]"):
        metrics_of(name)


def test_weights_that_are_not_here(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "cache"))
    pytest.importorskip("torch")
    with pytest.raises(MissingRequirementError, match="pliant models get alexnet"):
        metrics_of("perception", None, HERE)
    with pytest.raises(MissingRequirementError, match="none of"):
        metrics_of("perception", tmp_path, HERE)


# --------------------------------------------------------------------------------------------- DIFT


@pytest.mark.parametrize("sampled", [False, True])
def test_dift_written_out(tiny, sampled):
    import torch
    from diffusers import DDPMScheduler, StableDiffusionPipeline

    from pliant.bench.metrics.dift import Dift, DiftSettings

    settings = DiftSettings(ensemble=3, sampled=sampled, level=261, block=1)
    found = Dift.load(tiny, settings, HERE).features(noise(67, 45), prompt="a cat", seed=4)

    options = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    pipeline = StableDiffusionPipeline.from_pretrained(tiny, **options)
    random = torch.Generator().manual_seed(4)
    pixels = torch.tensor(noise(67, 45)).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        posterior = pipeline.vae.encode(pixels).latent_dist
        clean = [posterior.sample(random) if sampled else posterior.mode() for _ in range(3)]
        clean = torch.cat(clean) * pipeline.vae.config.scaling_factor
        drawn = torch.randn(clean.shape, generator=random)
        scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
        noisy = scheduler.add_noise(clean, drawn, torch.tensor([261]))
        text = pipeline.encode_prompt("a cat", "cpu", 1, False)[0]
        seen = []
        pipeline.unet.up_blocks[1].register_forward_hook(lambda module, inputs, output: seen.append(output))
        pipeline.unet(noisy, 261, encoder_hidden_states=text.repeat(3, 1, 1))
    expected = seen[0].mean(dim=0).permute(1, 2, 0).numpy()
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_dift_squeezes_by_nearest_pixels(tiny):
    import torch

    from pliant.bench.metrics.dift import Dift, DiftSettings

    dift = Dift.load(tiny, DiftSettings(side=64, ensemble=1), HERE)
    picture = noise(97, 45)
    batch = torch.tensor(picture).permute(2, 0, 1)[None].float()
    squeezed = torch.nn.functional.interpolate(batch, (64, 64), mode="nearest")[0].permute(1, 2, 0)
    native = Dift.load(tiny, DiftSettings(ensemble=1), HERE)
    np.testing.assert_array_equal(
        dift.features(picture, seed=1), native.features(squeezed.numpy().astype(np.uint8), seed=1)
    )


def test_dift_is_seeded_and_reads_its_prompt(tiny):
    from pliant.bench.metrics.dift import Dift, DiftSettings

    dift = Dift.load(tiny, DiftSettings(ensemble=2), HERE)
    first = dift.features(noise(64, 48), prompt="a", seed=1)
    np.testing.assert_array_equal(dift.features(noise(64, 48), prompt="a", seed=1), first)
    assert (dift.features(noise(64, 48), prompt="a", seed=2) != first).any()
    assert (dift.features(noise(64, 48), prompt="b", seed=1) != first).any()


def test_a_block_that_is_not_there(tiny):
    from pliant.bench.metrics.dift import Dift, DiftSettings

    with pytest.raises(PliantError, match="blocks 0 to 1"):
        Dift.load(tiny, DiftSettings(block=2), HERE)
