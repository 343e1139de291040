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
from terr.boundaries.layers.regions import ALBERS, EVERYWHERE, LOWER48, region_label
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

    Pieces of the region that touch nothing are joined to the nearest other piece; those joins are listed in `bridges`
    beside the declared ones, and `terr.boundaries.layers.catalog.pieces` tells them apart.

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

        joins = join_components(label, plane_km(points[:, 0], points[:, 1], crs), owner)
        i = np.concatenate([i, [u for u, _, _ in joins]]).astype(np.int64)
        j = np.concatenate([j, [v for _, v, _ in joins]]).astype(np.int64)
        km = np.concatenate([km, np.zeros(len(joins))])
        bridge = np.concatenate([bridge, np.ones(len(joins), dtype=bool)])

    both_i, both_j, both_km = np.concatenate([i, j]), np.concatenate([j, i]), np.concatenate([km, km])
    order = np.lexsort((both_j, both_i))
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
        version=_version(layer.level, frame, both_i[order], both_j[order], both_km[order]),
    )


def _version(
    level: str, frame: gpd.GeoDataFrame, i: NDArray[np.int64], j: NDArray[np.int64], km: NDArray[np.float64]
) -> str:
    digest = hashlib.sha256(level.encode())
    digest.update("\n".join(frame["unit_id"]).encode())
    for values in (frame[["x_km", "y_km", "area_km2"]].to_numpy(dtype=np.float64), i, j, km):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:12]
