"""The editor: the files of the page, and nothing else, read from the package."""

import hashlib
from collections.abc import Callable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import FastAPI, Request, Response

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".txt": "text/plain; charset=utf-8",
}


def page_files() -> dict[str, Traversable]:
    """The page's files by the path under which they are served; `/` is the page itself.

    What is not in this list when the server starts is never read, whatever a client asks for.
    """
    found = dict(_walk(files("pliant.serve") / "web", "/"))
    return {"/" if path == "/index.html" else path: file for path, file in found.items()}


def install(app: FastAPI) -> frozenset[str]:
    """Add a route for each of the page's files; gives their paths, which hold nothing of anybody's."""
    found = page_files()
    for path, file in found.items():
        app.add_route(path, _route(file), methods=["GET"], include_in_schema=False)
    return frozenset(found)


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif _suffix(entry.name) in _TYPES:
            yield prefix + entry.name, entry


def _suffix(name: str) -> str:
    return "." + name.rpartition(".")[2]


def _route(file: Traversable) -> Callable[[Request], Response]:
    media_type = _TYPES[_suffix(file.name)]

    def answer(request: Request) -> Response:
        # An upgrade must show at the next load, so browsers ask each time, and mostly hear that nothing changed.
        content = file.read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": CSP}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=media_type, headers=headers)

    return answer
