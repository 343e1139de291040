"""Which areas exist: regions by name, and the units of a level in a region with their graph."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.adjacency import components, join_components, plane_km
from terr.errors import LocateError
from terr.model.units import Units

LEVELS = ("state", "county")
"""Levels of units that ship with the app."""

STATES: dict[str, str] = {
    "AK": "Alaska",
    "AL": "Alabama",
    "AR": "Arkansas",
    "AZ": "Arizona",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DC": "District of Columbia",
    "DE": "Delaware",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "IA": "Iowa",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "MA": "Massachusetts",
    "MD": "Maryland",
    "ME": "Maine",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MO": "Missouri",
    "MS": "Mississippi",
    "MT": "Montana",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "NE": "Nebraska",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NV": "Nevada",
    "NY": "New York",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VA": "Virginia",
    "VT": "Vermont",
    "WA": "Washington",
    "WI": "Wisconsin",
    "WV": "West Virginia",
    "WY": "Wyoming",
}
"""Code -> name of the 50 states and the District of Columbia."""

LOWER48: tuple[str, ...] = tuple(sorted(set(STATES) - {"AK", "HI"}))
"""Codes of the 48 states that touch one another, and the District of Columbia."""

US: tuple[str, ...] = tuple(sorted(STATES))

_WORDS = {
    "lower48": LOWER48,
    "lower 48": LOWER48,
    "lower 48 states": LOWER48,
    "contiguous united states": LOWER48,
    "us": US,
    "u.s.": US,
    "usa": US,
    "united states": US,
    "all": US,
    "washington dc": ("DC",),
    "washington d.c.": ("DC",),
}
_BY_NAME: dict[str, tuple[str, ...]] = {
    **{code.lower(): (code,) for code in STATES},
    **{name.lower(): (code,) for code, name in STATES.items()},
    **_WORDS,
}
ALBERS = "EPSG:5070"
"""NAD83 / Conus Albers: the equal-area plane of everything within the lower 48."""

_FILES = {"state": ("states.parquet", "state"), "county": ("counties.parquet", "geoid")}


def data_dir() -> Path:
    """The folder of the bundled boundaries: `data/` beside the package.

    Raises:
        LocateError: if it isn't there.
    """
    folder = Path(__file__).resolve().parents[2] / "data"
    if not (folder / "counties.parquet").is_file():
        raise LocateError("the bundled boundaries are missing: run from a full checkout, with its folder data/")
    return folder


def parse_region(text: str | Sequence[str]) -> tuple[str, ...]:
    """State codes of a region, sorted and without repeats.

    Args:
        text: codes or names in any case ("TX", "Texas, OK"), "lower48" or "us"; or several of these.

    Raises:
        LocateError: naming the part that isn't known and the closest one that is; or if nothing is given.
    """
    parts = [text] if isinstance(text, str) else list(text)
    words = [w for part in parts for w in re.split(r"[,;+&\n]|\band\b", str(part), flags=re.IGNORECASE)]
    codes: set[str] = set()
    for word in words:
        key = " ".join(word.lower().split())
        if not key:
            continue
        if key not in _BY_NAME:
            near = difflib.get_close_matches(key, _BY_NAME, n=1, cutoff=0.0)
            guess = _BY_NAME[near[0]]
            shown = near[0] if len(guess) > 1 else STATES[guess[0]]
            raise LocateError(f'"{word.strip()[:40]}" is not a state or region; the closest is {shown}')
        codes.update(_BY_NAME[key])
    if not codes:
        raise LocateError('no region is given: name states such as "TX, OK", or "lower48"')
    return tuple(sorted(codes))


def region_label(region: str | Sequence[str]) -> str:
    """What a person calls a region: "Texas", "Texas and Oklahoma", "Lower 48 states", "United States"."""
    codes = parse_region(region)
    if codes == US:
        return "United States"
    if codes == LOWER48:
        return "Lower 48 states"
    names = sorted(STATES[c] for c in codes)
    if len(names) == 1:
        return names[0]
    if len(names) > 5:
        return f"{len(names)} states"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _check_level(level: str) -> None:
    if level not in LEVELS:
        raise LocateError(f'"{level[:40]}" is not a level of units; choose one of {", ".join(LEVELS)}')


@lru_cache(maxsize=4)
def _areas(level: str) -> gpd.GeoDataFrame:
    return gpd.read_parquet(data_dir() / _FILES[level][0])


@lru_cache(maxsize=4)
def _edges(level: str) -> pd.DataFrame:
    """The national edges with row positions `i`, `j` of the national file."""
    edges = pd.read_parquet(data_dir() / f"{level}_edges.parquet")
    row = pd.Index(_areas(level)[_FILES[level][1]])
    return edges.assign(i=row.get_indexer(edges["a"]), j=row.get_indexer(edges["b"]))


def areas(level: str) -> gpd.GeoDataFrame:
    """The national file of a level; shared and cached: don't change it.

    Columns: `geoid` (counties), `name`, `full_name` (counties), `label`, `state`, `state_fips`, `area_km2`, `lat`,
    `lon` (a point inside, degrees), `perimeter_km`, `geometry` (EPSG:4326).
    """
    _check_level(level)
    return _areas(level)


def declared_bridges(level: str) -> pd.DataFrame:
    """Pairs joined for the whole country though they share no border: columns `a`, `b` (ids), `a_name`, `b_name`."""
    _check_level(level)
    edges, names = _edges(level), _areas(level)["label"].to_numpy(dtype=object)
    found = edges[edges["bridge"]]
    return pd.DataFrame(
        {
            "a": found["a"].to_numpy(),
            "b": found["b"].to_numpy(),
            "a_name": names[found["i"]],
            "b_name": names[found["j"]],
        }
    )


def geometry_file(level: str) -> str:
    """Name of the level's geometry file in static/geo, with the hash of its content."""
    _check_level(level)
    return _geometry_index()[level]


@lru_cache(maxsize=1)
def _geometry_index() -> dict[str, str]:
    text = (data_dir().parent / "static" / "geo" / "index.json").read_text(encoding="utf-8")
    return {str(k): str(v) for k, v in json.loads(text).items()}


def load_units(level: str, region: str | Sequence[str]) -> Units:
    """Units of a level in a region, with their connected graph. Cached.

    Pieces of the region that touch nothing are joined to the nearest other piece; those joins are listed in `bridges`
    beside the declared ones, and `pieces` tells them apart.

    Args:
        level: one of `LEVELS`.
        region: see `parse_region`.

    Raises:
        LocateError: if the level or the region isn't known.
    """
    _check_level(level)
    return _load(level, parse_region(region))


@lru_cache(maxsize=32)
def _load(level: str, region: tuple[str, ...]) -> Units:
    national = _areas(level)
    rows = np.flatnonzero(national["state"].isin(region).to_numpy())
    part = national.iloc[rows]
    crs = ALBERS if set(region) <= set(LOWER48) else None
    xy = plane_km(part["lon"].to_numpy(dtype=float), part["lat"].to_numpy(dtype=float), crs)
    frame = gpd.GeoDataFrame(
        {
            "unit_id": part[_FILES[level][1]].astype(object).to_numpy(),
            "name": part["label"].astype(object).to_numpy(),
            "state": part["state"].astype(object).to_numpy(),
            "area_km2": part["area_km2"].to_numpy(dtype=float),
            "x_km": xy[:, 0].round(4),
            "y_km": xy[:, 1].round(4),
        },
        geometry=part.geometry.to_numpy(),
        crs="EPSG:4326",
    )
    i, j, km, bridge = _region_edges(level, rows)
    label = components(len(rows), i, j)
    if label.max() > 0:
        points, owner = shapely.get_coordinates(frame.geometry.to_numpy(), return_index=True)
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
        level=level,
        region=region,
        frame=frame,
        indptr=indptr.astype(np.int32),
        indices=both_j[order].astype(np.int32),
        border_km=both_km[order],
        outer_km=np.clip(part["perimeter_km"].to_numpy(dtype=float) - inner, 0.0, None).round(4),
        bridges=tuple(pairs),
        version=_version(level, frame, both_i[order], both_j[order], both_km[order]),
    )


def _region_edges(
    level: str, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Real borders and declared bridges inside a region: codes i < j, km, is it a bridge."""
    edges = _edges(level)
    code = np.full(len(_areas(level)), -1, dtype=np.int64)
    code[rows] = np.arange(len(rows))
    i, j = code[edges["i"].to_numpy()], code[edges["j"].to_numpy()]
    inside = (i >= 0) & (j >= 0)
    return (
        i[inside],
        j[inside],
        edges["border_km"].to_numpy(dtype=np.float64)[inside],
        edges["bridge"].to_numpy(dtype=bool)[inside],
    )


def _version(
    level: str, frame: gpd.GeoDataFrame, i: NDArray[np.int64], j: NDArray[np.int64], km: NDArray[np.float64]
) -> str:
    digest = hashlib.sha256(level.encode())
    digest.update("\n".join(frame["unit_id"]).encode())
    for values in (frame[["x_km", "y_km", "area_km2"]].to_numpy(dtype=np.float64), i, j, km):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:12]


def national_index(units: Units) -> NDArray[np.int64]:
    """Row of each unit in the national file, which is also its place in the geometry file, int64 (n,).

    Raises:
        LocateError: if a unit isn't in the bundled file of its level.
    """
    _check_level(units.level)
    out = np.asarray(pd.Index(_areas(units.level)[_FILES[units.level][1]]).get_indexer(units.ids), dtype=np.int64)
    if (out < 0).any():
        raise LocateError(f"unit {units.ids[int(np.argmin(out))]} is not among the bundled boundaries")
    return out


def pieces(units: Units) -> list[list[int]]:
    """Codes of each piece of the region that real borders and declared bridges hold together, biggest first.

    More than one piece means that `load_units` had to join them, nearest to nearest, to make one graph.
    """
    i, j, _, _ = _region_edges(units.level, national_index(units))
    label = components(len(units), i, j)
    groups = [np.flatnonzero(label == c).tolist() for c in range(int(label.max()) + 1 if len(label) else 0)]
    return sorted(groups, key=lambda g: (-len(g), g))
