"""The routes under `/api/v1` that follow what runs: jobs and live previews."""

import re
from collections.abc import AsyncGenerator
from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Request, Response, WebSocket
from fastapi.responses import StreamingResponse

from pliant.serve import schemas, stream
from pliant.serve.answers import Here, only_known_parameters, result_of, status_of
from pliant.serve.openapi import EVENTS, PICTURE, PROBLEMS
from pliant.serve.problems import RequestError

router = APIRouter(prefix="/api/v1", responses=PROBLEMS, dependencies=[Depends(only_known_parameters)])
sockets = APIRouter(prefix="/api/v1")


@router.get("/jobs")
async def jobs(request: Request, here: Here) -> list[schemas.JobStatus]:
    """Every job that is known, oldest first."""
    return [status_of(job, request) for job in here.jobs.list()]


@router.get("/jobs/{name}")
async def job_status(name: str, request: Request, here: Here) -> schemas.JobStatus:
    """One job."""
    return status_of(here.jobs.find(name), request)


@router.delete("/jobs/{name}")
async def cancel(name: str, request: Request, here: Here) -> schemas.JobStatus:
    """Cancel a job: at once where it waits, within a step where it runs. A finished one stays as it is."""
    job = here.jobs.find(name)
    here.jobs.cancel(job)
    return status_of(job, request)


@router.get("/jobs/{name}/result", response_class=Response, responses=PICTURE)
async def result(name: str, here: Here) -> Response:
    """The picture of a finished job; of a failed one, why it failed."""
    return await to_thread.run_sync(result_of, here.jobs.find(name), limiter=here.pictures)


@router.get("/jobs/{name}/events", response_class=StreamingResponse, responses={200: EVENTS, 204: {}})
async def events(
    name: str,
    here: Here,
    last_event_id: Annotated[str | None, Header(description="Resume after this event.")] = None,
) -> Response:
    """What happens to a job, as server-sent events; 204 when nothing more will."""
    job = here.jobs.find(name)
    if last_event_id and not re.fullmatch(r"[0-9]{1,9}", last_event_id):
        raise RequestError(f"Last-Event-ID is {last_event_id[:50]!r}; it is a number that an event carried.")
    after = int(last_event_id or 0)
    if job.over and not job.reports(after):
        return Response(status_code=204)
    flow: AsyncGenerator[str] = stream.events(job, after)
    return StreamingResponse(flow, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@sockets.websocket("/preview")
async def preview(socket: WebSocket, here: Here) -> None:
    """Live previews; see docs/http.md for the messages."""
    holder = object()
    try:
        here.sockets.acquire_on_behalf_of_nowait(holder)
    except anyio.WouldBlock:
        await socket.close(1013, "too many previews")
        return
    try:
        await stream.previews(socket, here.settings, here.previews, here.metrics)
    finally:
        here.sockets.release_on_behalf_of(holder)
