"""Model repositories on the hub: what its cache has, and how it gets there. huggingface_hub is imported lazily."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from socket import getaddrinfo
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from pliant.models.catalog import Location
from pliant.models.download import LocationError
from pliant.models.selection import UNWANTED, choose_files, complete


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a repository offers: the wanted files, their bytes (None: not known) and its licence ("": not said)."""

    files: tuple[str, ...]
    size: int | None
    licence: str


def is_offline() -> bool:
    """Whether HF_HUB_OFFLINE forbids the network."""
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def assets() -> Path:
    """The folder for what does not come from the hub (HF_ASSETS_CACHE)."""
    from huggingface_hub import constants

    return Path(constants.HF_ASSETS_CACHE) / "pliant" / "models"


def snapshot(location: Location) -> Path | None:
    """The folder in the hub's cache that has all the wanted files of `location`, if there is one."""
    folder = _snapshot_folder(location)
    if folder is None:
        return None
    whole = has_all(folder, location.files) if location.files else complete(folder)
    return folder if whole else None


def has_all(folder: Path, files: Iterable[str]) -> bool:
    """Whether every name or pattern of `files` has a file in `folder`."""
    return all(any(path.is_file() for path in folder.glob(name)) for name in files)


def look(location: Location) -> Listing:
    """Ask the hub what `location`, of which no files are named, offers.

    Raises:
        LocationError: it cannot be asked, or offers no weights that are safe to load.
    """
    from huggingface_hub import HfApi

    _require_name()
    try:
        info = HfApi().model_info(location.repo, revision=location.revision, files_metadata=True)
    except Exception as error:  # what the hub's HTTP library raises differs between its versions
        raise LocationError(_reason(error)) from error
    sizes = {entry.rfilename: entry.size for entry in info.siblings or []}
    files = choose_files(sizes)
    if not any(name.endswith((".safetensors", ".onnx")) for name in files):
        raise LocationError("it has no .safetensors or .onnx weights; other formats are not loaded")
    known = [size for name in files if (size := sizes[name]) is not None]
    licence = getattr(info.card_data, "license", None) if info.card_data else None
    return Listing(
        files=tuple(files), size=sum(known) if len(known) == len(files) else None, licence=str(licence or "")
    )


def fetch(location: Location, files: tuple[str, ...]) -> Path:
    """Download `files` of `location` into the hub's cache; the snapshot's folder.

    Raises:
        LocationError: that does not work.
    """
    api: Any = import_module("huggingface_hub")
    _require_name()
    try:
        if location.single:
            file = api.hf_hub_download(location.repo, location.single, revision=location.revision)
            return _up(Path(file), location.single)
        folder = api.snapshot_download(
            location.repo, revision=location.revision, allow_patterns=list(files), ignore_patterns=list(UNWANTED)
        )
    except Exception as error:  # as above
        raise LocationError(_reason(error)) from error
    if not has_all(Path(folder), files):
        raise LocationError("it lacks some of the files that are wanted")
    return Path(folder)


def _require_name() -> None:
    """Refuse at once where the hub's name is unknown: its client would try again for half a minute."""
    from huggingface_hub import constants

    if getproxies():  # then it is the proxy who looks names up
        return
    try:
        getaddrinfo(urlsplit(constants.ENDPOINT).hostname, None)
    except OSError as error:
        raise LocationError(f"cannot be reached: {_first_line(error)}") from error


def remove(location: Location) -> int:
    """Delete what the hub's cache has of `location`'s revision; the bytes that this freed."""
    from huggingface_hub import constants, scan_cache_dir

    folder = _snapshot_folder(location)
    if folder is None:
        return 0
    strategy = scan_cache_dir(constants.HF_HUB_CACHE).delete_revisions(folder.name)
    strategy.execute()
    return strategy.expected_freed_size


def _snapshot_folder(location: Location) -> Path | None:
    from huggingface_hub import constants

    root = Path(constants.HF_HUB_CACHE) / f"models--{location.repo.replace('/', '--')}"
    wanted = location.revision or constants.DEFAULT_REVISION
    reference = root / "refs" / wanted
    commit = reference.read_text(encoding="utf-8").strip() if reference.is_file() else wanted
    folder = root / "snapshots" / commit
    return folder if folder.is_dir() else None


def _up(path: Path, name: str) -> Path:
    return path.parents[name.count("/")]


def _reason(error: Exception) -> str:
    from huggingface_hub import errors

    reasons: list[tuple[type[Exception], str]] = [
        (errors.GatedRepoError, "it is gated: accept its terms on its page and set HF_TOKEN"),
        (errors.RepositoryNotFoundError, "there is no such repository, or it is private (set HF_TOKEN)"),
        (errors.RevisionNotFoundError, "it has no such revision"),
        (errors.EntryNotFoundError, "it lacks some of the files that are wanted"),
    ]
    for kind, reason in reasons:
        if isinstance(error, kind) and not isinstance(error, errors.LocalEntryNotFoundError):
            return reason
    status: Any = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"HTTP {status}"
    cause = error.__cause__ if isinstance(error, errors.LocalEntryNotFoundError) else None
    return f"cannot be reached: {_first_line(cause or error)}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
