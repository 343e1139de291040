"""The layers that ship with the app, read from `data/` and `static/geo/` beside the package."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from terr.boundaries.layers.layer import Layer
from terr.boundaries.layers.layer_files import member_series
from terr.errors import LocateError
from terr.model.json_values import parse, read

LEVELS = ("state", "county", "zip3", "zip")
"""Levels of units that ship with the app, from the coarsest to the finest."""

CENSUS_2023 = "US Census Bureau, cartographic boundaries of 2023"
ESTIMATED = f"estimated from ZIP points (GeoNames, CC BY 4.0) within counties ({CENSUS_2023})"
TITLES = {
    "state": "States",
    "county": "Counties",
    "zip3": "ZIP3 areas, approximate",
    "zip": "ZIP areas, approximate",
}
_FILES = {"state": "states", "county": "counties", "zip3": "zip3s", "zip": "zips"}
_KEYS = {"state": "state", "county": "geoid"}


def data_dir() -> Path:
    """The folder of the bundled boundaries: `data/` beside the package.

    Raises:
        LocateError: if it isn't there.
    """
    folder = Path(__file__).resolve().parents[3] / "data"
    if not (folder / "counties.parquet").is_file():
        raise LocateError("the bundled boundaries are missing: run from a full checkout, with its folder data/")
    return folder


def count(level: str) -> int:
    """Number of areas of a bundled level, told without reading them."""
    return int(pq.read_metadata(data_dir() / f"{_FILES[level]}.parquet").num_rows)


def geometry_path(level: str) -> Path:
    """The browser's file of a bundled level."""
    return data_dir().parent / "static" / "geo" / _geometry_index()[level]


@lru_cache(maxsize=1)
def _geometry_index() -> dict[str, str]:
    data = (data_dir().parent / "static" / "geo" / "index.json").read_bytes()
    return read(dict[str, str], parse(data, "index.json"), "index.json")


@lru_cache(maxsize=4)
def bundled(level: str) -> Layer:
    """All areas of a level that ships with the app. Cached."""
    frame = gpd.read_parquet(data_dir() / f"{_FILES[level]}.parquet")
    frame = frame.assign(unit_id=frame[_KEYS.get(level, "unit_id")].astype(object))
    edges = pd.read_parquet(data_dir() / f"{level}_edges.parquet")
    members = None
    if level in _KEYS:
        row = pd.Index(frame["unit_id"])
        edges = edges.assign(i=row.get_indexer(edges["a"]), j=row.get_indexer(edges["b"]))
    else:
        edges = edges.astype({"i": "int64", "j": "int64", "border_km": "float64"})
        members = member_series(pd.read_parquet(data_dir() / f"{level}_members.parquet"))
    return Layer(
        level=level,
        title=TITLES[level],
        areas=frame,
        edges=edges,
        geometry=geometry_path(level),
        members=members,
        approximate=level not in _KEYS,
        source=CENSUS_2023 if level in _KEYS else ESTIMATED,
    )


@lru_cache(maxsize=1)
def city_people() -> dict[str, int]:
    """People who live in the cities at hand, by "City, ST"."""
    cities = pd.read_parquet(data_dir() / "cities.parquet")
    names = (cities["city"] + ", " + cities["state"]).tolist()
    return dict(zip(names[::-1], cities["population"].tolist()[::-1], strict=True))
