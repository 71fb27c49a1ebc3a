"""Segment Anything as two ONNX graphs: an encoder that sees the picture, a decoder that sees the prompt.

Two conventions of export are recognised by the names of the decoder's inputs: that of the authors
(`image_embeddings`, `point_coords`, `point_labels`, `mask_input`, `has_mask_input`, `orig_im_size`) and that of
optimum (`image_embeddings`, `image_positional_embeddings`, `input_points`, `input_labels`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pliant.errors import EditError, PliantError
from pliant.models.device import ANYWHERE, Runtime
from pliant.regions.frames import SquareFrame, SquarePrompt, best, in_square
from pliant.regions.prompts import BoxLike, Prompt, check_prompt
from pliant.regions.seen import rgb8
from pliant.regions.segment import SegmenterInfo
from pliant.types import Bool, Picture, PointLike, RegionLike

if TYPE_CHECKING:
    from pliant.models.graph import Graph

_SIDE = 1024
_CORNER_LABELS = (2, 3)
_NO_POINT = -1

INFO = SegmenterInfo(
    name="onnx-sam",
    summary="Segment Anything as ONNX graphs: any object, from a click, without torch.",
    licence="Apache-2.0",
    paper="Segment Anything, arXiv:2304.02643",
    extra="onnx",
    weights=("onnx-sam",),
)

Embedding = dict[str, NDArray[Any]]


class OnnxSam:
    """A folder with an encoder and a decoder graph; the picture's embedding is computed once per picture."""

    def __init__(self, reference: str = "onnx-sam", runtime: Runtime = ANYWHERE) -> None:
        self._reference = reference
        self._runtime = runtime
        self._graphs: _Graphs | None = None
        self._known: tuple[Picture, SquareFrame, Embedding] | None = None

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
        """See `pliant.regions.segment.Segmenter.propose`."""
        prompt = check_prompt(picture, INFO, points=points, labels=labels, box=box, mask=mask)
        graphs = self._graphs = self._graphs or _Graphs.open(self._reference, self._runtime)
        if self._known is None or self._known[0] is not picture:
            frame = SquareFrame.padded(*picture.size, graphs.side)
            self._known = picture, frame, graphs.embed(frame, rgb8(picture))
        _, frame, embedding = self._known
        return graphs.decode(embedding, frame, prompt)


@dataclass(frozen=True, kw_only=True)
class _Named:
    info: SegmenterInfo

    def __call__(self, runtime: Runtime = ANYWHERE) -> OnnxSam:
        return OnnxSam(self.info.name, runtime)


ONNX_SAM = _Named(info=INFO)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Graphs:
    """`reads_pixels`: the encoder takes `(h, w, 3)` pixels and normalises and pads them itself."""

    encoder: "Graph"
    decoder: "Graph"
    side: int
    reads_pixels: bool

    @classmethod
    def open(cls, reference: str, runtime: Runtime) -> "_Graphs":
        from pliant.models.graph import find, open_graph

        folder = find(reference, runtime)
        encoder, decoder = (open_graph(_one(folder, kind), runtime) for kind in ("encoder", "decoder"))
        shape: tuple[int | None, ...] = encoder.inputs[0].shape if len(encoder.inputs) == 1 else ()
        reads_pixels = len(shape) == 3 and shape[2] in (3, None)
        if not reads_pixels and not (len(shape) == 4 and shape[1] in (3, None)):
            raise PliantError(
                f"The encoder {encoder.path.name!r} has the inputs {encoder.described()}; it must have one, "
                "a picture 1x3xHxW or HxWx3.",
                code="invalid_model",
            )
        _check_decoder(encoder, decoder)
        side = _SIDE if len(shape) < 4 else shape[2] or _SIDE
        return cls(encoder=encoder, decoder=decoder, side=side, reads_pixels=reads_pixels)

    def embed(self, frame: SquareFrame, image: NDArray[np.uint8]) -> Embedding:
        """What the decoder takes from the encoder, by name."""
        shown = frame.pixels(image) if self.reads_pixels else frame.planes(image)
        found = self.encoder.run({self.encoder.inputs[0].name: shown})
        names = [value.name for value in self.encoder.outputs]
        if len(names) == 1:  # exports differ in what they call it
            names = ["image_embeddings"]
        return dict(zip(names, found, strict=True))

    def decode(self, embedding: Embedding, frame: SquareFrame, prompt: Prompt) -> Bool:
        """The best of the decoder's masks."""
        wanted = {value.name for value in self.decoder.inputs}
        asked = in_square(prompt, frame)
        feed = _optimum(asked) if "input_points" in wanted else self._authors(asked, frame)
        feed = {name: array for name, array in {**embedding, **feed}.items() if name in wanted}
        names = [value.name for value in self.decoder.outputs]
        found = dict(zip(names, self.decoder.run(feed), strict=True))
        logits, quality = _masks(found)
        return best(logits, quality, frame, prompt)

    def _authors(self, prompt: SquarePrompt, frame: SquareFrame) -> Embedding:
        extra = np.zeros((1, 2)) if prompt.corners is None else prompt.corners
        marks = (_NO_POINT,) if prompt.corners is None else _CORNER_LABELS
        mask = next((value.shape for value in self.decoder.inputs if value.name == "mask_input"), ())
        sides = [side or 256 for side in mask[-2:]] or [1, 1]
        return {
            "point_coords": np.concatenate([prompt.points, extra])[None],
            "point_labels": np.concatenate([prompt.labels, marks])[None],
            "mask_input": np.zeros((1, 1, *sides)),
            "has_mask_input": np.zeros(1),
            "orig_im_size": np.array([frame.height, frame.width]),
        }


def _optimum(prompt: SquarePrompt) -> Embedding:
    if not len(prompt.points):
        raise EditError(
            "This ONNX decoder takes points only; give a point on the object instead of a box.",
            code="unsupported_prompt",
        )
    return {"input_points": prompt.points[None, None], "input_labels": prompt.labels[None, None]}


def _masks(found: Embedding) -> tuple[NDArray[Any], NDArray[Any]]:
    """Logits `(M, h, w)` and predicted quality `(M,)`."""
    logits = next(found[name] for name in ("low_res_masks", "pred_masks") if name in found)
    quality = next(found[name] for name in ("iou_predictions", "iou_scores") if name in found)
    return logits.reshape(-1, *logits.shape[-2:]), quality.reshape(-1)


def _one(folder: Path, kind: str) -> Path:
    found = sorted(folder.glob(f"*{kind}*.onnx"))
    # In optimum's names the decoder is `prompt_encoder_mask_decoder`.
    found = [path for path in found if kind == "decoder" or "decoder" not in path.name]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise PliantError(
            f"{str(folder)!r} holds these {kind} graphs: {names}; it must hold one file called *{kind}*.onnx.",
            code="invalid_model",
        )
    return found[0]


def _check_decoder(encoder: "Graph", decoder: "Graph") -> None:
    inputs = {value.name for value in decoder.inputs}
    outputs = {value.name for value in decoder.outputs}
    given = {value.name for value in encoder.outputs} if len(encoder.outputs) > 1 else {"image_embeddings"}
    authors = {"point_coords", "point_labels", "mask_input", "has_mask_input", "orig_im_size"}
    optimum = {"input_points", "input_labels"}
    known = any(
        names <= inputs and inputs <= names | given | authors
        for names in ({"point_coords", "point_labels"}, optimum)
    )
    judged = outputs & {"iou_predictions", "iou_scores"}
    if not (known and judged and outputs & {"low_res_masks", "pred_masks"}):
        raise PliantError(
            f"The decoder {decoder.path.name!r} has the inputs {decoder.described()} and the outputs "
            f"{', '.join(sorted(outputs))}; accepted are image_embeddings with point_coords and point_labels (and "
            "mask_input, has_mask_input, orig_im_size), or with input_points and input_labels, giving "
            "low_res_masks or pred_masks with iou_predictions or iou_scores.",
            code="invalid_model",
        )
