"""Where models run: the device, its number type and what may be downloaded."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What a caller asked for; nothing is looked at until a model needs it.

    `device`: `auto`, `cpu`, `cuda`, `cuda:1`, `mps` or `xpu`. `dtype`: `auto`, `float32`, `float16` or
    `bfloat16`. `low_mem` trades speed for memory; `offline` forbids downloads.
    """

    device: str = "auto"
    dtype: str = "auto"
    low_mem: bool = False
    offline: bool = False


ANYWHERE = Runtime()
