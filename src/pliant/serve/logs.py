"""The server's log on stderr: lines for people, or JSON for programs.

A record's facts are numbers, codes, and names of routes, engines and stages: never a prompt, the name of a file or
a token.
"""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

Form = Literal["text", "json"]
Level = Literal["error", "warning", "info", "debug"]


class TextLines(logging.Formatter):
    """`pliant: request method=GET status=200`."""

    def __init__(self) -> None:
        super().__init__("pliant: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line of `record`, with its facts."""
        facts = "".join(f" {name}={_plain(value)}" for name, value in _facts(record).items())
        return super().formatMessage(record) + facts


class JsonLines(logging.Formatter):
    """`{"time": "2026-01-31T12:00:00.000+00:00", "level": "info", "message": "request", "method": "GET", ...}`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`, with its facts; an unexpected error is in `error`, with its traceback."""
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said)


def configure(form: Form, level: Level) -> None:
    """Log to stderr, once for the process; of other libraries only what is a warning or worse.

    They might say what a client sent: at their finer levels, headers and file names are in their lines.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    chosen = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(handlers=[handler], level=max(chosen, logging.WARNING))
    logging.getLogger("pliant").setLevel(chosen)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of every malformed request


def _facts(record: logging.LogRecord) -> Mapping[str, Any]:
    return getattr(record, "facts", {})


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}:{_plain(each)}" for name, each in cast(Mapping[str, object], value).items())
    return "-" if value is None else str(value)
