"""The edit document inside a picture file."""

from pliant.errors import DocumentError
from pliant.imageio import png
from pliant.imageio.source import Readable, bytes_of, format_in
from pliant.types import Edit


def read_edit(source: Readable) -> Edit | None:
    """The edit that a PNG written by `save` carries; None when there is none, or it is no PNG.

    Raises:
        PictureError: `missing_file`, `is_folder`, `not_readable`, `empty_file`, `not_a_picture`.
        DocumentError: there is an edit document, and it is malformed.
    """
    data, name = bytes_of(source)
    if format_in(data, name) != "PNG":
        return None
    try:
        text = png.text_in(data, png.EDIT_KEYWORD)
    except ValueError as error:
        raise DocumentError(f"The edit document in {name} cannot be read: {error}.") from None
    if text is None:
        return None
    from pliant.document import loads

    return loads(text, base=None)
