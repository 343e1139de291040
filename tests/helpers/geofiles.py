"""Files of boundaries as other programs write them, made on the spot."""

from __future__ import annotations

import io
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from terr.boundaries.layers.catalog import areas
from terr.boundaries.zips import zips
from terr.errors import InputError

CENSUS = "cb_2020_us_zcta520_500k"
CENSUS_ROWS = range(20, 200)
"""How many rows such a file of Delaware may have."""


def refusal(call: Callable[[], object]) -> str:
    """What the call refuses with, as one line; "" if it doesn't."""
    try:
        call()
    except InputError as error:
        return str(error).replace("\n", "LINE BREAK")
    return ""


def squares(ids: list[str], *, west: float = -98.0, south: float = 30.0, step: float = 0.1) -> gpd.GeoDataFrame:
    """Squares side by side, from west to east."""
    boxes = [shapely.box(west + k * step, south, west + (k + 1) * step, south + step) for k in range(len(ids))]
    return gpd.GeoDataFrame({"id": ids, "name": [f"Area {i}" for i in ids]}, geometry=boxes, crs="EPSG:4326")


def swapped(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The same areas with longitude and latitude exchanged."""
    turned = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    return frame.set_geometry(gpd.GeoSeries(turned, crs=frame.crs))


def geojson(frame: gpd.GeoDataFrame, **more: object) -> bytes:
    body = json.loads(frame.to_json(drop_id=True))
    body.pop("crs", None)
    return json.dumps({**body, **more}).encode()


def zipped(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def shapefile_parts(frame: gpd.GeoDataFrame, name: str = "areas", **options: object) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        frame.to_file(Path(folder) / f"{name}.shp", **options)
        return {p.name: p.read_bytes() for p in sorted(Path(folder).iterdir())}


def shapefile(frame: gpd.GeoDataFrame, name: str = "areas", **options: object) -> bytes:
    return zipped(shapefile_parts(frame, name, **options))


def geopackage(
    frame: gpd.GeoDataFrame, layer: str = "areas", more: Mapping[str, gpd.GeoDataFrame] | None = None
) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "areas.gpkg"
        for name, part in {layer: frame, **(more or {})}.items():
            part.to_file(path, layer=name, driver="GPKG")
        return path.read_bytes()


def altered(gpkg: bytes, *statements: str) -> bytes:
    """A GeoPackage after some statements."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "areas.gpkg"
        path.write_bytes(gpkg)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA writable_schema=ON")
            for statement in statements:
                connection.execute(statement)
        connection.close()
        return path.read_bytes()


def geoparquet(frame: gpd.GeoDataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def by_driver(frame: gpd.GeoDataFrame, driver: str, ending: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"areas.{ending}"
        frame.to_file(path, driver=driver)
        return path.read_bytes()


def flatgeobuf(frame: gpd.GeoDataFrame) -> bytes:
    return by_driver(frame, "FlatGeobuf", "fgb")


def kml(frame: gpd.GeoDataFrame) -> bytes:
    return by_driver(frame, "KML", "kml")


def kmz(frame: gpd.GeoDataFrame) -> bytes:
    return zipped({"doc.kml": kml(frame), "files/icon.png": b"\x89PNG"})


WRITERS = {"GeoJSON": geojson, "Shapefile": shapefile, "GeoPackage": geopackage, "GeoParquet": geoparquet}


def census_parts(frame: gpd.GeoDataFrame, column: str = "ZCTA5CE20", name: str = CENSUS) -> dict[str, bytes]:
    """A file in the layout of the Census Bureau's: `frame` has `id` and shapes."""
    year = column[-2:]
    table = gpd.GeoDataFrame(
        {
            column: frame["id"],
            f"AFFGEOID{year}": "860Z200US" + frame["id"],
            f"GEOID{year}": frame["id"],
            f"NAME{year}": frame["id"],
            f"LSAD{year}": "Z5",
            f"ALAND{year}": 1_000_000,
            f"AWATER{year}": 0,
        },
        geometry=frame.geometry.to_numpy(),
        crs="EPSG:4269",
    )
    return shapefile_parts(table, name)


def census_of_delaware() -> gpd.GeoDataFrame:
    """Voronoi cells of Delaware's ZIPs; one is taken out, so that there is a gap; and one of Puerto Rico."""
    table = zips.zip_points()
    mine = table[table["state"] == "DE"].drop_duplicates(["lat", "lon"])
    land = shapely.union_all(np.asarray(areas("county").query("state == 'DE'").geometry, dtype=object))
    points = shapely.points(mine[["lon", "lat"]].to_numpy(float))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=land))
    cells = shapely.coverage_clean(shapely.intersection(cells, land))
    order = shapely.STRtree(cells).nearest(points)
    frame = gpd.GeoDataFrame({"id": mine.index.to_numpy()}, geometry=cells[order], crs="EPSG:4326")
    frame = frame[frame["id"] != "19901"].reset_index(drop=True)
    islands = gpd.GeoDataFrame({"id": ["00601"]}, geometry=[shapely.box(-66.8, 18.1, -66.7, 18.2)], crs="EPSG:4326")
    return gpd.GeoDataFrame(pd.concat([frame, islands], ignore_index=True), crs="EPSG:4326")
