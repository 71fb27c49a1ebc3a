"""Pliant: edit a photo by dragging it.

The public names are below; each is imported from its module when it is first used, so that importing the
package stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pliant.document import load_edit as load_edit
    from pliant.document import save_edit as save_edit
    from pliant.engines.api import apply as apply
    from pliant.engines.api import engine as engine
    from pliant.engines.api import preview as preview
    from pliant.errors import CancelledError as CancelledError
    from pliant.errors import DocumentError as DocumentError
    from pliant.errors import EditError as EditError
    from pliant.errors import MissingRequirementError as MissingRequirementError
    from pliant.errors import PictureError as PictureError
    from pliant.errors import PliantError as PliantError
    from pliant.errors import UnknownNameError as UnknownNameError
    from pliant.events import CancelToken as CancelToken
    from pliant.events import Partial as Partial
    from pliant.events import Stage as Stage
    from pliant.events import Step as Step
    from pliant.imageio import load as load
    from pliant.imageio import save as save
    from pliant.types import Drag as Drag
    from pliant.types import DragRegion as DragRegion
    from pliant.types import Edit as Edit
    from pliant.types import Everything as Everything
    from pliant.types import Mask as Mask
    from pliant.types import Picture as Picture
    from pliant.types import Point as Point
    from pliant.types import Polygon as Polygon
    from pliant.types import Preview as Preview
    from pliant.types import Rectangle as Rectangle
    from pliant.types import RegionPair as RegionPair
    from pliant.types import Result as Result
    from pliant.types import Stroke as Stroke
    from pliant.types import Strokes as Strokes

__version__ = "0.1.0"

_HOMES = {
    "document": ("load_edit", "save_edit"),
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
_HOME_OF = {name: f"pliant.{home}" for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'pliant' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
