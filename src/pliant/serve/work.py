"""What is done for a client: warp, fill and edit, within what the operator allows."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from pliant.compose import repaint, widen
from pliant.engines.api import apply, engine, preview
from pliant.engines.base import ENGINES, check_understood
from pliant.events import CancelToken, OnEvent
from pliant.fill.base import Filler
from pliant.imageio import encode, load
from pliant.regions.mask import rasterise
from pliant.regions.segment import Segmenter
from pliant.serve.documents import mask_in
from pliant.serve.job import Output, Work
from pliant.serve.models import Models
from pliant.serve.offers import offered_engine, offered_filler, offered_segmenter
from pliant.serve.problems import RequestError
from pliant.serve.schemas import EditForm, FileFormat, FillForm
from pliant.serve.settings import Settings
from pliant.types import Edit, Mask, Picture, RegionPair, Result, as_region
from pliant.warp.part import targets_of
from pliant.warp.show import cut_out, draw_mesh, with_alpha
from pliant.warp.warper import Warper


def picture_in(data: bytes, settings: Settings) -> Picture:
    """The picture that a client sent."""
    return load(data, max_pixels=settings.max_pixels)


def warped(picture: Picture, edit: Edit, *, mesh: bool, form: FileFormat) -> Output:
    """The warp with its hole transparent, or with its mesh drawn over it."""
    if mesh:
        return _output(draw_mesh(picture, edit), form, {})
    made = preview(with_alpha(picture), edit)
    facts = {
        "moved_area": int(made.moved.sum()),
        "hole_area": int(made.hole.sum()),
        "warnings": list(made.warnings),
    }
    return _output(cut_out(made), form, facts)


def fill_work(
    picture: Picture, mask: bytes, asked: FillForm, form: FileFormat, settings: Settings, models: Models
) -> tuple[Work, int]:
    """Work that paints the white part of `mask`, and the bytes it holds."""
    name = offered_filler(asked.filler, settings)
    hole = mask_in(mask, settings)
    rasterise(hole, picture.size)  # refuses another size
    filler = partial(models.filler, name)
    work = partial(_fill, picture=picture, hole=hole, filler=filler, asked=asked, form=form)
    return work, picture.pixels.nbytes + hole.selected.nbytes


def edit_work(
    picture: Picture, edit: Edit, asked: EditForm, form: FileFormat, settings: Settings, models: Models
) -> tuple[Work, int]:
    """Work that applies `edit`, and the bytes it holds. What the engine would refuse is refused now."""
    options = _options(asked, settings)
    chosen = engine(asked.engine, **options)
    if chosen.info.has_preview and asked.refine is None:  # refining may bring a handle into its region
        refuse_misfit(picture, edit)
    if asked.prompt is not None:
        edit = replace(edit, prompt=asked.prompt)
    if asked.seed is not None:
        edit = replace(edit, seed=asked.seed)
    check_understood(chosen.info, edit)
    loaded = {
        name: partial(load, options.pop(name))
        for name, load in (("filler", models.filler), ("refine", models.segmenter))
        if name in options
    }
    work = partial(
        _edit,
        picture=picture,
        edit=edit,
        make=partial(apply, engine=asked.engine, **options),
        loaded=loaded,
        where=models.where,
        form=form,
    )
    return work, picture.pixels.nbytes


def refuse_misfit(picture: Picture, edit: Edit) -> None:
    """Refuse an edit that a warp of `picture` would refuse, without warping it.

    Raises:
        EditError: a region, handle, pin or target does not fit the picture.
    """
    blank = Picture(np.zeros((*picture.pixels.shape[:2], 1), np.uint8))
    for region, parts in Warper(blank).parts(edit):
        # Without a deformer, the picture itself decides what moves and so what has room.
        for part in parts if region.deform is not None else ():
            part.carry(targets_of(region))
    pairs = [pair for pair in edit.regions if isinstance(pair, RegionPair)]
    for region in (edit.protect, *(side for pair in pairs for side in (pair.source, pair.target))):
        if region is not None:
            rasterise(as_region(region), picture.size)


def _options(asked: EditForm, settings: Settings) -> dict[str, Any]:
    offered_engine(asked.engine, settings)
    options: dict[str, Any] = {name: _whole(value) for name, value in asked.options.items()}
    if own := {"filler", "refine"} & options.keys():
        raise RequestError(f"{min(own)!r} is not given among the options; it has a field of its own.")
    info = ENGINES.get(asked.engine).info
    for name, value in options.items():
        # Other options that take text name models and folders of the server's machine.
        if isinstance(value, str) and value not in info.choices.get(name, ()):
            raise RequestError(_named_wrongly(name, value, info.choices))
    if asked.filler is not None or "filler" in info.options:
        options["filler"] = offered_filler(asked.filler, settings)
    if asked.refine is not None:
        options["refine"] = offered_segmenter(asked.refine, settings)
    return options


def _named_wrongly(name: str, value: str, choices: Mapping[str, tuple[str, ...]]) -> str:
    accepted = f"accepted: {', '.join(choices[name])}" if name in choices else "no text is accepted here"
    return f"The option {name!r} is {value!r}; {accepted}."


def _whole(value: float | bool | str | None) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _fill(
    device: str,
    on_event: OnEvent,
    cancel: CancelToken,
    *,
    picture: Picture,
    hole: Mask,
    filler: Callable[[str], Filler],
    asked: FillForm,
    form: FileFormat,
) -> Output:
    paint = filler(device)
    selected = rasterise(hole, picture.size)
    box, weight = widen(selected, asked.margin)
    painted = repaint(
        picture, box, weight, paint, prompt=asked.prompt, seed=asked.seed, on_event=on_event, cancel=cancel
    )
    facts = {"size": list(picture.size), "seed": asked.seed, "hole_area": int(selected.sum()), "warnings": []}
    return _output(painted, form, facts)


def _edit(
    device: str,
    on_event: OnEvent,
    cancel: CancelToken,
    *,
    picture: Picture,
    edit: Edit,
    make: Callable[..., Result],
    loaded: Mapping[str, Callable[[str], Filler | Segmenter]],
    where: Callable[[str], dict[str, Any]],
    form: FileFormat,
) -> Output:
    ready = {option: load(device) for option, load in loaded.items()}
    result = make(picture, edit, on_event=on_event, cancel=cancel, **ready, **where(device))
    return _output(result, form, _facts(result))


def _facts(result: Result) -> dict[str, Any]:
    return {
        "size": list(result.picture.size),
        "engine": result.engine,
        "seed": result.seed,
        "moved_area": result.moved_area,
        "hole_area": result.hole_area,
        "timings": {name: round(seconds, 4) for name, seconds in result.timings.items()},
        "warnings": list(result.warnings),
    }


def _output(picture: Picture | Result, form: FileFormat, facts: Mapping[str, Any]) -> Output:
    suffix = {"jpeg": "jpg", "tiff": "tif"}.get(form, form)
    return Output(content=encode(picture, form), media_type=f"image/{form}", suffix=suffix, facts=facts)
