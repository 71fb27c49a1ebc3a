"""How well segmenters find true objects: frames of videos with object masks, from four kinds of prompt.

    python benchmarks/segmenters.py VIDEOS --segmenter grabcut --segmenter saliency.onnx

VIDEOS holds a folder per sequence with NNNNN.jpg and NNNNN.png (white: the object). The table goes to
`benchmarks/results/segmenters.md`.
"""

import argparse
import platform
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np

import pliant
from pliant.errors import EditError
from pliant.geometry import Box
from pliant.regions.mask import components
from pliant.regions.prompts import prompt_points
from pliant.regions.segment import make_segmenter

RESULTS = Path(__file__).parent / "results" / "segmenters.md"
PROMPTS = ("one click", "three clicks", "box", "drawn", "drawn, refined")


def frames(folder, count):
    """(name, photo, mask of the largest part of the object), spread over each sequence."""
    for sequence in sorted(p for p in folder.iterdir() if p.is_dir()):
        names = sorted(sequence.glob("*.jpg"))
        for path in names[:: max(len(names) // count, 1)][:count]:
            mask = pliant.load(path.with_suffix(".png")).pixels[..., 0] > 127
            labels, _ = components(mask)
            areas = np.bincount(labels.ravel())[1:]
            if areas.size and areas.max() > 1000:
                yield f"{sequence.name} {path.stem}", pliant.load(path), labels == areas.argmax() + 1


def drawn(truth, seed):
    """The object as a hasty hand draws it: its outline smoothed and off by some pixels, here out, there in."""
    noise = np.random.default_rng(seed).standard_normal(truth.shape)
    wave = cv2.GaussianBlur(noise, (0, 0), 25)
    wave *= 8 / np.abs(wave).max()
    away = cv2.distanceTransform((~truth).astype(np.uint8), cv2.DIST_L2, 5)
    deep = cv2.distanceTransform(truth.astype(np.uint8), cv2.DIST_L2, 5)
    signed = cv2.GaussianBlur(away - deep, (0, 0), 5)
    return signed < 4 + wave


def overlap(one, two):
    return float((one & two).sum() / max((one | two).sum(), 1))


def measure(segmenter, photo, truth, seed):
    """IoU by prompt, and the seconds of the first and the later ones."""
    points = [tuple(point) for point in prompt_points(truth, 3).tolist()]
    rough = drawn(truth, seed)
    calls = {
        "one click": lambda: pliant.select(photo, points=points[:1], segmenter=segmenter),
        "three clicks": lambda: pliant.select(photo, points=points, segmenter=segmenter),
        "box": lambda: pliant.select(photo, box=Box.around(truth), segmenter=segmenter),
        "drawn": lambda: rough,
        "drawn, refined": lambda: pliant.refine(photo, rough, segmenter),
    }
    scores, seconds = {}, []
    for name, call in calls.items():
        start = perf_counter()
        try:
            scores[name] = overlap(call(), truth)
        except EditError:
            scores[name] = 0.0
        if name != "drawn":
            seconds.append(perf_counter() - start)
    return scores, seconds


def table(rows):
    lines = [f"| segmenter | {' | '.join(PROMPTS)} | first, s | next, s |", "|---|" + "--:|" * (len(PROMPTS) + 2)]
    for name, scores, seconds in rows:
        means = " | ".join(f"{np.mean([s[p] for s in scores]):.2f}" for p in PROMPTS)
        first, later = (np.median([s[0] for s in seconds]), np.median([t for s in seconds for t in s[1:]]))
        lines.append(f"| {name} | {means} | {first:.2f} | {later:.2f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", type=Path)
    parser.add_argument("--segmenter", action="append", required=True)
    parser.add_argument("--frames", type=int, default=2, help="of each sequence")
    asked = parser.parse_args()
    found = list(frames(asked.videos, asked.frames))
    rows = []
    for name in asked.segmenter:
        segmenter = make_segmenter(name)
        measured = [measure(segmenter, photo, truth, i) for i, (_, photo, truth) in enumerate(found)]
        for (label, _, _), (scores, _) in zip(found, measured, strict=True):
            print(segmenter.info.name, label, {k: round(v, 2) for k, v in scores.items()})
        rows.append((segmenter.info.name, *zip(*measured, strict=True)))
    text = (
        f"# Segmenters\n\nMean overlap (intersection over union) with the true object on {len(found)} frames of "
        f"{len({label.split()[0] for label, _, _ in found})} videos, {found[0][1].size}.\n"
        f"{platform.machine()}, CPU.\n\n{table(rows)}\n\n"
        "The clicks are points spread in the true object, the box is its own, and *drawn* is its outline\n"
        "smoothed and off by up to 12 pixels; *refined* is that after `pliant.refine`. *first* is the first\n"
        "prompt on a photo, *next* any later one. `python benchmarks/segmenters.py` makes this table.\n"
    )
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
