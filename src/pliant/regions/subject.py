"""Saliency graphs: what stands out in a picture, and of that the parts a prompt is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from pliant.errors import PliantError
from pliant.models.device import ANYWHERE, Runtime
from pliant.regions.mask import components
from pliant.regions.prompts import BoxLike, Floats, Prompt, check_prompt
from pliant.regions.seen import enlarged, parts_touching, resized, rgb8, without_gaps
from pliant.regions.segment import SegmenterInfo
from pliant.types import Bool, Picture, PointLike, RegionLike

if TYPE_CHECKING:
    from pliant.models.graph import Graph

_MEAN, _STD = (128.0,) * 3, (256.0,) * 3
_SPECK = 0.01  # of the largest part
_WORKING_SIZE = 1024  # for a graph with free sizes

INFO = SegmenterInfo(
    name="subject",
    summary="What stands out in the photo (saliency); clean borders, no prompt needed.",
    licence="Apache-2.0 (IS-Net weights)",
    paper="Highly Accurate Dichotomous Image Segmentation, ECCV 2022, arXiv:2203.03041",
    extra="onnx",
    weights=("subject",),
    needs_prompt=False,
)


class Subject:
    """A graph of IS-Net's kind: input 1x3xHxW, (RGB - 128) / 256; output 1x1xHxW in [0, 1]."""

    def __init__(self, reference: str = "subject", runtime: Runtime = ANYWHERE) -> None:
        self._reference = reference
        self._runtime = runtime
        self._normal = _normalisation(reference)
        self._graph: Graph | None = None
        self._known: tuple[Picture, Bool] | None = None

    @property
    def info(self) -> SegmenterInfo:
        """What this segmenter is and needs."""
        return INFO

    def propose(
        self,
        picture: Picture,
        *,
        points: Sequence[PointLike] = (),
        labels: Sequence[int] = (),
        box: BoxLike | None = None,
        mask: RegionLike | None = None,
    ) -> Bool:
        """See `pliant.regions.segment.Segmenter.propose`; without a prompt, all that stands out."""
        prompt = check_prompt(picture, INFO, points=points, labels=labels, box=box, mask=mask)
        return _chosen(self._salient(picture), prompt)

    def _salient(self, picture: Picture) -> Bool:
        if self._known is None or self._known[0] is not picture:
            graph = self._graph = self._graph or _opened(self._reference, self._runtime)
            self._known = picture, _tidied(_run(graph, rgb8(picture), self._normal) > 0.5)
        return self._known[1]


@dataclass(frozen=True, kw_only=True)
class _Named:
    info: SegmenterInfo

    def __call__(self, runtime: Runtime = ANYWHERE) -> Subject:
        return Subject(self.info.name, runtime)


SUBJECT = _Named(info=INFO)


def _normalisation(reference: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation by channel, in 8-bit values: the catalogue's, or IS-Net's for a path."""
    from pliant.models.graph import contract_of

    known = contract_of(reference)
    mean, std = (known.mean, known.std) if known else (_MEAN, _STD)
    return np.array(mean, np.float32), np.array(std, np.float32)


def _opened(reference: str, runtime: Runtime) -> "Graph":
    from pliant.models.graph import find_file, open_graph

    graph = open_graph(find_file(reference, runtime), runtime)
    image = graph.inputs[0].shape if len(graph.inputs) == 1 else ()
    result = graph.outputs[0].shape if graph.outputs else ()
    if len(image) != 4 or image[1] not in (3, None) or len(result) != 4 or result[1] not in (1, None):
        raise PliantError(
            f"{graph.path.name!r} has the inputs {graph.described()}; a saliency graph has one, 1x3xHxW, and "
            "gives 1x1xHxW.",
            code="invalid_model",
        )
    return graph


def _run(
    graph: "Graph", image: NDArray[np.uint8], normal: tuple[NDArray[np.float32], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """`(H, W)` float32 in [0, 1]: how much each pixel stands out."""
    (value,) = graph.inputs
    height, width = value.shape[2] or _WORKING_SIZE, value.shape[3] or _WORKING_SIZE
    planes = ((resized(image, width, height) - normal[0]) / normal[1]).transpose(2, 0, 1)[None]
    (found,) = graph.run({value.name: planes}, [graph.outputs[0].name])
    return enlarged(found[0, 0], image.shape[1], image.shape[0])


def _tidied(salient: Bool) -> Bool:
    """Without the specks and pinholes that texture makes."""
    labels, boxes = components(salient)
    areas = np.bincount(labels.ravel(), minlength=len(boxes) + 1)
    areas[0] = 0
    kept = areas >= _SPECK * areas.max()
    kept[0] = False
    return without_gaps(kept[labels], _SPECK, np.zeros_like(salient))


def _chosen(salient: Bool, prompt: Prompt) -> Bool:
    """Of all that stands out, the parts under the prompt; a part with both kinds of points is shared out."""
    found = salient.copy()
    if prompt.box is not None:
        inside = np.zeros_like(found)
        inside[prompt.box.slices] = True
        found &= inside
    if prompt.mask is not None:
        found = parts_touching(found, prompt.mask)
    if len(prompt.wanted):
        found = parts_touching(found, _pixels(prompt.wanted, found.shape))
    if len(prompt.unwanted):
        against = parts_touching(found, _pixels(prompt.unwanted, found.shape))
        found &= ~against | _nearer(prompt, found.shape)
    return found


def _nearer(prompt: Prompt, shape: tuple[int, ...]) -> Bool:
    """Where a wanted point is nearer than any unwanted one."""
    if not len(prompt.wanted):
        return np.zeros(shape, np.bool_)
    to_wanted, to_unwanted = (
        np.asarray(cv2.distanceTransform((~_pixels(points, shape)).view(np.uint8), cv2.DIST_L2, 5))
        for points in (prompt.wanted, prompt.unwanted)
    )
    return to_wanted < to_unwanted


def _pixels(points: Floats, shape: tuple[int, ...]) -> Bool:
    marked = np.zeros(shape, np.bool_)
    columns, rows = np.rint(points).astype(int).T
    marked[rows, columns] = True
    return marked
