"""Paints a hole of a picture of any kind with a filler, on crops, and touches nothing else.

Holes that lie apart are filled on separate crops (`pliant.crops`), at the filler's own working size. Fillers see
RGB, 8 bit; grey, alpha and 16 bit are taken apart before and put together after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.crops import plan_crops, roomy
from pliant.errors import EditError
from pliant.events import CancelToken, Event, OnEvent, Partial, Stage, Step, ignore
from pliant.fill.base import Filler, FillerInfo
from pliant.fill.smooth import continue_smoothly
from pliant.geometry import Box
from pliant.layer import Layer, Pixels, cover
from pliant.types import Bool, Picture

Weight = NDArray[np.uint8]

_LEAST_BAND = 16  # pixels of a moved part that are hidden at least: two patches
_TICKS = 100  # progress of one crop when there are several


def repaint(
    picture: Picture,
    box: Box,
    weight: Weight,
    filler: Filler,
    *,
    parts: Sequence[Layer] = (),
    prompt: str = "",
    seed: int = 0,
    on_event: OnEvent = ignore,
    cancel: CancelToken | None = None,
) -> Picture:
    """`picture` with its hole painted by `filler`; where the weight is 0 it is bit-identical.

    `weight` `(box.height, box.width)` uint8 says how much of each pixel is painted: 255 all, 0 nothing, between
    them a blend. No pixel with a weight above 0 is shown to the filler. `box` lies inside the picture.
    `parts` are the moved parts in front of the hole: a filler that paints what lies behind them is not shown
    them, so that an object does not smear into the place it left.

    Raises:
        EditError: `weight` does not fit (`invalid_hole`), or nothing is left to paint from (`nothing_to_copy`).
        CancelledError: `cancel` asked for it; `picture` is as it was.
    """
    cancel = cancel or CancelToken()
    cancel.check()
    _check(picture, box, weight)
    on_event(Stage(name="fill"))
    frame = Box.of_size(picture.size)
    crops = roomy(plan_crops(box, weight, frame), frame, filler.info.working_size or 0)
    if not crops:
        return picture
    pixels = picture.pixels.copy()
    for index, crop in enumerate(crops):
        part = crop.cut(weight, box)
        piece = Piece.of(picture, crop, part > 0, filler.info, parts)
        place = _Place(picture.with_pixels(pixels), crop, part, piece)
        listener = _Relay(on_event, place, index, len(crops))
        filled = filler.fill(
            piece.small, piece.small_unseen, prompt=prompt, seed=seed, on_event=listener, cancel=cancel
        )
        cover(pixels[crop.slices], piece.restored(filled), part)
        cancel.check()
    return picture.with_pixels(pixels)


def widen(hole: Bool, margin: int = 3) -> tuple[Box, Weight]:
    """What `repaint` takes, from a hole `(H, W)`: 255 in it, falling to 0 over `margin` pixels outside it."""
    box = Box.around(hole)
    if not box.area:
        return box, np.zeros((0, 0), np.uint8)
    box = box.grown(margin).within(Box.of_size((hole.shape[1], hole.shape[0])))
    outside = (~hole[box.slices]).astype(np.uint8)
    if outside.any():
        distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_5)
    else:
        distance = np.zeros(outside.shape, np.float32)
    share = np.clip(1 - distance / np.float32(margin + 1), 0, 1)
    return box, np.rint(share * 255).astype(np.uint8)


def _check(picture: Picture, box: Box, weight: Weight) -> None:
    width, height = picture.size
    if weight.dtype != np.uint8 or weight.shape != (box.height, box.width):
        raise EditError(
            f"The weight has shape {weight.shape} and type {weight.dtype}; "
            f"its box asks for ({box.height}, {box.width}), uint8.",
            code="invalid_hole",
        )
    if box.area and box.within(Box.of_size(picture.size)) != box:
        raise EditError(f"The box {tuple(box)} leaves the picture of {width}x{height}.", code="invalid_hole")


@dataclass(frozen=True)
class _Relay:
    """Passes a filler's progress on one crop on as progress of the whole picture."""

    on_event: OnEvent
    place: "_Place"
    crop: int
    crops: int

    def __call__(self, event: Event) -> None:
        if isinstance(event, Step) and self.crops > 1:
            done = self.crop * _TICKS + event.index * _TICKS // max(event.total, 1)
            self.on_event(Step(index=done, total=self.crops * _TICKS))
        elif isinstance(event, Partial):
            self.on_event(Partial(make=lambda: self.place.whole(event.picture)))
        else:
            self.on_event(event)


def _standing(parts: Sequence[Layer], crop: Box) -> Bool:
    """`(h, w)` bool: where moved parts stand on `crop`."""
    standing = np.zeros((crop.height, crop.width), np.bool_)
    for layer in parts:
        standing |= crop.cut(layer.coverage, layer.box) > 0
    return standing


def _behind(hole: Bool, front: Bool) -> Bool:
    """The hole, and of the parts in front of it a band as wide as the hole is deep.

    Painting behind them farther in would cost for nothing.
    """
    if not (front & ~hole).any():
        return hole
    depth = cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3).max()
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
    unseen = hole | (front & (np.asarray(away) < depth + _LEAST_BAND))
    return hole if unseen.all() else unseen


# ------------------------------------------------------------------------------------------ one crop


@dataclass(frozen=True, eq=False, kw_only=True)
class Piece:
    """A crop of a picture of any kind, and what a filler is shown of it."""

    crop: Pixels
    hole: Bool
    shown: Picture
    small: Picture
    small_unseen: Bool

    @classmethod
    def of(cls, picture: Picture, box: Box, hole: Bool, info: FillerInfo, parts: Sequence[Layer] = ()) -> "Piece":
        """The crop `box` of `picture` with its `hole` `(h, w)`.

        A filler that paints behind `parts` does not see those of them that stand in front.
        """
        crop = picture.pixels[box.slices]
        front = _standing(parts, box) if info.paints_behind else np.zeros_like(hole)
        unseen = _behind(hole, front)
        shown = Picture(_without(front & ~unseen, as_rgb8(crop, unseen), hole | front))
        small, small_unseen = _fitted(shown, unseen, info.working_size)
        return cls(crop=crop, hole=hole, shown=shown, small=small, small_unseen=small_unseen)

    def restored(self, filled: Picture) -> Pixels:
        """The crop with its hole taken from `filled`, which has the size of `small`."""
        return like(self.crop, _enlarged(filled.pixels, self.shown.pixels, self.hole), self.hole)


@dataclass(frozen=True, eq=False)
class _Place:
    """Where a piece stands in the picture as far as that is painted."""

    picture: Picture
    box: Box
    weight: Weight
    piece: Piece

    def whole(self, filled: Picture) -> Picture:
        """The picture with the piece in its place, painted so far as `filled`; nothing is written."""
        pixels = self.picture.pixels.copy()
        cover(pixels[self.box.slices], self.piece.restored(filled), self.weight)
        return self.picture.with_pixels(pixels)


def as_rgb8(crop: Pixels, hole: Bool) -> NDArray[np.uint8]:
    """What a filler sees: RGB, 8 bit, colours under full transparency replaced by the nearest seen ones."""
    colours = crop[..., :-1] if crop.shape[2] in (2, 4) else crop
    if colours.dtype == np.uint16:
        colours = (colours.astype(np.uint32) * 255 + 32767) // 65535
    rgb = np.broadcast_to(colours.astype(np.uint8, copy=False), (*hole.shape, 3))
    if crop.shape[2] in (2, 4):
        rgb = _without_unseen(rgb, (crop[..., -1] == 0) & ~hole, hole)
    return np.where(hole[..., None], np.uint8(0), rgb)


def _without_unseen(rgb: NDArray[np.uint8], unseen: Bool, hole: Bool) -> NDArray[np.uint8]:
    absent = unseen | hole
    if not unseen.any() or absent.all():
        return rgb
    found = cv2.distanceTransformWithLabels(
        absent.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )[1]
    labels = cast(NDArray[np.int32], found)
    seen = np.zeros((int(labels.max()) + 1, 3), np.uint8)
    seen[labels[~absent]] = rgb[~absent]
    return np.where(unseen[..., None], seen[labels], rgb)


def _without(far: Bool, rgb: NDArray[np.uint8], absent: Bool) -> NDArray[np.uint8]:
    """`rgb` with colours of the surroundings in place of `far`: nothing there is worth copying."""
    if not far.any() or absent.all():
        return rgb
    smooth = continue_smoothly(rgb.astype(np.float32), absent)
    return np.where(far[..., None], np.rint(smooth), rgb).astype(np.uint8)


def _fitted(shown: Picture, hole: Bool, working_size: int | None) -> tuple[Picture, Bool]:
    """Brought down to the working size by area averages; a pixel that the hole touches at all belongs to it."""
    longest = max(hole.shape)
    if working_size is None or longest <= working_size:
        return shown, hole
    height, width = (max(round(side * working_size / longest), 1) for side in hole.shape)
    pixels = cv2.resize(shown.pixels, (width, height), interpolation=cv2.INTER_AREA)
    share = cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return Picture(cast(NDArray[np.uint8], pixels)), np.asarray(share) > 0


def _enlarged(filled: Pixels, shown: Pixels, hole: Bool) -> NDArray[np.uint8]:
    if filled.shape == shown.shape:
        return cast(NDArray[np.uint8], filled)
    height, width = hole.shape
    large = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.where(hole[..., None], large, shown).astype(np.uint8)


# -------------------------------------------------------------------------------- back to the picture's kind


def like(crop: Pixels, filled: NDArray[np.uint8], hole: Bool) -> Pixels:
    """The painted RGB as the kind of picture that `crop` is; what is not hole is `crop`'s."""
    channels = crop.shape[2]
    if channels < 3:
        filled = np.rint(filled.mean(axis=2, keepdims=True, dtype=np.float32)).astype(np.uint8)
    colours = _deepened(crop, filled, hole) if crop.dtype == np.uint16 else filled
    if channels in (2, 4):
        alpha = continued_alpha(crop[..., -1], hole)
        colours = np.concatenate([colours, alpha[..., None]], axis=2)
    return np.where(hole[..., None], colours, crop)


def continued_alpha(alpha: Pixels, hole: Bool) -> Pixels:
    """`alpha` `(h, w)` with its `hole` continued from around; something must be known."""
    around = alpha[~hole]
    if around.min() == around.max():
        return np.full_like(alpha, around[0])
    smooth = continue_smoothly(alpha.astype(np.float32), hole)
    return np.rint(smooth).clip(0, around.max()).astype(alpha.dtype)


def _deepened(crop: Pixels, filled: NDArray[np.uint8], hole: Bool) -> NDArray[np.uint16]:
    """8 bit to 16 without bands: smoothed, but by no more than half of an 8-bit step.

    Gradients become ramps again; texture, which differs from its mean by more than a step, stays.
    """
    colours = crop[..., : filled.shape[2]]
    coarse = filled.astype(np.float32) * 257
    known = np.where(hole[..., None], coarse, colours.astype(np.float32))
    smooth = cv2.GaussianBlur(known, (0, 0), 4, borderType=cv2.BORDER_REPLICATE).reshape(known.shape)
    fine = np.clip(smooth, coarse - 128, coarse + 128).clip(0, 65535)
    return np.where(hole[..., None], np.rint(fine), known).astype(np.uint16)
