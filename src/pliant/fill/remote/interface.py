"""What an interface of a server is, and the work it is given."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pliant.fill.remote.address import Options
from pliant.fill.remote.client import Client, Request
from pliant.fill.remote.wire import Watch
from pliant.imageio import encode
from pliant.types import Bool, Picture

PROMPT = 30.0  # seconds for what a server in order answers at once


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """`rgb` `(H, W, 3)` uint8 with a guess in `hole` `(H, W)`; `limit` bounds the bytes of the answer."""

    client: Client
    options: Options
    rgb: NDArray[np.uint8]
    hole: Bool
    prompt: str
    seed: int
    watch: Watch
    limit: int

    @property
    def image(self) -> bytes:
        """The picture as a PNG."""
        return encode(Picture(self.rgb), "png")

    @property
    def image_with_hole(self) -> bytes:
        """The picture as a PNG that is transparent in the hole."""
        alpha = np.where(self.hole, np.uint8(0), np.uint8(255))
        return encode(Picture(np.dstack([self.rgb, alpha])), "png")

    @property
    def mask(self) -> bytes:
        """The hole as a PNG, white is painted."""
        return encode(Picture(self.hole.astype(np.uint8) * 255), "png")


@dataclass(frozen=True, kw_only=True)
class Interface:
    """How to speak to one kind of server.

    `options` are those of an address that it understands, beside `size` and `timeout`; `working_size` is as in
    `FillerInfo`; pictures are padded to whole cells of `cell` pixels. `paint` gives the bytes of a picture.
    """

    name: str
    options: frozenset[str]
    working_size: int | None
    recognises: Callable[[Client, Watch], bool]
    paint: Callable[[Job], bytes]
    cell: int = 1


def posted_json(path: str, value: Mapping[str, Any], **more: Any) -> Request:
    """A request that posts `value` as JSON."""
    body = json.dumps(value).encode()
    return Request(path=path, method="POST", body=body, content_type="application/json", **more)


def posted_form(
    path: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]], **more: Any
) -> Request:
    """A request that posts a form (RFC 7578); `files` are PNGs, each by its field's name: file name and bytes."""
    boundary = uuid.uuid4().hex
    parts = [(f'name="{name}"', b"", value.encode()) for name, value in fields.items()]
    parts += [
        (f'name="{name}"; filename="{file}"', b"Content-Type: image/png\r\n", data)
        for name, (file, data) in files.items()
    ]
    line = b"--" + boundary.encode()
    pieces = [
        b"%s\r\nContent-Disposition: form-data; %s\r\n%s\r\n%s\r\n" % (line, head.encode(), kind, data)
        for head, kind, data in parts
    ]
    body = b"".join([*pieces, line, b"--\r\n"])
    return Request(
        path=path, method="POST", body=body, content_type=f"multipart/form-data; boundary={boundary}", **more
    )


def as_object(value: Any) -> dict[str, Any]:
    """`value` if it is a JSON object, else an empty one."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """`value` if it is a JSON array, else an empty one."""
    return cast(list[Any], value) if isinstance(value, list) else []
