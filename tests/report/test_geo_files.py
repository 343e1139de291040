"""Shapefile and GeoPackage of territories, opened by programs of others."""

from __future__ import annotations

import io
import zipfile

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapefile
from shapely import MultiPoint

from terr.errors import PlanError
from terr.report.geo import territories_geojson
from terr.report.geo_files import geopackage, shapefile_zip
from terr.report.safe import is_formula
from tests.helpers.grids import grid_units, make_plan

UNITS = grid_units(4, 4)
SPLIT = [0] * 8 + [1] * 8
NAMES = ["=cmd|' /C calc'!A0", "Überlänge " + "東" * 70]


def geojson(names: list[str] = NAMES, assign: list[int] = SPLIT) -> bytes:
    plan = make_plan(UNITS, assign, names=names)
    table = pd.DataFrame(
        {
            "code": [0, 1],
            "name": names,
            "rep": ["R0", "R1"],
            "load_revenue": [100.5, 300.0],
            "load_revenues_of_others": [1.0, 2.0],
        }
    )
    return territories_geojson(plan, UNITS, table)


def test_a_shapefile_opens_in_gdal_and_in_pyshp(tmp_path):
    data = shapefile_zip(geojson())
    path = tmp_path / "t.zip"
    path.write_bytes(data)
    frame = pyogrio.read_dataframe(f"/vsizip/{path}/territories.shp")
    assert frame.crs.to_epsg() == 4326
    assert frame["territory"].tolist() == [NAMES[0], NAMES[1].encode()[:254].decode("utf-8", "ignore")]
    assert frame["load_reven"].tolist() == [100.5, 300.0]
    assert frame["load_rev_2"].tolist() == [1.0, 2.0]
    assert frame.geometry.is_valid.all()
    want = gpd.read_file(io.BytesIO(geojson())).to_crs(5070).area
    assert frame.to_crs(5070).area.tolist() == pytest.approx(want.tolist(), rel=1e-9)
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert {n.rpartition(".")[2] for n in parts.namelist()} == {"shp", "shx", "dbf", "prj", "cpg", "csv"}
        assert parts.read("territories.cpg").strip() == b"UTF-8"
        fields = pd.read_csv(io.BytesIO(parts.read("fields.csv")))
        reader = shapefile.Reader(
            **{k: io.BytesIO(parts.read(f"territories.{k}")) for k in ("shp", "shx", "dbf")}, encoding="utf-8"
        )
        assert reader.record(0)["territory"] == NAMES[0]
    assert dict(fields.to_numpy().tolist())["load_rev_2"] == "load_revenues_of_others"


def test_a_geopackage_opens_in_gdal_with_whole_names(tmp_path):
    path = tmp_path / "t.gpkg"
    path.write_bytes(geopackage(geojson()))
    assert pyogrio.list_layers(path).tolist() == [["territories", "MultiPolygon"]]
    frame = pyogrio.read_dataframe(path)
    assert frame["territory"].tolist() == NAMES
    assert frame["load_revenues_of_others"].tolist() == [1.0, 2.0]
    assert frame.geometry.is_valid.all()


def test_accounts_that_are_units_are_a_layer_of_their_own(tmp_path):
    mixed = b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"territory":"A"},"geometry":'
    mixed += b'{"type":"GeometryCollection","geometries":[{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]},'
    mixed += b'{"type":"MultiPoint","coordinates":[[5,5],[6,6]]}]}}]}'
    path = tmp_path / "t.gpkg"
    path.write_bytes(geopackage(mixed))
    assert pyogrio.list_layers(path)[:, 0].tolist() == ["territories", "territory_accounts"]
    points = pyogrio.read_dataframe(path, layer="territory_accounts")
    assert points.geometry[0].equals(MultiPoint([(5, 5), (6, 6)]))
    with zipfile.ZipFile(io.BytesIO(shapefile_zip(mixed))) as parts:
        assert {"territories.shp", "territory_accounts.shp"} <= set(parts.namelist())


def test_the_list_of_fields_holds_no_formula():
    one = geojson().replace(b'"load_revenues_of_others"', b'"=1+1"')
    with zipfile.ZipFile(io.BytesIO(shapefile_zip(one))) as parts:
        fields = pd.read_csv(io.BytesIO(parts.read("fields.csv")), dtype=str)
    assert not any(is_formula(v) for v in fields.to_numpy().ravel().tolist())


def test_a_plan_without_areas_is_said():
    with pytest.raises(PlanError, match="nothing to draw"):
        geopackage(b'{"type":"FeatureCollection","features":[]}')
