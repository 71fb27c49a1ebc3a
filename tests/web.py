"""A web server on this machine: as much of the hub's interface, and of plain files, as downloads need."""

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Web:
    """What the server has, and what it was asked.

    `repos` maps a repository to its files, `files` a path to its content; `status` makes a repository or path
    answer an error; `cut` is after how many bytes, and how often, the answer for a path ends early; `asked` lists
    method, path and Range, `tokens` what each request authorised itself with.
    """

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, bytes]] = {}
        self.files: dict[str, bytes] = {}
        self.status: dict[str, int] = {}
        self.cut: dict[str, tuple[int, int]] = {}
        self.asked: list[tuple[str, str, str | None]] = []
        self.tokens: list[str | None] = []
        self.etags = True
        self.url = ""

    @property
    def downloads(self) -> list[str]:
        """The paths of which content was asked."""
        return [path for method, path, _ in self.asked if method == "GET" and not path.startswith("/api/")]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: Web

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.web.asked.append((self.command, path, self.headers.get("Range")))
        self.web.tokens.append(self.headers.get("Authorization"))
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/([^/]+))?", path):
            self._hub(found[1], found[2] or "revision")
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._hub_file(found[1], found[3])
        else:
            self._file(path, self.web.files.get(path), {})

    def _hub(self, repo: str, what: str) -> None:
        if self._refused(repo):
            return
        files = self.web.repos[repo]
        if what == "tree":
            self._json([_entry(name, content) for name, content in files.items()])
        else:
            siblings = [{"rfilename": name, "size": len(content)} for name, content in files.items()]
            self._json({"id": repo, "sha": COMMIT, "siblings": siblings, "cardData": {"license": "mit"}})

    def _hub_file(self, repo: str, name: str) -> None:
        if self._refused(repo):
            return
        content = self.web.repos[repo].get(name)
        if content is None:
            self._error(404, "EntryNotFound")
            return
        headers = {
            "X-Repo-Commit": COMMIT,
            "ETag": f'"{_blob(name, content)}"',
            "X-Linked-Size": str(len(content)),
        }
        self._file(self.path, content, headers)

    def _file(self, path: str, content: bytes | None, headers: dict[str, str]) -> None:
        if path in self.web.status or content is None:
            self._error(self.web.status.get(path, 404), "")
            return
        tag = headers.get("ETag") or f'"{hashlib.md5(content).hexdigest()}"'
        if self.web.etags:
            headers = {"ETag": tag, **headers}
        start = self._start(content, tag)
        if start is None:
            self._error(416, "")
            return
        self.send_response(206 if start else 200)
        for key, value in headers.items():
            self.send_header(key, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "GET":
            self._body(path, content[start:])

    def _start(self, content: bytes, tag: str) -> int | None:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if asked is None or self.headers.get("If-Range", tag) != tag:
            return 0
        return int(asked[1]) if int(asked[1]) < len(content) else None

    def _body(self, path: str, content: bytes) -> None:
        length, times = self.web.cut.get(path, (0, 0))
        if times:
            self.web.cut[path] = (length, times - 1)
            self.wfile.write(content[:length])
            self.close_connection = True
            return
        self.wfile.write(content)

    def _refused(self, repo: str) -> bool:
        status = self.web.status.get(repo) or (0 if repo in self.web.repos else 401)
        if status:
            self._error(status, {401: "RepoNotFound", 403: "GatedRepo"}.get(status, ""))
        return bool(status)

    def _json(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _error(self, status: int, code: str) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _blob(name: str, content: bytes) -> str:
    if name.endswith(".json"):
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return hashlib.sha256(content).hexdigest()


def _entry(name: str, content: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"type": "file", "path": name, "size": len(content), "oid": _blob(name, content)}
    if not name.endswith(".json"):
        entry["lfs"] = {"oid": _blob(name, content), "size": len(content), "pointerSize": 130}
    return entry


@contextmanager
def serving():
    """A `Web` at `web.url`."""
    web = Web()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"web": web}))
    server.daemon_threads = True
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def use(monkeypatch, web: Web, folder) -> None:
    """Point the hub's client at `web` and its caches at `folder`."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", web.url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", web.url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder / "hub"))
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(folder / "assets"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the hub's client waits between its attempts
