"""What every filler must do holds for those that run elsewhere; small servers paint with one of ours."""

import numpy as np
import pytest
from contract.test_fillers import blob, filled, photo
from contract.test_fillers import test_a_flat_picture_stays_flat as test_a_flat_picture_stays_flat
from contract.test_fillers import test_a_hole_of_another_size_is_refused as test_a_hole_of_another_size_is_refused
from contract.test_fillers import test_cancelled_beforehand as test_cancelled_beforehand
from contract.test_fillers import test_cancelled_on_the_way as test_cancelled_on_the_way
from contract.test_fillers import test_holes_at_the_border as test_holes_at_the_border
from contract.test_fillers import test_keeps_size_and_type as test_keeps_size_and_type
from contract.test_fillers import test_no_hole_no_change as test_no_hole_no_change
from contract.test_fillers import test_nothing_to_copy_is_said as test_nothing_to_copy_is_said
from contract.test_fillers import test_paints_the_hole_and_nothing_else as test_paints_the_hole_and_nothing_else
from contract.test_fillers import test_the_hole_is_not_read as test_the_hole_is_not_read
from contract.test_fillers import test_the_input_is_not_written as test_the_input_is_not_written
from contract.test_fillers import test_tiny_pictures as test_tiny_pictures
from remote_servers import FakeComfyUI, FakeIOPaint, FakePliant, listening, png

from pliant.fill.base import FillerInfo, make_filler
from pliant.types import Picture


def telea(rgb: np.ndarray, hole: np.ndarray) -> bytes:
    return png(filled(make_filler("telea"), Picture(rgb), hole))


@pytest.fixture(scope="module", params=[FakePliant, FakeIOPaint, FakeComfyUI])
def server(request):
    with listening(request.param()) as made:
        made.paint = telea
        yield made


@pytest.fixture
def filler(server, monkeypatch):
    monkeypatch.setattr("pliant.fill.remote.comfyui.FIRST_POLL", 0.01)
    return make_filler(server.url)


def test_declares_itself(filler):
    assert isinstance(filler.info, FillerInfo)
    assert filler.info.name == "remote"
    assert filler.info.summary
    assert filler.info.licence


def test_same_seed_same_pixels(filler, server):
    first = filled(filler, photo(), blob(), seed=2**62 + 5)
    np.testing.assert_array_equal(first, filled(make_filler(server.url), photo(), blob(), seed=2**62 + 5))
