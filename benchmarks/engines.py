"""What every engine costs at 512 x 512 with models of the real size: seconds, memory, and calls of the UNet.

    OMP_WAIT_POLICY=PASSIVE python benchmarks/engines.py > benchmarks/results/engines.md

Each engine is measured by `engines_one.py` in a process of its own, one after the other, so that its peak memory
is its own. The weights are random: time and memory do not depend on them. The CPU is measured where no GPU is
there, in fewer steps where all would take hours; then what a step costs is of interest.
"""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from engines_calls import weights
from engines_one import CASES, NEEDS_NO_MODEL, ROUNDS_ON_GPU

from pliant.engines.sdedrag import Settings as SdeDrag
from pliant.engines.sdedrag_steps import carries

ONE = Path(__file__).with_name("engines_one.py")

TIMES = {
    "inpaint4drag": "0.3 s, V100 (Inpaint4Drag, table)",
    "regiondrag": "1.5 s, V100 (RegionDrag, table 1)",
    "fastdrag": "4.2 s, V100 (Inpaint4Drag, table)",
    "sdedrag": "126.1 s, V100 (Inpaint4Drag, table)",
    "diffeditor": "43.1 s, V100 (Inpaint4Drag, table)",
    "dragdiffusion": "177.7 s, V100 (Inpaint4Drag, table)",
}

GUIDED = ("sdedrag", "diffeditor")  # those that call the UNet without the prompt as well

note = partial(print, file=sys.stderr, flush=True)


def taken(what: str, name: str) -> dict[str, Any]:
    note(f"{name}: {what}")
    found = subprocess.run([sys.executable, ONE, what, name], stdout=subprocess.PIPE, check=True)
    return json.loads(found.stdout)


def row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def header(*names: str) -> None:
    row(*names)
    row("---", *["--:"] * (len(names) - 1))


# ------------------------------------------------------------------------------------------------ the first table


def show_cost(name: str, found: dict[str, Any]) -> None:
    opened, first, second = found["figures"]
    forwards = opened["forwards"] + first["forwards"]
    spent = opened["spent"] + first["spent"]
    options = ", ".join(f"{option}={value}" for option, value in found["options"].items())
    row(
        f"{name} ({options})" if options else name,
        *(f"{figure['spent']:.2f}" for figure in (opened, first, second)),
        f"{opened['clock'] + first['clock']:.2f}",
        f"{opened['calls'] + first['calls']}",
        f"{forwards:.1f}",
        f"{found['plain']:.2f}" if forwards else "",
        f"{spent / forwards / found['plain']:.2f}" if forwards else "",
        f"{coded(found):.2f}" if forwards else "",
        f"{found['peak']:.2f}",
        TIMES[name],
    )


def coded(found: dict[str, Any]) -> float:
    """Seconds in the autoencoder, opening and first edit."""
    parts = [(figure["parts"], name) for figure in found["figures"][:2] for name in ("encode", "decode")]
    return sum(stages[name]["spent"] for stages, name in parts if name in stages)


# ----------------------------------------------------------------------------------------------- the second table


def stages(found: dict[str, Any], first: int, last: int) -> dict[str, dict[str, Any]]:
    """The stages in which the UNet is at work, of the figures from `first` to `last`."""
    parts = [figure["parts"] for figure in found["figures"][first:last]]
    return {name: part for each in parts for name, part in each.items() if part["forwards"]}


def show_steps(name: str, found: dict[str, Any], whole: dict[str, Any]) -> None:
    measured, wanted = stages(found, 0, 2), stages(whole, 0, 2)
    for stage, part in measured.items():
        asked = wanted[stage]
        row(
            name,
            stage,
            part["steps"],
            f"{part['spent'] / part['steps']:.2f}",
            f"{part['forwards'] / part['steps']:.2f}",
            f"{part['spent'] / part['forwards']:.2f}",
            asked["steps"],
            f"{asked['forwards']:.1f}",
            f"{computed(measured, {stage: asked}):.0f}",
        )


def computed(measured: dict[str, Any], wanted: dict[str, Any]) -> float:
    """Seconds that `wanted` would take at the cost of a forward as `measured` in the same stage."""
    return sum(
        part["forwards"] * measured[name]["spent"] / measured[name]["forwards"] for name, part in wanted.items()
    )


# ------------------------------------------------------------------------------------------------ the third table


def published(name: str) -> tuple[float, float]:
    """Forwards that the published code spends on learning a photo, and on every edit, by its step counts.

    RegionDrag: 10 steps up, 10 down. FastDrag: 7 up; 7 down for two equal pictures. SDE-Drag: 100 steps of
    learning; in each carry 120 steps down for photo and edit, with and without prompt. DiffEditor: 50 up; 58
    guided visits of steps down and 8 steps back up; in 28 visits features of photo and edit, and two gradients.
    DragDiffusion: 80 steps of learning four pictures each; 35 up; the unedited features; 80 steps with gradient;
    35 down for photo and edit.
    """
    (deep, deep_back), (_, back) = weights()[3], weights()[4]
    sub_steps = carries((9**2 + 3**2) ** 0.5, SdeDrag().stride)  # of the drag by 9 and -3 cells
    return {
        "regiondrag": (0, 10 + 10),
        "fastdrag": (0, 7 + 2 * 7),
        "sdedrag": (100 * (1 + back), sub_steps * 120 * 4),
        "diffeditor": (0, 50 + 2 * 58 + 8 + 28 * (2 * deep + 2 * deep_back)),
        "dragdiffusion": (80 * 4 * (1 + back), 35 + 1 + 80 * (1 + back) + 2 * 35),
    }[name]


def show_calls(name: str, found: dict[str, Any], whole: dict[str, Any], unprompted: dict[str, Any] | None) -> None:
    learning, edit = published(name)
    learned = stages(whole, 0, 1).get("learn", {"forwards": 0})["forwards"]
    opened, first, second = (figure["forwards"] for figure in whole["figures"])
    ours = opened - learned + first
    measured = stages(found, 0, 2)
    again = stages(found, 2, 3)
    seconds = computed(measured, stages(whole, 0, 2)) + coded(found)
    more = computed(again, stages(whole, 2, 3)) + found["figures"][2]["parts"]["decode"]["spent"]
    bare = (
        "" if unprompted is None else f"{edit / sum(each['forwards'] for each in unprompted['figures'][:2]):.2f}"
    )
    row(
        name,
        *(f"{value:.0f}" if value else "" for value in (learning, edit, learned, ours, second)),
        f"{edit / ours:.2f}",
        f"{edit / second:.2f}",
        bare,
        f"{seconds:.0f}",
        f"{more:.0f}",
    )


def unlearned(unprompted: dict[str, Any]) -> dict[str, Any]:
    """`unprompted` without what was spent on learning."""
    opened, *others = unprompted["figures"]
    learned = stages(unprompted, 0, 1).get("learn", {"forwards": 0})["forwards"]
    return {"figures": [{**opened, "forwards": opened["forwards"] - learned}, *others]}


def main() -> None:
    costs = {name: taken("cost", name) for name in CASES}
    with_unet = [name for name in CASES if name != NEEDS_NO_MODEL]
    wholes = {name: taken("calls", name) for name in with_unet}
    unprompted = {name: unlearned(taken("calls-unprompted", name)) for name in GUIDED}
    some = costs[NEEDS_NO_MODEL]
    print("# What the engines cost\n")
    print("`OMP_WAIT_POLICY=PASSIVE python benchmarks/engines.py`,", end=" ")
    print(f"torch {some['torch']}, {some['where']}, {costs['regiondrag']['dtype']}.")
    print(INTRODUCTION)
    print(WHAT_IT_TOOK)
    header(
        "engine", "open", "first edit", "another edit", "by the clock", "calls", "forwards", "a plain call",
        "ratio", "autoencoder", "peak GB", "published",
    )  # fmt: skip
    for name in CASES:
        show_cost(name, costs[name])
    print(WHAT_A_STEP_TAKES)
    header(
        "engine", "stage", "steps", "s a step", "forwards a step", "s a forward", "steps by default",
        "forwards by default", "s by default, computed",
    )  # fmt: skip
    for name in with_unet:
        show_steps(name, costs[name], wholes[name])
    print(WHAT_IS_CALLED)
    header(
        "engine", "published: learning", "an edit", "ours: learning", "first edit", "another edit",
        "published / first", "published / another", "published / first, no prompt", "first edit, s, computed",
        "another edit, s, computed",
    )  # fmt: skip
    for name in with_unet:
        show_calls(name, costs[name], wholes[name], unprompted.get(name))


INTRODUCTION = f"""
A picture of 512 x 512, a part of 160 x 120 dragged by 73 pixels, with a prompt; UNet and autoencoder of
Stable Diffusion 1.5 with random weights; inpaint4drag with its default filler, which needs no model. Each
engine in a process of its own. On a CPU one edit after six plain calls of the UNet; on a GPU, and for
inpaint4drag anywhere, the middle one of {ROUNDS_ON_GPU} edits after one that is not counted.

A *forward* is the arithmetic of one whole call of that UNet for one picture without gradient. Calls for
several pictures, calls that end early and gradients are counted by hooks and weighed by their
multiplications. Seconds are those of the clock on a GPU, and on a CPU *core seconds*, the work of all cores,
since others may be using it."""

WHAT_IT_TOOK = """
## What it took

*By the clock*, *calls*, *forwards* and *autoencoder* (seconds) are of opening and first edit together.
*Ratio*: the seconds of both to those of as many plain calls as they are forwards. *Peak GB* is all of the
process, Python and torch included, or on a GPU what torch allocates. A row that names steps has fewer than
the engine's default, and is no edit that one would want.
"""

WHAT_A_STEP_TAKES = """
## What a step takes

Opening and first edit by their stages. *By default* are steps and forwards of the engine as it comes, counted
with a narrow UNet of the same blocks; the last column is computed: forwards by default times seconds a
forward.
"""

WHAT_IS_CALLED = """
## What is called

Forwards by default: those that the published code's own step counts come to (`published` in
benchmarks/engines.py), and ours as counted. *No prompt*: the same edit where none is given. Learning is done
once for a photo by both, an inversion only by ours. The last two columns are computed from the table above;
learning and autoencoder included.
"""


if __name__ == "__main__":
    main()
