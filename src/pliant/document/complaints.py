"""What the validator found wrong, in the words of the document: which field, what was given, what is accepted."""

import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pliant.document import models
from pliant.errors import DocumentError

Path = Sequence[str | int]

_KINDS = {
    "a number": ("float_type", "float_parsing", "finite_number"),
    "a whole number": ("int_type", "int_parsing", "int_from_float", "int_parsing_size"),
    "true or false": ("bool_type", "bool_parsing"),
    "text": ("string_type",),
    "Unicode text": ("string_unicode",),
    "a list": ("list_type",),
    "an object {...}": ("model_type", "model_attributes_type", "dict_type"),
}
_ACCEPTED = {code: words for words, codes in _KINDS.items() for code in codes}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "greater_than": ("gt", "more than"),
    "less_than": ("lt", "less than"),
}
_TAGS: dict[str, type[BaseModel]] = {**models.REGION_KINDS, **models.ITEM_KINDS}
_TAG_NAMES = {*_TAGS, "<all>"}
_REGION = '{"mask": ...}, {"polygon": ...}, {"box": ...}, {"strokes": ...} or "all"'


def complaint(error: ValidationError) -> DocumentError:
    """The `DocumentError` for the first thing that `error` holds."""
    details = error.errors(include_url=False)
    first = details[0]
    # A misspelt field is also a missing one; its own name is the better news.
    strays = (d for d in details if d["type"] == "extra_forbidden" and d["loc"][:-1] == first["loc"][:-1])
    return DocumentError(_message(next(strays, first)))


def path_text(path: Path) -> str:
    """`("regions", 0, "to")` as `regions[0].to`; nothing as `the document`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_clipped(part)}" for part in path)
    return text.removeprefix(".") or "The document"


def shown(value: Any, depth: int = 2) -> str:
    """`value` as short JSON."""
    if isinstance(value, dict):
        items = list(cast(dict[str, Any], value).items())
        inner = [f"{json.dumps(_clipped(k))}: {shown(v, depth - 1)}" for k, v in items[:4]]
        return "{" + (", ".join(inner + ["..."] * (len(items) > 4)) if depth else "...") + "}"
    if isinstance(value, list | tuple):
        parts = cast(Sequence[Any], value)
        inner = [shown(part, depth - 1) for part in parts[:4]]
        return "[" + (", ".join(inner + ["..."] * (len(parts) > 4)) if depth else "...") + "]"
    return json.dumps(_clipped(value)) if isinstance(value, str) else _clipped(json.dumps(value, default=repr))


def _clipped(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _message(detail: ErrorDetails) -> str:
    kind, given = detail["type"], detail["input"]
    path = [part for part in detail["loc"][:-1] if part not in _TAG_NAMES]
    last = detail["loc"][-1:]
    if kind == "extra_forbidden":
        return _unknown_field([*path, *last], _model_at(detail["loc"][:-1]))
    path += [part for part in last if part not in _TAG_NAMES]
    if kind == "missing" and isinstance(path[-1], str):
        return f"{path_text(path)} is missing; the document needs it."
    accepted = _accepted(detail)
    if kind == "missing" or _of_tuple(detail):
        path = path[:-1] if kind == "missing" else path
        accepted = _tuple_form(path)
    return f"{path_text(path)} is {shown(given)}; accepted is {accepted}.{_region_hint(kind, given)}"


def _of_tuple(detail: ErrorDetails) -> bool:
    return detail["type"] == "tuple_type" or detail.get("ctx", {}).get("field_type") == "Tuple"


def _tuple_form(path: Path) -> str:
    forms = {"box": "four whole numbers [x0, y0, x1, y1]", "size": "two whole numbers [width, height]"}
    return forms.get(str(path[-1]), "two numbers [x, y]")


def _accepted(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _ACCEPTED:
        return _ACCEPTED[kind]
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"a number of {words} {shown(_plain(context[key]))}"
    if kind == "literal_error":
        return str(context["expected"]).replace("'", '"')
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        return _length(kind, context)
    if kind == "union_tag_not_found":
        return _REGION
    return str(detail["msg"])


def _length(kind: str, context: dict[str, Any]) -> str:
    holder, unit = ("a text", "character") if kind.startswith("string") else ("a list", "value")
    words, count = ("at most", context.get("max_length", 0))
    if kind.endswith("short"):
        words, count = "at least", context["min_length"]
    return f"{holder} of {words} {count} {unit}{'s' * (count != 1)}"


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _region_hint(kind: str, given: Any) -> str:
    if kind != "union_tag_not_found" or not isinstance(given, dict):
        return ""
    names = [kind[1:-1] for kind in models.REGION_KINDS]
    return _did_you_mean(next(iter(cast(dict[str, Any], given)), ""), names)


def _unknown_field(path: Path, model: type[BaseModel]) -> str:
    known = [field.alias or name for name, field in model.model_fields.items()]
    hint = _did_you_mean(str(path[-1]), known)
    return f"{path_text(path)} is not a known field; accepted here are {', '.join(known)}.{hint}"


def _did_you_mean(given: str, known: list[str]) -> str:
    close = get_close_matches(given, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _model_at(parent: Path) -> type[BaseModel]:
    """The model of the object at `parent`, whose tags are still in it."""
    if not parent:
        return models.Document
    if isinstance(parent[-1], int):
        return {"drags": models.DragItem}.get(str(parent[-2]), models.StrokeItem)
    return _TAGS[parent[-1]]
