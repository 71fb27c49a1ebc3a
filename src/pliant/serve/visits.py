"""What is noted of each request: a number, its route, how long it took and how it ended; never what was in it."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEY = "pliant.visit"

_log = logging.getLogger("pliant.serve")


@dataclass(kw_only=True)
class Visit:
    """One request. `code` is that of the problem it was answered with, `job` the job that it began."""

    id: str = field(default_factory=lambda: secrets.token_hex(8))
    code: str = ""
    job: str = ""


def visit_of(scope: Scope) -> Visit:
    """The visit that `scope` belongs to, to be noted on; where nobody counts visits, one that nobody reads."""
    return scope.get(_KEY) or Visit()


class Visits:
    """ASGI middleware, the outermost, that logs requests and gives each its `X-Request-Id`.

    `failed` is told the code of each problem that one was answered with.
    """

    def __init__(self, app: ASGIApp, failed: Callable[[str], object]) -> None:
        self._app = app
        self._failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note how it ended."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        visit, began, status = Visit(), monotonic(), 0
        scope = {**scope, _KEY: visit}

        async def sender(message: Message) -> None:
            nonlocal status
            status = _status_in(message) or status
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = visit.id
            await send(message)

        try:
            await self._app(scope, receive, sender)
        except Exception:
            status, visit.code = 500, "internal"
            raise
        finally:
            if visit.code:
                self._failed(visit.code)
            _log.info("request", extra={"facts": _facts(scope, visit, status, monotonic() - began)})


def _status_in(message: Message) -> int:
    """The status that is sent with `message`; that of a WebSocket is 101, or 403 where it was never accepted."""
    kinds = {"http.response.start": message.get("status", 0), "websocket.accept": 101}
    return kinds.get(message["type"], 0)


def _facts(scope: Scope, visit: Visit, status: int, seconds: float) -> dict[str, object]:
    # The route, not the path: what no route has may be anything, a file's name or a token that went astray.
    route = getattr(scope.get("route"), "path", None)
    method = scope["method"] if scope["type"] == "http" else "WS"
    if not status:
        status = 403 if method == "WS" else 499  # the client went away first
    facts = {"id": visit.id, "method": method, "route": route, "status": status, "seconds": round(seconds, 4)}
    return {**facts, **({"job": visit.job} if visit.job else {}), **({"code": visit.code} if visit.code else {})}
