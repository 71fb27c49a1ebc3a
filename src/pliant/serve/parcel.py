"""Work on its way to another process, in which models are loaded already.

Work holds the server's `Models`, which cannot travel and need not: those of the other process take their place.
A parcel is a pickle, so it is opened only by the process that it was made for, within a cluster.
"""

import io
import pickle

from pliant.serve.job import Work
from pliant.serve.models import Models

_MODELS = "models"


def pack(work: Work) -> bytes:
    """`work` as bytes."""
    stream = io.BytesIO()
    _Packer(stream, protocol=pickle.HIGHEST_PROTOCOL).dump(work)
    return stream.getvalue()


def unpack(parcel: bytes, models: Models) -> Work:
    """The work in `parcel`, with `models`."""
    return _Unpacker(io.BytesIO(parcel), models).load()


class _Packer(pickle.Pickler):
    def persistent_id(self, obj: object) -> str | None:
        """A name for what stays behind."""
        return _MODELS if isinstance(obj, Models) else None


class _Unpacker(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, models: Models) -> None:
        super().__init__(stream)
        self._models = models

    def persistent_load(self, pid: object) -> Models:
        """What stands here for what stayed behind."""
        del pid
        return self._models
