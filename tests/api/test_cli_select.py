"""`pliant select` and `--refine`, from the command line."""

import io
import json
import sys

import numpy as np
import pytest

import pliant
from pliant.cli.main import main


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pixels = np.repeat(np.linspace(20, 60, 160).astype(np.uint8)[None, :, None], 120, axis=0).repeat(3, axis=2)
    pixels[40:80, 50:110] = (210, 190, 80)
    pliant.save(pliant.Picture(pixels), "photo.png")
    return pixels[..., 0] > 100


def mask_in(name):
    return pliant.load(name).pixels[..., 0] > 127


@pytest.mark.parametrize(
    "flags",
    [
        ["--point", "80,60"],
        ["--point", "60,60", "--point", "100,60", "--not-point", "10,10"],
        ["--box", "44,34,116,86"],
        ["--mask", "rough.png"],
        ["--point", "80,60", "--segmenter", "grabcut"],
    ],
)
def test_select(photo, flags, capsys):
    rough = np.zeros((120, 160), np.uint8)
    rough[36:84, 46:114] = 255
    pliant.save(pliant.Picture(rough), "rough.png")
    assert main(["select", "photo.png", *flags, "-o", "mask.png"]) == 0
    np.testing.assert_array_equal(mask_in("mask.png"), photo)
    assert "2,400 pixels selected" in capsys.readouterr().out


def test_facts(photo, capsys):
    assert main(["select", "photo.png", "--point", "80,60", "-o", "mask.png", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["box"] == [50, 40, 110, 80]
    assert (facts["area"], facts["size"], facts["segmenter"]) == (2400, [160, 120], "grabcut")


def test_pipes(photo, monkeypatch, tmp_path):
    class Pipe(io.StringIO):
        def __init__(self, data=b""):
            super().__init__()
            self.buffer = io.BytesIO(data)

    monkeypatch.setattr(sys, "stdin", Pipe((tmp_path / "photo.png").read_bytes()))
    out = Pipe()
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["select", "-", "--point", "80,60", "-o", "-"]) == 0
    np.testing.assert_array_equal(pliant.load(out.buffer.getvalue()).pixels[..., 0] > 127, photo)


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        ([], 1, "no_prompt"),
        (["--point", "8"], 2, "x,y"),
        (["--point", "800,6"], 1, "point_outside_picture"),
        (["--point", "80,60", "--segmenter", "nothing"], 1, "unknown_segmenter"),
        (["--box", "9,9,9,9"], 1, "invalid_region"),
    ],
)
@pytest.mark.usefixtures("photo")
def test_misuse(flags, code, said, capsys, tmp_path):
    assert main(["select", "photo.png", *flags, "-o", "mask.png"]) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "mask.png").exists()


@pytest.mark.parametrize("verb", ["edit", "warp"])
def test_refine(photo, verb, tmp_path):
    drag = ["--box", "46,36,114,84", "--drag", "80,60:100,60"]
    assert main([verb, "photo.png", *drag, "-o", "plain.png", "-q"]) == 0
    assert main([verb, "photo.png", *drag, "--refine", "grabcut", "-o", "fine.png", "-q"]) == 0
    plain, fine = (pliant.load(name).pixels[..., :3] for name in ("plain.png", "fine.png"))
    assert (plain != fine).any()
    assert (fine[60, 75:128, 0] > 100).all()


def test_refine_shows_the_refined_mesh(photo):
    drag = ["--box", "46,36,114,84", "--drag", "80,60:100,60", "--show", "mesh"]
    assert main(["warp", "photo.png", *drag, "-o", "plain.png", "-q"]) == 0
    assert main(["warp", "photo.png", *drag, "--refine", "grabcut", "-o", "fine.png", "-q"]) == 0
    assert (pliant.load("plain.png").pixels != pliant.load("fine.png").pixels).any()


def test_segmenters_are_listed(capsys):
    assert main(["engines", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["segmenters"]}
    assert next(iter(rows)) == "grabcut"
    assert rows["subject"]["needs_prompt"] is False
    assert all(row["available"] for row in rows.values())
