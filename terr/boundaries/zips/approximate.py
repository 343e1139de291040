"""ZIP areas estimated from ZIP points: each county is shared out among the points of its ZIPs, to the nearest one.

Complete and without overlaps: the county lines are those of the bundled counties, and every place in a county belongs
to the ZIP whose point is nearest to it, of the ZIPs of that county (Voronoi cells). All lines are drawn on one grid of
whole numbers, finer than that of the counties, and noded together, so that neighbors share every point.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi, cKDTree

from terr.boundaries.geometry.drawing import Drawing
from terr.boundaries.geometry.topology import CoordinateGrid, cut_arcs, quantised
from terr.boundaries.layers.building import make
from terr.boundaries.layers.bundled import ESTIMATED, TITLES
from terr.boundaries.layers.layer_files import LayerParts
from terr.boundaries.zips.dissolving import dissolve
from terr.boundaries.zips.generators import ZipPoints, place_seeds
from terr.model.progress import UNWATCHED, Progress

FINER = 4096
"""Steps of the grid per step of the counties' grid: about 2 cm. A power of two, so that county points stay the same."""

DRAWN = 16
"""The same for what the browser draws: about 6 m."""

FAR = 40.0
"""How far off the helper points stand that close the outer cells, in widths of the county."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """ZIP areas before they are made into a layer.

    Attributes:
        frame: `unit_id` (the ZIP), `label`, `state`, `county`, geometry in degrees; sorted by `unit_id`.
        raw: object (n,), the same shapes in whole numbers of `grid`.
        grid: the grid.
        members: each ZIP of a county -> the ZIP whose area it belongs to, indexed by ZIP.
    """

    frame: gpd.GeoDataFrame
    raw: NDArray[np.object_]
    grid: CoordinateGrid
    members: pd.Series


def estimate(
    points: pd.DataFrame,
    counties: gpd.GeoDataFrame,
    grid: CoordinateGrid,
    progress: Progress = UNWATCHED,
) -> Estimate:
    """Estimates the areas of ZIPs.

    Args:
        points: one row per ZIP: text `zip`, `city`, `state`, `county` (5 digits, "" for military and overseas ZIPs,
            which are left out), float `lat`, `lon` in degrees, bool `area`: whether the ZIP has an area of its own.
        counties: a clean coverage with `geoid`, `state` and geometry in degrees, on `grid`.
        grid: the grid that the points of the counties lie on.
        progress: told how far the work is, 0 to 1.

    Returns:
        One area for each ZIP that has one and whose county is there.
    """
    fine = CoordinateGrid(grid.scale_x / FINER, grid.scale_y / FINER, grid.off_x, grid.off_y)
    shapes = np.asarray(shapely.transform(counties.geometry.to_numpy(), fine.to_grid), dtype=object)
    known = points["county"].isin(counties["geoid"]).to_numpy()
    own = points[known & points["area"].to_numpy(dtype=bool)].sort_values("zip", ignore_index=True)
    progress.tell(0.05, "placing ZIP points")
    seeds = place_seeds(own, counties, shapes, fine)
    progress.tell(0.2, "dividing counties")
    inner = _dividing_lines(seeds, shapes)
    progress.tell(0.4, "drawing areas")
    arcs = cut_arcs(shapely.orient_polygons(shapes))
    bounds = arcs.starts.tolist()
    outer = [shapely.LineString(arcs.points[a:b]) for a, b in itertools.pairwise(bounds)]
    faces = _faces(np.array([*outer, *inner], dtype=object))
    progress.tell(0.7, "giving each place to its ZIP")
    owner = _owners(faces, seeds, shapes, counties)
    raw = _gathered(faces[owner >= 0], owner[owner >= 0], len(own))
    frame = gpd.GeoDataFrame(
        {
            "unit_id": own["zip"].to_numpy(dtype=object),
            "label": (own["zip"] + " " + own["city"] + ", " + counties["state"].to_numpy()[seeds.county]).to_numpy(
                object
            ),
            "state": counties["state"].to_numpy(dtype=object)[seeds.county],
            "county": counties["geoid"].to_numpy(dtype=object)[seeds.county],
        },
        geometry=shapely.transform(raw, fine.to_degrees),
        crs="EPSG:4326",
    )
    progress.tell(0.9, "placing ZIPs without an area")
    members = _members(points[known], frame)
    progress.tell(1.0, "done")
    return Estimate(frame, raw, fine, members)


def parts(estimate: Estimate, county_grid: CoordinateGrid, people: Mapping[str, int]) -> tuple[LayerParts, LayerParts]:
    """The ZIP areas and the ZIP3 areas dissolved from them, ready to be written.

    Args:
        estimate: from `estimate`.
        county_grid: the grid that the points of the counties lie on.
        people: people who live in places, by "Chicago, IL".
    """
    grid = CoordinateGrid(
        county_grid.scale_x / DRAWN, county_grid.scale_y / DRAWN, county_grid.off_x, county_grid.off_y
    )

    def made(level: str, frame: gpd.GeoDataFrame, members: pd.Series) -> LayerParts:
        arcs = cut_arcs(shapely.orient_polygons(frame.geometry.to_numpy()))
        return make(
            frame,
            level=level,
            title=TITLES[level],
            members=members,
            approximate=True,
            source=ESTIMATED,
            drawing=Drawing(grid, quantised(arcs, grid)),
        )

    zips = made("zip", estimate.frame, estimate.members)
    joined, members = dissolve(zips.areas, estimate.members, people=people)
    return zips, made("zip3", joined, members)


def _dividing_lines(seeds: ZipPoints, shapes: NDArray[np.object_]) -> list[shapely.LineString]:
    """The lines between the cells of each county, cut off at its border."""
    out: list[shapely.LineString] = []
    for k in np.unique(seeds.county).tolist():
        rows = np.flatnonzero(seeds.county == k)
        if len(rows) < 2:
            continue
        xy = seeds.km[rows]
        middle, reach = xy.mean(axis=0), FAR * max(1.0, float(np.ptp(xy, axis=0).max()), seeds.width(k, shapes[k]))
        helpers = middle + reach * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
        cells = Voronoi(np.vstack([xy, helpers]))
        between = (cells.ridge_points < len(rows)).all(axis=1)
        ends = np.array(cells.ridge_vertices)[between]
        ends = ends[(ends >= 0).all(axis=1)]
        corners = seeds.to_grid(k, cells.vertices)
        lines = shapely.linestrings(corners[ends])
        shapely.prepare(shapes[k])
        inside = shapely.contains_properly(shapes[k], lines)
        out.extend(lines[inside].tolist())
        cut = shapely.get_parts(shapely.intersection(lines[~inside], shapes[k]))
        out.extend(cut[shapely.get_type_id(cut) == 1].tolist())
    return out


def _faces(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """The faces between lines, all points in whole numbers."""
    noded = shapely.union_all(lines, grid_size=1)
    return np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))), dtype=object)


def _owners(
    faces: NDArray[np.object_], seeds: ZipPoints, shapes: NDArray[np.object_], counties: gpd.GeoDataFrame
) -> NDArray[np.int64]:
    """Row of the ZIP that each face belongs to; -1 for faces outside all counties (lakes on a border)."""
    out = np.full(len(faces), -1, dtype=np.int64)
    inside = shapely.point_on_surface(faces)
    face, county = shapely.STRtree(shapes).query(inside, predicate="within")
    order = np.argsort(county, kind="stable")
    face, county = face[order], county[order]
    starts = np.searchsorted(county, np.arange(len(shapes) + 1))
    for k in range(len(shapes)):
        mine = face[starts[k] : starts[k + 1]]
        rows = np.flatnonzero(seeds.county == k)
        if not len(rows):
            rows = _nearest_elsewhere(k, seeds, shapes, counties["state"].to_numpy())
        if len(rows) == 1:
            out[mine] = rows[0]
        elif len(rows):
            at = seeds.to_km(k, shapely.get_coordinates(inside[mine]))
            out[mine] = rows[cKDTree(seeds.to_km(k, seeds.to_grid_each(rows))).query(at)[1]]
    return out


def _nearest_elsewhere(
    k: int, seeds: ZipPoints, shapes: NDArray[np.object_], state: NDArray[np.object_]
) -> NDArray[np.int64]:
    """The one ZIP that a county without ZIPs goes to: the nearest in a neighbouring county of its state, else in it."""
    near = np.flatnonzero(shapely.dwithin(shapes, shapes[k], 0.5) & (state == state[k]))
    rows = np.flatnonzero(np.isin(seeds.county, near))
    if not len(rows):
        rows = np.flatnonzero(state[seeds.county] == state[k])
    if not len(rows):
        return rows
    centre = seeds.to_km(k, shapely.get_coordinates(shapely.point_on_surface(shapes[k])))
    distance = np.hypot(*(seeds.to_km(k, seeds.to_grid_each(rows)) - centre).T)
    return rows[[int(np.argmin(distance))]]


def _gathered(faces: NDArray[np.object_], owner: NDArray[np.int64], n: int) -> NDArray[np.object_]:
    """The faces of each owner as one shape, object (n,)."""
    order = np.argsort(owner, kind="stable")
    faces, owner = faces[order], owner[order]
    starts = np.searchsorted(owner, np.arange(n + 1))
    count = np.diff(starts)
    out = np.empty(n, dtype=object)
    out[count == 1] = faces[starts[:-1][count == 1]]
    for k in np.flatnonzero(count != 1).tolist():
        out[k] = shapely.coverage_union_all(faces[starts[k] : starts[k + 1]])
    return np.asarray(shapely.orient_polygons(out), dtype=object)


def _members(points: pd.DataFrame, frame: gpd.GeoDataFrame) -> pd.Series:
    """The area of each ZIP: its own, or the one that its point lies in, or the nearest one of its state."""
    ids = frame["unit_id"].to_numpy(dtype=object)
    belongs = pd.Series(ids, index=ids, dtype=object)
    rest = points[~points["zip"].isin(ids)]
    at = shapely.points(rest["lon"].to_numpy(float), rest["lat"].to_numpy(float))
    state = rest["state"].to_numpy(dtype=object)
    found = np.full(len(rest), -1, dtype=np.int64)
    geometry = frame.geometry.to_numpy()
    point, area = shapely.STRtree(geometry).query(at, predicate="intersects")
    same = frame["state"].to_numpy(dtype=object)[area] == state[point]
    found[point[same][::-1]] = area[same][::-1]
    for code in sorted(set(state[found < 0].tolist())):
        asked = np.flatnonzero((found < 0) & (state == code))
        rows = np.flatnonzero((frame["state"] == code).to_numpy())
        if len(rows):
            which, hit = shapely.STRtree(geometry[rows]).query_nearest(at[asked], all_matches=False)
            found[asked[which]] = rows[hit]
    rest_zips = rest["zip"].to_numpy(dtype=object)
    extra = pd.Series(ids[found[found >= 0]], index=rest_zips[found >= 0], dtype=object)
    out = pd.concat([belongs, extra]).sort_index()
    out.index.name, out.name = "zip", "unit_id"
    return out
