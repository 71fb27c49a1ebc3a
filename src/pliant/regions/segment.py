"""What a segmenter is, the names of those there are, and what is done with them: select and refine.

Convention: that of `pliant.geometry`; masks are `(H, W)` bool, True is selected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pliant.errors import EditError, UnknownNameError
from pliant.geometry import Size
from pliant.models.device import ANYWHERE, Runtime
from pliant.regions.mask import grow, rasterise
from pliant.regions.prompts import BoxLike, prompt_points
from pliant.registry import Registry
from pliant.types import Bool, Picture, PointLike, RegionLike, as_region

DEFAULT_SEGMENTER = "grabcut"
RADIUS = 10.0
_RADIUS_AT = 512


@dataclass(frozen=True, kw_only=True)
class SegmenterInfo:
    """What a segmenter declares of itself; help texts, docs and tests are made from it.

    `extra` is the optional dependency it needs and `weights` the models of the catalogue that it loads;
    `needs_prompt` says that it cannot choose an object by itself.
    """

    name: str
    summary: str
    licence: str
    paper: str = ""
    extra: str | None = None
    weights: tuple[str, ...] = ()
    understands_points: bool = True
    understands_box: bool = True
    understands_mask: bool = True
    needs_prompt: bool = True


class Segmenter(Protocol):
    """Finds the object of a picture that a prompt is about."""

    @property
    def info(self) -> SegmenterInfo:
        """What this segmenter is and needs."""
        ...

    def propose(
        self,
        picture: Picture,
        *,
        points: Sequence[PointLike] = (),
        labels: Sequence[int] = (),
        box: BoxLike | None = None,
        mask: RegionLike | None = None,
    ) -> Bool:
        """The object, `(H, W)` bool of the picture's size; all False where nothing was found.

        `points` `(N, 2)` are (x, y) on the object, or beside it where the label is 0; `box` (x0, y0, x1, y1),
        half open, holds the object; `mask` is the object as somebody drew it. The same prompt gives the same
        mask. What is computed of the picture alone is kept for the next call with it.
        `pliant.regions.prompts.check_prompt` raises what every segmenter raises for a bad prompt.
        """
        ...


class MakeSegmenter(Protocol):
    """What a registry entry is: something that makes a segmenter."""

    info: SegmenterInfo

    def __call__(self, runtime: Runtime = ANYWHERE) -> Segmenter:
        """A segmenter; models are loaded by its first `propose`."""
        ...


SEGMENTERS: Registry[MakeSegmenter] = Registry(
    "segmenter",
    "pliant.segmenters",
    {
        "grabcut": "pliant.regions.grabcut:GrabCut",
        "subject": "pliant.regions.subject:SUBJECT",
        "sam": "pliant.regions.sam:SAM",
        "sam2": "pliant.regions.sam:SAM2",
        "onnx-sam": "pliant.regions.onnx_sam:ONNX_SAM",
    },
)


def make_segmenter(name: str, runtime: Runtime = ANYWHERE) -> Segmenter:
    """The segmenter called `name`, or the one whose model lies at the path `name`.

    A path is a saliency graph (`.onnx`), a folder with an encoder and a decoder graph, or a folder that
    transformers' `save_pretrained` wrote.

    Raises:
        UnknownNameError: there is no such segmenter; the message lists what there is.
    """
    path = Path(name).expanduser()
    if name in SEGMENTERS.names() or not path.exists():
        return _named(name, runtime)
    if path.suffix == ".onnx":
        from pliant.regions.subject import Subject

        return Subject(str(path), runtime)
    if any(path.glob("*decoder*.onnx")):
        from pliant.regions.onnx_sam import OnnxSam

        return OnnxSam(str(path), runtime)
    if (path / "config.json").is_file():
        from pliant.regions.sam import from_folder

        return from_folder(path, runtime)
    raise UnknownNameError(
        f"{name!r} holds no segmenter; accepted are a .onnx file, a folder with an encoder and a decoder .onnx, "
        "or a folder with a config.json of transformers.",
        code="unknown_segmenter",
    )


def _named(name: str, runtime: Runtime) -> Segmenter:
    return SEGMENTERS.get(name)(runtime)


def select(
    picture: Picture,
    *,
    points: Sequence[PointLike] = (),
    labels: Sequence[int] = (),
    box: BoxLike | None = None,
    mask: RegionLike | None = None,
    segmenter: str | Segmenter = DEFAULT_SEGMENTER,
    device: str = "auto",
) -> Bool:
    """The object that points on it, a box around it or a rough mask of it mean, `(H, W)` bool.

    `points` are (x, y) in pixels; a label of 0 says that a point is not on the object, 1 (the default) that it
    is. `box` is (x0, y0, x1, y1), half open. `segmenter` is a name that `pliant engines` lists, a path to a
    model, or a segmenter to use again: it keeps what it computed of the picture.

    Raises:
        EditError: the prompt does not fit the picture, or nothing was found there (`nothing_found`).
        UnknownNameError: there is no such segmenter.
        MissingRequirementError: it needs a package or weights that are not there.
    """
    proposer = _made(segmenter, Runtime(device=device))
    found = proposer.propose(picture, points=points, labels=labels, box=box, mask=mask)
    if not found.any():
        raise EditError(
            f"The segmenter {proposer.info.name!r} found no object there; click elsewhere, draw a box, "
            "or choose another segmenter (`pliant engines` lists them).",
            code="nothing_found",
        )
    return found


def refine(
    picture: Picture,
    mask: RegionLike,
    segmenter: str | Segmenter = DEFAULT_SEGMENTER,
    *,
    radius: float = RADIUS,
    device: str = "auto",
) -> Bool:
    """A drawn region with its border moved onto the object's, `(H, W)` bool (Inpaint4Drag, module 1).

    `(proposed & dilate(mask, r)) | erode(mask, r)`, with round elements: what lies deeper inside the drawn
    region than r stays in, what lies further outside stays out, and between them the segmenter decides. r is
    `radius` pixels up to 512 pixels of the picture's longer side, and grows in proportion beyond.

    Raises:
        EditError: the region does not fit the picture, or `radius` is not above 0 (`invalid_option`).
        UnknownNameError, MissingRequirementError: as `select`.
    """
    if not radius > 0:
        raise EditError(f"radius is {radius}; accepted is a number above 0.", code="invalid_option")
    drawn = rasterise(as_region(mask), picture.size)
    if drawn.all():
        return drawn.copy()
    found = proposed(_made(segmenter, Runtime(device=device)), picture, drawn)
    return combined(found, drawn, reach_of(radius, picture.size))


def reach_of(radius: float, size: Size) -> float:
    """`radius`, which is for pictures of up to 512 pixels, in pixels of a picture of `size`."""
    return radius * max(max(size) / _RADIUS_AT, 1.0)


def combined(found: Bool, drawn: Bool, reach: float) -> Bool:
    """`(found & dilate(drawn)) | erode(drawn)` with discs of radius `reach`: Inpaint4Drag's refinement."""
    return (found & grow(drawn, reach)) | grow(drawn, -reach)


def proposed(segmenter: Segmenter, picture: Picture, drawn: Bool) -> Bool:
    """What `segmenter` takes the object to be that was roughly `drawn`, `(H, W)` bool."""
    if segmenter.info.understands_mask:
        return segmenter.propose(picture, mask=drawn)
    return segmenter.propose(picture, points=[(x, y) for x, y in prompt_points(drawn).tolist()])


def _made(segmenter: str | Segmenter, runtime: Runtime) -> Segmenter:
    return make_segmenter(segmenter, runtime) if isinstance(segmenter, str) else segmenter
