"""The routes under `/api/v1` that take pictures, and those that say what there is."""

from typing import Any, Literal, TypeAlias

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from pliant import __version__
from pliant.engines.listing import deformer_rows, engine_rows, filler_rows, segmenter_rows
from pliant.models.catalog import models
from pliant.serve import schemas
from pliant.serve.answers import (
    LONGEST_WAIT,
    FileFormat,
    Here,
    Prefer,
    answered,
    only_known_parameters,
    picture_answer,
    wait_in,
    with_form,
)
from pliant.serve.documents import edit_in
from pliant.serve.forms import Form, validated
from pliant.serve.job import Job, Output
from pliant.serve.offers import DEFAULT_ENGINE, default_filler, default_segmenter
from pliant.serve.openapi import ACCEPTED, PICTURE, PROBLEMS, form_body
from pliant.serve.problems import RequestError
from pliant.serve.work import edit_work, fill_work, picture_in, warped

Row: TypeAlias = dict[str, Any]

router = APIRouter(prefix="/api/v1", responses=PROBLEMS, dependencies=[Depends(only_known_parameters)])


# --------------------------------------------------------------------------------------------- what there is


@router.get("/health", responses={503: {"model": schemas.Health}})
async def health(here: Here) -> JSONResponse:
    """Whether the server is up, and whether it takes work (503 when not)."""
    ready = here.jobs.ready
    body = schemas.Health(name="pliant", live=True, ready=ready, version=__version__, waiting=here.jobs.waiting)
    return JSONResponse(body.model_dump(), 200 if ready else 503)


@router.get("/engines", response_model=list[schemas.Listed])
def engines(here: Here) -> list[Row]:
    """The methods, with their options."""
    return _offers(engine_rows(), here.settings.engines, DEFAULT_ENGINE)


@router.get("/fillers", response_model=list[schemas.Listed])
def fillers(here: Here) -> list[Row]:
    """What paints holes."""
    return _offers(filler_rows(), here.settings.fillers, default_filler(here.settings))


@router.get("/segmenters", response_model=list[schemas.Listed])
def segmenters(here: Here) -> list[Row]:
    """What finds the object of a picture."""
    return _offers(segmenter_rows(), here.settings.segmenters, default_segmenter(here.settings))


@router.get("/deformers", response_model=list[schemas.Listed])
def deformers() -> list[Row]:
    """How regions bend."""
    return deformer_rows()


@router.get("/models", response_model=list[schemas.Listed])
def catalogue() -> list[Row]:
    """The models that have a short name. None of them is fetched for a client."""
    rows = ((model, model.kind) for model in models())
    return [
        {"name": m.alias, "summary": m.title, "kind": kind, "licence": m.licence, "paper": m.paper, "size": m.size}
        for m, kind in rows
    ]


def _offers(rows: list[Row], chosen: tuple[str, ...], default: str) -> list[Row]:
    """`rows`, and what the operator chose beside them, with what a client may use (`offered`) and gets unasked."""
    known = {row["name"] for row in rows}
    foreign: list[Row] = [
        {"name": name, "summary": "chosen by the operator", "available": True}
        for name in chosen
        if name not in known
    ]
    return [
        {**row, "offered": _is_offered(row, chosen), "default": row["name"] == default} for row in rows + foreign
    ]


def _is_offered(row: Row, chosen: tuple[str, ...]) -> bool:
    return row["available"] and (row["name"] in chosen or row.get("extra") is None)


# -------------------------------------------------------------------------------------------------- pictures


@router.post("/warp", response_class=Response, responses=PICTURE, openapi_extra=form_body("warp"))
async def warp(
    request: Request, here: Here, show: Literal["mesh"] | None = None, form: FileFormat = "png"
) -> Response:
    """The bend alone: the hole is transparent (white in a JPEG), or with `show=mesh` the mesh is drawn over it."""

    def work(sent: Form) -> Output:
        validated(schemas.WarpForm, sent.fields)
        picture = picture_in(sent.file("image"), here.settings)
        edit = edit_in(sent.file("edit"), masks_in(sent), here.settings)
        return warped(picture, edit, mesh=show == "mesh", form=form)

    output = await with_form(request, here, ("image", "edit", "masks"), schemas.WarpForm, work)
    return picture_answer(output)


@router.post(
    "/fill", response_class=Response, responses={**PICTURE, 202: ACCEPTED}, openapi_extra=form_body("fill")
)
async def fill(request: Request, here: Here, form: FileFormat = "png", prefer: Prefer = None) -> Response:
    """The white part of a mask painted. Waits for the picture unless told otherwise."""

    def work(sent: Form) -> Job:
        asked = validated(schemas.FillForm, sent.fields)
        picture = picture_in(sent.file("image"), here.settings)
        made, weight = fill_work(picture, sent.file("mask"), asked, form, here.settings, here.models)
        return here.jobs.submit(made, kind="fill", weight=weight)

    seconds = wait_in(prefer, LONGEST_WAIT)
    job = await with_form(request, here, ("image", "mask"), schemas.FillForm, work)
    return await answered(request, here, job, seconds)


@router.post(
    "/edit",
    response_class=Response,
    status_code=202,
    responses={**PICTURE, 202: ACCEPTED},
    openapi_extra=form_body("edit"),
)
async def edit(request: Request, here: Here, form: FileFormat = "png", prefer: Prefer = None) -> Response:
    """A finished edit as a job: 202 and where to look, or with `Prefer: wait=30` the picture."""

    def work(sent: Form) -> Job:
        asked = validated(schemas.EditForm, sent.fields)
        picture = picture_in(sent.file("image"), here.settings)
        document = edit_in(sent.file("edit"), masks_in(sent), here.settings)
        made, weight = edit_work(picture, document, asked, form, here.settings, here.models)
        return here.jobs.submit(made, kind="edit", weight=weight, engine=asked.engine)

    seconds = wait_in(prefer, 0)
    job = await with_form(request, here, ("image", "edit", "masks"), schemas.EditForm, work)
    return await answered(request, here, job, seconds)


def masks_in(sent: Form) -> dict[str, bytes]:
    """The masks of a form by their file names.

    Raises:
        RequestError: one has no name, or two have the same.
    """
    masks: dict[str, bytes] = {}
    for name, content in sent.files.get("masks", ()):
        if not name or name in masks:
            raise RequestError(
                "Each of 'masks' must be a file with a name of its own, which the edit document uses."
            )
        masks[name] = content
    return masks
