"""What every route needs, made once for an app."""

from dataclasses import dataclass, field

from anyio import CapacityLimiter
from starlette.requests import HTTPConnection

from pliant.serve.jobs import Jobs
from pliant.serve.metrics import Metrics
from pliant.serve.models import Models
from pliant.serve.pictures import Pictures
from pliant.serve.settings import Settings


@dataclass(frozen=True, kw_only=True, eq=False)
class Context:
    """`models` and `kept` are what stays loaded between requests.

    `previews`, `selections` and `pictures` bound the threads for live previews, for segmenters and for all else
    that requests want; workers are none of these. `uploads` bounds the requests that are held in memory,
    `sockets` the live previews.
    """

    settings: Settings
    metrics: Metrics
    jobs: Jobs
    models: Models
    kept: Pictures
    previews: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))
    selections: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))
    pictures: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))
    uploads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(8))
    sockets: CapacityLimiter


def context_of(connection: HTTPConnection) -> Context:
    """The context of the app that `connection` came to."""
    return connection.app.state.context
