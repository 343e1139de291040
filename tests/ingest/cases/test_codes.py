"""Ids, codes and dates that a spreadsheet changed; and figures that are no sums. Each with its exact ledger."""

from __future__ import annotations

import pytest

from terr.ingest import build_ledger, questions, recognise
from tests.helpers.intakes import counts, issues, money, repairs, table

HEAD = ["Account ID", "Account Name", "ZIP", "Revenue"]


def with_ids(*ids: str):
    raw = table(HEAD, *([code, f"Acct {k}", "75001", "10"] for k, code in enumerate(ids)))
    return build_ledger(raw, recognise(raw))


@pytest.mark.parametrize(
    ("ids", "damaged"),
    [
        # dates in place of 3-1, MAR1, SEP-23, 1/3 and DEC.5
        (["3-Jan", "3-1A", "3-2B", "3-Jan"], [2, 5]),
        (["1-Mar", "MAR1A", "XQ7"], [2]),
        (["Sep-23", "Oct-23", "Nov-23"], [2, 3, 4]),
        (["1/3/2024", "1-33", "1-34"], [2]),
        (["2024-03-01", "MAR-31", "MAR-32", "APR-40"], [2]),
        (["5. Dez", "5.Dez", "DZ5"], [2, 3]),
        # digits after the fifteenth
        (["4567890123456780000", "4567890123456780000", "4567890123456790000"], [2, 3, 4]),
        (["1234567890123450", "1234567890123460", "2234567890123460"], [2, 3, 4]),
        (["1.00E+05", "1.00E+05", "1E7"], [2, 3]),
    ],
)
def test_codes_that_a_spreadsheet_changed_join_and_reject_nobody(ids: list[str], damaged: list[int]) -> None:
    got = with_ids(*ids)
    assert counts(got) == (len(ids), len(ids), 0, 0)
    assert money(got, "Revenue") == (10 * len(ids), 10 * len(ids), 0, 0)
    assert [(i[0], i[3]) for i in issues(got)] == [(row, "damaged_id") for row in damaged]
    want = [f"row-{k + 2}" if k + 2 in damaged else code for k, code in enumerate(ids)]
    assert got.frame["account_id"].tolist() == want
    assert "delete" not in " ".join(got.ledger.issues["message"])


@pytest.mark.parametrize(
    "ids",
    [
        ["2024-03-01", "2024-03-02", "2024-03-05"],  # somebody's ids may be dates
        ["1234567890123450", "1234567890123461", "2"],
        ["1234567890123450", "77", "78"],
        ["3-Janitor", "MAR1", "3-1"],
        ["4567890123456781234", "4567890123456780000", "9"],
    ],
)
def test_what_may_be_an_id_stays_one(ids: list[str]) -> None:
    got = with_ids(*ids)
    assert got.frame["account_id"].tolist() == ids
    assert issues(got) == []


@pytest.mark.parametrize(
    ("ids", "short"),
    [
        (["00123", "00124", "125"], [4]),
        (["0007", "8", "0009", "1234"], [3]),
        (["0000001", "12", "13"], [3, 4]),
        (["007", "42", "A-1"], [3]),
        (["012345", "9912", "000001", "123456"], [3]),
    ],
)
def test_ids_that_may_have_lost_zeros_are_said_and_stay(ids: list[str], short: list[int]) -> None:
    got = with_ids(*ids)
    assert counts(got) == (len(ids), len(ids), 0, 0)
    assert got.frame["account_id"].tolist() == ids
    assert [(i[0], i[3], i[4]) for i in issues(got)] == [(row, "lost_zeros", "accepted") for row in short]


@pytest.mark.parametrize("ids", [["1", "22", "333"], ["01", "001", "5"], ["A1", "02B", "3"]])
def test_numbers_without_one_width_lost_nothing(ids: list[str]) -> None:
    assert issues(with_ids(*ids)) == []


@pytest.mark.parametrize("code", ["3-Jan", "Mar-01", "1.23E+11", "1-Sep-24", "Sept. 5"])
def test_a_code_of_an_area_that_a_spreadsheet_changed_is_said(code: str) -> None:
    raw = table(HEAD, ["A", "a", code, "5"], ["B", "b", "75001", "6"], ["C", "c", "75001", "7"])
    got = build_ledger(raw, recognise(raw))
    assert counts(got) == (3, 3, 0, 0)
    told = [(i[0], i[1], i[3]) for i in issues(got)]
    assert told == ([] if code == "Sept. 5" else [(2, "ZIP", "damaged_code")])
    assert got.frame["zip"].tolist()[0] == code


DATED = ["Account ID", "ZIP", "Revenue", "Seen"]


@pytest.mark.parametrize("name", ["Last Activity", "Created Date", "Customer since", "Renewal", "Datum", "Due"])
def test_days_under_a_header_of_dates_are_dates(name: str) -> None:
    raw = table(
        [*DATED[:3], name], ["A", "75001", "5", "45292"], ["B", "75001", "6", ""], ["C", "75001", "7", "45351.5"]
    )
    columns = recognise(raw)
    assert list(columns.measures) == ["Revenue"]
    assert questions(raw, columns) == ()
    got = build_ledger(raw, columns)
    assert got.frame[name].tolist() == ["2024-01-01", "", "2024-02-29"]
    assert repairs(got) == [("day_number", name, 2)]
    left = build_ledger(raw, columns, refuse=[f"day_number:{name}"])
    assert left.frame[name].tolist() == ["45292", "", "45351.5"]


def test_days_under_another_header_are_asked_about() -> None:
    raw = table([*DATED[:3], "Kickoff"], *([f"A{k}", "75001", "5", str(45292 + k)] for k in range(4)))
    columns = recognise(raw)
    (found,) = questions(raw, columns)
    assert (found.key, found.default, found.examples[0]) == ("days:Kickoff", "number", (2, "45292"))
    assert "2024-01-01" in found.title
    assert [(c.value, c.rows, dict(c.money)) for c in found.choices] == [
        ("number", 4, {"Revenue": 20, "Kickoff": 181_174}),
        ("date", 4, {"Revenue": 20}),
    ]
    got = build_ledger(raw, columns, answers={found.key: "date"})
    assert got.measures == ("Revenue",)
    assert got.frame["Kickoff"].tolist() == ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Created", ["45292", "1001", "45294"]),
        ("Population", ["45292", "145293", "45294"]),
        ("Annual Revenue", ["45292", "45293", "45294"]),
        ("Kickoff", ["45292", "45292", "45292"]),
        ("Kickoff", ["45292", "99999", "45294"]),
    ],
)
def test_what_counts_no_days(name: str, cells: list[str]) -> None:
    raw = table([*DATED[:3], name], *([f"A{k}", "75001", "5", c] for k, c in enumerate(cells)))
    got = build_ledger(raw, recognise(raw))
    assert repairs(got) == []
    assert [q.key for q in questions(raw, recognise(raw)) if q.code == "days"] == []


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Founded", ["1998", "2004", "2011"]),
        ("FY", ["2021", "2022", "2023"]),
        ("Win Rate", ["12%", "30%", "8%"]),
        ("Margin", ["0.12", "0.3", "-0.05"]),
        ("Rating", ["4.5", "3", "5"]),
        ("Lead Score", ["88", "61", "12"]),
        ("NPS", ["9", "-20", "40"]),
        ("CSAT", ["4.1", "4.7", "3.9"]),
        ("Region", ["1", "2", "3"]),
        ("Sales District Code", ["10", "20", "30"]),
        ("Route", ["101", "102", "103"]),
        ("Priority", ["1", "2", "1"]),
        ("Parent ID", ["5501", "5502", "5503"]),
        ("Telephone", ["2145550100", "2145550101", "2145550102"]),
        ("SKU", ["00012", "00450", "01200"]),
    ],
)
def test_what_is_no_sum_is_not_offered_as_one(name: str, cells: list[str]) -> None:
    raw = table([*DATED[:3], name], *([f"A{k}", "75001", "5", c] for k, c in enumerate(cells)))
    columns = recognise(raw)
    assert list(columns.measures) == ["Revenue"]
    assert build_ledger(raw, columns).frame[name].tolist() == cells


@pytest.mark.parametrize("name", ["Region Sales", "Visits per Year", "Beds", "Employees", "Tier 1 Spend", "Hours"])
def test_what_is_a_sum_still_is(name: str) -> None:
    raw = table([*DATED[:2], name], *([f"A{k}", "75001", c] for k, c in enumerate(["12", "7", "30"])))
    assert list(recognise(raw).measures) == [name]
