"""Pliant's own interface: one form with picture and mask, the picture as the answer."""

from pliant.fill.remote.client import Client
from pliant.fill.remote.interface import Interface, Job, as_object, posted_form
from pliant.fill.remote.wire import Watch


def recognises(client: Client, watch: Watch) -> bool:
    """Whether Pliant runs there."""
    return as_object(client.probe("/api/v1/health", watch)).get("name") == "pliant"


def paint(job: Job) -> bytes:
    """The picture painted by the filler that the address names, or the server's own choice."""
    fields = {"prompt": job.prompt, "seed": str(job.seed), "margin": "0"}
    if job.options.filler:
        fields["filler"] = job.options.filler
    files = {"image": ("image.png", job.image), "mask": ("mask.png", job.mask)}
    request = posted_form("/api/v1/fill", fields, files, once=True, limit=job.limit)
    return job.client.ask(request, job.watch).body


INTERFACE = Interface(
    name="Pliant",
    options=frozenset({"filler"}),
    working_size=None,  # the server crops and scales for its filler itself
    recognises=recognises,
    paint=paint,
)
