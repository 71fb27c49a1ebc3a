"""The pictures that scenes are composed of: backgrounds and cut-outs of the Kodak photos, and credit for them.

The photos are of the Kodak lossless true colour image suite, which the Eastman Kodak Company released for
unrestricted use; `benchmarks/exact_pack.py` cut and shrank them.
"""

import json
from functools import cached_property
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from pliant.imageio import load

Floats = NDArray[np.float32]


class Pack:
    """The shipped pictures, each decoded when it is first asked for and then kept."""

    def __init__(self) -> None:
        self._kept: dict[str, Floats] = {}
        self._folder = files("pliant.bench.exact") / "pack"

    @cached_property
    def _contents(self) -> dict[str, dict[str, str]]:
        return json.loads((self._folder / "pack.json").read_text(encoding="utf-8"))

    @property
    def backgrounds(self) -> list[str]:
        """Names of the photos, in a fixed order."""
        return list(self._contents["backgrounds"])

    @property
    def cutouts(self) -> dict[str, str]:
        """Names of the cut-outs, in a fixed order, each with the photo it was cut from."""
        return dict(self._contents["cutouts"])

    def background(self, name: str) -> Floats:
        """A photo, `(H, W, 3)` float32 in 0 to 255."""
        return self._picture(f"{name}.jpg")

    def cutout(self, name: str) -> Floats:
        """A cut-out, `(h, w, 4)` float32: colours 0 to 255, straight alpha 0 to 1."""
        return self._picture(f"{name}.png") * np.array([1, 1, 1, 1 / 255], np.float32)

    def _picture(self, name: str) -> Floats:
        if name not in self._kept:
            self._kept[name] = load((self._folder / name).read_bytes()).pixels.astype(np.float32)
        return self._kept[name]
