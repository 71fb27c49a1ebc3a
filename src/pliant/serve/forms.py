"""Multipart forms: known names only, within the limits, and files apart from fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from pliant.serve.problems import RequestError
from pliant.serve.schemas import Strict
from pliant.serve.settings import MIB, Settings

T = TypeVar("T", bound=BaseModel)

_MOST_FILES = 64


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a form holds: `files` by field, each with its name; `fields` are texts."""

    files: Mapping[str, Sequence[tuple[str, bytes]]]
    fields: Mapping[str, str]

    def file(self, name: str) -> bytes:
        """The content of the one file, or text, sent as `name`.

        Raises:
            RequestError: `missing_field`, or there are several.
        """
        found = [content for _, content in self.files.get(name, ())]
        if len(found) != 1:
            what = "is missing" if not found else f"was sent {len(found)} times"
            raise RequestError(
                f"The field {name!r} {what}; send it once, as a file.",
                code="invalid_request" if found else "missing_field",
            )
        return found[0]


async def read_form(request: Request, settings: Settings, *, files: Sequence[str], fields: type[Strict]) -> Form:
    """The form in `request`, which has `files` and the fields of `fields` and nothing else.

    Raises:
        RequestError: `not_multipart`, `unknown_field`, or a field is there twice.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise RequestError("The request's body must be multipart/form-data.", code="not_multipart")
    known = {*files, *fields.model_fields}
    found: dict[str, list[tuple[str, bytes]]] = {}
    texts: dict[str, str] = {}
    part = settings.max_document_mb * MIB
    async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FILES, max_part_size=part) as form:
        for name, value in form.multi_items():
            if name not in known:
                raise RequestError(
                    f"There is no field {name[:100]!r} here; there are: {', '.join(sorted(known))}.",
                    code="unknown_field",
                )
            if name in files:
                found.setdefault(name, []).append(await _content(value))
            elif isinstance(value, UploadFile) or name in texts:
                raise RequestError(f"The field {name!r} must be one text, not a file and not several.")
            else:
                texts[name] = value
    return Form(files=found, fields=texts)


async def _content(value: UploadFile | str) -> tuple[str, bytes]:
    if isinstance(value, str):
        return "", value.encode("utf-8", "surrogatepass")
    return value.filename or "", await value.read()


def validated(kind: type[T], values: Mapping[str, Any]) -> T:
    """`values` as a `kind`.

    Raises:
        RequestError: `invalid_request`; the message names the field, what was given and what is accepted.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise RequestError(complaint(error)) from None


def complaint(error: ValidationError) -> str:
    """The first thing that is wrong, in one line."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or "The message"
    return f"{where} is {repr(first['input'])[:100]}: {first['msg']}."
