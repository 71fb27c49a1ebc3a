"""The arguments and flags that several verbs share."""

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """What a picture written to a pipe can be."""

    png = "png"
    jpeg = "jpeg"
    webp = "webp"
    tiff = "tiff"


class Border(StrEnum):
    """What a region's border does."""

    free = "free"
    pinned = "pinned"


Photo = Annotated[str, typer.Argument(metavar="PHOTO", help="The photo; '-' reads it from standard input.")]
MaybeOutput = Annotated[
    str | None,
    typer.Option("-o", "--output", metavar="FILE", help="Where to write; '-' writes to standard output."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")]
PipeFormat = Annotated[
    Format | None, typer.Option("--format", help="Format for '-o -'; a file's suffix says its own. [default: png]")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress, no warnings, no summary.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Add the traceback to an error.")]
Json = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of whatever is random.")]
Prompt = Annotated[str | None, typer.Option("--prompt", help="What to paint, for fillers that read it.")]

EditFile = Annotated[
    str | None,
    typer.Option(
        "--edit",
        metavar="FILE",
        help="Edit document (JSON), or a PNG result that holds one; '-' reads JSON from stdin.",
    ),
]
MaskFile = Annotated[
    str | None, typer.Option("--mask", metavar="FILE", help="Region to drag: a picture, white is selected.")
]
BoxFlag = Annotated[str | None, typer.Option("--box", metavar="X0,Y0,X1,Y1", help="Region to drag: a box.")]
PolygonFlag = Annotated[
    str | None, typer.Option("--polygon", metavar='"X,Y X,Y ..."', help="Region to drag: a polygon.")
]
Drags = Annotated[
    list[str] | None,
    typer.Option("--drag", metavar="X0,Y0:X1,Y1", help="Pull this point to that point. Repeatable."),
]
Pins = Annotated[list[str] | None, typer.Option("--pin", metavar="X,Y", help="Hold this point. Repeatable.")]
EdgeFlag = Annotated[
    Border | None,
    typer.Option("--edge", help="The region's border: moves along (free) or stays (pinned). [default: free]"),
]
Deform = Annotated[
    str | None, typer.Option("--deform", metavar="NAME", help="How the region bends; see `pliant engines`.")
]
Refine = Annotated[
    str | None,
    typer.Option(
        "--refine", metavar="SEGMENTER", help="Move the drawn border onto the object's; see `pliant engines`."
    ),
]
Strength = Annotated[
    float | None, typer.Option("--strength", min=0, max=1, help="Share of the drag to apply. [default: 1]")
]
