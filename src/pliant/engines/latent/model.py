"""A Stable Diffusion model opened for dragging."""

import threading
from dataclasses import dataclass, field
from typing import Any

import torch

from pliant.engines.latent.denoiser import Denoiser
from pliant.engines.latent.schedule import Schedule
from pliant.errors import PliantError
from pliant.fill.diffusion.codec import Codec
from pliant.fill.diffusion.libraries import number_type, of_diffusers, quietly
from pliant.fill.diffusion.load import codec_of, previewer, settled
from pliant.fill.diffusion.source import PAINT, TEXT, Source, examine
from pliant.fill.diffusion.text import Prompts
from pliant.models.device import Runtime, choose
from pliant.models.fetch import locate

_CELL = 8
_CHANNELS = 4
_TINY = {"StableDiffusion": "taesd", "StableDiffusionXL": "taesdxl"}


@dataclass(frozen=True, eq=False, kw_only=True)
class LatentModel:
    """A loaded model. `tiny` decodes the unfinished (None: there is none); `size` is the side it was trained on.

    `turn` is held by whoever works with it: what an edit does to the attention is nobody else's business.
    """

    denoiser: Denoiser
    codec: Codec
    tiny: Codec | None
    prompts: Prompts
    size: int
    device: torch.device
    low_mem: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def unet(self) -> Any:
        """The UNet of diffusers."""
        return self.denoiser.unet

    @property
    def schedule(self) -> Schedule:
        """The noise it was trained on."""
        return self.denoiser.schedule

    @property
    def nbytes(self) -> int:
        """Bytes of all its weights."""
        networks = [self.unet, self.codec.model, *([self.tiny.model] if self.tiny else [])]
        return sum(tensor.nbytes for network in networks for tensor in network.parameters())


def open_model(
    reference: str, runtime: Runtime, *, vae: str | None = None, unet: str | None = None
) -> LatentModel:
    """The model that `reference` names: Stable Diffusion 1.x, 2.x or XL with four input channels.

    `reference`, `vae` and `unet` are what `pliant.models.fetch.locate` takes. `vae` is a tiny autoencoder used in
    place of the model's own, `unet` a whole model whose UNet is used in place of the model's own.

    Raises:
        PliantError: it is an inpainting model or of another family, or it predicts something that is not
        understood
            (`unsupported_model`); it is damaged or no model (`invalid_model`).
        MissingRequirementError: it is not here and cannot be had.
    """
    with quietly():
        return _open(reference, runtime, vae, unet)


def _open(reference: str, runtime: Runtime, vae: str | None, unet: str | None) -> LatentModel:
    placement = choose(runtime)
    device, dtype = torch.device(placement.device), getattr(torch, placement.dtype)
    source = examine(locate(reference, offline=runtime.offline), offline=runtime.offline)
    _check(source, reference)
    prompts = Prompts(lambda: source.open(dtype, without=PAINT), device)
    prompts.embedding("", guided=False)  # first, so that text encoder and UNet are never in memory together
    absent = ("vae",) if vae else ()
    absent += ("unet",) if unet else ()
    pipeline = source.open(dtype, without=(*TEXT, *absent))
    network = _unet_of(unet, runtime, dtype) if unet else pipeline.unet
    return LatentModel(
        denoiser=_denoiser(settled(network, device, low_mem=runtime.low_mem), pipeline.scheduler.config),
        codec=codec_of(vae, runtime, pipeline, device, dtype),
        tiny=None if vae else previewer(_TINY[source.family], device, dtype),
        prompts=prompts,
        size=_CELL * int(network.config.sample_size or 64),
        device=device,
        low_mem=runtime.low_mem,
    )


def _check(source: Source, reference: str) -> None:
    accepted = "accepted are Stable Diffusion 1.x, 2.x and XL, as they make pictures from text"
    if not source.family:
        raise PliantError(f"The model {reference!r} is of another family; {accepted}.", code="unsupported_model")
    if source.in_channels != _CHANNELS:
        raise PliantError(
            f"The UNet of {reference!r} has {source.in_channels} input channels (an inpainting model has 9); "
            f"{accepted} (4 channels).",
            code="unsupported_model",
        )


def _unet_of(reference: str, runtime: Runtime, dtype: torch.dtype) -> Any:
    path = locate(reference, offline=runtime.offline)
    try:
        return of_diffusers("UNet2DConditionModel").from_pretrained(
            path, subfolder="unet", use_safetensors=True, local_files_only=True, **number_type(dtype)
        )
    except (OSError, ValueError) as error:
        raise PliantError(
            f"{reference!r} has no UNet that can be loaded: {error}. Name a folder or hub id of a whole model.",
            code="invalid_model",
        ) from error


def _denoiser(unet: Any, scheduler: Any) -> Denoiser:
    prediction = scheduler.get("prediction_type", "epsilon")
    if prediction not in ("epsilon", "v_prediction"):
        raise PliantError(
            f"The model predicts {prediction!r}; accepted are 'epsilon' and 'v_prediction'.",
            code="unsupported_model",
        )
    return Denoiser(unet=unet, schedule=Schedule.of(scheduler), prediction=prediction)
