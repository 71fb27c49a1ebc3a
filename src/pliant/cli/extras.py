"""The optional packages of this installation: what each extra has, and what of it is missing."""

import re
from importlib.metadata import PackageNotFoundError, requires, version

_NOT_FOR_USERS = {"dev", "all"}


def requirements() -> dict[str, list[str]]:
    """The names of required packages by extra; "" is what is always needed."""
    found: dict[str, list[str]] = {"": []}
    for line in requires("pliant") or []:
        name = re.match(r"[\w.-]+", line)
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        key = extra.group(1) if extra else ""
        if name and key not in _NOT_FOR_USERS:
            found.setdefault(key, []).append(name.group())
    return found


def installed(name: str) -> str | None:
    """The version of a package that is installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def missing(extra: str) -> list[str]:
    """The packages of an extra that are not installed."""
    return [name for name in requirements().get(extra, []) if installed(name) is None]


def command(extra: str) -> str:
    """What installs an extra."""
    return f"pip install 'pliant[{extra}]'"
