"""What the operator of a server chooses."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from pliant.errors import PliantError
from pliant.models.device import Runtime, check

MIB = 2**20
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,200}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a server listens, what it accepts and what it keeps.

    `devices` have one worker each. `fillers` are offered beside those that need no model, the first of them when
    a client names none; `segmenters` and `engines` likewise. `photo` is the one file that clients may read.
    `allow_hosts` are names under which a proxy is reached. Results are kept in memory, or as files in
    `output_dir`, until `keep_count`, `keep_seconds` or `keep_mb` (of memory) is exceeded; the files stay.
    `models_mb` bounds the loaded models, `pictures_mb` the decoded pictures that are clicked on. `grace_seconds`
    is what running jobs get at the end. A request that is sent more slowly than `slowest_kb` KiB a second is
    given up after `slow_seconds`.

    Raises:
        PliantError: `invalid_setting`, `token_required` (the host is not loopback), `missing_folder`,
            `missing_file` or `invalid_device`.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    token: str | None = None
    allow_hosts: tuple[str, ...] = ()
    root_path: str = ""
    max_upload_mb: int = 64
    max_document_mb: int = 16
    max_megapixels: float = 64.0
    queue: int = 64
    max_previews: int = 16
    devices: tuple[str, ...] = ("auto",)
    engines: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()
    segmenters: tuple[str, ...] = ()
    photo: Path | None = None
    output_dir: Path | None = None
    keep_count: int = 200
    keep_seconds: float = 3600.0
    keep_mb: int = 1024
    waiting_mb: int = 2048
    models_mb: int = 8192
    pictures_mb: int = 512
    grace_seconds: float = 10.0
    slow_seconds: float = 20.0
    slowest_kb: int = 32

    def __post_init__(self) -> None:
        self._require_bounds()
        if not self.devices:
            raise _invalid("devices", self.devices, "at least one device, for example auto")
        for device in self.devices:
            check(Runtime(device=device))
        if self.root_path and not re.fullmatch(r"(/[\w.~-]+)+", self.root_path):
            raise _invalid("root path", self.root_path, "a path such as /pliant, without a slash at its end")
        if self.output_dir is not None and not self.output_dir.is_dir():
            raise PliantError(
                f"There is no folder {str(self.output_dir)!r}; make it first.", code="missing_folder"
            )
        if self.photo is not None and not self.photo.is_file():
            raise PliantError(f"There is no file {str(self.photo)!r}; check the path.", code="missing_file")
        self._require_token()

    @property
    def max_pixels(self) -> int:
        """The most pixels that a picture may have."""
        return int(self.max_megapixels * 1_000_000)

    @property
    def max_body(self) -> int:
        """The most bytes that a request may have."""
        return self.max_upload_mb * MIB

    def _require_bounds(self) -> None:
        least = {"max upload": self.max_upload_mb, "max document": self.max_document_mb, "queue": self.queue}
        for name, value in {**least, "keep count": self.keep_count, "max previews": self.max_previews}.items():
            if value < 1:
                raise _invalid(name, value, "1 or more")
        if not self.max_megapixels > 0:
            raise _invalid("max megapixels", self.max_megapixels, "a number above 0")
        if not 0 <= self.port <= 65535:
            raise _invalid("port", self.port, "0 to 65535")

    def _require_token(self) -> None:
        if self.token is None:
            if not is_loopback(self.host):
                raise PliantError(
                    f"The host {self.host!r} can be reached by other machines, so a token is required; "
                    "give one with --token or PLIANT_TOKEN, or listen on 127.0.0.1.",
                    code="token_required",
                )
        elif not _TOKEN.fullmatch(self.token):
            raise PliantError(
                "The token is not of its form; accepted are 16 to 200 letters, digits and . _ ~ -, "
                "for example what `openssl rand -hex 16` prints.",
                code="invalid_setting",
            )


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine as only itself can reach it."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _invalid(name: str, value: object, accepted: str) -> PliantError:
    return PliantError(f"{name} is {value!r}; accepted is {accepted}.", code="invalid_setting")
