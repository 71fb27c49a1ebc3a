"""The process around the application: its socket, its signals and its end."""

import signal
import socket
import sys
import threading
from types import FrameType

import uvicorn

from pliant.errors import PliantError
from pliant.serve import logs
from pliant.serve.app import create_app
from pliant.serve.jobs import Jobs
from pliant.serve.settings import Settings


def listening(settings: Settings) -> socket.socket:
    """A socket that listens where `settings` say.

    Raises:
        PliantError: `address_unavailable`.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # On Windows this would let two servers share a port.
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host.strip("[]"), settings.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PliantError(
            f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror or error}. "
            "Give another --port, or 0 for a free one.",
            code="address_unavailable",
        ) from None
    return listener


def address(settings: Settings, listener: socket.socket) -> str:
    """The address that a browser on this machine opens.

    The token is in its fragment, which a browser keeps to itself: it is in no request and in no log.
    """
    host = settings.host.strip("[]")
    name = f"[{host}]" if ":" in host else host
    secret = f"#token={settings.token}" if settings.token else ""
    return f"http://{name}:{listener.getsockname()[1]}{settings.root_path}/{secret}"


def run(
    settings: Settings, listener: socket.socket, *, log_format: logs.Form = "text", level: logs.Level = "warning"
) -> None:
    """Serve until SIGINT or SIGTERM; a second SIGINT waits for nothing.

    At the level `info` every request and job is logged.
    """
    logs.configure(log_format, level)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws_max_size=settings.max_body,
        ws_per_message_deflate=False,  # on the same machine, packing a mesh takes longer than sending it
        timeout_graceful_shutdown=int(settings.grace_seconds) + 6,
    )
    _Server(config, app.state.context.jobs, settings.grace_seconds).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, jobs: Jobs, patience: float) -> None:
        super().__init__(config)
        self._jobs = jobs
        self._patience = patience

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop. Unlike its parent's, the signal is not raised again at the end: being stopped is no failure."""
        del frame
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        # Jobs end first: clients that wait for them are answered, and then their connections can close.
        threading.Thread(target=self._jobs.close, args=(self._patience,), daemon=True).start()
