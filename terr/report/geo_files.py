"""Territories as a zipped Shapefile and as a GeoPackage, for GIS programs; both from the same features as the GeoJSON.

A Shapefile holds one kind of shape and names of ten letters: areas and accounts that are units are files of their own,
and `fields.csv` in the zip says which column is which. GDAL writes both, and reads nothing here.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from terr.errors import PlanError
from terr.report.safe import safe_frame

if TYPE_CHECKING:
    import geopandas as gpd

AREAS, POINTS = "territories", "territory_accounts"
"""Layers: territories of areas, and accounts that are units of their own (a book is its points)."""
BOUNDARIES = "boundaries"
"""Column of what the areas are, as the GeoJSON says it beside its features."""
FIELD_LENGTH = 10
TEXT_BYTES = 254
"""What a Shapefile's table holds."""
_DATE = (2000, 1, 1, 0, 0, 0)


def territories_file(name: str, geojson: bytes) -> bytes:
    """The kind of file that the ending of a name says: `.zip` (Shapefile), `.gpkg`, or the GeoJSON itself.

    Raises:
        PlanError: if no territory has areas or accounts.
    """
    if name.endswith("zip"):
        return shapefile_zip(geojson)
    return geopackage(geojson) if name.endswith("gpkg") else geojson


def shapefile_zip(geojson: bytes) -> bytes:
    """A zip of one Shapefile for each kind of shape, UTF-8, WGS 84, with `fields.csv`.

    Args:
        geojson: of `terr.report.geo.territories_geojson`.

    Raises:
        PlanError: if no territory has areas or accounts.
    """
    layers = _layers(geojson)
    columns = list(dict.fromkeys(c for frame in layers.values() for c in frame.columns if c != "geometry"))
    short = _short_names(columns)
    out = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="terr-shape-") as folder, zipfile.ZipFile(out, "w") as parts:
        for name, frame in layers.items():
            renamed = frame.rename(columns=short)
            for column in renamed.columns:
                if column != "geometry" and not pd.api.types.is_numeric_dtype(renamed[column]):
                    renamed[column] = renamed[column].map(_cut)
            _write(renamed, Path(folder) / f"{name}.shp", "ESRI Shapefile", name, ENCODING="UTF-8")
        for path in sorted(Path(folder).iterdir()):
            _add(parts, path.name, path.read_bytes())
        fields = safe_frame(pd.DataFrame({"field": [short[c] for c in columns], "what": columns}))
        _add(parts, "fields.csv", fields.to_csv(index=False).encode("utf-8-sig"))
    return out.getvalue()


def geopackage(geojson: bytes) -> bytes:
    """A GeoPackage (OGC 12-128) with a layer for each kind of shape.

    Args:
        geojson: of `terr.report.geo.territories_geojson`.

    Raises:
        PlanError: if no territory has areas or accounts.
    """
    with tempfile.TemporaryDirectory(prefix="terr-shape-") as folder:
        path = Path(folder) / "territories.gpkg"
        for n, (name, frame) in enumerate(_layers(geojson).items()):
            _write(frame, path, "GPKG", name, append=n > 0)
        return path.read_bytes()


def _layers(geojson: bytes) -> dict[str, gpd.GeoDataFrame]:
    """Layer -> its features; a territory of areas and accounts is in both."""
    import geopandas as gpd
    import shapely

    collection = json.loads(geojson)
    features, areas = collection["features"], collection.get("boundaries")
    rows: dict[str, list[tuple[dict[str, Any], Any]]] = {AREAS: [], POINTS: []}
    for feature in features:
        shape = shapely.geometry.shape(feature["geometry"])
        parts = shape.geoms if shape.geom_type == "GeometryCollection" else [shape]
        for part in parts:
            points = part.geom_type == "MultiPoint"
            whole = part if points or part.geom_type == "MultiPolygon" else shapely.multipolygons([part])
            told = {} if points or areas is None else {BOUNDARIES: areas["title"]}  # says so if they are approximate
            rows[POINTS if points else AREAS].append((feature["properties"] | told, whole))
    layers = {
        name: gpd.GeoDataFrame([p for p, _ in found], geometry=[g for _, g in found], crs=4326)
        for name, found in rows.items()
        if found
    }
    if not layers:
        raise PlanError("the plan has nothing to draw; assign some areas first")
    return layers


def _write(frame: gpd.GeoDataFrame, path: Path, driver: str, layer: str, **options: Any) -> None:
    import pyogrio

    pyogrio.write_dataframe(frame, path, layer=layer, driver=driver, promote_to_multi=True, **options)


def _short_names(columns: list[str]) -> dict[str, str]:
    """Column -> a name of at most ten ASCII letters that no other column has."""
    out: dict[str, str] = {}
    for column in columns:
        plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in column)
        name, n = plain[:FIELD_LENGTH] or "field", 1
        while name.casefold() in {v.casefold() for v in out.values()}:
            n += 1
            name = f"{plain[: FIELD_LENGTH - len(str(n)) - 1]}_{n}"
        out[column] = name
    return out


def _cut(text: Any) -> Any:
    """A text that fits its column, cut between two characters."""
    if not isinstance(text, str):
        return text
    return text.encode("utf-8")[:TEXT_BYTES].decode("utf-8", "ignore")


def _add(parts: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    parts.writestr(entry, data)
