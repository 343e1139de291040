"""GeoJSON in several pieces, TopoJSON, KML, KMZ, FlatGeobuf, and files with several layers."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from terr.boundaries.own.cleaning import clean
from terr.boundaries.own.upload import ALL_LAYERS, inspect
from terr.boundaries.reading import BoundaryFileLimits, read
from terr.cli.main import main
from terr.errors import InputError
from tests.helpers.effort import examples
from tests.helpers.geofiles import (
    flatgeobuf,
    geojson,
    geopackage,
    kml,
    kmz,
    refusal,
    shapefile_parts,
    squares,
    zipped,
)

CASES = Path(__file__).resolve().parents[2] / "cases" / "geojson_several"
IDS = ["a", "b", "c"]
FRAME = squares(IDS)
FEATURES = json.loads(geojson(FRAME))["features"]


def collection(*features: dict) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


def lines(end: str = "\n", before: str = "") -> str:
    return "".join(f"{before}{json.dumps(f)}{end}" for f in FEATURES)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (lines(), False),
        (lines("\r\n"), False),
        (lines(before="\x1e"), False),  # RFC 8142
        (lines("\n\n"), False),
        (json.dumps(FEATURES), False),
        ("\n".join(collection(f) for f in FEATURES), True),
        (json.dumps([json.loads(collection(f)) for f in FEATURES]), True),
        (collection(*FEATURES[:2]) + collection(FEATURES[2]), True),
        ("\n".join(json.dumps({**f, "crs": None}) for f in FEATURES), False),
    ],
)
def test_every_piece_of_geojson_is_read(text: str, told: bool) -> None:
    found = read(text.encode(), "areas.geojsonl")
    assert found.table["id"].tolist() == IDS
    assert shapely.equals_exact(found.geometry, FRAME.geometry.to_numpy(), 1e-9).all()
    assert [n.code for n in found.notes] == (["collections"] if told else [])


def test_bare_shapes_one_a_line_are_areas_without_columns() -> None:
    text = "\n".join(json.dumps(f["geometry"]) for f in FEATURES)
    assert len(read(text.encode(), "x").geometry) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (lines() + '{"type": "Feature", ', "isn't valid JSON: line 4"),
        (lines() + '{"type": "Nonsense"}', 'its "type" is "Nonsense"'),
        (lines() + "x", "isn't valid JSON: line 4"),
    ],
)
def test_a_broken_piece_is_named_by_its_line(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(text.encode(), "x")


def test_the_case_of_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path))
    words = ["design", str(CASES / "in.csv"), "--boundaries", str(CASES / "lines.geojsonl"), "--territories", "2"]
    more = ["--measure", "revenue", "--limit", "revenue=0.5", "--time-limit", "3", "--json"]
    assert main([*words, *more]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["boundaries"]["areas"] == 12
    assert sum(t["units"] for t in found["territories"]) == 12
    assert sum(t["load"]["revenue"] for t in found["territories"]) == 12_000  # of all five accounts


@pytest.mark.parametrize(
    ("layer", "areas", "told"),
    [
        ((), 2, 'The file has 2 layers: "regions" was read, "districts" not. Choose another (--boundaries-layer).'),
        (("--boundaries-layer", "districts"), 12, ""),
        (("--boundaries-layer", "regions"), 2, ""),
        (
            ("--boundaries-layer", "all"),
            14,
            'The file has 2 layers with areas; all were read: "regions" and "districts".',
        ),
    ],
)
def test_the_case_of_layers(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    layer: tuple[str, ...],
    areas: int,
    told: str,
) -> None:
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path))
    pack = str(CASES / "two_layers.gpkg")
    assert main(["check", str(CASES / "in.csv"), "--boundaries", pack, *layer, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["boundaries"]["areas"] == areas
    assert [f for f in found["boundaries"]["findings"] if "layers" in f] == ([told] if told else [])
    assert found["located"]["lat_lon"] == 5


def test_a_layer_that_isnt_there_is_refused_with_those_that_are() -> None:
    data = (CASES / "two_layers.gpkg").read_bytes()
    assert refusal(lambda: inspect(data, "x.gpkg", layer="towns")) == (
        'x.gpkg has no layer called "towns"; it has "regions" and "districts"'
    )


def parts_of_a_whole(folder: str = "") -> dict[str, bytes]:
    west, east = squares(["a", "b"]), squares(["c", "d"], west=-97.8)
    return {
        **{folder + k: v for k, v in shapefile_parts(west, "west").items()},
        **{folder + k: v for k, v in shapefile_parts(east, "east").items()},
    }


def test_shapefiles_of_one_kind_side_by_side_are_all_read() -> None:
    found = inspect(zipped(parts_of_a_whole()), "states.zip")
    assert sorted(found.raw.table["id"]) == ["a", "b", "c", "d"]
    assert found.raw.layer == ALL_LAYERS
    assert found.layers == ("east", "west", ALL_LAYERS)
    assert [n.message for n in found.notes] == ['The file has 2 layers with areas; all were read: "east" and "west".']
    assert clean(found).frame["unit_id"].tolist() == ["a", "b", "c", "d"]
    one = inspect(zipped(parts_of_a_whole("data/")), "states.zip", layer="west")
    assert one.raw.table["id"].tolist() == ["a", "b"]


def test_layers_over_each_other_or_of_other_columns_are_not_mixed() -> None:
    over = geopackage(squares(["x", "y", "z"]), "fine", {"coarse": squares(["x", "y"], step=0.2)})
    found = inspect(over, "x.gpkg")
    assert found.raw.layer == "fine"
    assert [n.code for n in found.notes] == ["layers"]
    other = squares(["c"], west=-90.0).rename(columns={"name": "label"})
    assert inspect(geopackage(squares(["a"]), "one", {"two": other}), "x.gpkg").raw.layer == "one"


def test_a_layer_of_points_is_passed_over_for_one_of_areas() -> None:
    points = gpd.GeoDataFrame({"id": ["p"]}, geometry=[shapely.Point(-98, 30)], crs="EPSG:4326")
    found = inspect(geopackage(points, "labels", {"zones": FRAME}), "x.gpkg")
    assert (found.raw.layer, found.count) == ("zones", 3)
    assert "labels" in found.notes[0].message


def test_a_system_can_be_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path))
    frame = squares(IDS, west=8.0, south=50.0).to_crs(25832)
    parts = {k: v for k, v in shapefile_parts(frame).items() if not k.endswith(".prj")}
    (tmp_path / "areas.zip").write_bytes(zipped(parts))
    (tmp_path / "in.csv").write_text("Account ID,Name,Latitude,Longitude\nA,x,50.05,8.05\nB,y,50.05,8.15\n")
    words = ["check", str(tmp_path / "in.csv"), "--boundaries", str(tmp_path / "areas.zip"), "--json"]
    assert main(words) == 2
    assert "EPSG" in capsys.readouterr().err
    assert main([*words, "--boundaries-epsg", "25832"]) == 0
    assert json.loads(capsys.readouterr().out)["located"]["lat_lon"] == 2
    assert main([*words, "--boundaries-epsg", "1"]) == 2
    assert "no coordinate system with the EPSG number 1" in capsys.readouterr().err
    assert (
        main(["check", str(tmp_path / "in.csv"), "--boundaries-layer", "x", "--level", "state", "--region", "TX"]) == 2
    )


def many() -> gpd.GeoDataFrame:
    """A square with a hole, and two islands of one area."""
    holed = shapely.box(8, 50, 9, 51).difference(shapely.box(8.2, 50.2, 8.4, 50.4))
    islands = shapely.MultiPolygon([shapely.box(9, 50, 9.5, 50.5), shapely.box(9.6, 50, 10, 50.4)])
    return gpd.GeoDataFrame({"id": ["h", "i"], "name": ["Höhle", "Inseln"]}, geometry=[holed, islands], crs="EPSG:4326")


@pytest.mark.parametrize(("write", "kind"), [(kml, "KML"), (kmz, "KML"), (flatgeobuf, "FlatGeobuf")])
@pytest.mark.parametrize("frame", [FRAME, many()], ids=["squares", "holes"])
def test_the_same_areas_come_back(write, kind: str, frame: gpd.GeoDataFrame) -> None:
    found = inspect(write(frame), "areas")
    assert found.raw.format == kind
    made = clean(found, "id").frame.set_index("unit_id")
    assert sorted(made.index) == sorted(frame["id"])
    for unit, shape in zip(frame["id"], frame.geometry, strict=True):
        assert made.geometry[unit].symmetric_difference(shape).area < 1e-9
    assert sorted(found.raw.table["name"]) == sorted(frame["name"])


def test_flatgeobuf_keeps_its_system_and_kinds_of_cells() -> None:
    frame = FRAME.assign(n=[1, 2, 3], x=[0.5, None, 2.5], ok=[True, False, True]).to_crs(32614)
    found = read(flatgeobuf(frame), "x")
    assert found.crs is not None
    assert found.crs.to_epsg() == 32614
    table = found.table.set_index("id").loc[IDS]
    assert table["n"].tolist() == [1, 2, 3]
    assert table["x"].tolist() == [0.5, None, 2.5]
    assert table["ok"].tolist() == [True, False, True]


KML = """<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>Plan</name>
<Folder><name>North</name><Placemark><name>One</name>
<ExtendedData><Data name="code"><value>N1</value></Data></ExtendedData>
<MultiGeometry><Polygon><outerBoundaryIs><LinearRing><coordinates>8,50,0 9,50,0
 9,51,0 8,50,0</coordinates></LinearRing></outerBoundaryIs></Polygon></MultiGeometry></Placemark></Folder>
<Folder><name>South</name><Placemark><name>Two</name><Point><coordinates>8,49</coordinates></Point></Placemark>
<Placemark><name>Three</name><Polygon><outerBoundaryIs><LinearRing><coordinates>nonsense</coordinates></LinearRing>
</outerBoundaryIs></Polygon></Placemark></Folder></Document></kml>"""


def test_a_kml_of_folders() -> None:
    found = read(KML.encode(), "x.kml")
    assert found.table["name"].tolist() == ["One", "Two", "Three"]
    assert found.table["folder"].tolist() == ["North", "South", "South"]
    assert found.table["code"].tolist() == ["N1", None, None]
    assert shapely.get_type_id(found.geometry).tolist() == [3, 0, -1]
    assert found.broken.tolist() == [2]


def topology(**more: object) -> dict:
    """Two squares with one side in common, as integers of a grid."""
    arcs = [[[10, 0], [0, 10]], [[10, 10], [-10, 0], [0, -10], [10, 0]], [[10, 0], [10, 0], [0, 10], [-10, 0]]]
    west = {"type": "Polygon", "id": "w", "properties": {"name": "West"}, "arcs": [[0, 1]]}
    east = {"type": "MultiPolygon", "properties": {"name": "East"}, "arcs": [[[2, ~0]]]}
    other = {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "arcs": [[1, 0]]}]}
    return {
        "type": "Topology",
        "transform": {"scale": [0.1, 0.1], "translate": [8.0, 50.0]},
        "objects": {"areas": {"type": "GeometryCollection", "geometries": [west, east]}, "whole": other},
        "arcs": arcs,
        **more,
    }


def test_topojson_is_put_together() -> None:
    found = read(json.dumps(topology()).encode(), "x.topojson")
    assert (found.format, found.layers, found.layer) == ("TopoJSON", ("areas", "whole"), "areas")
    assert found.table["name"].tolist() == ["West", "East"]
    assert found.table["feature id"].tolist() == ["w", None]
    west, east = found.geometry
    assert west.equals(shapely.box(8, 50, 9, 51))
    assert east.equals(shapely.MultiPolygon([shapely.box(9, 50, 10, 51)]))
    assert read(json.dumps(topology()).encode(), "x", layer="whole").geometry[0].equals(west)


def test_topojson_without_a_grid_and_with_damaged_members() -> None:
    plain = {"type": "Topology", "arcs": [[[8, 50], [9, 50], [9, 51], [8, 50]]]}
    bad = [{"type": "Polygon", "arcs": a} for a in ([[0]], [[7]], [["x"]], [], None, [[True]])]
    objects = {"a": {"type": "GeometryCollection", "geometries": [*bad, 5, {"type": "Point", "coordinates": [8, 50]}]}}
    found = read(json.dumps({**plain, "objects": objects}).encode(), "x")
    assert found.broken.tolist() == [1, 2, 3, 4, 5]
    assert shapely.get_type_id(found.geometry).tolist() == [3, -1, -1, -1, -1, -1, -1, 0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<kml>" + b"<Folder>" * 5_000, "nests its folders"),
        (b"<kml><Placemark>", "isn't valid XML"),
        (b'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><kml>&b;</kml>', "definitions"),
        (b"<kml><Document/></kml>", "without placemarks"),
        (b"<gml:x/>", "is XML but not KML"),
        (zipped({"a.kml": b"<kml>", "b.txt": b""}), "isn't valid XML"),
        (zipped({"../a.kml": b"<kml/>"}), "points outside the zip"),
        (zipped({"a.kml": b"<kml>" + b" " * 50_000_000}), "times its size"),
        (json.dumps(topology(arcs=[[["x", 1]]])).encode(), "damaged arcs"),
        (json.dumps(topology(arcs=5)).encode(), ""),
        (json.dumps(topology(objects={})).encode(), "without objects"),
        (b"fgb\x03fgb\x00", "damaged FlatGeobuf"),
        (b"fgb\x03fgb\x00" + b"\xff" * 200, "damaged FlatGeobuf"),
    ],
)
def test_what_cannot_be_used_says_why(data: bytes, words: str) -> None:
    said = refusal(lambda: inspect(data, "x"))
    assert words in said
    assert said


def test_few_bytes_that_name_many_points_are_refused() -> None:
    limits = BoundaryFileLimits(points=10_000)
    long = topology(arcs=[[[0, 0]] * 1_000])
    long["objects"] = {"a": {"type": "MultiPolygon", "arcs": [[[0]]] * 200}}
    with pytest.raises(InputError, match="more than 10,000 points"):
        read(json.dumps(long).encode(), "x", limits=limits)
    with pytest.raises(InputError, match="more than 3 points"):
        read(KML.encode(), "x", limits=BoundaryFileLimits(points=3))
    with pytest.raises(InputError, match="more than 9 points"):
        read(flatgeobuf(FRAME), "x", limits=BoundaryFileLimits(points=9))
    with pytest.raises(InputError, match="more than 2 "):
        read(flatgeobuf(FRAME), "x", limits=BoundaryFileLimits(rows=2))
    with pytest.raises(InputError, match="more than 2 placemarks"):
        read(KML.encode(), "x", limits=BoundaryFileLimits(rows=2))


WHOLE = {"fgb": flatgeobuf(many()), "kml": kml(many()), "kmz": kmz(many()), "topojson": json.dumps(topology()).encode()}


@examples(150)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_mutated_files_are_read_or_refused(kind: str, data: st.DataObject) -> None:
    body = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 5))
        if data.draw(st.booleans()):
            body[at] = data.draw(st.integers(0, 255))
        else:
            body[at : at + 4] = struct.pack("<I", data.draw(st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 8])))
    cut = bytes(body[: data.draw(st.integers(1, len(body)))]) if data.draw(st.booleans()) else bytes(body)
    said = refusal(lambda: read(cut, "x"))
    assert "\n" not in said
    assert np.isfinite(len(said))
