"""What the engines on latents cost at 512 x 512 with models of the real size: seconds and memory.

    OMP_WAIT_POLICY=PASSIVE python benchmarks/engines.py [NAME ...] > benchmarks/results/engines.md

The weights are random: time and memory do not depend on them. As many plain calls of the same UNet as opening
and the first edit make are measured beside them. The CPU is measured where no GPU is there, in fewer steps where
the published number would take hours; on a GPU every figure is a median.
"""

import os
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image

import pliant
from pliant.engines.latent.denoiser import Denoiser
from pliant.engines.latent.model import LatentModel
from pliant.engines.latent.schedule import Schedule
from pliant.fill.diffusion.codec import Codec
from pliant.fill.diffusion.load import settled
from pliant.fill.diffusion.text import Embedding, Prompts
from pliant.models.device import Runtime, choose
from pliant.types import Drag, DragRegion, Edit, Picture, Rectangle, RegionPair

SIDE = 512
TOKENS, TEXT_WIDTH = 77, 768
ROUNDS_ON_GPU = 10
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}

PART = Rectangle(150, 180, 310, 300)
PAIR = Edit([RegionPair(PART, Rectangle(220, 160, 380, 280))])
DRAG = Edit([DragRegion(PART, [Drag((230, 240), (300, 220))])])


@dataclass(frozen=True)
class Case:
    """An engine with the edit it is given, and what was published of its cost.

    `fewer` are the options with which it is measured on a CPU.
    """

    name: str
    edit: Edit
    published: str
    options: dict[str, Any] = field(default_factory=dict)
    fewer: dict[str, Any] = field(default_factory=dict)

    def on(self, device: torch.device) -> dict[str, Any]:
        """The options to measure with on `device`."""
        return {**self.options, **(self.fewer if device.type == "cpu" else {})}


CASES = [
    Case("regiondrag", PAIR, "1.5 s in all, V100 (paper, table 1)"),
    Case("fastdrag", DRAG, "4.2 s, V100 (Inpaint4Drag, table)", {"unet": "own"}),
    Case("sdedrag", DRAG, "126.1 s, V100 (Inpaint4Drag, table)", fewer={"steps": 10, "lora": 0, "stride": 64}),
    Case("diffeditor", DRAG, "43.1 s, V100 (Inpaint4Drag, table)", fewer={"steps": 5, "travel": False}),
    Case(
        "dragdiffusion",
        DRAG,
        "177.7 s, V100 (Inpaint4Drag, table)",
        fewer={"steps": 10, "pixel_steps": 2, "lora": 1},
    ),
]


class FixedPrompts(Prompts):
    """An embedding, as if the prompt had been read before."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype

    def embedding(self, prompt: str, *, guided: bool) -> Embedding:
        del prompt
        hidden = torch.randn(1 + guided, TOKENS, TEXT_WIDTH, generator=torch.Generator().manual_seed(0))
        return Embedding(hidden=hidden.to(self._device, self._dtype))


def model_on(device: torch.device, dtype: torch.dtype) -> LatentModel:
    """Stable Diffusion 1.5 with random weights."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            unet = UNet2DConditionModel(
                sample_size=SIDE // 8,
                block_out_channels=(320, 640, 1280, 1280),
                cross_attention_dim=TEXT_WIDTH,
                attention_head_dim=8,
            )
            vae = AutoencoderKL(
                block_out_channels=(128, 256, 512, 512),
                down_block_types=("DownEncoderBlock2D",) * 4,
                up_block_types=("UpDecoderBlock2D",) * 4,
                latent_channels=4,
                layers_per_block=2,
                sample_size=SIDE,
            )
    finally:
        torch.set_default_dtype(before)
    return LatentModel(
        denoiser=Denoiser(unet=settled(unet, device, low_mem=False), schedule=Schedule.of(BETAS)),
        codec=Codec(settled(vae, device, low_mem=False), device),
        tiny=None,
        prompts=FixedPrompts(device, dtype),
        size=SIDE,
        device=device,
    )


def photo(seed: int) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 256, (33, 33, 3), dtype=np.uint8)
    return Picture(np.asarray(Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BICUBIC)))


# ---------------------------------------------------------------------------------------------- measuring


@dataclass(frozen=True)
class Figure:
    seconds: float
    core_seconds: float
    gigabytes: float
    calls: int


class Meter:
    """Times a piece of work, and counts the calls of the UNet in it."""

    def __init__(self, model: LatentModel) -> None:
        self._device = model.device
        self._count = 0
        model.unet.register_forward_pre_hook(lambda *_: setattr(self, "_count", self._count + 1))

    def of(self, work: Callable[[], Any]) -> tuple[Figure, Any]:
        before = self._count
        self._wait()
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        start, worked = perf_counter(), process_time()
        found = work()
        self._wait()
        figure = Figure(perf_counter() - start, process_time() - worked, self._peak(), self._count - before)
        print(f"{figure.seconds:.3f} s, {figure.calls} calls, {figure.gigabytes:.2f} GB", file=sys.stderr)
        return figure, found

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize()

    def _peak(self) -> float:
        """Gigabytes: allocated on the GPU, or resident in this process so far."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated() / 1e9
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9


def plain_calls(model: LatentModel, count: int) -> None:
    latents = torch.randn(1, 4, SIDE // 8, SIDE // 8).to(model.device)
    text = model.prompts.embedding("", guided=False)
    with torch.no_grad():
        for level in range(count):
            model.denoiser.noise(latents, 1 + 50 * (level % 10), text)


def once(case: Case, model: LatentModel, meter: Meter, seed: int) -> list[Figure]:
    """Opening, the first edit, another edit, and the same number of plain calls as the first two."""
    engine = pliant.engine(case.name, model=model, **case.on(model.device))
    opened, session = meter.of(lambda: engine.open(photo(seed)))
    first, _ = meter.of(lambda: session.run(case.edit))
    second, _ = meter.of(lambda: session.run(case.edit, seed=1))
    plain, _ = meter.of(lambda: plain_calls(model, opened.calls + first.calls))
    return [opened, first, second, plain]


def measured(model: LatentModel, cases: list[Case]) -> Iterator[tuple[Case, list[Figure]]]:
    rounds = ROUNDS_ON_GPU if model.device.type == "cuda" else 1
    meter = Meter(model)
    plain_calls(model, 1)
    for case in cases:
        if rounds > 1:
            once(case, model, meter, 99)
        found = [once(case, model, meter, seed) for seed in range(rounds)]
        yield case, [middle(list(figures)) for figures in zip(*found, strict=True)]


def middle(figures: list[Figure]) -> Figure:
    return Figure(
        median(figure.seconds for figure in figures),
        median(figure.core_seconds for figure in figures),
        max(figure.gigabytes for figure in figures),
        figures[0].calls,
    )


# ------------------------------------------------------------------------------------------------ the table


def spent(figure: Figure) -> float:
    """Seconds on a GPU; on a CPU, which others may be using too, the work of all its cores."""
    return figure.seconds if torch.cuda.is_available() else figure.core_seconds


def show(case: Case, figures: list[Figure], device: torch.device) -> None:
    opened, first, second, plain = figures
    options = ", ".join(f"{name}={value}" for name, value in case.on(device).items())
    cells = [
        f"{case.name}{f' ({options})' if options else ''}",
        *(f"{spent(figure):.2f} ({figure.calls})" for figure in (opened, first, second, plain)),
        f"{(spent(opened) + spent(first)) / spent(plain):.2f}",
        f"{max(opened.gigabytes, first.gigabytes):.2f}",
        case.published,
    ]
    print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    torch.set_num_threads(os.cpu_count() or 1)
    gpu = torch.cuda.is_available()
    device = torch.device("cuda" if gpu else "cpu")
    dtype = choose(Runtime(device=device.type)).dtype
    wanted = sys.argv[1:] or [case.name for case in CASES]
    where = torch.cuda.get_device_name() if gpu else f"CPU, {os.cpu_count()} cores"
    print("# What the engines on latents cost\n")
    print("`OMP_WAIT_POLICY=PASSIVE python benchmarks/engines.py`,", end=" ")
    print(f"torch {torch.__version__.split('+')[0]}, {where}, {dtype}.\n")
    print(f"A picture of {SIDE} x {SIDE}; UNet and autoencoder of Stable Diffusion 1.5 with random weights.")
    print(
        f"{'Seconds' if gpu else 'Core seconds'}, and in brackets calls of the UNet; the ratio is that of opening"
    )
    print("and first edit to as many plain calls.\n")
    print("| engine | open | first edit | another edit | plain calls | ratio | peak GB | published |")
    print("|---|--:|--:|--:|--:|--:|--:|---|")
    model = model_on(device, getattr(torch, dtype))
    for case, figures in measured(model, [case for case in CASES if case.name in wanted]):
        show(case, figures, device)
    if gpu:
        print(f"\nMedians of {ROUNDS_ON_GPU} runs after one that is not counted; memory is what torch allocates.")
    else:
        print("\nOne run each, after one call of the UNet, on a computer that others were using: core seconds are")
        print(
            "the work done; alone on it the time is about this divided by the number of cores. Memory is the most"
        )
        print(
            "that the process has used until then. No GPU was at hand; with one, the script measures it instead."
        )
        print("Where a row names fewer steps than the engine's default, it says what a step costs, not an edit.")


if __name__ == "__main__":
    main()
