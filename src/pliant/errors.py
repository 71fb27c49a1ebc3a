"""What goes wrong, as a small tree with stable codes.

A message says what was given, what is accepted and what to do next; `code` never changes its meaning.
"""


class PliantError(Exception):
    """Root of every error a user can cause or meet. `code` is stable and machine-readable."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class DocumentError(PliantError):
    """An edit document is malformed; the message names the field."""

    code = "invalid_document"


class EditError(PliantError):
    """An edit is well formed but cannot be applied to this picture."""

    code = "invalid_edit"


class PictureError(PliantError):
    """A picture cannot be read, written or used."""

    code = "invalid_picture"


class UnknownNameError(PliantError):
    """No engine, filler, deformer or segmenter has this name."""

    code = "unknown_name"


class MissingRequirementError(PliantError):
    """Something optional is not installed; the message has the command that gets it."""

    code = "missing_requirement"


class CancelledError(PliantError):
    """The work was cancelled through its `CancelToken`."""

    code = "cancelled"
