"""Who may talk to the server: checks of Host, Origin and token before anything of a request is read.

A web page of another site can make a browser send requests to 127.0.0.1, and by DNS rebinding even read the
answers. So the Host must be one the server is known by, and a browser's request must come from a page of its own.
"""

import hmac
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pliant.serve.problems import noted, problem
from pliant.serve.settings import Settings, is_loopback

SUBPROTOCOL = "pliant.v1"
TOKEN_PROTOCOL = "pliant.token."

CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_OPEN_PATHS = frozenset({"", "/api/v1/health", "/docs", "/openapi.json"})

Refusal = tuple[int, str, str]


class Guard:
    """ASGI middleware that refuses what must not reach the routes and adds the security headers.

    `page` are the paths of the editor's own files, which are the same for everybody and so need no token.
    """

    def __init__(self, app: ASGIApp, settings: Settings, page: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._settings = settings
        self._open_paths = _OPEN_PATHS | page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        scope["root_path"] = self._settings.root_path
        refused = self._refusal(scope)
        answer = noted(scope, problem(*refused)) if refused else self._app
        if scope["type"] == "websocket":
            # Closing before accepting is answered as 403 by the server.
            await (send({"type": "websocket.close", "code": 1008}) if refused else self._app(scope, receive, send))
            return
        sender = _with_headers(send, private=_path(scope).startswith("/api/"))
        await answer(scope, receive, sender)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        checks: list[Callable[[Scope, Headers], Refusal | None]] = [
            self._host,
            self._origin,
            self._token,
            self._size,
        ]
        return next((found for check in checks if (found := check(scope, headers))), None)

    def _host(self, scope: Scope, headers: Headers) -> Refusal | None:
        del scope
        given = headers.getlist("host")
        if len(given) == 1 and self._is_known(_name_in(given[0])):
            return None
        return 403, "host_not_allowed", "This server is not known by that name; see --allow-host."

    def _is_known(self, name: str | None) -> bool:
        if not name:
            return False
        if is_loopback(name) or name in (self._settings.host.lower(), *map(str.lower, self._settings.allow_hosts)):
            return True
        # Rebinding needs a name: an address in the Host is what the browser has really connected to.
        return not is_loopback(self._settings.host) and _is_address(name)

    def _origin(self, scope: Scope, headers: Headers) -> Refusal | None:
        refused = 403, "origin_not_allowed", "Pages of other sites may not use this server."
        origin = headers.get("origin")
        if origin is not None:
            return None if self._is_own(origin, headers["host"]) else refused
        api = _path(scope).startswith("/api/")
        return refused if api and headers.get("sec-fetch-site", "none") not in ("same-origin", "none") else None

    def _is_own(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https"):
            return False
        return parts.netloc.lower() == host.lower() or _name_in(parts.netloc) in self._settings.allow_hosts

    def _token(self, scope: Scope, headers: Headers) -> Refusal | None:
        token = self._settings.token
        if token is None or _path(scope) in self._open_paths:
            return None
        if hmac.compare_digest(_given_token(scope, headers).encode(), token.encode()):
            return None
        return 401, "not_authorised", "A token is required: send the header 'Authorization: Bearer TOKEN'."

    def _size(self, scope: Scope, headers: Headers) -> Refusal | None:
        # A body without a length is counted while it is read.
        del scope
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > self._settings.max_body:
            return 413, "too_large", f"The request is too large; accepted are {self._settings.max_upload_mb} MiB."
        return None


def _given_token(scope: Scope, headers: Headers) -> str:
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    # A page cannot set headers on a WebSocket; what it can choose are the protocols.
    offered: list[str] = scope.get("subprotocols", [])
    return next((name.removeprefix(TOKEN_PROTOCOL) for name in offered if name.startswith(TOKEN_PROTOCOL)), "")


def _path(scope: Scope) -> str:
    return scope["path"].removeprefix(scope["root_path"])


def _name_in(netloc: str) -> str | None:
    """The name or address in `name:port`, without the brackets of IPv6."""
    try:
        parts = urlsplit(f"//{netloc}")
        _ = parts.port
    except ValueError:
        return None
    plain = parts.username is None and parts.netloc == netloc
    return parts.hostname.rstrip(".") if plain and parts.hostname else None


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


def _with_headers(send: Send, *, private: bool) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if private:
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sender
