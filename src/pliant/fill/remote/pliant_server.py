"""Pliant's own interface: one form with picture and mask; the answer is the picture, or a job if it takes long."""

from contextlib import suppress
from urllib.parse import quote

from pliant.events import CancelToken
from pliant.fill.remote.client import Client, Request
from pliant.fill.remote.errors import RemoteAnswerError, RemoteError
from pliant.fill.remote.interface import PROMPT, Interface, Job, as_object, posted_form
from pliant.fill.remote.wire import Watch

POLL = 0.5  # seconds


def recognises(client: Client, watch: Watch) -> bool:
    """Whether Pliant runs there."""
    health = as_object(client.probe("/api/v1/health", watch))
    return health.get("name") == "pliant" or {"live", "ready", "version", "waiting"} <= health.keys()


def paint(job: Job) -> bytes:
    """The picture painted by the filler that the address names, or the server's own choice."""
    fields = {"prompt": job.prompt, "seed": str(job.seed % 2**63), "margin": "0"}
    if job.options.filler:
        fields["filler"] = job.options.filler
    files = {"image": ("image.png", job.image), "mask": ("mask.png", job.mask)}
    request = posted_form("/api/v1/fill", fields, files, once=True, limit=job.limit)
    answer = job.client.ask(request, job.watch)
    if answer.status != 202:
        return answer.body
    name = as_object(job.client.parsed(answer, request.path)).get("id")
    if not isinstance(name, str):
        raise RemoteAnswerError(
            f"{job.client.server} answered {request.path} with neither a picture nor a job; see whether Pliant "
            "knows its version."
        )
    return _later(job, f"/api/v1/jobs/{quote(name, safe='')}")


def _later(job: Job, path: str) -> bytes:
    """The result of the job at `path`, which is cancelled when nobody waits for it any more."""
    state = "queued"
    try:
        while state in ("queued", "running"):
            job.watch.sleep(POLL)
            state = as_object(job.client.json(Request(path=path), job.watch.within(PROMPT))).get("state")
    except BaseException:
        with suppress(RemoteError):
            watch = Watch.over(5.0, job.client.server, CancelToken())
            job.client.ask(Request(path=path, method="DELETE"), watch)
        raise
    return job.client.ask(Request(path=f"{path}/result", limit=job.limit), job.watch).body


INTERFACE = Interface(
    name="Pliant",
    options=frozenset({"filler"}),
    working_size=None,  # the server crops and scales for its filler itself
    recognises=recognises,
    paint=paint,
)
