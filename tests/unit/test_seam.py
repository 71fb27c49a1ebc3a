"""The filler `seam`: the file that ships, tiles, and what it does where the answer is known."""

from importlib.resources import files
from pathlib import Path
from threading import Thread

import cv2
import numpy as np
import pytest

from pliant.errors import CancelledError
from pliant.events import CancelToken, Event, Step, ignore
from pliant.fill.base import Filler
from pliant.fill.patchmatch import PatchMatch
from pliant.fill.proposals import Proposals
from pliant.fill.seam import DEEP, Seam
from pliant.fill.smooth import continue_smoothly
from pliant.types import Bool, Picture


def disc(shape: tuple[int, int], radius: int) -> Bool:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (y - shape[0] // 2) ** 2 + (x - shape[1] // 2) ** 2 < radius**2


def filled(pixels: np.ndarray, hole: Bool, filler: Filler | None = None, seed: int = 0) -> np.ndarray:
    filler = filler or Seam()
    return filler.fill(Picture(pixels), hole, seed=seed, on_event=ignore, cancel=CancelToken()).pixels


def smooth_photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(40, 216, (6, 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_what_ships_is_small() -> None:
    assert len(files("pliant.fill").joinpath("seam.onnx").read_bytes()) < 8_000_000


def test_a_smooth_picture_is_continued_better_than_by_what_it_is_shown() -> None:
    errors = {"seam": 0.0, "patchmatch": 0.0, "smooth": 0.0}
    hole = disc((160, 200), 20)
    for seed in range(4):
        photo = smooth_photo(160, 200, seed)
        answers = {
            "seam": filled(photo, hole),
            "patchmatch": filled(photo, hole, PatchMatch()),
            "smooth": continue_smoothly(np.where(hole[..., None], 0, photo).astype(np.float32), hole),
        }
        for name, answer in answers.items():
            errors[name] += np.abs(answer[hole].astype(float) - photo[hole]).mean()
    assert errors["seam"] < 0.95 * min(errors["patchmatch"], errors["smooth"])


def test_stripes_are_continued() -> None:
    stripes = np.where(np.arange(128) // 6 % 2, 200, 60).astype(np.uint8)
    photo = np.broadcast_to(stripes[None, :, None], (128, 128, 3)).copy()
    hole = disc((128, 128), 16)
    guess = continue_smoothly(np.where(hole[..., None], 0, photo).astype(np.float32), hole)
    error, naive = (np.abs(p[hole].astype(float) - photo[hole]).mean() for p in (filled(photo, hole), guess))
    assert error < naive / 2


@pytest.mark.parametrize(("height", "width"), [(17, 33), (64, 9), (8, 8), (130, 47)])
def test_any_size(height: int, width: int) -> None:
    photo, hole = smooth_photo(height, width), np.zeros((height, width), bool)
    hole[2:5, 3:6] = True
    result = filled(photo, hole)
    assert result.shape == photo.shape
    np.testing.assert_array_equal(result[~hole], photo[~hole])


def test_one_pixel_is_left_to_paint_from() -> None:
    photo, hole = smooth_photo(40, 40), np.ones((40, 40), bool)
    hole[0, 0] = False
    assert np.abs(filled(photo, hole)[hole].astype(int) - photo[0, 0]).mean() < 40


def test_a_hole_of_several_tiles_has_no_joints() -> None:
    photo, hole = smooth_photo(300, 1400), np.zeros((300, 1400), bool)
    hole[120:180, 40:1360] = True
    result = filled(photo, hole)[hole].reshape(60, 1320, 3).astype(int)
    step = np.abs(np.diff(result, axis=1)).mean(axis=(0, 2))
    assert step.max() < 6 * np.median(step) + 2


def test_deep_inside_the_sharp_proposal_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    hole = np.zeros((1040, 1040), bool)
    hole[30:-30, 30:-30] = True
    sharp, other = (smooth_photo(1040, 1040, seed) for seed in (0, 1))
    depth = np.minimum(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5), 255).astype(np.uint8)
    found = Proposals(sharp=sharp, soft=other, smooth=other, misfit=np.zeros_like(depth), depth=depth)
    shown: list[Proposals] = []
    paint = Seam._painted

    def painted(self: Seam, tile: Proposals) -> np.ndarray:
        shown.append(tile)
        return paint(self, tile)

    monkeypatch.setattr(Seam, "_painted", painted)
    result = Seam()._finished(found, hole, ignore, CancelToken())
    assert len(shown) == 8  # of 3 x 3; the one in the middle is all deep
    np.testing.assert_array_equal(result[depth >= DEEP], sharp[depth >= DEEP])
    assert (result[hole & (depth < 32)] != sharp[hole & (depth < 32)]).mean() > 0.5


def test_progress_goes_up_to_the_end() -> None:
    seen: list[Event] = []
    photo, hole = smooth_photo(200, 1200), np.zeros((200, 1200), bool)
    hole[80:120, 30:1170] = True
    Seam().fill(Picture(photo), hole, on_event=seen.append, cancel=CancelToken())
    steps = [event.index for event in seen if isinstance(event, Step)]
    assert steps == sorted(steps)
    assert steps[-1] == 100
    assert len({step for step in steps if step > 50}) >= 3


def test_cancel_stops_between_tiles() -> None:
    token = CancelToken()

    def stop(event: Event) -> None:
        if isinstance(event, Step) and event.index > 50:
            token.cancel()

    photo, hole = smooth_photo(200, 1200), np.zeros((200, 1200), bool)
    hole[80:120, 30:1170] = True
    with pytest.raises(CancelledError):
        Seam().fill(Picture(photo), hole, on_event=stop, cancel=token)


def test_one_filler_serves_several_threads() -> None:
    photos = [smooth_photo(120, 120, seed) for seed in range(4)]
    hole, filler = disc((120, 120), 15), Seam()
    alone = [filled(photo, hole) for photo in photos]
    together: dict[int, np.ndarray] = {}

    def work(index: int) -> None:
        together[index] = filled(photos[index], hole, filler)

    threads = [Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, expected in enumerate(alone):
        np.testing.assert_array_equal(together[index], expected)


def test_the_number_of_threads_changes_nothing() -> None:
    photo, hole = smooth_photo(160, 160), disc((160, 160), 30)
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = filled(photo, hole)
        cv2.setNumThreads(4)
        np.testing.assert_array_equal(filled(photo, hole), one)
    finally:
        cv2.setNumThreads(before)


def test_opencv_computes_what_torch_does(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from tools.filler.export import write
    from tools.filler.network import CHANNELS
    from tools.filler.network import Seam as Network

    torch.manual_seed(0)
    network = Network()
    torch.nn.init.normal_(network.leave.weight, std=0.02)  # it starts at zero, which would hide everything else
    network = network.half().float()  # what ships is in half precision
    write(network, tmp_path / "seam.onnx")
    graph = cv2.dnn.readNetFromONNX(str(tmp_path / "seam.onnx"))
    for sides in ((48, 80), (64, 32)):
        shown = torch.rand(1, CHANNELS, *sides)
        graph.setInput(shown.numpy())
        with torch.no_grad():
            np.testing.assert_allclose(graph.forward(), network(shown).numpy(), atol=1e-4)


def test_training_can_go_on_from_what_ships(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from tools.filler.export import read, write
    from tools.filler.network import Seam as Network

    shipped = Path(str(files("pliant.fill").joinpath("seam.onnx")))
    network = Network()
    network.load_state_dict(read(shipped))
    write(network, tmp_path / "again.onnx")
    torch.save({"averaged": network.state_dict()}, tmp_path / "checkpoint.pt")
    for file in ("again.onnx", "checkpoint.pt"):
        for name, weights in read(tmp_path / file).items():
            assert torch.equal(weights, network.state_dict()[name])
