"""Requests to one server: bounded in time and size, asked again only where that does no harm."""

import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from pliant.fill.remote.address import Address
from pliant.fill.remote.errors import RemoteAnswerError, RemoteRefusedError, RemoteUnreachableError
from pliant.fill.remote.refusals import refusal
from pliant.fill.remote.wire import Watch, watched

_CONNECTING = 10.0  # seconds
PAUSES = (0.25, 0.5, 1.0)  # seconds before asking again
_LONGEST_PAUSE = 10.0
_HOPS = 3
_NOT_THERE = {400, 404, 405, 406, 410, 422, 500, 501}  # how servers answer for a path they do not know
_PATH_SAFE = "/%:@!$&'()*+,;=~?"
_CHUNK = 1 << 16
_JSON_LIMIT = 8 << 20


@dataclass(frozen=True, kw_only=True)
class Request:
    """`once`: the server may begin a job with it, which a second copy would begin again.

    `limit` bounds the bytes of the answer.
    """

    path: str
    method: str = "GET"
    body: bytes | None = None
    content_type: str = ""
    once: bool = False
    limit: int = _JSON_LIMIT


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Status, headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Client:
    """Speaks to the server at `address`, one connection for each request."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @property
    def server(self) -> str:
        """What errors call it."""
        return self._address.origin + self._address.path

    def ask(self, request: Request, watch: Watch) -> Answer:
        """The answer, of status 2xx.

        Asked again after a while: what the server did not take (no connection, 429, 503), and what does no
        harm twice when the connection broke.

        Raises:
            RemoteError: as its children say.
            CancelledError: the watch's token was cancelled.
        """
        for pause in PAUSES:
            try:
                return self._answered(request, watch)
            except (RemoteUnreachableError, RemoteRefusedError) as error:
                if error.again_in is None:
                    raise
                watch.sleep(max(pause, min(error.again_in, _LONGEST_PAUSE)))
        return self._answered(request, watch)

    def json(self, request: Request, watch: Watch) -> Any:
        """The answer read as JSON."""
        return self.parsed(self.ask(request, watch), request.path)

    def parsed(self, answer: Answer, path: str) -> Any:
        """The JSON in an answer that `path` gave."""
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            raise RemoteAnswerError(
                f"{self.server} answered {path} with something that is not JSON; see whether it is "
                "what its address says, and whether Pliant knows its version."
            ) from None

    def probe(self, path: str, watch: Watch) -> Any:
        """What stands at `path` as JSON, or None if there is nothing of the kind."""
        try:
            return self.json(Request(path=path), watch)
        except RemoteAnswerError:
            return None
        except RemoteRefusedError as error:
            if error.status in _NOT_THERE:
                return None
            raise

    def _answered(self, request: Request, watch: Watch) -> Answer:
        path = self._address.path + request.path
        for _ in range(_HOPS + 1):
            answer = self._exchanged(replace(request, path=path), watch)
            if 200 <= answer.status < 300:
                return answer
            if answer.status not in (301, 302, 303, 307, 308):
                raise refusal(self.server, request.path, answer.status, answer.headers, answer.body)
            path = self._followed(request, path, answer)
        raise RemoteRefusedError(f"{self.server} sends {request.path} round in circles; see its settings.")

    def _followed(self, request: Request, path: str, answer: Answer) -> str:
        """The path that a redirect within the same server leads to."""
        with suppress(ValueError):
            target = urlsplit(urljoin(self._address.origin + path, answer.headers.get("location", "")))
            port = target.port or (443 if target.scheme == "https" else 80)
            there = replace(
                self._address, secure=target.scheme == "https", host=target.hostname or "", port=port
            ).origin
            if there != self._address.origin:
                raise RemoteRefusedError(
                    f"{self.server} sends on to another server, {there}. Nothing was sent there; "
                    "give that address if you trust it.",
                    status=answer.status,
                )
            if request.method == "GET" or answer.status in (307, 308):
                path = quote(target.path, safe=_PATH_SAFE)
                return f"{path}?{quote(target.query, safe=_PATH_SAFE)}" if target.query else path
        raise RemoteRefusedError(
            f"{self.server} answers {request.path} with a redirect that cannot be followed; give the address "
            "it leads to.",
            status=answer.status,
        )

    def _exchanged(self, request: Request, watch: Watch) -> Answer:
        connection = self._connected(watch)
        real = watched(connection, watch)
        try:
            # A server that has seen enough hangs up before it has all; its answer is still to be read.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(request.method, request.path, request.body, self._headers(request))
            with connection.getresponse() as response:
                return self._read(response, request)
        except (OSError, HTTPException) as error:
            raise RemoteUnreachableError(
                f"The connection to {self.server} broke during {request.path} ({error or type(error).__name__}); "
                "see whether it still runs, and try again.",
                again_in=None if request.once else 0.0,
            ) from error
        finally:
            connection.close()
            real.close()

    def _connected(self, watch: Watch) -> HTTPConnection:
        watch.check()
        kind = HTTPSConnection if self._address.secure else HTTPConnection
        connection = kind(self._address.host, self._address.port, timeout=min(_CONNECTING, watch.seconds))
        try:
            connection.connect()
        except (OSError, ValueError) as error:
            connection.close()
            raise RemoteUnreachableError(
                f"{self.server} cannot be reached ({error}). See whether it runs there, and whether host, port "
                "and http or https are right.",
                again_in=None if isinstance(error, ssl.SSLError | TimeoutError | ValueError) else 0.0,
            ) from error
        return connection

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Accept": "*/*", "Connection": "close"}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        if self._address.authorization:
            headers["Authorization"] = self._address.authorization
        return headers

    def _read(self, response: HTTPResponse, request: Request) -> Answer:
        body = bytearray()
        if (response.length or 0) <= request.limit:
            while len(body) <= request.limit and (chunk := response.read(_CHUNK)):
                body += chunk
        if len(body) > request.limit or (response.length or 0) > request.limit:
            raise RemoteAnswerError(
                f"{self.server} answered {request.path} with more than {request.limit:,} bytes, which is no "
                "sensible answer; see whether it is what its address says."
            )
        if response.length and request.method != "HEAD":
            raise HTTPException("the answer was cut off")
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=headers, body=bytes(body))
