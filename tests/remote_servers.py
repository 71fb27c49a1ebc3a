"""Small servers that speak as Pliant, IOPaint and ComfyUI do; they paint holes in one colour."""

import base64
import email
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np

from pliant import imageio
from pliant.types import Picture

COLOUR = (10, 200, 90)


@dataclass
class Heard:
    """A request as a server got it."""

    method: str
    path: str
    query: dict
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def form(self) -> dict:
        """Each part of a form: text, or the bytes of a file; read by the standard library's mail parser."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        parts = {}
        for part in email.message_from_bytes(head + self.body).get_payload():
            data = part.get_payload(decode=True)
            name = part.get_param("name", header="content-disposition")
            parts[name] = data if part.get_filename() else data.decode()
        return parts


@dataclass
class Said:
    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: dict = field(default_factory=dict)


def said(value, status=200, **headers) -> Said:
    return Said(status, json.dumps(value).encode(), headers=headers)


def picture(png: bytes, **headers) -> Said:
    return Said(body=png, kind="image/png", headers=headers)


def pixels(data: bytes) -> np.ndarray:
    return imageio.load(data).pixels


def png(array: np.ndarray) -> bytes:
    return imageio.encode(Picture(array), "png")


def painted(rgb: np.ndarray, hole: np.ndarray) -> bytes:
    """The hole in `COLOUR`; all else inverted, so that whoever takes it from here is found out."""
    return png(np.where(hole[..., None], np.uint8(COLOUR), 255 - rgb))


class Server:
    """Answers from `routes`, `"METHOD /path"` to a function of the request; a path's last part may be `*`."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.routes = {}
        self.url = ""
        self.paint = painted
        self.released = threading.Event()

    def answer(self, heard: Heard) -> Said:
        self.heard.append(heard)
        route = self.routes.get(f"{heard.method} {heard.path}")
        route = route or self.routes.get(f"{heard.method} {heard.path.rpartition('/')[0]}/*")
        return route(heard) if route else said({"detail": "Not Found"}, 404)

    def asked(self, path: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.path == path]

    def hang(self, heard: Heard) -> Said:
        """An answer that comes when the test is over."""
        self.released.wait(30)
        return Said(500)

    def address(self, prefix: str = "", user: str = "", end: str = "") -> str:
        host = self.url.removeprefix("http://")
        return f"{prefix}{'+' if prefix else ''}http://{user}{'@' if user else ''}{host}{end}"


class FakePliant(Server):
    def __init__(self) -> None:
        super().__init__()
        self.routes |= {
            "GET /api/v1/health": lambda heard: said({"live": True, "ready": True, "version": "0", "waiting": 0}),
            "POST /api/v1/fill": self.fill,
        }

    def fill(self, heard: Heard) -> Said:
        form = heard.form
        mask = pixels(form["mask"])
        assert mask.shape[2] == 1
        return picture(self.paint(pixels(form["image"]), mask[..., 0] == 255), **{"X-Seed": form["seed"]})


class FakeIOPaint(Server):
    def __init__(self) -> None:
        super().__init__()
        self.routes |= {
            "GET /api/v1/server-config": lambda heard: said({"plugins": [], "modelInfos": [], "samplers": []}),
            "GET /api/v1/model": lambda heard: said({"name": "lama", "path": "lama", "model_type": "inpaint"}),
            "POST /api/v1/inpaint": self.inpaint,
        }

    def inpaint(self, heard: Heard) -> Said:
        asked = heard.json
        mask = pixels(base64.b64decode(asked["mask"]))[..., 0] > 127
        result = self.paint(pixels(base64.b64decode(asked["image"])), mask)
        return picture(result, **{"X-Seed": str(asked["sd_seed"])})


class FakeComfyUI(Server):
    """Runs the graph it is given as far as a colour can: loads, floors to cells of 8, paints, keeps a preview."""

    def __init__(self, *, polls: int = 2, new: bool = False) -> None:
        super().__init__()
        names = ["dreams.safetensors", "512-inpainting-ema.ckpt"]
        choices = ["COMBO", {"options": names}] if new else [names]
        self.loader = {"CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": choices}}}}
        self.files, self.jobs, self.removed, self.interrupted = {}, {}, [], []
        self.polls, self.pending, self.failure = polls, False, None
        self.routes |= {
            "GET /system_stats": lambda heard: said({"system": {"os": "posix"}, "devices": []}),
            "GET /object_info/*": lambda heard: said(self.loader),
            "POST /upload/image": self.upload,
            "POST /prompt": self.prompt,
            "GET /history/*": self.history,
            "GET /queue": self.queue,
            "POST /queue": self.unqueue,
            "POST /interrupt": self.interrupt,
            "GET /view": lambda heard: picture(self.files[heard.query["filename"], heard.query["type"]]),
        }

    def upload(self, heard: Heard) -> Said:
        form = heard.form
        name = heard.body.split(b'filename="')[1].split(b'"')[0].decode()
        self.files[name, form["type"]] = form["image"]
        return said({"name": name, "subfolder": "", "type": form["type"]})

    def prompt(self, heard: Heard) -> Said:
        name = f"job-{len(self.jobs)}"
        self.jobs[name] = {"graph": heard.json["prompt"], "polls": self.polls}
        return said({"prompt_id": name, "number": 1, "node_errors": {}})

    def history(self, heard: Heard) -> Said:
        name = heard.path.rpartition("/")[2]
        job = self.jobs.get(name)
        if job is None:
            return said({})
        job["polls"] -= 1
        return said({} if job["polls"] >= 0 else {name: self.failure or self.run(job["graph"])})

    def run(self, graph: dict) -> dict:
        by_kind = {node["class_type"]: (name, node["inputs"]) for name, node in graph.items()}
        stored, _, folder = by_kind["LoadImage"][1]["image"].partition(" [")
        rgba = pixels(self.files[stored, folder.rstrip("]")])
        height, width = (side // 8 * 8 for side in rgba.shape[:2])
        rgba = rgba[:height, :width]
        self.files["preview.png", "temp"] = self.paint(rgba[..., :3], rgba[..., 3] == 0)
        image = {"filename": "preview.png", "subfolder": "", "type": "temp"}
        outputs = {by_kind["PreviewImage"][0]: {"images": [image]}}
        return {"prompt": [], "outputs": outputs, "status": {"status_str": "success", "completed": True}}

    def queue(self, heard: Heard) -> Said:
        entries = [[0, name, {}, {}, []] for name in self.jobs]
        parts = {"queue_running": [[0, "somebody-else's", {}, {}, []]], "queue_pending": []}
        parts["queue_pending" if self.pending else "queue_running"] += entries
        return said(parts)

    def unqueue(self, heard: Heard) -> Said:
        self.removed += heard.json["delete"]
        if self.pending:
            for name in heard.json["delete"]:
                self.jobs.pop(name, None)
        return Said()

    def interrupt(self, heard: Heard) -> Said:
        self.interrupted.append(heard.json)
        return Said()


class _Handler(BaseHTTPRequestHandler):
    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.owner.answer(Heard(self.command, parts.path, query, headers, body))
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.kind, **answer.headers}.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_DELETE = handle_any  # noqa: N815

    def log_message(self, *args) -> None:
        pass


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address) -> None:
        """A client that hangs up is part of some tests."""


@contextmanager
def listening(server: Server) -> Generator[Server]:
    """`server` on a free port of this computer."""
    with _Listener(("127.0.0.1", 0), _Handler) as listener:
        listener.owner = server
        server.url = f"http://127.0.0.1:{listener.server_port}"
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            listener.shutdown()
            thread.join()


PREFIXES = {FakePliant: "pliant", FakeIOPaint: "iopaint", FakeComfyUI: "comfyui"}
