"""Make the pictures of the docs: `python docs/make_pictures.py` from the project's root."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import pliant
from pliant.types import DragRegion
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


def deformers():
    photo, edit = example("lighthouse")
    (region,) = edit.regions
    assert isinstance(region, DragRegion)
    pictures = []
    for name in ("rigid", "elastic", "spline"):
        changed = replace(edit, regions=[replace(region, deform=name, drags=region.drags[:1])])
        pictures.append(np.ascontiguousarray(draw_mesh(photo, changed).pixels[30:290, 210:530]))
    write("deformers.jpg", strip(pictures, ["rigid", "elastic", "spline"]))


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    before_after()
    stages()
    deformers()
