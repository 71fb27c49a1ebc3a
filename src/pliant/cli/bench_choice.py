"""What `pliant bench run` is asked to compare."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from pliant.cli import runtime
from pliant.cli.console import UsageError
from pliant.cli.edit import engine_options

if TYPE_CHECKING:
    from pliant.bench.contender import Contender
    from pliant.types import Edge


def contenders_of(
    plans: Sequence[str],
    engines: Sequence[str],
    *,
    options: Sequence[str],
    filler: str | None,
    deform: str | None,
    edge: str | None,
) -> "list[Contender]":
    """The contenders of the plans, then the engines; one name is one contender."""
    from pliant.bench.contender import Contender
    from pliant.bench.plans import contenders

    own = {"--engine-option": options, "--filler": filler, "--deform": deform, "--edge": edge}
    given = [name for name, value in own.items() if value]
    if given and len(engines) != 1:
        raise UsageError(", ".join(given), "it belongs to one --engine; name exactly one.")
    chosen = engine_options([*options, *([f"filler={filler}"] if filler else [])])
    facts = {**chosen, "deform": deform, "edge": edge}
    told = [f"{name}={value}" for name, value in facts.items() if value is not None]
    border = cast("Edge | None", edge)
    named = [
        Contender(name=" ".join([engine, *told]), engine=engine, options=chosen, deform=deform, edge=border)
        for engine in engines
    ]
    planned = [one for name in plans or ([] if engines else ["default"]) for one in contenders(name)]
    return list({one.name: one for one in [*planned, *named]}.values())


def models_of(contender: "Contender") -> list[str]:
    """The models that a contender loads."""
    from pliant.engines.base import ENGINES

    options = contender.options
    found = runtime.models_of(options.get("filler"), options.get("refine"))
    if contender.engine in ENGINES.names():
        found += ENGINES.get(contender.engine).info.weights
    return found


def shard_of(text: str) -> dict[str, int]:
    """`i/n` as what `Selection` takes."""
    first, slash, count = text.partition("/")
    if not (slash and first.isdecimal() and count.isdecimal()):
        raise UsageError("--shard", f"{text!r} was given; the form is i/n, for example 1/4.")
    return {"shard": int(first), "of": int(count)}
