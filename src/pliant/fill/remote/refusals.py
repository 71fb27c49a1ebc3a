"""The words of servers that say no, in one sentence."""

import json
from collections.abc import Mapping
from typing import Any, cast

from pliant.fill.remote.errors import RemoteRefusedError

_ADVICE = {
    400: "See whether this server's version is one that Pliant knows.",
    401: "Put its token into the address: http://TOKEN@HOST:PORT.",
    403: "See whether it lets this computer in, and put its token into the address: http://TOKEN@HOST:PORT.",
    404: "See whether it is what its address says, and whether something has to stand behind the port.",
    405: "See whether it is what its address says.",
    413: "Let it work on less at once, with ?size=512 at the end of its address.",
    429: "It is busy; try again later.",
    503: "It is busy or still starting; try again later.",
}
_LONGEST = 400  # characters of a reason


def refusal(server: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> RemoteRefusedError:
    """What to raise for an answer of that `status`; only 429 and 503 may be asked again."""
    reason = reason_of(body, headers.get("content-type", ""))
    advice = _ADVICE.get(status, "See what its log says about it." if status >= 500 else "Look at what was asked.")
    again = _seconds(headers.get("retry-after", "")) if status in (429, 503) else None
    said = f"{server} refused {path} with status {status}" + (f": {reason}" if reason else "")
    return RemoteRefusedError(f"{said.rstrip('.')}. {advice}", status=status, again_in=again)


def reason_of(body: bytes, content_type: str) -> str:
    """What the body says: problem+json of Pliant, the error objects of IOPaint and ComfyUI, or plain text."""
    try:
        found = _reason(json.loads(body))
    except (ValueError, RecursionError):
        plain = content_type.startswith("text/plain")
        found = body.decode("utf-8", "replace") if plain else ""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in found).split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 3] + "..."


def _reason(said: Any) -> str:
    if isinstance(said, str):
        return said
    if isinstance(said, list):
        return "; ".join(filter(None, map(_reason, cast(list[Any], said))))
    if not isinstance(said, dict):
        return ""
    facts = cast(dict[str, Any], said)
    names = ("detail", "errors", "msg", "message", "details", "title", "error", "exception_message")
    found = next(filter(None, (_reason(facts.get(name)) for name in names)), "")
    nodes = facts.get("node_errors")
    if isinstance(nodes, dict):
        found = "; ".join(filter(None, [found, *map(_reason, cast(dict[str, Any], nodes).values())]))
    if facts.get("details") and facts.get("message"):
        found = f"{found} ({_reason(facts['details'])})"
    code = facts.get("code")
    return f"{found} [{code}]" if found and isinstance(code, str) else found


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.isdecimal() else 0.0
