"""A layer: all areas of one level with their borders, from which the units of a region are cut."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.geometry.adjacency import components, plane_km
from terr.boundaries.layers.regions import ALBERS, EVERYWHERE, FAR_STATES, LOWER48, region_label
from terr.errors import LocateError
from terr.model.units import Units

AREAS = ("unit_id", "label", "state", "area_km2", "perimeter_km", "lat", "lon", "geometry")
EDGES = ("i", "j", "border_km", "bridge")


@dataclass(frozen=True, eq=False)
class Layer:
    """All areas of one level, wherever they came from. Shared and cached: don't change its tables.

    Attributes:
        level: "state", "county", "city", "zip", "zip3", "zip-2020", "zip3-2020", "own-" and 12 hex digits, or a
            mixed one (see `terr.boundaries.layers.mixed_level`).
        title: what a person calls it, e.g. "ZIP areas, approximate", or the name given to a file of one's own.
        areas: GeoDataFrame in EPSG:4326 sorted by the unique string `unit_id`, RangeIndex, with the columns of `AREAS`:
            `label` is shown ("02139 Cambridge, MA"), `state` a two-letter code or "", lat/lon a point inside, degrees.
            A `county` column (5-digit code of the county the area lies in, "" if none) may follow.
        edges: one row per pair of neighbors: int64 `i < j` rows of `areas`, float64 `border_km`, bool `bridge` (they
            share no border, but count as neighbors).
        geometry: the file of shapes for the browser, areas in the same order.
        members: for layers of ZIPs: each known ZIP -> `unit_id` of the area it belongs to; a Series indexed by ZIP.
        approximate: the shapes are an estimate and must be called so wherever they are shown.
        fills: GeoSeries of parts that no source area covered and that were given to a neighbour, EPSG:4326.
        source: where the shapes are from, in one line, for the page and the files.
    """

    level: str
    title: str
    areas: gpd.GeoDataFrame
    edges: pd.DataFrame
    geometry: Path
    members: pd.Series | None = None
    approximate: bool = False
    fills: gpd.GeoSeries = field(default_factory=lambda: gpd.GeoSeries([], crs="EPSG:4326"))
    source: str = ""

    def __post_init__(self) -> None:
        for columns, table in ((AREAS, self.areas), (EDGES, self.edges)):
            missing = [c for c in columns if c not in table.columns]
            if missing:
                raise LocateError(f"the areas of {self.title} lack {', '.join(missing)}")
        if not self.areas["unit_id"].is_unique or not self.areas["unit_id"].is_monotonic_increasing:
            raise LocateError(f"the areas of {self.title} must have unique ids in their order")

    def __len__(self) -> int:
        return len(self.areas)

    def rows(self, region: tuple[str, ...]) -> NDArray[np.int64]:
        """Rows of the areas of a region (see `parse_region`).

        Raises:
            LocateError: if there are none.
        """
        if region == EVERYWHERE:
            return np.arange(len(self.areas), dtype=np.int64)
        rows = np.flatnonzero(self.areas["state"].isin(region).to_numpy())
        if not len(rows):
            raise LocateError(f"{self.title} has no areas in {region_label(region)}")
        return rows.astype(np.int64)


def region_edges(
    layer: Layer, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Real borders and declared bridges inside a region: codes i < j, km, is it a bridge."""
    code = np.full(len(layer), -1, dtype=np.int64)
    code[rows] = np.arange(len(rows))
    i, j = code[layer.edges["i"].to_numpy()], code[layer.edges["j"].to_numpy()]
    inside = (i >= 0) & (j >= 0)
    return (
        i[inside],
        j[inside],
        layer.edges["border_km"].to_numpy(dtype=np.float64)[inside],
        layer.edges["bridge"].to_numpy(dtype=bool)[inside],
    )


def cut(layer: Layer, region: tuple[str, ...]) -> Units:
    """The units of a region, with their connected graph.

    Pieces of the region that touch nothing are joined to the nearest other piece, Alaska and Hawaii to the nearest of
    the continent where it is part of the region; those joins are listed in `bridges` beside the declared ones, and
    `terr.boundaries.layers.catalog.pieces` tells them apart.

    Raises:
        LocateError: if the region has no areas.
    """
    rows = layer.rows(region)
    part = layer.areas.iloc[rows]
    crs = ALBERS if region != EVERYWHERE and set(region) <= set(LOWER48) else None
    xy = plane_km(part["lon"].to_numpy(dtype=float), part["lat"].to_numpy(dtype=float), crs)
    frame = gpd.GeoDataFrame(
        {
            "unit_id": part["unit_id"].astype(object).to_numpy(),
            "name": part["label"].astype(object).to_numpy(),
            "state": part["state"].astype(object).to_numpy(),
            "area_km2": part["area_km2"].to_numpy(dtype=float),
            "x_km": xy[:, 0].round(4),
            "y_km": xy[:, 1].round(4),
        },
        geometry=part.geometry.to_numpy(),
        crs="EPSG:4326",
    )
    i, j, km, bridge = region_edges(layer, rows)
    label = components(len(rows), i, j)
    if label.max() > 0:
        points, owner = shapely.get_coordinates(frame.geometry.to_numpy(), return_index=True)
        from terr.boundaries.geometry.joining import join_components  # late: its loops load a compiler

        plane = plane_km(points[:, 0], points[:, 1], crs)
        nearest = [(u, v) for u, v, _ in join_components(label, plane, owner)]
        joins = _over_sea(frame["state"].to_numpy(dtype=object), label, points, plane, owner) or nearest
        old = _with_joins(i, j, km, bridge, nearest)
        i, j, km, bridge = _with_joins(i, j, km, bridge, joins)
    else:
        old = (i, j, km, bridge)

    both_i, both_j, both_km, order = _both_ways(i, j, km)
    # plans are kept by this version: it stays that of the nearest joins, whichever are made
    old_i, old_j, old_km, old_order = _both_ways(*old[:3])
    indptr = np.concatenate([[0], np.cumsum(np.bincount(both_i, minlength=len(rows)))])
    inner = np.bincount(both_i, weights=both_km, minlength=len(rows))
    ids = frame["unit_id"].to_numpy()
    pairs = sorted((str(ids[u]), str(ids[v])) for u, v in zip(i[bridge], j[bridge], strict=True))
    return Units(
        level=layer.level,
        region=region,
        frame=frame,
        indptr=indptr.astype(np.int32),
        indices=both_j[order].astype(np.int32),
        border_km=both_km[order],
        outer_km=np.clip(part["perimeter_km"].to_numpy(dtype=float) - inner, 0.0, None).round(4),
        bridges=tuple(pairs),
        version=_version(layer.level, frame, old_i[old_order], old_j[old_order], old_km[old_order]),
    )


def _over_sea(
    state: NDArray[np.object_],
    label: NDArray[np.integer],
    points: NDArray[np.float64],
    plane: NDArray[np.float64],
    owner: NDArray[np.int64],
) -> list[tuple[int, int]]:
    """Joins of a region that has Alaska or Hawaii beside states of the continent; none for other regions.

    Each of the two joins the continent where it comes closest to it, along the globe, and never the other: the shortest
    way from Hawaii is to the last of the Aleutians, which nobody who covers it would travel.
    """
    from terr.boundaries.geometry.joining import closest_on_globe, join_components

    far = np.isin(state, FAR_STATES)
    if not far.any() or far.all():
        return []
    side = np.where(far, state, "")
    joins: list[tuple[int, int]] = []
    for one in dict.fromkeys(side.tolist()):
        units = np.flatnonzero(side == one)
        _, mine = np.unique(label[units], return_inverse=True)
        if mine.max() > 0:
            on = np.isin(owner, units)
            place = np.full(len(state), -1, dtype=np.int64)
            place[units] = np.arange(len(units))
            inner = join_components(mine, plane[on], place[owner[on]])
            joins += [(int(units[u]), int(units[v])) for u, v, _ in inner]
        if one:
            on, main = np.isin(owner, units), ~far[owner]
            a, b = closest_on_globe(points[on], points[main])
            joins.append(tuple(sorted((int(owner[on][a]), int(owner[main][b])))))  # type: ignore[arg-type]
    return joins


Edges = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]


def _with_joins(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    km: NDArray[np.float64],
    bridge: NDArray[np.bool_],
    joins: list[tuple[int, int]],
) -> Edges:
    return (
        np.concatenate([i, [u for u, _ in joins]]).astype(np.int64),
        np.concatenate([j, [v for _, v in joins]]).astype(np.int64),
        np.concatenate([km, np.zeros(len(joins))]),
        np.concatenate([bridge, np.ones(len(joins), dtype=bool)]),
    )


def _both_ways(
    i: NDArray[np.int64], j: NDArray[np.int64], km: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Each border from both its sides, and the order of the rows of a symmetric matrix."""
    both_i, both_j, both_km = np.concatenate([i, j]), np.concatenate([j, i]), np.concatenate([km, km])
    return both_i, both_j, both_km, np.lexsort((both_j, both_i))


def _version(
    level: str, frame: gpd.GeoDataFrame, i: NDArray[np.int64], j: NDArray[np.int64], km: NDArray[np.float64]
) -> str:
    digest = hashlib.sha256(level.encode())
    digest.update("\n".join(frame["unit_id"]).encode())
    for values in (frame[["x_km", "y_km", "area_km2"]].to_numpy(dtype=np.float64), i, j, km):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:12]
