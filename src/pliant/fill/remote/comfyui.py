"""ComfyUI's interface: the picture is uploaded, a graph queued, its history polled and the result fetched."""

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from pliant.events import CancelToken
from pliant.fill.remote.client import Client, Request
from pliant.fill.remote.errors import RemoteAnswerError, RemoteError, RemoteRefusedError
from pliant.fill.remote.interface import PROMPT, Interface, Job, as_list, as_object, posted_form, posted_json
from pliant.fill.remote.refusals import reason_of
from pliant.fill.remote.wire import Watch
from pliant.fill.remote.workflow import RESULT, workflow

FIRST_POLL = 0.1  # seconds
_SLOWEST_POLL = 1.0
_LOST = 3  # polls in a row that find a job neither queued nor done
_LOADER = "CheckpointLoaderSimple"


def recognises(client: Client, watch: Watch) -> bool:
    """Whether ComfyUI runs there."""
    if {"system", "devices"} <= as_object(client.probe("/system_stats", watch)).keys():
        return True
    return _LOADER in as_object(client.probe(f"/object_info/{_LOADER}", watch))


def paint(job: Job) -> bytes:
    """The picture painted by a checkpoint of the server; a job that is given up is taken off it."""
    checkpoint = _checkpoint(job)
    graph = workflow(
        image=_uploaded(job),
        checkpoint=checkpoint,
        prompt=job.prompt,
        seed=job.seed,
        steps=job.options.steps,
        cfg=job.options.cfg,
    )
    name = _queued(job, graph)
    try:
        result = _waited(job, name)
    except BaseException:
        _stop(job, name)
        raise
    return job.client.ask(Request(path=f"/view?{urlencode(result)}", limit=job.limit), job.watch).body


def _checkpoint(job: Job) -> str:
    said = job.client.json(Request(path=f"/object_info/{_LOADER}"), job.watch.within(PROMPT))
    required = as_object(as_object(as_object(as_object(said).get(_LOADER)).get("input")).get("required"))
    kind, *rest = as_list(required.get("ckpt_name")) or [None]
    # Since 2025 a list of choices may be written ["COMBO", {"options": [...]}].
    names = [str(name) for name in as_list(kind) or as_list(as_object(rest[0] if rest else None).get("options"))]
    asked = job.options.checkpoint
    if asked and asked not in names:
        raise RemoteRefusedError(
            f"{job.client.server} has no checkpoint {asked!r}; it has: {', '.join(names) or 'none'}."
        )
    if not names:
        raise RemoteRefusedError(
            f"{job.client.server} has no checkpoint; put an inpainting model into its models/checkpoints folder."
        )
    return asked or next((name for name in names if "inpaint" in name.lower()), names[0])


def _uploaded(job: Job) -> str:
    """What the graph calls the picture; ComfyUI empties its folder of temporary files when it starts."""
    file = f"pliant-{uuid.uuid4().hex}.png"  # a name of its own: ComfyUI does not run the same graph twice
    fields = {"type": "temp", "overwrite": "true"}
    request = posted_form("/upload/image", fields, {"image": (file, job.image_with_hole)})
    stored = as_object(job.client.json(request, job.watch))
    name, folder = stored.get("name"), stored.get("subfolder")
    if not isinstance(name, str):
        raise _nonsense(job, "/upload/image")
    return f"{folder}/{name} [temp]" if folder else f"{name} [temp]"


def _queued(job: Job, graph: Mapping[str, Any]) -> str:
    request = posted_json("/prompt", {"prompt": graph, "client_id": uuid.uuid4().hex}, once=True)
    # Who cancels now is heard when the job has a name, without which it could not be taken off the queue.
    watch = replace(job.watch.within(PROMPT), cancel=CancelToken())
    name = as_object(job.client.json(request, watch)).get("prompt_id")
    if not isinstance(name, str):
        raise _nonsense(job, "/prompt")
    return name


def _waited(job: Job, name: str) -> dict[str, str]:
    """Where the result stands: what `/view` is to be asked for."""
    pause, unseen = FIRST_POLL, 0
    while unseen < _LOST:
        job.watch.sleep(pause)
        pause = min(pause * 1.3, _SLOWEST_POLL)
        history = job.client.json(Request(path=f"/history/{quote(name, safe='')}"), job.watch.within(PROMPT))
        if name in as_object(history):
            return _result(job, as_object(history[name]))
        unseen = 0 if _place(job.client, name, job.watch) else unseen + 1
    raise RemoteAnswerError(
        f"{job.client.server} lost the job: somebody took it off the queue, or the server was started anew. "
        "Try again."
    )


def _place(client: Client, name: str, watch: Watch) -> str:
    """Which part of the queue a job stands in: `queue_running`, `queue_pending` or, if none, empty."""
    queue = as_object(client.json(Request(path="/queue"), watch.within(PROMPT)))
    for part in ("queue_running", "queue_pending"):
        if any(name in as_list(entry)[1:2] for entry in as_list(queue.get(part))):
            return part
    return ""


def _result(job: Job, entry: dict[str, Any]) -> dict[str, str]:
    for image in as_list(as_object(as_object(entry.get("outputs")).get(RESULT)).get("images")):
        found = as_object(image)
        if isinstance(found.get("filename"), str):
            return {key: str(found.get(key, "")) for key in ("filename", "subfolder", "type")}
    status = as_object(entry.get("status"))
    if status.get("status_str") != "error":
        raise _nonsense(job, "/history")
    raise RemoteRefusedError(f"{job.client.server} could not paint: {_complaint(status)}. See what its log says.")


def _complaint(status: dict[str, Any]) -> str:
    for message in as_list(status.get("messages")):
        kind, *facts = as_list(message) or [""]
        if kind == "execution_error" and facts:
            said = as_object(facts[0])
            reason = reason_of(json.dumps(said).encode(), "").rstrip(".")
            return f"{reason} (in {said.get('node_type', 'its graph')})"
        if kind == "execution_interrupted":
            return "somebody stopped the job"
    return "it does not say why"


def _stop(job: Job, name: str) -> None:
    """Take a job off the queue, or interrupt it if it is the one that runs: nobody else's is touched."""
    watch = Watch.over(5.0, job.client.server, CancelToken())
    with suppress(RemoteError):
        job.client.ask(posted_json("/queue", {"delete": [name]}), watch)
        if _place(job.client, name, watch) == "queue_running":
            job.client.ask(posted_json("/interrupt", {"prompt_id": name}), watch)


def _nonsense(job: Job, path: str) -> RemoteAnswerError:
    return RemoteAnswerError(
        f"{job.client.server} answered {path} without what belongs there; see whether Pliant knows its version."
    )


INTERFACE = Interface(
    name="ComfyUI",
    options=frozenset({"steps", "cfg", "checkpoint"}),
    working_size=1024,
    recognises=recognises,
    paint=paint,
    cell=8,  # its VAE nodes cut off what does not fill a cell
)
