"""Pictures as a browser can show them, and the photo that the editor begins with."""

from pathlib import Path
from urllib.parse import quote

from fastapi import Response

from pliant.errors import PictureError
from pliant.files import read_bytes
from pliant.imageio import encode
from pliant.imageio.pixels import to_8_bit
from pliant.imageio.source import format_in
from pliant.serve.job import Output
from pliant.types import Origin, Picture


def viewable(picture: Picture) -> Output:
    """`picture` upright with 8 bits: a JPEG, or a PNG where it has transparency. Its colour profile is kept."""
    shown = Picture(to_8_bit(picture.pixels), Origin(icc=picture.origin.icc))
    form, suffix = ("png", "png") if picture.has_alpha else ("jpeg", "jpg")
    return Output(content=encode(shown, form), media_type=f"image/{form}", suffix=suffix)


def photo_answer(path: Path | None) -> Response:
    """The file that the operator named, as it is; nothing (204) where none was named.

    Raises:
        PictureError: it is gone, or no picture.
    """
    if path is None:
        return Response(status_code=204)
    content = read_bytes(path, fail=PictureError)
    kind = format_in(content, repr(path.name)).lower()
    headers = {"Content-Disposition": f"inline; filename*=UTF-8''{quote(path.name, safe='')}"}
    return Response(content, media_type=f"image/{kind}", headers=headers)
