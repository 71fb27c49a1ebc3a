"""What one engine costs, measured in a process of its own, for `engines.py`.

    python benchmarks/engines_one.py cost NAME       # seconds, memory and calls with a model of the real size
    python benchmarks/engines_one.py calls NAME      # the calls that it makes as it comes, with a narrow model
    python benchmarks/engines_one.py calls-unprompted NAME

All print JSON.
"""

import json
import os
import resource
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from engines_calls import SIDE, Calls
from engines_model import narrow, real
from PIL import Image

import pliant
from pliant.engines.latent.model import LatentModel
from pliant.events import Stage, Step
from pliant.models.device import Runtime, choose
from pliant.types import Drag, DragRegion, Edit, Picture, Rectangle, RegionPair

ROUNDS_ON_GPU = 10
PLAIN = 5

PART = Rectangle(150, 180, 310, 300)
PAIR = [RegionPair(PART, Rectangle(220, 160, 380, 280))]
DRAG = [DragRegion(PART, [Drag((230, 240), (300, 220))])]
PROMPT = "a photo"
NEEDS_NO_MODEL = "inpaint4drag"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What an engine is given; `fewer` are the options with which its cost is measured on a CPU."""

    options: dict[str, Any] = field(default_factory=dict)
    fewer: dict[str, Any] = field(default_factory=dict)


CASES = {
    "inpaint4drag": Case(),
    "regiondrag": Case(),
    "fastdrag": Case(options={"unet": "own"}),
    "sdedrag": Case(fewer={"steps": 10, "lora": 2, "stride": 64}),
    "diffeditor": Case(fewer={"steps": 4, "travel": False}),
    "dragdiffusion": Case(fewer={"steps": 4, "pixel_steps": 2, "lora": 1}),
}


def photo(seed: int) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 256, (33, 33, 3), dtype=np.uint8)
    return Picture(np.asarray(Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BICUBIC)))


# ---------------------------------------------------------------------------------------------- measuring


@dataclass
class Part:
    """A stage of an engine's work: what it took, its steps, and the calls in it weighed in forwards."""

    spent: float = 0.0
    steps: int = 0
    forwards: float = 0.0


@dataclass(frozen=True)
class Figure:
    """A piece of work. `parts` are its stages by name; the calls are of the UNet.

    `spent` are seconds on a GPU; on a CPU, which others may be using too, the work of all its cores. `clock` are
    seconds in either case.
    """

    spent: float
    clock: float
    calls: int
    pictures: int
    forwards: float
    parts: dict[str, Part]


class Meter:
    """Times work and tells its stages and calls apart. `calls` is None where there is no UNet."""

    def __init__(self, calls: Calls | None, device: torch.device) -> None:
        self._made = calls.made if calls else []
        self._cuda = device.type == "cuda"

    def of(self, work: Callable[[Callable[[Any], None]], Any]) -> tuple[Figure, Any]:
        """`work` is given an `on_event`."""
        parts: dict[str, Part] = defaultdict(Part)
        clock, began = perf_counter(), self._now()
        made, pictures, forwards = len(self._made), self._pictures(), self._forwards()
        current = ("", began, forwards)

        def close(name: str) -> None:
            nonlocal current
            before, start, forwards = current
            parts[before].spent += self._now() - start
            parts[before].forwards += self._forwards() - forwards
            current = name, self._now(), self._forwards()

        def on_event(event: Any) -> None:
            if isinstance(event, Stage):
                close(event.name)
            elif isinstance(event, Step):
                parts[current[0]].steps += 1

        found = work(on_event)
        close("")
        figure = Figure(
            spent=self._now() - began,
            clock=perf_counter() - clock,
            calls=len(self._made) - made,
            pictures=self._pictures() - pictures,
            forwards=self._forwards() - forwards,
            parts=dict(parts),
        )
        print(f"  {figure.clock:.2f} s, {figure.calls} calls", file=sys.stderr, flush=True)
        return figure, found

    def _now(self) -> float:
        if not self._cuda:
            return process_time()
        torch.cuda.synchronize()
        return perf_counter()

    def _pictures(self) -> int:
        return sum(call.pictures for call in self._made)

    def _forwards(self) -> float:
        return sum(call.forwards for call in self._made)


def edit_for(name: str, prompt: str) -> Edit:
    return Edit(PAIR if name == "regiondrag" else DRAG, prompt=prompt)


def once(
    name: str, model: LatentModel | None, edit: Edit, options: dict[str, Any], meter: Meter, seed: int = 0
) -> list[Figure]:
    """Opening for the edit, the edit, and again with another seed."""
    engine = pliant.engine(name, **({} if model is None else {"model": model}), **options)
    opened, session = meter.of(lambda on_event: engine.open(photo(seed), edit=edit, on_event=on_event))
    first, _ = meter.of(lambda on_event: session.run(edit, on_event=on_event))
    second, _ = meter.of(lambda on_event: session.run(edit, seed=1, on_event=on_event))
    return [opened, first, second]


def plain_call(model: LatentModel, meter: Meter) -> float:
    """What one whole call took for one picture: the median of some, after one that is not counted."""
    latents = torch.randn(1, 4, SIDE // 8, SIDE // 8).to(model.device)
    text = model.prompts.embedding("", guided=False)
    with torch.no_grad():
        spent = [meter.of(lambda _: model.denoiser.noise(latents, 501, text))[0] for _ in range(PLAIN + 1)]
    return median(figure.spent for figure in spent[1:])


def peak(device: torch.device) -> float:
    """Gigabytes at most: allocated on the GPU, or resident in this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 1e9
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9


def cost(name: str) -> dict[str, Any]:
    """Seconds, memory and calls; where nothing is trained, a photo that is not counted goes before."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = choose(Runtime(device=device.type)).dtype
    case = CASES[name]
    options = {**case.options, **(case.fewer if device.type == "cpu" else {})}
    if name == NEEDS_NO_MODEL:
        model, meter = None, Meter(None, device)
    else:
        model = real(device, getattr(torch, dtype))
        meter = Meter(Calls(model.unet), device)
    plain = plain_call(model, meter) if model else 0.0
    rounds = ROUNDS_ON_GPU if device.type == "cuda" or model is None else 1
    edit = edit_for(name, PROMPT if model else "")
    if rounds > 1:
        once(name, model, edit, options, meter, 99)
    taken = [once(name, model, edit, options, meter, seed) for seed in range(rounds)]
    middle = sorted(taken, key=lambda figures: figures[0].spent + figures[1].spent)[rounds // 2]
    return {
        "figures": [asdict(figure) for figure in middle],
        "plain": plain,
        "options": options,
        "peak": peak(device),
        "where": torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {os.cpu_count()} cores",
        "dtype": dtype,
        "torch": torch.__version__.split("+")[0],
    }


def calls(name: str, prompt: str) -> dict[str, Any]:
    """The figures of the engine as it comes; its seconds say nothing."""
    model = narrow()
    meter = Meter(Calls(model.unet), model.device)
    taken = once(name, model, edit_for(name, prompt), CASES[name].options, meter)
    return {"figures": [asdict(figure) for figure in taken]}


def main(what: str, name: str) -> dict[str, Any]:
    torch.set_num_threads(os.cpu_count() or 1)
    return cost(name) if what == "cost" else calls(name, "" if what == "calls-unprompted" else PROMPT)


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
