"""An object of a picture as a mask, for a client that clicked on it, drew a box around it or drew it roughly."""

import numpy as np

from pliant.imageio import encode
from pliant.regions.segment import Segmenter, refine, select
from pliant.serve.documents import mask_in
from pliant.serve.job import Output
from pliant.serve.problems import RequestError
from pliant.serve.schemas import SelectForm
from pliant.serve.settings import Settings
from pliant.types import Bool, Picture


def selected(
    picture: Picture, asked: SelectForm, mask: bytes | None, segmenter: Segmenter, settings: Settings
) -> Output:
    """What `asked` means as a mask, white is selected; or the drawn `mask` with its border on the object's."""
    found = _found(picture, asked, mask, segmenter, settings)
    pixels = found.astype(np.uint8) * np.uint8(255)
    facts = {"segmenter": segmenter.info.name, "area": int(found.sum())}
    return Output(content=encode(Picture(pixels), "png"), media_type="image/png", suffix="png", facts=facts)


def _found(
    picture: Picture, asked: SelectForm, mask: bytes | None, segmenter: Segmenter, settings: Settings
) -> Bool:
    if mask is None:
        places = [(x, y) for x, y, *_ in asked.points]
        labels = [label[0] if label else 1 for _, _, *label in asked.points]
        return select(picture, points=places, labels=labels, box=asked.box, segmenter=segmenter)
    if asked.points or asked.box:
        raise RequestError(
            "A mask is a drawn region to refine, points and a box choose an object anew; send one or the other."
        )
    return refine(picture, mask_in(mask, settings), segmenter)
