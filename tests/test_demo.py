"""The demo: made-up accounts and reps that are the same everywhere and come in whole."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from terr.demo import ROSTER_COLUMNS, demo_accounts, demo_facts, demo_reps, demo_roster, write_demo
from terr.ingest import read_reps, read_table
from terr.locate import home_points, locate


@pytest.fixture(scope="module")
def located() -> pd.DataFrame:
    raw = demo_accounts()
    number = {c: pd.to_numeric(raw[c].where(raw[c] != "", np.nan)) for c in ("Latitude", "Longitude", "Potential")}
    return locate(
        pd.DataFrame(
            {
                "zip": raw["ZIP"],
                "city": raw["City"],
                "state": raw["State"],
                "county": "",
                "lat": number["Latitude"].astype(float),
                "lon": number["Longitude"].astype(float),
                "potential": number["Potential"].astype(float),
            }
        )
    )


def test_accounts_are_text_as_a_crm_writes_them():
    frame = demo_accounts()
    assert len(frame) == 5000
    assert list(frame.columns) == [
        "Account ID",
        "Account Name",
        "Account Owner",
        "Industry",
        "Employees",
        "City",
        "State",
        "ZIP",
        "Latitude",
        "Longitude",
        "Annual Revenue",
        "Potential",
        "Last Order",
    ]
    assert all(isinstance(v, str) for v in frame.to_numpy().ravel())
    assert frame["Account ID"].is_unique
    assert frame["Account Name"].is_unique
    assert set(frame["Account Owner"]) == {r.name for r in demo_reps() if r.covers}
    assert frame["ZIP"].str.startswith("0").sum() > 100
    assert frame["ZIP"].str.contains("-").sum() == 40
    assert (frame["ZIP"] == "").sum() == 12
    revenue, potential = pd.to_numeric(frame["Annual Revenue"]), pd.to_numeric(frame["Potential"])
    assert 0 < revenue.median() < 0.75 * revenue.mean()
    assert revenue.corr(potential) > 0.6
    assert (potential > 0).all()


def test_each_account_can_be_located(located):
    assert (located["county"] != "").all()
    assert set(located["located_by"]) == {"lat_lon", "zip", "city_state"}


def test_designs_are_well_posed(located):
    by_county = located.groupby("county")["potential"].sum()
    texas = by_county[by_county.index.str[:2] == "48"]
    lower = by_county[~by_county.index.str[:2].isin(["02", "15"])]
    assert texas.max() < 0.9 * texas.sum() / 10
    assert lower.max() < 0.9 * lower.sum() / 50
    assert (located["state"] == "TX").sum() >= 450
    assert len(texas) >= 80
    assert located["state"].nunique() == 51


def test_reps():
    reps = demo_reps()
    assert sum(r.covers for r in reps) == 12
    assert len({r.rep_id for r in reps}) == len(reps) == 15
    assert {r.role for r in reps} == {"rep", "manager", "SDR"}
    assert [r.name for r in reps if not r.active] == ["Vacant: Phoenix"]
    assert [r.name for r in reps if r.end] == ["Elena Marsh"]
    assert np.isfinite(home_points([r.home_zip for r in reps])).all()
    roster = demo_roster()
    assert list(roster.columns) == list(ROSTER_COLUMNS)
    assert roster["Email"].str.endswith("@example.com").sum() == 14  # a vacancy has none
    assert "02116" in set(roster["Home ZIP"])


def test_the_roster_of_the_workbook_is_the_demo_s(tmp_path):
    write_demo(tmp_path / "a.xlsx")
    reps, issues = read_reps(read_table((tmp_path / "a.xlsx").read_bytes(), "a.xlsx", sheet="Reps"))
    assert reps == demo_reps()
    assert issues["code"].tolist() == ["vacancy"]


def test_the_workbook(tmp_path):
    write_demo(tmp_path / "a.xlsx")
    write_demo(str(tmp_path / "b.xlsx"))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    book = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx"))
    assert book.sheet_names == ["Accounts", "Reps"]
    sheet = book.get_sheet_by_name("Accounts").to_python()
    frame = demo_accounts()
    assert len(sheet) == 5001
    assert sheet[0] == list(frame.columns)
    head, first = sheet[0], dict(zip(sheet[0], sheet[1], strict=True))
    assert first["ZIP"] == frame["ZIP"].iloc[0]
    assert first["Potential"] == float(frame["Potential"].iloc[0])
    zips = [row[head.index("ZIP")] for row in sheet[1:]]
    assert all(isinstance(z, str) for z in zips)
    assert zips == frame["ZIP"].tolist()
    days = [row[head.index("Last Order")] for row in sheet[1:]]
    assert all(isinstance(d, dt.date) or d == "" for d in days)
    total = sum(row[head.index("Annual Revenue")] for row in sheet[1:])
    assert total == pytest.approx(pd.to_numeric(frame["Annual Revenue"]).sum())
    reps = book.get_sheet_by_name("Reps").to_python()
    assert len(reps) == 16
    assert reps[1][:4] == ["U-101", "Hannah Lindqvist", "hannah.lindqvist@example.com", "rep"]


def test_three_years_of_facts_agree_with_the_accounts():
    accounts, facts = demo_accounts().set_index("Account ID"), demo_facts()
    assert list(facts) == ["orders", "opportunities", "activities", "contracts", "quotas"]
    for kind, table in facts.items():
        if kind != "quotas":
            assert table["Account ID"].isin(accounts.index).all()
            assert table.iloc[:, 0].is_unique
    orders = facts["orders"]
    assert orders["Order Date"].agg(["min", "max"]).dt.date.tolist() == [dt.date(2023, 7, 1), dt.date(2026, 6, 30)]
    last = orders.groupby("Account ID")["Order Date"].max().dt.date.astype(str)
    assert last.to_dict() == accounts["Last Order"][accounts["Last Order"] != ""].to_dict()
    year = orders[orders["Order Date"] > "2025-06-30"].groupby("Account ID")["Amount"].sum()
    revenue = pd.to_numeric(accounts["Annual Revenue"]).loc[year.index]
    assert np.allclose(year, revenue, atol=0.2)
    ended = facts["opportunities"][lambda d: d["Stage"].str.startswith("Closed")]
    rate = (ended["Stage"] == "Closed Won").groupby(ended["Opportunity Owner"]).mean()
    assert (rate.idxmax(), rate.idxmin()) == ("Priya Nair", "Marcus Hale")
