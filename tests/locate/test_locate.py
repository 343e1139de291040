"""Where accounts are: by coordinates, ZIP, city and county, and what contradicts itself is said."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError, StoppedError
from terr.locate import home_points, home_problem, locate
from terr.locate.gazetteer import city_key, clean_zip, county_key, gazetteer
from terr.model.accounts import CORE, LOCATED_BY
from tests.helpers.effort import examples
from tests.helpers.following import followed

NAN = float("nan")


def rows(*cells: dict) -> pd.DataFrame:
    blank = {
        "account_id": "",
        "name": "",
        "owner": "",
        "zip": "",
        "city": "",
        "state": "",
        "lat": NAN,
        "lon": NAN,
        "county": "",
        "source_row": 2,
        "revenue": 1.5,
    }
    frame = pd.DataFrame([{**blank, **c} for c in cells])
    return frame.assign(account_id=[f"A{k}" for k in range(len(frame))])


def one(**cells) -> pd.Series:
    return locate(rows(cells)).iloc[0]


# --- coordinates ---


def test_a_point_in_a_county():
    got = one(lat=30.2672, lon=-97.7431, zip="10001")
    assert (got["county"], got["state"], got["located_by"], got["locate_note"]) == ("48453", "TX", "lat_lon", "")
    assert (got["lat"], got["lon"]) == (30.2672, -97.7431)


def test_swapped_coordinates_are_repaired_and_noted():
    got = one(lat=-97.7431, lon=30.2672)
    assert (got["county"], got["located_by"]) == ("48453", "lat_lon")
    assert (got["lat"], got["lon"]) == (30.2672, -97.7431)
    assert got["locate_note"].startswith("latitude and longitude were swapped")
    alaska = one(lat=-149.9, lon=61.2)
    assert alaska["county"] == "02020"


def test_a_lost_minus_sign_is_repaired_only_if_the_state_agrees():
    got = one(lat=30.2672, lon=97.7431, state="TX")
    assert (got["county"], got["lon"]) == ("48453", -97.7431)
    assert "minus sign" in got["locate_note"]
    assert one(lat=30.2672, lon=97.7431)["located_by"] == "unlocated"


def test_zero_and_nonsense_coordinates_fall_through_to_the_zip():
    for lat, lon, word in (
        (0.0, 0.0, "(0, 0)"),
        (95.0, -200.0, "no place"),
        (51.5, -0.1, "outside the 50 states"),
        (30.0, NAN, "only one of"),
        (float("inf"), -97.0, "only one of"),
    ):
        got = one(lat=lat, lon=lon, zip="78701")
        assert (got["county"], got["located_by"]) == ("48453", "zip")
        assert word in got["locate_note"]
        assert got["lat"] == pytest.approx(30.27, abs=0.05)


def test_a_point_off_shore_goes_to_the_nearest_county_up_to_ten_km():
    near = one(lat=29.30, lon=-94.73)
    assert (near["county"], near["located_by"]) == ("48167", "lat_lon")
    assert "miles outside; Galveston, TX was used" in near["locate_note"]
    assert one(lat=28.0, lon=-94.0)["located_by"] == "unlocated"


def test_just_across_the_border_with_a_foreign_state_is_abroad():
    assert one(lat=32.53, lon=-117.04, state="BC", city="Tijuana")["located_by"] == "unlocated"


def test_the_far_aleutians_on_both_sides_of_the_date_line():
    for lat, lon in ((51.42, 179.30), (51.55, 178.95), (51.95, 179.6)):
        assert one(lat=lat, lon=lon)["county"] == "02016"
    assert one(lat=52.92, lon=172.9)["county"] == "02016"
    assert one(lat=53.88, lon=-166.53)["county"] == "02016"


def test_a_state_that_contradicts_the_point_is_noted():
    got = one(lat=30.2672, lon=-97.7431, state="OK")
    assert (got["county"], got["state"]) == ("48453", "TX")
    assert got["locate_note"] == "the coordinates lie in Travis, TX, the row says OK"


def test_a_point_on_a_border_belongs_to_one_county_only():
    got = locate(rows({"lat": 38.88473, "lon": -77.17509}, {"lat": 38.8462, "lon": -77.3064}))
    assert got["county"].tolist() == ["51610", "51600"]


# --- ZIP ---


@pytest.mark.parametrize(
    ("text", "state", "county"),
    [
        ("02116", "", "25025"),
        ("02116-1234", "MA", "25025"),
        ("021161234", "MA", "25025"),
        ("2116.0", "MA", "25025"),
        ("2116", "", "25025"),
        ("2116", "Massachusetts", "25025"),
        ("2116-1234", "ma", "25025"),
        ("501", "NY", "36103"),
        (" 78701 ", "TX", "48453"),
        ("78701-", "TX", "48453"),
        ("06103", "CT", "09110"),
    ],
)
def test_zips(text, state, county):
    got = one(zip=text, state=state)
    assert (got["county"], got["located_by"]) == (county, "zip")
    assert np.isfinite([got["lat"], got["lon"]]).all()


def test_a_lost_zero_needs_a_state_that_agrees():
    got = one(zip="2116", state="TX")
    assert (got["county"], got["state"], got["located_by"]) == ("", "TX", "unlocated")
    assert "would be 02116 in MA, but the row says TX" in got["locate_note"]
    assert one(zip="2116")["locate_note"] == "ZIP 2116 read as 02116"


def test_a_zip_and_state_that_disagree_keep_the_zip_and_say_so():
    got = one(zip="78701", state="OK")
    assert (got["county"], got["state"]) == ("48453", "TX")
    assert got["locate_note"] == "ZIP 78701 is in TX, the row says OK"


def test_a_foreign_address_with_five_digits_is_not_taken_for_a_zip():
    got = one(zip="80331", state="Bayern", city="München")
    assert (got["county"], got["state"]) == ("", "Bayern")
    assert one(zip="10115", state="Berlin", city="Berlin")["county"] == ""
    assert one(zip="78701", state="Texs", city="Austin")["county"] == "48453"


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ({"zip": "99999"}, "ZIP 99999 is not known; city and state are blank"),
        ({}, "ZIP, city and state are blank"),
        ({"zip": "M5V 3L9", "state": "ON"}, '"M5V 3L9" is not a US ZIP; city is blank; "ON" is not one of the 50'),
        ({"zip": "09021"}, "ZIP 09021 is a military or overseas address"),
        ({"city": "Austin"}, "ZIP and state are blank"),
        ({"city": "Nowhere at all", "state": "TX"}, "the city Nowhere at all, TX is not known; ZIP is blank"),
    ],
)
def test_reasons(cells, note):
    got = one(**cells)
    assert got["located_by"] == "unlocated"
    assert note in got["locate_note"]
    assert "nan" not in got["locate_note"].lower()


# --- city and state, county ---


@pytest.mark.parametrize(
    ("city", "state", "county"),
    [
        ("Austin", "TX", "48453"),
        ("AUSTIN", "texas", "48453"),
        ("Austin, TX", "", "48453"),
        ("St. Paul", "MN", "27123"),
        ("Saint Paul", "Minnesota", "27123"),
        ("Ft Worth", "TX", "48439"),
        ("Fort Worth", "TX", "48439"),
        ("Mt. Pleasant", "SC", "45019"),
        ("Washington", "D.C.", "11001"),
        ("Coeur d'Alene", "ID", "16055"),
        ("Wauwatosa", "WI", "55079"),
        ("Houston", "TX", "48201"),
    ],
)
def test_cities(city, state, county):
    got = one(city=city, state=state)
    assert (got["county"], got["located_by"]) == (county, "city_state")
    assert np.isfinite(got["lat"])


@pytest.mark.parametrize(
    ("county", "state", "want"),
    [
        ("Travis", "TX", "48453"),
        ("Travis County", "Texas", "48453"),
        ("TRAVIS CO.", "TX", "48453"),
        ("Travis, TX", "", "48453"),
        ("48453", "", "48453"),
        ("6037", "", "06037"),
        ("6037.0", "CA", "06037"),
        ("Orleans Parish", "LA", "22071"),
        ("Orleans", "LA", "22071"),
        ("Juneau City and Borough", "AK", "02110"),
        ("Baltimore", "MD", "24005"),
        ("Baltimore City", "MD", "24510"),
        ("Saint Louis", "MO", "29189"),
        ("St. Louis city", "MO", "29510"),
        ("Dona Ana", "NM", "35013"),
        ("Capitol", "CT", "09110"),
        ("46113", "SD", "46102"),
        ("District of Columbia", "DC", "11001"),
        ("Carson City", "NV", "32510"),
        ("Prince George's", "MD", "24033"),
        ("LaSalle", "IL", "17099"),
    ],
)
def test_counties(county, state, want):
    got = one(county=county, state=state)
    assert (got["county"], got["located_by"]) == (want, "county")
    assert np.isfinite(got["lon"])


def test_a_county_without_a_state_or_unknown():
    assert "needs a state" in one(county="Washington")["locate_note"]
    assert "the county 99999 is not known" in one(county="99999")["locate_note"]
    assert one(county="48453", state="OK")["locate_note"] == "the county lies in TX, the row says OK"


def test_keys():
    assert clean_zip("") == ("", False)
    assert clean_zip("12") == ("", False)
    assert clean_zip("1234567") == ("00123", True)
    assert city_key("St. Mary's") == city_key("SAINT MARYS")
    assert county_key("De Witt County") == county_key("DeWitt")


def test_every_county_is_found_by_its_own_names():
    g = gazetteer()
    names = [str(label).rsplit(", ", 1) for label in g.label]
    got = locate(rows(*[{"county": n, "state": s} for n, s in names]))
    assert got["county"].tolist() == list(g.geoid)


# --- the law of conservation ---


def test_rows_order_index_and_other_columns_stay():
    frame = rows({"zip": "78701"}, {"lat": 30.2672, "lon": -97.7431}, {"city": "x"}).set_index(pd.Index([9, 3, 7]))
    before = frame.copy(deep=True)
    got = locate(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert got.index.tolist() == [9, 3, 7]
    for column in ("account_id", "name", "owner", "zip", "city", "source_row", "revenue"):
        pd.testing.assert_series_equal(got[column], frame[column])
    assert set(CORE) <= set(got.columns)
    assert len(locate(frame.iloc[:0])) == 0


def test_missing_columns_are_named():
    with pytest.raises(InputError, match="lat, lon"):
        locate(rows({}).drop(columns=["lat", "lon"]))


cell = st.one_of(st.just(""), st.sampled_from(["TX", "78701", "Austin", "2116", "Travis", "nan", "=1+1"]), st.text())
degree = st.one_of(st.just(NAN), st.floats(-200, 200), st.sampled_from([0.0, 30.0, -97.0, float("inf")]))


@examples(60)
@given(st.lists(st.tuples(cell, cell, cell, cell, degree, degree), max_size=6))
def test_any_cells_come_back_located_or_with_a_reason(cells):
    keys = ("zip", "city", "state", "county", "lat", "lon")
    frame = rows(*[dict(zip(keys, c, strict=True)) for c in cells]) if cells else rows({}).iloc[:0]
    got = locate(frame)
    assert len(got) == len(frame)
    assert set(got["located_by"]) <= set(LOCATED_BY)
    assert ((got["county"] == "") == (got["located_by"] == "unlocated")).all()
    assert (got.loc[got["county"] == "", "locate_note"] != "").all()
    assert got.loc[got["county"] != "", ["lat", "lon"]].notna().all(axis=None)
    assert got["revenue"].tolist() == frame["revenue"].tolist()


def test_home_points():
    got = home_points(["78701", "2116", "", "nowhere"])
    assert got.shape == (4, 2)
    assert got[0] == pytest.approx([30.27, -97.74], abs=0.05)
    assert got[1] == pytest.approx([42.35, -71.08], abs=0.05)
    assert np.isnan(got[2:]).all()
    assert home_points([]).shape == (0, 2)


@pytest.mark.parametrize(
    ("home", "lat", "lon"),
    [
        ("Austin, TX", 30.27, -97.74),
        ("100 Main St, Austin, TX 78701", 30.27, -97.74),
        ("12 Main St\nDover DE 19901", 39.16, -75.52),
        ("Washington DC", 38.9, -77.03),
        ("Kern County, CA", 35.34, -118.73),
        ("30.27, -97.74", 30.27, -97.74),
        ("Toronto, ON M5V 3L9", 43.7, -79.4),
        ("London, ON, Canada", 42.98, -81.24),
        ("221B Baker St, London NW1 6XE", 51.51, -0.13),
        ("Hauptstr. 5, 10115 Berlin, Germany", 52.52, 13.4),
        ("10115 Berlin", 52.52, 13.4),
        ("10001 New York", 40.75, -74.0),
        ("Calle 5 #10, Monterrey, NL, Mexico", 25.68, -100.32),
    ],
)
def test_a_home_may_be_a_place(home: str, lat: float, lon: float) -> None:
    assert home_points([home])[0] == pytest.approx([lat, lon], abs=0.08)
    assert home_problem(home) == ""


@pytest.mark.parametrize(
    ("home", "said"),
    [
        ("99999", "ZIP 99999 isn't known"),
        ("Austin", "a city with its state or country"),
        ("TX", "isn't a ZIP"),
        ("Bostn, MA", "check the spelling"),
        ("M5V 3L9", "add the city and country"),
        ("Smallville, Germany", "enter the nearest large one"),
        ("San Juan, PR", "on the mainland"),
        ("Mexico", "isn't a ZIP"),
    ],
)
def test_a_home_that_cannot_be_placed_says_how_to_mend_it(home: str, said: str) -> None:
    assert np.isnan(home_points([home])).all()
    assert said in home_problem(home)


def test_twenty_thousand_rows_are_located_by_what_they_have():
    rng = np.random.default_rng(1)
    n = 20_000
    frame = pd.DataFrame(
        {
            "zip": rng.choice(["78701", "2116", "99999", ""], n),
            "city": [f"city {k}" for k in range(n)],
            "state": rng.choice(["TX", "MA", "Ontario", ""], n),
            "county": "",
            "lat": np.where(rng.random(n) < 0.5, rng.uniform(26, 48, n), np.nan),
            "lon": rng.uniform(-120, -75, n),
        }
    )
    got = locate(frame)
    assert len(got) == n
    by, pointed, known = got["located_by"], frame["lat"].notna(), frame["zip"].isin(["78701", "2116"])
    assert pointed[by == "lat_lon"].all()
    assert known[by == "zip"].all()
    assert set(by[~pointed & ~known]) == {"unlocated"}
    assert (by == "lat_lon").sum() > n / 3
    assert (by == "zip").sum() > n / 6


def test_it_tells_how_far_it_is_and_is_stopped_between_steps() -> None:
    progress, seen = followed()
    locate(rows({"zip": "02139"}), progress)
    assert [now.fraction for now in seen] == sorted(now.fraction for now in seen)
    for count in range(len(seen)):
        progress, heard = followed(stop_after=count)
        with pytest.raises(StoppedError):
            locate(rows({"zip": "02139"}), progress)
        assert len(heard) == count
