"""Train the model on random scenes and save it: `python -m tools.shapes.train WORK tests/shapes`.

WORK is a folder for checkpoints and latents; a run that was stopped goes on from there.
"""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.training_utils import EMAModel
from tools.shapes.models import autoencoder, denoiser, empty_prompt, scheduler, text_encoder, tokenizer
from tools.shapes.scenes import SIDE, draw, random_scene
from torch.nn.functional import l1_loss, mse_loss

CROP = 96
KL_WEIGHT = 1e-4
# Seeds below are for training; scenes from HELD_OUT on are never trained on.
HELD_OUT = 1_000_000
_SAVE_EVERY = 100
_WARM_UP = 100
_LATENT_BATCH = 32


def pixels(seed: int) -> torch.Tensor:
    """`(3, 128, 128)` in -1 to 1."""
    return torch.from_numpy(draw(random_scene(seed))).permute(2, 0, 1).float() / 127.5 - 1


class Run:
    """Steps of one model with AdamW, a warm-up, a cosine to zero and checkpoints."""

    def __init__(self, model: Any, work: Path, name: str, *, steps: int, rate: float) -> None:
        self.model, self.steps, self._rate = model, steps, rate
        self._file, self._log = work / f"{name}.pt", work / f"{name}.jsonl"
        self._optimizer = torch.optim.AdamW(model.parameters(), rate, betas=(0.9, 0.99), weight_decay=1e-3)
        self.average = EMAModel(model.parameters(), decay=0.999, use_ema_warmup=True, power=0.75)
        self.done = self._resumed()

    def _resumed(self) -> int:
        if not self._file.is_file():
            return 0
        state = torch.load(self._file, weights_only=True)
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.average.load_state_dict(state["average"])
        return int(state["done"])

    def train(self, loss_of: Callable[[int], torch.Tensor]) -> None:
        """Minimise `loss_of(step)` and leave the averaged weights in the model."""
        recent: list[float] = []
        start = perf_counter()
        for step in range(self.done, self.steps):
            for group in self._optimizer.param_groups:
                group["lr"] = self._rate_at(step)
            self._optimizer.zero_grad()
            loss = loss_of(step)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self._optimizer.step()
            self.average.step(self.model.parameters())
            recent.append(loss.item())
            if (step + 1) % _SAVE_EVERY == 0 or step + 1 == self.steps:
                self._save(step + 1, float(np.mean(recent)), perf_counter() - start)
                recent = []
        self.average.copy_to(self.model.parameters())

    def _rate_at(self, step: int) -> float:
        return self._rate * min(1, (step + 1) / _WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * step / self.steps))

    def _save(self, done: int, loss: float, seconds: float) -> None:
        line = json.dumps({"step": done, "loss": round(loss, 5), "seconds": round(seconds)})
        with self._log.open("a") as log:
            log.write(line + "\n")
        print(self._file.stem, line, flush=True)
        state = {
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "average": self.average.state_dict(),
            "done": done,
        }
        torch.save(state, self._file.with_suffix(".part"))
        self._file.with_suffix(".part").replace(self._file)


def train_autoencoder(work: Path, steps: int) -> AutoencoderKL:
    """On crops, half of them with a thing in their middle; its latents have unit variance in the end."""
    model = autoencoder()

    def loss_of(step: int) -> torch.Tensor:
        torch.manual_seed(step)
        batch = torch.stack([crop(seed) for seed in range(4 * step, 4 * step + 4)])
        posterior = model.encode(batch).latent_dist
        shown = model.decode(posterior.sample()).sample
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        return l1_loss(shown, batch) + 2 * mse_loss(shown, batch) + KL_WEIGHT * kl

    Run(model, work, "autoencoder", steps=steps, rate=3e-3).train(loss_of)
    model.eval().requires_grad_(False)
    spread = torch.stack([model.encode(pixels(seed)[None]).latent_dist.mode()[0] for seed in range(256)]).std()
    model.register_to_config(scaling_factor=round(1 / spread.item(), 5))
    return model


def crop(seed: int) -> torch.Tensor:
    """A part of the scene of `seed`: around its first thing, or anywhere for every other seed."""
    rng, thing = np.random.default_rng(seed), random_scene(seed).things[0]
    near = np.array([thing.y, thing.x]) - CROP / 2 + rng.uniform(-16, 16, 2)
    corner = near if seed % 2 else rng.uniform(0, SIDE - CROP, 2)
    top, left = np.clip(corner, 0, SIDE - CROP).astype(int)
    return pixels(seed)[:, top : top + CROP, left : left + CROP]


def latents_of(model: AutoencoderKL, work: Path, count: int) -> torch.Tensor:
    """`(count, 4, 16, 16)`: the scenes 0 to `count` - 1, kept in a file."""
    file = work / f"latents-{count}.pt"
    if not file.is_file():
        found = []
        for first in range(0, count, _LATENT_BATCH):
            batch = torch.stack([pixels(seed) for seed in range(first, min(first + _LATENT_BATCH, count))])
            found.append(model.encode(batch).latent_dist.mode() * model.config.scaling_factor)
        torch.save(torch.cat(found), file)
    return torch.load(file, weights_only=True)


def train_denoiser(latents: torch.Tensor, work: Path, *, steps: int, batch: int) -> UNet2DConditionModel:
    """Mean squared error of the predicted noise at uniform times."""
    model = denoiser().to(memory_format=torch.channels_last)
    noise_of, prompt = scheduler(), empty_prompt()

    def loss_of(step: int) -> torch.Tensor:
        torch.manual_seed(step)
        clean = latents[torch.randint(len(latents), (batch,))]
        noise, times = torch.randn_like(clean), torch.randint(1000, (batch,))
        noisy = noise_of.add_noise(clean, noise, times)
        return mse_loss(model(noisy, times, prompt.expand(batch, -1, -1)).sample, noise)

    Run(model, work, "denoiser", steps=steps, rate=2e-3).train(loss_of)
    return model.eval()


def save(vae: AutoencoderKL, unet: UNet2DConditionModel, folder: Path) -> None:
    """All parts in half precision, in the hub's layout."""
    pipeline = StableDiffusionPipeline(
        vae=vae,
        unet=unet,
        text_encoder=text_encoder(),
        tokenizer=tokenizer(),
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(torch.float16).save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--autoencoder-steps", type=int, default=2800)
    parser.add_argument("--scenes", type=int, default=6000)
    parser.add_argument("--denoiser-steps", type=int, default=2800)
    parser.add_argument("--batch", type=int, default=8)
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    vae = train_autoencoder(asked.work, asked.autoencoder_steps)
    latents = latents_of(vae, asked.work, asked.scenes)
    unet = train_denoiser(latents, asked.work, steps=asked.denoiser_steps, batch=asked.batch)
    save(vae, unet, asked.folder)


if __name__ == "__main__":
    main()
