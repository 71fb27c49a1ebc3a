"""Train the network of the filler `seam` on windows (see `tools.filler.windows`), and go on where it was stopped.

    python -m tools.filler.train FOLDER --windows TRAIN --held-out VAL --lpips WEIGHTS --minutes 60 [--device cuda]

`FOLDER` gets a checkpoint at every look at the held-out windows, and `log.jsonl`. Windows that are still being
made are taken in at each look. Loss, for each picture: the absolute error in the hole, over its area; LPIPS
(AlexNet, and every third step SqueezeNet too), over the hole's share of the picture; the logarithm of the squared
error, which is what a mean PSNR is made of, and again that of the rim, where the truth can be known; by how much
the strength of fine detail differs from the truth's, wherever the detail itself lies; and with `--critic WEIGHT`
what a critic says of what is deep in the hole.
"""

import argparse
import json
import math
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from time import perf_counter

import torch
from tools.filler.batches import Batch, Windows
from tools.filler.critic import Critic
from tools.filler.distance import Distance
from tools.filler.export import read
from tools.filler.network import Seam, fading
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from pliant.fill.proposals import DEEPEST

SIDES = 128, 256  # of the pictures in a batch; of the large ones a quarter as many
WARM_UP = 0.02  # of the time
AVERAGED = 0.998
LOOKED_AT = 250  # held-out windows
THIN = 8 / DEEPEST  # the greatest depth of a thin hole
EVERY = 500  # steps between a look at the held-out windows and the next

LPIPS_WEIGHT = 2.0
SQUEEZE_WEIGHT = 0.5
SQUEEZE_EVERY = 3
SIGNAL_WEIGHT = 0.15
RIM_WEIGHT = 1.0
RIM = 4 / DEEPEST, 10 / DEEPEST  # depths at which a pixel begins to be less of the rim, and is none of it any more
GRAIN_WEIGHT = 1.0
CRITIC_RATE = 4e-4
_LEAST_SHARE = 0.02  # of a picture; smaller holes count for less
_LEAST_ERROR = 1e-4


def composed(painted: Tensor, given: Batch) -> Tensor:
    """The truth with its hole `painted`."""
    return torch.where(given.hole > 0, painted, given.truth)


def mean_square(difference: Tensor, weight: Tensor) -> Tensor:
    """`(N,)`: the mean of the squares of `(N, 3, H, W)`, weighted by `(N, 1, H, W)`; 0 where no weight is."""
    over = (1, 2, 3)
    return (weight * difference.square()).sum(over) / weight.sum(over).clamp_min(1) / 3


def grains(picture: Tensor, hole: Tensor) -> Tensor:
    """`(N, 1, h, w)`: the deviation of fine detail in the hole's part of squares of 16 pixels, times that part."""
    fine = picture - avg_pool2d(picture, 5, 1, 2, count_include_pad=False)
    share = avg_pool2d(hole, 16)
    power = avg_pool2d(fine.square().mean(dim=1, keepdim=True) * hole, 16)
    return (power / share.clamp_min(1e-3) + 1e-5).sqrt() * share


class Loss(nn.Module):
    """The mean loss of a batch, and its parts for the log."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.alex, self.squeeze = (Distance(name, weights) for name in ("alex", "squeeze"))

    def forward(self, painted: Tensor, given: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        difference = painted - given.truth
        over = tuple(range(1, 4))
        error = (given.worth * difference.abs()).sum(over) / given.worth.sum(over) / 3
        hole = given.hole.sum(over)
        whole = composed(painted, given)
        share = hole / given.hole[0].numel() + _LEAST_SHARE
        place = tuple(slice(int(at), None) for at in torch.randint(16, (2,)))
        seen = whole[..., *place], given.truth[..., *place]  # else the network learns how the strides fall
        looks = self.alex(*seen) / share
        signal = (mean_square(difference, given.hole) + _LEAST_ERROR).log()
        rim = given.hole * fading(given.shown, *RIM)
        thinness = rim.sum(over) / hole  # thin holes are all rim
        near = (mean_square(difference, rim) + _LEAST_ERROR).log() * thinness.square()
        grain = (grains(whole, given.hole) - grains(given.truth, given.hole)).abs().mean(over)
        grain = grain / (hole / given.hole[0].numel())
        parts = {"error": error, "alex": looks, "signal": signal, "rim": near, "grain": grain}
        total = error + LPIPS_WEIGHT * looks + SIGNAL_WEIGHT * signal + RIM_WEIGHT * near + GRAIN_WEIGHT * grain
        if step % SQUEEZE_EVERY == 0:
            parts["squeeze"] = self.squeeze(*seen) / share * SQUEEZE_EVERY
            total = total + SQUEEZE_WEIGHT * parts["squeeze"]
        return total.mean(), {name: value.detach().mean() for name, value in parts.items()}


def share_of_rate(progress: float) -> float:
    """A linear warm-up, then half a cosine down to 1 %; `progress` goes from 0 to 1."""
    if progress < WARM_UP:
        return progress / WARM_UP
    return 0.01 + 0.99 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))) / 2


@torch.inference_mode()
def looked_at(network: Seam, alex: Distance, held_out: Iterable[Batch]) -> dict[str, float]:
    """LPIPS and PSNR of the hole, and of the sharp proposal, on held-out windows, and on those of thin holes."""
    found: dict[str, list[Tensor]] = {}
    for given in held_out:
        with torch.autocast(given.shown.device.type, torch.bfloat16):
            painted = network(given.shown).float()
        thin = (given.hole * given.shown[:, 10:11]).amax((1, 2, 3)) <= THIN
        true_grains = grains(given.truth, given.hole).sum((1, 2, 3))
        for name, picture in (("seam", painted), ("sharp", given.shown[:, :3])):
            whole = composed(picture.clamp(-1, 1), given)
            square = mean_square(whole - given.truth, given.hole)
            lpips, psnr = alex(whole, given.truth), 10 * (4 / square.clamp_min(1e-6)).log10()
            for key, values in ((name, slice(None)), (f"thin_{name}", thin)):
                found.setdefault(f"lpips_{key}", []).append(lpips[values])
                found.setdefault(f"psnr_{key}", []).append(psnr[values])
            found.setdefault(f"grain_{name}", []).append(grains(whole, given.hole).sum((1, 2, 3)) / true_grains)
    return {name: float(torch.cat(values).mean()) for name, values in found.items()}


class Painter:
    """The network, its average, and the critic, as they learn."""

    def __init__(self, lpips: Path, critic: float, rate: float, device: torch.device) -> None:
        self.network, self.critic, self.loss = (
            part.to(device, memory_format=torch.channels_last) for part in (Seam(), Critic(), Loss(lpips))
        )
        self.averaged = deepcopy(self.network).requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=rate, weight_decay=0.01, betas=(0.9, 0.99), fused=True
        )
        self.learner = torch.optim.Adam(self.critic.parameters(), lr=CRITIC_RATE, betas=(0.5, 0.9))
        self.weight, self.rate = critic, rate
        self.step, self.begun = 0, perf_counter()

    def parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        """What a checkpoint holds."""
        names = ("network", "averaged", "critic", "optimiser", "learner")
        return {name: getattr(self, name) for name in names}

    def save(self, path: Path) -> None:
        """Write a checkpoint; it is whole, or not there."""
        partial = path.with_suffix(".part")
        torch.save(
            {"step": self.step, "seconds": self.seconds()}
            | {name: part.state_dict() for name, part in self.parts().items()},
            partial,
        )
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        held = torch.load(path, weights_only=True, map_location="cpu")
        self.step, self.begun = held["step"], perf_counter() - held["seconds"]
        for name, part in self.parts().items():
            part.load_state_dict(held[name])

    def begin_with(self, path: Path) -> None:
        """Take over the averaged weights of another run's checkpoint, or those of an exported file."""
        weights = read(path)
        for network in (self.network, self.averaged):
            network.load_state_dict(weights)

    def seconds(self) -> float:
        """Since training began, without pauses."""
        return perf_counter() - self.begun

    def taught(self, windows: Windows, count: int, until: float) -> dict[str, float]:
        """`EVERY` steps of `count` pictures, or fewer at the end; the means of the loss's parts."""
        sums: dict[str, Tensor] = {}
        steps = 0
        while steps < EVERY and self.seconds() < until:
            large = steps % len(SIDES)
            given = windows.random(max(count // 4, 1) if large else count, SIDES[large])
            for name, value in self.learn(given, min(self.seconds() / until, 1)).items():
                sums[name] = sums.get(name, 0) + value
            steps += 1
        means = {name: float(total) / max(steps, 1) for name, total in sums.items()}
        return {"step": self.step, "seconds": round(self.seconds())} | means

    def learn(self, given: Batch, progress: float) -> dict[str, Tensor]:
        """One step, at a `progress` of 0 to 1; the parts of the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * share_of_rate(progress)
        with torch.autocast(given.shown.device.type, torch.bfloat16):
            painted = self.network(given.shown).float()
            total, parts = self.loss(painted, given, self.step)
            if self.weight:
                complaint = self.criticised(composed(painted, given), given)
                total = total + self.weight * complaint
                parts["complaint"] = complaint.detach()
        self.optimiser.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        share = 1 - min(AVERAGED, (self.step + 1) / (self.step + 10))
        now = [weight.detach() for weight in self.network.parameters()]
        torch._foreach_lerp_(list(self.averaged.parameters()), now, share)
        self.step += 1
        return parts

    def criticised(self, whole: Tensor, given: Batch) -> Tensor:
        """The critic's complaint about what is deep in the holes of `whole`, after it has learned from it."""
        deep = given.hole * (1 - fading(given.shown, *RIM))
        doubt = self.critic.loss(whole, given.truth, given.hole, deep)
        self.learner.zero_grad()
        doubt.backward()
        self.learner.step()
        return self.critic.complaint(whole, given.hole, deep)


def trained(args: argparse.Namespace) -> None:
    torch.backends.cudnn.benchmark = True
    device, checkpoint = torch.device(args.device), args.folder / "checkpoint.pt"
    painter = Painter(args.lpips, args.critic, args.rate, device)
    if checkpoint.exists():
        painter.load(checkpoint)
    elif args.start:
        painter.begin_with(args.start)
    torch.manual_seed(painter.step)
    windows, held_out = Windows(args.windows, device), Windows(args.held_out, device)
    held_out.take_in()
    until = 60 * args.minutes
    while painter.seconds() < until:
        windows.take_in()
        line = painter.taught(windows, args.batch, until)
        seen = held_out.first(LOOKED_AT, 25)
        line |= {"windows": len(windows)} | looked_at(painter.averaged, painter.loss.alex, seen)
        with (args.folder / "log.jsonl").open("a") as log:
            print(json.dumps({name: round(value, 5) for name, value in line.items()}), file=log)
        painter.save(checkpoint)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--windows", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--lpips", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True, help="with those behind a checkpoint")
    parser.add_argument("--start", type=Path, metavar="FILE", help="a checkpoint or ONNX file to begin with")
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--critic", type=float, default=0.0, metavar="WEIGHT")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    trained(args)


if __name__ == "__main__":
    main()
