"""From a file to a saved data set: nothing lost, nothing crashes, the same after a restart."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from terr import demo
from terr.errors import InputError, LocateError
from terr.model.accounts import COUNT
from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from terr.workspace.accounts import demo as demo_data
from terr.workspace.facts.fact_measures import usual_figures
from terr.workspace.facts.kept_facts import facts_in
from terr.workspace.reps import roster
from tests.helpers.spaces import csv_of, data_set

DIRTY = b"""Account ID,Name,City,County,State,ZIP,ARR,Visits,Fee ($)
A-1,Alpha,Dover,,DE,,100,1,2
A-2,Beta,,New Castle,DE,,200,2,2
A-3,Gamma,,Sussex,DE,,300,3,2
A-4,Delta,,,,02139,50,1,1
A-5,Eps,Nowhereville,,DE,,7,1,1
A-6,Zeta,,New Castle,DE,,oops,2,2
,,,,,,,,
A-7,Eta,,Kent,DE,,40,2,2
"""


def taken(data: bytes = DIRTY, name: str = "dirty.csv") -> dataset.Intake:
    raw, columns = dataset.inspect(data, name)
    return dataset.intake(raw, columns, dataset.guess_money(columns))


def test_demo_round_trip(demo_ws):
    ws, data = demo_ws
    assert data.info.name == "Demo accounts"
    assert len(data.accounts) == 5000
    assert sum(r.covers for r in data.reps) == 12
    usual = [f.name for f in usual_figures({f.kind for f in facts_in(data.info.mapping)})]
    assert data.accounts.measures == ("Employees", "Annual Revenue", "Potential", *usual, "Number of accounts")
    money = {"Annual Revenue", "Potential", "Sales, last 12 months", "Won, last 12 months", "Open pipeline"}
    assert dict(data.accounts.currency) == dict.fromkeys({*money, "Annual contract value"}, "USD")
    assert data.info.summary["located"]["unlocated"] == 0
    again = demo_data.demo_dataset(ws)
    assert again.info.id == data.info.id
    assert len(ws.store.datasets.all()) == 1
    raw = demo.demo_accounts()
    assert data.accounts.total("Potential") == pytest.approx(pd.to_numeric(raw["Potential"]).sum())


def test_every_row_and_dollar_is_accounted_for():
    one = taken()
    ledger = one.ledger
    assert (ledger.rows_in, ledger.rows_accepted, ledger.rows_excluded, ledger.rows_rejected) == (8, 7, 1, 0)
    visits = ledger.totals["Visits"]
    assert (visits.total_in, visits.accepted, visits.excluded, visits.rejected) == (12.0, 12.0, 0.0, 0.0)
    assert one.accounts.total("ARR") == ledger.totals["ARR"].accepted == 697.0
    assert one.located == {"lat_lon": 0, "zip": 1, "city_state": 1, "county": 4, "unlocated": 1}
    assert sum(one.located.values()) == ledger.rows_accepted


def test_unlocated_rows_come_in_the_files_own_layout_with_row_and_reason():
    lost = taken().unlocated()
    assert list(lost.columns) == ["File row", *DIRTY.decode().splitlines()[0].split(","), "Reason"]
    assert lost["File row"].tolist() == [6]
    assert lost["Account ID"].tolist() == ["A-5"]
    assert "Nowhereville" in lost["Reason"].iloc[0]


def test_the_file_of_unlocated_rows_can_be_loaded_again_while_some_are_still_lost():
    lost = taken().unlocated()
    again = taken(lost.to_csv(index=False).encode(), "not-located.csv").unlocated()
    assert again["Account ID"].tolist() == ["A-5"]
    assert again["File row"].tolist() == ["6"], "the file's own column stays as it is"
    assert again["File row (2)"].tolist() == [2]
    assert "Nowhereville" in again["Reason"].iloc[0]
    assert "Nowhereville" in again["Reason (2)"].iloc[0]


@pytest.mark.parametrize("name", ["ARR", "ACV 2026", "New MRR", "Fee ($)", "Annual Revenue", "Quota", "Spend"])
def test_measures_that_are_money_by_name(name):
    _, columns = dataset.inspect(csv_of([("A-1", "Kent", "DE", 5.0), ("A-2", "Sussex", "DE", 6.0)], name), "a.csv")
    assert dataset.guess_money(columns) == {name: "USD"}


@pytest.mark.parametrize("name", ["Visits", "Employees", "Beds", "Carrots", "Workload"])
def test_measures_that_are_no_money_by_name(name):
    _, columns = dataset.inspect(csv_of([("A-1", "Kent", "DE", 5.0), ("A-2", "Sussex", "DE", 6.0)], name), "a.csv")
    assert dataset.guess_money(columns) == {}


def test_a_cells_own_currency_wins_over_the_guess():
    one = taken(b"Name,State,County,Revenue\nA,DE,Kent,EUR 5\nB,DE,Sussex,EUR 6\n")
    assert dict(one.accounts.currency) == {"Revenue": "EUR"}


def test_a_list_without_a_number_is_planned_by_the_number_of_accounts():
    one = taken(b"Name,County,State\nA,Kent,DE\nB,Sussex,DE\n")
    assert one.accounts.measures == (COUNT,)
    assert one.accounts.total(COUNT) == 2.0


def test_check_report_has_exactly_the_promised_keys():
    report = dataset.check_report(taken())
    assert list(report) == [
        "file",
        "format",
        "encoding",
        "delimiter",
        "sheet",
        "header_row",
        "rows_in",
        "rows_accepted",
        "rows_excluded",
        "rows_rejected",
        "columns",
        "measures",
        "located",
        "issues",
    ]
    assert set(report["measures"]["ARR"]) == {"total_in", "accepted", "excluded", "rejected", "currency"}
    assert [(i["row"], i["code"]) for i in report["issues"]] == [
        (7, "not_a_number"),
        (8, "blank_row"),
        (6, "unlocated"),
    ]
    assert all(set(i) == {"row", "column", "value", "code", "message", "fate"} for i in report["issues"])


def test_with_column_names_fields_and_measures_by_hand():
    _, columns = dataset.inspect(DIRTY, "dirty.csv")
    named = dataset.with_column(columns, {"revenue": "ARR", "name": "City"})
    assert named.measures["revenue"] == "ARR"
    assert "ARR" not in named.measures
    assert named.measures["Visits"] == "Visits"
    assert named.fields["name"] == "City"
    assert "city" not in named.fields, "a column has one role"
    moved = dataset.with_column(columns, {"zip": "Visits"})
    assert moved.fields["zip"] == "Visits"
    assert "Visits" not in moved.measures


def book(**sheets: list[list[str]]) -> bytes:
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer) as made:
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for r, row in enumerate(rows):
                sheet.write_row(r, 0, row)
    return buffer.getvalue()


ACCOUNTS = [["Account ID", "Name", "State", "County", "Revenue"], ["A-1", "A", "DE", "Kent", "5"]]
ROSTER = [["User ID", "Full Name", "Home ZIP"], ["U-1", "Ann Poe", "19901"], ["U-2", "Bob Ray", "02903"]]


def test_a_roster_in_the_same_workbook_is_found():
    data = book(Accounts=ACCOUNTS, Notes=[["nothing"]], Reps=ROSTER)
    raw, _ = dataset.inspect(data, "book.xlsx")
    assert raw.sheet == "Accounts"
    assert [(r.rep_id, r.name, r.home_zip) for r in dataset.roster_in(data, raw)] == [
        ("U-1", "Ann Poe", "19901"),
        ("U-2", "Bob Ray", "02903"),
    ]


def test_sheets_that_only_sound_like_a_roster_are_passed_over():
    for sheets in ({"Reports": ROSTER}, {"Reps": [["just a note"]]}):
        data = book(Accounts=ACCOUNTS, **sheets)
        raw, _ = dataset.inspect(data, "book.xlsx")
        assert dataset.roster_in(data, raw) == ()
    data = book(Accounts=ACCOUNTS, **{"Sales Team": [["just a note"]], "Users": ROSTER})
    raw, _ = dataset.inspect(data, "book.xlsx", sheet="Accounts")
    assert len(dataset.roster_in(data, raw)) == 2


def test_a_data_set_is_the_same_after_a_restart(ws):
    raw, columns = dataset.inspect(DIRTY, "dirty.csv")
    money = dataset.guess_money(columns)
    saved = dataset.save(ws, DIRTY, dataset.intake(raw, columns, money), name="Book <b>one</b>", reps=demo.demo_reps())
    other = Workspace(ws.root)
    try:
        found = dataset.dataset(other, saved.info.id)
        assert found.info.name == "Book <b>one</b>"
        assert found.accounts.measures == saved.accounts.measures
        assert found.accounts.currency == saved.accounts.currency
        assert found.reps == saved.reps
        assert set(found.reps) == set(demo.demo_reps())
        pd.testing.assert_frame_equal(found.accounts.frame, saved.accounts.frame)
        again = dataset.ledger_of(other, saved.info.id)
        assert again.ledger.rows_accepted == 7
        assert again.notes == dataset.ledger_of(ws, saved.info.id).notes
        assert dataset.check_report(again) == dataset.check_report(dataset.ledger_of(ws, saved.info.id))
    finally:
        other.close()


def test_nothing_is_saved_before_it_is_confirmed(ws):
    raw, columns = dataset.inspect(DIRTY, "dirty.csv")
    dataset.intake(raw, columns)
    assert ws.store.datasets.all() == ()
    assert not list(ws.root.rglob("uploads/*/*"))


def test_a_new_roster_replaces_the_old_one_and_survives(ws):
    data = data_set(ws, reps=demo.demo_reps())
    found, issues = roster.replace_reps(ws, data.info.id, b"User ID,Name\nU-9,Zoe\nU-9,Zed\n", "reps.csv")
    assert [r.name for r in found.reps] == ["Zoe"]
    assert len(issues)
    assert dataset.dataset(ws, data.info.id).reps == found.reps
    other = Workspace(ws.root)
    assert dataset.dataset(other, data.info.id).reps == found.reps
    other.close()
    with pytest.raises(InputError, match="User ID"):
        roster.replace_reps(ws, data.info.id, b"a,b\n1,2\n", "reps.csv")
    assert dataset.dataset(ws, data.info.id).reps == found.reps


def test_an_unknown_data_set_is_said_to_be_unknown(ws):
    with pytest.raises(LocateError):
        dataset.dataset(ws, "0" * 16)
    with pytest.raises(LocateError):
        dataset.dataset(ws, "../../etc/passwd")


def test_a_data_set_holds_no_missing_text(ws):
    frame = data_set(ws).accounts.frame
    text = frame.drop(columns=["lat", "lon", "source_row", "Revenue"])
    assert not text.isna().to_numpy().any()
    assert np.isfinite(frame["Revenue"]).all()
