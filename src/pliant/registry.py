"""Names for engines, fillers, deformers and segmenters: ours, and those of installed third parties."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from pliant.errors import MissingRequirementError, UnknownNameError

T = TypeVar("T")


class Registry(Generic[T]):
    """Resolves a name to an object without importing any other entry.

    `builtin` maps a name to `"module:attribute"`; further names come from the entry-point `group`.
    A builtin name wins over an entry point of the same name.
    """

    def __init__(self, kind: str, group: str, builtin: Mapping[str, str]) -> None:
        self._kind = kind
        self._group = group
        self._builtin = dict(builtin)

    def names(self) -> list[str]:
        """Every known name: ours in their stated order, then third parties' sorted."""
        foreign = {point.name for point in entry_points(group=self._group)} - self._builtin.keys()
        return [*self._builtin, *sorted(foreign)]

    def get(self, name: str) -> T:
        """The object called `name`.

        Raises:
            UnknownNameError: nothing has that name; the message lists what does.
            MissingRequirementError: its module needs something that is not installed.
        """
        if name in self._builtin:
            return self._load(name, self._builtin[name])
        for point in entry_points(group=self._group, name=name):
            return self._load(name, point.value)
        known = self.names()
        close = get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise UnknownNameError(
            f"There is no {self._kind} called {name!r}. Known: {', '.join(known)}.{hint}",
            code=f"unknown_{self._kind}",
        )

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return ((name, self.get(name)) for name in self.names())

    def _load(self, name: str, target: str) -> T:
        module, _, attribute = target.partition(":")
        try:
            return cast(T, getattr(import_module(module), attribute))
        except ImportError as error:
            raise MissingRequirementError(
                f"The {self._kind} {name!r} needs {error.name or 'a package'}, which is not installed."
            ) from error
