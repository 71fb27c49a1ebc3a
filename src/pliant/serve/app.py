"""The application: routes, guards and workers put together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from pliant import __version__
from pliant.serve import editor_routes, job_routes, metrics, openapi, page, problems, routes
from pliant.serve.context import Context
from pliant.serve.job import Job
from pliant.serve.jobs import Do, Jobs, do_here, log_end
from pliant.serve.metrics import Metrics
from pliant.serve.models import Models
from pliant.serve.patience import Patience
from pliant.serve.pictures import Pictures
from pliant.serve.security import Guard
from pliant.serve.settings import Settings
from pliant.serve.visits import Visits


def create_app(settings: Settings | None = None, do: Do = do_here) -> FastAPI:
    """A server as an ASGI application. Its workers start with it and end with its lifespan; `do` does their work.

    `app.state.context.jobs.close(...)` may be called earlier, so that waiting clients get their answers.
    """
    settings = settings or Settings()
    app = FastAPI(
        title="Pliant",
        version=__version__,
        summary="Edit a photo by dragging it.",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    here = app.state.context = _context(settings, do)
    metrics.install(app, here.metrics)
    problems.install(app)
    openapi.install(app)
    for router in (routes.router, editor_routes.router, job_routes.router, job_routes.sockets):
        app.include_router(router)
    paths = page.install(app)
    app.add_middleware(Patience, settings=settings)
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_body)
    app.add_middleware(Guard, settings=settings, page=paths)
    app.add_middleware(Visits, failed=partial(here.metrics.failed, "request"))
    return app


def _context(settings: Settings, do: Do) -> Context:
    figures = Metrics()

    def ended(job: Job) -> None:
        figures.ended(job)
        log_end(job)

    here = Context(
        settings=settings,
        metrics=figures,
        jobs=Jobs(settings, ended, do),
        models=Models(settings),
        kept=Pictures(settings),
        sockets=CapacityLimiter(settings.max_previews),
    )
    figures.watch(here.jobs, here.models, here.sockets)
    return here


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    yield
    context: Context = app.state.context
    await to_thread.run_sync(context.jobs.close, context.settings.grace_seconds)
