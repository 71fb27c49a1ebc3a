"""Waiting for a server: a deadline and a wish to stop, looked at while bytes come and go."""

import io
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from socket import socket
from time import monotonic, sleep
from typing import Any, cast

from pliant.events import CancelToken
from pliant.fill.remote.errors import RemoteTimeoutError

_TICK = 0.1  # seconds between two looks at the token and the clock


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What is waited under: `until` a time of the monotonic clock, and as long as nobody cancels."""

    cancel: CancelToken
    server: str
    seconds: float
    until: float
    advice: str = "Wait longer with ?timeout=SECONDS at the end of its address, or see what keeps it busy."

    @classmethod
    def over(cls, seconds: float, server: str, cancel: CancelToken) -> "Watch":
        """`seconds` from now."""
        return cls(cancel=cancel, server=server, seconds=seconds, until=monotonic() + seconds)

    def within(self, seconds: float) -> "Watch":
        """The same with `seconds` from now at most, for what a server in order answers at once."""
        until = monotonic() + seconds
        if until >= self.until:
            return self
        return replace(self, seconds=seconds, until=until, advice="See whether it still works, or start it again.")

    def check(self) -> None:
        """Raise `CancelledError` or `RemoteTimeoutError` when either is due."""
        self.cancel.check()
        if monotonic() > self.until:
            raise RemoteTimeoutError(f"{self.server} did not answer within {self.seconds:g} s. {self.advice}")

    def sleep(self, seconds: float) -> None:
        """Wait, and notice both."""
        end = monotonic() + seconds
        while (rest := end - monotonic()) > 0:
            self.check()
            sleep(min(rest, _TICK))
        self.check()


def watched(connection: HTTPConnection, watch: Watch) -> socket:
    """Put `connection`, which is connected, under `watch`; the socket to close when the answer is read."""
    real = cast(socket, connection.sock)
    real.settimeout(_TICK)
    connection.sock = cast(Any, _Socket(real, watch))
    return real


class _Socket:
    """As much of a socket as `http.client` uses."""

    def __init__(self, real: socket, watch: Watch) -> None:
        self._real = real
        self._watch = watch

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._watch.check()
            try:
                rest = rest[self._real.send(rest) :]
            except TimeoutError:
                continue

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode  # it is "rb"
        return io.BufferedReader(_Reader(self._real, self._watch))

    def close(self) -> None:
        """`http.client` closes a connection before the answer's body is read; see `watched`."""


class _Reader(io.RawIOBase):
    def __init__(self, real: socket, watch: Watch) -> None:
        self._real = real
        self._watch = watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            self._watch.check()
            try:
                return self._real.recv_into(buffer)
            except TimeoutError:
                continue
