"""Where models run and what may be downloaded, as flags say it."""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pliant.cli.console import say

if TYPE_CHECKING:
    from pliant.models.catalog import Model

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w.-]+)?")

Device = Annotated[
    str,
    typer.Option("--device", envvar="PLIANT_DEVICE", help="Where models run: auto, cpu, cuda, cuda:1, mps, xpu."),
]
Dtype = Annotated[
    str,
    typer.Option("--dtype", envvar="PLIANT_DTYPE", help="Their numbers: auto, float32, float16 or bfloat16."),
]
LowMem = Annotated[bool, typer.Option("--low-mem", help="Models take less memory and more time.")]
Offline = Annotated[
    bool, typer.Option("--offline", envvar="PLIANT_OFFLINE", help="Download nothing; fail where it is not here.")
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask before a download.")]


def get_models(references: Iterable[str], *, offline: bool, yes: bool) -> dict[str, str]:
    """Where models are, downloaded if they are not here: size and licence are shown first, and a terminal asks."""
    from pliant.models.fetch import locate

    def confirm(model: "Model | str", size: int | None, licence: str) -> None:
        announce(model, size, licence)
        ask("Download it?", yes=yes)

    return {reference: str(locate(reference, offline=offline, confirm=confirm)) for reference in references}


def models_of(filler: str | None, segmenter: str | None) -> list[str]:
    """The models that the chosen filler and segmenter need: names of the catalogue and hub ids.

    Raises:
        MissingRequirementError: a package that they need is not installed, which is said before any download.
    """
    from pliant.fill.base import FILLERS
    from pliant.regions.segment import SEGMENTERS

    found: list[str] = []
    for chosen, registry in ((filler, FILLERS), (segmenter, SEGMENTERS)):
        if chosen is not None and chosen in registry.names():
            info = registry.get(chosen).info
            _require(info.extra, chosen)
            found += info.weights
        elif chosen is not None and _HUB_ID.fullmatch(chosen) and not Path(chosen).exists():
            found.append(chosen)
    return found


def models_of_engine(name: str, options: Mapping[str, Any]) -> list[str]:
    """The models that the chosen engine loads: those its options name, and else its own.

    Raises:
        MissingRequirementError: as `models_of`.
    """
    from pliant.engines.base import ENGINES
    from pliant.engines.latent.choices import DEFAULT_ADAPTER
    from pliant.models.catalog import find

    info = ENGINES.get(name).info
    _require(info.extra, name)
    own = () if "model" in options else info.weights
    named = [str(options[option]) for option in ("model", "vae") if options.get(option)]
    adapter = str(options.get("image_adapter") or DEFAULT_ADAPTER)
    prompts = [adapter] if options.get("image_prompt") and "image_prompt" in info.options and find(adapter) else []
    return [*own, *(name for name in named if not Path(name).expanduser().exists()), *prompts]


def _require(extra: str | None, name: str) -> None:
    from pliant.cli.extras import command, missing
    from pliant.errors import MissingRequirementError

    lacking = missing(extra) if extra else []
    if extra and lacking:
        raise MissingRequirementError(
            f"{name!r} needs {', '.join(lacking)}, which {'is' if len(lacking) == 1 else 'are'} not installed; "
            f"{command(extra)}"
        )


def announce(model: "Model | str", size: int | None, licence: str) -> None:
    """Say what is about to be downloaded."""
    title = model if isinstance(model, str) else f"{model.alias}: {model.title}"
    say(f"{title}; {'size not known' if size is None else size_text(size)}; licence: {licence or 'not stated'}")


def ask(question: str, *, yes: bool) -> None:
    """Go on only if the person at the terminal says so; without a terminal, or with `yes`, go on."""
    from pliant.errors import CancelledError

    if yes or not sys.stdin.isatty():
        return
    # `typer.confirm` writes a blank to standard output, which may be a pipe.
    typer.echo(f"{question} [y/N] ", err=True, nl=False)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CancelledError("Not wanted.")


def size_text(size: int | None) -> str:
    """Bytes as people say them."""
    if size is None:
        return "unknown"
    unit, divisor = ("GB", 1e9) if size >= 1e9 else ("MB", 1e6) if size >= 1e6 else ("kB", 1e3)
    return f"{size / divisor:.{1 if unit == 'GB' else 0}f} {unit}"
