"""What flows while a client listens: the events of a job, and live previews over a WebSocket."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager, suppress
from typing import Any

import anyio
from anyio import to_thread
from fastapi import WebSocket, WebSocketDisconnect
from pydantic import TypeAdapter, ValidationError

from pliant.document.parse import tree
from pliant.errors import PliantError
from pliant.serve.forms import complaint
from pliant.serve.job import Job, Report
from pliant.serve.metrics import Metrics
from pliant.serve.preview import Live
from pliant.serve.problems import RequestError, problem_of
from pliant.serve.schemas import EditMessage, Message, MoveMessage, OpenMessage
from pliant.serve.security import SUBPROTOCOL
from pliant.serve.settings import MIB, Settings

_QUIET = 15.0  # seconds after which a silent stream says that it is alive
_MESSAGES: TypeAdapter[OpenMessage | EditMessage | MoveMessage] = TypeAdapter(Message)


@contextmanager
def watching(job: Job) -> Generator[asyncio.Event]:
    """An event that is set whenever something happens to `job`, by whatever thread."""
    changed, loop = asyncio.Event(), asyncio.get_running_loop()
    stop = job.listen(lambda: loop.call_soon_threadsafe(changed.set))
    try:
        yield changed
    finally:
        stop()


async def events(job: Job, after: int) -> AsyncGenerator[str]:
    """The reports of `job` with an index above `after` as server-sent events, until it is over."""
    with watching(job) as changed:
        while True:
            changed.clear()
            over = job.over
            for report in job.reports(after):
                after = report.index
                yield _event(report)
            if over:
                return
            try:
                await asyncio.wait_for(changed.wait(), _QUIET)
            except TimeoutError:
                yield ": still here\n\n"


def _event(report: Report) -> str:
    return f"id: {report.index}\nevent: {report.kind}\ndata: {json.dumps(dict(report.data))}\n\n"


# ----------------------------------------------------------------------------------------- live previews


class Inbox:
    """What a client wants to see now: each message takes the place of those that it makes pointless."""

    def __init__(self) -> None:
        self._opening: OpenMessage | bytes | None = None
        self._edit: EditMessage | None = None
        self._move: MoveMessage | None = None
        self._error: PliantError | None = None
        self._filled = asyncio.Event()

    def put(self, message: OpenMessage | EditMessage | MoveMessage | bytes) -> None:
        """Add a message."""
        if isinstance(message, MoveMessage):
            self._move = message
        elif isinstance(message, EditMessage):
            self._edit, self._move = message, None
        else:
            self._opening, self._edit, self._move = message, None, None
        self._filled.set()

    def complain(self, error: PliantError) -> None:
        """Add an error to answer; only the last one is answered."""
        self._error = error
        self._filled.set()

    async def take(
        self,
    ) -> tuple[PliantError | None, OpenMessage | bytes | None, EditMessage | None, MoveMessage | None]:
        """Wait for something, and take everything: error, opening, edit, move."""
        await self._filled.wait()
        self._filled.clear()
        taken = self._error, self._opening, self._edit, self._move
        self._error = self._opening = self._edit = self._move = None
        return taken


async def previews(
    socket: WebSocket, settings: Settings, limiter: anyio.CapacityLimiter, metrics: Metrics
) -> None:
    """Serve one client's live previews until it goes away."""
    offered: list[str] = socket.scope.get("subprotocols", [])
    await socket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    inbox = Inbox()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_answer, socket, inbox, Live(settings), limiter, metrics)
        await _receive(socket, inbox, settings)
        tasks.cancel_scope.cancel()


async def _receive(socket: WebSocket, inbox: Inbox, settings: Settings) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        try:
            inbox.put(_read(message, settings))
        except PliantError as error:
            inbox.complain(error)


def _read(message: Any, settings: Settings) -> OpenMessage | EditMessage | MoveMessage | bytes:
    content: bytes | str = message.get("bytes") or message.get("text") or b""
    limit = settings.max_upload_mb if isinstance(content, bytes) else settings.max_document_mb
    if len(content) > limit * MIB:
        raise RequestError(f"The message has {len(content):,} bytes; accepted are {limit} MiB.", code="too_large")
    if isinstance(content, bytes):
        return content
    try:
        return _MESSAGES.validate_python(tree(content))
    except ValidationError as error:
        raise RequestError(complaint(error)) from None


async def _answer(
    socket: WebSocket, inbox: Inbox, live: Live, limiter: anyio.CapacityLimiter, metrics: Metrics
) -> None:
    # A client that went away is noticed where its messages are read.
    with suppress(WebSocketDisconnect):
        while True:
            error, opening, edit, move = await inbox.take()
            seq = next((message.seq for message in (move, edit) if message is not None), None)
            try:
                if error is not None:
                    await socket.send_json(_refusal(error, None, metrics))
                if opening is not None:
                    size = await to_thread.run_sync(live.open, opening, limiter=limiter)
                    await socket.send_json({"type": "opened", "size": list(size)})
                if edit is not None or move is not None:
                    with metrics.previewing():
                        frames = await to_thread.run_sync(live.answer, edit, move, limiter=limiter)
                    for frame in frames:
                        await socket.send_bytes(frame)
            except PliantError as refused:
                await socket.send_json(_refusal(refused, seq, metrics))


def _refusal(error: PliantError, seq: int | None, metrics: Metrics) -> dict[str, Any]:
    metrics.failed("preview", error.code)
    return {**problem_of(error), "type": "error", "seq": seq}
