"""Does every latent engine move a thing? On drawn scenes, with a small model trained on such, and the truth known.

    python benchmarks/shapes.py [--scenes 12] [--engine regiondrag]

Writes `benchmarks/results/shapes.md`, and `shapes-engines.jpg` and `shapes-ablations.jpg` in `docs/pictures`.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

import pliant
from pliant.engines.base import ENGINES
from pliant.engines.latent.model import LatentModel, open_model
from pliant.models.device import Runtime

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tools.shapes.drags import Case, Pixels, Score, cases, score  # noqa: E402

FOLDER = ROOT / "tests" / "shapes"
RESULTS = ROOT / "benchmarks" / "results" / "shapes.md"
PICTURES = ROOT / "docs" / "pictures"
FOUND = 8  # pixels, one cell of the latents
SHOWN = 6

# Defaults that were made for 64 x 64 latents: patches of 10 cells do not fit things of 5 to 7 on 16 x 16, and a
# patch of 3 half pixels takes little along. Nothing is learned per picture: the model was trained on such.
FITTED: dict[str, dict[str, Any]] = {
    "dragdiffusion": {"lora": 0, "r1": 3},
    "sdedrag": {"lora": 0, "radius": 3, "steps": 50},
}
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "fastdrag": [{"mode": "drag"}, {"mode": "move"}],
    "dragdiffusion": [{}, {"rate": 0.03}],
    "diffeditor": [{"mode": "drag"}, {"mode": "move"}],
}
ABLATIONS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "share of the points": [(f"{share:.0%}", {"points": share}) for share in (1.0, 0.5, 0.25, 0.1, 0.02)],
    "pasted": [
        ("from 501 to 201 (the paper's)", {}),
        ("only at 501", {"t_end": 500}),
        ("on every level", {"t_end": 0}),
    ],
    "alpha": [(f"{alpha:g}", {"alpha": alpha}) for alpha in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)],
    "the photo's keys and values": [
        ("all layers", {}),
        ("decoder only (7-15)", {"attention": "7-15"}),
        ("first half of the steps", {"attention": "all@0-4"}),
        ("none", {"attention": "none"}),
    ],
}

Task = Callable[[Case], Pixels]
Row = tuple[str, list[Score], list[Pixels]]


def edited(case: Case, *, engine: str, options: dict[str, Any], paired: bool = False) -> Pixels:
    """The result of one edit."""
    options = {**FITTED.get(engine, {}), **options}
    if engine in latent_engines():
        options["model"] = loaded()
    edit = case.paired() if paired else case.dragged()
    return pliant.apply(case.before, edit, engine=engine, seed=case.seed, **options).picture.pixels


def undone(case: Case) -> Pixels:
    """The picture as it was."""
    return case.before.pixels


def coded(case: Case) -> Pixels:
    """The truth, as the model's autoencoder gives it back."""
    codec = loaded().codec
    return np.round(codec.decode(codec.encode(case.truth))).astype(np.uint8)


@cache
def loaded() -> LatentModel:
    """The model, once in a process."""
    torch.set_num_threads(1)
    return open_model(str(FOLDER), Runtime(device="cpu", offline=True))


def latent_engines() -> list[str]:
    return [name for name, make in ENGINES if "model" in make.info.options]


def engine_tasks() -> Iterator[tuple[str, Task]]:
    yield "nothing done", undone
    yield "the truth, through the autoencoder", coded
    yield "inpaint4drag", partial(edited, engine="inpaint4drag", options={})
    for engine in latent_engines():
        for options in VARIANTS.get(engine, [{}]):
            label = ", ".join([engine, *(f"{option} {value}" for option, value in options.items())])
            yield label, partial(edited, engine=engine, options=options)
        if ENGINES.get(engine).info.understands_pairs:
            yield f"{engine}, region pair", partial(edited, engine=engine, options={}, paired=True)


def ablation_tasks(settings: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, Task]]:
    for label, options in settings:
        yield label, partial(edited, engine="regiondrag", options=options)


def measured(pool: Executor, tasks: Iterable[tuple[str, Task]], found: list[Case]) -> list[Row]:
    rows: list[Row] = []
    for label, task in tasks:
        results = list(pool.map(task, found))
        rows.append((label, [score(case, result) for case, result in zip(found, results, strict=True)], results))
        print(line(rows[-1]), flush=True)
    return rows


def line(row: Row) -> str:
    label, scores, _ = row
    distances = np.array([s.distance for s in scores])
    means = [np.mean([getattr(s, name) for s in scores]) for name in ("arrived", "cleared", "rest")]
    numbers = " | ".join(f"{mean:.1f}" for mean in means)
    return f"| {label} | {distances.mean():.1f} | {np.mean(distances <= FOUND):.0%} | {numbers} |"


def table(rows: list[Row], head: str) -> str:
    names = f"| {head} | off target, px | found there | where it should be, dB | where it stood, dB | rest, dB |"
    return "\n".join([names, "|---" + "|--:" * 5 + "|", *map(line, rows)])


def with_arrow(case: Case) -> Pixels:
    picture = np.ascontiguousarray(case.before.pixels)
    ends = [tuple(round(v) for v in point) for point in (case.drag.handle, case.drag.target)]
    for colour, width in (((255, 255, 255), 3), ((200, 0, 0), 1)):
        cv2.arrowedLine(picture, *ends, colour, width, cv2.LINE_AA, tipLength=0.25)
    return picture


def sheet(found: list[Case], rows: list[Row], file: str) -> None:
    """Input with its arrow, the truth, then a row for each of `rows`, with its name in front."""
    named = [("input", [with_arrow(case) for case in found]), ("truth", [case.truth for case in found])]
    named += [(label, results) for label, _, results in rows]
    strips = [np.hstack([caption(label), *results[:SHOWN]]) for label, results in named]
    Image.fromarray(np.vstack(strips)).save(PICTURES / file, quality=85)


def caption(text: str) -> Pixels:
    strip = np.full((128, 150, 3), 255, np.uint8)
    for index, part in enumerate(text.split(", ")):
        place = (6, 60 + 18 * index)
        cv2.putText(strip, part, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return strip


def report(found: list[Case], engines: list[Row], ablations: list[tuple[str, list[Row]]]) -> str:
    far = np.mean([np.hypot(case.dx, case.dy) for case in found])
    fitted = "; ".join(f"{name} has {options}" for name, options in FITTED.items())
    parts = [
        "# Do the engines move a thing?",
        f"{len(found)} drawn scenes of 128 x 128 pixels with one thing, dragged by {far:.0f} px on average; the "
        f"model is the one in `tests/shapes`, the engines have their default options, but {fitted}.",
        table(engines, "engine"),
        "*Off target*: from where the thing is found, the place that looks most like it, to where it belongs. "
        f"*Found there*: the share of scenes in which that is within {FOUND} px. The PSNRs are against the "
        "scene drawn anew with its thing at the target; *rest* is further than 4 px from both. Means over scenes.",
        "## RegionDrag: what its parts do",
    ]
    for name, rows in ablations:
        parts.append(table(rows, name))
    parts.append("`python benchmarks/shapes.py` makes this page.")
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=2, help="processes of one thread each")
    parser.add_argument("--engine", help="only this one, nothing is written")
    asked = parser.parse_args()
    found = cases(asked.scenes)
    with ProcessPoolExecutor(asked.jobs, get_context("spawn")) as pool:
        wanted = [(label, task) for label, task in engine_tasks() if asked.engine in (None, label.split(",")[0])]
        engines = measured(pool, wanted, found)
        if asked.engine:
            return
        ablations = [(name, measured(pool, ablation_tasks(rows), found)) for name, rows in ABLATIONS.items()]
    RESULTS.write_text(report(found, engines, ablations), encoding="utf-8")
    sheet(found, engines[2:], "shapes-engines.jpg")
    sheet(found, [row for _, rows in ablations for row in rows], "shapes-ablations.jpg")


if __name__ == "__main__":
    main()
