"""The address of a server: where it is, what speaks there, who asks, and the options."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from typing import NoReturn, TypeVar
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from pliant.errors import PliantError

T = TypeVar("T", int, float)

_FORM = re.compile(r"(?:(?P<interface>pliant|iopaint|comfyui)\+)?https?://", re.IGNORECASE)
_TEXTS = ("checkpoint", "filler")
_LONGEST_WAIT = 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """What stands behind the `?`; `given` are the names that do, None is for the interface to choose.

    `size` is the working size in pixels (0: any), `timeout` the seconds for one whole fill.
    """

    size: int | None = None
    timeout: float = 300.0
    steps: int | None = None
    cfg: float | None = None
    checkpoint: str = ""
    filler: str = ""
    given: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Address:
    """`interface` is `pliant`, `iopaint`, `comfyui`, or empty where it has to be found out.

    `path` stands in front of the path of every request and has no slash at its end.
    """

    interface: str
    secure: bool
    host: str
    port: int
    path: str = ""
    authorization: str = field(default="", repr=False)
    options: Options = field(default_factory=Options)

    @property
    def origin(self) -> str:
        """Scheme, host and port: what may be shown, without the token."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' * self.secure}://{host}:{self.port}"


def parse(url: str) -> Address:
    """The address that `url` writes: `[pliant+|iopaint+|comfyui+]http[s]://[TOKEN@]HOST[:PORT][/PATH][?OPTION=...]`.

    Raises:
        PliantError: it is not of that form, or an option is unknown (`invalid_address`).
    """
    found = _FORM.match(url)
    try:
        parts = urlsplit(url.partition("+")[2] if found and found["interface"] else url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        _refuse(f"The address cannot be read: {error}.")
    if not found:
        _refuse(f"The address begins with {url.partition('://')[0]!r}.")
    if not re.fullmatch(r"[\w.:-]+", host) or parts.fragment:
        _refuse(f"The address names the host {host!r}{' and has a #' if parts.fragment else ''}.")
    secure = parts.scheme == "https"
    return Address(
        interface=(found["interface"] or "").lower(),
        secure=secure,
        host=host,
        port=port or (443 if secure else 80),
        path=quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~"),
        authorization=_authorization(parts),
        options=_options(parts.query),
    )


def _authorization(parts: SplitResult) -> str:
    name, secret = unquote(parts.username or ""), unquote(parts.password or "")
    if not re.fullmatch(r"[\x20-\x7e]*", name + secret):
        _refuse("The token in the address has characters that are not plain ASCII.")
    if name and secret:
        return f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"
    token = name or secret
    return f"Bearer {token}" if token else ""


def _options(query: str) -> Options:
    pairs = parse_qsl(query, keep_blank_values=True)
    given = dict(pairs)
    if len(given) < len(pairs):
        _refuse("An option stands twice in the address.")
    unknown = given.keys() - {*_TEXTS, "size", "timeout", "steps", "cfg"}
    if unknown:
        _refuse(f"The address has the option {min(unknown)!r}.")
    return Options(
        size=_number(given, "size", int, 0, 8192),
        timeout=_number(given, "timeout", float, 0.01, _LONGEST_WAIT) or Options.timeout,
        steps=_number(given, "steps", int, 1, 1000),
        cfg=_number(given, "cfg", float, 0, 100),
        **{name: given.get(name, "") for name in _TEXTS},
        given=frozenset(given),
    )


def _number(given: dict[str, str], name: str, kind: Callable[[str], T], least: float, most: float) -> T | None:
    if name not in given:
        return None
    try:
        value = kind(given[name])
    except ValueError:
        _refuse(f"The address says {name}={given[name]!r}.")
    if not (isfinite(value) and least <= value <= most):
        _refuse(f"The address says {name}={value}; accepted are {least:g} to {most:g}.")
    return value


def _refuse(what: str) -> NoReturn:
    raise PliantError(
        f"{what} The form is http://HOST:PORT or https://HOST:PORT, with pliant+, iopaint+ or comfyui+ before it "
        "to say what runs there, TOKEN@ before the host, and options such as ?size=512&timeout=60 "
        "(size, timeout, steps, cfg, checkpoint, filler) after it.",
        code="invalid_address",
    )
