"""*Holes*: what it states as the truth is true of its pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pliant.bench.holes import KINDS, Holes
from pliant.bench.sample import DataError
from pliant.bench.sources import open_source
from pliant.cli.main import main
from pliant.warp.warper import Warper


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos, all=1")
    for seed in range(3):
        noise = np.random.default_rng(seed).integers(0, 256, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(cv2.resize(noise, (400, 320), interpolation=cv2.INTER_CUBIC)).save(folder / f"{seed}.png")
    (folder / "notes.txt").write_text("not a photo")
    return folder


def test_only_the_hole_differs_from_the_truth(photos: Path) -> None:
    for ref in Holes(photos, count=9, side=256).samples:
        sample = ref.load()
        preview = Warper(sample.picture).preview(sample.edit).picture.pixels
        outside = ~sample.uncovered
        np.testing.assert_array_equal(preview[outside], sample.truth.pixels[outside])
        np.testing.assert_array_equal(
            sample.truth.pixels[~sample.editable], sample.picture.pixels[~sample.editable]
        )


def test_holes_are_of_their_kind(photos: Path) -> None:
    deep = {kind: [] for kind in KINDS}
    for index in range(30):
        sample = Holes(photos, side=256).make(index)
        inside = np.pad(sample.uncovered, 1).view(np.uint8)
        deep[sample.category].append(cv2.distanceTransform(inside, cv2.DIST_L2, 5).max())
    assert max(deep["seam"]) < 6
    assert 1 < np.median(deep["crescent"]) < 14
    assert min(deep["vacated"]) > np.median(deep["crescent"])


def test_samples_depend_on_nothing_but_what_the_name_says(photos: Path) -> None:
    first, again = Holes(photos, count=3).make(2), Holes(photos, count=300).make(2)
    assert first.name == again.name
    assert first.edit == again.edit
    np.testing.assert_array_equal(first.truth.pixels, again.truth.pixels)
    other = Holes(photos, seed=1).make(2)
    assert other.edit != first.edit


def test_photos_are_cropped_to_the_side(photos: Path) -> None:
    assert Holes(photos, side=128).make(0).picture.size == (128, 128)
    assert Holes(photos, side=512).make(0).picture.size == (400, 320)


def test_a_folder_with_commas_is_named_with_numbers(photos: Path) -> None:
    found = open_source(f"holes:{photos},count=4,seed=7,side=128")
    assert isinstance(found, Holes)
    assert (found.folder, found.count, found.seed, found.side) == (photos, 4, 7, 128)
    assert open_source(f"holes:{photos}") == Holes(photos)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("holes:nowhere", "missing_data", "no folder 'nowhere'"),
        ("holes:{photos},side=20", "invalid_option", "128 to 4096"),
        ("holes:{photos},count=0", "invalid_option", "1 to 1000000"),
        ("holes:{photos},size=20", "invalid_option", "holes:FOLDER,count=300"),
        ("holes:{empty}", "unknown_layout", "no pictures"),
    ],
)
def test_misuse_is_said(photos: Path, tmp_path: Path, text: str, code: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        open_source(text.format(photos=photos, empty=tmp_path))
    assert caught.value.code == code


def test_a_photo_too_small_for_any_part_is_broken(tmp_path: Path) -> None:
    Image.new("RGB", (6, 5)).save(tmp_path / "dot.png")
    with pytest.raises(DataError, match="6x5"):
        Holes(tmp_path).make(0)


def test_the_bench_takes_it(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = f"holes:{photos},count=3,side=128", str(tmp_path / "out")
    assert main(["bench", "run", "--data", data, "--plan", "fillers", "-o", out, "-q"]) == 0
    assert main(["bench", "report", out, "--by", "category", "--against", "patchmatch"]) == 0
    table = capsys.readouterr().out
    assert all(kind in table for kind in KINDS)
    assert "seam" in table
