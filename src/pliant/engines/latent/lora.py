"""LoRA for one photo: low-rank changes to a UNet's attention, trained on the photo and put in for a while.

Hu et al., ICLR 2022, as DragDiffusion (section 3.1) and SDE-Drag use it: the model learns to paint this photo, so
that an edit keeps looking like it.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from pliant.engines.latent.checkpointing import checkpointed
from pliant.engines.latent.inversion import noised, unit_noise
from pliant.engines.latent.lora_store import Progress, Store
from pliant.engines.latent.schedule import TRAINING_STEPS
from pliant.engines.latent.task import OpenPhoto, Watch
from pliant.fill.diffusion.frame import CELL
from pliant.fill.diffusion.libraries import quietly

NAME = "photo"
_TARGETS = ("to_q", "to_k", "to_v", "to_out.0")
_SAVED_EVERY = 20  # steps

SetScale = Callable[[float], None]
"""Changes how much of the LoRA counts, from 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a LoRA is trained: AdamW with a constant `rate`, `batch` crops of the model's own side in each step.

    The defaults are DragDiffusion's.
    """

    steps: int = 80
    rank: int = 16
    rate: float = 5e-4
    batch: int = 4


@dataclass(frozen=True, eq=False)
class Lora:
    """`weights` by name, float32 on the CPU, of a UNet's attention projections; `rank` is theirs."""

    weights: Mapping[str, torch.Tensor]
    rank: int


def trained(photo: OpenPhoto, training: Training, watch: Watch, store: Store | None = None) -> Lora | None:
    """A LoRA of `photo`, whose prompt it is told; None where `training` has no steps.

    One that `store` keeps is taken from there; an unfinished one is gone on with. Same photo, prompt and training:
    same weights. Crops are cut from the latents of the whole, a sample of the posterior in each step.

    Raises:
        CancelledError: what is done so far is in `store`, up to the last twenty steps.
    """
    if not training.steps:
        return None
    key = store.key(photo, training) if store else ""
    kept = store.finished(key) if store else None
    if kept is not None:
        return Lora(kept, training.rank)
    watch.stage("learn")
    unet, low_mem = photo.model.unet, photo.model.low_mem
    with _adapter(unet, training.rank) as parameters, checkpointed(unet, low_mem):
        _train(photo, training, watch, parameters, store, key)
        weights = {name: value.detach().float().cpu().clone() for name, value in parameters.items()}
    if store:
        store.finish(key, weights)
    return Lora(weights, training.rank)


@contextmanager
def adapted(unet: Any, lora: Lora | None) -> Generator[SetScale]:
    """For the while, `unet` with `lora`, all of it until told otherwise; afterwards bit for bit as before."""
    if lora is None:
        yield _unchanged
        return
    with _adapter(unet, lora.rank) as parameters:
        for name, value in parameters.items():
            value.requires_grad_(False).copy_(lora.weights[name])
        yield lambda scale: unet.set_adapters(NAME, scale)


def _unchanged(scale: float) -> None:
    del scale


def _train(
    photo: OpenPhoto,
    training: Training,
    watch: Watch,
    parameters: Mapping[str, torch.nn.Parameter],
    store: Store | None,
    key: str,
) -> None:
    random = photo.generator()
    optimiser = torch.optim.AdamW(parameters.values(), lr=training.rate, weight_decay=1e-2)
    half = photo.model.unet.dtype == torch.float16
    scaler = torch.amp.GradScaler(photo.model.device.type, enabled=half)
    progress = Progress(parameters, optimiser, scaler, random)
    done = store.resume(key, progress) if store else 0
    samples = photo.model.codec.samples(photo.frame.rgb, random)
    for step in range(done, training.steps):
        latents = next(samples).clone()  # no inference tensor
        optimiser.zero_grad(set_to_none=True)
        for _ in range(training.batch):
            watch.check()
            with torch.enable_grad():
                loss = scaler.scale(_loss(photo, latents, random) / training.batch)
            loss.backward()  # pyright: ignore[reportUnknownMemberType]
        scaler.step(optimiser)
        scaler.update()
        if store and (step + 1) % _SAVED_EVERY == 0 and step + 1 < training.steps:
            store.save(key, progress, step + 1)
        watch.step(step + 1, training.steps)


def _loss(photo: OpenPhoto, latents: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """The denoising loss at a random level on a random crop; one at a time, so that memory is that of one."""
    crop = _crop(latents, photo.model.size // CELL, random)
    level = int(torch.randint(TRAINING_STEPS, (1,), generator=random))
    wanted = unit_noise(crop, random)
    noisy = noised(crop, wanted, 1.0, photo.model.schedule.alpha(level))
    found = photo.model.denoiser.noise(noisy, level, photo.text)
    return functional.mse_loss(found.float(), wanted)


def _crop(latents: torch.Tensor, side: int, random: torch.Generator) -> torch.Tensor:
    rows, columns = latents.shape[2:]
    top, left = (int(torch.randint(max(n - side, 0) + 1, (1,), generator=random)) for n in (rows, columns))
    return latents[..., top : top + side, left : left + side]


@contextmanager
def _adapter(unet: Any, rank: int) -> Generator[dict[str, torch.nn.Parameter]]:
    """`unet` with fresh low-rank layers that change nothing yet; gives their weights by name, float32."""
    from peft import LoraConfig

    with quietly(), _seeded():
        unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=list(_TARGETS)), adapter_name=NAME)
    frozen = [value for name, value in unet.named_parameters() if "lora_" not in name and value.requires_grad]
    try:
        for value in frozen:
            value.requires_grad_(False)
        named = [(name, value) for name, value in unet.named_parameters() if "lora_" in name]
        found = {name.replace(f".{NAME}.", "."): value for name, value in named}
        for value in found.values():
            value.data = value.data.float()
            value.requires_grad_(True)
        yield found
    finally:
        unet.unload_lora()
        for value in frozen:
            value.requires_grad_(True)


@contextmanager
def _seeded() -> Generator[None]:
    """The library draws the first weights from the global generator, which is put back afterwards."""
    before = torch.get_rng_state()
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]
    try:
        yield
    finally:
        torch.set_rng_state(before)
