"""Make the pictures of the docs: `python docs/make_pictures.py` from the project's root.

`--photos FOLDER`, the 24 Kodak photos as 01.png to 24.png, adds the picture of the fillers, and `--subject FILE`,
a saliency graph, that of the segmenters; `--only NAME` makes just that one.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

import pliant
from pliant.geometry import Box
from pliant.types import Drag, DragRegion, Edit, Stroke, Strokes
from pliant.warp.show import draw_mesh

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "pictures"


def example(name):
    folder = ROOT / "examples"
    return pliant.load(folder / f"{name}.jpg"), pliant.load_edit(folder / f"{name}.json")


def strip(pictures, labels=()):
    """Pictures side by side with a white gap, a label under each."""
    gap, foot = 8, 26 if labels else 0
    height = max(p.shape[0] for p in pictures)
    canvas = Image.new("RGB", (sum(p.shape[1] + gap for p in pictures) - gap, height + foot), "white")
    pen, x = ImageDraw.Draw(canvas), 0
    for index, pixels in enumerate(pictures):
        canvas.paste(Image.fromarray(pixels), (x, 0))
        if labels:
            pen.text((x + 4, height + 5), labels[index], fill="black", font_size=16)
        x += pixels.shape[1] + gap
    return canvas


def write(name, picture):
    picture.save(OUT / name, quality=88)
    print(OUT / name, picture.size)


def before_after():
    rows = []
    for name in ("lighthouse", "parrots", "knob"):
        photo, edit = example(name)
        rows.append(strip([photo.pixels, draw_mesh(photo, edit).pixels, pliant.apply(photo, edit).picture.pixels]))
    canvas = Image.new("RGB", (rows[0].width, sum(row.height + 8 for row in rows) - 8), "white")
    y = 0
    for row in rows:
        canvas.paste(row, (0, y))
        y += row.height + 8
    write("before-after.jpg", canvas.resize((canvas.width // 2, canvas.height // 2), Image.Resampling.LANCZOS))


def stages():
    photo, edit = example("lighthouse")
    pictures = [photo.pixels, draw_mesh(photo, edit).pixels, pliant.apply(photo, edit).picture.pixels]
    write("stages.jpg", strip([p[30:290, 210:530] for p in pictures], ["the photo", "the warp", "the result"]))


DEFORMED = ["similar", "rigid", "elastic", "spline"]


def deformers():
    photo, edit = example("lighthouse")
    (region,) = edit.regions
    assert isinstance(region, DragRegion)
    pictures = []
    for name in DEFORMED:
        changed = replace(edit, regions=[replace(region, deform=name, drags=region.drags[:1])])
        pictures.append(np.ascontiguousarray(draw_mesh(photo, changed).pixels[30:290, 210:530]))
    write("deformers.jpg", strip(pictures, DEFORMED))


PARROT = [(396, 120), (430, 90), (509, 100), (600, 125), (652, 181), (690, 237), (723, 262), (766, 284)]
PARROT += [(766, 511), (480, 511), (465, 407), (470, 317), (480, 275), (463, 290), (430, 255), (400, 181)]

SELECTIONS = (
    ("02.png", {"points": [(258, 234)]}),
    ("03.png", {"points": [(170, 170)]}),
    ("20.png", {"box": (50, 40, 766, 490)}),
    ("23.png", {"points": [(190, 390)]}),
    ("23.png", {"mask": PARROT}),
)


def segmenters(photos, subject):
    """What two segmenters make of a click, a box and a drawn region, on free photos."""
    from pliant.regions.segment import make_segmenter

    found = {"grabcut": make_segmenter("grabcut"), "subject": make_segmenter(str(subject))}
    rows = []
    for name, prompt in SELECTIONS:
        photo = pliant.load(photos / name)
        row = [prompted(photo.pixels, prompt)]
        for segmenter in found.values():
            if "mask" in prompt:
                mask = pliant.refine(photo, pliant.Polygon(prompt["mask"]), segmenter)
            else:
                mask = pliant.select(photo, segmenter=segmenter, **prompt)
            row.append(dimmed(photo.pixels, mask))
        rows.append([cv2.resize(p, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA) for p in row])
    columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
    write("segmenters.jpg", strip(columns, ["click, box or drawn region", *found]))


EDITS = (  # a photo, what is selected in it, and the drag
    ("02.png", {"points": [(258, 234)]}, Drag((258, 234), (320, 200))),
    ("03.png", {"points": [(170, 170)]}, Drag((170, 190), (130, 165))),
    ("20.png", {"box": (50, 40, 766, 490)}, Drag((370, 270), (370, 215))),
    ("23.png", {"mask": PARROT}, Drag((560, 240), (600, 215))),
)
FILLERS = ("telea", "patchmatch", "seam")


def fillers(photos):
    """Real edits, each painted by three fillers: what is dragged is an object, cut out by GrabCut."""
    edits = [example(name) for name in ("lighthouse", "knob")]
    for name, prompt, drag in EDITS:
        photo = pliant.load(photos / name)
        if "mask" in prompt:
            mask = pliant.refine(photo, pliant.Polygon(prompt["mask"]), "grabcut")
        else:
            mask = pliant.select(photo, segmenter="grabcut", **prompt)
        edits.append((photo, Edit([DragRegion(mask, [drag])])))
    rows = []
    for photo, edit in edits:
        preview = pliant.preview(photo, edit)
        box = preview.hole_box.grown(30).within(Box.of_size(photo.size))
        hole = np.where(preview.hole[..., None], np.uint8(255), preview.picture.pixels)
        row = [hole, *(pliant.apply(photo, edit, filler=name).picture.pixels for name in FILLERS)]
        scale = 300 / box.width
        cells = [np.ascontiguousarray(pixels[box.slices]) for pixels in row]
        rows.append([cv2.resize(cell, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) for cell in cells])
    columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
    write("fillers.jpg", strip(columns, ["the hole", *FILLERS]))


def edges():
    photo, _ = example("knob")
    drag = Drag((263, 234), (295, 215))
    loose, tight = Stroke([(263, 234)], 85), Stroke([(263, 234)], 41)
    regions = [
        DragRegion(Strokes([loose]), [drag], edge="pinned"),
        DragRegion(Strokes([loose]), [drag], edge="pinned", deform="membrane"),
        DragRegion(Strokes([tight]), [drag]),
        DragRegion(Strokes([loose]), [drag]),
    ]
    pictures = [photo.pixels, *(pliant.apply(photo, Edit([region])).picture.pixels for region in regions)]
    labels = ["the photo", "pinned", "pinned, membrane", "free, drawn exactly", "free, drawn generously"]
    write("edges.jpg", strip([np.ascontiguousarray(p[90:380, 130:450]) for p in pictures], labels))


def prompted(pixels, prompt):
    shown = pixels.copy()
    for x, y in prompt.get("points", ()):
        cv2.circle(shown, (x, y), 9, (255, 255, 255), -1)
        cv2.circle(shown, (x, y), 6, (20, 140, 40), -1)
    if "box" in prompt:
        x0, y0, x1, y1 = prompt["box"]
        cv2.rectangle(shown, (x0, y0), (x1 - 1, y1 - 1), (255, 255, 255), 4)
    if "mask" in prompt:
        cv2.polylines(shown, [np.array(prompt["mask"])], True, (255, 255, 255), 4)
    return shown


def dimmed(pixels, mask):
    grey = pixels.mean(axis=2, keepdims=True) * 0.3 + 20
    return np.where(mask[..., None], pixels, grey).astype(np.uint8)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--subject", type=Path)
    parser.add_argument("--only", choices=["fillers", "segmenters"])
    asked = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    if asked.only is None:
        before_after()
        stages()
        deformers()
        edges()
    if asked.photos and asked.only in (None, "fillers"):
        fillers(asked.photos)
    if asked.photos and asked.subject and asked.only in (None, "segmenters"):
        segmenters(asked.photos, asked.subject)
