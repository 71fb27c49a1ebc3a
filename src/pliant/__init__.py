"""Pliant: edit a photo by dragging it.

The public names are below; each is imported from its module when it is first used, so that importing the
package stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pliant.document import load as load_edit
    from pliant.document import save as save_edit
    from pliant.engines.api import apply, engine, preview
    from pliant.errors import (
        CancelledError,
        DocumentError,
        EditError,
        MissingRequirementError,
        PictureError,
        PliantError,
        UnknownNameError,
    )
    from pliant.events import CancelToken, Partial, Stage, Step
    from pliant.imageio import load, save
    from pliant.regions.segment import refine, select
    from pliant.types import (
        Drag,
        DragRegion,
        Edit,
        Everything,
        Mask,
        Picture,
        Point,
        Polygon,
        Preview,
        Rectangle,
        RegionPair,
        Result,
        Stroke,
        Strokes,
    )

__all__ = [
    "CancelToken",
    "CancelledError",
    "DocumentError",
    "Drag",
    "DragRegion",
    "Edit",
    "EditError",
    "Everything",
    "Mask",
    "MissingRequirementError",
    "Partial",
    "Picture",
    "PictureError",
    "PliantError",
    "Point",
    "Polygon",
    "Preview",
    "Rectangle",
    "RegionPair",
    "Result",
    "Stage",
    "Step",
    "Stroke",
    "Strokes",
    "UnknownNameError",
    "apply",
    "engine",
    "load",
    "load_edit",
    "preview",
    "refine",
    "save",
    "save_edit",
    "select",
]

__version__ = "0.1.0"

_HOMES = {
    "document": ("load as load_edit", "save as save_edit"),
    "engines.api": ("apply", "engine", "preview"),
    "errors": (
        "CancelledError",
        "DocumentError",
        "EditError",
        "MissingRequirementError",
        "PictureError",
        "PliantError",
        "UnknownNameError",
    ),
    "events": ("CancelToken", "Partial", "Stage", "Step"),
    "imageio": ("load", "save"),
    "regions.segment": ("refine", "select"),
    "types": (
        "Drag",
        "DragRegion",
        "Edit",
        "Everything",
        "Mask",
        "Picture",
        "Point",
        "Polygon",
        "Preview",
        "Rectangle",
        "RegionPair",
        "Result",
        "Stroke",
        "Strokes",
    ),
}
_HOME_OF = {
    listed.split(" as ")[-1]: (f"pliant.{home}", listed.split(" as ")[0])
    for home, names in _HOMES.items()
    for listed in names
}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'pliant' has no attribute {name!r}")
    module, attribute = _HOME_OF[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
