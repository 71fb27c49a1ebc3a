"""Which device, which number type, which onnxruntime providers."""

import sys
from types import SimpleNamespace

import pytest

from pliant.errors import MissingRequirementError, PliantError
from pliant.models.device import Placement, Runtime, choose, devices, onnx_providers


def torch_with(*, cuda: int = 0, mps: bool = False, xpu: int = 0, cpu: dict[str, bool] | None = None):
    """As much of torch as the choice asks."""
    return SimpleNamespace(
        cuda=SimpleNamespace(is_available=lambda: cuda > 0, device_count=lambda: cuda),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
        xpu=SimpleNamespace(is_available=lambda: xpu > 0, device_count=lambda: xpu),
        cpu=SimpleNamespace() if cpu is None else SimpleNamespace(get_capabilities=lambda: cpu),
    )


@pytest.fixture
def machine(monkeypatch):
    """Pretends a machine: `machine(cuda=2)`."""

    def pretend(**has: object) -> None:
        monkeypatch.setitem(sys.modules, "torch", torch_with(**has))

    return pretend


@pytest.mark.parametrize(
    ("has", "device", "dtype"),
    [
        ({"cuda": 2, "mps": True, "xpu": 1}, "cuda", "float16"),
        ({"mps": True, "xpu": 1}, "mps", "float16"),
        ({"xpu": 1}, "xpu", "float16"),
        ({}, "cpu", "float32"),
        ({"cpu": {"avx512_bf16": False}}, "cpu", "float32"),
        ({"cpu": {"avx512_bf16": True}}, "cpu", "bfloat16"),
        ({"cpu": {"amx_bf16": True}}, "cpu", "bfloat16"),
    ],
)
def test_the_automatic_choice(machine, has, device, dtype):
    machine(**has)
    assert choose() == Placement(device=device, dtype=dtype)


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:1", "cpu"])
def test_a_device_that_is_there_is_taken(machine, device):
    machine(cuda=2)
    assert choose(Runtime(device=device)).device == device


def test_the_cpu_of_a_machine_with_a_gpu_has_its_own_number_type(machine):
    machine(cuda=1)
    assert choose(Runtime(device="cpu")) == Placement(device="cpu", dtype="float32")


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_number_type_that_is_asked_for_is_taken(machine, dtype):
    machine()
    assert choose(Runtime(dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("device", ["cuda:2", "mps", "xpu"])
def test_a_device_that_is_not_there_says_what_is(machine, device):
    machine(cuda=2)
    with pytest.raises(PliantError, match=r"here there is: cuda:0, cuda:1, cpu\.") as caught:
        choose(Runtime(device=device))
    assert caught.value.code == "unavailable_device"


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "cpu:0", "", "CUDA"])
def test_no_device(device):
    with pytest.raises(PliantError, match="accepted are auto, cpu, cuda") as caught:
        choose(Runtime(device=device))
    assert caught.value.code == "invalid_device"


def test_no_number_type():
    with pytest.raises(PliantError, match="accepted are auto, float32") as caught:
        choose(Runtime(dtype="half"))
    assert caught.value.code == "invalid_dtype"


def test_without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingRequirementError, match=r"pip install 'pliant\[diffusion\]'"):
        choose()
    with pytest.raises(MissingRequirementError):
        devices()


def test_with_the_real_torch():
    torch = pytest.importorskip("torch")
    placement = choose()
    assert torch.zeros(2, device=placement.device, dtype=getattr(torch, placement.dtype)).sum() == 0
    assert devices()[-1] == "cpu"


@pytest.fixture
def providers(monkeypatch):
    """Pretends an onnxruntime with these providers."""

    def pretend(*names: str) -> None:
        there = [f"{name}ExecutionProvider" for name in names]
        monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(get_available_providers=lambda: there))

    return pretend


@pytest.mark.parametrize(
    ("there", "device", "expected"),
    [
        (["CPU"], "auto", ["CPU"]),
        (["Tensorrt", "CUDA", "CPU"], "auto", ["CUDA", "CPU"]),
        (["CoreML", "Azure", "CPU"], "auto", ["CoreML", "CPU"]),
        (["CUDA", "CPU"], "cpu", ["CPU"]),
        (["CUDA", "CPU"], "cuda", ["CUDA", "CPU"]),
        (["OpenVINO", "CPU"], "xpu", ["OpenVINO", "CPU"]),
    ],
)
def test_providers(providers, there, device, expected):
    providers(*there)
    assert onnx_providers(Runtime(device=device)) == [f"{name}ExecutionProvider" for name in expected]


def test_the_index_of_a_device_reaches_its_provider(providers):
    providers("CUDA", "CPU")
    assert onnx_providers(Runtime(device="cuda:1"))[0] == ("CUDAExecutionProvider", {"device_id": "1"})


def test_a_provider_that_is_not_there(providers):
    providers("Azure", "CPU")
    with pytest.raises(PliantError, match="here there is: Azure, CPU") as caught:
        onnx_providers(Runtime(device="cuda"))
    assert caught.value.code == "unavailable_device"


def test_without_onnxruntime(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingRequirementError, match=r"pliant\[onnx\]"):
        onnx_providers()
