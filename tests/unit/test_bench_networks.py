"""LPIPS and feature extractors: on the published weights where they are, on random ones elsewhere."""

import re

import numpy as np
import pytest

from pliant import imageio
from pliant.bench.metrics.base import Outcome
from pliant.bench.sample import Sample
from pliant.errors import MissingRequirementError, PliantError
from pliant.models.device import Runtime
from pliant.types import Drag, DragRegion, Edit, Picture, Rectangle

torch = pytest.importorskip("torch")

from pliant.bench.metrics.extractors import RECIPES, NetworkFeatures  # noqa: E402
from pliant.bench.metrics.lpips import Lpips, Perception  # noqa: E402
from pliant.bench.metrics.networks import NETWORKS, Stages, as_tensor  # noqa: E402
from pliant.bench.metrics.weights import read  # noqa: E402

HERE = Runtime(device="cpu", offline=True)
FILES = {
    "alex": "alexnet-owt-7be5be79.pth",
    "squeeze": "squeezenet1_1-b8a52dc0.pth",
    "vgg": "vgg16-397923af.pth",
    "mobilenetv2": "mobilenet_v2-b0353104.pth",
}
WIDTHS = {
    "alex": [64, 192, 384, 256, 256],
    "squeeze": [64, 128, 256, 384, 384, 512, 512],
    "vgg": [64, 128, 256, 512, 512],
}


def noise(width, height, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def random_weights(network):
    torch.manual_seed(5)
    layers = NETWORKS[network].layers()
    for name, value in layers.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif value.is_floating_point():
            value.copy_(torch.randn(value.shape) / max(value[0].numel(), 9) ** 0.5)
    return {f"features.{name}": value for name, value in layers.state_dict().items()}


def put_weights(folder, network):
    """Files as they are published: the backbone with its classifier, and the linear layers."""
    weights = random_weights(network)
    torch.save({**weights, "classifier.1.weight": torch.zeros(2, 2)}, folder / FILES[network])
    if network not in WIDTHS:
        return weights, []
    head = [torch.rand(1, width, 1, 1) for width in WIDTHS[network]]
    torch.save({f"lin{i}.model.1.weight": value for i, value in enumerate(head)}, folder / f"{network}.pth")
    return weights, head


# -------------------------------------------------------------------------------------------- LPIPS


@pytest.mark.parametrize("network", ["alex", "squeeze"])
def test_the_published_pair(assets, network):
    pictures = [imageio.load(assets / "lpips" / f"ex_{name}.png").pixels for name in ("ref", "p0", "p1")]
    lpips = Lpips.load(network, assets / "lpips", HERE)
    reference, first, second = pictures
    if network == "alex":
        assert lpips(reference, first) == pytest.approx(0.7219, abs=5e-5)
        assert lpips(reference, second) == pytest.approx(0.1376, abs=5e-5)
    assert lpips(reference, first) > 3 * lpips(reference, second)
    assert lpips(reference, reference) == 0
    assert lpips(first, reference) == pytest.approx(lpips(reference, first), abs=1e-6)


def functional_stages(x, weights, network):
    """The stages of AlexNet and VGG16 written out from their papers' tables, with the files' keys."""
    convolve = torch.nn.functional.conv2d
    numbers = sorted({int(key.split(".")[1]) for key in weights})
    stages = []
    for index, number in enumerate(numbers):
        weight, bias = weights[f"features.{number}.weight"], weights[f"features.{number}.bias"]
        if network == "alex":
            x = torch.nn.functional.max_pool2d(x, 3, 2) if index in (1, 2) else x
            x = convolve(x, weight, bias, (4 if index == 0 else 1), [2, 2, 1, 1, 1][index]).relu()
            stages.append(x)
        else:
            x = torch.nn.functional.max_pool2d(x, 2) if index in (2, 4, 7, 10) else x
            x = convolve(x, weight, bias, 1, 1).relu()
            stages += [x] if index in (1, 3, 6, 9, 12) else []
    return stages


@pytest.mark.parametrize("network", ["alex", "vgg"])
def test_lpips_written_out(tmp_path, network):
    weights, head = put_weights(tmp_path, network)
    first, second = noise(48, 40), noise(48, 40, 1)
    stages = []
    for picture in (first, second):
        pixels = torch.tensor(picture).permute(2, 0, 1)[None] / 255
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        normed = (pixels - mean[:, None, None]) / std[:, None, None]
        stages.append([x / x.norm(dim=1, keepdim=True) for x in functional_stages(normed, weights, network)])
    expected = sum(float(((a - b) ** 2 * w).sum(1).mean()) for a, b, w in zip(*stages, head, strict=True))
    assert Lpips.load(network, tmp_path, HERE)(first, second) == pytest.approx(expected, rel=1e-4)


def test_squeezing_is_bilinear_and_without_antialiasing(tmp_path):
    put_weights(tmp_path, "squeeze")
    lpips = Lpips.load("squeeze", tmp_path, HERE)
    first, second = np.zeros((80, 120, 3), np.uint8), np.zeros((80, 120, 3), np.uint8)
    # Squeezed to 40, output column j lies between columns 3j + 1 (alone) and never sees 3j or 3j + 2.
    second[:, ::3] = 255
    assert lpips(first, second) > 0
    assert lpips(first, second, side=40) == pytest.approx(0, abs=1e-6)


def test_fidelity_to_the_input_and_distance_to_the_truth(tmp_path):
    put_weights(tmp_path, "squeeze")
    lpips = Lpips.load("squeeze", tmp_path, HERE)
    picture, truth, result = (noise(40, 40, seed) for seed in range(3))
    edit = Edit([DragRegion(Rectangle(10, 10, 30, 30), [Drag((20, 20), (26, 20))])])
    sample = Sample(name="x", picture=Picture(picture), edit=edit, truth=Picture(truth))
    found = Perception(lpips).measure(sample, Outcome(picture=Picture(result)))
    assert found == {
        "lpips": lpips(picture, result),
        "if": 1 - lpips(picture, result),
        "lpips_truth": lpips(truth, result),
    }
    assert Perception(lpips).measure(sample, Outcome(picture=sample.picture))["if"] == 1


# -------------------------------------------------------------------------------------- the weights


def torchvisions(weights):
    """The keys of torchvision's MobileNetV2, whose blocks nest what the authors' code numbers flatly."""
    renamed = {}
    for key, value in weights.items():
        found = re.fullmatch(r"features\.(\d+)\.conv\.(\d+)\.(.*)", key)
        if not found:
            renamed[key] = value
            continue
        block, index, rest = int(found[1]), int(found[2]), found[3]
        plain = 3 if block == 1 else 6
        place = f"{index // 3}.{index % 3}" if index < plain else str(plain // 3 + index - plain)
        renamed[f"features.{block}.conv.{place}.{rest}"] = value
    return renamed


def test_mobilenet_in_both_numberings(tmp_path):
    weights, _ = put_weights(tmp_path, "mobilenetv2")
    flat = NetworkFeatures.load("mobilenetv2", tmp_path, HERE).features(noise(64, 48))
    nested = torchvisions(weights)
    assert "features.1.conv.0.0.weight" in nested
    assert "features.2.conv.1.1.running_var" in nested
    assert "features.2.conv.3.bias" in nested
    torch.save(nested, tmp_path / FILES["mobilenetv2"])
    np.testing.assert_array_equal(
        NetworkFeatures.load("mobilenetv2", tmp_path, HERE).features(noise(64, 48)), flat
    )


@pytest.mark.parametrize("network", FILES)
def test_weights_that_are_missing_or_of_another_network(tmp_path, network):
    with pytest.raises(MissingRequirementError, match="none of"):
        load(network, tmp_path)
    put_weights(tmp_path, network)
    load(network, tmp_path)
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / FILES[network])
    with pytest.raises(PliantError, match=r"lacks '0\.") as caught:
        load(network, tmp_path)
    assert caught.value.code == "invalid_model"


def load(network, folder):
    if network == "mobilenetv2":
        return NetworkFeatures.load(network, folder, HERE)
    return Lpips.load(network, folder, HERE)


class Runs:
    def __reduce__(self):
        return print, ("hacked",)


@pytest.mark.parametrize("content", [{"a": Runs()}, {"a": 1}, [torch.zeros(1)]], ids=["runs", "number", "list"])
def test_only_tensors_are_built_from_a_file(tmp_path, content, capsys):
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(PliantError, match="cannot be read") as caught:
        read(tmp_path / "x.pth")
    assert caught.value.code == "invalid_model"
    assert capsys.readouterr().out == ""


def test_safetensors_are_read_too(tmp_path):
    save_file = pytest.importorskip("safetensors.torch").save_file
    weights, _ = put_weights(tmp_path, "squeeze")
    before = Lpips.load("squeeze", tmp_path, HERE)(noise(40, 40), noise(40, 40, 1))
    (tmp_path / FILES["squeeze"]).unlink()
    save_file(weights, tmp_path / "squeezenet.safetensors")
    assert Lpips.load("squeeze", tmp_path, HERE)(noise(40, 40), noise(40, 40, 1)) == before


def test_what_lpips_does_not_know(tmp_path):
    with pytest.raises(PliantError, match="alex, squeeze, vgg"):
        Lpips.load("resnet", tmp_path, HERE)
    put_weights(tmp_path, "squeeze")
    with pytest.raises(PliantError, match="one size"):
        Lpips.load("squeeze", tmp_path, HERE)(noise(40, 40), noise(41, 40))


# --------------------------------------------------------------------------------------- extractors


@pytest.mark.parametrize("name", RECIPES)
def test_features_are_dense_unit_and_repeatable(tmp_path, name):
    recipe = RECIPES[name]
    put_weights(tmp_path, recipe.network)
    extractor = NetworkFeatures.load(name, tmp_path, HERE)
    found = extractor.features(noise(60, 40))
    assert found.shape[1] == pytest.approx(recipe.side / 16, abs=1)
    assert found.shape[0] == pytest.approx(recipe.side / 24, abs=1)
    np.testing.assert_allclose(np.square(found).sum(axis=2), len(recipe.taps), rtol=1e-4)
    np.testing.assert_array_equal(extractor.features(noise(60, 40), prompt="a", seed=9), found)


@pytest.mark.parametrize(("name", "folder"), [("squeezenet", "lpips"), ("mobilenetv2", "features")])
def test_handles_are_found_again_in_a_later_frame(assets, name, folder):
    from pliant.bench.datasets import open_data
    from pliant.bench.metrics.distance import MeanDistance
    from pliant.bench.protocols import PLIANT

    metric = MeanDistance(NetworkFeatures.load(name, assets / folder, HERE), PLIANT)
    samples = [ref.load() for ref in open_data(assets / "vfd").samples]
    found = [metric.measure(sample, Outcome(picture=sample.truth))["md"] for sample in samples]
    moved = [
        np.hypot(*np.subtract(s.drags[0].target, s.drags[0].handle)) / np.hypot(*s.picture.size) for s in samples
    ]
    nothing = metric.measure(samples[0], Outcome(picture=samples[0].picture))["md"]
    assert np.median(found) < np.median(moved) / 3
    assert nothing == pytest.approx(moved[0], abs=1e-3)


def test_pixels_reach_a_network_in_minus_one_to_one():
    stages = Stages(NETWORKS["squeeze"], (1,))
    pixels = as_tensor(np.array([[[0, 255, 51]]], np.uint8), stages)
    np.testing.assert_allclose(pixels.numpy().ravel(), [-1, 1, -0.6], atol=1e-6)
