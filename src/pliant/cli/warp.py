"""`pliant warp`: the bend alone, with the hole left open."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pliant.cli import flags, runtime
from pliant.cli.console import guarded, warn
from pliant.cli.edit import asked_for
from pliant.cli.pictures import check_file, open_photo, target
from pliant.cli.quick import Quick

if TYPE_CHECKING:
    from pliant.types import Edit, Picture, Preview


class Show(StrEnum):
    """What can be drawn over the photo."""

    mesh = "mesh"


HoleFile = Annotated[
    str | None, typer.Option("--hole", metavar="FILE", help="Also write the hole, white on black.")
]
ShowFlag = Annotated[
    Show | None, typer.Option("--show", help="Draw mesh, handles, pins and hole over the picture instead.")
]


@guarded
def warp(
    photo: flags.Photo,
    output: flags.MaybeOutput = None,
    hole: HoleFile = None,
    show: ShowFlag = None,
    edit_file: flags.EditFile = None,
    mask: flags.MaskFile = None,
    box: flags.BoxFlag = None,
    polygon: flags.PolygonFlag = None,
    drag: flags.Drags = None,
    pin: flags.Pins = None,
    edge: flags.EdgeFlag = None,
    deform: flags.Deform = None,
    strength: flags.Strength = None,
    refine: flags.Refine = None,
    device: runtime.Device = "auto",
    dtype: runtime.Dtype = "auto",
    offline: runtime.Offline = False,
    yes: runtime.Yes = False,
    pipe_format: flags.PipeFormat = None,
    overwrite: flags.Overwrite = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Bend a part of PHOTO and leave the hole open.

    The hole is transparent, or white in a JPEG, which has no transparency.

    What to drag is said as for `pliant edit`. `pliant fill` paints the hole that --hole writes.
    """
    del verbose
    where = target(output, pipe_format, overwrite=overwrite)
    if hole is not None:
        check_file(hole, overwrite=overwrite)
    from pliant.batch.adjust import adjusted
    from pliant.warp.show import cut_out

    quick = Quick(mask=mask, box=box, polygon=polygon, drags=drag or (), pins=pin or ())
    asked = asked_for(edit_file, quick, photo=photo)
    asked = adjusted(asked, edge=edge.value if edge else None, deform=deform, strength=strength)
    picture = open_photo(photo)
    runtime.get_models(runtime.models_of(None, refine), offline=offline, yes=yes)
    asked, notes = _refined(picture, asked, refine, device=device, dtype=dtype, offline=offline)
    preview = _preview(picture, asked)
    where.write(_drawn(picture, asked) if show else cut_out(preview))
    if hole is not None:
        _write_hole(preview, hole, overwrite=overwrite)
    warn([*notes, *preview.warnings], quiet=quiet)
    if not quiet and not where.is_pipe:
        typer.echo(f"{where.name}: {int(preview.moved.sum()):,} pixels moved, {int(preview.hole.sum()):,} open")


def _refined(picture: "Picture", asked: "Edit", segmenter: str | None, **where: Any) -> "tuple[Edit, list[str]]":
    if segmenter is None:
        return asked, []
    from pliant.models.device import Runtime
    from pliant.regions.refined import Refiner
    from pliant.regions.segment import make_segmenter

    return Refiner(picture, make_segmenter(segmenter, Runtime(**where))).refined(asked)


def _preview(picture: "Picture", asked: "Edit") -> "Preview":
    from pliant.engines.api import preview
    from pliant.warp.show import with_alpha

    return preview(with_alpha(picture), asked)


def _drawn(picture: "Picture", asked: "Edit") -> "Picture":
    from pliant.warp.show import draw_mesh

    return draw_mesh(picture, asked)


def _write_hole(preview: "Preview", name: str, *, overwrite: bool) -> None:
    import numpy as np

    from pliant.imageio import save
    from pliant.types import Picture

    save(Picture(preview.hole.astype(np.uint8) * np.uint8(255)), name, overwrite=overwrite)
