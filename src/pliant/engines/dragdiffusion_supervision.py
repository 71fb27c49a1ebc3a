"""DragDiffusion's motion supervision and point tracking on features of the decoder.

Shi et al., "DragDiffusion: Harnessing Diffusion Models for Interactive Point-based Image Editing", CVPR 2024,
sections 3.2 and 3.3. Places `(N, 2)` are (x, y) in pixels of the features, centres at integers.
"""

import torch
from torch.nn import functional


def arrived(places: torch.Tensor, targets: torch.Tensor, near: float) -> torch.Tensor:
    """`(N,)` bool: which places are less than `near` from their targets."""
    return _length(targets - places)[:, 0] < near


def supervised(
    features: torch.Tensor, places: torch.Tensor, targets: torch.Tensor, radius: int, near: float
) -> torch.Tensor:
    """How far the patch around each place is from being shifted by one pixel towards its target (Eq. 2), a scalar.

    `features` `(1, C, h, w)`. The patch where it stands is what the shifted one should become, so no gradient
    flows into it. Sampling stops at the picture's border; each point counts as its patch has pixels, unless it is
    less than `near` from its target.
    """
    way = targets - places
    step = way / _length(way).clamp(min=1e-6)
    patch = _within(features, places.trunc()[:, None] + _square(radius, places))
    before = sampled(features.detach(), patch)
    missed = (before - sampled(features, patch + step[:, None])).abs().mean(dim=(1, 2))
    return torch.where(arrived(places, targets, near), 0.0, missed).sum() * (2 * radius + 1) ** 2


def tracked(
    first: torch.Tensor, now: torch.Tensor, starts: torch.Tensor, places: torch.Tensor, radius: int
) -> torch.Tensor:
    """`(N, 2)`: the pixel within `radius` of each place whose features are most like its first ones (Eq. 4).

    `first` and `now` `(1, C, h, w)` are the features before any step and after this one, `starts` the handles in
    `first`. The distance is the sum of absolute differences; of equals the first in reading order is taken.
    """
    wanted = _picked(first, starts.trunc()[:, None])
    window = places.trunc()[:, None] + _square(radius, places)
    inside = (window == _within(now, window)).all(dim=2)
    away = (_picked(now, window) - wanted).abs().sum(dim=1).masked_fill(~inside, torch.inf)
    best = away.argmin(dim=1)
    return window[torch.arange(len(window), device=window.device), best]


def sampled(features: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """`(N, C, K)`: `features` `(1, C, h, w)` at `places` `(N, K, 2)`, bilinear; beyond the border its value."""
    height, width = features.shape[2:]
    shares = torch.stack([places[..., 0] / max(width - 1, 1), places[..., 1] / max(height - 1, 1)], dim=2)
    grid = (shares * 2 - 1).flatten(0, 1)[None, None]
    found = functional.grid_sample(features, grid, padding_mode="border", align_corners=True)
    return found.reshape(features.shape[1], *places.shape[:2]).transpose(0, 1)


def _length(ways: torch.Tensor) -> torch.Tensor:
    """`(N, 1)`: how long each of `ways` `(N, 2)` is."""
    return ways.square().sum(dim=1, keepdim=True).sqrt()


def _picked(features: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """`(N, C, K)`: `features` at whole `places` `(N, K, 2)`; those outside are taken at the border."""
    x, y = _within(features, places).long().unbind(dim=2)
    return features[0][:, y, x].transpose(0, 1)


def _within(features: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """`places` `(N, K, 2)`, those beyond the border brought onto it; makes no tensor that a GPU waits for."""
    height, width = features.shape[2:]
    return torch.stack([places[..., 0].clamp(0, width - 1), places[..., 1].clamp(0, height - 1)], dim=2)


def _square(radius: int, like: torch.Tensor) -> torch.Tensor:
    """`((2 radius + 1)^2, 2)`: the places around (0, 0) in reading order."""
    side = torch.arange(-radius, radius + 1, device=like.device, dtype=like.dtype)
    y, x = torch.meshgrid(side, side, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)
