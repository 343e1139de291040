"""Shapes made sound one by one: valid polygons in degrees, on one side of the map's edge, whatever they were before."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

_GAP = 30.0
"""Degrees of longitude without areas that make room for the map's edge."""


def polygons_of(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """The polygons in each shape: a Polygon or MultiPolygon; empty where there are none, None stays None."""
    kinds = shapely.get_type_id(geometry)
    out = geometry.copy()
    out[(kinds >= 0) & (kinds != 3) & (kinds != 6) & (kinds != 7)] = shapely.Polygon()
    for row in np.flatnonzero(kinds == 7).tolist():
        parts = shapely.get_parts(shapely.get_parts(geometry[row]))
        flat = [p for p in shapely.get_parts(parts) if shapely.get_type_id(p) == 3]
        out[row] = shapely.union_all(flat) if flat else shapely.Polygon()
    return out


def sound(geometry: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Valid polygons.

    Returns:
        object (n,) of valid Polygons and MultiPolygons, empty where nothing of an area is left, and bool (n,) which
        ones had to be repaired.
    """
    bad = ~shapely.is_valid(geometry) & (shapely.get_type_id(geometry) >= 0)
    out = geometry.copy()
    if bad.any():
        out[bad] = polygons_of(np.asarray(shapely.make_valid(geometry[bad]), dtype=object))
    return out, bad


def turned(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """The shapes with their two coordinates swapped."""
    return np.asarray(shapely.transform(geometry, lambda xy: xy[:, ::-1]), dtype=object)


def one_side(geometry: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64], float]:
    """Areas on both sides of the 180th meridian brought together, so that none spans the whole map.

    The fewer move: by -360 degrees if most lie in the west, as in the bundled counties of Alaska, else by +360.

    Args:
        geometry: valid polygons in degrees; None among them stays.

    Returns:
        The shapes, the rows that moved, and by how many degrees (0 = nothing moved).
    """
    nothing = np.zeros(0, dtype=np.int64)
    parts = shapely.get_parts(geometry)
    if not len(parts):
        return geometry, nothing, 0.0
    box = shapely.bounds(parts)
    if box[:, 0].min() > -150 or box[:, 2].max() < 150:
        return geometry, nothing, 0.0
    cut = _widest_gap(box[:, [0, 2]], parts)
    if cut is None:
        return geometry, nothing, 0.0
    x, of = shapely.get_coordinates(geometry, return_index=True)
    east = x[:, 0] > cut
    by, moves = (-360.0, east) if east.sum() * 2 < len(east) else (360.0, ~east)
    moved = np.unique(of[moves]).astype(np.int64)

    def shift(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([xy[:, 0] + np.where((xy[:, 0] > cut) == (by < 0), by, 0.0), xy[:, 1]])

    out = geometry.copy()
    whole = shapely.transform(geometry[moved], shift)
    out[moved], _ = sound(np.asarray(whole, dtype=object))
    many = moved[shapely.get_num_geometries(out[moved]) > 1]
    out[many] = shapely.union_all(out[many][:, None], axis=1)  # halves that met at the edge become one piece
    return out, moved, by


def _widest_gap(spans: NDArray[np.float64], parts: NDArray[np.object_]) -> float | None:
    """The middle of the widest stretch of longitudes without areas; None if it is narrower than `_GAP`."""
    wide = (spans[:, 1] - spans[:, 0]) > 180  # drawn straight across the map: their corners tell where they are
    ends = spans[~wide]
    if wide.any():
        x = shapely.get_coordinates(parts[wide])[:, 0]
        ends = np.vstack([ends, np.column_stack([x, x])])
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    reach = np.maximum.accumulate(ends[:, 1])
    gaps = ends[1:, 0] - reach[:-1]
    if not len(gaps) or gaps.max() < _GAP:
        return None
    at = int(np.argmax(gaps))
    return float(reach[at] + ends[at + 1, 0]) / 2
