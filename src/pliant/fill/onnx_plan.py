"""How a picture and its hole become the inputs of an inpainting graph, and its output a picture again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.errors import PliantError
from pliant.models.catalog import Contract
from pliant.models.graph import Graph, Tensor
from pliant.types import Bool

Bytes: TypeAlias = NDArray[np.uint8]
Planes: TypeAlias = NDArray[np.float32]

_RANGES = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0))
_MULTIPLE = 8
_LEAST_SIDE = 64  # of a graph with free sizes: networks halve their input many times
_TYPES = ("float32", "float16", "float64", "uint8")
_ACCEPTED = "an image 1x3xHxW and a mask 1x1xHxW, or both in one input 1x4xHxW, of floats or uint8"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which input is what, and what its numbers mean; `mask` None: mask and image are one input."""

    image: Tensor
    mask: Tensor | None
    output: str
    mask_first: bool
    contract: Contract

    @classmethod
    def of(cls, graph: Graph, contract: Contract | None = None) -> "Plan":
        """The plan for `graph`; without a `contract` from its metadata and defaults.

        Raises:
            PliantError: it is no inpainting graph (`invalid_model`).
        """
        said = _metadata(graph)
        mask_first = bool(said.pop("mask_first", False))
        if contract is None:
            contract = _default(graph, said)
        image, mask = _roles(graph, contract)
        return cls(
            image=image, mask=mask, output=_output(graph, contract), mask_first=mask_first, contract=contract
        )

    def run(self, graph: Graph, pixels: Bytes, hole: Bool) -> Bytes:
        """`pixels` `(H, W, 3)` with `hole` `(H, W)` painted; the rest is as the network gives it."""
        height, width = hole.shape
        scale = self._scale(height, width)
        small_pixels, small_hole = _shrunk(pixels, hole, scale)
        shape = self._shape(*small_hole.shape)
        planes, unknown = self._shown(*_padded(small_pixels, small_hole, shape))
        (found,) = graph.run(self._feed(planes, unknown), [self.output])
        if found.shape != (1, 3, *shape):
            raise PliantError(
                f"The graph {graph.path.name!r} gave {found.shape} for a picture of {(1, 3, *shape)}; "
                "it must give the same size.",
                code="invalid_model",
            )
        inner = found[0].transpose(1, 2, 0)[: small_hole.shape[0], : small_hole.shape[1]].astype(np.float32)
        painted = self._as_bytes(inner, small_pixels, small_hole)
        return (
            cast(Bytes, cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC))
            if scale < 1
            else painted
        )

    def _scale(self, height: int, width: int) -> float:
        rows, columns = self._fixed()
        return min(1.0, (rows or height) / height, (columns or width) / width)

    def _fixed(self) -> tuple[int | None, int | None]:
        rows, columns = self.image.shape[2:4]
        return rows or self.contract.side, columns or self.contract.side

    def _shape(self, height: int, width: int) -> tuple[int, int]:
        rows, columns = (
            fixed or max(-(-side // self.contract.multiple) * self.contract.multiple, _LEAST_SIDE)
            for fixed, side in zip(self._fixed(), (height, width), strict=True)
        )
        return rows, columns

    def _shown(self, pixels: Bytes, hole: Bool) -> tuple[Planes, Planes]:
        """Image `(3, h, w)` and mask `(1, h, w)` in the graph's numbers; the hole shows 0, whatever it was."""
        mean, std = (np.array(value, np.float32) for value in (self.contract.mean, self.contract.std))
        normal = np.where(hole[..., None], np.float32(0), (pixels - mean) / std)
        mask = np.where(hole, np.float32(self.contract.hole), np.float32(self.contract.keep))
        return normal.transpose(2, 0, 1).astype(np.float32), mask[None]

    def _feed(self, planes: Planes, mask: Planes) -> dict[str, NDArray[Any]]:
        if self.mask is None:
            pair = (mask, planes) if self.mask_first else (planes, mask)
            return {self.image.name: np.concatenate(pair)[None]}
        return {self.image.name: planes[None], self.mask.name: mask[None] if len(self.mask.shape) == 4 else mask}

    def _as_bytes(self, found: Planes, pixels: Bytes, hole: Bool) -> Bytes:
        given = self.contract.output_range
        known = ~hole
        if given is None:
            given = min(_RANGES, key=lambda span: float(np.abs(_scaled(found, span) - pixels)[known].mean()))
        return np.rint(_scaled(found, given)).astype(np.uint8)


def _scaled(found: Planes, span: tuple[float, float]) -> Planes:
    low, high = span
    return np.clip((found - low) * np.float32(255 / (high - low)), 0, 255)


def _shrunk(pixels: Bytes, hole: Bool, scale: float) -> tuple[Bytes, Bool]:
    """Smaller by `scale`; a pixel that the hole touches at all belongs to it."""
    if scale >= 1:
        return pixels, hole
    height, width = (max(int(side * scale), 1) for side in hole.shape)
    blanked = np.where(hole[..., None], np.uint8(0), pixels)
    small = cv2.resize(blanked, (width, height), interpolation=cv2.INTER_AREA)
    share = cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return cast(Bytes, small), np.asarray(share) > 0


def _padded(pixels: Bytes, hole: Bool, shape: tuple[int, int]) -> tuple[Bytes, Bool]:
    """Continued to the right and below by the last column and row, of the hole too: nothing is stretched."""
    down, across = shape[0] - hole.shape[0], shape[1] - hole.shape[1]
    return (
        np.pad(pixels, ((0, down), (0, across), (0, 0)), mode="edge"),
        np.pad(hole, ((0, down), (0, across)), mode="edge"),
    )


# ------------------------------------------------------------------------------------------ what a graph is


def _default(graph: Graph, said: dict[str, Any]) -> Contract:
    if any(value.dtype == np.uint8 for value in graph.inputs):
        plain = Contract(dtype="uint8", hole=255, keep=0, output_range=(0, 255), multiple=_MULTIPLE)
    else:
        plain = Contract(std=(255.0, 255.0, 255.0), multiple=_MULTIPLE)
    return replace(plain, **said)


def _metadata(graph: Graph) -> dict[str, Any]:
    text = graph.metadata.get("pliant")
    if text is None:
        return {}
    known = {field.name for field in fields(Contract)} | {"mask_first"}
    try:
        said = cast(dict[str, Any], json.loads(text))
        unknown = set(said) - known
    except (ValueError, TypeError):
        unknown, said = {text}, {}
    if unknown:
        raise PliantError(
            f"The graph {graph.path.name!r} says {', '.join(sorted(unknown))} of itself under 'pliant'; "
            f"accepted is JSON with {', '.join(sorted(known))}.",
            code="invalid_model",
        )
    lists = {name: tuple(cast(list[float], value)) for name, value in said.items() if isinstance(value, list)}
    return {**said, **lists}


def _roles(graph: Graph, contract: Contract) -> tuple[Tensor, Tensor | None]:
    """The image (or joint) input, and the mask input if there is one."""
    by_name = {value.name: value for value in graph.inputs}
    if len(by_name) == 2 and {contract.image, contract.mask} == by_name.keys():
        image, mask = by_name[contract.image], by_name[contract.mask]
    elif len(by_name) == 1:
        image, mask = graph.inputs[0], None
    elif len(by_name) == 2:
        image, mask = sorted(graph.inputs, key=_like_a_mask)
    else:
        raise _refused(graph)
    fits = _is_picture(image, 3 if mask else 4) and (mask is None or _is_mask(mask))
    if not fits or any(value.dtype.name not in _TYPES for value in graph.inputs):
        raise _refused(graph)
    return image, mask


def _like_a_mask(value: Tensor) -> int:
    channels = value.shape[1] if len(value.shape) == 4 else None
    if channels in (1, 3):
        return 1 if channels == 1 else -1
    return int(len(value.shape) == 3 or "mask" in value.name.lower())


def _is_picture(value: Tensor, channels: int) -> bool:
    return len(value.shape) == 4 and value.shape[0] in (1, None) and value.shape[1] in (channels, None)


def _is_mask(value: Tensor) -> bool:
    return _is_picture(value, 1) or (len(value.shape) == 3 and value.shape[0] in (1, None))


def _output(graph: Graph, contract: Contract) -> str:
    pictures = [value.name for value in graph.outputs if _is_picture(value, 3)]
    if contract.output in pictures:
        return contract.output
    if not pictures:
        raise PliantError(
            f"The graph {graph.path.name!r} gives {_listed(graph.outputs)}; accepted is a picture 1x3xHxW.",
            code="invalid_model",
        )
    return pictures[0]


def _listed(values: Sequence[Tensor]) -> str:
    return ", ".join(str(value) for value in values) or "nothing"


def _refused(graph: Graph) -> PliantError:
    return PliantError(
        f"The graph {graph.path.name!r} has the inputs {graph.described()}; accepted are {_ACCEPTED}.",
        code="invalid_model",
    )
