"""The catalogue: well formed, honest about what is known, and the same as its page."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pliant.models.catalog import KINDS, Location, Model, find, models
from pliant.models.selection import PICKLES

PAGE = Path(__file__).parents[2] / "docs" / "models.md"

every_model = pytest.mark.parametrize("model", models(), ids=lambda model: model.alias)


@every_model
def test_an_entry_is_well_formed(model):
    assert find(model.alias) is model
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", model.alias)
    assert model.kind in KINDS
    assert model.title
    assert model.licence
    assert model.size is None or model.size > 0
    assert model.paper == "" or urlsplit(model.paper).scheme == "https"
    assert model.locations
    assert len(set(model.locations and [place.name for place in model.locations])) == len(model.locations)


@every_model
def test_its_locations_are_well_formed(model):
    for place in model.locations:
        assert bool(place.repo) != bool(place.url)
        assert place.files
        assert not any(name.startswith("/") or ".." in name for name in place.files)
        # Weights of metrics are published as .pth alone; they are read by torch's loader of bare tensors.
        assert model.kind == "metric" or not any(Path(name).suffix in PICKLES for name in place.files)
        assert place.repo == "" or re.fullmatch(r"[\w.-]+/[\w.-]+", place.repo)
        assert place.revision is None or re.fullmatch(r"[0-9a-f]{40}", place.revision)
        assert place.url == "" or (place.url.startswith("https://") and place.url.endswith("/"))
        assert place.url == "" or place.revision is None
        assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in place.sha256.values())
        assert place.sha256.keys() <= set(place.files)


@every_model
def test_every_location_of_one_file_holds_the_same_file(model):
    hashes = {place.sha256[place.single] for place in model.locations if place.single in place.sha256}
    assert len(hashes) <= 1


@every_model
def test_graphs_have_a_contract_and_nothing_else_has(model):
    assert (model.contract is not None) == ("onnx" in model.kind or model.kind == "segment-subject")
    if model.kind == "inpaint-onnx":
        assert model.contract.mask
        assert model.contract.hole != model.contract.keep
        assert model.contract.output_range is not None


def test_the_names_that_everything_else_uses_are_there():
    wanted = (
        "sd15-inpaint sdxl-inpaint lcm-lora-sd15 lcm-lora-sdxl taesd taesdxl lama migan sam sam2 onnx-sam subject"
    )
    assert set(wanted.split()) <= {model.alias for model in models()}
    assert find("nothing") is None


def test_repositories_that_are_gone_are_not_listed():
    gone = ("runwayml/", "stabilityai/stable-diffusion-2")
    assert not [place for model in models() for place in model.locations if place.repo.startswith(gone)]


def test_a_location_knows_whether_it_is_one_file():
    assert Location(repo="a/b", files=("x.onnx",)).single == "x.onnx"
    assert Location(repo="a/b", files=("*.onnx",)).single is None
    assert Location(repo="a/b", files=("x.onnx", "y.onnx")).single is None


def row(model: Model) -> str:
    size = "" if model.size is None else f"{model.size / 1e6:,.0f} MB"
    title = f"[{model.title}]({model.paper})" if model.paper else model.title
    return f"| `{model.alias}` | {title} | {size} | {model.licence} |"


def test_the_page_lists_the_catalogue():
    listed = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert listed[: len(models())] == [row(model) for model in models()]
