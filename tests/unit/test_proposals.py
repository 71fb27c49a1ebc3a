"""What the filler `seam` chooses from."""

import numpy as np

from pliant.events import CancelToken, ignore
from pliant.fill.proposals import Proposals
from pliant.geometry import Box
from pliant.types import Bool

PHOTO = np.random.default_rng(0).integers(0, 256, (90, 110, 3), dtype=np.uint8)


def hole(y0: int = 30, y1: int = 60, x0: int = 40, x1: int = 71) -> Bool:
    found = np.zeros(PHOTO.shape[:2], bool)
    found[y0:y1, x0:x1] = True
    return found


def proposals(rgb: np.ndarray, missing: Bool, seed: int = 0) -> Proposals:
    return Proposals.of(rgb, missing, seed=seed, on_event=ignore, cancel=CancelToken())


def test_they_differ_in_the_hole_alone() -> None:
    found, known = proposals(PHOTO, hole()), ~hole()
    for picture in (found.sharp, found.soft, found.smooth):
        np.testing.assert_array_equal(picture[known], PHOTO[known])
    assert not found.misfit[known].any()
    assert not found.depth[known].any()


def test_depth_counts_pixels_from_the_hole_s_border() -> None:
    depth = proposals(PHOTO, hole()).depth
    assert depth[30, 55] == 1
    assert depth[45, 55] == depth.max() == 15


def test_a_frame_is_no_border() -> None:
    depth = proposals(PHOTO, hole(y0=0, y1=20)).depth
    assert depth[0, 55] == 16


def test_what_stands_in_the_hole_is_not_read() -> None:
    other = np.where(hole()[..., None], 255 - PHOTO, PHOTO)
    first, second = proposals(PHOTO, hole()).stacked(), proposals(other, hole()).stacked()
    np.testing.assert_array_equal(first, second)


def test_what_fits_badly_is_known_to() -> None:
    stripes = np.where(np.arange(110) // 5 % 2, 220, 30).astype(np.uint8)
    ordered = np.broadcast_to(stripes[None, :, None], PHOTO.shape).copy()
    assert proposals(ordered, hole()).misfit[hole()].mean() < 5
    assert proposals(PHOTO, hole()).misfit[hole()].mean() > 20


def test_where_no_patch_is_known_all_three_are_smooth() -> None:
    missing = np.ones(PHOTO.shape[:2], bool)
    missing[::20, ::20] = False
    found = proposals(PHOTO, missing)
    np.testing.assert_array_equal(found.sharp, found.smooth)
    assert (found.misfit[missing] > 0).all()


def test_what_the_network_is_shown() -> None:
    found = proposals(PHOTO, hole())
    shown = found.stacked()
    assert shown.shape == (12, 90, 110)
    assert shown.dtype == np.float32
    np.testing.assert_allclose((shown[:3] + shown[3:6] + 1) * 127.5, found.soft.transpose(2, 0, 1), atol=1e-4)
    np.testing.assert_allclose((shown[:3] + shown[6:9] + 1) * 127.5, found.smooth.transpose(2, 0, 1), atol=1e-4)
    np.testing.assert_array_equal(shown[9], hole())
    assert np.abs(shown[9:]).max() <= 1


def test_a_box_of_them() -> None:
    found, box = proposals(PHOTO, hole()), Box(10, 20, 60, 50)
    np.testing.assert_array_equal(found.on(box).stacked(), found.stacked()[:, 20:50, 10:60])
