"""Errors as HTTP: problem+json (RFC 9457) with the stable codes of `pliant.errors`."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Scope

from pliant.errors import (
    CancelledError,
    DocumentError,
    EditError,
    MissingRequirementError,
    PictureError,
    PliantError,
    UnknownNameError,
)
from pliant.serve.visits import visit_of

MEDIA_TYPE = "application/problem+json"

_STATUS_OF_CODE = {
    "too_slow": 408,
    "too_large": 413,
    "not_a_picture": 415,
    "unsupported": 415,
    "not_multipart": 415,
    "filler_not_offered": 403,
    "engine_not_offered": 403,
    "segmenter_not_offered": 403,
    "missing_file": 404,
    "unknown_job": 404,
    "not_finished": 409,
    "queue_full": 503,
    "shutting_down": 503,
    "unavailable_device": 503,
    "host_not_allowed": 403,
    "origin_not_allowed": 403,
    "not_authorised": 401,
}
_STATUS_OF_KIND: list[tuple[type[PliantError], int]] = [
    (DocumentError, 422),
    (EditError, 422),
    (PictureError, 422),
    (UnknownNameError, 422),
    (MissingRequirementError, 501),
    (CancelledError, 409),
]
_HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},
    408: {"Connection": "close"},  # what is still to come of the request is not read
    503: {"Retry-After": "5"},
}
_CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}

_log = logging.getLogger("pliant.serve")


class RequestError(PliantError):
    """A request is not of the form its route takes."""

    code = "invalid_request"


def status_of(error: PliantError) -> int:
    """The HTTP status that `error` is answered with: by its code, else by its kind."""
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    if isinstance(error, RequestError):
        return 422
    return next((status for kind, status in _STATUS_OF_KIND if isinstance(error, kind)), 500)


def problem(status: int, code: str, detail: str) -> dict[str, Any]:
    """The body of a problem+json answer."""
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}


def problem_of(error: Exception) -> dict[str, Any]:
    """The problem that `error` is; what is no user's mistake says nothing about the inside of the server."""
    if isinstance(error, PliantError):
        return problem(status_of(error), error.code, str(error))
    _log.error("unexpected error", exc_info=error)
    return problem(500, "internal", "The server failed; its log says why.")


def answer(body: dict[str, Any]) -> JSONResponse:
    """A problem as a response."""
    return JSONResponse(body, body["status"], _HEADERS.get(body["status"]), MEDIA_TYPE)


def noted(scope: Scope, body: dict[str, Any]) -> JSONResponse:
    """A problem as the response to the request of `scope`, which is counted."""
    visit_of(scope).code = body["code"]
    return answer(body)


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        return noted(request.scope, problem_of(error))

    async def plain(request: Request, error: Exception) -> JSONResponse:
        status, detail = getattr(error, "status_code", 500), str(getattr(error, "detail", error))
        made = noted(request.scope, problem(status, _CODE_OF_STATUS.get(status, "invalid_request"), detail))
        made.headers.update(getattr(error, "headers", None) or {})
        return made

    async def misused(request: Request, error: Exception) -> JSONResponse:
        first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": str(error)}
        where = ".".join(str(step) for step in first["loc"])
        return noted(request.scope, problem(422, RequestError.code, f"{where}: {first['msg']}."))

    app.add_exception_handler(PliantError, known)
    app.add_exception_handler(RequestValidationError, misused)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, known)
