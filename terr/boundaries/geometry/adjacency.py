"""Who borders whom, for how many km, and how pieces that touch nothing are joined. Pure functions."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer

from terr.boundaries.geometry.topology import point_numbers, uses

__all__ = [
    "GEOD",
    "MIN_BORDER_KM",
    "components",
    "geodesic_km",
    "matched_borders",
    "perimeters",
    "plane_km",
    "segments",
    "shared_borders",
]

GEOD = Geod(ellps="GRS80")

MIN_BORDER_KM = 1e-6
"""Shared length below which two areas only touch (a corner), in km."""


def segments(geometry: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """All boundary segments of polygons.

    Args:
        geometry: object (n,) of Polygons and MultiPolygons in degrees.

    Returns:
        float64 (m, 4) lon, lat, lon, lat with the smaller end first, and int64 (m,) the row each one bounds.
    """
    polygons, owner = shapely.get_parts(geometry, return_index=True)
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    inside = of_ring[1:] == of_ring[:-1]
    start, end = points[:-1][inside], points[1:][inside]
    flip = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    ends = np.where(flip[:, None], np.hstack([end, start]), np.hstack([start, end]))
    return ends, owner[of_polygon[of_ring[:-1][inside]]].astype(np.int64)


def geodesic_km(ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Geodesic lengths in km of segments (m, 4) in degrees, on GRS80 (Karney's method through PROJ)."""
    if len(ends) == 0:
        return np.zeros(0)
    _, _, metres = GEOD.inv(ends[:, 0], ends[:, 1], ends[:, 2], ends[:, 3])
    return np.asarray(metres, dtype=np.float64) / 1000.0


def perimeters(geometry: NDArray[np.object_]) -> NDArray[np.float64]:
    """Geodesic perimeter of each area in km, float64 (n,), holes included."""
    ends, owner = segments(geometry)
    return np.asarray(np.bincount(owner, weights=geodesic_km(ends), minlength=len(geometry)), dtype=np.float64)


def shared_borders(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Pairs of areas that share a border longer than a point.

    Borders drawn with the same vertices are matched segment by segment, which is exact. Pairs that meet along other
    vertices (areas from an unprepared file) are measured on the intersection of their outlines; only areas with a
    segment that runs along another area's without being the same are looked at so.

    Args:
        frame: areas in EPSG:4326; the rows' positions are their numbers.

    Returns:
        DataFrame with int64 `i < j`, sorted, and float64 `border_km`, the geodesic length in km.
    """
    geometry = np.asarray(frame.geometry.to_numpy(), dtype=object)
    ends, owner = segments(geometry)
    number = point_numbers(ends.reshape(-1, 2)).reshape(-1, 2)
    segment = pd.factorize(number.min(axis=1) * (number.max(initial=0) + 1) + number.max(axis=1))[0]
    order = np.lexsort((owner, segment))
    ends, owner, segment = ends[order], owner[order], segment[order]
    same = (segment[1:] == segment[:-1]) & (owner[1:] != owner[:-1])
    exact = pd.DataFrame({"i": owner[:-1][same], "j": owner[1:][same], "border_km": geodesic_km(ends[:-1][same])})
    exact = exact.groupby(["i", "j"], as_index=False)["border_km"].sum()

    n = len(geometry)
    loose = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(geometry)))
    left, right = _touching(geometry, loose)
    new = ~np.isin(left * n + right, exact["i"].to_numpy() * n + exact["j"].to_numpy())
    left, right = left[new], right[new]
    lines = shapely.intersection(shapely.boundary(geometry[left]), shapely.boundary(geometry[right]))
    km = np.array([abs(GEOD.geometry_length(line)) / 1000.0 for line in lines], dtype=np.float64)
    other = pd.DataFrame({"i": left, "j": right, "border_km": km})
    both = pd.concat([exact, other[other["border_km"] > MIN_BORDER_KM]], ignore_index=True)
    both = both[both["border_km"] > MIN_BORDER_KM].astype({"i": np.int64, "j": np.int64, "border_km": np.float64})
    return both.sort_values(["i", "j"], ignore_index=True)


def matched_borders(geometry: NDArray[np.object_]) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Borders and perimeters of areas that share the points of their common borders; fast for tens of thousands.

    Args:
        geometry: object (n,) of valid polygons in degrees, outer rings counter-clockwise.

    Returns:
        What `shared_borders` returns, and the geodesic perimeter of each area in km, float64 (n,), holes included.
    """
    use = uses(geometry)
    _, one = np.unique(use.segment, return_index=True)
    start, end = use.xy[one], use.xy[use.following[one]]
    km = geodesic_km(np.hstack([start, end]))
    owner = use.owner[use.ring]
    perimeter = np.bincount(owner, weights=km[use.segment], minlength=len(geometry))
    order = np.lexsort((owner, use.segment))
    owner, segment = owner[order], use.segment[order]
    same = (segment[1:] == segment[:-1]) & (owner[1:] != owner[:-1])
    pairs = pd.DataFrame({"i": owner[:-1][same], "j": owner[1:][same], "border_km": km[segment[:-1][same]]})
    pairs = pairs.groupby(["i", "j"], as_index=False)["border_km"].sum()
    pairs = pairs[pairs["border_km"] > MIN_BORDER_KM].astype({"i": np.int64, "j": np.int64, "border_km": np.float64})
    return pairs.sort_values(["i", "j"], ignore_index=True), np.asarray(perimeter, dtype=np.float64)


def _touching(geometry: NDArray[np.object_], rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs i < j of areas that meet, one of which is among `rows`."""
    if not len(rows):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    asked, other = shapely.STRtree(geometry).query(geometry[rows], predicate="intersects")
    pairs = np.column_stack([rows[asked], other]).astype(np.int64)
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def components(n: int, i: NDArray[np.integer], j: NDArray[np.integer]) -> NDArray[np.int32]:
    """Component number of each of `n` units joined by the pairs (i, j), int32 (n,)."""
    from scipy.sparse import coo_matrix  # a tenth of a second that checking a file does without
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(i), dtype=np.int8), (i, j)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)


def plane_km(lon: NDArray[np.float64], lat: NDArray[np.float64], crs: str | None = None) -> NDArray[np.float64]:
    """Degrees to km on an equal-area plane, float64 (m, 2).

    Args:
        lon: degrees, may run below -180 (the Aleutians).
        lat: degrees.
        crs: a projected system in metres; by default Lambert's azimuthal equal-area plane centred on the points.
    """
    x, y = Transformer.from_crs("EPSG:4326", crs or plane_around(lon, lat), always_xy=True).transform(lon, lat)
    return np.column_stack([x, y]) / 1000.0


def plane_around(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> str:
    """Lambert's azimuthal equal-area plane in metres, centred on points in degrees."""
    mid_lon, mid_lat = (float(lon.min() + lon.max()) / 2, float(lat.min() + lat.max()) / 2) if len(lon) else (0, 0)
    return f"+proj=laea +lat_0={mid_lat:.6f} +lon_0={mid_lon:.6f} +datum=NAD83 +units=m +no_defs"
