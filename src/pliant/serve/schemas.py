"""The shapes of what clients send and get."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Json

SeedField = Annotated[int, Field(ge=0, lt=2**63, description="The seed of whatever is random.")]
PromptField = Annotated[str, Field(max_length=10_000, description="What to paint, for fillers that read it.")]
NameField = Annotated[str, Field(min_length=1, max_length=200)]
FileFormat = Literal["png", "jpeg", "webp", "tiff"]
Coordinate = Annotated[float, Field(strict=True, ge=-1e7, le=1e7, allow_inf_nan=False)]
Label = Annotated[int, Field(strict=True, ge=0, le=1)]
Unsigned = Annotated[int, Field(strict=True, ge=0, lt=2**32)]


class Strict(BaseModel):
    """Nothing that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# ------------------------------------------------------------------------------------------ fields of forms


class WarpForm(Strict):
    """The fields of `POST /warp` beside its files: none."""


class FillForm(Strict):
    """The fields of `POST /fill` beside its files."""

    filler: NameField | None = Field(None, description="What paints; see `GET /fillers`.")
    prompt: PromptField = ""
    seed: SeedField = 0
    margin: int = Field(3, ge=0, le=100, description="Pixels around the hole over which the paint fades out.")


class SelectForm(Strict):
    """The fields of `POST /select` beside its files."""

    points: Json[list[tuple[Coordinate, Coordinate] | tuple[Coordinate, Coordinate, Label]]] = Field(
        default=[], max_length=1000, description="[[x, y, 1], ...] in pixels; 1 is on the object, 0 is not."
    )
    box: Json[tuple[Coordinate, Coordinate, Coordinate, Coordinate]] | None = Field(
        None, description="[x0, y0, x1, y1], around the object."
    )
    segmenter: NameField | None = Field(None, description="What finds it; see `GET /segmenters`.")


class ViewForm(Strict):
    """The fields of `POST /view` beside its file: none."""


class EditForm(Strict):
    """The fields of `POST /edit` beside its files."""

    engine: NameField = Field("inpaint4drag", description="The method; see `GET /engines`.")
    filler: NameField | None = Field(None, description="What paints the hole; see `GET /fillers`.")
    refine: NameField | None = Field(
        None, description="The segmenter that moves drawn borders onto the object's; none if not given."
    )
    prompt: PromptField | None = Field(None, description="Instead of the edit document's.")
    seed: SeedField | None = Field(None, description="Instead of the edit document's.")
    options: Json[dict[str, float | bool | str | None]] = Field(
        default={},
        description='The engine\'s options as a JSON object, for example {"tear": 3}; text only where the engine '
        "has names to choose from.",
    )


# ------------------------------------------------------------------------------------------------- answers


class Problem(BaseModel):
    """An error (RFC 9457). `code` never changes its meaning."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class Health(BaseModel):
    """Whether the server is up, and whether it takes work."""

    name: str
    live: bool
    ready: bool
    version: str
    waiting: int


class Listed(BaseModel):
    """What an engine, filler, deformer, segmenter or model declares of itself."""

    model_config = ConfigDict(extra="allow")

    name: str
    summary: str


class JobStatus(BaseModel):
    """A job. `result` has what there is to say of a finished one, `problem` why it failed."""

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    created: float = Field(description="Seconds since 1970.")
    finished: float | None
    status_url: str
    events_url: str
    result_url: str
    result: dict[str, Any] | None
    problem: Problem | None


# ------------------------------------------------------------------------------- messages of live previews


class OpenMessage(Strict):
    """Begin with a picture of this size; its pixels stay with the client."""

    type: Literal["open"]
    size: tuple[Annotated[int, Field(strict=True, ge=1)], Annotated[int, Field(strict=True, ge=1)]]


class EditMessage(Strict):
    """Show this edit document."""

    type: Literal["edit"]
    seq: Unsigned
    edit: dict[str, Any]
    picture: Literal["png", "jpeg"] | None = None


class MoveMessage(Strict):
    """Show the last edit with other targets: one list for each region with drags, one point for each drag."""

    type: Literal["move"]
    seq: Unsigned
    targets: list[list[tuple[Coordinate, Coordinate]]]
    strengths: list[Annotated[float, Field(ge=0, le=1)]] | None = None
    picture: Literal["png", "jpeg"] | None = None


Message = Annotated[OpenMessage | EditMessage | MoveMessage, Field(discriminator="type")]
