"""Text to a JSON tree, refusing what JSON leaves open: repeated names, endless depth, any length."""

import json
from typing import Any, NoReturn, cast

from pliant.document.complaints import path_text, shown
from pliant.errors import DocumentError

MAX_TEXT = 64 * 2**20
_MAX_LISTS = 1_000_000
_MAX_DEPTH = 40
_CHECKED = (dict, list, str)


def tree(text: str | bytes) -> Any:
    """The value that `text`, UTF-8 if it is bytes, holds.

    NaN and infinities come out as floats, for the field they stand in to refuse.

    Raises:
        DocumentError: it is no such text; the message says where.
    """
    decoded = _decoded(text)
    if decoded.count("[") + decoded.count("{") > _MAX_LISTS or decoded.count(",") > 5 * _MAX_LISTS:
        raise DocumentError(
            f"The document has more than {_MAX_LISTS:,} lists or {5 * _MAX_LISTS:,} values; make it smaller.",
            code="too_large",
        )
    repeats: list[tuple[dict[str, Any], str]] = []
    try:
        value = json.loads(decoded, object_pairs_hook=lambda pairs: _object(pairs, repeats))
    except json.JSONDecodeError as error:
        _not_json(f"{error.msg} at line {error.lineno}, column {error.colno}")
    except RecursionError:
        _too_deep()
    except ValueError as error:
        _not_json(str(error))
    _check_tree(value, repeats)
    return value


def _decoded(text: str | bytes) -> str:
    if len(text) > MAX_TEXT:
        raise DocumentError(
            f"The document has {len(text):,} bytes; accepted are up to {MAX_TEXT:,}. Put masks into files.",
            code="too_large",
        )
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"The document is not UTF-8 text: byte {error.start} is 0x{text[error.start]:02x}. "
            "An edit document is JSON in UTF-8."
        ) from None


def _object(pairs: list[tuple[str, Any]], repeats: list[tuple[dict[str, Any], str]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        # set.add returns None: the first name that is already there is the one repeated
        repeats.append((made, next(name for name, _ in pairs if name in seen or seen.add(name))))
    return made


def _check_tree(value: Any, repeats: list[tuple[dict[str, Any], str]]) -> None:
    """Refuse depth, repeated names and text that is no Unicode, naming where they are."""
    pending: list[tuple[Any, tuple[str | int, ...]]] = [(value, ())]
    repeated = {id(made): name for made, name in repeats}
    while pending:
        node, path = pending.pop()
        if len(path) > _MAX_DEPTH:
            _too_deep()
        if isinstance(node, dict):
            branch = cast(dict[str, Any], node)
            if id(branch) in repeated:
                name = path_text((*path, repeated[id(branch)]))
                raise DocumentError(f"{name} is given twice; a name may stand only once in an object.")
            for name in branch:
                _check_text(name, path)
            pending.extend((child, (*path, name)) for name, child in branch.items())
        elif isinstance(node, list):
            children = enumerate(cast(list[Any], node))
            pending.extend((child, (*path, i)) for i, child in children if type(child) in _CHECKED)
        elif isinstance(node, str):
            _check_text(node, path)


def _check_text(text: str, path: tuple[str | int, ...]) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        where = path_text(path)
        raise DocumentError(
            f"{where} has {shown(text)}, with half of a surrogate pair; text must be Unicode."
        ) from None


def _too_deep() -> NoReturn:
    raise DocumentError(f"The document is nested too deeply; accepted are at most {_MAX_DEPTH} levels.")


def _not_json(reason: str) -> NoReturn:
    raise DocumentError(f"The document is not JSON: {reason}. An edit document is one JSON object.")
