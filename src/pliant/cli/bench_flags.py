"""The flags of `pliant bench`."""

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """What a table can be written as."""

    markdown = "markdown"
    csv = "csv"
    latex = "latex"
    json = "json"


class By(StrEnum):
    """What the sections of a table are."""

    edge = "edge"
    category = "category"
    all = "all"


Data = Annotated[
    list[str],
    typer.Option("--data", metavar="DATA", help="A folder, exact[:count=300,...], or holes:PHOTOS. Repeatable."),
]
Plans = Annotated[
    list[str] | None,
    typer.Option("--plan", metavar="NAME", help="What is compared; see `bench list`. Repeatable."),
]
Engines = Annotated[
    list[str] | None, typer.Option("--engine", metavar="NAME", help="An engine or baseline to run. Repeatable.")
]
EngineOptions = Annotated[
    list[str] | None, typer.Option("--engine-option", metavar="K=V", help="Option of the --engine. Repeatable.")
]
FillerName = Annotated[
    str | None, typer.Option("--filler", metavar="NAME", help="Short for --engine-option filler=NAME.")
]
ProtocolName = Annotated[
    str, typer.Option("--protocol", metavar="NAME", help="What is measured, and how; see `bench list`.")
]
Weights = Annotated[
    str | None,
    typer.Option("--weights", metavar="DIR", help="Folder with the metrics' networks. [default: the catalogue's]"),
]
Features = Annotated[
    str, typer.Option("--features", metavar="NAME", help="Features for MD: squeezenet, mobilenetv2 or a model.")
]
OutputFolder = Annotated[str, typer.Option("-o", "--output", metavar="DIR", help="The run's folder.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="The first N samples of each set.")]
Shard = Annotated[str, typer.Option("--shard", metavar="I/N", help="Every N-th sample, beginning with the I-th.")]
RunSeed = Annotated[int, typer.Option("--seed", min=0, help="Seed of whatever is random.")]

RunFolder = Annotated[str, typer.Argument(metavar="DIR", help="The folder of a run.")]
TableFile = Annotated[str | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write the table.")]
TableFormat = Annotated[Format, typer.Option("--format", help="What the table is written as.")]
TableBy = Annotated[By, typer.Option("--by", help="Sections by the edge or category of samples, or all in one.")]
Against = Annotated[
    str | None, typer.Option("--against", metavar="NAME", help="Compare with this contender, sample by sample.")
]
Gallery = Annotated[bool, typer.Option("--gallery", help="Also write gallery.html into the run's folder.")]
Sort = Annotated[str | None, typer.Option("--sort", metavar="METRIC", help="What the gallery is sorted by.")]
Plots = Annotated[str | None, typer.Option("--plots", metavar="DIR", help="Also draw plots into this folder.")]
