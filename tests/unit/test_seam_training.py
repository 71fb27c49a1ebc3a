"""What the network of `seam` is trained on: batches of windows, cropped, turned and coloured."""

from pathlib import Path

import numpy as np
import pytest

from pliant.fill.proposals import Proposals

torch = pytest.importorskip("torch")

from tools.filler.batches import Windows, batch, coloured, cropped, turned  # noqa: E402
from tools.filler.windows import SIDE, UNSEEN  # noqa: E402


def windows(count: int, side: int = SIDE, seed: int = 0) -> np.ndarray:
    """Noise, with the hole where the depth is above 0."""
    found = np.random.default_rng(seed).integers(0, 256, (count, side, side, 15), dtype=np.uint8)
    found[..., 13:] = 0
    for index, window in enumerate(found):
        window[20 * index + 5 : 20 * index + 9, 30:50, 13] = 2
        window[20 * index + 5 : 20 * index + 9, 30:50, 14] = 255
    return found


def test_a_batch_is_what_the_filler_shows_the_network() -> None:
    table = windows(3, side=80)
    given = batch(torch.from_numpy(table))
    for window, shown in zip(table, given.shown, strict=True):
        sharp, soft, smooth = (window[..., 3 * i : 3 * i + 3] for i in (1, 2, 3))
        proposals = Proposals(sharp=sharp, soft=soft, smooth=smooth, misfit=window[..., 12], depth=window[..., 13])
        np.testing.assert_allclose(shown.numpy(), proposals.stacked(), atol=1e-6)
    np.testing.assert_array_equal(given.hole[:, 0].numpy(), table[..., 14] > UNSEEN)


def test_every_crop_has_a_piece_of_the_hole() -> None:
    torch.manual_seed(0)
    table = torch.from_numpy(windows(4))
    for _ in range(10):
        crops = cropped(table, 128)
        assert crops.shape == (4, 128, 128, 15)
        assert (crops[..., 14] > UNSEEN).flatten(1).any(1).all()


def test_turning_keeps_the_maps_of_a_window_together() -> None:
    torch.manual_seed(0)
    table = torch.from_numpy(windows(4, side=90))
    table[..., 0] = table[..., 13]
    seen = turned(table)
    assert not torch.equal(seen, table)
    torch.testing.assert_close(seen[..., 0], seen[..., 13])
    torch.testing.assert_close(seen.flatten(1).sort().values, table.flatten(1).sort().values)


def test_colouring_treats_truth_and_proposals_alike_and_leaves_the_maps() -> None:
    torch.manual_seed(0)
    table = torch.from_numpy(windows(4, side=90))
    for i in (1, 2, 3):
        table[..., 3 * i : 3 * i + 3] = table[..., :3]
    seen = coloured(table)
    for i in (1, 2, 3):
        torch.testing.assert_close(seen[..., 3 * i : 3 * i + 3], seen[..., :3])
    torch.testing.assert_close(seen[..., 12:], table[..., 12:].float())
    assert seen[..., :12].min() >= 0
    assert seen[..., :12].max() <= 255


def test_windows_made_later_are_taken_in(tmp_path: Path) -> None:
    np.save(tmp_path / "00000.npy", windows(3))
    found = Windows(tmp_path, torch.device("cpu"))
    found.take_in()
    assert len(found) == 3
    (tmp_path / "more").mkdir()
    np.save(tmp_path / "more" / "00000.npy", windows(2, seed=1))
    found.take_in()
    assert len(found) == 5
    assert found.random(5, 128).shown.shape == (5, 12, 128, 128)
    assert [len(some.shown) for some in found.first(3, 2)] == [2, 1]
