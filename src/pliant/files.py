"""Whole files in and out: what the system refuses becomes a clear error, and a write is all or nothing."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from pliant.errors import PliantError


def read_bytes(path: Path, *, fail: type[PliantError], name: str = "") -> bytes:
    """The content of the file at `path`; `name` is what an error puts before its message.

    Raises:
        fail: `missing_file`, `is_folder` or `not_readable`.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        message, code = f"There is no file {str(path)!r}; check the path.", "missing_file"
    except IsADirectoryError:
        message, code = f"{str(path)!r} is a folder; give the path of a file.", "is_folder"
    except (OSError, ValueError) as error:
        message, code = f"{str(path)!r} cannot be read: {_reason(error)}.", "not_readable"
    raise fail(name + message, code=code)


def write_bytes(path: Path, data: bytes, *, fail: type[PliantError], overwrite: bool = True) -> None:
    """Make `path` hold `data`, atomically: it is either written whole or left as it was.

    A file that is replaced keeps its permission bits; a link is followed; a device or pipe is written to.

    Raises:
        fail: `exists` (and `overwrite` is false), `missing_folder`, `is_folder` or `not_writable`.
    """
    try:
        check_target(path, fail=fail, overwrite=overwrite)
        target = path.resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        else:
            _replace(target, data, overwrite)
    except FileExistsError:
        _exists(path, fail)
    except (OSError, ValueError) as error:
        raise fail(f"{str(path)!r} cannot be written: {_reason(error)}.", code="not_writable") from error


def check_target(path: Path, *, fail: type[PliantError], overwrite: bool = True) -> None:
    """Refuse a `path` that `write_bytes` could not write, before any work is done for it.

    Raises:
        fail: as `write_bytes`.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise fail(
                f"{str(path)!r} cannot be written: there is no folder {str(path.parent)!r}; make it first.",
                code="missing_folder",
            ) from None
        return
    except (OSError, ValueError) as error:
        raise fail(f"{str(path)!r} cannot be written: {_reason(error)}.", code="not_writable") from error
    if stat.S_ISDIR(mode):
        raise fail(f"{str(path)!r} is a folder; give the path of a file.", code="is_folder")
    if not overwrite and stat.S_ISREG(mode):
        _exists(path, fail)
    if not os.access(path, os.W_OK):
        raise fail(f"{str(path)!r} cannot be written: it is read-only.", code="not_writable")


def _replace(target: Path, data: bytes, overwrite: bool) -> None:
    # In the same folder, so that the last step is a rename within one file system.
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.part")
    try:
        _write_new(temporary, data, like=target)
        if overwrite:
            temporary.replace(target)
        else:
            _publish_new(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _write_new(path: Path, data: bytes, *, like: Path) -> None:
    # os.open, unlike tempfile, leaves the permission bits to the user's umask.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with open(handle, "wb") as file:
        with suppress(FileNotFoundError, NotImplementedError):
            path.chmod(stat.S_IMODE(like.stat().st_mode))
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _publish_new(temporary: Path, target: Path) -> None:
    """Give `temporary` its name without ever replacing a file that appeared meanwhile."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError from None
        temporary.replace(target)


def _exists(path: Path, fail: type[PliantError]) -> NoReturn:
    raise fail(f"{str(path)!r} exists already; choose another name, or allow it to be overwritten.", code="exists")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
