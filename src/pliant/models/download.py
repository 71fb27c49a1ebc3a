"""One file from the web into one place: resumed, checked, and there whole or not at all."""

import hashlib
from contextlib import suppress
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from pliant import __version__
from pliant.errors import PliantError

_TIMEOUT = 30
_CHUNK = 1 << 20
_ATTEMPTS = 3


class LocationError(PliantError):
    """One location of a model does not work; the message says why, in a few words."""

    code = "location_failed"


class _InterruptedError(Exception):
    """The connection ended early; what came is kept and can be resumed."""


def download(url: str, target: Path, *, sha256: str | None = None) -> None:
    """Make `target` hold what is at `url`.

    What has come so far lies beside it in a `.part` file, from which a later call goes on where the server still
    has the same content. A file whose hash is not `sha256` is removed.

    Raises:
        LocationError: it cannot be had.
    """
    from huggingface_hub.utils import WeakFileLock

    if urlsplit(url).scheme not in ("http", "https"):
        raise LocationError("only http and https addresses are fetched")
    target.parent.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(target.with_name(target.name + ".lock")):
        if target.is_file():
            return
        part = target.with_name(target.name + ".part")
        _complete(url, part)
        if sha256 is not None and (found := digest(part)) != sha256:
            part.unlink()
            _forget_tag(part)
            raise LocationError(f"its SHA-256 is {found[:12]}..., expected {sha256[:12]}...; it was removed")
        part.replace(target)
        _forget_tag(part)


def digest(path: Path, algorithm: str = "sha256", prefix: bytes = b"") -> str:
    """The hash of a file's content, after `prefix`."""
    state = hashlib.new(algorithm, prefix)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()


def _complete(url: str, part: Path) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _fetch(url, part)
        except _InterruptedError as error:
            if attempt == _ATTEMPTS:
                raise LocationError(str(error)) from error
        else:
            return


def _fetch(url: str, part: Path) -> None:
    """Bring `part` up to the whole content, going on from what it has."""
    try:
        with urlopen(_request(url, part), timeout=_TIMEOUT) as response:
            resumed = response.status == 206
            _append(response, response.headers, part, resumed)
    except HTTPError as error:
        error.close()
        if error.code == 416:
            part.unlink(missing_ok=True)
            raise _InterruptedError("the server has no more than what came before") from error
        raise LocationError(f"HTTP {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        reason = f"cannot be reached: {error.reason}" if isinstance(error, URLError) else str(error)
        raise _InterruptedError(reason or type(error).__name__) from error


def _request(url: str, part: Path) -> Request:
    request = Request(url, headers={"User-Agent": f"pliant/{__version__}"})
    tag = _tag_of(part)
    if part.is_file() and part.stat().st_size and tag.is_file():
        request.add_header("Range", f"bytes={part.stat().st_size}-")
        request.add_header("If-Range", tag.read_text(encoding="ascii"))
    return request


def _append(response: IO[bytes], headers: HTTPMessage, part: Path, resumed: bool) -> None:
    if not resumed:
        _remember_tag(headers, part)
    with part.open("ab" if resumed else "wb") as file:
        start = file.tell()
        length = headers.get("Content-Length")
        total = start + int(length) if length else None
        with _bar(part.stem, total, start) as bar:
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
        end = file.tell()
    if total is not None and end != total:
        raise _InterruptedError(f"the connection ended after {end:,} of {total:,} bytes")


def _bar(name: str, total: int | None, start: int) -> Any:
    from huggingface_hub.utils import tqdm

    # `disable=None` draws nothing where stderr is no terminal.
    return tqdm(desc=name, total=total, initial=start, unit="B", unit_scale=True, disable=None)


def _remember_tag(headers: HTTPMessage, part: Path) -> None:
    """Keep what identifies this very content, without which a resumed file could be half of another."""
    tag = headers.get("ETag") or headers.get("Last-Modified")
    if tag and not tag.startswith("W/") and tag.isascii():
        _tag_of(part).write_text(tag, encoding="ascii")
    else:
        _forget_tag(part)


def _forget_tag(part: Path) -> None:
    with suppress(FileNotFoundError):
        _tag_of(part).unlink()


def _tag_of(part: Path) -> Path:
    return part.with_name(part.name + ".tag")
