"""The server on Ray Serve: one thin entrance, and a deployment for each engine whose replicas come and go.

    serve run pliant.serve.ray_app:app engines=inpaint4drag,regiondrag gpus=1 max_replicas=8

The entrance is the application of `pliant serve`, in one replica: it checks requests, keeps the queue and the
results and draws live previews, so that a client's WebSocket and jobs are always in one place. Only the work
of a job travels. Ray counts what waits for an engine and gives it replicas; each does one job at a time and
keeps its models.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from ray import serve as ray_serve
from ray.exceptions import RayError
from ray.serve import Application
from ray.serve.config import AutoscalingConfig

from pliant.engines.base import ENGINES
from pliant.errors import PliantError
from pliant.events import CancelToken, Event, OnEvent, Partial
from pliant.serve.app import create_app
from pliant.serve.job import Output, Work
from pliant.serve.models import Models
from pliant.serve.offers import DEFAULT_ENGINE
from pliant.serve.parcel import pack, unpack
from pliant.serve.settings import Settings

serve: Any = ray_serve  # Ray's types are partial

_PULSE = 0.1  # seconds between two looks at whether to cancel
_EAGER = 2.0  # seconds that jobs wait in vain before another replica is started; people look on


class Options(BaseModel):
    """What `serve run` takes as NAME=VALUE.

    `engines`, with commas between them, have replicas of their own; all other work is done by the first. `fillers`
    are offered beside those that need no model. `cpus` and `gpus` are what Ray keeps for each replica,
    `max_replicas` the most for one engine. `queue` is how many jobs may wait. `allow_hosts` are names that the
    server is known by; then `token`, or the variable PLIANT_TOKEN, is required, which clients must present.
    """

    model_config = ConfigDict(extra="forbid")

    engines: str = Field(DEFAULT_ENGINE, pattern=r"[\w-]")
    fillers: str = ""
    cpus: float = Field(1.0, ge=0)
    gpus: float = Field(0.0, ge=0)
    max_replicas: int = Field(4, ge=1)
    queue: int = Field(64, ge=1)
    allow_hosts: str = ""
    token: str | None = Field(default_factory=lambda: os.environ.get("PLIANT_TOKEN"))

    @model_validator(mode="after")
    def _require_token(self) -> Self:
        if self.allow_hosts and not self.token:
            raise ValueError("allow_hosts makes the server known to others, so a token is required; give one.")
        return self

    def settings(self) -> Settings:
        """As the settings of the entrance: with a thread for every job that can be on its way at once."""
        places = 2 * self.max_replicas * len(_names(self.engines))  # as many wait in Ray's sight as run
        return Settings(
            engines=_names(self.engines),
            fillers=_names(self.fillers),
            devices=("auto",) * places,
            queue=self.queue,
            allow_hosts=_names(self.allow_hosts),
            token=self.token,
        )


def app(options: dict[str, str]) -> Application:
    """The application, for `serve run` or `ray.serve.run(app({...}))`.

    Raises:
        ValueError: an option is unknown or not of its form.
        UnknownNameError: there is no such engine.
    """
    asked = Options.model_validate(options)
    engines = _names(asked.engines)
    for engine in engines:
        ENGINES.get(engine)
    replicas = [_deployment(engine, asked) for engine in engines]
    entrance = serve.deployment(
        name="entrance", num_replicas=1, max_ongoing_requests=1000, ray_actor_options={"num_cpus": 1}
    )(_entrance(asked.settings(), engines))
    return entrance.bind(*replicas)


def _deployment(engine: str, asked: Options) -> Application:
    scaling = AutoscalingConfig(
        min_replicas=1, max_replicas=asked.max_replicas, target_ongoing_requests=1, upscale_delay_s=_EAGER
    )
    deployed = serve.deployment(
        name=engine,
        max_ongoing_requests=1,
        autoscaling_config=scaling,
        ray_actor_options={"num_cpus": asked.cpus, "num_gpus": asked.gpus},
    )(Replica)
    return deployed.bind(asked.settings())


def _entrance(settings: Settings, engines: tuple[str, ...]) -> Any:
    """The class of the entrance; its application is made in its replica, where it can reach the others."""

    @serve.ingress(lambda: create_app(settings, _Elsewhere(engines)))
    class Entrance:
        def __init__(self, *replicas: Any) -> None:
            del replicas  # bound, so that they are deployed with it

    return Entrance


class _Elsewhere:
    """Does work in the replicas of its engine."""

    def __init__(self, engines: tuple[str, ...]) -> None:
        self._engines = engines
        self._application = serve.get_replica_context().app_name

    def __call__(self, work: Work, engine: str, device: str, on_event: OnEvent, cancel: CancelToken) -> Output:
        name = engine if engine in self._engines else self._engines[0]
        handle = serve.get_deployment_handle(name, app_name=self._application)
        said = handle.options(stream=True).do.remote(pack(work), device)
        try:
            return _heard(said, on_event, cancel)
        except RayError as error:
            raise PliantError("The replica that did it was lost; try again.", code="worker_ended") from error


def _heard(said: Any, on_event: OnEvent, cancel: CancelToken) -> Output:
    for heard in said:
        if cancel.cancelled:
            said.cancel()
            cancel.check()
        if isinstance(heard, Output):
            return heard
        if isinstance(heard, Exception):
            raise heard
        if heard is not None:
            on_event(heard)
    raise PliantError("The replica said nothing to the end; try again.", code="worker_ended")


class Replica:
    """A process with an engine's models, which does one job at a time."""

    def __init__(self, settings: Settings) -> None:
        self._models = Models(settings)
        self._thread = ThreadPoolExecutor(1)

    async def do(self, parcel: bytes, device: str) -> AsyncGenerator[Event | Output | Exception | None]:
        """Everything that happens to the work in `parcel`, then its output or what went wrong.

        None says that it is alive. Pictures of unfinished results stay here.
        """
        events: SimpleQueue[Event] = SimpleQueue()
        cancel = CancelToken()
        doing = asyncio.get_running_loop().run_in_executor(
            self._thread, _outcome, unpack(parcel, self._models), device, events, cancel
        )
        try:
            while not doing.done():
                await asyncio.wait([doing], timeout=_PULSE)
                while not events.empty():
                    yield events.get()
                yield None
            yield doing.result()
        finally:  # also where the entrance gave up: Ray then closes this
            cancel.cancel()


def _outcome(work: Work, device: str, events: "SimpleQueue[Event]", cancel: CancelToken) -> Output | Exception:
    def hear(event: Event) -> None:
        if not isinstance(event, Partial):
            events.put(event)

    try:
        return work(device, hear, cancel)
    except Exception as error:
        return error if isinstance(error, PliantError) else RuntimeError(f"{type(error).__name__}: {error}")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
