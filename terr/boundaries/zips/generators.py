"""The points that share a county out among its ZIPs: in the right county, inside it, and no two in one place."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from terr.boundaries.geometry.adjacency import components
from terr.boundaries.geometry.topology import CoordinateGrid

CLOSE_KM = 0.1
"""Points nearer to one another than this count as one place: they are the same building, or the middle of one city."""

SPREAD_KM = 1.5
"""How far the ZIPs of one place are moved apart, at most."""

INSIDE_KM = (0.2, 0.05, 0.01)
"""How far inside its county a point is put that lies outside, the first of these that the county has room for."""


@dataclass(frozen=True, eq=False)
class ZipPoints:
    """A point for each ZIP, in a plane of its county: km east and north of the county's middle.

    The plane stretches degrees by their lengths at the county's middle latitude, so that straight lines stay straight.

    Attributes:
        county: int64 (n,), row of the ZIP's county.
        km: float64 (n, 2), the point in the plane of that county.
        middle: float64 (c, 2), the middle of each county on the grid.
        unit: float64 (c, 2), km per step of the grid in each county.
    """

    county: NDArray[np.int64]
    km: NDArray[np.float64]
    middle: NDArray[np.float64]
    unit: NDArray[np.float64]

    def to_grid(self, k: int, km: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points in the plane of county k to the grid."""
        return np.asarray(km / self.unit[k] + self.middle[k])

    def to_km(self, k: int, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the grid to the plane of county k."""
        return np.asarray((xy - self.middle[k]) * self.unit[k])

    def to_grid_each(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The points of some ZIPs on the grid."""
        k = self.county[rows]
        return np.asarray(self.km[rows] / self.unit[k] + self.middle[k])

    def width(self, k: int, shape: shapely.Geometry) -> float:
        """Width or height of county k in km, whichever is more."""
        west, south, east, north = shape.bounds
        return float(max((east - west) * self.unit[k, 0], (north - south) * self.unit[k, 1]))


def place_seeds(
    own: pd.DataFrame, counties: gpd.GeoDataFrame, shapes: NDArray[np.object_], grid: CoordinateGrid
) -> ZipPoints:
    """Places a point for each ZIP.

    A ZIP belongs to the county that its point lies in, if that is of the ZIP's state, else to the county stated; also
    to the county stated if that would have no ZIP otherwise. A point outside goes to the nearest place inside. ZIPs of
    one place are put on a small circle about it, by their numbers.

    Args:
        own: ZIPs with `zip`, `county`, `lat`, `lon`, sorted by ZIP, all of known counties.
        counties: with `geoid` and `state`.
        shapes: object (c,), the counties on the grid.
        grid: the grid.
    """
    xy = (own[["lon", "lat"]].to_numpy(float) - [grid.off_x, grid.off_y]) / [grid.scale_x, grid.scale_y]
    county = _county_of(own, counties, shapes, xy)
    box = shapely.bounds(shapes)
    middle = (box[:, :2] + box[:, 2:]) / 2
    lat = np.radians(grid.to_degrees(middle)[:, 1])
    unit = np.column_stack(
        [
            (111.41288 * np.cos(lat) - 0.09350 * np.cos(3 * lat)) * grid.scale_x,
            (111.13292 - 0.55982 * np.cos(2 * lat)) * grid.scale_y,
        ]
    )
    km = np.zeros((len(own), 2))
    for k in np.unique(county).tolist():
        rows = np.flatnonzero(county == k)
        area = shapely.transform(shapes[k], lambda at, k=k: (at - middle[k]) * unit[k])
        km[rows] = _apart(_inside((xy[rows] - middle[k]) * unit[k], area), area)
    return ZipPoints(county, km, middle, unit)


def _county_of(
    own: pd.DataFrame, counties: gpd.GeoDataFrame, shapes: NDArray[np.object_], xy: NDArray[np.float64]
) -> NDArray[np.int64]:
    state = counties["state"].to_numpy(dtype=object)
    stated = np.asarray(pd.Index(counties["geoid"]).get_indexer(own["county"]), dtype=np.int64)
    lies = stated.copy()
    point, hit = shapely.STRtree(shapes).query(shapely.points(xy), predicate="within")
    same = state[hit] == state[stated[point]]
    lies[point[same]] = hit[same]
    while True:
        empty = np.setdiff1d(stated, lies)
        if not len(empty):
            return lies
        lies = np.where(np.isin(stated, empty), stated, lies)


def _inside(km: NDArray[np.float64], area: shapely.Geometry) -> NDArray[np.float64]:
    """Points outside the area go to the nearest place a little inside."""
    shapely.prepare(area)
    outside = np.flatnonzero(~shapely.contains_properly(area, shapely.points(km)))
    if not len(outside):
        return km
    out = km.copy()
    smaller = [s for s in shapely.buffer(area, [-d for d in INSIDE_KM], quad_segs=2) if not s.is_empty]
    target = smaller[0] if smaller else shapely.point_on_surface(area)
    lines = shapely.shortest_line(shapely.points(km[outside]), target)
    out[outside] = shapely.get_coordinates(lines).reshape(-1, 2, 2)[:, 1]
    return out


def _apart(km: NDArray[np.float64], area: shapely.Geometry) -> NDArray[np.float64]:
    """Points of one place are spread on a circle about it, inside the area and closer to it than to other points."""
    pairs = cKDTree(km).query_pairs(CLOSE_KM, output_type="ndarray")
    if not len(pairs):
        return km
    out = km.copy()
    group = components(len(km), pairs[:, 0], pairs[:, 1])
    centre = np.array([km[group == g].mean(axis=0) for g in range(int(group.max()) + 1)])
    size = np.bincount(group)
    gap = cKDTree(centre).query(centre, k=2)[0][:, 1] if len(centre) > 1 else np.array([np.inf])
    room = shapely.distance(shapely.points(centre), shapely.boundary(area))
    for g in np.flatnonzero(size > 1).tolist():
        if not shapely.contains_properly(area, shapely.Point(centre[g])):
            centre[g], room[g] = _roomiest(km[group == g], area)
        radius = min(SPREAD_KM, 0.35 * float(gap[g]), 0.8 * float(room[g]))
        turn = 2 * np.pi * np.arange(size[g]) / size[g]
        out[group == g] = centre[g] + radius * np.column_stack([np.cos(turn), np.sin(turn)])
    return out


def _roomiest(km: NDArray[np.float64], area: shapely.Geometry) -> tuple[NDArray[np.float64], float]:
    """Of points inside an area, the one farthest from its border, and how far."""
    room = shapely.distance(shapely.points(km), shapely.boundary(area))
    best = int(np.argmax(room))
    return km[best], float(room[best])
