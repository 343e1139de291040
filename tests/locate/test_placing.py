"""Accounts find their ZIP, ZIP3 or area of a file of one's own, and those that find none say why."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from terr.aggregate import drawn_points, measures_per_unit, placed, totals
from terr.boundaries.layers.catalog import load_units
from terr.boundaries.layers.layer import cut
from terr.errors import InputError
from terr.locate import locate, placing
from terr.locate.areas import SHORE_KM, Shapes, beside
from terr.locate.placing import OUTSIDE, UNLOCATED, place
from terr.model.accounts import Accounts
from tests.helpers.effort import examples
from tests.helpers.grids import grid_units, make_accounts
from tests.helpers.layers import layer_of, squares

NAN = float("nan")
DOVER, WILMINGTON = (39.1582, -75.5244), (39.7391, -75.5398)
DELAWARE = layer_of(
    {"19901": shapely.box(-75.8, 38.9, -75.2, 39.4), "19801": shapely.box(-75.8, 39.4, -75.2, 39.9)},
    level="zip",
    title="ZIP areas, by hand",
    states=["DE", "DE"],
    members={"19901": "19901", "19903": "19901", "19801": "19801", "19999": "19801"},
)
W, D = 0, 1  # rows: 19801 Wilmington, 19901 Dover


def rows(*given_rows: dict) -> pd.DataFrame:
    """Located accounts with these fields, all others blank."""
    blank = {"zip": "", "city": "", "state": "", "county": "", "lat": NAN, "lon": NAN, "name": "", "account_id": ""}
    return locate(pd.DataFrame([{**blank, **r} for r in given_rows])).drop(columns="locate_note")


def codes(layer, *given_rows: dict) -> list[int]:
    return place(rows(*given_rows), layer).codes.tolist()


def test_zips_as_people_write_them_and_zips_without_an_area():
    got = place(
        rows(
            {"zip": "19901"},
            {"zip": "19901-1234"},
            {"zip": "198011234"},
            {"zip": "19903"},  # a PO box in Dover
            {"zip": "19801.0"},
        ),
        DELAWARE,
    )
    assert got.codes.tolist() == [D, D, W, D, W]
    assert set(got.by) == {"zip"}
    assert got.codes.dtype == np.int32
    assert got.ways() == {
        "lat_lon": 0,
        "zip": 5,
        "city_state": 0,
        "county": 0,
        "id": 0,
        "outside": 0,
        "unlocated": 0,
    }


def test_lost_zeros_count_where_the_state_agrees():
    boston = layer_of(
        {"02116": shapely.box(-71.2, 42.2, -71.0, 42.5)}, level="zip", states=["MA"], members={"02116": "02116"}
    )
    got = place(rows({"zip": "2116", "state": "MA"}, {"zip": "2116", "state": "TX"}, {"zip": "2116"}), boston)
    assert got.codes.tolist() == [0, UNLOCATED, 0]  # as `locate` reads them
    assert "ZIP" in got.note[1]


def test_the_own_zip_comes_before_coordinates_unless_they_contradict():
    near = place(rows({"zip": "19901", "lat": WILMINGTON[0], "lon": WILMINGTON[1]}), DELAWARE)
    assert (near.codes[0], near.by[0], near.note[0]) == (D, "zip", "")  # 65 km apart: both can be right
    far = place(
        rows({"zip": "75201", "lat": DOVER[0], "lon": DOVER[1]}),
        layer_of(
            {"19901": shapely.box(-75.8, 38.9, -75.2, 39.4), "75201": shapely.box(-97, 32, -96, 33)},
            level="zip",
            states=["DE", "TX"],
        ),
    )
    assert (far.codes[0], far.by[0]) == (0, "lat_lon")
    assert "ZIP and coordinates disagree: ZIP 75201 is" in far.note[0]
    assert "the coordinates were used" in far.note[0]


def test_coordinates_then_the_shore_then_city_then_nothing():
    got = place(
        rows(
            {"lat": DOVER[0], "lon": DOVER[1]},
            {"lat": 39.2, "lon": -75.13, "state": "NJ"},  # New Jersey, 6 km off the box
            {"city": "Wilmington", "state": "DE"},
            {"county": "Kent", "state": "DE"},
            {"zip": "99999", "city": "Nowhere"},
            {},
        ),
        DELAWARE,
    )
    assert got.codes.tolist() == [D, D, W, UNLOCATED, UNLOCATED, UNLOCATED]
    assert got.by.tolist() == ["lat_lon", "lat_lon", "city_state", "unlocated", "unlocated", "unlocated"]
    assert got.note[1].startswith("the point lies 3.8 miles outside")
    assert got.note[3] == "a county alone doesn't say which ZIP it is"
    assert got.reasons() == {
        "a county alone doesn't say which ZIP it is": 1,
        "coordinates, ZIP, city and county are blank": 1,
        "its ZIP isn't known, or isn't one of its state or country": 1,
    }


def test_a_zip_nobody_knows_counts_if_the_layer_has_it_and_the_state_agrees():
    assert codes(DELAWARE, {"zip": "19999"}, {"zip": "19999", "state": "DE"}, {"zip": "19999", "state": "Texas"}) == [
        W,
        W,
        UNLOCATED,
    ]


def test_a_zip_the_layer_does_not_list_goes_by_its_point():
    bare = layer_of({"D": shapely.box(-75.8, 38.9, -75.2, 39.4)}, level="zip-2020", states=["DE"])
    got = place(rows({"zip": "19901"}, {"zip": "75201"}), bare)
    assert got.codes.tolist() == [0, OUTSIDE]
    assert got.by.tolist() == ["zip", "zip"]
    assert got.note[1] == "its point lies in no area of My areas"


def test_what_came_from_abroad_is_not_taken_for_a_zip():
    """A German and a Mexican address, whose postcodes are ZIPs of New York and Delaware too."""
    got = codes(
        DELAWARE,
        {"zip": "19901", "city": "Berlin", "state": "Brandenburg"},
        {"zip": "19801", "state": "Nuevo León", "city": "Monterrey"},
    )
    assert got == [UNLOCATED, UNLOCATED]


def test_zip3_by_first_digits_too():
    three = layer_of(
        {"198": shapely.box(-75.8, 39.4, -75.2, 39.9), "199": shapely.box(-75.8, 38.4, -75.2, 39.4)},
        level="zip3",
        states=["DE", "DE"],
        members={"19801": "198"},
    )
    got = place(rows({"zip": "19801"}, {"zip": "19901"}, {"county": "Kent", "state": "DE"}), three)
    assert got.codes.tolist() == [0, 1, UNLOCATED]
    assert got.note[2] == "a county alone doesn't say which ZIP3 it is"


GERMANY = layer_of(squares(6.0, 48.0, 4, 3, 2.0, prefix="DE-"))  # 6 to 14 E, 48 to 54 N


def test_own_areas_by_coordinates_anywhere_on_earth():
    got = place(
        rows(
            {"lat": 52.5, "lon": 13.4, "zip": "10115"},  # a ZIP of New York without a word of Germany
            {"lat": 49.0, "lon": 8.4, "state": "Baden"},
            {"lat": 9.0, "lon": 53.0},  # swapped
            {"lat": 0, "lon": 0},
            {"lat": 39.1582, "lon": -75.5244},
            {"lat": 95.0, "lon": 10.0},
        ),
        GERMANY,
    )
    assert [GERMANY.areas["unit_id"][c] if c >= 0 else c for c in got.codes.tolist()] == [
        "DE-12",
        "DE-2",
        "DE-10",
        UNLOCATED,
        OUTSIDE,
        UNLOCATED,
    ]
    assert got.note[2] == "latitude and longitude were swapped"
    assert got.note[4] == "its point lies in no area of My areas"


def test_own_areas_by_a_column_that_holds_their_ids():
    frame = rows({"name": "x"}, {"name": "y"}, {"name": "z"}, {"name": "w", "county": "Kent", "state": "DE"})
    frame["Sales district"] = ["DE-3", " de-4 ", "elsewhere", ""]
    frame["Other"] = ["DE-1", "", "", ""]
    got = place(frame, GERMANY)
    assert [GERMANY.areas["unit_id"][c] if c >= 0 else c for c in got.codes.tolist()] == [
        "DE-3",
        "DE-4",
        UNLOCATED,
        UNLOCATED,
    ]
    assert got.by.tolist() == ["id", "id", "unlocated", "unlocated"]
    assert got.note[3] == "a county alone doesn't say which area it is"
    few = frame.assign(**{"Sales district": ["DE-3", "", "", ""]})
    assert place(few, GERMANY).ways()["id"] == 0  # a quarter of the rows is chance


def test_short_numbers_are_ids_only_in_a_column_that_speaks_of_areas():
    own = layer_of({"1": shapely.box(0, 0, 1, 1), "2": shapely.box(1, 0, 2, 1)})
    frame = rows({}, {}).assign(Priority=["1", "2"])
    assert place(frame, own).codes.tolist() == [UNLOCATED, UNLOCATED]
    assert place(frame.assign(**{"Sales district": ["2", "1"]}), own).codes.tolist() == [1, 0]


def test_own_areas_whose_ids_are_zips_and_counties():
    zips = layer_of({"19901": shapely.box(0, 0, 1, 1), "19801": shapely.box(1, 0, 2, 1)})
    assert place(rows({"zip": "19901-0001"}, {"zip": "19801"}), zips).by.tolist() == ["id", "id"]
    counties = layer_of({"10001": shapely.box(0, 0, 1, 1)})
    got = place(rows({"county": "Kent", "state": "DE"}, {"zip": "19901"}), counties)
    assert (got.codes.tolist(), got.by.tolist()) == ([0, 0], ["id", "id"])


def test_own_areas_by_the_point_of_zip_or_city_last():
    own = layer_of({"north": shapely.box(-76, 39.4, -75, 40), "south": shapely.box(-76, 38.4, -75, 39.4)})
    got = place(rows({"zip": "19901"}, {"city": "Wilmington", "state": "DE"}), own)
    assert (got.codes.tolist(), got.by.tolist()) == ([1, 0], ["zip", "city_state"])


def test_counties_and_states_go_by_the_county_found():
    frame = rows({"county": "Kent", "state": "DE"}, {"zip": "75201"}, {"zip": "x"})
    got = place(frame, load_units("county", "DE"))
    assert (got.codes.tolist(), got.by.tolist()) == ([0, OUTSIDE, UNLOCATED], ["county", "zip", "unlocated"])
    assert got.note[2] != ""
    assert place(frame, load_units("state", "TX")).codes.tolist() == [OUTSIDE, 0, UNLOCATED]


def test_a_region_of_a_layer(monkeypatch):
    whole = layer_of(
        {"19901": shapely.box(-75.8, 38.9, -75.2, 39.4), "75201": shapely.box(-97, 32, -96, 33)},
        level="zip",
        states=["DE", "TX"],
    )
    monkeypatch.setattr(placing, "layer", lambda _: whole)
    monkeypatch.setattr(
        placing, "national_index", lambda u: np.array([whole.areas["unit_id"].tolist().index(i) for i in u.ids])
    )
    frame = rows(
        {"zip": "75201"},
        {"zip": "19901"},
        {"county": "Kent", "state": "DE"},  # which ZIP isn't known, but none of Texas
        {"county": "Travis", "state": "TX"},
        {},
    )
    got = place(frame, cut(whole, ("TX",)))
    assert got.codes.tolist() == [0, OUTSIDE, OUTSIDE, UNLOCATED, UNLOCATED]
    assert sum(got.ways().values()) == len(got) == 5
    assert place(frame, cut(whole, ("*",))).codes.tolist() == [1, 0, UNLOCATED, UNLOCATED, UNLOCATED]


def test_a_frame_that_was_not_located_is_refused():
    with pytest.raises(InputError, match="can't be placed without the column"):
        place(pd.DataFrame({"zip": ["19901"]}), DELAWARE)


def test_nothing_to_place():
    assert len(place(rows({"zip": "19901"}).iloc[:0], DELAWARE)) == 0
    assert place(rows({"zip": "19901"}).iloc[:0], GERMANY).ways()["unlocated"] == 0


def test_places_are_worked_out_once_for_the_same_accounts_and_units(monkeypatch):
    accounts, units = make_accounts(["00001", ""], revenue=[1, 2]), grid_units(2, 2)
    first = placed(accounts, units)
    monkeypatch.setattr("terr.aggregate.place", None)
    assert placed(accounts, units) is first
    with pytest.raises(ValueError, match="read-only"):
        first.codes[0] = 3


def test_accounts_are_drawn_where_they_were_placed(monkeypatch):
    frame = rows({"lat": 52.5, "lon": 13.4, "zip": "10115"}, {"zip": "10115"}, {}).assign(
        owner="", revenue=1.0, source_row=range(3)
    )
    accounts = Accounts(frame=frame, measures=("revenue",))
    for name in ("terr.locate.placing.layer", "terr.aggregate.layer"):
        monkeypatch.setattr(name, lambda _: GERMANY)
    monkeypatch.setattr(placing, "national_index", lambda u: np.arange(len(u)))
    lat, lon = drawn_points(accounts, cut(GERMANY, ("*",)))
    assert (lat[0], lon[0]) == (52.5, 13.4)
    assert (round(lat[1]), round(lon[1])) == (41, -74)  # New York, where its ZIP is
    assert np.isnan(lat[2])
    assert np.isnan(lon[2])


def test_points_lie_beside_areas_that_cross_the_180th_meridian():
    aleutians, fiji = (-189.0, -130.0), (177.0, 182.0)
    assert beside(np.array([172.5, -150.0]), *aleutians).tolist() == [-187.5, -150.0]
    assert beside(np.array([-179.0, 178.0, 0.0]), *fiji).tolist() == [181.0, 178.0, 0.0]
    assert beside(np.array([174.8]), 166.0, 178.6).tolist() == [174.8]  # New Zealand


# ---- points


def test_points_in_areas_by_hand():
    shapes = Shapes(np.array(list(squares(0, 0, 2, 1).values()), dtype=object))
    row, km = shapes.at(np.array([0.5, 0.5, 0.5, 0.5, 5.0]), np.array([0.5, 1.0, 1.5, 2.05, 0.5]))
    assert row.tolist() == [0, 0, 1, 1, -1]  # on the border: the first
    assert km[:3].tolist() == [0, 0, 0]
    assert km[3] == pytest.approx(0.05 * 111.3, abs=0.1)
    assert km[3] < SHORE_KM
    assert shapes.at(np.array([0.5]), np.array([2.2]))[0].tolist() == [-1]
    assert shapes.at(np.array([0.5]), np.array([2.05]), shore=False)[0].tolist() == [-1]
    assert shapes.at(np.zeros(0), np.zeros(0))[0].tolist() == []


def test_the_aleutians_beyond_the_180th_meridian_only_where_they_are_drawn_so():
    west = Shapes(np.array([shapely.box(-189, 51, -186, 54)], dtype=object))
    assert west.at(np.array([52.0]), np.array([172.5]))[0].tolist() == [0]
    east = Shapes(np.array([shapely.box(160, 50, 180, 60)], dtype=object))
    assert east.at(np.array([52.0]), np.array([172.5]))[0].tolist() == [0]


POINTS = st.lists(st.tuples(st.floats(-1, 4), st.floats(-1, 4)), max_size=25)


@examples(60)
@given(POINTS)
def test_points_lie_where_one_by_one_says(points):
    areas = np.array(list(squares(0, 0, 3, 3).values()), dtype=object)
    lat, lon = (np.array([p[i] for p in points], dtype=float) for i in (0, 1))
    row, _ = Shapes(areas).at(lat, lon, shore=False)
    for y, x, found in zip(lat, lon, row, strict=True):
        inside = [i for i, a in enumerate(areas) if a.intersects(shapely.Point(x, y))]
        assert found == (inside[0] if inside else -1)


# ---- nothing is lost


WORDS = st.sampled_from(["", "19901", "19903", "2116", "75201", "99999", "M5V 3L9"])
CITIES = st.sampled_from(["", "Dover", "Wilmington", "Nowhere"])
STATES = st.sampled_from(["", "DE", "TX", "Ontario"])
COUNTIES = st.sampled_from(["", "Kent", "48453"])
LATS = st.sampled_from([NAN, 0.0, 39.1582, 39.7391, 52.5, 200.0])
LONS = st.sampled_from([NAN, 0.0, -75.5244, 75.5, 13.4])
MONEY = st.one_of(st.just(NAN), st.floats(-1e9, 1e9, allow_subnormal=False))


@examples(80)
@given(
    st.lists(st.tuples(WORDS, CITIES, STATES, COUNTIES, LATS, LONS, MONEY), max_size=20),
    st.sampled_from(["zip", "zip3", "own-0123456789ab"]),
)
def test_every_account_and_all_money_is_in_the_region_outside_or_unlocated(drawn, level):
    whole = layer_of(
        {"198": shapely.box(-75.8, 39.4, -75.2, 39.9), "19901": shapely.box(-75.8, 38.9, -75.2, 39.4)},
        level=level,
        states=["DE", "DE"],
    )
    names = ("zip", "city", "state", "county", "lat", "lon")
    blank = [dict(zip(names, d[:6], strict=True)) for d in drawn]
    frame = rows(*blank) if blank else rows({}).iloc[:0]
    frame = frame.assign(
        owner="", revenue=[d[6] for d in drawn], source_row=np.arange(len(drawn)), name="", account_id=""
    )
    accounts = Accounts(frame=frame, measures=("revenue",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(placing, "layer", lambda _: whole)
        patch.setattr("terr.aggregate.layer", lambda _: whole)
        patch.setattr(placing, "national_index", lambda u: np.arange(len(u)))
        units = cut(whole, ("DE",))
        sums, counts = measures_per_unit(accounts, units, ("revenue",))
        whole_of = totals(accounts, units)  # says so itself if rows or money don't add up
        found = placed(accounts, units)
    assert whole_of.accepted.rows == len(drawn)
    assert counts.sum() == whole_of.in_region.rows
    slack = 1e-9 * max(1.0, accounts.frame["revenue"].abs().sum())
    assert sums.sum() == pytest.approx(whole_of.in_region.loads[0], abs=slack)
    assert sum(found.ways().values()) == len(drawn)
    assert sum(found.reasons().values()) == whole_of.unlocated.rows
    assert all(found.note[found.codes == UNLOCATED] != "")
    assert set(found.by[found.codes >= 0]) <= set(placing.WAYS)


def test_every_account_finds_its_area_among_33_000():
    n, side = 50_000, 182  # 182 x 182 = 33,124
    whole = layer_of(squares(-100.0, 30.0, side, side, 0.05, prefix="Z"))
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "zip": "",
            "city": "",
            "state": "",
            "county": "",
            "located_by": "lat_lon",
            "lat": 30 + rng.random(n) * side * 0.05,
            "lon": -100 + rng.random(n) * side * 0.05,
        }
    )
    got = place(frame, whole)
    row, column = ((frame["lat"] - 30) // 0.05).astype(int), ((frame["lon"] + 100) // 0.05).astype(int)
    ids = "Z" + (row * side + column + 1).astype(str)
    assert (whole.areas["unit_id"].to_numpy()[got.codes] == ids).mean() > 0.999  # corners round either way
    assert (got.codes >= 0).all()
