"""Several rows of one account: orders, deals, sites and split reps; each with its exact ledger."""

from __future__ import annotations

import pytest

from terr.ingest import build_ledger, questions, recognise
from terr.ingest.columns.kinds import kind_of_rows
from tests.helpers.intakes import counts, issues, money, table

ORDERS = table(
    ["Opportunity ID", "Account ID", "Account Name", "Billing Zip/Postal Code", "Amount"],
    ["006A1", "001A", "Alpha", "75001", "1000"],
    ["006A2", "001A", "Alpha", "75001", "2500"],
    ["006A3", "001A", "Alpha", "75001", "4000"],
    ["006B1", "001B", "Beta", "75201", "3000"],
)
SPLIT = table(
    ["Account ID", "Account Name", "ZIP", "Sales Rep", "Annual Revenue"],
    ["001A", "Alpha", "75001", "Ann", "1000"],
    ["001A", "Alpha", "75001", "Bob", "1000"],
    ["001B", "Beta", "75201", "Bob", "3000"],
)


def asked(raw):
    return {q.key: q for q in questions(raw, recognise(raw))}


def made(raw, answer=None):
    return build_ledger(raw, recognise(raw), answers={"rows_per_account:": answer} if answer else {})


def test_orders_are_added_up_into_accounts_and_no_money_is_lost() -> None:
    got = made(ORDERS)
    assert counts(got) == (4, 4, 0, 0)
    assert money(got, "Amount") == (10_500, 10_500, 0, 0)
    assert got.frame[["account_id", "Amount"]].to_numpy().tolist() == [["001A", 7_500], ["001B", 3_000]]
    assert (got.kind, got.account_of.tolist()) == ("opportunities", [0, 0, 0, 1])
    assert issues(got) == [(1, "Account ID", "", "rows_added", "accepted")]
    (found,) = asked(ORDERS).values()
    assert (found.key, found.default) == ("rows_per_account:", "add")
    assert [(c.value, c.rows, c.accounts, dict(c.money)) for c in found.choices] == [
        ("add", 4, 2, {"Amount": 10_500}),
        ("sites", 4, 4, {"Amount": 10_500}),
        ("first", 2, 2, {"Amount": 4_000}),
    ]
    assert [row for row, _ in found.examples] == [2, 3, 4]


def test_each_answer_does_what_it_says() -> None:
    sites = made(ORDERS, "sites")
    assert sites.frame["account_id"].tolist() == ["001A", "001A #2", "001A #3", "001B"]
    assert money(sites, "Amount") == (10_500, 10_500, 0, 0)
    first = made(ORDERS, "first")
    assert counts(first) == (4, 2, 2, 0)
    assert money(first, "Amount") == (10_500, 4_000, 6_500, 0)
    assert [i[0] for i in issues(first) if i[3] == "later_row"] == [3, 4]


def test_an_account_that_reps_share_is_one_account() -> None:
    got = made(SPLIT)
    assert counts(got) == (3, 3, 0, 0)
    assert money(got, "Annual Revenue") == (5_000, 5_000, 0, 0)
    assert got.frame["account_id"].tolist() == ["001A", "001B"]
    assert [c.money["Annual Revenue"] for c in asked(SPLIT)["rows_per_account:"].choices] == [5_000, 5_000, 4_000]


PLACES = table(
    ["Order ID", "Order Date", "Customer ID", "Customer Name", "City", "State", "Sales"],
    ["O1", "1/2/2024", "C1", "Ann", "Austin", "TX", "10"],
    ["O2", "1/3/2024", "C1", "Ann", "Dallas", "TX", "20"],
    ["O3", "1/4/2024", "C1", "Ann", "Dallas", "TX", ""],
    ["O4", "1/5/2024", "C2", "Bob", "", "", ""],
    ["O5", "1/6/2024", "C2", "Bob", "Waco", "TX", ""],
)


def test_an_account_is_where_most_of_its_rows_are() -> None:
    got = made(PLACES)
    assert got.frame[["account_id", "city", "source_row"]].to_numpy().tolist() == [
        ["C1", "Dallas", 3],
        ["C2", "Waco", 6],
    ]
    assert got.frame["Sales"].fillna(-1).tolist() == [30, -1], "unknown stays unknown"
    assert got.account_of.tolist() == [0, 0, 0, 1, 1]
    question = asked(PLACES)["rows_per_account:"]
    assert [(c.value, c.accounts) for c in question.choices] == [
        ("add", 2),
        ("add_per_place", 4),
        ("sites", 5),
        ("first", 2),
    ]
    apart = made(PLACES, "add_per_place")
    assert apart.frame[["account_id", "city", "Sales"]].fillna(-1).to_numpy().tolist() == [
        ["C1", "Austin", 10],
        ["C1 #2", "Dallas", 20],
        ["C2", "", -1],
        ["C2 #2", "Waco", -1],
    ]
    assert money(apart, "Sales") == (30, 30, 0, 0)


@pytest.mark.parametrize(
    ("header", "rows", "kind", "sums"),
    [
        (
            ["Activity ID", "Type", "Account ID", "ZIP", "Hours"],
            [["1", "Call", "A", "75001", "1"], ["2", "Visit", "A", "75001", "2"], ["3", "Call", "B", "75201", "4"]],
            "activities",
            {"A": 3, "B": 4},
        ),
        (
            ["Contract Number", "Start Date", "End Date", "Account ID", "ZIP", "ARR"],
            [
                ["K1", "2024-01-01", "2024-12-31", "A", "75001", "10"],
                ["K2", "2025-01-01", "2025-12-31", "A", "75001", "5"],
            ],
            "contracts",
            {"A": 15},
        ),
        (
            ["Account ID", "ZIP", "Quota", "Quarter"],
            [["A", "75001", "10", "Q1"], ["A", "75001", "20", "Q2"]],
            "quotas",
            {"A": 30},
        ),
        (
            ["Invoice No", "Invoice Date", "Customer Name", "City", "State", "Amount"],
            [["I1", "2024-01-01", "Acme", "Waco", "TX", "10"], ["I2", "2024-01-02", "Acme", "Waco", "TX", "(4)"]],
            "orders",
            {"Acme": 6},
        ),
        (
            ["Deal Name", "Deal Stage", "Company name", "Postal Code", "Amount"],
            [
                ["D1", "Won", "Acme", "75001", "10"],
                ["D2", "Lost", "Acme", "75001", ""],
                ["D3", "Won", "Bolt", "75001", "1"],
            ],
            "opportunities",
            {"Acme": 10, "Bolt": 1},
        ),
        (
            ["Account ID", "Account Name", "Site", "ZIP", "Beds"],
            [["A", "Mercy", "North", "75001", "10"], ["A", "MERCY, Inc.", "South", "75002", "20"]],
            "accounts",
            {"A": 30},
        ),
    ],
)
def test_what_a_row_is(header: list[str], rows: list[list[str]], kind: str, sums: dict[str, float]) -> None:
    raw = table(header, *rows)
    got = made(raw)
    assert got.kind == kind
    measure = got.measures[-1]
    assert dict(zip(got.frame["account_id"], got.frame[measure], strict=True)) == sums
    assert counts(got) == (len(rows), len(rows), 0, 0)
    assert "rows_per_account:" in asked(raw)


@pytest.mark.parametrize(
    "header",
    [
        ["Account ID", "Account Name", "Last Order Date", "Stage", "Annual Revenue"],
        ["Customer #", "Name", "Type", "Renewal Date", "Sales"],
        ["Id", "Name", "Status", "Owner", "ARR", "Start Date"],
        ["Record ID", "Company name", "Create Date", "Lifecycle Stage", "Number of Employees"],
    ],
)
def test_a_list_of_accounts_stays_one(header: list[str]) -> None:
    assert kind_of_rows(header) == "accounts"


def test_customers_of_other_names_are_not_added_up() -> None:
    head = ["Account ID", "Account Name", "ZIP", "Revenue"]
    raw = table(head, ["A", "Acme", "75001", "1"], ["A", "Zebra Foods", "75002", "2"], ["B", "Bolt", "75001", "4"])
    got = made(raw)
    assert counts(got) == (3, 2, 0, 1)
    assert got.ledger.issues["message"].tolist() == [
        "the account ID is used in row 2 by 'Acme'; give each customer its own ID"
    ]
    regions = table(
        head,
        *(
            [f"R{i % 2}", f"{n} Corp", "75001", "1"]
            for i, n in enumerate(["Acme", "Bolt", "Cobb", "Dyer", "Eck", "Fox"])
        ),
    )
    apart = made(regions)
    assert counts(apart) == (6, 6, 0, 0)
    assert len(apart.frame) == 6
    assert asked(regions)["rows_per_account:"].default == "sites"


def test_a_row_that_can_not_be_cut_adds_no_money_from_a_wrong_column() -> None:
    raw = table(
        ["Account ID", "Account Name", "ZIP", "Revenue"],
        ["A", "Acme", "75001", "5"],
        ["B", "Bolt", "Inc.", "75001", "7"],
        ["C", "Cobb", "75001", "6"],
    )
    got = made(raw)
    assert counts(got) == (3, 2, 0, 1)
    assert money(got, "Revenue") == (11, 11, 0, 0)


@pytest.mark.parametrize(
    "cells",
    [
        ["1.23E+11", "1.23E+11", "1.24E+11"],
        ["1,23E+11", "1,23E+11", "77"],
        ["1E+15", "1E+15", "1E+16"],
        ["1.2345678901234568e+17", "1.2345678901234568e+17", "5"],
        ["9.07199E+17", "9.07199E+17", "A-1"],
    ],
)
def test_ids_that_a_spreadsheet_rounded_join_and_reject_nobody(cells: list[str]) -> None:
    names = ["Acme", "Zebra Foods", "Cobb"]
    rows = [[c, n, "75001", str(10 + k)] for k, (c, n) in enumerate(zip(cells, names, strict=True))]
    got = made(table(["Account ID", "Account Name", "ZIP", "Revenue"], *rows))
    assert counts(got) == (3, 3, 0, 0)
    assert money(got, "Revenue") == (33, 33, 0, 0)
    damaged = [i for i in issues(got) if i[3] == "damaged_id"]
    assert [i[2] for i in damaged] == [c for c in cells if "+" in c]
    assert got.frame["account_id"].tolist()[:2] == ["row-2", "row-3"]
    assert "delete" not in " ".join(got.ledger.issues["message"])


@pytest.mark.parametrize("code", ["5E10", "E+5", "12E+A", "1.5", "A1.2E+3"])
def test_what_is_no_rounded_id(code: str) -> None:
    got = made(table(["Account ID", "ZIP", "Revenue"], [code, "75001", "5"], ["B", "75001", "6"]))
    assert got.frame["account_id"].tolist() == [code, "B"]
