"""Opens what a recipe names: the painting parts at once, the text encoders when a prompt is new."""

from pathlib import Path
from typing import Any

import torch

from pliant.errors import PliantError
from pliant.fill.diffusion.codec import Codec
from pliant.fill.diffusion.filler import Painter
from pliant.fill.diffusion.generic import PipelinePainter
from pliant.fill.diffusion.latent import LatentPainter, Parts
from pliant.fill.diffusion.libraries import of_diffusers, quietly
from pliant.fill.diffusion.recipes import Recipe
from pliant.fill.diffusion.source import PAINT, TEXT, Source, examine
from pliant.fill.diffusion.text import Prompts
from pliant.fill.diffusion.tiny import load_tiny
from pliant.models.device import Runtime, choose
from pliant.models.fetch import locate


def open_painter(recipe: Recipe, runtime: Runtime) -> Painter:
    """The model that `recipe` names, ready to paint.

    Raises:
        PliantError: something it names is not there, or is not what it should be.
    """
    with quietly():
        return _open_painter(recipe, runtime)


def _open_painter(recipe: Recipe, runtime: Runtime) -> Painter:
    placement = choose(runtime)
    device, dtype = torch.device(placement.device), getattr(torch, placement.dtype)
    source = examine(locate(recipe.model, offline=runtime.offline), offline=runtime.offline)
    if source.is_inpainting_unet:
        return _latent_painter(recipe, runtime, source, device, dtype)
    if recipe.lora or recipe.vae:
        raise PliantError(
            f"{str(source.path)!r} is no Stable Diffusion inpainting model (9 input channels), "
            f"which {recipe.info.name!r} needs.",
            code="invalid_model",
        )
    return PipelinePainter(placed(source.open(dtype), device, low_mem=runtime.low_mem))


def _latent_painter(
    recipe: Recipe, runtime: Runtime, source: Source, device: torch.device, dtype: torch.dtype
) -> LatentPainter:
    prompts = Prompts(lambda: source.open(dtype, without=PAINT), device)
    prompts.embedding("", guided=False)  # first, so that text encoder and UNet are never in memory together
    own_vae = recipe.vae is None
    pipeline = source.open(dtype, without=TEXT if own_vae else (*TEXT, "vae"))
    if recipe.lora:
        fuse(pipeline, locate(recipe.lora, offline=runtime.offline))
    codec = codec_of(recipe.vae, runtime, pipeline, device, dtype)
    unet = settled(pipeline.unet, device, low_mem=runtime.low_mem)
    parts = Parts(
        unet=unet,
        codec=codec,
        tiny=previewer(recipe.preview, device, dtype) if own_vae else codec,
        scheduler=_scheduler(recipe, pipeline),
        prompts=prompts,
        device=device,
        low_mem=runtime.low_mem,
    )
    return LatentPainter(parts, steps=recipe.steps, guidance=recipe.guidance)


def settled(model: Any, device: torch.device, *, low_mem: bool) -> Any:
    """`model` for inference where it rests; convolutions on a GPU are faster with channels last."""
    model.eval().requires_grad_(False)
    if device.type == "cuda":
        model.to(memory_format=torch.channels_last)
    return model if low_mem else model.to(device)


def fuse(pipeline: Any, path: Path) -> None:
    """Add the LoRA in `path`, a file or a folder with one, to the UNet's weights, and forget it.

    Raises:
        PliantError: it is not a LoRA for this UNet (`invalid_model`).
    """
    file = path if path.is_file() else next(iter(sorted(path.glob("*.safetensors"))), path)
    try:
        pipeline.load_lora_weights(str(file.parent), weight_name=file.name)
        pipeline.fuse_lora(components=["unet"])
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise PliantError(
            f"{str(file)!r} is no LoRA for this model: {error}. Name one made for it.", code="invalid_model"
        ) from error
    pipeline.unload_lora_weights()


def placed(pipeline: Any, device: torch.device, *, low_mem: bool) -> Any:
    """A whole pipeline on `device`; with `low_mem` only the part that works, and pictures in tiles."""
    pipeline.set_progress_bar_config(disable=True)
    if not low_mem or device.type == "cpu":
        return pipeline.to(device)
    pipeline.enable_model_cpu_offload(device=device)
    if hasattr(pipeline.vae, "enable_tiling"):
        pipeline.vae.enable_tiling()
    return pipeline


def codec_of(vae: str | None, runtime: Runtime, pipeline: Any, device: torch.device, dtype: torch.dtype) -> Codec:
    """The tiny autoencoder that `vae` names, or else the pipeline's own."""
    if vae is not None:
        model = load_tiny(locate(vae, offline=runtime.offline), dtype)
    else:
        model = pipeline.vae
        if dtype == torch.float16 and model.config.force_upcast:
            model.to(torch.float32)  # SDXL's autoencoder overflows in half precision
        if runtime.low_mem:
            model.enable_tiling()
    return Codec(settled(model, device, low_mem=runtime.low_mem), device, low_mem=runtime.low_mem)


def previewer(reference: str | None, device: torch.device, dtype: torch.dtype) -> Codec | None:
    """The tiny autoencoder for previews, if it is already here: they are no reason to download anything."""
    if reference is None:
        return None
    try:
        model = load_tiny(locate(reference, offline=True), dtype)
    except PliantError:
        return None
    return Codec(settled(model, device, low_mem=False), device)


def _scheduler(recipe: Recipe, pipeline: Any) -> Any:
    kind = "LCMScheduler" if recipe.lora else "DPMSolverMultistepScheduler"
    return of_diffusers(kind).from_config(pipeline.scheduler.config)
