"""The quick form of an edit: one region and its drags from flags."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pliant.cli.console import UsageError

if TYPE_CHECKING:
    from pliant.types import Drag, Edit, Region

_REGION_HINT = (
    "say what to drag: --mask M.png, --box x0,y0,x1,y1 or --polygon 'x,y x,y x,y' with --drag x0,y0:x1,y1, "
    "or --edit EDIT.json."
)


@dataclass(frozen=True, kw_only=True)
class Quick:
    """The flags of the quick form as they were given."""

    mask: str | None = None
    box: str | None = None
    polygon: str | None = None
    drags: Sequence[str] = ()
    pins: Sequence[str] = ()

    @property
    def given(self) -> list[str]:
        """The names of the flags that were given."""
        flags = {"--mask": self.mask, "--box": self.box, "--polygon": self.polygon}
        flags |= {"--drag": self.drags or None, "--pin": self.pins or None}
        return [name for name, value in flags.items() if value is not None]

    def edit(self) -> "Edit":
        """The edit they ask for."""
        from pliant.types import DragRegion, Edit, Point

        region = self._region()
        if not self.drags:
            raise UsageError("--drag", "say where to: --drag x0,y0:x1,y1 (repeatable).")
        pins = [Point(*numbers(pin, 2, "--pin", "x,y", "180,220")) for pin in self.pins]
        return Edit([DragRegion(region, [drag(text) for text in self.drags], pins)])

    def _region(self) -> "Region":
        from pliant.types import Polygon, Rectangle

        given = [name for name in self.given if name in ("--mask", "--box", "--polygon")]
        if not given:
            raise UsageError("", _REGION_HINT)
        if len(given) > 1:
            raise UsageError(
                " and ".join(given),
                "the quick form drags one region; several go into an edit document (--edit).",
            )
        if self.mask is not None:
            from pliant.cli.pictures import mask_of

            return mask_of(self.mask, "--mask")
        if self.box is not None:
            corners = numbers(self.box, 4, "--box", "x0,y0,x1,y1", "100,80,220,200")
            return Rectangle(*(_whole(value, "--box") for value in corners))
        vertices = (self.polygon or "").split()
        return Polygon(
            [_pair(vertex, "--polygon", "'x,y x,y x,y ...'", "10,10 90,10 50,80") for vertex in vertices]
        )


def drag(text: str) -> "Drag":
    """`x0,y0:x1,y1` as a drag."""
    from pliant.types import Drag

    form, example = "x0,y0:x1,y1", "210,140:260,120"
    ends = text.split(":")
    if len(ends) != 2:
        raise _refused(text, "--drag", form, example)
    handle, target = (_pair(end, "--drag", form, example, given=text) for end in ends)
    return Drag(handle, target)


def numbers(text: str, count: int, flag: str, form: str, example: str, *, given: str | None = None) -> list[float]:
    """`count` finite numbers that stand in `text` with commas between them."""
    from math import isfinite

    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != count or not all(map(isfinite, values)):
        raise _refused(text if given is None else given, flag, form, example)
    return values


def _pair(text: str, flag: str, form: str, example: str, *, given: str | None = None) -> tuple[float, float]:
    x, y = numbers(text, 2, flag, form, example, given=given)
    return x, y


def _whole(value: float, flag: str) -> int:
    if value != int(value):
        raise UsageError(flag, f"{value} is not a whole number of pixels.")
    return int(value)


def _refused(text: str, flag: str, form: str, example: str) -> UsageError:
    return UsageError(flag, f"{text!r} was given; the form is {form}, for example {example}.")
