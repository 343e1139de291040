"""Makes units of accounts: points on the plane of a region's areas, or on their own, without borders."""

from __future__ import annotations

import hashlib

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.geometry.adjacency import plane_around, plane_km
from terr.boundaries.layers.catalog import layer, national_index
from terr.boundaries.layers.regions import ALBERS, EVERYWHERE, LOWER48
from terr.errors import PlanError
from terr.model.books.book_units import BookUnits
from terr.model.units import ACCOUNT, Units, books_level

COLUMNS = ("account_id", "name", "state", "lat", "lon", "layer")
"""Columns of a list of accounts that are units: texts, degrees (NaN = place not known), and the layer's number."""
_MIDDLE = (39.0, -97.0)


def book_units(
    areas: Units | None, table: pd.DataFrame, layers: tuple[str, ...], areas_layer: int, mark: str, left_out: int = -1
) -> BookUnits:
    """Units of a plan of layers: its areas, then its accounts.

    Args:
        areas: units of the layer of areas, None without one.
        table: one row per account with `COLUMNS`, in the order in which they came to the plan.
        layers: names of the layers.
        areas_layer: which of them the areas belong to, -1 without areas.
        mark: of the table's content; part of the units' version.
        left_out: the layer whose accounts are no units, as an overlay doesn't cover them; -1 without one.

    Raises:
        PlanError: if an account comes twice, or a column is missing.
    """
    if missing := [c for c in COLUMNS if c not in table.columns]:
        raise PlanError(f"the list of accounts lacks {', '.join(missing)}")
    out = (table["layer"] == left_out).to_numpy()
    uncovered, table = frozenset(table.loc[out, "account_id"].astype(str)), table[~out]
    n = 0 if areas is None else len(areas)
    lat, lon = (table[c].to_numpy(dtype=np.float64) for c in ("lat", "lon"))
    known = np.isfinite(lat) & np.isfinite(lon)
    middle = (float(lat[known].mean()), float(lon[known].mean())) if known.any() else _MIDDLE
    lat, lon = np.where(known, lat, middle[0]), np.where(known, lon, middle[1])
    xy = _plane(areas, lon, lat)
    own = gpd.GeoDataFrame(
        {
            "unit_id": (ACCOUNT + table["account_id"].astype(str)).astype(object).to_numpy(),
            "name": np.where(table["name"] != "", table["name"], table["account_id"]).astype(object),
            "state": table["state"].astype(object).to_numpy(),
            "area_km2": np.zeros(len(table)),
            "x_km": xy[:, 0].round(4),
            "y_km": xy[:, 1].round(4),
        },
        geometry=shapely.points(lon, lat),
        crs="EPSG:4326",
    )
    frame = own if areas is None else gpd.GeoDataFrame(pd.concat([areas.frame, own], ignore_index=True), crs=own.crs)
    nothing = np.zeros(len(own))
    out_of = f" without {left_out}" if left_out >= 0 else ""  # the same list with and without a layer left out
    version = hashlib.sha256(f"{mark} {'' if areas is None else areas.version}{out_of}".encode()).hexdigest()[:12]
    first = np.zeros(1, dtype=np.int32) if areas is None else areas.indptr
    return BookUnits(
        level=books_level("" if areas is None else areas.level),
        region=EVERYWHERE if areas is None else areas.region,
        frame=frame,
        indptr=np.concatenate([first, np.full(len(own), first[-1], dtype=np.int32)]).astype(np.int32),
        indices=np.zeros(0, dtype=np.int32) if areas is None else areas.indices,
        border_km=np.zeros(0) if areas is None else areas.border_km,
        outer_km=nothing if areas is None else np.concatenate([areas.outer_km, nothing]),
        bridges=() if areas is None else areas.bridges,
        version=version,
        areas=areas,
        layers=layers,
        layer_of=np.concatenate([np.full(n, max(areas_layer, 0)), table["layer"].to_numpy()]).astype(np.int16),
        drawn=np.concatenate([np.ones(n, dtype=np.bool_), known]),
        uncovered=uncovered,
    )


def _plane(areas: Units | None, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """The accounts on the plane their areas lie on (see `terr.boundaries.layers.layer.cut`), in km."""
    if areas is None:
        inside = (lon > -130) & (lon < -60) & (lat > 23) & (lat < 50)
        return plane_km(lon, lat, ALBERS if inside.all() else None)
    if areas.region != EVERYWHERE and set(areas.region) <= set(LOWER48):
        return plane_km(lon, lat, ALBERS)
    own = layer(areas.level).areas.iloc[national_index(areas)]
    around = plane_around(own["lon"].to_numpy(dtype=float), own["lat"].to_numpy(dtype=float))
    return plane_km(lon, lat, around)
