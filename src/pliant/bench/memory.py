"""How much memory a piece of work takes at most."""

import sys
from contextlib import suppress
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def forget_peak() -> None:
    """Start anew: peaks asked for later are since now, where the system can do that (Linux, CUDA)."""
    with suppress(OSError):
        _RESET.write_text("5")
    if (torch := sys.modules.get("torch")) and torch.cuda.is_initialized():
        torch.cuda.reset_peak_memory_stats()


def peak_mb() -> float | None:
    """The largest resident memory of this process, in MB; since it began where `forget_peak` cannot reset it.

    None where the system does not say.
    """
    with suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def device_peak_mb() -> float | None:
    """The most memory that torch has held on a CUDA device; None where it uses none."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return torch.cuda.max_memory_allocated() / 1e6
