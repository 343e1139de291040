"""Accounts on mixed levels: where the coarse level puts them, then on its parts; nothing is lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.aggregate import measures_per_unit, placed, totals
from terr.boundaries.layers.catalog import inside_of, layer, load_units
from terr.locate.locating import locate
from terr.model.accounts import Accounts
from tests.helpers.effort import examples

COUNTIES = ("10001", "10003", "10005")
"""Of Delaware: Kent, New Castle, Sussex."""


def accounts(*rows: tuple[str, str, str, float, float, float]) -> Accounts:
    """ZIP, county, state, latitude, longitude, revenue."""
    given_ = pd.DataFrame(list(rows), columns=["zip", "county", "state", "lat", "lon", "Revenue"])
    frame = locate(given_.assign(city="")).drop(columns="locate_note")
    n = len(frame)
    ids = [f"A-{i}" for i in range(n)]
    return Accounts(
        frame.assign(account_id=ids, name=ids, owner="", source_row=np.arange(2, n + 2)), measures=("Revenue",)
    )


NOWHERE = (np.nan, np.nan)
DOVER, WILMINGTON = (39.158, -75.524), (39.746, -75.547)


def units_of(found, units) -> list[str]:
    return [units.ids[c] if c >= 0 else str(c) for c in found.codes.tolist()]


def test_only_what_lies_in_a_split_area_is_asked_of_its_parts():
    some = accounts(
        ("19901", "", "DE", *NOWHERE, 1.0),
        ("19801", "", "DE", *NOWHERE, 2.0),
        ("", "", "", *DOVER, 4.0),
        ("02906", "", "RI", *NOWHERE, 8.0),
        ("", "", "XX", *NOWHERE, 16.0),
    )
    units = load_units("county+zip:10001", "DE")
    found = placed(some, units)
    assert units_of(found, units)[:2] == ["zip:19901", "county:10003"]
    assert units_of(found, units)[2].startswith("zip:199")
    assert found.codes.tolist()[3:] == [-2, -1]


def test_a_county_alone_does_not_say_which_part_it_is():
    some = accounts(("", "Kent", "DE", *NOWHERE, 1.0), ("", "Sussex", "DE", *NOWHERE, 2.0))
    units = load_units("county+zip:10001", "DE")
    found = placed(some, units)
    assert units_of(found, units) == ["-1", "county:10005"]
    assert found.reasons() == {"a county alone doesn't say which ZIP it is": 1}
    assert totals(some, units).unlocated.rows == 1


def test_an_account_stays_in_its_county_whatever_its_zip_says_of_another():
    """Coordinates in Wilmington with a ZIP of Dover: New Castle has it, split or not, and Kent never does."""
    some = accounts(("19901", "", "DE", *WILMINGTON, 1.0))
    assert some.frame["county"].tolist() == ["10003"]
    for split, unit in (("10001", "county:10003"), ("10003", "zip:198")):
        units = load_units(f"county+zip:{split}", "DE")
        found = placed(some, units)
        assert units_of(found, units)[0].startswith(unit)
    assert "lies elsewhere" in found.note[0]


@pytest.fixture(scope="module")
def of_zips() -> tuple[pd.DataFrame, list[str]]:
    table = layer("zip").areas
    mine = table[table["state"].isin(["DE", "RI"])]
    return mine, mine["unit_id"].tolist()


@given(data=st.data())
@examples(25)
def test_rows_and_money_are_conserved_whatever_is_split(of_zips, data):
    table, ids = of_zips
    picked = data.draw(st.lists(st.sampled_from([*ids, "", "99999"]), min_size=1, max_size=30))
    cents = data.draw(st.lists(st.integers(-(10**9), 10**9), min_size=len(picked), max_size=len(picked)))
    state = dict(zip(table["unit_id"], table["state"], strict=True))
    some = accounts(*((z, "", state.get(z, ""), *NOWHERE, c / 100) for z, c in zip(picked, cents, strict=True)))
    split = data.draw(st.sets(st.sampled_from(COUNTIES), min_size=1))
    units, before = load_units(f"county+zip:{','.join(sorted(split))}", "DE"), load_units("county", "DE")
    after, whole = totals(some, units), totals(some, before)  # each checks that its parts add up
    for part in ("accepted", "in_region", "outside", "unlocated"):
        mine, theirs = getattr(after, part), getattr(whole, part)
        assert (mine.rows, mine.loads) == (theirs.rows, theirs.loads)
    (loads, rows), (was, were) = (measures_per_unit(some, u, ("Revenue",)) for u in (units, before))
    codes, names = units.codes(), layer(units.level).areas["unit_id"]
    parts = [codes[names[r]] for at in inside_of(units.level).values() for r in at]
    mine = [before.codes()[c] for c in split]
    # a ZIP across a border may change sides between two areas that are split, never with one that isn't
    assert rows[parts].sum() == were[mine].sum()
    assert loads[parts].sum() == pytest.approx(was[mine].sum(), abs=1e-6)
    for county in set(COUNTIES) - split:
        at, still = before.codes()[county], codes[f"county:{county}"]
        assert (rows[still], loads[still, 0]) == (were[at], was[at, 0])
    zips = load_units("zip", "DE")
    if len(split) == len(COUNTIES):
        assert np.array_equal(measures_per_unit(some, zips, ("Revenue",))[0], loads)
