"""A body that is being sent comes at some speed, or its place goes to somebody else."""

import asyncio
from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pliant.serve.problems import RequestError
from pliant.serve.settings import Settings


class Patience:
    """ASGI middleware that ends the reading of a body which is slower than `slowest_kb` after `slow_seconds`.

    The time begins when somebody reads: a request that waits for its place is not late.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        await self._app(scope, self._patient(receive) if scope["type"] == "http" else receive, send)

    def _patient(self, receive: Receive) -> Receive:
        began: float | None = None
        received, more = 0, True

        async def patient() -> Message:
            nonlocal began, received, more
            if not more:
                return await receive()
            began = monotonic() if began is None else began
            allowed = self._settings.slow_seconds + received / (self._settings.slowest_kb * 1024)
            try:
                message = await asyncio.wait_for(receive(), began + allowed - monotonic())
            except TimeoutError:
                more = False
                raise RequestError(
                    f"The request came too slowly: {received:,} bytes in {allowed:.0f} seconds; accepted are "
                    f"{self._settings.slowest_kb} KiB a second.",
                    code="too_slow",
                ) from None
            received += len(message.get("body", b""))
            more = bool(message.get("more_body", False))
            return message

        return patient
