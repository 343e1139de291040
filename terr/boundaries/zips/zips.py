"""ZIPs and states for areas from anywhere: are these ids ZIPs, which state and county is an area in, who lies in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.geometry.adjacency import GEOD
from terr.boundaries.layers.catalog import areas, data_dir

KNOWN = 0.9
"""Share of ids that must be known ZIPs."""
NEAR_KM = 60.0
"""A ZIP's area lies no further than this from the ZIP's point; county codes, which have five digits too, do."""
SHORE_KM = 10.0
"""How far outside every area a point may lie and still belong to the nearest: bundled outlines are coarse."""


@lru_cache(maxsize=1)
def zip_points() -> pd.DataFrame:
    """Every known ZIP: index ZIP; `city`, `state` ("" if military), `county`, `lat`, `lon`. Shared: don't change it."""
    table = pd.read_parquet(data_dir() / "zip_points.parquet").set_index("zip")
    return table.assign(**{c: table[c].fillna("").astype(object) for c in ("city", "state", "county")})


def padded(ids: Sequence[str]) -> list[str]:
    """Ids of digits filled up to five with zeros, as a spreadsheet drops them; others as they are."""
    return [i.zfill(5) if i.isdigit() and 3 <= len(i) <= 5 else i for i in ids]


def share_known(ids: Sequence[str]) -> float:
    """Share of ids that are known ZIPs, 0 to 1."""
    return float(pd.Index(ids, dtype=object).isin(zip_points().index).mean()) if len(ids) else 0.0


def kilometres_off(ids: Sequence[str], lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance in km between a place and the point of the ZIP it is called by, float64 (n,); NaN for unknown ZIPs."""
    table = zip_points()
    row = table.index.get_indexer(pd.Index(ids, dtype=object))
    out = np.full(len(row), np.nan)
    good = (row >= 0) & np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90)
    if good.any():
        at = row[good]
        there_lon, there_lat = table["lon"].to_numpy(float)[at], table["lat"].to_numpy(float)[at]
        out[good] = np.asarray(GEOD.inv(lon[good], lat[good], there_lon, there_lat)[2]) / 1000.0
    return out


def are_zips(ids: Sequence[str], lon: NDArray[np.float64], lat: NDArray[np.float64]) -> bool:
    """Whether ids are US ZIPs: nearly all are known, and most areas lie where their ZIP does."""
    if share_known(ids) < KNOWN:
        return False
    off = kilometres_off(ids, lon, lat)
    off = off[~np.isnan(off)]
    return bool(len(off)) and float((off < NEAR_KM).mean()) > 0.7


def inside_points(geometry: NDArray[np.object_]) -> NDArray[np.float64]:
    """A point inside each area, float64 (n, 2) longitude and latitude: the centroid where it lies inside."""
    centre = shapely.centroid(geometry)
    shapely.prepare(geometry)
    off = ~shapely.contains_properly(geometry, centre)
    centre[off] = shapely.point_on_surface(geometry[off])
    return np.column_stack([shapely.get_x(centre), shapely.get_y(centre)])


def within(geometry: NDArray[np.object_], xy: NDArray[np.float64], reach_km: float = 0.0) -> NDArray[np.int64]:
    """Row of the area each point lies in, int64 (n,); -1 = in none, nor within `reach_km` of one.

    A point in several gets the smallest row.
    """
    tree, points = shapely.STRtree(geometry), shapely.points(xy)
    shapely.prepare(geometry)
    at, row = tree.query(points, predicate="intersects")
    out = np.full(len(xy), -1, dtype=np.int64)
    order = np.lexsort((row, at))[::-1]
    out[at[order]] = row[order]
    lost = np.flatnonzero(out < 0)
    if reach_km and len(lost):
        degrees = reach_km / 111.0 / np.cos(np.radians(np.clip(np.abs(xy[lost, 1]).max(), 0, 80)))
        found, near = tree.query_nearest(points[lost], max_distance=degrees, all_matches=False)
        close = shapely.shortest_line(points[lost[found]], geometry[near])
        km = np.array([GEOD.geometry_length(line) / 1000.0 for line in close])
        out[lost[found[km <= reach_km]]] = near[km <= reach_km]
    return out


def states_and_counties(xy: NDArray[np.float64]) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """State code and county code of each point, object (n,); "" outside the USA."""
    states, counties = np.full(len(xy), "", dtype=object), np.full(len(xy), "", dtype=object)
    table = areas("county")
    turned = np.column_stack([np.where(xy[:, 0] > 0, xy[:, 0] - 360, xy[:, 0]), xy[:, 1]])
    usa = (turned[:, 0] < -64) & (xy[:, 1] > 17) & (xy[:, 1] < 73) & (turned[:, 0] > -188.5)
    if usa.any():
        row = within(np.asarray(table.geometry.to_numpy(), dtype=object), turned[usa], SHORE_KM)
        at = np.flatnonzero(usa)[row >= 0]
        counties[at] = table["unit_id"].to_numpy(dtype=object)[row[row >= 0]]
        states[at] = table["state"].to_numpy(dtype=object)[row[row >= 0]]
    return states, counties


def zip_states(ids: Sequence[str], fallback: NDArray[np.object_]) -> NDArray[np.object_]:
    """State of each ZIP by the ZIP's own point, object (n,); `fallback` where the ZIP isn't known or has none."""
    table = zip_points()
    row = table.index.get_indexer(pd.Index(ids, dtype=object))
    own = np.where(row >= 0, table["state"].to_numpy(dtype=object)[row], "")
    return np.where(own != "", own, fallback).astype(object)


def zip_labels(ids: Sequence[str]) -> list[str]:
    """ "02139 Cambridge, MA"; the ZIP alone where its city isn't known."""
    table = zip_points()
    row = table.index.get_indexer(pd.Index(ids, dtype=object))
    city, state = table["city"].to_numpy(dtype=object), table["state"].to_numpy(dtype=object)
    return [
        str(z) if r < 0 or not city[r] else f"{z} {city[r]}{', ' if state[r] else ''}{state[r]}"
        for z, r in zip(ids, row.tolist(), strict=True)
    ]


def members(frame: gpd.GeoDataFrame) -> pd.Series:
    """Each known ZIP -> the area it belongs to: an area of its own name, else the one its point lies in.

    Args:
        frame: areas with `unit_id`, EPSG:4326.

    Returns:
        Series of unit ids indexed by ZIP, sorted; ZIPs without an area of their own are point ZIPs, or ZIPs that were
        made after the file was. Those whose point lies in no area, nor within 10 km of one, are absent.
    """
    ids = frame["unit_id"].to_numpy(dtype=object)
    own = pd.Series(ids, index=pd.Index(ids, dtype=object), dtype=object)
    table = zip_points()
    rest = table[~table.index.isin(own.index)]
    geometry = np.asarray(frame.geometry.to_numpy(), dtype=object)
    west, south, east, north = shapely.total_bounds(geometry)
    margin = 0.3
    near = rest["lon"].between(west - margin, east + margin) & rest["lat"].between(south - margin, north + margin)
    rest = rest[near]
    row = within(geometry, rest[["lon", "lat"]].to_numpy(float), SHORE_KM) if len(rest) else np.zeros(0, dtype=np.int64)
    placed = pd.Series(ids[row[row >= 0]], index=rest.index[row >= 0], dtype=object)
    out = pd.concat([own, placed]).sort_index()
    return out.rename("unit_id").rename_axis("zip")
