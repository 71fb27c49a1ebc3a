"""The desktop around the command line: whether there is one, and its browser."""

import os
import secrets
import sys
import threading
import webbrowser
from pathlib import Path


def on_desktop() -> bool:
    """Whether a person sits at this terminal, and a window that is opened here would be seen."""
    if not sys.stdin.isatty() or "SSH_CONNECTION" in os.environ:
        return False
    if sys.platform not in ("win32", "darwin") and not (os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def open_in_browser(address: str) -> None:
    """Open `address`; some browsers return only when they are closed, so this does not wait."""
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def edit_in_browser(photo: str, *, device: str, quiet: bool, verbose: bool) -> None:
    """Serve the editor with `photo` on a free port, to this desktop alone, and open it; Ctrl-C ends it.

    Raises:
        PliantError: `photo` is no file that can be read.
    """
    from pliant.cli.serve import Level, start
    from pliant.imageio import load
    from pliant.serve.settings import MIB, Settings

    path = Path(photo)
    load(path)  # what it refuses is said here, not in the browser
    room = -(-path.stat().st_size // MIB) + 16  # for the photo and its edit
    settings = Settings(
        port=0,
        token=secrets.token_urlsafe(24),  # other users of this machine can reach the port, too
        photo=path,
        devices=(device,),
        max_upload_mb=max(Settings.max_upload_mb, room),
    )
    start(settings, open_page=True, quiet=quiet, level=Level.info if verbose else Level.warning)
