"""Says what has to be installed before a diffusion model can run."""

from importlib.util import find_spec

from pliant.errors import MissingRequirementError

_NEEDED = ("torch", "diffusers", "transformers", "peft", "safetensors")


def check_installed(name: str, kind: str = "filler") -> None:
    """Refuse to go on without what the filler, or engine, called `name` needs.

    Raises:
        MissingRequirementError: it is not installed; the message has the command.
    """
    missing = [package for package in _NEEDED if not _there(package)]
    if missing:
        raise MissingRequirementError(
            f"The {kind} {name!r} needs {', '.join(missing)}; pip install 'pliant[diffusion]'"
        )


def _there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # ValueError: a module put into sys.modules without a spec
        return False
