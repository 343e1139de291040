"""Files of boundaries: each format read as GDAL reads it, columns suggested, damaged files told in one sentence."""

from __future__ import annotations

import json
import struct

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from terr.boundaries.own.upload import ROW_NUMBER, inspect, suggested
from terr.boundaries.reading import LIMITS, BoundaryFileLimits, read, wkb
from terr.boundaries.reading.crs import from_name, from_wkt, label
from terr.errors import InputError
from tests.helpers.effort import examples
from tests.helpers.geofiles import (
    WRITERS,
    altered,
    geojson,
    geopackage,
    geoparquet,
    refusal,
    shapefile_parts,
    squares,
    zipped,
)


def sample() -> gpd.GeoDataFrame:
    """A square, one with a hole, two islands, one with a hole that holds an island; text, numbers, blanks."""
    hole = shapely.Polygon([(2, 0), (3, 0), (3, 1), (2, 1)], [[(2.2, 0.2), (2.2, 0.8), (2.8, 0.8), (2.8, 0.2)]])
    islands = shapely.MultiPolygon([shapely.box(4, 0, 4.4, 1), shapely.box(4.6, 0, 5, 1)])
    ring = shapely.Polygon([(6, 0), (8, 0), (8, 2), (6, 2)], [[(6.2, 0.2), (6.2, 1.8), (7.8, 1.8), (7.8, 0.2)]])
    nested = shapely.MultiPolygon([ring, shapely.box(6.6, 0.6, 7.2, 1.2)])
    return gpd.GeoDataFrame(
        {
            "code": ["02139", "00501", "Ä-7", "x,\"y'"],
            "name": ["Köln", "São Paulo", None, "東京"],
            "people": [1, 2, 3, 4],
            "share": [0.5, np.nan, -1.25, 1e9],
        },
        geometry=[shapely.box(0, 0, 1, 1), hole, islands, nested],
        crs="EPSG:4326",
    )


@pytest.mark.parametrize("kind", WRITERS)
def test_each_format_gives_what_went_in(kind):
    frame = sample()
    raw = read(WRITERS[kind](frame), "my areas.bin")
    assert raw.format == kind
    assert label(raw.crs) == "WGS 84 (EPSG:4326)"
    assert raw.table["code"].tolist() == frame["code"].tolist()
    assert [None if pd.isna(v) else v for v in raw.table["name"]] == ["Köln", "São Paulo", None, "東京"]
    assert raw.table["people"].tolist() == [1, 2, 3, 4]
    assert [float("nan") if v is None else float(v) for v in raw.table["share"]] == pytest.approx(
        [0.5, float("nan"), -1.25, 1e9], nan_ok=True
    )
    assert not len(raw.broken)
    for got, want in zip(raw.geometry, frame.geometry, strict=True):
        assert shapely.is_valid(got)
        assert shapely.equals(got, want)
        assert shapely.symmetric_difference(got, want).area == 0


@pytest.mark.parametrize("kind", WRITERS)
def test_a_third_coordinate_is_dropped(kind):
    frame = squares(["a", "b"])
    frame = frame.set_geometry(shapely.force_3d(frame.geometry.to_numpy(), 12.0))
    raw = read(WRITERS[kind](frame), "x")
    assert not shapely.has_z(raw.geometry).any()
    assert shapely.area(raw.geometry) == pytest.approx([0.01, 0.01])


def test_several_layers_are_listed_and_chosen():
    first, second = squares(["a"]), squares(["b", "c"])
    pack = geopackage(first, "north", {"south": second})
    assert read(pack, "x").layers == ("north", "south")
    assert read(pack, "x", layer="south").table["id"].tolist() == ["b", "c"]
    both = zipped(
        {**shapefile_parts(first, "north"), **{f"data/{k}": v for k, v in shapefile_parts(second, "south").items()}}
    )
    assert read(both, "x").layers == ("north", "south")
    assert len(read(both, "x", layer="south").table) == 2
    for data in (pack, both):
        with pytest.raises(InputError, match="west"):
            read(data, "x", layer="west")


def test_two_shapefiles_of_one_name_keep_their_folders():
    parts = shapefile_parts(squares(["a"]))
    both = zipped({**{f"n/{k}": v for k, v in parts.items()}, **{f"s/{k}": v for k, v in parts.items()}})
    assert read(both, "x").layers == ("n/areas", "s/areas")


def test_a_shapefile_in_another_encoding_and_with_a_deleted_row():
    parts = shapefile_parts(sample().iloc[:3], encoding="cp1252")
    assert read(zipped(parts), "x").table["name"].tolist() == ["Köln", "São Paulo", None]
    table = bytearray(parts["areas.dbf"])
    rows, start, width = struct.unpack_from("<IHH", table, 4)
    assert rows == 3
    table[start + width] = ord("*")
    raw = read(zipped({**parts, "areas.dbf": bytes(table)}), "x")
    assert raw.table["code"].tolist() == ["02139", "Ä-7"]
    assert [round(shapely.area(g), 6) for g in raw.geometry] == [1.0, 0.8]


def test_a_shapefile_without_table_or_system_still_has_its_shapes():
    parts = shapefile_parts(squares(["a", "b"]))
    raw = read(zipped({"areas.shp": parts["areas.shp"]}), "x")
    assert raw.crs is None
    assert len(raw.geometry) == 2
    assert inspect(zipped({"areas.shp": parts["areas.shp"]}), "x").id_column == ROW_NUMBER


def test_rings_drawn_the_wrong_way_round_are_areas():
    """Some programs draw outer rings counter-clockwise."""
    parts = shapefile_parts(squares(["a"]))
    shp = bytearray(parts["areas.shp"])
    at = 100 + 8 + 44 + 4
    xy = np.frombuffer(bytes(shp[at : at + 80]), dtype="<f8").reshape(-1, 2)
    shp[at : at + 80] = xy[::-1].tobytes()
    assert shapely.area(read(zipped({**parts, "areas.shp": bytes(shp)}), "x").geometry) == pytest.approx([0.01])


def test_rows_without_area_and_with_broken_shapes_are_told_apart():
    body = json.loads(geojson(squares([*"abcdefg"])))
    f = body["features"]
    f[0]["geometry"] = None
    f[1]["geometry"] = {"type": "Point", "coordinates": [1, 2]}
    f[2]["geometry"]["coordinates"] = [[[0, 0], [1, "x"], [1, 1], [0, 0]]]
    f[3]["geometry"]["coordinates"] = [[[0, 0], [1, float("nan")], [1, 1], [0, 0]]]
    f[4]["geometry"] = {"type": "Blob", "coordinates": []}
    f[5] = "not a feature"
    raw = read(json.dumps(body).encode(), "x")
    assert raw.broken.tolist() == [2, 3, 4]
    assert [g is None for g in raw.geometry] == [True, False, True, True, True, True, False]
    assert raw.table["id"].tolist() == ["a", "b", "c", "d", "e", None, "g"]


def test_a_single_feature_and_a_feature_id():
    body = json.loads(geojson(squares(["a", "b"])))
    feature = {**body["features"][0], "id": 17}
    raw = read(json.dumps(feature).encode(), "x")
    assert raw.table["feature id"].tolist() == [17]
    assert raw.table["id"].tolist() == ["a"]


@given(st.binary(max_size=300))
@examples(150)
def test_any_bytes_end_in_one_sentence(junk):
    for data in (junk, b"{" + junk, b"SQLite format 3\x00" + junk, b"PAR1" + junk + b"PAR1", b"PK\x03\x04" + junk):
        assert "LINE BREAK" not in refusal(lambda d=data: read(d, "junk"))


@given(st.data())
@examples(120)
def test_a_file_with_bytes_changed_or_missing_never_does_more_than_refuse(data):
    kind = data.draw(st.sampled_from(sorted(WRITERS)))
    whole = WHOLE[kind]
    spot = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    broken = whole[:spot] if cut else whole[:spot] + bytes([data.draw(st.integers(0, 255))]) + whole[spot + 1 :]
    got = []
    said = refusal(lambda: got.append(read(broken, "broken", limits=BoundaryFileLimits(points=100_000))))
    assert "LINE BREAK" not in said
    assert bool(said) != bool(got)
    assert all(len(raw.table) == len(raw.geometry) for raw in got)


WHOLE = {kind: write(sample()) for kind, write in WRITERS.items()}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<kml></kml>", "XML"),
        (b"\x89PNG\r\n", "isn't a file of areas"),
        (b"[1, 2]", "isn't a file of areas"),
        (b"{}", 'no "type"'),
        (b'{"type": "Topology"}', "Topology"),
        (b'{"type": "FeatureCollection", "features": [', "line 1"),
        (b'{"type": "FeatureCollection", "features": []}', "no areas"),
        (b'{"type": "FeatureCollection"\n, "features": [{"a" 1}]}', "line 2"),
        ('{"type": "Müll"}'.encode("cp1252"), "UTF-8"),
        (b"\x00\x00\x27\x0a" + bytes(96), "zip"),
        (b"PK\x05\x06" + bytes(18), "empty or broken zip"),
        (b"PAR1" + bytes(50), "cut short"),
        (zipped({"readme.txt": b"hi"}), "only files of the kind txt"),
        (zipped({"a.shp": b"nonsense"}), "isn't a Shapefile"),
    ],
)
def test_what_cannot_be_used_says_why(data, words):
    with pytest.raises(InputError, match=words):
        inspect(data, "my file")


def test_a_shapefile_cut_short_or_with_a_foreign_table_is_refused():
    parts = shapefile_parts(squares([*"abcd"]))
    with pytest.raises(InputError, match="cut short"):
        read(zipped({**parts, "areas.shp": parts["areas.shp"][:-20]}), "x")
    with pytest.raises(InputError, match="don't belong together"):
        read(zipped({**parts, "areas.dbf": shapefile_parts(squares(["a"]))["areas.dbf"]}), "x")


def test_points_only_are_refused_and_lines_named():
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.Point(1, 2)], crs="EPSG:4326")
    for write in WRITERS.values():
        with pytest.raises(InputError, match="only points or lines"):
            inspect(write(frame), "x")


def test_limits_hold_for_every_format():
    frame = squares([f"{i:03d}" for i in range(30)])
    for kind, write in WRITERS.items():
        data = write(frame)
        for limits in (BoundaryFileLimits(rows=10), BoundaryFileLimits(points=40), BoundaryFileLimits(bytes=100)):
            with pytest.raises(InputError):
                read(data, "x", limits=limits)
        assert len(read(data, "x", limits=BoundaryFileLimits(rows=30)).table) == 30, kind


@pytest.mark.parametrize(
    ("columns", "ids", "name"),
    [
        ({"FID": [1, 2, 3], "ZCTA5CE20": ["75001", "75002", "75006"], "ALAND20": [9.5, 8.2, 7.1]}, "ZCTA5CE20", ""),
        ({"GEOID": ["48001", "48003", "48005"], "NAME": ["Anderson", "Andrews", "Angelina"]}, "GEOID", "NAME"),
        ({"plz": ["10115", "10117", "10119"], "bezeichnung": ["Mitte", "Mitte 2", "Mitte 3"]}, "plz", "bezeichnung"),
        ({"region": ["N", "N", "S"], "sales": [1.5, 2.5, 3.5]}, ROW_NUMBER, "region"),
        ({"zip": [2116, 2139, 501], "city": ["Boston", "Cambridge", "Holtsville"]}, "zip", "city"),
        ({"name": ["North", "South", "East"]}, "name", ""),
        ({"id": ["a", "a", "b"], "x": [0.1, 0.2, 0.3]}, "id", ""),
    ],
)
def test_columns_are_suggested(columns, ids, name):
    frame = squares([*"abc"]).drop(columns=["id", "name"]).assign(**columns)
    found = inspect(geoparquet(frame), "x")
    assert (found.id_column, found.name_column) == (ids, name)
    assert suggested(found.columns) == (ids, name)


def test_columns_show_examples_and_whether_they_tell_rows_apart():
    frame = squares([*"abcd"]).assign(kind=["x", "y", "x", None])
    by_name = {c.name: c for c in inspect(geojson(frame), "x").columns}
    assert by_name["id"].unique
    assert by_name["kind"].examples == ("x", "y")
    assert (by_name["kind"].filled, by_name["kind"].different, by_name["kind"].unique) == (3, 2, False)


# --- coordinate systems ---


@pytest.mark.parametrize("code", [4326, 3857, 5070, 27700, 25832, 32614, 2277])
def test_a_system_is_recognised_in_every_form(code):
    from pyproj import CRS

    crs = CRS.from_epsg(code)
    assert from_name(f"EPSG:{code}") == crs
    assert from_name(f"urn:ogc:def:crs:EPSG::{code}") == crs
    for version in ("WKT1_GDAL", "WKT1_ESRI", "WKT2_2019"):
        found = from_wkt(crs.to_wkt(version))
        assert found is not None
        assert found.to_epsg() == code, version


@pytest.mark.parametrize(
    "name", ["", "EPSG:999999", "EPSG:x", "+init=epsg:4326", "/etc/passwd", "http://e.example/crs"]
)
def test_other_names_are_passed_over(name):
    assert from_name(name) is None


# --- binary shapes ---


def test_collections_nested_a_million_deep_are_refused_at_once():
    deep = (b"\x01" + struct.pack("<II", 7, 1)) * 1_000_000
    several = (b"\x01" + struct.pack("<II", 6, 1)) * 1_000_000
    shapes, broken, _ = wkb.areas([deep, several, shapely.to_wkb(shapely.box(0, 0, 1, 1))])
    assert broken.tolist() == [1]
    assert shapely.get_type_id(shapes).tolist() == [0, -1, 3]


@given(st.binary(max_size=120))
@examples(200)
def test_any_binary_shape_is_read_or_listed(blob):
    shapes, broken, _ = wkb.areas([blob, b"\x01" + blob, b"\x01\x03\x00\x00\x00" + blob])
    for row in range(3):
        assert (shapes[row] is None) == (row in broken.tolist())


def test_every_flavour_of_binary_polygon_is_read():
    square = shapely.force_3d(shapely.box(0, 0, 2, 1), 5.0)
    blobs = [
        shapely.to_wkb(square, output_dimension=d, byte_order=o, flavor=f, include_srid=s)
        for d in (2, 3)
        for o in (0, 1)
        for f in ("extended", "iso")
        for s in (False, True)
        if not (s and f == "iso")
    ]
    shapes, broken, points = wkb.areas(blobs)
    assert not len(broken)
    assert points == 5 * len(blobs)
    assert shapely.area(shapes) == pytest.approx([2.0] * len(blobs))


def test_the_limits_let_the_census_file_in():
    assert LIMITS.areas >= 33_791
    assert LIMITS.points >= 8_000_000
    assert LIMITS.unpacked >= 200 * 2**20


def test_a_wal_database_and_a_view():
    pack = geopackage(squares(["a", "b"]))
    with_wal = pack[:18] + b"\x02\x02" + pack[20:]
    assert len(read(with_wal, "x").table) == 2
    view = altered(
        pack,
        "CREATE VIEW seen AS SELECT * FROM areas",
        "UPDATE gpkg_geometry_columns SET table_name = 'seen'",
        "UPDATE gpkg_contents SET table_name = 'seen'",
    )
    with pytest.raises(InputError, match="view"):
        read(view, "x")
