"""Inpainting networks as ONNX graphs: LaMa, MI-GAN, and any other with an image and a mask."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pliant.events import CancelToken, OnEvent, Step
from pliant.fill.base import FillerInfo, check_hole
from pliant.fill.onnx_plan import Plan
from pliant.models.catalog import Contract
from pliant.models.device import ANYWHERE, Runtime
from pliant.models.graph import Graph, contract_of, find_file, open_graph
from pliant.types import Bool, Picture

WORKING_SIZE = 512


class OnnxFiller:
    """An ONNX graph with an image and a mask as inputs and a picture as output.

    `reference` is a name of the catalogue, whose `contract` says what the graph's numbers mean, or a path
    to a `.onnx` file. For a path, the graph's own metadata says it (the key `pliant`, holding JSON with fields of
    `pliant.models.catalog.Contract` and `mask_first`), or these defaults hold: sizes are multiples of 8 where
    they are free; floats are colours in [0, 1] and a mask of 1 in the hole; uint8 is 0 to 255, 255 in the hole;
    in a 4-channel input the mask comes last; the output's range is that of [0, 1], [0, 255] and [-1, 1] which
    reproduces the known pixels best.
    """

    def __init__(
        self,
        reference: str | Path,
        runtime: Runtime = ANYWHERE,
        *,
        info: FillerInfo | None = None,
        contract: Contract | None = None,
    ) -> None:
        self._reference = str(reference)
        self._runtime = runtime
        self._contract = contract or contract_of(self._reference)
        self._graph: tuple[Graph, Plan] | None = None
        self.info = info or FillerInfo(
            name=Path(reference).name,
            summary="An inpainting graph of yours.",
            licence="its own",
            working_size=WORKING_SIZE,
            extra="onnx",
        )

    def fill(
        self,
        picture: Picture,
        hole: Bool,
        *,
        prompt: str = "",
        seed: int = 0,
        on_event: OnEvent,
        cancel: CancelToken,
    ) -> Picture:
        """See `pliant.fill.base.Filler.fill`; prompt and seed change nothing.

        Raises:
            MissingRequirementError: onnxruntime or the weights are not there.
            PliantError: the graph does not inpaint (`invalid_model`); the message says what it has.
        """
        del prompt, seed
        cancel.check()
        if not check_hole(picture, hole):
            return picture
        graph, plan = self._opened()
        cancel.check()
        painted = plan.run(graph, np.asarray(picture.pixels, np.uint8), hole)
        on_event(Step(index=1, total=1))
        cancel.check()
        return picture.with_pixels(np.where(hole[..., None], painted, picture.pixels))

    def _opened(self) -> tuple[Graph, Plan]:
        if self._graph is None:
            graph = open_graph(find_file(self._reference, self._runtime), self._runtime)
            self._graph = graph, Plan.of(graph, self._contract)
        return self._graph


@dataclass(frozen=True, kw_only=True)
class _Named:
    info: FillerInfo

    def __call__(self, runtime: Runtime = ANYWHERE) -> OnnxFiller:
        return OnnxFiller(self.info.name, runtime, info=self.info)


LAMA = _Named(
    info=FillerInfo(
        name="lama",
        summary="LaMa: large holes, repeating structure; no prompt, deterministic.",
        licence="Apache-2.0",
        paper="Resolution-robust Large Mask Inpainting with Fourier Convolutions, WACV 2022, arXiv:2109.07161",
        working_size=WORKING_SIZE,
        extra="onnx",
        weights=("lama",),
    )
)
MIGAN = _Named(
    info=FillerInfo(
        name="migan",
        summary="MI-GAN: small and fast; photos of places.",
        licence="MIT",
        paper="MI-GAN: A Simple Baseline for Image Inpainting on Mobile Devices, ICCV 2023",
        working_size=WORKING_SIZE,
        extra="onnx",
        weights=("migan",),
    )
)
