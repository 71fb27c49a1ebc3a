"""What of a photo an edit may change: what moves, where it arrives, and a rim along which old and new blend."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pliant.compose import continued_alpha, widen
from pliant.geometry import Box, Size
from pliant.layer import Layer
from pliant.regions.mask import rasterise, rasterise_box
from pliant.types import Bool, DragRegion, Edit, Preview, RegionLike, RegionPair, as_region
from pliant.warp.holes import default_margin

_STILL = 1e-3  # pixels
_RIM = 4  # times the margin of a seam: a cell of the latents at 512 x 512


def changed(edit: Edit, warp: Preview) -> Bool:
    """`(H, W)`: what moving regions leave, where they arrive and the seams between; nothing of `protect`."""
    size = warp.source.size
    area = warp.hole.copy()
    for layer in warp.layers:
        if _moves(layer):
            area[layer.box.slices] |= layer.coverage > 0
    for mask in handle_masks(edit, size):
        area |= mask
    return area & ~protected(edit, size)


def handle_masks(edit: Edit, size: Size) -> list[Bool]:
    """`(H, W)` each: the handle regions that the edit moves."""
    masks: list[Bool] = []
    for region in edit.regions:
        if not _stays(region):
            box, part = rasterise_box(as_region(_handle(region)), size)
            whole = np.zeros((size[1], size[0]), np.bool_)
            whole[box.slices] = part
            masks.append(whole)
    return masks


def protected(edit: Edit, size: Size) -> Bool:
    """`(H, W)`: what must stay as it is."""
    if edit.protect is None:
        return np.zeros((size[1], size[0]), np.bool_)
    return rasterise(as_region(edit.protect), size)


def pasted(area: Bool, keep: Bool, size: Size) -> tuple[Box, NDArray[np.uint8]]:
    """How much of each pixel is replaced: 255 in `area`, falling to 0 around it; never what is to `keep`."""
    box, weight = widen(area, _RIM * default_margin(size))
    weight[keep[box.slices]] = 0
    return box, weight


def replaced(crop: Box, keep: Bool) -> tuple[Box, NDArray[np.uint8]]:
    """All of `crop`, but for what is to `keep`."""
    return crop, np.where(keep[crop.slices], np.uint8(0), np.uint8(255))


def preview_of(warp: Preview, box: Box, weight: NDArray[np.uint8]) -> Preview:
    """`warp` with all that the model paints as its hole: it paints the moved part too."""
    return replace(warp, hole_box=box, hole_weight=weight)


def moved_alpha(warp: Preview) -> NDArray[np.generic] | None:
    """`(H, W)`: the moved alpha of a photo that has one; what was uncovered continues its surroundings."""
    if not warp.source.has_alpha:
        return None
    alpha = warp.picture.pixels[..., -1]
    hole = warp.hole
    return continued_alpha(alpha, hole) if hole.any() and not hole.all() else alpha


def _moves(layer: Layer) -> bool:
    way = layer.offset[layer.coverage > 0]
    return bool(way.size) and float(np.nanmax(np.abs(way), initial=0)) > _STILL


def _stays(region: DragRegion | RegionPair) -> bool:
    if isinstance(region, RegionPair):
        return region.source == region.target
    return region.strength == 0 or all(drag.handle == drag.target for drag in region.drags)


def _handle(region: DragRegion | RegionPair) -> RegionLike:
    return region.source if isinstance(region, RegionPair) else region.region
