"""Own boundaries checked and mended: small cases by hand, every finding said, one bad area never costs the others."""

from __future__ import annotations

import json
import warnings

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from terr.boundaries.geometry.shaping import one_side, sound
from terr.boundaries.layers.catalog import areas
from terr.boundaries.own.cleaning import CleanedAreas, clean
from terr.boundaries.own.findings import few
from terr.boundaries.own.finishing import prepare_areas
from terr.boundaries.own.overlaps import one_sheet, overlapping
from terr.boundaries.own.placement import place
from terr.boundaries.own.upload import ROW_NUMBER, inspect
from terr.boundaries.reading import BoundaryFileLimits
from terr.boundaries.zips import zips
from terr.errors import InputError, StoppedError
from tests.helpers.effort import examples
from tests.helpers.following import followed
from tests.helpers.geofiles import WRITERS, geojson, geopackage, geoparquet, shapefile_parts, squares, swapped, zipped


def codes(cleaned: CleanedAreas) -> list[str]:
    return [f.code for f in cleaned.findings]


def said(cleaned: CleanedAreas, code: str) -> str:
    return next(f.message for f in cleaned.findings if f.code == code)


def unlabelled(frame: gpd.GeoDataFrame) -> bytes:
    """A Shapefile that doesn't say its coordinate system."""
    return zipped({k: v for k, v in shapefile_parts(frame).items() if not k.endswith(".prj")})


def cleaned(frame: gpd.GeoDataFrame, **options: object) -> CleanedAreas:
    return clean(inspect(geoparquet(frame), "areas.parquet"), **options)  # type: ignore[arg-type]


def zip_squares(ids: list[str]) -> gpd.GeoDataFrame:
    """A small square around each ZIP's point."""
    table = zips.zip_points().loc[ids]
    boxes = [
        shapely.box(x - 0.01, y - 0.01, x + 0.01, y + 0.01) for x, y in zip(table["lon"], table["lat"], strict=True)
    ]
    return gpd.GeoDataFrame({"id": ids}, geometry=boxes, crs="EPSG:4326")


TEXAS = ["73301", "75001", "75002", "75006", "75201", "76101", "77002", "78701", "79401", "79901"]


# --- nothing wrong ---


@pytest.mark.parametrize("kind", WRITERS)
def test_clean_areas_come_out_as_they_went_in(kind):
    frame = squares([*"cab"])
    got = clean(inspect(WRITERS[kind](frame), "x"))
    assert got.findings == ()
    assert got.frame["unit_id"].tolist() == ["a", "b", "c"]
    assert got.frame["label"].tolist() == ["Area a", "Area b", "Area c"]
    assert got.frame["state"].tolist() == ["TX"] * 3
    assert not got.zips
    order = frame.set_index("id").loc[["a", "b", "c"]]
    assert [shapely.equals(g, w) for g, w in zip(got.frame.geometry, order.geometry, strict=True)] == [True] * 3
    assert list(got.frame.columns) == ["unit_id", "label", "state", "county", "geometry"]
    assert shapely.coverage_is_valid(got.frame.geometry.to_numpy())


def test_areas_outside_the_usa_have_no_state():
    got = cleaned(squares(["a", "b"], west=10.0, south=50.0))
    assert got.frame["state"].tolist() == ["", ""]
    assert got.frame["county"].tolist() == ["", ""]


# --- ids and names ---


def test_rows_of_one_id_become_one_area_and_it_is_said():
    got = cleaned(squares(["a", "b", "a", "c"]), id_column="id")
    assert got.frame["unit_id"].tolist() == ["a", "b", "c"]
    assert shapely.area(got.frame.geometry.to_numpy()) == pytest.approx([0.02, 0.01, 0.01])
    found = next(f for f in got.findings if f.code == "duplicate")
    assert (found.count, found.examples, found.fate) == (1, ("a",), "mended")
    assert "3 areas came of 4 rows" in found.message


def test_or_the_file_is_refused():
    with pytest.raises(InputError, match=r"1 id stands in several rows: a\."):
        cleaned(squares(["a", "b", "a"]), id_column="id", duplicates="refuse")


def test_blank_ids_are_called_by_the_row():
    frame = squares(["a", "b", "c"])
    frame["id"] = ["a", None, " "]
    got = cleaned(frame, id_column="id", name_column="")
    assert got.frame["unit_id"].tolist() == ["a", "row 2", "row 3"]
    assert "row 2 and row 3" in said(got, "no_id")


def test_without_a_column_the_areas_are_numbered_in_order():
    got = cleaned(squares([str(i) for i in range(11)]), id_column=ROW_NUMBER, name_column="id")
    assert got.frame["unit_id"].tolist() == [f"{i:02d}" for i in range(1, 12)]
    assert got.frame["label"].tolist() == [str(i) for i in range(11)]


def test_numbers_make_ids_without_a_decimal_point():
    frame = squares(["a", "b"])
    frame["code"] = [7.0, np.nan]
    assert cleaned(frame, id_column="code").frame["unit_id"].tolist() == ["7", "row 2"]


def test_columns_that_cannot_be_ids_are_refused():
    frame = squares(["a", "b"]).assign(text=["x" * 300, "y"])
    with pytest.raises(InputError, match=r'"text" can.t tell the areas apart.*300'):
        cleaned(frame, id_column="text")
    with pytest.raises(InputError, match='no column "nope"'):
        cleaned(frame, id_column="nope")


def test_hostile_names_stay_text_in_one_line():
    frame = squares(["<img src=x>", "=1+1"]).assign(name=["a\nb\x00c", "<script>"])
    got = cleaned(frame, id_column="id", name_column="name")
    assert got.frame["label"].tolist() == ["a b c", "<script>"]


# --- shapes ---


def test_areas_that_cannot_be_used_are_left_out_and_listed():
    frame = squares([*"abcdef"])
    shapes = frame.geometry.to_list()
    shapes[0] = None
    shapes[1] = shapely.Polygon()
    shapes[2] = shapely.Point(-97.75, 30.05)
    shapes[3] = shapely.Polygon([(-97.7, 30), (-97.6, 30), (-97.65, 30)])
    got = cleaned(frame.set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4326")), id_column="id")
    assert got.frame["unit_id"].tolist() == ["e", "f"]
    assert {f.code: f.examples for f in got.findings} == {
        "missing": ("a", "b"),
        "not_area": ("c",),
        "collapsed": ("d",),
    }
    assert got.rows == 6


def test_a_bow_tie_is_repaired_and_keeps_its_polygons():
    frame = squares(["a", "b"])
    bow = shapely.Polygon([(-97.9, 30), (-97.8, 30.1), (-97.8, 30), (-97.9, 30.1)])
    got = cleaned(frame.set_geometry(gpd.GeoSeries([frame.geometry[0], bow], crs="EPSG:4326")))
    assert "crossed itself" in said(got, "invalid")
    assert shapely.is_valid(got.frame.geometry.to_numpy()).all()
    assert shapely.area(got.frame.geometry[1]) == pytest.approx(0.005)


def test_a_collection_gives_its_polygons():
    body = json.loads(geojson(squares(["a", "b"])))
    first = body["features"][0]["geometry"]
    body["features"][0]["geometry"] = {
        "type": "GeometryCollection",
        "geometries": [first, {"type": "Point", "coordinates": [-98, 30]}],
    }
    got = clean(inspect(json.dumps(body).encode(), "x"))
    assert got.frame["unit_id"].tolist() == ["a", "b"]
    assert shapely.area(got.frame.geometry[0]) == pytest.approx(0.01)


def test_one_corner_off_the_globe_costs_one_area():
    frame = squares([str(i) for i in range(200)], west=-100, step=0.01)
    shapes = frame.geometry.to_list()
    shapes[7] = shapely.Polygon([(-99.9, 30), (-99.9, 95), (-99.8, 30)])
    got = cleaned(frame.set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4326")))
    assert len(got.frame) == 199
    assert said(got, "off_map").startswith("1 area had corners that lie nowhere on the globe")


def test_nothing_usable_is_refused_with_the_reasons():
    frame = squares(["a"])
    line = shapely.Polygon([(-97.7, 30), (-97.6, 30), (-97.65, 30)])
    with pytest.raises(InputError, match=r"no area that can be used.*no surface"):
        cleaned(frame.set_geometry(gpd.GeoSeries([line], crs="EPSG:4326")))


def test_too_many_areas_are_refused_but_rows_that_join_are_not():
    frame = squares([str(i % 5) for i in range(30)])
    limits = BoundaryFileLimits(areas=4)
    with pytest.raises(InputError, match="5 areas; 4 are the most"):
        cleaned(frame, id_column="id", limits=limits)
    assert len(cleaned(frame, id_column="id", limits=BoundaryFileLimits(areas=5)).frame) == 5


def test_forty_thousand_and_one_areas_are_refused():
    n = 40_001
    frame = squares([f"{i:05d}" for i in range(n)], west=0.0, south=0.0, step=0.001)
    with pytest.raises(InputError, match="40,001 areas; 40,000 are the most"):
        cleaned(frame)


# --- overlaps ---


def test_a_large_overlap_is_named_with_its_share_and_goes_to_the_smaller():
    big, small = shapely.box(0, 0, 2, 1), shapely.box(1.5, 0, 2.5, 1)
    frame = gpd.GeoDataFrame({"id": ["big", "small"]}, geometry=[big, small], crs="EPSG:4326")
    pairs = overlapping(frame.geometry.to_numpy().astype(object))
    assert pairs[["i", "j"]].to_numpy().tolist() == [[0, 1]]
    assert pairs["share"].iloc[0] == pytest.approx(0.5, abs=1e-4)
    got = cleaned(frame)
    assert "big and small: 50% of the smaller" in said(got, "overlap")
    by = got.frame.set_index("unit_id").geometry
    assert shapely.area(by["big"]) == pytest.approx(1.5, abs=1e-6)
    assert shapely.area(by["small"]) == pytest.approx(1.0, abs=1e-6)
    assert shapely.coverage_is_valid(got.frame.geometry.to_numpy())


def test_a_sliver_is_given_to_one_of_the_two():
    frame = squares(["a", "b"])
    wide = shapely.box(-98, 30, -97.8999, 30.1)
    got = cleaned(frame.set_geometry(gpd.GeoSeries([wide, frame.geometry[1]], crs="EPSG:4326")))
    assert codes(got) == ["sliver"]
    assert shapely.area(got.frame.geometry.to_numpy()).sum() == pytest.approx(0.02, abs=1e-6)
    assert shapely.coverage_is_valid(got.frame.geometry.to_numpy())


def test_an_area_wholly_under_others_is_left_out():
    frame = gpd.GeoDataFrame(
        {"id": ["a", "b", "under"]},
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(0, 0, 2, 1)],
        crs="EPSG:4326",
    )
    got = cleaned(frame)
    assert got.frame["unit_id"].tolist() == ["a", "b"]
    assert "nothing of it is left: under" in said(got, "covered")


def test_neighbors_that_only_touch_do_not_overlap():
    assert len(overlapping(squares([*"abc"]).geometry.to_numpy().astype(object))) == 0
    sheet = squares([*"abc"]).geometry.to_numpy().astype(object)
    same, found = one_sheet(sheet, ["a", "b", "c"])
    assert found == ()
    assert (same == sheet).all()


def test_borders_that_do_not_meet_exactly_are_drawn_as_one():
    left = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0, 1)])
    right = shapely.Polygon([(1, 0), (2, 0), (2, 1), (1, 1), (1, 0.5)])
    got = cleaned(gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=[left, right], crs="EPSG:4326"))
    assert codes(got) == ["borders"]
    assert shapely.coverage_is_valid(got.frame.geometry.to_numpy())


@given(st.lists(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 6)] * 2), min_size=2, max_size=12))
@examples(60)
def test_any_boxes_become_one_sheet_that_covers_the_same(boxes):
    shapes = np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h in boxes], dtype=object)
    whole = shapely.union_all(shapes)
    sheet, _ = one_sheet(shapes, [str(i) for i in range(len(shapes))])
    kept = sheet[~shapely.is_empty(sheet)]
    assert shapely.is_valid(kept).all()
    assert shapely.coverage_is_valid(kept)
    assert shapely.area(kept).sum() == pytest.approx(whole.area, rel=1e-6)


# --- coordinates ---


@pytest.mark.parametrize("code", [3857, 5070, 32614, 2277])
def test_a_named_system_is_brought_to_degrees(code):
    frame = squares(["a", "b"])
    for write in (geoparquet, geopackage):
        got = clean(inspect(write(frame.to_crs(code)), "x"))
        assert shapely.get_coordinates(got.frame.geometry.to_numpy()) == pytest.approx(
            shapely.get_coordinates(frame.geometry.to_numpy()), abs=2e-5
        )


def test_a_file_of_another_country_in_its_own_system():
    frame = squares(["a", "b"], west=-1.0, south=52.0)
    got = clean(inspect(zipped(shapefile_parts(frame.to_crs(27700))), "x"))
    assert shapely.total_bounds(got.frame.geometry.to_numpy()) == pytest.approx([-1.0, 52.0, -0.8, 52.1], abs=1e-3)
    assert got.frame["state"].tolist() == ["", ""]


def test_degrees_without_a_label_are_taken_as_such_and_said():
    got = clean(inspect(unlabelled(squares(["a", "b"])), "x"))
    assert codes(got) == ["crs_assumed"]


def test_metres_without_a_label_ask_unless_zips_tell():
    metres = squares(["a", "b"]).to_crs(5070)
    found = inspect(unlabelled(metres), "x")
    assert found.needs_crs
    with pytest.raises(InputError, match="EPSG number"):
        clean(found)
    got = clean(found, epsg=5070)
    assert got.frame["state"].tolist() == ["TX", "TX"]
    known = inspect(unlabelled(zip_squares(TEXAS).to_crs(5070)), "x")
    assert not known.needs_crs
    assert "EPSG:5070" in known.notes[0].message
    assert clean(known).zips


@pytest.mark.parametrize("code", [3857, 26914])
def test_metres_labelled_as_degrees_are_seen(code):
    frame = zip_squares(TEXAS).to_crs(code).set_crs(4326, allow_override=True)
    got = clean(inspect(geoparquet(frame), "x"))
    assert f"EPSG:{code}" in said(got, "crs_guessed")
    assert got.frame["state"].tolist() == ["TX"] * 10
    plain = squares(["a", "b"]).to_crs(code).set_crs(4326, allow_override=True)
    assert inspect(geoparquet(plain), "x").needs_crs


def test_degrees_labelled_as_metres_are_seen():
    frame = squares(["a", "b"]).set_crs(3857, allow_override=True)
    got = cleaned(frame)
    assert "but its numbers are degrees" in said(got, "crs_wrong")
    assert got.frame["state"].tolist() == ["TX", "TX"]


def test_an_epsg_number_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="999999"):
        cleaned(squares(["a"]), epsg=999_999)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (squares(["a", "b"]), "beyond 90 degrees"),
        (squares(["a", "b"], west=-80.0, south=40.0), "South Pole"),
        (squares(["a", "b"], west=120.0, south=-30.0), "beyond 90 degrees"),
        (squares(["a", "b"]).to_crs(5070), "is used"),
    ],
)
def test_swapped_axes_are_seen_and_turned(frame, why):
    got = cleaned(swapped(frame))
    assert why in said(got, "axes")
    want = shapely.total_bounds(frame.to_crs(4326).geometry.to_numpy())
    assert shapely.total_bounds(got.frame.geometry.to_numpy()) == pytest.approx(want, abs=1e-4)
    assert codes(cleaned(frame)) == []


def test_swapped_zips_in_the_east_are_seen_by_where_they_must_be():
    frame = zip_squares(["02108", "02139", "10001", "19103", "20001", "30303", "33101", "01001", "04101", "21201"])
    assert "ZIPs" in said(cleaned(swapped(frame)), "axes") or "South Pole" in said(cleaned(swapped(frame)), "axes")


def test_a_person_may_swap_axes_or_say_they_are_right():
    germany = squares(["a", "b"], west=10.0, south=50.0)
    assert cleaned(swapped(germany), swap=True).frame.geometry.to_numpy()[0].bounds == pytest.approx(
        (10, 50, 10.1, 50.1)
    )
    assert codes(cleaned(swapped(germany))) == []  # both ways are on the globe


def test_only_a_few_wrong_corners_do_not_change_how_the_rest_is_read():
    xy = np.random.default_rng(1).uniform([5, 45], [15, 55], (2_000, 2))
    shapes = shapely.buffer(shapely.points(xy), 0.001, quad_segs=1)
    shapes[0] = shapely.box(400_000, 5_000_000, 400_001, 5_000_001)
    seen = place(shapes, CRS.from_epsg(4326))
    assert seen.crs is not None
    assert seen.crs.to_epsg() == 4326
    assert seen.notes == ()


# --- the map's edge ---


def test_areas_on_both_sides_of_the_edge_come_together():
    shapes = np.array([shapely.box(-178, 51, -177, 52), shapely.box(-160, 55, -150, 60), shapely.box(178, 51, 179, 52)])
    out, moved, by = one_side(shapes)
    assert (moved.tolist(), by) == ([2], -360.0)
    assert shapely.bounds(out)[2] == pytest.approx([-182, 51, -181, 52])


def test_the_fewer_move_east_if_most_lie_there():
    shapes = np.array(
        [shapely.box(x, -20, x + 1, -19) for x in (170, 173, 176, 178)] + [shapely.box(-179, -20, -178, -19)]
    )
    out, moved, by = one_side(shapes)
    assert (moved.tolist(), by) == ([4], 360.0)
    assert shapely.total_bounds(out) == pytest.approx([170, -20, 182, -19])


def test_halves_cut_at_the_edge_become_one_piece():
    halves = shapely.MultiPolygon([shapely.box(179, 51, 180, 52), shapely.box(-180, 51, -179, 52)])
    shapes = np.array([halves, shapely.box(-170, 51, -160, 52)], dtype=object)
    out, moved, _ = one_side(shapes)
    assert moved.tolist() == [0]
    assert shapely.get_type_id(out[0]) == 3
    assert out[0].bounds == pytest.approx((-181, 51, -179, 52))


def test_an_area_drawn_straight_across_the_map_is_turned_round():
    across = shapely.Polygon([(179, 51), (-179, 51), (-179, 52), (179, 52)])
    out, _, by = one_side(np.array([across, shapely.box(-170, 51, -160, 52)], dtype=object))
    assert by == -360
    assert out[0].bounds == pytest.approx((-181, 51, -179, 52))
    assert out[0].area == pytest.approx(2.0)


def test_a_map_of_the_whole_world_stays_as_it_is():
    shapes = np.array([shapely.box(x, 0, x + 20, 10) for x in range(-180, 180, 20)])
    out, moved, by = one_side(shapes)
    assert (len(moved), by) == (0, 0.0)
    assert (out == shapes).all()


def test_alaska_as_own_boundaries_lies_where_the_counties_do():
    alaska = areas("county").query("state == 'AK'")
    shifted = shapely.transform(
        alaska.geometry.to_numpy(),
        lambda xy: np.column_stack([np.where(xy[:, 0] < -180, xy[:, 0] + 360, xy[:, 0]), xy[:, 1]]),
    )
    frame = gpd.GeoDataFrame({"id": alaska["geoid"].to_numpy()}, geometry=shifted, crs="EPSG:4326")
    got = cleaned(frame)
    assert "antimeridian" in codes(got)
    assert got.frame["state"].tolist() == ["AK"] * len(alaska)
    assert shapely.total_bounds(got.frame.geometry.to_numpy()) == pytest.approx(
        shapely.total_bounds(alaska.geometry.to_numpy()), abs=1e-6
    )


# --- ZIPs ---


def test_zips_get_their_state_name_and_point_zips():
    made = prepare_areas(cleaned(zip_squares(TEXAS)), filled=False)
    assert made.frame["label"].iloc[1] == "75001 Addison, TX"
    assert made.frame["state"].tolist() == ["TX"] * 10
    assert made.members is not None
    assert set(TEXAS) <= set(made.members.index)
    assert (made.members.loc[TEXAS] == TEXAS).all()
    table = zips.zip_points()
    for point, unit in made.members[~made.members.index.isin(TEXAS)].items():
        box = made.frame.set_index("unit_id").geometry[unit]
        off = shapely.distance(box, shapely.Point(table.loc[point, "lon"], table.loc[point, "lat"]))
        assert off < 0.12
    assert any(f.code == "point_zips" for f in made.findings)


def test_zips_that_lost_their_zero_get_it_back():
    frame = zip_squares(["01001", "01002", "02108", "10001", "10002"])
    frame["id"] = [1001, 1002, 2108, 10001, 10002]
    got = cleaned(frame)
    assert got.zips
    assert got.frame["unit_id"].tolist() == ["01001", "01002", "02108", "10001", "10002"]
    assert "3 ZIPs had lost the zero" in said(got, "zeros")


def test_county_codes_are_not_taken_for_zips():
    counties = areas("county").query("state in ('TX', 'AL', 'MA')")
    got = cleaned(
        gpd.GeoDataFrame(
            {"GEOID": counties["geoid"].to_numpy()}, geometry=counties.geometry.to_numpy(), crs="EPSG:4326"
        )
    )
    assert not got.zips
    assert got.frame["county"].tolist() == got.frame["unit_id"].tolist()
    assert prepare_areas(got, filled=False).members is None


@given(st.lists(st.sampled_from(zips.zip_points().index.tolist()), min_size=1, max_size=60))
@examples(40)
def test_known_zips_are_always_known(ids):
    assert zips.share_known(ids) == 1.0
    assert zips.padded([i.lstrip("0") if len(i.lstrip("0")) >= 3 else i for i in ids]) == ids


def test_a_point_belongs_to_the_area_around_it_or_close_by():
    shapes = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], dtype=object)
    xy = np.array([[0.5, 0.5], [1.5, 0.5], [1.0, 0.5], [2.05, 0.5], [5, 5]])
    assert zips.within(shapes, xy).tolist() == [0, 1, 0, -1, -1]
    assert zips.within(shapes, xy, 10.0).tolist() == [0, 1, 0, 1, -1]


# --- watching ---


def test_the_work_tells_how_far_it_is_and_stops():
    found = inspect(geojson(squares([*"abc"])), "x")
    progress, seen = followed()
    clean(found, progress=progress)
    shares = [now.fraction for now in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    for count in range(len(seen)):
        progress, heard = followed(stop_after=count)
        with pytest.raises(StoppedError):
            clean(found, progress=progress)
        assert len(heard) == count, "the next step hears it"


def test_lists_are_cut_short_for_reading():
    assert few([]) == ""
    assert few(["a"]) == "a"
    assert few(["a", "b"]) == "a and b"
    assert few([str(i) for i in range(9)]) == "0, 1, 2, 3, 4 and 4 more"


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=9))
@examples(100)
def test_any_ring_becomes_sound_or_empty(points):
    ring = [*points, points[0]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shape = shapely.Polygon(ring)
    out, _ = sound(np.array([shape], dtype=object))
    assert shapely.is_valid(out[0])
    assert shapely.get_type_id(out[0]) in (3, 6)


@given(st.data())
@examples(30)
def test_whatever_some_rows_are_the_good_ones_stay(data):
    n = data.draw(st.integers(2, 8))
    bad = data.draw(st.sets(st.integers(0, n - 1), max_size=n - 1))
    kinds = data.draw(st.lists(st.sampled_from(["none", "point", "line", "empty", "text"]), min_size=n, max_size=n))
    body = json.loads(geojson(squares([f"u{i}" for i in range(n)])))
    wrong = {
        "none": None,
        "point": {"type": "Point", "coordinates": [1, 2]},
        "line": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]},
        "empty": {"type": "Polygon", "coordinates": []},
        "text": {"type": "Polygon", "coordinates": "here"},
    }
    for i in bad:
        body["features"][i]["geometry"] = wrong[kinds[i]]
    got = clean(inspect(json.dumps(body).encode(), "x"))
    assert got.frame["unit_id"].tolist() == [f"u{i}" for i in range(n) if i not in bad]
    left = [e for f in got.findings if f.fate == "left out" for e in f.examples]
    assert sorted(left) == sorted(f"u{i}" for i in bad)
    assert len(got.frame) + len(left) == got.rows
