"""The routes under `/api/v1` that only an editor needs: select, view and the photo to begin with."""

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from pliant.serve import schemas
from pliant.serve.answers import Here, only_known_parameters, picture_answer, with_form
from pliant.serve.forms import Form, read_form, validated
from pliant.serve.job import Output
from pliant.serve.offers import offered_segmenter
from pliant.serve.openapi import MASK, PHOTO, PROBLEMS, VIEW, form_body
from pliant.serve.selecting import selected
from pliant.serve.turns import in_turn
from pliant.serve.viewing import photo_answer, viewable
from pliant.serve.work import picture_in

router = APIRouter(prefix="/api/v1", responses=PROBLEMS, dependencies=[Depends(only_known_parameters)])


@router.post("/select", response_class=Response, responses=MASK, openapi_extra=form_body("select"))
async def select(request: Request, here: Here) -> Response:
    """An object as a mask: from points on it or a box around it, or a drawn mask with its border refined."""
    async with here.uploads:
        sent = await read_form(request, here.settings, files=("image", "mask"), fields=schemas.SelectForm)
    asked = validated(schemas.SelectForm, sent.fields)
    segmenter = offered_segmenter(asked.segmenter, here.settings)

    def work() -> Output:
        picture = here.kept.get(sent.file("image"))
        mask = sent.file("mask") if "mask" in sent.files else None
        used = here.models.segmenter(segmenter, here.settings.devices[0])
        return selected(picture, asked, mask, used, here.settings)

    return picture_answer(await in_turn(request, here.selections, work), name="mask")


@router.post("/view", response_class=Response, responses=VIEW, openapi_extra=form_body("view"))
async def view(request: Request, here: Here) -> Response:
    """Any picture as a browser can show it: upright, 8 bit, with its colour profile."""

    def work(sent: Form) -> Output:
        return viewable(picture_in(sent.file("image"), here.settings))

    return picture_answer(await with_form(request, here, ("image",), schemas.ViewForm, work), name="view")


@router.get("/photo", response_class=Response, responses={**PHOTO, 204: {"description": "None was named."}})
async def photo(here: Here) -> Response:
    """The photo that was named when the server was started, as it is; 204 where there was none."""
    return await to_thread.run_sync(photo_answer, here.settings.photo, limiter=here.pictures)
