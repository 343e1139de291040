"""Points in areas: which one each lies in, or is nearest to. Areas in degrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod

SHORE_KM = 10.0
"""How far off an area's outline a point may lie and still belong to it, in km (simplified coasts, ports)."""

_SHORE_DEG = 0.26  # SHORE_KM of longitude at 70 degrees north
_GEOD = Geod(ellps="GRS80")


def beside(lon: NDArray[np.float64], west: float, east: float) -> NDArray[np.float64]:
    """Longitudes as areas from `west` to `east` are drawn, which may run beyond the 180th meridian; else unchanged."""
    lon = np.where((lon > east) & (lon - 360.0 >= west), lon - 360.0, lon)
    return np.where((lon < west) & (lon + 360.0 <= east), lon + 360.0, lon)


class Shapes:
    """Areas to look points up in.

    Args:
        geometry: object (n,) of Polygons and MultiPolygons in EPSG:4326. They may run beyond the 180th meridian (the
            last Aleutians lie below -180); points are then looked for there too.
    """

    def __init__(self, geometry: NDArray[Any]) -> None:
        self.geometry = np.asarray(geometry, dtype=object)
        self.bounds: tuple[float, ...] = tuple(shapely.total_bounds(self.geometry).tolist())
        self._west, _, self._east, _ = self.bounds

    def points(self, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.object_]:
        """Points as the areas are drawn."""
        return np.asarray(shapely.points(beside(lon, self._west, self._east), lat), dtype=object)

    def at(
        self, lat: NDArray[np.float64], lon: NDArray[np.float64], *, shore: bool = True
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Row of the area each point lies in; a point on a border takes the first of them.

        Args:
            lat: degrees, finite.
            lon: degrees, finite.
            shore: take a point in no area to the nearest one within `SHORE_KM`.

        Returns:
            int64 (m,) rows, -1 = none; float64 (m,) km outside that area, 0 = in it.
        """
        # many accounts share a point
        spot, of_spot = np.unique(np.asarray(lat) + 1j * np.asarray(lon), return_inverse=True)
        points = self.points(spot.real, spot.imag)
        row = self._within(points)
        km = np.zeros(len(points))
        if shore:
            left = np.flatnonzero(row < 0)
            row[left], km[left] = self._nearest(points[left])
        return row[of_spot], km[of_spot]

    def _within(self, points: NDArray[np.object_]) -> NDArray[np.int64]:
        out = np.full(len(points), -1, dtype=np.int64)
        # the areas ask for their points, so that each area is prepared once and not once for each point
        area, point = shapely.STRtree(points).query(self.geometry, predicate="intersects")
        order = np.argsort(-area, kind="stable")
        out[point[order]] = area[order]
        return out

    def _nearest(self, points: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        out, best = np.full(len(points), -1, dtype=np.int64), np.zeros(len(points))
        if not len(points):
            return out, best
        point, area = shapely.STRtree(self.geometry).query(points, predicate="dwithin", distance=_SHORE_DEG)
        if not len(point):
            return out, best
        ends = shapely.get_coordinates(shapely.shortest_line(points[point], self.geometry[area])).reshape(-1, 4)
        _, _, metres = _GEOD.inv(ends[:, 0], ends[:, 1], ends[:, 2], ends[:, 3])
        km = np.asarray(metres, dtype=np.float64) / 1000.0
        order = np.lexsort((area, km, point))
        first = order[np.flatnonzero(np.diff(point[order], prepend=-1))]
        first = first[km[first] <= SHORE_KM]
        out[point[first]], best[point[first]] = area[first], km[first]
        return out, best
