"""Makes a layer of polygons: measures, neighbors, shapes for the browser, and the files that keep them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.geometry.adjacency import matched_borders
from terr.boundaries.geometry.drawing import Drawing, draw, file_of
from terr.boundaries.geometry.ellipsoid import ellipsoid_km2
from terr.boundaries.layers.layer import Layer
from terr.boundaries.layers.layer_files import LayerParts, write_layer
from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress

_NEAR_POLE = 89.9999
"""Degrees, 11 m from a pole."""


def build(
    frame: gpd.GeoDataFrame,
    *,
    level: str,
    title: str,
    folder: Path,
    members: pd.Series | None = None,
    approximate: bool = False,
    fills: gpd.GeoSeries | None = None,
    source: str = "",
    progress: Progress = UNWATCHED,
) -> Layer:
    """Makes a layer of areas and keeps it in a folder.

    Args:
        frame: areas in EPSG:4326 that don't overlap: unique text `unit_id`, `label`, `state` (two letters or ""),
            perhaps `county` (5 digits or ""), and valid polygons. Common borders should share their points; where they
            only touch, the missing points are put in.
        level: see `Layer`.
        title: what a person calls the layer.
        folder: where the files go; what it held before is replaced at once, when all is written.
        members: each known ZIP -> `unit_id`, a Series indexed by ZIP.
        approximate: the shapes are an estimate.
        fills: parts that no source area covered and that were given to a neighbour, EPSG:4326.
        source: where the shapes are from, in one line.
        progress: told how far the work is.

    Raises:
        InputError: if the areas can't make a layer: none at all, ids that repeat, shapes that are no polygons.
        StoreError: if the folder can't be written; what it held stays.
    """
    parts = make(
        frame,
        level=level,
        title=title,
        members=members,
        approximate=approximate,
        fills=fills,
        source=source,
        progress=progress,
    )
    progress.check()
    last = progress.settled()  # a stop between two files would leave half a layer
    last.tell(0.9, "writing the files")
    done = write_layer(parts, folder)
    last.show(1.0, "done")
    return done


def make(
    frame: gpd.GeoDataFrame,
    *,
    level: str,
    title: str,
    members: pd.Series | None = None,
    approximate: bool = False,
    fills: gpd.GeoSeries | None = None,
    source: str = "",
    drawing: Drawing | None = None,
    progress: Progress = UNWATCHED,
) -> LayerParts:
    """What `build` writes, without writing it: see there. `drawing` is made from the areas unless it is given."""
    areas = _checked(frame, title)
    progress.tell(0.0, "matching borders")
    geometry = matched(np.asarray(areas.geometry.to_numpy(), dtype=object))
    progress.tell(0.2, "measuring areas and borders")
    edges, perimeter = matched_borders(geometry)
    place = measure(geometry, perimeter)
    edges = edges.assign(border_km=edges["border_km"].round(6), bridge=False)
    columns = [c for c in ("unit_id", "label", "state", "county") if c in areas.columns]
    table = gpd.GeoDataFrame(areas[columns].join(place), geometry=geometry, crs="EPSG:4326")
    table = table.assign(unit_id=table["unit_id"].astype(object))
    progress.tell(0.5, "drawing shapes for the map")
    drawing = draw(geometry) if drawing is None else drawing
    filled = gpd.GeoSeries([], crs="EPSG:4326") if fills is None else fills[~fills.is_empty].reset_index(drop=True)
    return LayerParts(
        level=level,
        title=title,
        areas=table,
        edges=edges[["i", "j", "border_km", "bridge"]],
        drawn=file_of(drawing, unit_columns(table, drawing), np.asarray(filled.to_numpy(), dtype=object)),
        members=members,
        approximate=approximate,
        fills=filled,
        source=source,
    )


def _checked(frame: gpd.GeoDataFrame, title: str) -> gpd.GeoDataFrame:
    """The areas sorted by id, text columns as text, rings turned the way the map needs them."""
    missing = [c for c in ("unit_id", "label", "state") if c not in frame.columns]
    if missing:
        raise InputError(f"the areas of {title} lack {', '.join(missing)}")
    if not len(frame):
        raise InputError(f"{title} has no areas with a surface, so there is nothing to plan on")
    ids = frame["unit_id"].astype(str)
    if not ids.is_unique:
        raise InputError(
            f'the areas of {title} must have unique ids; "{ids[ids.duplicated()].iloc[0][:40]}" is there twice'
        )
    geometry = np.asarray(frame.geometry.to_numpy(), dtype=object)
    bad = ~np.isin(shapely.get_type_id(geometry), (3, 6)) | shapely.is_empty(geometry)
    if bad.any():
        raise InputError(f'area "{ids.iloc[int(np.argmax(bad))][:40]}" of {title} has no surface')
    text = {c: frame[c].astype(str).to_numpy(dtype=object) for c in ("label", "state", "county") if c in frame.columns}
    table = gpd.GeoDataFrame(
        {"unit_id": ids.to_numpy(dtype=object), **text}, geometry=shapely.orient_polygons(geometry), crs="EPSG:4326"
    )
    return table.sort_values("unit_id", ignore_index=True)


def matched(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """The areas with the points put in that their neighbors have on common borders; overlaps go to one of the two.

    Areas that share their points already come back as they are, so only the few that don't cost time. An area that
    nothing would be left of keeps its shape.
    """
    loose = _loose(geometry)
    if not len(loose):
        return geometry
    out, tree = geometry.copy(), shapely.STRtree(geometry)
    gone = np.zeros(len(geometry), dtype=bool)
    for _ in range(3):
        around = np.unique(tree.query(geometry[loose], predicate="intersects")[1])
        out[loose], lost = _cleaned(out[loose], 0.0)
        gone[loose[lost]] = True
        around = around[~gone[around]]
        loose = around[_loose(out[around])]
        if not len(loose):
            return out
    return _cleaned(geometry, -1.0)[0]


def _loose(geometry: NDArray[np.object_]) -> NDArray[np.intp]:
    """Rows of areas with a border that runs along or into another area without sharing its points."""
    return np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(geometry)))


def _cleaned(geometry: NDArray[np.object_], snap: float) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Areas made to share their points, and which of them nothing would be left of."""
    clean = np.asarray(shapely.coverage_clean(geometry, snapping_distance=snap), dtype=object)
    lost = shapely.is_empty(clean) | ~np.isin(shapely.get_type_id(clean), (3, 6))
    return np.asarray(shapely.orient_polygons(np.where(lost, geometry, clean)), dtype=object), np.asarray(lost)


def measure(geometry: NDArray[np.object_], perimeter_km: NDArray[np.float64]) -> pd.DataFrame:
    """Columns `area_km2`, `perimeter_km`, and `lat`, `lon` of a point inside (the centroid where it lies inside)."""
    point = shapely.centroid(geometry)
    outside = ~shapely.contains_properly(geometry, point)
    point[outside] = shapely.point_on_surface(geometry[outside])
    return pd.DataFrame(
        {
            "area_km2": ellipsoid_km2(geometry).round(6),
            "perimeter_km": perimeter_km.round(6),
            "lat": np.clip(shapely.get_y(point), -_NEAR_POLE, _NEAR_POLE).round(6),  # no plane has a place at a pole
            "lon": shapely.get_x(point).round(6),
        }
    )


def unit_columns(table: gpd.GeoDataFrame, drawing: Drawing) -> dict[str, list[object]]:
    """The columns of the browser's file."""
    digits = max(4, round(-np.log10(drawing.grid.scale_x)))
    names = {"id": "unit_id", "name": "label", "state": "state", "county": "county"}
    out = {new: table[old].tolist() for new, old in names.items() if old in table.columns}
    return {**out, "pt": table[["lon", "lat"]].round(digits).to_numpy().tolist()}
