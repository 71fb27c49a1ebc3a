"""What the filler `seam` chooses from: three ways to paint a hole, and what is known of how well they fit."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.events import CancelToken, OnEvent
from pliant.fill.patches import SIDE
from pliant.fill.patchmatch import SHARP, solve
from pliant.fill.smooth import continue_smoothly
from pliant.geometry import Box
from pliant.types import Bool

Bytes = NDArray[np.uint8]

DEEPEST = 64  # pixels; what lies deeper is shown as deep as that
WORST = 64  # levels; a worse fit is shown as that

_WORK = 90_000  # less than a sixth of what PatchMatch does alone: the network mends what the field lacks
_LEVEL = np.float32(1 / 127.5)


@dataclass(frozen=True, eq=False, kw_only=True)
class Proposals:
    """Three pictures `(H, W, 3)` uint8 that differ in the hole alone, and two maps `(H, W)` uint8.

    `sharp` is PatchMatch's last vote, `soft` the mean vote of the same field, `smooth` what is known continued
    through a pyramid. `misfit` is by how many levels a pixel's patch differs from the one it was copied from
    (root mean square), `depth` how many pixels inside the hole it lies; outside both are 0.
    """

    sharp: Bytes
    soft: Bytes
    smooth: Bytes
    misfit: Bytes
    depth: Bytes

    @classmethod
    def of(cls, rgb: Bytes, hole: Bool, *, seed: int, on_event: OnEvent, cancel: CancelToken) -> "Proposals":
        """The proposals for `hole` `(H, W)` of `rgb` `(H, W, 3)`; what stands in the hole is not read."""
        smooth = np.rint(continue_smoothly(rgb.astype(np.float32), hole)).astype(np.uint8)
        depth = cv2.distanceTransform(np.pad(hole, 1, mode="edge").view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
        level = solve(rgb, hole, seed=seed, work=_WORK, on_event=on_event, cancel=cancel)
        if level is None:
            sharp, soft, misfit = smooth, smooth, np.full(hole.shape, 255)
        else:
            level.paint()
            soft = np.where(hole[..., None], level.pixels()[..., :3], rgb)
            level.paint(SHARP)
            sharp = np.where(hole[..., None], level.pixels()[..., :3], rgb)
            misfit = np.sqrt(level.costs() / (4 * SIDE * SIDE))
        return cls(
            sharp=sharp,
            soft=soft,
            smooth=smooth,
            misfit=np.where(hole, np.rint(misfit).clip(0, 255), 0).astype(np.uint8),
            depth=np.ceil(depth[1:-1, 1:-1]).clip(0, 255).astype(np.uint8),
        )

    def on(self, box: Box) -> "Proposals":
        """The same on `box` of the picture."""
        names = ("sharp", "soft", "smooth", "misfit", "depth")
        return Proposals(**{name: getattr(self, name)[box.slices] for name in names})

    def stacked(self) -> NDArray[np.float32]:
        """`(12, H, W)`: what the network is shown.

        `sharp`, in -1 to 1; how the other two differ from it; the hole, the depth and the misfit, in 0 to 1.
        """
        shown = np.empty((12, *self.depth.shape), np.float32)
        np.multiply(self.sharp.transpose(2, 0, 1), _LEVEL, out=shown[:3])
        for planes, picture in ((shown[3:6], self.soft), (shown[6:9], self.smooth)):
            np.multiply(picture.transpose(2, 0, 1), _LEVEL, out=planes)
            planes -= shown[:3]
        shown[:3] -= 1
        shown[9] = self.depth > 0
        np.minimum(self.depth * np.float32(1 / DEEPEST), 1, out=shown[10])
        np.minimum(self.misfit * np.float32(1 / WORST), 1, out=shown[11])
        return shown
