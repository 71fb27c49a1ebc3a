"""Why DragDiffusion spoils what it drags on the drawn scenes: what its latents become, and what they should.

    python benchmarks/shapes_dragdiffusion.py > benchmarks/results/shapes_dragdiffusion.md

The same drags as `shapes.py`. In place of the optimisation's, latents that it should come near to: those of the
truth, inverted to the same level. If denoising makes the truth of these, then only the optimisation is in the way.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from shapes import FITTED, FOUND, loaded
from tools.shapes.drags import Case, Score, cases, score
from torch.nn import functional

import pliant
from pliant.engines.dragdiffusion import Settings
from pliant.engines.dragdiffusion_chase import feature_block
from pliant.engines.dragdiffusion_steps import MotionSupervision
from pliant.engines.latent.features import watched
from pliant.engines.latent.task import OpenPhoto, Task, Watch
from pliant.events import CancelToken, ignore

Dragged = Callable[[MotionSupervision, Case, OpenPhoto, torch.Tensor, Task, Watch], torch.Tensor]
POINTS = 40  # of each thing, to be found again
CELL, HALF_CELL = 8, 4  # a cell of the latents in pixels, and at half resolution


@dataclass(frozen=True)
class Found:
    """A result's score; how far its latents moved where they may, and how far they are from the truth's."""

    score: Score
    moved: float
    missing: float


class Replaced(MotionSupervision):
    """The method with `by` in place of its optimisation; `after` are the latents it led to, of `task`."""

    def __init__(self, settings: Settings, case: Case, by: Dragged) -> None:
        super().__init__(settings)
        self._case, self._by = case, by
        self.distances = (0.0, 0.0)

    def dragged(self, photo: OpenPhoto, top: torch.Tensor, task: Task, watch: Watch) -> torch.Tensor:
        after = self._by(self, self._case, photo, top, task, watch)
        wanted = truth(self, self._case, photo, top, task, watch)
        free = torch.as_tensor(task.editable_cells)
        self.distances = apart(after, top, free), apart(after, wanted, free)
        return after


def apart(one: torch.Tensor, other: torch.Tensor, where: torch.Tensor) -> float:
    return float((one - other)[0][:, where].square().mean().sqrt())


# ------------------------------------------------------------------------------- what the latents may be made


def optimised(
    method: MotionSupervision, case: Case, photo: OpenPhoto, top: torch.Tensor, task: Task, watch: Watch
) -> torch.Tensor:
    del case
    return MotionSupervision.dragged(method, photo, top, task, watch)


def left(
    method: MotionSupervision, case: Case, photo: OpenPhoto, top: torch.Tensor, task: Task, watch: Watch
) -> torch.Tensor:
    del method, case, photo, task, watch
    return top


def truth(
    method: MotionSupervision, case: Case, photo: OpenPhoto, top: torch.Tensor, task: Task, watch: Watch
) -> torch.Tensor:
    del top, task, watch
    latents = photo.model.codec.encode(case.truth).clone()
    quiet = Watch(ignore, CancelToken())
    return method._inverted(replace(photo, latents=latents), quiet)


def shifted(
    method: MotionSupervision, case: Case, photo: OpenPhoto, top: torch.Tensor, task: Task, watch: Watch
) -> torch.Tensor:
    """The thing's cells where they belong, as near as whole cells come, and noise where they were."""
    del method, watch
    way = round(case.dy / CELL), round(case.dx / CELL)
    source = torch.as_tensor(task.frame.cells_in(task.handle_mask))
    fresh = torch.randn(top.shape, generator=photo.generator(case.seed))
    return torch.where(
        torch.roll(source, way, (0, 1)), torch.roll(top, way, (2, 3)), torch.where(source, fresh, top)
    )


ROWS: list[tuple[str, Dragged, dict[str, Any]]] = [
    ("left as they are", left, {}),
    ("optimised", optimised, {}),
    ("optimised, rate 0.03", optimised, {"rate": 0.03}),
    ("optimised, with a LoRA of 80 steps", optimised, {"lora": 80}),
    ("the thing's cells shifted", shifted, {}),
    ("those of the truth", truth, {}),
]


def edited(case: Case, by: Dragged, options: dict[str, Any]) -> Found:
    settings = Settings(**{**FITTED["dragdiffusion"], **options})
    method = Replaced(settings, case, by)
    engine = pliant.engine("dragdiffusion", model=loaded())
    engine._method = lambda: method
    result = engine.open(case.before).run(case.dragged(), seed=case.seed)
    return Found(score(case, result.picture.pixels), *method.distances)


# ------------------------------------------------------------------------------- whether features tell places


def places(case: Case) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Some points of the thing at half resolution, and where they belong."""
    rows, columns = np.nonzero(case.source)
    chosen = np.random.default_rng(case.seed).choice(len(rows), POINTS, replace=False)
    before = np.stack([columns[chosen], rows[chosen]], axis=1) // 2
    after = before + np.array([case.dx, case.dy]) / 2
    inside = ((after >= 0) & (after < case.truth.shape[0] / 2)).all(axis=1)
    return before[inside], after[inside]


def refound(case: Case, seen: Callable[[torch.Tensor], torch.Tensor]) -> NDArray[np.float64]:
    """How far from where they belong the points are found in all of the truth, by what is `seen` of latents."""
    method, model = MotionSupervision(Settings()), loaded()
    text, quiet = model.prompts.embedding("", guided=False), Watch(ignore, CancelToken())
    maps: list[torch.Tensor] = []
    for pixels in (case.before.pixels, case.truth):
        photo = OpenPhoto(
            model=model, frame=None, latents=model.codec.encode(pixels).clone(), prompt="", text=text
        )  # fmt: skip
        found = seen(method._inverted(photo, quiet)).float()
        maps.append(functional.interpolate(found, scale_factor=HALF_CELL, mode="bilinear")[0])
    before, after = places(case)
    wanted = maps[0][:, before[:, 1], before[:, 0]]
    nearest = torch.cdist(wanted.T, maps[1].flatten(1).T, p=1).argmin(dim=1).numpy()
    side = maps[1].shape[2]
    return np.hypot(nearest % side - after[:, 0], nearest // side - after[:, 1])


def features(latents: torch.Tensor) -> torch.Tensor:
    model, text = loaded(), loaded().prompts.embedding("", guided=False)
    block = feature_block(model.unet)
    with watched(model.unet, [block]) as found:
        model.denoiser.noise(latents, MotionSupervision(Settings()).levels.top, text)
    return found[block]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=12)
    found = cases(parser.parse_args().scenes)
    print(INTRODUCTION.format(count=len(found)))
    print(
        "| latents at level 681 | off target, px | found there | where it should be, dB | moved | to the truth's |"
    )
    print("|---" + "|--:" * 5 + "|", flush=True)
    with torch.no_grad():
        for label, by, options in ROWS:
            print(row(label, [edited(case, by, options) for case in found]), flush=True)
        print(FEATURES)
        print("| | within a cell | within two |\n|---|--:|--:|")
        for label, seen in (("features", features), ("latents", lambda latents: latents)):
            off = np.concatenate([refound(case, seen) for case in found])
            near = [f"{np.mean(off <= cells * HALF_CELL):.0%}" for cells in (1, 2)]
            print(f"| {label} | {' | '.join(near)} |", flush=True)


def row(label: str, rows: list[Found]) -> str:
    off = np.array([each.score.distance for each in rows])
    arrived, moved, missing = (
        np.mean([value(each) for each in rows])
        for value in (lambda each: each.score.arrived, lambda each: each.moved, lambda each: each.missing)
    )
    figures = f"{arrived:.1f} | {moved:.2f} | {missing:.2f}"
    return f"| {label} | {off.mean():.1f} | {np.mean(off <= FOUND):.0%} | {figures} |"


INTRODUCTION = """# Why DragDiffusion spoils what it drags here

`python benchmarks/shapes_dragdiffusion.py --scenes {count}`: the first drags of `shapes.py`, r1 3, and no
LoRA where none is named. The last two columns are root mean squares over the cells that the edit may change:
how far the latents are from where they were, and from the truth's. Their own spread is about 1.
"""

FEATURES = """
Points of the thing, found again in all of the truth by what is most like them (L1, as the engine tracks):
"""


if __name__ == "__main__":
    main()
