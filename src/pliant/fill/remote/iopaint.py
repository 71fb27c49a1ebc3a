"""IOPaint's interface: one request with picture and mask in JSON, the picture as the answer."""

import base64
from typing import Any

from pliant.fill.remote.client import Client
from pliant.fill.remote.interface import Interface, Job, as_object, posted_json
from pliant.fill.remote.wire import Watch


def recognises(client: Client, watch: Watch) -> bool:
    """Whether IOPaint runs there."""
    if "modelInfos" in as_object(client.probe("/api/v1/server-config", watch)):
        return True
    return "model_type" in as_object(client.probe("/api/v1/model", watch))


def paint(job: Job) -> bytes:
    """The picture painted by the model that the server has loaded. It cannot be told to stop."""
    request = posted_json("/api/v1/inpaint", _asked(job), once=True, limit=job.limit)
    return job.client.ask(request, job.watch).body


def _asked(job: Job) -> dict[str, Any]:
    """Of its request, what differs from its defaults: crops, blends and seeds are ours to choose."""
    asked: dict[str, Any] = {
        "image": base64.b64encode(job.image).decode(),
        "mask": base64.b64encode(job.mask).decode(),
        "prompt": job.prompt,
        "sd_seed": job.seed % 2**32,  # it seeds NumPy too, which takes no more
        "hd_strategy": "Original",
        "sd_mask_blur": 0,
    }
    if job.options.steps is not None:
        asked |= {"sd_steps": job.options.steps, "ldm_steps": job.options.steps}
    if job.options.cfg is not None:
        asked["sd_guidance_scale"] = job.options.cfg
    return asked


INTERFACE = Interface(
    name="IOPaint",
    options=frozenset({"steps", "cfg"}),
    working_size=1024,
    recognises=recognises,
    paint=paint,
)
