"""Makes the pictures that the generated data set is composed of, from the 24 Kodak photos.

    python benchmarks/exact_pack.py PHOTOS --subject SALIENCY.onnx

PHOTOS holds 01.png to 24.png. The pack (backgrounds as JPEG, cut-outs as PNG with alpha, pack.json) goes to
`src/pliant/bench/exact/pack/`. SALIENCY is an IS-Net graph, the model `subject` of the catalogue. Boxes were
chosen, and the cut-outs looked at, by hand.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

import pliant
from pliant.geometry import Box
from pliant.regions.mask import components
from pliant.regions.segment import make_segmenter

PACK = Path(__file__).parents[1] / "src" / "pliant" / "bench" / "exact" / "pack"
BACKGROUNDS = (1, 2, 5, 6, 7, 8, 11, 13, 14, 16, 19, 20, 21, 22, 23, 24)
CUTOUTS = {  # name: (photo, box, segmenter)
    "knob": (2, (222, 192, 318, 285), "subject"),
    "cap-yellow": (3, (80, 70, 318, 310), "subject"),
    "cap-orange": (3, (305, 170, 460, 355), "subject"),
    "flower-pink": (7, (330, 150, 490, 290), "subject"),
    "flower-red": (7, (510, 345, 670, 475), "grabcut"),
    "couple": (12, (210, 50, 390, 380), "subject"),
    "raft": (14, (0, 110, 680, 460), "subject"),
    "lighthouse": (19, (225, 100, 400, 350), "subject"),
    "woman": (18, (100, 150, 470, 768), "subject"),
    "plane": (20, (60, 50, 768, 470), "subject"),
    "parrot-blue": (23, (90, 60, 410, 512), "subject"),
    "parrot-red": (23, (395, 100, 768, 512), "subject"),
}
LONGEST = 256  # pixels of a cut-out's longer side
SPECK = 0.05  # of the largest part
FRAME = 8  # pixels: the scans have dark borders


def background(photo):
    """A photo without its frame."""
    pixels = photo.pixels[FRAME:-FRAME, FRAME:-FRAME, :3]
    ok, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert ok
    return data.tobytes()


def cut(photo, box, segmenter):
    """The object in `box` as `(h, w, 4)` uint8: a soft outline, and no colour of what was behind."""
    x0, y0, x1, y1 = inner = Box(*box).within(Box.of_size(photo.size).grown(-FRAME))
    mask = pliant.select(photo, box=inner, segmenter=segmenter)[y0:y1, x0:x1]
    labels, boxes = components(mask)
    areas = np.bincount(labels.ravel(), minlength=len(boxes) + 1)[1:]
    mask = np.isin(labels, 1 + np.flatnonzero(areas > SPECK * areas.max()))
    framed = np.pad(mask, 4).astype(np.uint8)
    colours = np.pad(photo.pixels[y0:y1, x0:x1, :3], ((4, 4), (4, 4), (0, 0)), mode="edge")
    sure = cv2.erode(framed, np.ones((5, 5), np.uint8))
    colours = spread(colours, sure > 0)
    alpha = cv2.GaussianBlur(cv2.erode(framed, np.ones((3, 3), np.uint8)).astype(np.float32), (0, 0), 0.8)
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 0.01), np.flatnonzero(alpha.max(axis=0) > 0.01)
    rgba = np.dstack([colours, np.rint(255 * alpha).astype(np.uint8)])
    return shrunk(rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def spread(colours, known):
    """Each pixel that is not known gets the colour of the nearest one that is."""
    _, label = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(label.max() + 1, np.int64)
    owner[label[known]] = np.flatnonzero(known)
    return colours.reshape(-1, 3)[owner[label]]


def shrunk(rgba):
    share = min(LONGEST / max(rgba.shape[:2]), 1.0)
    return rgba if share == 1 else cv2.resize(rgba, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--subject", required=True, help="the saliency graph")
    asked = parser.parse_args()
    PACK.mkdir(parents=True, exist_ok=True)
    segmenters = {"subject": make_segmenter(asked.subject), "grabcut": make_segmenter("grabcut")}
    made = {"backgrounds": {}, "cutouts": {}}
    for number in BACKGROUNDS:
        name = f"kodim{number:02d}"
        (PACK / f"{name}.jpg").write_bytes(background(pliant.load(asked.photos / f"{number:02d}.png")))
        made["backgrounds"][name] = name
    for name, (number, box, segmenter) in CUTOUTS.items():
        rgba = cut(pliant.load(asked.photos / f"{number:02d}.png"), box, segmenters[segmenter])
        pliant.save(pliant.Picture(rgba), PACK / f"{name}.png")
        made["cutouts"][name] = f"kodim{number:02d}"
    (PACK / "pack.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(sum(path.stat().st_size for path in PACK.iterdir()) / 1e6, "MB")


if __name__ == "__main__":
    main()
