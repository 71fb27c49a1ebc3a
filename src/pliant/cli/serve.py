"""`pliant serve`: the same over HTTP, for this machine."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pliant.cli import runtime
from pliant.cli.console import guarded

if TYPE_CHECKING:
    from pliant.serve.settings import Settings


class Form(StrEnum):
    """How the log is written."""

    text = "text"
    json = "json"


class Level(StrEnum):
    """What is logged: this and what is worse."""

    error = "error"
    warning = "warning"
    info = "info"
    debug = "debug"


Host = Annotated[
    str, typer.Option("--host", envvar="PLIANT_HOST", help="Where to listen; beyond loopback with a token.")
]
Port = Annotated[
    int,
    typer.Option("--port", envvar="PLIANT_PORT", min=0, max=65535, help="Where to listen; 0 takes a free one."),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="PLIANT_TOKEN",
        help="What clients must send. Others can see a command line; prefer the variable.",
    ),
]
AllowHosts = Annotated[
    list[str] | None,
    typer.Option("--allow-host", metavar="NAME", help="A name that a proxy is reached by. Repeatable."),
]
RootPath = Annotated[
    str, typer.Option("--root-path", metavar="PATH", help="Where a proxy puts the server: /pliant.")
]
MaxUpload = Annotated[int, typer.Option("--max-upload-mb", min=1, help="Largest request, in MiB.")]
MaxMegapixels = Annotated[float, typer.Option("--max-megapixels", min=0.001, help="Largest picture.")]
Queue = Annotated[int, typer.Option("--queue", min=1, help="Most jobs that wait.")]
Devices = Annotated[
    list[str] | None,
    typer.Option(
        "--device", envvar="PLIANT_DEVICE", help="Where models run; repeat for a worker each. [default: auto]"
    ),
]
Engines = Annotated[
    list[str] | None,
    typer.Option("--engine", metavar="NAME", help="Offer an engine that needs a model. Repeatable."),
]
Fillers = Annotated[
    list[str] | None,
    typer.Option("--filler", metavar="NAME", help="Offer this filler; the first is the default. Repeatable."),
]
Segmenters = Annotated[
    list[str] | None,
    typer.Option(
        "--segmenter", metavar="NAME", help="Offer this segmenter; the first is the default. Repeatable."
    ),
]
Input = Annotated[
    Path | None, typer.Option("--input", metavar="PHOTO", help="The photo that the editor begins with.")
]
Open = Annotated[bool, typer.Option("--open", help="Open the editor in the browser.")]
OutputDir = Annotated[
    Path | None,
    typer.Option("--output-dir", metavar="DIR", help="Write results there. [default: keep them in memory]"),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Do not print the address.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Log every request and job: --log-level info.")]
LogFormat = Annotated[Form, typer.Option("--log-format", help="The log, on stderr: lines for people, or JSON.")]
LogLevel = Annotated[
    Level,
    typer.Option(
        "--log-level", envvar="PLIANT_LOG_LEVEL", case_sensitive=False, help="Log this and what is worse."
    ),
]


@guarded
def serve(
    host: Host = "127.0.0.1",
    port: Port = 7860,
    token: Token = None,
    allow_host: AllowHosts = None,
    root_path: RootPath = "",
    max_upload_mb: MaxUpload = 64,
    max_megapixels: MaxMegapixels = 64.0,
    queue: Queue = 64,
    device: Devices = None,
    engine: Engines = None,
    filler: Fillers = None,
    segmenter: Segmenters = None,
    photo: Input = None,
    output_dir: OutputDir = None,
    open_page: Open = False,
    offline: runtime.Offline = False,
    yes: runtime.Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    log_format: LogFormat = Form.text,
    log_level: LogLevel = Level.warning,
) -> None:
    """Serve the editor, and the same over HTTP for programs, to this machine alone.

    Ctrl-C stops it; what runs gets ten seconds to finish. docs/http.md describes the routes.
    """
    from pliant.serve.settings import Settings

    settings = Settings(
        host=host,
        port=port,
        token=token,
        allow_hosts=tuple(allow_host or ()),
        root_path=root_path,
        max_upload_mb=max_upload_mb,
        max_megapixels=max_megapixels,
        queue=queue,
        devices=tuple(device or ("auto",)),
        engines=tuple(engine or ()),
        fillers=tuple(filler or ()),
        segmenters=tuple(segmenter or ()),
        photo=photo,
        output_dir=output_dir,
    )
    check_offers(settings)
    for name in settings.engines:
        runtime.get_models(runtime.models_of_engine(name, {}), offline=offline, yes=yes)
    for name in settings.fillers:
        runtime.get_models(runtime.models_of(name, None), offline=offline, yes=yes)
    for name in settings.segmenters:
        runtime.get_models(runtime.models_of(None, name), offline=offline, yes=yes)
    level = Level.info if verbose and log_level is not Level.debug else log_level
    start(settings, open_page=open_page, quiet=quiet, log_format=log_format, level=level)


def start(
    settings: "Settings", *, open_page: bool, quiet: bool, log_format: Form = Form.text, level: Level
) -> None:
    """Serve until it is stopped; say where, unless `quiet`."""
    from pliant.cli.browser import open_in_browser
    from pliant.serve.server import address, listening, run

    with listening(settings) as listener:
        where = address(settings, listener)
        if not quiet:
            typer.echo(f"Pliant is at {where} (Ctrl-C stops it)")
            sys.stdout.flush()
        if open_page:
            open_in_browser(where)
        run(settings, listener, log_format=log_format.value, level=level.value)


def check_offers(settings: "Settings") -> None:
    """Refuse an engine, filler or segmenter that is not there, before anybody waits for it."""
    from pliant.engines.base import ENGINES
    from pliant.fill.base import make_filler
    from pliant.regions.segment import make_segmenter

    for name in settings.engines:
        ENGINES.get(name)
    for name in settings.fillers:
        make_filler(name)
    for name in settings.segmenters:
        make_segmenter(name)
