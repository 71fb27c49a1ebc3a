"""How much memory the engines need on a GPU, computed: no GPU is needed for it, and none has confirmed it.

    python benchmarks/engines_memory.py > benchmarks/results/engines_memory.md

The hungriest calls of each engine are made on torch's meta device, with weights of the real size in half
precision: every tensor has its shape and no numbers. What is alive at once is added up. Attention is that of a
GPU, which keeps no table of all pairs.
"""

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from engines_calls import CHANNELS, TEXT_WIDTH, TOKENS, unet_of
from engines_model import autoencoder
from peft import LoraConfig
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pliant.engines.dragdiffusion_steps import mutual_layers
from pliant.engines.latent.attention import rewriting, self_attentions
from pliant.engines.latent.features import features, watched

HALF = torch.float16
SLACK = 1.0  # GB
CARDS = (8, 12, 16)
SIDES = ((512, 512), (1024, 512), (1024, 1024), (2048, 1024))
STEPS = {"regiondrag": 10, "fastdrag": 7, "sdedrag": 0, "diffeditor": 50, "dragdiffusion": 35}


class Peak(TorchDispatchMode):
    """The most bytes that tensors made under it hold at once, those of `weights` aside."""

    def __init__(self, weights: Iterable[torch.Tensor]) -> None:
        super().__init__()
        self._live, self.most = 0, 0
        self._aside = [tensor.untyped_storage() for tensor in weights]
        self._known = weakref.WeakSet[Any](self._aside)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(found):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return found

    def _count(self, storage: Any) -> None:
        if storage in self._known:
            return
        self._known.add(storage)
        self._live += storage.nbytes()
        self.most = max(self.most, self._live)
        weakref.finalize(storage, self._free, storage.nbytes())

    def _free(self, size: int) -> None:
        self._live -= size


def gigabytes(network: Any, work: Callable[[], object], *, gradients: bool = False) -> float:
    with torch.device("meta"), torch.set_grad_enabled(gradients), Peak(network.parameters()) as peak:
        work()
    return peak.most / 1e9


def flash(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **_: Any) -> torch.Tensor:
    """What attention is on a GPU in half precision."""
    return torch.ops.aten._scaled_dot_product_flash_attention(query, key, value)[0]


def unet(*, lora: bool, checkpointed: bool) -> Any:
    with torch.device("meta"):
        found: Any = unet_of(CHANNELS).to(HALF).requires_grad_(False)
        if lora:
            targets = ["to_q", "to_k", "to_v", "to_out.0"]
            found.add_adapter(LoraConfig(r=16, lora_alpha=16, target_modules=targets))
    if checkpointed:
        found.enable_gradient_checkpointing()
        found.train()
    return found


def call(network: Any, size: tuple[int, int], pictures: int = 1, *, led: bool = False) -> torch.Tensor:
    latents = torch.randn(pictures, 4, size[1] // 8, size[0] // 8, requires_grad=led)
    text = torch.randn(pictures, TOKENS, TEXT_WIDTH, dtype=HALF)
    level = torch.full((), 681)
    return network(latents.to(HALF), level, encoder_hidden_states=text, return_dict=False)[0].float()


# ------------------------------------------------------------------------------------------- the hungriest calls


def plain(size: tuple[int, int], pictures: int) -> float:
    network = unet(lora=False, checkpointed=False)
    return gigabytes(network, lambda: call(network, size, pictures))


def learning(low_mem: bool) -> float:
    """A picture of a step of learning, a crop of the model's own side, and what the optimiser keeps."""
    network = unet(lora=True, checkpointed=low_mem)
    learned = 4 * sum(value.numel() for value in network.parameters() if value.requires_grad)
    once = gigabytes(network, lambda: call(network, (512, 512)).sum().backward(), gradients=True)
    return once + 2 * learned / 1e9


def dragging(size: tuple[int, int], low_mem: bool) -> float:
    """A step of DragDiffusion's optimisation: features at half the resolution, now and at first."""
    network = unet(lora=True, checkpointed=low_mem)
    large = size[1] // 2, size[0] // 2

    def work() -> None:
        first = torch.empty(1, CHANNELS[1], *large)
        with watched(network, [2]) as found:
            noise = call(network, size, led=True)
        now = functional.interpolate(found[2].float(), large, mode="bilinear")
        (noise.abs().sum() + (now[..., :7, :7] - first[..., :7, :7]).abs().sum()).backward()

    return gigabytes(network, work, gradients=True)


def leading(size: tuple[int, int]) -> float:
    """A led step of DiffEditor: both gradients through the first three blocks of the decoder."""
    network = unet(lora=False, checkpointed=False)

    def work() -> None:
        latents = torch.randn(1, 4, size[1] // 8, size[0] // 8, requires_grad=True)
        text = torch.randn(1, TOKENS, TEXT_WIDTH, dtype=HALF)
        told = {"encoder_hidden_states": text, "return_dict": False}
        found = features(network, [1, 2], lambda: network(latents.to(HALF), torch.full((), 681), **told))
        energy = torch.stack([each.float().mean() for each in found.values()]).sum()
        torch.autograd.grad(energy, latents, retain_graph=True)
        torch.autograd.grad(energy, latents)

    return gigabytes(network, work, gradients=True)


def coding(size: tuple[int, int]) -> float:
    with torch.device("meta"):
        vae: Any = autoencoder((128, 256, 512, 512), 2).to(HALF).requires_grad_(False)
    return gigabytes(vae, lambda: vae.decode(torch.randn(1, 4, size[1] // 8, size[0] // 8, dtype=HALF)))


def kept(name: str, size: tuple[int, int]) -> float:
    """Keys and values of the layers and steps that the engine keeps."""
    network = unet(lora=False, checkpointed=False)
    layers, found = self_attentions(network), [0]
    if name == "dragdiffusion":
        layers = mutual_layers(network)
    elif name != "regiondrag":
        layers = [layer for layer in layers if layer.part == "up"]

    def count(_: int, __: str, tensor: torch.Tensor) -> torch.Tensor:
        found[0] += tensor.nbytes
        return tensor

    with torch.device("meta"), torch.no_grad(), rewriting(layers, count):
        call(network, size)
    return STEPS[name] * found[0] / 1e9


# -------------------------------------------------------------------------------------------------- the tables


def weights() -> tuple[float, float]:
    with torch.device("meta"):
        networks = unet_of(CHANNELS), autoencoder((128, 256, 512, 512), 2)
    first, second = (2 * sum(value.numel() for value in network.parameters()) / 1e9 for network in networks)
    return first, second


def hungriest(name: str, size: tuple[int, int], low_mem: bool) -> float:
    """Gigabytes beside weights, keys and values. With little memory the autoencoder works on tiles."""
    pictures = {"sdedrag": 4, "diffeditor": 2}.get(name, 1)
    found = [plain(size, pictures), coding((512, 512) if low_mem else size)]
    if name in ("sdedrag", "dragdiffusion"):
        found.append(learning(low_mem))
    if name == "dragdiffusion":
        found.append(dragging(size, low_mem))
    if name == "diffeditor":
        found.append(leading(size))
    return max(found)


def row(name: str, size: tuple[int, int], low_mem: bool) -> str:
    memory = 0.0 if low_mem else kept(name, size)
    needed = sum(weights()) + hungriest(name, size, low_mem)
    label = f"{name}, `--low-mem`" if low_mem else name
    figures = f"{needed:.1f} | {memory:.1f} | {card(needed + memory)} | {card(needed)}"
    return f"| {label} | {size[0]} x {size[1]} | {figures} |"


def card(needed: float) -> str:
    return next((f"{size} GB" for size in CARDS if needed + SLACK <= size), f"more than {CARDS[-1]} GB")


def main() -> None:
    functional.scaled_dot_product_attention = flash
    print("# What the engines need on a GPU, computed\n")
    print(INTRODUCTION.format(unet=weights()[0], vae=weights()[1], slack=SLACK))
    print("| engine | worked on | GB | keys and values, GB | fits in, with these | without |")
    print("|---|---|--:|--:|--:|--:|")
    for name in STEPS:
        for low_mem in (False, True):
            for size in SIDES:
                print(row(name, size, low_mem), flush=True)


INTRODUCTION = """`python benchmarks/engines_memory.py`. Stable Diffusion 1.5 in half precision, the engines with
their default options: {unet:.2f} GB of weights in the UNet, {vae:.2f} in the autoencoder. Not measured: the
tensors of each engine's hungriest call are added up as they come and go. *Fits in* leaves {slack:g} GB for the
driver, workspaces and slack. Keys and values rest on the card only while it has 2 GiB to spare, and else in the
computer's own memory, which is slower.
"""


if __name__ == "__main__":
    main()
