"""Cities as a level: the ZIPs of one postal city within a county, joined."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from terr.aggregate import measures_per_unit, placed, totals
from terr.boundaries.layers.catalog import layer, load_units
from terr.boundaries.layers.cities import city_ids, join_cities
from terr.workspace.batch.inputs import BatchRequest
from terr.workspace.batch.prepare import prepare
from tests.helpers.layers import layer_of

ROWS = b"""Account ID,ZIP,City,County,State,Revenue
A-1,19801,Wilmington,,DE,1
A-2,19806,Wilmington,,DE,2
A-3,19901,Dover,,DE,4
A-4,,Newark,,DE,8
A-5,,,Kent,DE,16
"""


def test_zips_of_a_city_in_one_county_are_one_area():
    zips = layer_of(
        {"00010": box(0, 0, 1, 1), "00011": box(1, 0, 2, 1), "00012": box(2, 0, 3, 1), "00013": box(3, 0, 4, 1)},
        level="zip",
        states=["AA"] * 4,
        members={"00010": "00010", "00099": "00011", "00012": "00012"},
    )
    zips.areas["county"] = ["00001", "00001", "00001", "00002"]
    city = pd.Series({"00010": "Big Town", "00011": "BIG TOWN", "00012": "O'Hara", "00013": "Big Town"})
    made = join_cities(zips, city, pd.Series({"00001": "One, AA", "00002": "Two, AA"}))
    assert made.areas["unit_id"].tolist() == ["00001-big-town", "00001-ohara", "00002-big-town"]
    assert made.areas["label"].tolist() == ["Big Town (One), AA", "O'Hara, AA", "Big Town (Two), AA"]
    km = dict(zip(zip(zips.edges["i"], zips.edges["j"], strict=True), zips.edges["border_km"], strict=True))
    pairs = made.edges[["i", "j", "border_km"]].to_numpy().tolist()
    assert pairs == [[0, 1, pytest.approx(km[(1, 2)])], [1, 2, pytest.approx(km[(2, 3)])]]
    assert made.areas["area_km2"].sum() == pytest.approx(zips.areas["area_km2"].sum())
    assert made.areas["perimeter_km"].iloc[0] == pytest.approx(
        zips.areas["perimeter_km"].iloc[:2].sum() - 2 * km[(0, 1)]
    )
    assert made.members.to_dict() == {"00010": "00001-big-town", "00099": "00001-big-town", "00012": "00001-ohara"}


def test_spellings_that_differ_in_marks_alone_are_one_city():
    ids = city_ids(pd.Series(["06037"] * 3), pd.Series(["La Cañada", "LA CANADA", "St. John's"]))
    assert ids.tolist() == ["06037-la-canada", "06037-la-canada", "06037-st-johns"]


def test_cities_of_the_country_cover_its_zips():
    cities, zips = layer("city"), layer("zip")
    assert cities.areas["label"].is_unique
    assert cities.areas["area_km2"].sum() == pytest.approx(zips.areas["area_km2"].sum())
    assert set(cities.members) == set(cities.areas["unit_id"])
    los_angeles = cities.areas.set_index("unit_id").loc["06037-los-angeles"]
    assert (los_angeles["label"], los_angeles["state"], los_angeles["county"]) == ("Los Angeles, CA", "CA", "06037")


def test_accounts_are_where_their_zip_is_or_in_the_city_they_name():
    made = prepare(ROWS, "accounts.csv", BatchRequest("city", "DE", "Revenue", territories=2))
    at = placed(made.accounts, made.units)
    named = [made.units.ids[c] if c >= 0 else "" for c in at.codes.tolist()]
    assert named == ["10003-wilmington", "10003-wilmington", "10001-dover", "10003-newark", ""]
    assert at.reasons() == {"a county alone doesn't say which city it is": 1}
    assert totals(made.accounts, made.units).unlocated.rows == 1


def test_loads_of_cities_are_those_of_their_zips():
    rows = ROWS.replace(b"A-4,,Newark", b"A-4,19711,Newark")
    made = prepare(rows, "accounts.csv", BatchRequest("city", "DE", "Revenue", territories=2))
    zips = load_units("zip", "DE")
    by_zip, _ = measures_per_unit(made.accounts, zips, ("Revenue",))
    city = layer("city").members.reindex(zips.ids)
    sums = pd.Series(by_zip[:, 0]).groupby(city.to_numpy()).sum().reindex(made.units.ids)
    assert sums.sum() == 15
    assert np.array_equal(sums.to_numpy(), made.weights[:, 0])
