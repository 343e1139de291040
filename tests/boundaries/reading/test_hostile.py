"""Hostile files of boundaries: nothing they name is opened, nobody is asked anything, and none takes long or much."""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from terr.boundaries.own.cleaning import clean
from terr.boundaries.own.upload import inspect
from terr.boundaries.reading import BoundaryFileLimits, read
from terr.boundaries.reading import geopackage as geopackage_reader
from terr.errors import InputError
from tests.helpers.geofiles import (
    altered,
    flatgeobuf,
    geojson,
    geopackage,
    geoparquet,
    refusal,
    shapefile_parts,
    squares,
    zipped,
)

EXTENSIONS = ("geojson", "zip", "gpkg", "kml", "kmz", "fgb", "topojson")
CANARY = "canary-7f3a"


class Trap:
    """A file that must not be read and a port that must not be asked."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "canary.geojson"
        self.file.write_bytes(geojson(squares(["a"]).assign(id=CANARY)))
        self.asked = self._own = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()
        self.reset()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.asked += 1
            connection.close()

    def strangers(self) -> int:
        """How many have connected; they are heard in turn, so none can still be waiting once ours is."""
        before = self._own
        with socket.create_connection(("127.0.0.1", self.port)) as ours:
            ours.settimeout(60)
            assert ours.recv(1) == b""  # closed by the listener
        self._own = before + 1
        return self.asked - self._own

    def reset(self) -> None:
        """An access time before the last change: the next read changes it, on every usual way of mounting."""
        now = time.time()
        os.utime(self.file, (now - 200_000, now - 100_000))
        self.before = self.file.stat().st_atime_ns

    def was_read(self) -> bool:
        return self.file.stat().st_atime_ns != self.before

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    made = Trap(tmp_path)
    yield made
    made.close()


def payloads(trap: Trap) -> dict[str, bytes]:
    here, there = str(trap.file), f"http://127.0.0.1:{trap.port}"
    layer = '<OGRVRTLayer name="canary"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer>'
    vrt = f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>"
    steps = {"type": "gdal_streamed_alg", "command_line": f"gdal vector convert {here} --output-format stream"}
    more = {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {there}/a ! write"}
    frame = squares(["a", "b"])
    grid = (
        f'PROJCS["x",GEOGCS["y",DATUM["z",SPHEROID["s",6378137,298.257],EXTENSION["PROJ4_GRIDS","{here}"]],'
        'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925]],PROJECTION["Mercator_1SP"],UNIT["metre",1],'
        f'EXTENSION["PROJ4","+proj=merc +nadgrids={here} +geoidgrids={there}/g.tif"]]'
    )
    parts = shapefile_parts(frame)
    parts["areas.prj"] = grid.encode()
    link = {"type": "link", "properties": {"href": f"{there}/crs", "type": "esriwkt"}}
    name = {"type": "name", "properties": {"name": f"+proj=merc +nadgrids={here}"}}
    pack = geopackage(frame)
    capabilities = (
        f'<wfs:WFS_Capabilities version="1.0.0"><OnlineResource>{there}</OnlineResource></wfs:WFS_Capabilities>'
    )
    stolen = "UPDATE gpkg_geometry_columns SET table_name = 'stolen'"
    linked = (
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<NetworkLink><Link><href>{there}/a.kml</href></Link></NetworkLink>"
        f"<NetworkLink><Url><href>file://{here}</href></Url></NetworkLink>"
        f"<Style id='s'><IconStyle><Icon><href>{there}/i.png</href></Icon></IconStyle></Style>"
        f"<GroundOverlay><Icon><href>{here}</href></Icon></GroundOverlay>"
        f"<Placemark><name>a</name><styleUrl>{there}/s.kml#s</styleUrl><Polygon><outerBoundaryIs><LinearRing>"
        "<coordinates>8,50 9,50 9,51 8,50</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        "</Document></kml>"
    ).encode()
    entity = f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file://{here}">]>'
    outside = f'<?xml version="1.0"?><!DOCTYPE kml SYSTEM "{there}/kml.dtd">'
    arcs = [[[8, 50], [9, 50], [9, 51], [8, 50]]]
    topology = {"type": "Topology", "arcs": arcs, "objects": {"a": {"type": "Polygon", "arcs": [[0]]}}}
    return {
        "kml-links": linked,
        "kmz-links": zipped({"doc.kml": linked}),
        "kml-entity": entity.encode() + linked.replace(b"<name>a", b"<name>&x;"),
        "kml-dtd": outside.encode() + linked,
        "kmz-entity": zipped({"doc.kml": entity.encode() + linked.replace(b"<name>a", b"<name>&x;")}),
        "topojson-links": json.dumps({**topology, "crs": link, "href": there, "file": here}).encode(),
        "fgb-grids": flatgeobuf(frame).replace(b"EPSG", b"XXXX"),
        "geojson-lines": b"\n".join(
            json.dumps({"type": "Feature", "crs": link, "geometry": None}).encode() for _ in "ab"
        ),
        "vrt-file": vrt.format(here).encode(),
        "vrt-http": vrt.format(f"/vsicurl/{there}/a.geojson").encode(),
        "gdalg": json.dumps(steps).encode(),
        "gdalg-http": json.dumps(more).encode(),
        "wfs": f"<OGRWFSDataSource><URL>{there}/wfs?SERVICE=WFS</URL></OGRWFSDataSource>".encode(),
        "wfs-capabilities": capabilities.encode(),
        "xxe": f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file://{here}">]><gml>&x;</gml>'.encode(),
        "crs-link": geojson(frame, crs=link),
        "crs-grids": geojson(frame, crs=name),
        "prj-grids": zipped(parts),
        "esri-json": json.dumps({"geometryType": "esriGeometryPolygon", "features": [], "url": there}).encode(),
        "gpkg-extension": altered(
            pack, f"CREATE VIEW stolen AS SELECT * FROM areas WHERE load_extension('{here}') = 1", stolen
        ),
        "gpkg-file": altered(
            pack, f"CREATE VIEW stolen AS SELECT fid, geom, readfile('{here}') AS id FROM areas", stolen
        ),
        "gpkg-grids": altered(
            pack, f"UPDATE gpkg_spatial_ref_sys SET organization = 'X', definition = '{grid}' WHERE srs_id = 4326"
        ),
    }


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_nothing_a_file_points_to_is_opened(trap, extension):
    for name, data in payloads(trap).items():
        try:
            found = inspect(data, f"areas.{extension}")
            cleaned = clean(found)
        except InputError as error:
            said = str(error)
        else:
            said = cleaned.frame.to_json() + found.raw.table.to_json()
        assert CANARY not in said, name
        assert not trap.was_read(), name
    assert trap.strangers() == 0


def test_the_trap_itself_works(trap):
    trap.file.read_bytes()
    assert trap.was_read()
    socket.create_connection(("127.0.0.1", trap.port)).close()
    assert trap.strangers() == 1


def test_what_the_library_would_have_done(trap):
    """The same file through the usual call does return what lies elsewhere, so the test above has something to find."""
    import geopandas as gpd

    found = gpd.read_file(BytesIO(payloads(trap)["vrt-file"]))
    assert trap.was_read()
    assert len(found) == 1


# --- zips ---


def bomb(size: int = 300 << 20) -> bytes:
    buffer = BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("areas.shp", "w", force_zip64=True) as f,
    ):
        for _ in range(size >> 20):
            f.write(bytes(1 << 20))
    return buffer.getvalue()


def linked() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in shapefile_parts(squares(["a"])).items():
            archive.writestr(name, content)
        info = zipfile.ZipInfo("other.shp")
        info.create_system = 3
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def lying() -> bytes:
    """A member that unpacks to far more than it says."""
    data = bytearray(zipped({"areas.shp": bytes(50 << 20)}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        spot = data.index(mark)
        struct.pack_into("<I", data, spot + at, 1000)
    return bytes(data)


def encrypted() -> bytes:
    data = bytearray(zipped({"areas.shp": b"x" * 200}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        spot = data.index(mark)
        data[spot + at] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (bomb, "times its size"),
        (lambda: zipped({"areas.shp": bytes(700 << 20)}, method=zipfile.ZIP_STORED)[: 150 << 20], "MB|broken"),
        (lambda: zipped({f"{i}.shp": b"" for i in range(65)}), "65 files"),
        (lying, "broken zip"),
        (encrypted, "password"),
        (linked, "link instead of a file"),
        (lambda: zipped({**shapefile_parts(squares(["a"])), "areas.zip": b"PK"})[:-30], "broken zip"),
    ],
)
def test_zips_that_are_traps_are_refused_before_they_are_unpacked(make, words):
    data = make()
    tracemalloc.start()
    with pytest.raises(InputError, match=words):
        read(data, "areas.zip", limits=BoundaryFileLimits(bytes=800 << 20))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 << 20


@pytest.mark.parametrize(
    "name",
    [
        "../areas.shp",
        "../../etc/cron.d/areas.shp",
        "/etc/areas.shp",
        "a/../../areas.shp",
        "..\\areas.shp",
        "C:\\areas.shp",
        "c:/areas.shp",
        "\\\\server\\areas.shp",
        "a/..",
        "./../areas.shp",
    ],
)
def test_names_that_point_outside_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="outside the zip"):
        read(zipped({**shapefile_parts(squares(["a"])), name: b"x"}), "areas.zip")
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\x00b.geojson", "x" * 5000, "<img src=x>.gpkg", "..\\..\\a.zip"]
)
def test_the_files_own_name_is_only_shown(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert refusal(lambda: inspect(geojson(squares(["a"])), name)) == ""
    said = refusal(lambda: inspect(b"nonsense", name))
    assert 0 < len(said) < 400
    assert "\x00" not in said
    assert list(tmp_path.rglob("*")) == []


# --- GeoJSON ---


def test_brackets_nested_deep_are_refused():
    for deep in (b"[" * 200_000, b'{"a":' * 200_000, b'{"type":"FeatureCollection","features":[' + b"[" * 200_000):
        with pytest.raises(InputError):
            read(b'{"x": ' + deep, "deep.geojson")


def test_collections_nested_deep_cost_only_their_own_area():
    inner: object = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    for _ in range(150):
        inner = {"type": "GeometryCollection", "geometries": [inner]}
    body = json.loads(geojson(squares(["a", "b"])))
    body["features"][0]["geometry"] = inner
    assert len(clean(inspect(json.dumps(body).encode(), "x")).frame) >= 1


def test_ten_million_points_are_refused_without_being_held():
    ring = b"[0,0]," * 12_100_000
    data = (
        b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[['
        + ring
        + b"[0,0]]]}}]}"
    )
    tracemalloc.start()
    with pytest.raises(InputError, match="simplify"):
        read(data, "many.geojson")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50 << 20


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400])
def test_numbers_that_are_none_cost_only_their_own_area(number):
    text = geojson(squares(["a", "b"])).decode().replace("-98.0", number, 1)
    cleaned = clean(inspect(text.encode(), "x"))
    assert cleaned.frame["unit_id"].tolist() == ["b"]
    assert [f.code for f in cleaned.findings if f.fate == "left out"] == ["broken"]


def test_a_number_of_a_hundred_thousand_digits_is_refused():
    with pytest.raises(InputError, match="number"):
        read(geojson(squares(["a"])).replace(b"-98.0", b"9" * 100_000, 1), "x")


def test_each_feature_with_columns_of_its_own_stays_small():
    body = json.loads(geojson(squares(["a"])))
    one = body["features"][0]
    body["features"] = [{**one, "properties": {f"column {i}": i, "id": str(i)}} for i in range(3_000)]
    raw = read(json.dumps(body).encode(), "x")
    assert raw.table.shape == (3_000, 100)
    assert any("first 100 columns" in n.message for n in raw.notes)


def test_areas_that_all_lie_over_each_other_are_refused_before_they_are_cut(monkeypatch):
    cut = []
    monkeypatch.setattr(shapely, "intersection", lambda *_: cut.append(1))
    frame = squares([f"{i:05d}" for i in range(3_000)], step=0.00001)
    frame = frame.set_geometry(shapely.buffer(frame.geometry.to_numpy(), 0.5, quad_segs=1)).set_crs(4326)
    with pytest.raises(InputError, match="side by side"):
        clean(inspect(geoparquet(frame), "x"))
    assert cut == []


# --- GeoPackage ---


def test_triggers_functions_and_virtual_tables_do_nothing(trap):
    pack = geopackage(squares(["a", "b"]))
    evil = [
        altered(pack, "CREATE TRIGGER t AFTER INSERT ON areas BEGIN SELECT load_extension('x'); END"),
        altered(pack, f"CREATE TRIGGER t BEFORE DELETE ON areas BEGIN SELECT writefile('{trap.file}', 'x'); END"),
    ]
    for data in evil:
        assert read(data, "x").table["id"].tolist() == ["a", "b"]
    huge = "ALTER TABLE areas ADD COLUMN huge TEXT GENERATED ALWAYS AS (printf('%900000000d', fid)) VIRTUAL"
    assert list(read(altered(pack, huge), "x").table.columns) == ["fid", "id", "name"]
    assert not trap.was_read()


def test_a_view_without_end_is_never_run():
    endless = altered(
        geopackage(squares(["a"])),
        "CREATE VIEW more AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)"
        " SELECT n AS fid, geom FROM r, areas",
        "UPDATE gpkg_geometry_columns SET table_name = 'more'",
    )
    with pytest.raises(InputError, match="a view can't be read"):
        read(endless, "x")


def test_reading_ends_after_its_time(monkeypatch):
    monkeypatch.setattr(geopackage_reader, "_SECONDS", -1.0)
    monkeypatch.setattr(geopackage_reader, "_STEPS", 1)
    with pytest.raises(InputError, match="takes too long"):
        read(geopackage(squares(["a"])), "x")


@pytest.mark.parametrize("name", ['a"; DROP TABLE gpkg_contents; --', "a' OR 1=1", "a b; ATTACH 'x' AS y", "ä [x] `y`"])
def test_names_of_layers_are_only_names(name):
    raw = read(geopackage(squares(["a", "b"]), name), "x")
    assert raw.layers == (name,)
    assert len(raw.table) == 2


def test_tables_of_the_database_itself_are_no_layers():
    pack = altered(geopackage(squares(["a"])), "UPDATE gpkg_geometry_columns SET table_name = 'sqlite_master'")
    with pytest.raises(InputError, match="no layer"):
        read(pack, "x")


# --- Parquet ---


def test_a_parquet_file_that_repeats_a_long_text_is_refused():
    frame = squares(["a"] * 2_000)
    table = pa.table(
        {
            "id": pa.array(["x" * 500_000] * 2_000),
            "geometry": pa.array([shapely.to_wkb(g) for g in frame.geometry], type=pa.binary()),
        }
    ).replace_schema_metadata(pq.read_table(BytesIO(geoparquet(frame))).schema.metadata)
    buffer = BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    del table
    assert buffer.tell() < 1 << 20
    with pytest.raises(InputError, match="repeats long values"):
        read(buffer.getvalue(), "x")


def test_a_parquet_file_of_many_rows_or_without_shapes_is_refused():
    buffer = BytesIO()
    pd.DataFrame({"a": range(300_000)}).to_parquet(buffer)
    with pytest.raises(InputError, match="without shapes"):
        read(buffer.getvalue(), "x")
    many = geoparquet(squares([str(i) for i in range(50)]))
    with pytest.raises(InputError, match="50 rows"):
        read(many, "x", limits=BoundaryFileLimits(rows=40))


@pytest.mark.parametrize(
    "geo",
    [
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"primary_column": "geometry"}',
        b'{"primary_column": "id", "columns": {"id": {"encoding": "WKB"}}}',
        b'{"primary_column": "geometry", "columns": {"geometry": {"encoding": "polygon"}}}',
    ],
)
def test_what_a_parquet_file_says_of_itself_is_not_believed(geo):
    table = pq.read_table(BytesIO(geoparquet(squares(["a"]))))
    buffer = BytesIO()
    pq.write_table(table.replace_schema_metadata({b"geo": geo}), buffer)
    with pytest.raises(InputError):
        read(buffer.getvalue(), "x")
