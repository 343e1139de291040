"""Shapes for the browser: borders simplified together, on a grid fine enough for the smallest area."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from terr.boundaries.geometry.topology import CoordinateGrid, Topology, areas, cut_arcs, geometry_json, quantised

POINTS = 260_000
"""Points that the arcs of a layer may have together, beyond the three that an area can't do without; more are
simplified away. It keeps the file of 33,000 ZIP areas below 10 MB."""

COARSEST, FINEST = 1e-4, 1e-9
"""Steps of the grid, in degrees: 11 m for most layers, finer where an area would vanish otherwise."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """What the browser draws of a layer: arcs on a grid, and the size of details left out, in degrees (0 = none)."""

    grid: CoordinateGrid
    topology: Topology
    tolerance: float = 0.0


def draw(geometry: NDArray[np.object_], points: int = POINTS) -> Drawing:
    """Arcs of a coverage for the browser; every area keeps a shape.

    Args:
        geometry: object (n,) of valid polygons in degrees that share the points of their common borders, outer rings
            counter-clockwise.
        points: how many points the arcs may have in all, about.
    """
    shapes, tolerance = simplified(geometry, points)
    topology = cut_arcs(shapes)
    grid = fitting_grid(geometry)
    while True:
        drawn = quantised(topology, grid)
        if (areas(drawn) > 0).all() or grid.scale_x <= FINEST:
            return Drawing(grid, drawn, tolerance)
        grid = _grid(geometry, grid.scale_x / 4)


def simplified(geometry: NDArray[np.object_], points: int = POINTS) -> tuple[NDArray[np.object_], float]:
    """The coverage with fewer points, borders still shared, and the size of what was left out, in degrees.

    Details go from the smallest up until about `points` are left (a border between two areas counts once).
    """
    budget = 2 * points + 6 * len(geometry)
    step, count = 2 * fitting_grid(geometry).scale_x, _count(geometry)
    if count <= budget:
        return geometry, 0.0
    # How much must go is found on a sample of neighbors (ids in a row), as each pass over the whole takes seconds.
    some = _sample(geometry)
    shapes, tolerance = _enough(some, step, 1.5, budget / count)
    if len(some) < len(geometry):
        shapes = _simpler(geometry, tolerance)
    if _count(shapes) > budget:
        shapes, tolerance = _enough(shapes, 1.2 * tolerance, 1.2, budget / _count(shapes))
    return np.asarray(shapely.orient_polygons(shapes), dtype=object), tolerance


def _enough(
    shapes: NDArray[np.object_], tolerance: float, factor: float, share: float
) -> tuple[NDArray[np.object_], float]:
    """Simplifies more and more until no more than a share of the points is left."""
    most = share * _count(shapes)
    for _ in range(24):
        shapes = _simpler(shapes, tolerance)
        if _count(shapes) <= most:
            break
        tolerance *= factor
    return shapes, tolerance


def _simpler(shapes: NDArray[np.object_], tolerance: float) -> NDArray[np.object_]:
    fewer = np.asarray(shapely.coverage_simplify(shapes, tolerance), dtype=object)
    return np.where(shapely.is_empty(fewer), shapes, fewer)


def _count(shapes: NDArray[np.object_]) -> int:
    return int(shapely.get_num_coordinates(shapes).sum())


def _sample(geometry: NDArray[np.object_], blocks: int = 20, size: int = 60) -> NDArray[np.object_]:
    if len(geometry) <= blocks * size:
        return geometry
    starts = np.linspace(0, len(geometry) - size, blocks).astype(int)
    return geometry[(starts[:, None] + np.arange(size)).ravel()]


def fitting_grid(geometry: NDArray[np.object_]) -> CoordinateGrid:
    """A grid whose step is about a 500th of a middling area's width, a power of ten of a degree."""
    width = math.sqrt(float(np.median(shapely.area(geometry)))) if len(geometry) else 0.0
    step = 10.0 ** math.floor(math.log10(width / 500)) if width > 0 else COARSEST
    return _grid(geometry, min(COARSEST, max(100 * FINEST, step)))


def _grid(geometry: NDArray[np.object_], step: float) -> CoordinateGrid:
    west, south, _, _ = shapely.total_bounds(geometry)
    return CoordinateGrid(step, step, math.floor(float(west)), math.floor(float(south)))


def file_of(drawing: Drawing, units: Mapping[str, Sequence[Any]], fills: NDArray[np.object_]) -> bytes:
    """The browser's file of a drawing.

    Args:
        drawing: from `draw`.
        units: columns "id", "name", "state", "pt" and perhaps "county", in the order of the areas.
        fills: object (k,) of polygons in degrees: parts that were filled.
    """
    rings = []
    if len(fills):
        shapes = shapely.simplify(fills, drawing.tolerance) if drawing.tolerance else fills
        for ring in shapely.get_rings(shapely.get_parts(shapes)):
            xy = drawing.grid.to_grid(shapely.get_coordinates(ring))
            moved = np.r_[True, (xy[1:] != xy[:-1]).any(axis=1)]
            if moved.sum() > 3:
                rings.append(xy[moved])
    return geometry_json(drawing.grid, drawing.topology, units, rings)
