"""The affine map between two triangles and the perspective map between two quadrilaterals."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pliant.errors import EditError
from pliant.types import PointLike

Floats: TypeAlias = NDArray[np.float64]

_FLAT = 1e-9
"""A triangle's doubled area over the polygon's squared extent, under which its corners are collinear."""


def polygon_transform(source_points: Sequence[PointLike], target_points: Sequence[PointLike]) -> Floats:
    """`(3, 3)` float64: takes homogeneous target points (x, y, 1) to source points; w > 0 inside the target.

    Three vertices give the affine map, four the perspective one.

    Raises:
        EditError: not 3 or 4 vertices each, or collinear, crossing or unmappable ones (`invalid_region`).
    """
    source, target = vertices_of(source_points, "source"), vertices_of(target_points, "target")
    if len(source) != len(target):
        raise EditError(
            f"The source polygon has {len(source)} vertices and the target {len(target)}; they must agree.",
            code="invalid_region",
        )
    from_source, from_target = _unit(source), _unit(target)
    solve = _affine if len(source) == 3 else _perspective
    inner = solve(_mapped(from_source, source), _mapped(from_target, target))
    matrix = np.linalg.inv(from_source) @ inner @ from_target
    weights = np.column_stack([target, np.ones(len(target))]) @ matrix[2]
    if weights.min() * weights.max() <= 0:
        raise EditError(
            "No perspective takes one polygon to the other (one bends inward where the other does not); "
            "make both convex.",
            code="invalid_region",
        )
    return matrix / weights[0]


def vertices_of(points: Sequence[PointLike], name: str) -> Floats:
    """The corners `(3 or 4, 2)` of a polygon that can be mapped; `name` is what an error calls it.

    Raises:
        EditError: not 3 or 4 vertices, or collinear or crossing ones (`invalid_region`).
    """
    polygon = np.asarray(points, np.float64)
    if polygon.shape not in ((3, 2), (4, 2)):
        raise EditError(
            f"The {name} polygon has {len(points)} vertices; a pair of polygons has 3 each or 4 each.",
            code="invalid_region",
        )
    if min(abs(_turn(polygon, *triple)) for triple in _triples(len(polygon))) < _FLAT:
        raise EditError(f"Three vertices of the {name} polygon lie on one line.", code="invalid_region")
    if len(polygon) == 4 and (_crosses(polygon) or _crosses(np.roll(polygon, 1, axis=0))):
        raise EditError(
            f"Two sides of the {name} polygon cross; give its vertices in order round it.",
            code="invalid_region",
        )
    return polygon


def _triples(count: int) -> list[tuple[int, int, int]]:
    return [(0, 1, 2)] if count == 3 else [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]


def _turn(polygon: Floats, a: int, b: int, c: int) -> float:
    """Twice the signed area of a triangle of vertices, over the square of the polygon's extent."""
    u, v = polygon[b] - polygon[a], polygon[c] - polygon[a]
    extent = float(np.ptp(polygon, axis=0).max())
    return float(u[0] * v[1] - u[1] * v[0]) / extent**2 if extent else 0.0


def _crosses(quad: Floats) -> bool:
    """Whether side 0-1 crosses side 2-3."""
    apart = _turn(quad, 0, 1, 2) * _turn(quad, 0, 1, 3)
    return apart < 0 and _turn(quad, 2, 3, 0) * _turn(quad, 2, 3, 1) < 0


def _unit(polygon: Floats) -> Floats:
    """The similarity that brings a polygon to the origin at size 1, where the solve loses no digits."""
    centre, extent = polygon.mean(axis=0), np.ptp(polygon, axis=0).max()
    return np.array([[1 / extent, 0, -centre[0] / extent], [0, 1 / extent, -centre[1] / extent], [0, 0, 1.0]])


def _mapped(similarity: Floats, polygon: Floats) -> Floats:
    return polygon @ similarity[:2, :2].T + similarity[:2, 2]


def _affine(source: Floats, target: Floats) -> Floats:
    corners = np.column_stack([target, np.ones(3)])
    return np.vstack([np.linalg.solve(corners, source).T, [0.0, 0.0, 1.0]])


def _perspective(source: Floats, target: Floats) -> Floats:
    rows: list[list[Any]] = []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    try:
        solution = np.linalg.solve(np.array(rows, np.float64), source.ravel())
    except np.linalg.LinAlgError:
        raise EditError("No perspective takes one polygon to the other.", code="invalid_region") from None
    return np.append(solution, 1.0).reshape(3, 3)
