"""What goes wrong with a batch as a whole."""

from pliant.errors import PliantError


class BatchError(PliantError):
    """A batch cannot be made or gone on with, or an item of it is not of its form."""

    code = "invalid_batch"
