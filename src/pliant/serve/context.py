"""What every route needs, made once for an app."""

from dataclasses import dataclass, field

from anyio import CapacityLimiter
from starlette.requests import HTTPConnection

from pliant.serve.fillers import Fillers
from pliant.serve.jobs import Jobs
from pliant.serve.settings import Settings


@dataclass(frozen=True, kw_only=True, eq=False)
class Context:
    """`previews` bounds the threads for live previews and `pictures` those for requests; workers are neither.

    `uploads` bounds the requests that are held in memory, `sockets` the live previews.
    """

    settings: Settings
    jobs: Jobs
    fillers: Fillers
    previews: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))
    pictures: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))
    uploads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(8))
    sockets: CapacityLimiter


def context_of(connection: HTTPConnection) -> Context:
    """The context of the app that `connection` came to."""
    return connection.app.state.context
