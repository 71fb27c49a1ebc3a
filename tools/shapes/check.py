"""What the trained model can do, on scenes it never saw: `python -m tools.shapes.check tests/shapes`.

Writes `tools/shapes/figures.md` and `docs/pictures/shapes-samples.jpg`.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from PIL import Image
from tools.shapes.models import LATENT_SIDE, empty_prompt
from tools.shapes.train import HELD_OUT, pixels

ROOT = Path(__file__).parents[2]
SCENES = 64
TIMES = (1, 101, 301, 501, 701, 901)
SAMPLES = 24
STEPS = 50


class Model:
    """A saved folder in single precision, with what the checks call."""

    def __init__(self, folder: Path) -> None:
        self.pipeline: Any = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
        self.unet, self.vae = self.pipeline.unet, self.pipeline.vae
        self.alphas = self.pipeline.scheduler.alphas_cumprod
        self._prompt = empty_prompt()

    def encode(self, pictures: torch.Tensor) -> torch.Tensor:
        """`(B, 3, H, W)` in -1 to 1 to latents of unit variance."""
        return self.vae.encode(pictures).latent_dist.mode() * self.vae.config.scaling_factor

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Back from `encode`."""
        return self.vae.decode(latents / self.vae.config.scaling_factor).sample.clamp(-1, 1)

    def noise_in(self, noisy: torch.Tensor, time: int) -> torch.Tensor:
        """The noise that the UNet sees in latents at `time`."""
        return self.unet(noisy, time, self._prompt.expand(len(noisy), -1, -1)).sample

    def step(self, latents: torch.Tensor, predicted: torch.Tensor, start: int, end: int) -> torch.Tensor:
        """One DDIM step from the level `start` to `end`, up or down; levels below 0 are level 0."""
        a, b = self.alphas[max(start, 0)], self.alphas[max(end, 0)]
        clean = (latents - (1 - a).sqrt() * predicted) / a.sqrt()
        return b.sqrt() * clean + (1 - b).sqrt() * predicted


def psnr(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Decibels per picture; both `(B, 3, H, W)` in -1 to 1."""
    return -10 * torch.log10(((one - other) ** 2).mean(dim=(1, 2, 3)) / 4)


def schedule(steps: int) -> list[int]:
    """Times from high to low, as SD 1.5 spaces them."""
    made = DDIMScheduler(steps_offset=1)
    made.set_timesteps(steps)
    return made.timesteps.tolist()


def denoising_errors(model: Model, latents: torch.Tensor) -> dict[int, float]:
    """Mean squared error of the predicted noise by time; predicting none would be 1."""
    noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(0))
    found = {}
    for time in TIMES:
        a = model.alphas[time]
        predicted = model.noise_in(a.sqrt() * latents + (1 - a).sqrt() * noise, time)
        found[time] = float(((predicted - noise) ** 2).mean())
    return found


def there_and_back(model: Model, latents: torch.Tensor, share: float) -> torch.Tensor:
    """DDIM inversion over the lower `share` of the times, and sampling back."""
    times = schedule(STEPS)[::-1][: round(share * STEPS)]
    stride = 1000 // STEPS
    for time in times:
        latents = model.step(latents, model.noise_in(latents, time), time - stride, time)
    for time in reversed(times):
        latents = model.step(latents, model.noise_in(latents, time), time, time - stride)
    return latents


def samples(model: Model, count: int) -> torch.Tensor:
    """Pictures from nothing but noise."""
    latents = torch.randn(count, 4, LATENT_SIDE, LATENT_SIDE, generator=torch.Generator().manual_seed(0))
    for time in schedule(STEPS):
        latents = model.step(latents, model.noise_in(latents, time), time, time - 1000 // STEPS)
    return model.decode(latents)


def sheet(pictures: torch.Tensor, columns: int = 8) -> Image.Image:
    """Rows of pictures, three quarters of their size."""
    array = ((pictures.permute(0, 2, 3, 1).numpy() + 1) * 127.5).round().astype(np.uint8)
    rows = [np.hstack(list(array[first : first + columns])) for first in range(0, len(array), columns)]
    whole = Image.fromarray(np.vstack(rows))
    return whole.resize((whole.width * 3 // 4, whole.height * 3 // 4), Image.Resampling.LANCZOS)


def figures(model: Model) -> str:
    """The table in Markdown."""
    truth = torch.stack([pixels(HELD_OUT + i) for i in range(SCENES)])
    latents = model.encode(truth)
    coded = psnr(model.decode(latents), truth)
    lines = [
        "# What the model can do",
        "",
        f"On {SCENES} scenes it never saw; `python -m tools.shapes.check tests/shapes` makes this page.",
        "",
        "| | |",
        "|---|--:|",
        f"| autoencoder, PSNR, mean (worst) | {coded.mean():.1f} ({coded.min():.1f}) dB |",
        f"| spread of the latents | {latents.std():.3f} |",
        *(
            f"| error of the noise at t = {t} (none predicted: 1) | {e:.4f} |"
            for t, e in denoising_errors(model, latents).items()
        ),
    ]
    for share in (0.5, 0.7, 1.0):
        back = psnr(model.decode(there_and_back(model, latents[:16], share)), model.decode(latents[:16])).mean()
        lines.append(
            f"| DDIM inversion to {share:.0%} of {STEPS} steps and back, PSNR to the coded scene | {back:.1f} dB |"
        )
    return "\n".join(lines) + "\n"


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    model = Model(parser.parse_args().folder)
    text = figures(model)
    (Path(__file__).parent / "figures.md").write_text(text, encoding="utf-8")
    sheet(samples(model, SAMPLES)).save(ROOT / "docs" / "pictures" / "shapes-samples.jpg", quality=85)
    print(text)


if __name__ == "__main__":
    main()
