"""Coordinate systems that files name: only the description is believed, nothing it points to is ever opened."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer, network
from pyproj.exceptions import CRSError, ProjError

from terr.errors import InputError

_EPSG = re.compile(
    r"(?:urn:ogc:def:crs:|https?://www\.opengis\.net/def/crs/)?EPSG[:/]{1,2}(?:[\d.]*[:/])?(\d{4,6})", re.I
)
_CRS84 = re.compile(r"(?:urn:ogc:def:crs:|https?://www\.opengis\.net/def/crs/)?OGC[:/][\d.]*[:/]?CRS84", re.I)
_WKT = re.compile(
    r"\s*(?:PROJCS|GEOGCS|PROJCRS|PROJECTEDCRS|GEOGCRS|GEODCRS|GEOGRAPHICCRS|GEODETICCRS|COMPD_?CS|COMPOUNDCRS|BOUNDCRS)"
    r"\s*[\[(]",
    re.I,
)
# Words by which a description may send the library to a file of grid values, on this machine or another.
_FILES = re.compile(r"EXTENSION|PARAMETERFILE|grids|BOUNDCRS|file|/|\\", re.I)
_SAME = frozenset({4326, 4269, 4258, 4979, 7844, 4617, 4283, 6318, 9755})
"""Systems in degrees that agree with WGS 84 within two meters: their numbers are taken as they are."""


def from_epsg(code: int) -> CRS:
    """A system by its EPSG number.

    Raises:
        InputError: if there is none.
    """
    try:
        return CRS.from_epsg(code)
    except CRSError as error:
        raise InputError(f"there is no coordinate system with the EPSG number {code}; look it up at epsg.io") from error


def from_name(name: str) -> CRS | None:
    """A system by a name such as "EPSG:3857" or "urn:ogc:def:crs:OGC:1.3:CRS84"; None if it isn't one of these."""
    name = name.strip()[:200]
    if _CRS84.fullmatch(name):
        return CRS.from_epsg(4326)
    found = _EPSG.fullmatch(name)
    if not found:
        return None
    try:
        return CRS.from_epsg(int(found[1]))
    except CRSError:
        return None


def from_wkt(text: str) -> CRS | None:
    """A system by its description (WKT); None if it can't be read, or points to files and isn't a registered one."""
    if not _WKT.match(text) or len(text) > 20_000:
        return None
    try:
        return _registered(CRS.from_wkt(text), text)
    except (CRSError, ProjError, ValueError):
        return None


def from_projjson(value: Any) -> CRS | None:
    """A system by its PROJJSON, as GeoParquet keeps it; None as in `from_wkt`."""
    if not isinstance(value, dict):
        return None
    known = value.get("id")
    if isinstance(known, dict) and isinstance(known.get("authority"), str):
        named = from_name(f"{known['authority']}:{known.get('code')}")
        if named is not None:
            return named
    try:
        text = json.dumps({k: v for k, v in value.items() if k not in {"$schema", "scope", "area", "usages"}})
        return _registered(CRS.from_json(text), text) if len(text) < 100_000 else None
    except (CRSError, ProjError, ValueError, RecursionError):
        return None


def _registered(found: CRS, text: str) -> CRS | None:
    code = found.to_epsg()
    if code is not None:
        return CRS.from_epsg(code)
    return None if _FILES.search(text) else found


def label(crs: CRS | None) -> str:
    """What a person calls a system: "NAD83 / Texas Central (EPSG:32139)"; "" for none."""
    if crs is None:
        return ""
    code = crs.to_epsg()
    return f"{crs.name[:80]} (EPSG:{code})" if code else crs.name[:80]


def is_degrees(crs: CRS) -> bool:
    """Whether its numbers are longitude and latitude."""
    return bool(crs.is_geographic)


def to_degrees(geometry: NDArray[np.object_], crs: CRS) -> NDArray[np.object_]:
    """Shapes in a system to longitude and latitude; what lies outside the system's reach gets infinite coordinates."""
    if crs.to_epsg() in _SAME:
        return geometry
    return np.asarray(shapely.transform(geometry, lambda xy: points_to_degrees(xy, crs)), dtype=object)


def points_to_degrees(xy: NDArray[np.float64], crs: CRS) -> NDArray[np.float64]:
    """Points (n, 2) in a system to longitude and latitude; infinite where that can't be done."""
    if crs.to_epsg() in _SAME:
        return xy
    network.set_network_enabled(active=False)  # grids of other machines are never asked for
    change = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lon, lat = change.transform(xy[:, 0], xy[:, 1], errcheck=False)
    return np.column_stack([lon, lat])
