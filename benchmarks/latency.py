"""The paper's table of stages (refine, preview, fill) at 512 x 512, with models of the real size.

    OMP_WAIT_POLICY=PASSIVE python benchmarks/latency.py > benchmarks/results/latency.md

The weights are random: time and memory do not depend on them. The CPU is always measured; a GPU where torch sees
one, as the median of several runs. The same models inside the pipeline of diffusers, called as the published demo
calls it, are measured in the same run. The variable keeps threads that wait from counting as work.
"""

import os
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderTiny, LCMScheduler, StableDiffusionInpaintPipeline, UNet2DConditionModel
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode
from transformers import SamConfig, SamModel

from pliant.events import CancelToken, ignore
from pliant.fill.diffusion.codec import Codec
from pliant.fill.diffusion.latent import LatentPainter, Parts
from pliant.fill.diffusion.load import settled
from pliant.fill.diffusion.text import Embedding, Prompts
from pliant.models.device import Runtime, choose
from pliant.regions.segment import Segmenter, make_segmenter, refine
from pliant.types import Drag, DragRegion, Edit, Picture, Rectangle
from pliant.warp.warper import Warper

SIDE = 512
STEPS = 8
TOKENS, TEXT_WIDTH = 77, 768
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


@dataclass(frozen=True)
class Row:
    what: str
    seconds: float
    core_seconds: float
    gigabytes: float
    calls: int


class FixedPrompts(Prompts):
    """The embedding of the empty prompt, as if it had been read before."""

    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding

    def embedding(self, prompt: str, *, guided: bool) -> Embedding:
        del prompt, guided
        return self._embedding


def unet_on(device: str, dtype: torch.dtype = torch.float32) -> Any:
    """The UNet of Stable Diffusion 1.5 inpainting."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return UNet2DConditionModel(
                sample_size=64,
                in_channels=9,
                out_channels=4,
                block_out_channels=(320, 640, 1280, 1280),
                cross_attention_dim=TEXT_WIDTH,
                attention_head_dim=8,
            ).eval()
    finally:
        torch.set_default_dtype(before)


def parts_on(device: torch.device, dtype: torch.dtype) -> Parts:
    torch.manual_seed(0)
    unet = settled(unet_on(str(device), dtype), device, low_mem=False)
    codec = Codec(settled(AutoencoderTiny().to(dtype), device, low_mem=False), device)
    hidden = torch.randn(1, TOKENS, TEXT_WIDTH).to(device, dtype)
    prompts = FixedPrompts(Embedding(hidden=hidden))
    return Parts(
        unet=unet, codec=codec, tiny=codec, scheduler=LCMScheduler(**BETAS), prompts=prompts, device=device
    )


def operations() -> tuple[float, float]:
    """TFLOP of one call of the UNet, and of one encoding and decoding by TAESD; nothing is computed."""
    inputs = {"device": "meta"}
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        unet_on("meta")(
            torch.empty(1, 9, SIDE // 8, SIDE // 8, **inputs),
            torch.empty((), **inputs),
            encoder_hidden_states=torch.empty(1, TOKENS, TEXT_WIDTH, **inputs),
        )
    unet = counter.get_total_flops()
    codec = AutoencoderTiny().to("meta")
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        codec.encode(torch.empty(1, 3, SIDE, SIDE, **inputs))
        codec.decode(torch.empty(1, 4, SIDE // 8, SIDE // 8, **inputs))
    return unet / 1e12, counter.get_total_flops() / 1e12


# ------------------------------------------------------------------------------------------------ the stages


def scene() -> tuple[Picture, Edit, np.ndarray]:
    """A picture, an edit of a region of 160 x 120, and the hole it opens."""
    noise = np.random.default_rng(0).integers(0, 256, (33, 33, 3), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    picture = Picture(pixels)
    edit = Edit([DragRegion(Rectangle(150, 180, 310, 300), [Drag((230, 240), (300, 220))])])
    preview = Warper(picture).preview(edit)
    hole = np.zeros((SIDE, SIDE), bool)
    hole[preview.hole_box.slices] = preview.hole_weight > 0
    return picture, edit, hole


def preview_row(picture: Picture) -> Row:
    """Pointer moves of one drag, as they come when someone pulls."""
    warper, spent = Warper(picture), list[float]()
    for step in range(40):
        end = (230 + 2 * step, 240 - step / 2)
        edit = Edit([DragRegion(Rectangle(150, 180, 310, 300), [Drag((230, 240), end)])])
        start = perf_counter()
        warper.preview(edit)
        spent.append(perf_counter() - start)
    return Row("preview (on the CPU), one pointer move", median(spent[1:]), 0, peak(torch.device("cpu")), 0)


def refine_rows(picture: Picture, device: str) -> Iterator[Row]:
    """A drawn region refined by the default segmenter and by SAM of the real size (ViT-B, random weights)."""
    drawn = Rectangle(150, 180, 310, 300)
    other = Picture(np.ascontiguousarray(picture.pixels[::-1]))
    with TemporaryDirectory() as folder:
        SamModel(SamConfig()).save_pretrained(folder)
        for what, segmenter in (
            ("refine, grabcut (on the CPU)", make_segmenter("grabcut")),
            ("refine, SAM ViT-B", make_segmenter(folder, Runtime(device=device))),
        ):
            refine(other, drawn, segmenter)  # loads the model
            yield refined(f"{what}, first region of a photo", picture, drawn, segmenter, device)
            yield refined(f"{what}, another of the same photo", picture, drawn, segmenter, device)


def refined(what: str, picture: Picture, drawn: Rectangle, segmenter: Segmenter, device: str) -> Row:
    where = torch.device(device)
    start_watching(where)
    start, worked = perf_counter(), process_time()
    refine(picture, drawn, segmenter)
    finish(where)
    core = 0 if where.type == "cuda" else process_time() - worked
    return Row(what, perf_counter() - start, core, peak(where), 0)


Run = Callable[[], None]


def ours(parts: Parts, picture: Picture, hole: np.ndarray) -> tuple[Run, Run]:
    """The fill of a new picture, and that of the same one with another seed."""
    painter = LatentPainter(parts, steps=STEPS, guidance=1.0)
    shades = iter(range(1, 1000))

    def paint(shown: Picture) -> None:
        painter.paint(shown, hole, prompt="", seed=next(shades), on_event=ignore, cancel=CancelToken())

    return lambda: paint(Picture(picture.pixels // 2 + np.uint8(next(shades)))), lambda: paint(picture)


def naive(parts: Parts, picture: Picture, hole: np.ndarray) -> Run:
    """The same models in the pipeline of diffusers."""
    pipeline: Any = StableDiffusionInpaintPipeline(
        vae=parts.codec.model,
        text_encoder=None,
        tokenizer=None,
        unet=parts.unet,
        scheduler=LCMScheduler(**BETAS),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    embedding = parts.prompts.embedding("", guided=False).hidden
    image, mask = Image.fromarray(picture.pixels), Image.fromarray(hole.astype(np.uint8) * 255)
    return lambda: pipeline(
        prompt_embeds=embedding,
        image=image,
        mask_image=mask,
        height=SIDE,
        width=SIDE,
        guidance_scale=1.0,
        num_inference_steps=STEPS,
        strength=1.0,
    )


class Calls:
    """Counts the calls of a module."""

    def __init__(self, module: Any) -> None:
        self.count = 0
        module.register_forward_pre_hook(lambda *_: setattr(self, "count", self.count + 1))


def measured(runs: dict[str, Run], parts: Parts, rounds: int) -> Iterator[Row]:
    """Each of `runs` in turn, `rounds` times over: what slows the computer for a while slows all of them."""
    calls, count = Calls(parts.unet), dict[str, int]()
    spent: dict[str, list[float]] = {what: [] for what in runs}
    work: dict[str, list[float]] = {what: [] for what in runs}
    heap: dict[str, float] = {}
    for _ in range(rounds):
        for what, run in runs.items():
            before = calls.count
            start_watching(parts.device)
            start, worked = perf_counter(), process_time()
            run()
            finish(parts.device)
            spent[what].append(perf_counter() - start)
            work[what].append(process_time() - worked)
            count[what], heap[what] = calls.count - before, peak(parts.device)
            print(f"{what}: {spent[what][-1]:.3f} s, {work[what][-1]:.3f} core s", file=sys.stderr)
    for what, times in spent.items():
        core = 0 if parts.device.type == "cuda" else min(work[what])
        yield Row(what, least(times, parts.device), core, heap[what], count[what])


def least(times: list[float], device: torch.device) -> float:
    """On a GPU the median; on a CPU, which others may be using too, the best."""
    return median(times) if device.type == "cuda" else min(times)


def start_watching(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()


def finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def peak(device: torch.device) -> float:
    """Gigabytes: allocated on the GPU, or resident in this process so far."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 1e9
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9


# -------------------------------------------------------------------------------------------------- the devices


def on_cpu(picture: Picture, hole: np.ndarray) -> Iterator[Row]:
    placement = choose(Runtime(device="cpu"))
    parts = parts_on(torch.device("cpu"), getattr(torch, placement.dtype))
    one_step = LatentPainter(parts, steps=1, guidance=1.0)
    one_step.paint(picture, hole, prompt="", seed=0, on_event=ignore, cancel=CancelToken())
    fresh, _ = ours(parts, picture, hole)
    runs = {
        f"fill, our loop, {placement.dtype}": fresh,
        f"fill, diffusers' pipeline as it is, {placement.dtype}": naive(parts, picture, hole),
    }
    yield from measured(runs, parts, 3)


def on_gpu(picture: Picture, hole: np.ndarray) -> Iterator[Row]:
    parts = parts_on(torch.device("cuda"), torch.float16)
    fresh, again = ours(parts, picture, hole)
    runs = {
        "fill, our loop, float16, channels last": fresh,
        "the same, another seed": again,
        "fill, diffusers' pipeline as it is, float16": naive(parts, picture, hole),
    }
    for run in runs.values():
        run()
    yield from measured(runs, parts, 10)
    compiled = replace(parts, unet=torch.compile(parts.unet, mode="reduce-overhead"))
    fresh, again = ours(compiled, picture, hole)
    for _ in range(3):
        fresh()
    yield from measured({"fill, our loop, UNet in a CUDA graph": fresh}, compiled, 10)


def show(title: str, rows: Iterator[Row], tflop: float) -> None:
    print(f"\n## {title}\n")
    print("| stage | seconds | core seconds | UNet calls | TFLOP/s of the UNet calls | peak GB |")
    print("|---|--:|--:|--:|--:|--:|")
    for row in rows:
        rate = f"{row.calls * tflop / row.seconds:.2f}" if row.calls else ""
        core = f"{row.core_seconds:.1f}" if row.core_seconds else ""
        time = f"{row.seconds:.4f} | {core}"
        print(f"| {row.what} | {time} | {row.calls or ''} | {rate} | {row.gigabytes:.2f} |", flush=True)


def main() -> None:
    torch.set_num_threads(os.cpu_count() or 1)
    picture, _, hole = scene()
    unet, codec = operations()
    version = torch.__version__.split("+")[0]
    print("# Latency of the stages\n")
    print("`OMP_WAIT_POLICY=PASSIVE python benchmarks/latency.py`,", end=" ")
    print(f"torch {version}, {os.cpu_count()} CPU cores.\n")
    print(f"A picture of {SIDE} x {SIDE}; models of the real size (UNet of Stable Diffusion 1.5 inpainting, 860 M")
    print(f"parameters, and TAESD) with random weights; LCM, {STEPS} steps, empty prompt, no guidance.\n")
    print("| arithmetic | TFLOP |\n|---|--:|")
    print(f"| one UNet call | {unet:.3f} |\n| {STEPS} UNet calls | {STEPS * unet:.2f} |")
    print(f"| TAESD, once in and once out | {codec:.3f} |\n")
    print("The paper reports 0.02 s to refine, 0.01 s for the preview, 0.29 s to fill, and 2.7 GB, on a GPU.")
    rows = [*refine_rows(picture, "cpu"), preview_row(picture), *on_cpu(picture, hole)]
    show("CPU", iter(rows), unet)
    print("\nFills: the best of 3 runs each, in turn, after a warm-up of one step. Memory is the most that the")
    print(
        "process has used until then; core seconds count it alone. Nearly all of a fill is the UNet's arithmetic."
    )
    if torch.cuda.is_available():
        rows = [*refine_rows(picture, "cuda"), *on_gpu(picture, hole)]
        show(torch.cuda.get_device_name(), iter(rows), unet)
    else:
        print("\n## GPU\n\nNot measured: no GPU was at hand for this run. With one, the script adds its rows.")


if __name__ == "__main__":
    main()
