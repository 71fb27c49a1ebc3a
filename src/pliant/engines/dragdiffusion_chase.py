"""The optimisation of DragDiffusion: latents changed until what stood at the handles stands at the targets.

Shi et al., CVPR 2024, section 3.3, Eq. 1 to 4. Places are (x, y) in pixels at half the working resolution.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from pliant.engines.dragdiffusion import Settings
from pliant.engines.dragdiffusion_supervision import arrived, supervised, tracked
from pliant.engines.latent.features import features, watched
from pliant.engines.latent.inversion import clean, ddim_step
from pliant.engines.latent.task import OpenPhoto

NEAR = 2.0
"""Pixels at half resolution: a point less than this from its target has arrived."""

_HALF = 4  # pixels at half resolution to a cell
_SCALE = 2.0**10  # of the loss in half precision: far from the largest number, so that no step is lost at first


@dataclass(frozen=True, eq=False)
class Points:
    """Where points are in the unedited features, and where they go: `(N, 2)` float each."""

    starts: torch.Tensor
    targets: torch.Tensor


@dataclass(frozen=True, eq=False)
class Seen:
    """What the UNet makes of latents: its `features` at half resolution; the latents one step `below` and the
    finished ones as a `guess`, both only where the rest is to be held.
    """

    features: torch.Tensor
    below: torch.Tensor | None
    guess: torch.Tensor | None


class Chase:
    """`latents` on their way from `top`, which are those of the `levels` (this one, the one below).

    `held` `(rows, columns)` bool are the cells whose next step shall stay as it was; None for nowhere. `guess` is
    the finished picture as the last step saw it.
    """

    def __init__(
        self,
        photo: OpenPhoto,
        settings: Settings,
        levels: tuple[int, int],
        top: torch.Tensor,
        points: Points,
        held: torch.Tensor | None,
    ) -> None:
        self._photo, self._settings, self._levels = photo, settings, levels
        self._points, self._places, self._held = points, points.starts, held
        self._first: Seen | None = None
        self._leaf = top.detach().clone().requires_grad_(True)
        device, half = photo.model.device.type, photo.model.unet.dtype == torch.float16
        # Fused, so that after an overflow the step is left out on the GPU without asking it.
        self._adam = torch.optim.Adam([self._leaf], lr=settings.rate, fused=device == "cuda")
        self._scaler = torch.amp.GradScaler(device, init_scale=_SCALE, enabled=half)
        self.guess: torch.Tensor | None = None

    @property
    def latents(self) -> torch.Tensor:
        """As they are now."""
        return self._leaf.detach()

    def step(self) -> bool:
        """One call of the UNet; says whether all points have arrived, in which case the latents are left alone."""
        with torch.enable_grad():
            now = self._seen()
            self.guess = None if now.guess is None else now.guess.detach()
            first = self._remembered(now)
            if first is not now:
                self._places = tracked(
                    first.features,
                    now.features.detach(),
                    self._points.starts,
                    self._places,
                    self._settings.r2,
                )
            if arrived(self._places, self._points.targets, NEAR).all():
                return True
            self._adam.zero_grad(set_to_none=True)
            self._scaler.scale(self._loss(now, first)).backward()  # pyright: ignore[reportUnknownMemberType]
        self._scaler.step(self._adam)
        self._scaler.update()
        return False

    def _remembered(self, now: Seen) -> Seen:
        """The first step's, without its gradients; `now` itself in that step."""
        if self._first is not None:
            return self._first
        below = None if now.below is None else now.below.detach()
        self._first = Seen(now.features.detach(), below, None)
        return now

    def _loss(self, now: Seen, first: Seen) -> torch.Tensor:
        loss = supervised(now.features, self._places, self._points.targets, self._settings.r1, NEAR)
        if now.below is None or first.below is None or self._held is None:
            return loss
        strayed = (now.below - first.below.detach()).abs() * self._held
        return loss + self._settings.lam * strayed.sum()

    def _seen(self) -> Seen:
        """Where nothing is held, the UNet is left after the block whose features are wanted."""
        unet, latents = self._photo.model.unet, self._leaf
        block = feature_block(unet)
        if self._held is None:
            return Seen(self._large(features(unet, [block], self._noise)[block]), None, None)
        with watched(unet, [block]) as found:
            noise = self._noise()
        a, a_below = (self._photo.model.schedule.alpha(level) for level in self._levels)
        below = ddim_step(latents, noise, a, a_below)
        return Seen(self._large(found[block]), below, clean(latents, noise, a))

    def _noise(self) -> torch.Tensor:
        return self._photo.model.denoiser.noise(self._leaf, self._levels[0], self._photo.text)

    def _large(self, found: torch.Tensor) -> torch.Tensor:
        rows, columns = self._leaf.shape[2:]
        size = (_HALF * rows, _HALF * columns)
        return functional.interpolate(found.to(self._leaf.dtype), size, mode="bilinear", align_corners=False)


def feature_block(unet: Any) -> int:
    """The last decoder block but one: 2 in Stable Diffusion 1.5, 640 channels at the latents' own resolution."""
    return len(unet.up_blocks) - 2
