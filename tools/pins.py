"""Write constraints.txt from what is installed: `python tools/pins.py`, in an environment with `.[dev]`."""

import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
HEAD = "# What the tests run with, for pip's -c: it pins, and installs nothing by itself. Made by tools/pins.py.\n"
# Pinned by hand, without the suffix of one build: newer ones pull gigabytes of CUDA packages.
BY_HAND = {"torch": "2.13.0"}


def closure(wanted: list[str]) -> dict[str, str]:
    """The version of everything that `wanted` and its requirements need here."""
    found: dict[str, str] = {}
    pending = [(Requirement(line), "") for line in wanted]
    done = set()
    while pending:
        requirement, extra = pending.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        key = canonicalize_name(requirement.name), *sorted(requirement.extras)
        if key in done:
            continue
        done.add(key)
        installed = distribution(requirement.name)
        found[key[0]] = installed.version
        for line in installed.requires or []:
            pending += [(Requirement(line), extra) for extra in ["", *requirement.extras]]
    return found


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = closure([*project["dependencies"], *project["optional-dependencies"]["dev"]]) | BY_HAND
    pins.pop("pliant")
    lines = [f"{name}=={version}\n" for name, version in sorted(pins.items())]
    (ROOT / "constraints.txt").write_text(HEAD + "".join(lines))


if __name__ == "__main__":
    main()
