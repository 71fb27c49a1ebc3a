"""How requests are waited for and answered: what the routes share."""

import asyncio
import json
import re
from collections.abc import Callable
from time import monotonic
from typing import Annotated, TypeVar

from anyio import to_thread
from fastapi import Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from pliant.serve import schemas
from pliant.serve.context import Context, context_of
from pliant.serve.forms import Form, read_form
from pliant.serve.job import Job, Output
from pliant.serve.problems import RequestError, answer
from pliant.serve.stream import watching
from pliant.serve.visits import visit_of

T = TypeVar("T")

LONGEST_WAIT = 600.0
_POLL = 0.5  # seconds between looks whether a waiting client is still there

Here = Annotated[Context, Depends(context_of)]
FileFormat = Annotated[schemas.FileFormat, Query(alias="format", description="The format of the answer.")]
Prefer = Annotated[
    str | None,
    Header(description="`wait=30`: the picture, if it is done in so many seconds; `respond-async`: 202."),
]


def only_known_parameters(request: Request) -> None:
    """Refuse a query parameter that the route does not have; nothing asked for is ignored in silence."""
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    if unknown := sorted(request.query_params.keys() - known):
        raise RequestError(f"There is no parameter {unknown[0][:100]!r} here.", code="unknown_parameter")


def wait_in(prefer: str | None, default: float) -> float:
    """The seconds that a `Prefer` header asks to wait."""
    if prefer is None:
        return default
    if re.search(r"(?:^|[,;\s])respond-async(?:$|[,;\s])", prefer):
        return 0
    found = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})\"?(?:$|[,;\s])", prefer)
    return min(float(found.group(1)), LONGEST_WAIT) if found else default


async def with_form(
    request: Request,
    here: Context,
    files: tuple[str, ...],
    fields: type[schemas.Strict],
    work: Callable[[Form], T],
) -> T:
    """Read the form and do `work` on it in a thread; only so many at once, since each holds a picture."""
    async with here.uploads:
        sent = await read_form(request, here.settings, files=files, fields=fields)
        return await to_thread.run_sync(work, sent, limiter=here.pictures)


async def answered(request: Request, here: Context, job: Job, seconds: float) -> Response:
    """The picture of `job`, if it ends in so many seconds; else 202 and where to look."""
    visit_of(request.scope).job = job.id
    await _waited(request, here, job, seconds)
    if job.over:
        return await to_thread.run_sync(result_of, job, limiter=here.pictures)
    status = status_of(job, request)
    return JSONResponse(status.model_dump(), 202, {"Location": status.status_url})


async def _waited(request: Request, here: Context, job: Job, seconds: float) -> None:
    """Wait until `job` is over, for so long; a client that went away meanwhile wants it no more."""
    until = monotonic() + seconds
    with watching(job) as changed:
        while (left := until - monotonic()) > 0:
            changed.clear()
            if job.over:
                return
            try:
                await asyncio.wait_for(changed.wait(), min(left, _POLL))
            except TimeoutError:
                if await request.is_disconnected():
                    here.jobs.cancel(job)
                    return


def status_of(job: Job, request: Request) -> schemas.JobStatus:
    """What a client is told of `job`."""
    url = f"{request.scope.get('root_path', '')}/api/v1/jobs/{job.id}"
    state = job.state
    return schemas.JobStatus(
        id=job.id,
        kind=job.kind,
        state=state,
        created=job.created,
        finished=job.finished,
        status_url=url,
        events_url=f"{url}/events",
        result_url=f"{url}/result",
        result=dict(job.facts) if state == "done" else None,
        problem=schemas.Problem(**job.problem) if job.problem is not None else None,
    )


def result_of(job: Job) -> Response:
    """The picture of a finished job, or the problem that it ended with."""
    return answer(dict(job.problem)) if job.problem is not None else picture_answer(job.output(), name=job.id)


def picture_answer(output: Output, *, name: str = "warp") -> Response:
    """A picture, with its seed and warnings as headers."""
    headers = {"Content-Disposition": f'inline; filename="pliant-{name}.{output.suffix}"'}
    if "seed" in output.facts:
        headers["X-Seed"] = str(output.facts["seed"])
    if output.facts.get("warnings"):
        headers["X-Warnings"] = json.dumps(output.facts["warnings"])
    return Response(output.content, media_type=output.media_type, headers=headers)
