"""Segment Anything and SAM 2, as transformers has them."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from pliant.errors import MissingRequirementError, PliantError
from pliant.models.device import ANYWHERE, Runtime
from pliant.regions.frames import SquareFrame, SquarePrompt, best, in_square
from pliant.regions.prompts import BoxLike, Prompt, check_prompt
from pliant.regions.seen import rgb8
from pliant.regions.segment import SegmenterInfo
from pliant.types import Bool, Picture, PointLike, RegionLike

_CLASSES = {"sam": "SamModel", "sam2": "Sam2Model"}
# The published SAM 2 folders hold its video model, whose picture part this class reads.
_AS = {"sam2_video": "sam2"}


class Sam:
    """A SAM-type model in a folder of transformers; the picture's embedding is computed once per picture."""

    def __init__(self, reference: str, runtime: Runtime, info: SegmenterInfo) -> None:
        self.info = info
        self._reference = reference
        self._runtime = runtime
        self._model: _Model | None = None
        self._known: tuple[Picture, SquareFrame, Any] | None = None

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
        prompt = check_prompt(picture, self.info, points=points, labels=labels, box=box, mask=mask)
        model = self._model = self._model or _Model.load(self._reference, self._runtime)
        if self._known is None or self._known[0] is not picture:
            frame = model.frame(*picture.size)
            self._known = picture, frame, model.embed(frame, picture)
        _, frame, embedding = self._known
        return model.decode(embedding, frame, prompt)


@dataclass(frozen=True, kw_only=True)
class _Named:
    info: SegmenterInfo

    def __call__(self, runtime: Runtime = ANYWHERE) -> Sam:
        return Sam(self.info.name, runtime, self.info)


def _entry(name: str, summary: str, paper: str) -> _Named:
    return _Named(
        info=SegmenterInfo(
            name=name, summary=summary, licence="Apache-2.0", paper=paper, extra="diffusion", weights=(name,)
        )
    )


SAM = _entry("sam", "Segment Anything: any object, from a click.", "Segment Anything, arXiv:2304.02643")
SAM2 = _entry("sam2", "Segment Anything 2: any object, smaller and sharper.", "SAM 2, arXiv:2408.00714")


def from_folder(folder: Path, runtime: Runtime = ANYWHERE) -> Sam:
    """The segmenter around the model that transformers' `save_pretrained` wrote into `folder`.

    Raises:
        PliantError: its config.json declares no SAM (`invalid_model`).
    """
    entry = {"sam": SAM, "sam2": SAM2}[_family(folder)]
    return Sam(str(folder), runtime, entry.info)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Model:
    torch: Any
    network: Any
    family: str
    side: int
    device: str
    dtype: Any

    @classmethod
    def load(cls, reference: str, runtime: Runtime) -> "_Model":
        from pliant.models.device import choose
        from pliant.models.fetch import locate

        where = choose(runtime)
        torch, transformers = _required("torch"), _required("transformers")
        folder = locate(reference, offline=runtime.offline)
        family = _family(folder)
        # Positions go through the network in its own type; bfloat16 cannot tell 4 neighbouring pixels apart.
        dtype = torch.float16 if where.dtype == "float16" else torch.float32
        with _no_bars(transformers.utils.logging):
            network = getattr(transformers, _CLASSES[family]).from_pretrained(
                str(folder), dtype=dtype, local_files_only=True
            )
        network = network.requires_grad_(False).eval().to(where.device)
        side = _side(network.config)
        return cls(torch=torch, network=network, family=family, side=side, device=where.device, dtype=dtype)

    def frame(self, width: int, height: int) -> SquareFrame:
        """How a photo of that size is shown."""
        fitted = SquareFrame.padded if self.family == "sam" else SquareFrame.stretched
        return fitted(width, height, self.side)

    def embed(self, frame: SquareFrame, picture: Picture) -> Any:
        planes = self._tensor(frame.planes(rgb8(picture))).to(self.dtype)
        with self.torch.inference_mode():
            return self.network.get_image_embeddings(planes)

    def decode(self, embedding: Any, frame: SquareFrame, prompt: Prompt) -> Bool:
        with self.torch.inference_mode():
            found = self.network(
                image_embeddings=embedding, multimask_output=True, **self._inputs(in_square(prompt, frame))
            )
        logits, quality = (value[0, 0].float().cpu().numpy() for value in (found.pred_masks, found.iou_scores))
        return best(logits, quality, frame, prompt)

    def _inputs(self, prompt: SquarePrompt) -> dict[str, Any]:
        inputs: dict[str, Any] = {}
        if len(prompt.points):
            inputs["input_points"] = self._tensor(prompt.points[None, None])
            inputs["input_labels"] = self.torch.from_numpy(prompt.labels[None, None]).to(self.device)
        if prompt.corners is not None:
            inputs["input_boxes"] = self._tensor(prompt.corners.reshape(1, 1, 4))
        return inputs

    def _tensor(self, array: "np.ndarray[Any, Any]") -> Any:
        tensor = self.torch.from_numpy(np.ascontiguousarray(array, np.float32))
        return tensor.to(self.device)


@contextmanager
def _no_bars(logging: Any) -> "Generator[None]":
    """Loading takes a second; its progress bar would stand among the messages of a command."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _required(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingRequirementError(
            f"{name} is not installed; `pip install 'pliant[diffusion]'` installs it."
        ) from error


def _family(folder: Path) -> str:
    try:
        kind = str(json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type"))
    except (OSError, ValueError, AttributeError):
        kind = "nothing readable"
    family = _AS.get(kind, kind)
    if family not in _CLASSES:
        raise PliantError(
            f"The config.json in {str(folder)!r} declares {kind!r}; accepted are {', '.join(_CLASSES)}.",
            code="invalid_model",
        )
    return family


def _side(config: Any) -> int:
    """The square's side; transformers gives it as a number or as two equal ones."""
    size = config.prompt_encoder_config.image_size
    return int(size if isinstance(size, int) else size[0])
