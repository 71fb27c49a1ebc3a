"""The models Pliant knows by a short name: where they are, under which licence, what their graphs want."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files as package_files
from typing import Any, Literal, cast, get_args

Kind = Literal[
    "diffusers",
    "inpaint-diffusers",
    "inpaint-onnx",
    "ip-adapter",
    "lora",
    "metric",
    "taesd",
    "segment-sam",
    "segment-onnx-sam",
    "segment-subject",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Triple = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What an ONNX graph takes and gives, as batches `(1, C, H, W)`, RGB.

    `image`, `mask` and `output` are names in the graph ("": by position). `side` is the only height and width it
    takes (None: any multiple of `multiple`). A pixel value v of 0 to 255 goes in as `(v - mean) / std` by channel,
    as `dtype`. The mask holds `hole` where there is to paint and `keep` elsewhere, in the same `dtype`. The output
    lies in `output_range` (None: it is no picture).
    """

    image: str = ""
    mask: str = ""
    output: str = ""
    side: int | None = None
    multiple: int = 1
    dtype: Literal["float32", "uint8"] = "float32"
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    hole: float = 1.0
    keep: float = 0.0
    output_range: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Location:
    """One place that has a model: a hub repository (`repo`, `revision`) or a folder on the web (`url`).

    `files` are the wanted names or patterns (`*`), each of which must be there; `sha256` maps a file's name to
    its hash where that is known.
    """

    repo: str = ""
    revision: str | None = None
    url: str = ""
    files: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.url or (f"{self.repo}@{self.revision[:7]}" if self.revision else self.repo)

    @property
    def single(self) -> str | None:
        """The name of its file, where it is just one."""
        only = self.files[0] if len(self.files) == 1 else ""
        return only if only and not any(character in only for character in "*?[") else None


@dataclass(frozen=True, kw_only=True)
class Model:
    """A catalogue entry. `size` is in bytes, all files together (None: not known)."""

    alias: str
    kind: Kind
    title: str
    licence: str
    paper: str = ""
    size: int | None = None
    locations: tuple[Location, ...]
    contract: Contract | None = None


def models() -> list[Model]:
    """Every model of the catalogue, in its order."""
    return list(_catalogue().values())


def find(alias: str) -> Model | None:
    """The model called `alias`, if there is one."""
    return _catalogue().get(alias)


@cache
def _catalogue() -> dict[str, Model]:
    text = package_files("pliant.models").joinpath("catalog.toml").read_text(encoding="utf-8")
    return {alias: _model(alias, table) for alias, table in tomllib.loads(text).items()}


def _model(alias: str, table: dict[str, Any]) -> Model:
    wanted, hashes = table.pop("files"), table.pop("sha256", {})
    locations = tuple(_location({"files": wanted, **place}, hashes) for place in table.pop("locations"))
    contract = _contract(table.pop("contract")) if "contract" in table else None
    return Model(alias=alias, locations=locations, contract=contract, **table)


def _location(place: dict[str, Any], hashes: dict[str, str]) -> Location:
    wanted = tuple(place.pop("files"))
    return Location(files=wanted, sha256={name: hashes[name] for name in wanted if name in hashes}, **place)


def _contract(table: dict[str, Any]) -> Contract:
    return Contract(**{name: _frozen(value) for name, value in table.items()})


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(float(part) for part in cast(list[float], value))
    return value
