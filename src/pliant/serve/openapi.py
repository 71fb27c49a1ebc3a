"""What the OpenAPI document says that cannot be read off the routes, and the page that shows it."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from pliant.serve.problems import MEDIA_TYPE
from pliant.serve.schemas import EditForm, FillForm, JobStatus, Problem, SelectForm, Strict, ViewForm, WarpForm
from pliant.serve.security import CSP

_PROBLEM: dict[str, Any] = {
    "description": "What is wrong, with a stable code.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PROBLEMS: dict[int | str, dict[str, Any]] = {"4XX": _PROBLEM, "5XX": _PROBLEM}

_BINARY = {"schema": {"type": "string", "format": "binary"}}


def _picture(description: str, *kinds: str, **more: Any) -> dict[int | str, dict[str, Any]]:
    content = {f"image/{kind}": _BINARY for kind in kinds}
    return {200: {"description": description, "content": content, **more}}


_SEED = {"X-Seed": {"description": "The seed that was used.", "schema": {"type": "string"}}}
PICTURE = _picture("The picture.", "png", "jpeg", "webp", "tiff", headers=_SEED)
MASK = _picture("The mask, white is selected.", "png")
VIEW = _picture("The picture.", "jpeg", "png")
PHOTO = _picture("The file.", "png", "jpeg", "webp", "tiff", "heif")
ACCEPTED: dict[str, Any] = {"model": JobStatus, "description": "The job was taken."}
EVENTS: dict[str, Any] = {
    "description": "Server-sent events.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}

_FILE = {"type": "string", "format": "binary"}
_FILES: dict[str, dict[str, Any]] = {
    "image": {**_FILE, "description": "The photo: PNG, JPEG, WebP, TIFF or HEIC."},
    "mask": {**_FILE, "description": "A picture of the photo's size, white is selected."},
    "edit": {**_FILE, "description": "The edit document (JSON)."},
    "masks": {"type": "array", "items": _FILE, "description": "Mask files that the document names."},
}
_FORMS: dict[str, tuple[type[Strict], tuple[str, ...], list[str]]] = {
    "warp": (WarpForm, ("image", "edit", "masks"), ["image", "edit"]),
    "select": (SelectForm, ("image", "mask"), ["image"]),
    "view": (ViewForm, ("image",), ["image"]),
    "fill": (FillForm, ("image", "mask"), ["image", "mask"]),
    "edit": (EditForm, ("image", "edit", "masks"), ["image", "edit"]),
}

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #e8e8e6; } a { color: #8ab4f8; } }
code { font: 0.9em ui-monospace, monospace; } dt { font-weight: 600; } section { margin-top: 2rem; }
"""


def form_body(name: str) -> dict[str, Any]:
    """The multipart body of a route, for its `openapi_extra`."""
    kind, files, required = _FORMS[name]
    fields = kind.model_json_schema().get("properties", {})
    properties = {**{file: _FILES[file] for file in files}, **fields}
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def install(app: FastAPI) -> None:
    """Add what the routes refer to, and the page `/docs`."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        made = plain()
        made.setdefault("components", {}).setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        return made

    app.openapi = openapi  # type: ignore[method-assign]

    async def docs() -> HTMLResponse:
        digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
        headers = {"Content-Security-Policy": f"{CSP}; style-src 'sha256-{digest}'"}
        return HTMLResponse(page(app.openapi()), headers=headers)

    app.add_api_route("/docs", docs, include_in_schema=False)


def page(document: Mapping[str, Any]) -> str:
    """The OpenAPI `document` as a page that needs nothing from anywhere."""
    routes = [
        _section(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    title = f"{document['info']['title']} {document['info']['version']}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width"><style>' + _STYLE + "</style>"
        f'<h1>{escape(title)}</h1><p>The same for programs: <a href="openapi.json">openapi.json</a>.</p>'
        + "".join(routes)
    )


def _section(method: str, path: str, operation: Mapping[str, Any]) -> str:
    fields = [(p["name"], p["in"], p.get("description", "")) for p in operation.get("parameters", ())]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        known = content["schema"].get("properties", {})
        fields += [(name, "form", field.get("description", "")) for name, field in known.items()]
    rows = "".join(
        f"<dt><code>{escape(name)}</code> ({escape(where)})</dt><dd>{escape(text)}</dd>"
        for name, where, text in fields
    )
    answers = ", ".join(operation["responses"])
    return (
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}</p><dl>{rows}</dl>"
        f"<p>Answers: {escape(answers)}</p></section>"
    )
