"""Small layers made by hand, for tests of placing, planning and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from terr.boundaries.geometry.adjacency import perimeters, shared_borders
from terr.boundaries.layers.layer import Layer


def layer_of(
    shapes: Mapping[str, shapely.Geometry],
    *,
    level: str = "own-0123456789ab",
    title: str = "My areas",
    states: Sequence[str] | None = None,
    members: Mapping[str, str] | None = None,
    approximate: bool = False,
) -> Layer:
    """A layer of areas by id; its geometry file doesn't exist."""
    ids = sorted(shapes)
    geometry = np.array([shapes[i] for i in ids], dtype=object)
    inside = shapely.point_on_surface(geometry)
    frame = gpd.GeoDataFrame(
        {
            "unit_id": pd.Series(ids, dtype=object),
            "label": pd.Series([f"Area {i}" for i in ids], dtype=object),
            "state": pd.Series([""] * len(ids) if states is None else list(states), dtype=object),
            "area_km2": gpd.GeoSeries(geometry, crs=4326).to_crs(6933).area.to_numpy() / 1e6,
            "perimeter_km": perimeters(geometry),
            "lat": shapely.get_y(inside),
            "lon": shapely.get_x(inside),
        },
        geometry=geometry,
        crs="EPSG:4326",
    )
    return Layer(
        level=level,
        title=title,
        areas=frame,
        edges=shared_borders(frame).assign(bridge=False),
        geometry=Path("missing.json"),
        members=None if members is None else pd.Series(dict(members), dtype=object),
        approximate=approximate,
        source="drawn by hand",
    )


def squares(west: float, south: float, columns: int, rows: int, side: float = 1.0, prefix: str = "A") -> dict:
    """Touching squares "A1", "A2", ..., row by row from the south-west, in degrees."""
    return {
        f"{prefix}{r * columns + c + 1}": shapely.box(
            west + c * side, south + r * side, west + (c + 1) * side, south + (r + 1) * side
        )
        for r in range(rows)
        for c in range(columns)
    }
