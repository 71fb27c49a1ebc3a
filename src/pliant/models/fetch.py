"""From what a user calls a model to its files: the cache first, then one location after the other."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Literal

from pliant.errors import MissingRequirementError, PliantError, UnknownNameError
from pliant.models import hub
from pliant.models.catalog import Location, Model, find, models
from pliant.models.download import LocationError, digest, download
from pliant.models.selection import PICKLES

Confirm = Callable[[Model | str, int | None, str], None]
"""Told, before anything is downloaded, the model (or what the user called it), its bytes (None: not known) and its
licence ("": not known). It stops the download by raising."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What `verify` found of one file; `unknown` means that nothing says what it should be."""

    file: str
    state: Literal["ok", "damaged", "unknown"]


@dataclass(frozen=True, kw_only=True)
class _Target:
    """What a reference means: a path that is there, or locations to get it from."""

    name: str
    path: Path | None = None
    model: Model | None = None
    locations: tuple[Location, ...] = ()


def locate(reference: str, *, offline: bool = False, confirm: Confirm | None = None) -> Path:
    """The file of the model that `reference` names, or its folder where it has several; downloaded if need be.

    `reference` is, in this order, an alias of the catalogue, a local folder or file, the address of one `.onnx` or
    `.safetensors` file, or a hub id `org/name[@revision]`. What is cached is not asked for again. `offline`, or
    HF_HUB_OFFLINE, forbids downloads.

    Raises:
        UnknownNameError: it is none of these (`unknown_model`).
        MissingRequirementError: it is not cached and cannot be had (`model_unavailable`); the message has the
            reason of every location and what to do.
        PliantError: it is a file of a format that is not loaded (`unsafe_model`).
    """
    target = _understand(reference)
    found = target.path or _cached(target)
    if found is not None:
        return found
    if offline or hub.is_offline():
        raise MissingRequirementError(
            f"The model {reference!r} is not on this machine, and downloads are off. Get it with "
            f"`pliant models get {reference}`, or give a local folder or file.",
            code="model_unavailable",
        )
    return _fetch_first(target, confirm)


def cached(reference: str) -> Path | None:
    """Where the model is on this machine; None if it is not. Nothing is downloaded.

    Raises:
        UnknownNameError: as `locate`.
    """
    target = _understand(reference)
    return target.path or _cached(target)


def remove(reference: str) -> int:
    """Delete the model from the cache; the bytes that this freed.

    Raises:
        UnknownNameError: as `locate`.
        PliantError: it is a local path, which is left alone (`not_cached`).
    """
    target = _understand(reference)
    if target.path is not None:
        raise PliantError(
            f"{reference!r} is a file or folder of yours, not in the cache; it is left alone.", code="not_cached"
        )
    return sum(hub.remove(place) if place.repo else _remove_files(place) for place in target.locations)


def verify(reference: str) -> list[Checked]:
    """Compare every file of the cached model with the hash it should have.

    The hash comes from the catalogue, or from the hub's cache, which files content under its hash.

    Raises:
        UnknownNameError: as `locate`.
        MissingRequirementError: it is not cached (`model_unavailable`).
    """
    target = _understand(reference)
    found = [(place, folder) for place in target.locations if (folder := _folder(place))]
    if not found and target.path is None:
        raise MissingRequirementError(
            f"The model {reference!r} is not on this machine; get it with `pliant models get {reference}`.",
            code="model_unavailable",
        )
    return [checked for place, folder in found for checked in _checked(place, folder)]


def files_of(reference: str) -> list[Path]:
    """The files of the model on this machine; none if it is not.

    Raises:
        UnknownNameError: as `locate`.
    """
    target = _understand(reference)
    if target.path is not None:
        return [target.path] if target.path.is_file() else sorted(p for p in target.path.rglob("*") if p.is_file())
    return [path for place in target.locations if (folder := _folder(place)) for path in _files(place, folder)]


def bytes_of(reference: str) -> int:
    """The bytes of the model's files on this machine: about what it takes once it is loaded.

    Raises:
        UnknownNameError: as `locate`.
    """
    return sum(file.stat().st_size for file in files_of(reference))


def _understand(reference: str) -> _Target:
    model = find(reference)
    if model is not None:
        return _Target(name=reference, model=model, locations=model.locations)
    path = Path(reference).expanduser()
    if reference and path.exists():
        return _Target(name=reference, path=_safe(path))
    if re.match(r"https?://", reference):
        return _Target(name=reference, locations=(_web_file(reference),))
    if matched := re.fullmatch(r"(\w[\w.-]*/\w[\w.-]*)(?:@([\w./-]+))?", reference):
        return _Target(name=reference, locations=(Location(repo=matched[1], revision=matched[2]),))
    raise _unknown(reference)


def _safe(path: Path) -> Path:
    if path.suffix.lower() in PICKLES:
        raise PliantError(
            f"{str(path)!r} is in a format that can run code when it is read; accepted are .safetensors and .onnx "
            "files, and folders that hold such.",
            code="unsafe_model",
        )
    return path


def _web_file(address: str) -> Location:
    folder, _, name = address.rpartition("/")
    if PurePosixPath(name).suffix not in (".onnx", ".safetensors"):
        raise UnknownNameError(
            f"{address!r} does not end in the name of an .onnx or .safetensors file.", code="unknown_model"
        )
    return Location(url=folder + "/", files=(name,))


def _unknown(reference: str) -> UnknownNameError:
    aliases = [model.alias for model in models()]
    close = get_close_matches(reference, aliases, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return UnknownNameError(
        f"There is no model {reference!r}: neither a file or folder, nor a name of the catalogue "
        f"({', '.join(aliases)}), nor a hub id such as org/name.{hint}",
        code="unknown_model",
    )


def _cached(target: _Target) -> Path | None:
    return next((_result(place, folder) for place in target.locations if (folder := _folder(place))), None)


def _folder(place: Location) -> Path | None:
    if place.repo:
        return hub.snapshot(place)
    folder = _web_folder(place)
    return folder if hub.has_all(folder, place.files) else None


def _web_folder(place: Location) -> Path:
    return hub.assets() / sha256(place.url.encode()).hexdigest()[:16]


def _result(place: Location, folder: Path) -> Path:
    return folder / place.single if place.single else folder


def _fetch_first(target: _Target, confirm: Confirm | None) -> Path:
    if confirm and target.model:
        confirm(target.model, target.model.size, target.model.licence)
    reasons: list[str] = []
    for place in target.locations:
        try:
            return _result(place, _fetch(place, None if target.model else confirm, target.name))
        except LocationError as error:
            reasons.append(f"{place.name} ({error})")
    raise MissingRequirementError(
        f"The model {target.name!r} cannot be had: {'; '.join(reasons)}. Try again with "
        f"`pliant models get {target.name}`, or download it elsewhere and give the local folder or file.",
        code="model_unavailable",
    )


def _fetch(place: Location, confirm: Confirm | None, name: str) -> Path:
    if place.url:
        if confirm:
            confirm(name, None, "")
        for file in place.files:
            download(place.url + file, _web_folder(place) / file, sha256=place.sha256.get(file))
        return _web_folder(place)
    files = place.files
    if not files:
        listing = hub.look(place)
        files = listing.files
        if confirm:
            confirm(name, listing.size, listing.licence)
    folder = hub.fetch(place, files)
    _refuse_damaged(place, folder)
    return folder


def _refuse_damaged(place: Location, folder: Path) -> None:
    damaged = [checked.file for checked in _checked(place, folder) if checked.state == "damaged"]
    for name in damaged:
        path = folder / name
        path.resolve().unlink()
        path.unlink(missing_ok=True)
    if damaged:
        raise LocationError(f"{', '.join(damaged)} did not have the expected SHA-256; removed")


def _checked(place: Location, folder: Path) -> Iterator[Checked]:
    for path in _files(place, folder):
        name = path.relative_to(folder).as_posix()
        yield Checked(file=name, state=_state(path, place.sha256.get(name)))


def _state(path: Path, expected: str | None) -> Literal["ok", "damaged", "unknown"]:
    stored_as = path.resolve().name
    if expected is not None or re.fullmatch(r"[0-9a-f]{64}", stored_as):
        return "ok" if digest(path) == (expected or stored_as) else "damaged"
    if re.fullmatch(r"[0-9a-f]{40}", stored_as):
        # git's own name for content: the hub's cache uses it for small files.
        return "ok" if digest(path, "sha1", b"blob %d\0" % path.stat().st_size) == stored_as else "damaged"
    return "unknown"


def _files(place: Location, folder: Path) -> list[Path]:
    wanted = [*place.files] if place.files else ["**/*"]
    return sorted({path for pattern in wanted for path in folder.glob(pattern) if path.is_file()})


def _remove_files(place: Location) -> int:
    freed = 0
    for name in place.files:
        for suffix in ("", ".part", ".part.tag", ".lock"):
            path = _web_folder(place) / (name + suffix)
            if path.is_file():
                freed += path.stat().st_size
                path.unlink()
    return freed
