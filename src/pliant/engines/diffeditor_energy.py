"""DiffEditor's energies: how unlike the features of an edit are to those that it should have.

Mou et al., "DiffEditor: Boosting Accuracy and Flexibility on Diffusion-based Image Editing", CVPR 2024, section 3,
and "DragonDiffusion", ICLR 2024, section 4. Features are `(1, C, h, w)`, four picture pixels to each of theirs;
places are whole (x, y) of that grid, masks `(h, w)` bool.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from pliant.engines.latent.schedule import Floats

SCALE = 4  # picture pixels to a pixel of the features
_EDIT, _CONTENT = 4.0, 6.0
_DRAG_INPAINT = 0.2
_MOVE_CONTRAST, _MOVE_INPAINT = 0.2, 0.8

Features = Sequence[torch.Tensor]


@dataclass(frozen=True, eq=False)
class Boxes:
    """For each drag the 3 x 3 places around its handle and its target: rows `(N, 9)` and columns of both, and
    which of the handle's places are not also the target's.
    """

    source: tuple[torch.Tensor, torch.Tensor]
    target: tuple[torch.Tensor, torch.Tensor]
    left: torch.Tensor

    @classmethod
    def around(cls, handles: Floats, targets: Floats, size: tuple[int, int], device: torch.device) -> "Boxes":
        """Of `handles` and `targets` `(N, 2)` in working pixels; `size` is the (rows, columns) of the features."""
        source, target = (_box(points, size, device) for points in (handles, targets))
        away = torch.maximum((source[0] - target[0][:, 4:5]).abs(), (source[1] - target[1][:, 4:5]).abs())
        return cls(source, target, away > 1)


def _box(points: Floats, size: tuple[int, int], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    places = torch.as_tensor(points, device=device).div(SCALE, rounding_mode="floor").long()
    step = torch.tensor([-1, 0, 1], device=device)
    rows = places[:, 1].clamp(1, size[0] - 2)[:, None] + step.repeat_interleave(3)
    columns = places[:, 0].clamp(1, size[1] - 2)[:, None] + step.repeat(3)
    return rows, columns


def drag_energy(now: Features, photo: Features, boxes: Boxes) -> torch.Tensor:
    """Small where each target looks like its handle did, and where the handles' old places do not any more."""
    energies = [_dragged(a, b, boxes) for a, b in zip(now, photo, strict=True)]
    return torch.stack(energies).mean()


def _dragged(now: torch.Tensor, photo: torch.Tensor, boxes: Boxes) -> torch.Tensor:
    wanted = photo[0][:, boxes.source[0], boxes.source[1]]
    there = alike(now[0][:, boxes.target[0], boxes.target[1]], wanted).mean(dim=1)
    here = alike(now[0][:, boxes.source[0], boxes.source[1]], wanted)
    stays = (here * boxes.left).sum(dim=1) / boxes.left.sum(dim=1).clamp(min=1)
    return (_EDIT / (1 + 4 * there) + _DRAG_INPAINT * stays).mean()


def content_energy(now: Features, photo: Features, kept: torch.Tensor) -> torch.Tensor:
    """Small where what is `kept` looks as it did; 0 if nothing is."""
    if not kept.any():
        return now[0].sum() * 0
    likeness = [alike(a[0], b[0])[kept].mean() for a, b in zip(now, photo, strict=True)]
    return torch.stack([_CONTENT / (1 + 4 * each) for each in likeness]).mean()


def move_energy(
    now: Features, photo: Features, source: torch.Tensor, target: torch.Tensor, shift: tuple[int, int]
) -> torch.Tensor:
    """Small where `target` looks like the place `shift` (x, y) before it did, and where what `source` leaves open
    looks like what is around it and no more as it did.
    """
    energies = [_moved(a[0], b[0], source, target, shift) for a, b in zip(now, photo, strict=True)]
    return torch.stack(energies).mean()


def _moved(
    now: torch.Tensor, photo: torch.Tensor, source: torch.Tensor, target: torch.Tensor, shift: tuple[int, int]
) -> torch.Tensor:
    came = torch.roll(photo, (shift[1], shift[0]), dims=(1, 2))
    there = functional.cosine_similarity(now, came, dim=0)[target].mean()
    energy = _EDIT / (1 + 4 * there.clamp(min=-0.2))  # at -1/4 it would have a pole
    opened, around = source & ~target, ~(source | target)
    if opened.any():
        energy = energy + _MOVE_CONTRAST * functional.cosine_similarity(now, photo, dim=0)[opened].mean()
        if around.any():
            mean = alike(now[:, opened].mean(dim=1), photo[:, around].mean(dim=1))
            energy = energy + _MOVE_INPAINT / (1 + 4 * mean)
    return energy


def alike(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """(cos + 1) / 2 of the features along the first axis: 0 to 1."""
    return (functional.cosine_similarity(one, other, dim=0) + 1) / 2
