"""Where models run: the device, its number type and what may be downloaded."""

import re
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from pliant.errors import MissingRequirementError, PliantError
from pliant.models.cache import ModelCache


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What a caller asked for; nothing is looked at until a model needs it.

    `device`: `auto`, `cpu`, `cuda`, `cuda:1`, `mps` or `xpu`. `dtype`: `auto`, `float32`, `float16` or
    `bfloat16`. `low_mem` trades speed for memory; `offline` forbids downloads. `kept` is where an engine finds and
    leaves its loaded models, so that engines share them (None: each keeps its own).
    """

    device: str = "auto"
    dtype: str = "auto"
    low_mem: bool = False
    offline: bool = False
    kept: ModelCache | None = field(default=None, repr=False)


ANYWHERE = Runtime()

DTYPES = ("float32", "float16", "bfloat16")

Provider = str | tuple[str, dict[str, str]]

# What onnxruntime calls the ways to run on a device, best first.
_PROVIDERS = {
    "auto": ("CUDAExecutionProvider", "ROCMExecutionProvider", "DmlExecutionProvider", "CoreMLExecutionProvider"),
    "cpu": (),
    "cuda": ("CUDAExecutionProvider", "ROCMExecutionProvider"),
    "mps": ("CoreMLExecutionProvider",),
    "xpu": ("OpenVINOExecutionProvider",),
}
_CPU_PROVIDER = "CPUExecutionProvider"


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A device and a number type that are there, by torch's names: `cuda:1`, `float16`."""

    device: str
    dtype: str


def choose(runtime: Runtime = ANYWHERE) -> Placement:
    """Where torch models run.

    `auto` takes the first of cuda, mps, xpu and cpu that is there. The automatic number type is `float16` on an
    accelerator. On the CPU it is `bfloat16` where torch says that the processor multiplies it natively
    (AVX512-BF16, AMX-BF16, Arm's BF16), and `float32` everywhere else, where `bfloat16` is the slower of the two.

    Raises:
        PliantError: `invalid_device` or `invalid_dtype` for a name that is none, `unavailable_device` for a device
            that is not here; the message lists what is.
        MissingRequirementError: torch is not installed.
    """
    check(runtime)
    torch = _imported("torch", "diffusion")
    here = _torch_devices(torch)
    device = _pick(runtime.device, here)
    return Placement(device=device, dtype=_number_type(runtime.dtype, device, torch))


def devices() -> list[str]:
    """The devices that torch can use here, best first, each by its index: `cuda:0`, `cuda:1`, `cpu`.

    Raises:
        MissingRequirementError: torch is not installed.
    """
    return _torch_devices(_imported("torch", "diffusion"))


def onnx_providers(runtime: Runtime = ANYWHERE) -> list[Provider]:
    """What an onnxruntime session is to be given as `providers`, best first; the CPU is always last.

    Raises:
        PliantError: as `choose`.
        MissingRequirementError: onnxruntime is not installed.
    """
    check(runtime)
    onnxruntime = _imported("onnxruntime", "onnx")
    there: list[str] = onnxruntime.get_available_providers()
    kind, _, index = runtime.device.partition(":")
    found = [name for name in _PROVIDERS[kind] if name in there]
    if not found and kind not in ("auto", "cpu"):
        raise _unavailable(runtime.device, [name.removesuffix("ExecutionProvider") for name in there])
    chosen: list[Provider] = [(name, {"device_id": index}) if index else name for name in found]
    return [*chosen, _CPU_PROVIDER]


def check(runtime: Runtime) -> None:
    """Refuse a device or number type that is not spelt as one, without looking whether it is here.

    Raises:
        PliantError: `invalid_device` or `invalid_dtype`.
    """
    if not re.fullmatch(r"auto|cpu|mps|(cuda|xpu)(:\d+)?", runtime.device):
        raise PliantError(
            f"{runtime.device!r} is no device; accepted are auto, cpu, cuda, cuda:1, mps and xpu.",
            code="invalid_device",
        )
    if runtime.dtype not in ("auto", *DTYPES):
        raise PliantError(
            f"{runtime.dtype!r} is no number type; accepted are auto, {', '.join(DTYPES)}.", code="invalid_dtype"
        )


def _torch_devices(torch: Any) -> list[str]:
    found = [f"cuda:{index}" for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0)]
    found += ["mps"] if torch.backends.mps.is_available() else []
    xpu = getattr(torch, "xpu", None)
    found += [f"xpu:{index}" for index in range(xpu.device_count())] if xpu and xpu.is_available() else []
    return [*found, "cpu"]


def _pick(wanted: str, here: list[str]) -> str:
    if wanted == "auto":
        return here[0].removesuffix(":0")
    if wanted not in here and f"{wanted}:0" not in here:
        raise _unavailable(wanted, here)
    return wanted


def _unavailable(wanted: str, here: list[str]) -> PliantError:
    return PliantError(
        f"The device {wanted!r} is not available; here there is: {', '.join(here)}.", code="unavailable_device"
    )


def _number_type(wanted: str, device: str, torch: Any) -> str:
    if wanted != "auto":
        return wanted
    if device != "cpu":
        return "float16"
    capabilities = getattr(torch.cpu, "get_capabilities", dict[str, Any])()
    native = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "arm_bf16", "bf16"))
    return "bfloat16" if native else "float32"


def _imported(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingRequirementError(
            f"{name} is not installed; `pip install 'pliant[{extra}]'` installs it."
        ) from error
