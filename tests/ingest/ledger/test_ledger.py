"""The ledger: rows and money in = accepted + excluded + rejected, each with a reason."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.ingest import (
    ColumnMap,
    IngestResult,
    Ledger,
    MeasureTotals,
    RawTable,
    build_ledger,
    read_reps,
    read_table,
    recognise,
)
from tests.helpers.effort import examples

HEAD = ["Account ID", "Account Name", "Zip", "Lat", "Lon", "Revenue", "Notes"]
MAP = ColumnMap(
    {"account_id": "Account ID", "name": "Account Name", "zip": "Zip", "latitude": "Lat", "longitude": "Lon"},
    {"Revenue": "Revenue"},
)


def table(rows: list[list[str]], header: list[str] | None = None) -> RawTable:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([header or HEAD, *rows])
    return read_table(out.getvalue().encode(), "accounts.csv")


def codes(found: IngestResult) -> list[tuple[int, str, str]]:
    i = found.ledger.issues
    return list(zip(i["row"].tolist(), i["code"].tolist(), i["fate"].tolist(), strict=True))


DIRTY = table(
    [
        ["A1", "Acme, Inc.", "02139", "42.36", "-71.10", "$1,250,000.50", "x"],  # 2
        ["A2", "Bolt", "2116", "", "", "", ""],  # 3 blank is not 0
        ["A3", "Cobb", "00501", "", "", "n/a", ""],  # 4
        ["A4", "Dent", "00501", "", "", "lots", ""],  # 5
        ["A1", "Acme, Inc.", "02139", "42.36", "-71.10", "$1,250,000.50", "x"],  # 6 copy of 2
        ["A2", "Bolt again", "2116", "", "", "7", ""],  # 7
        ["a2", "bolt", "2116", "", "", "70", ""],  # 8 ids are case-sensitive
        ["", "Echo", "02139", "", "", "(5)", ""],  # 9
        ["", "", "", "", "", "", ""],  # 10
        ["B1", "Fox", "02139", "142.0", "-71", "10", ""],  # 11
        ["B2", "Gulf", "02139", "north", "-71", "10", ""],  # 12
        ["B3", "Hill", "02139", "0", "0", "10", ""],  # 13
        ["B4", "Ink", "02139", "42", "", "10", ""],  # 14
        ["B5", "Jet", "02139", "", "", "9 €", ""],  # 15 another currency
        ["", "", "", "", "", "123", ""],  # 16 a figure without an account
        HEAD,  # 17
        ["Total", "", "", "", "", "$1,250,112.50", ""],  # 18
        ["B6", "Total Wine", "02139", "", "", "1", ""],  # 19 an account
        ["Copyright (c) 2000-2024 salesforce.com, inc.", "", "", "", "", "", ""],  # 20
        ["Confidential Information - Do Not Distribute", "", "", "", "", "", ""],  # 21
    ]
)


def test_every_row_has_its_fate_and_reason() -> None:
    found = build_ledger(DIRTY, MAP)
    assert codes(found) == [
        (4, "unknown_word", "accepted"),
        (5, "not_a_number", "rejected"),
        (6, "duplicate_row", "excluded"),
        (7, "duplicate_id", "rejected"),
        (9, "negative", "accepted"),
        (9, "missing_id", "accepted"),
        (10, "blank_row", "excluded"),
        (11, "swapped_coordinates", "accepted"),
        (12, "bad_coordinate", "accepted"),
        (13, "zero_coordinate", "accepted"),
        (14, "bad_coordinate", "accepted"),
        (15, "mixed_currency", "rejected"),
        (16, "no_account", "rejected"),
        (17, "header_row", "excluded"),
        (18, "total_row", "excluded"),
        (20, "footer", "excluded"),
        (21, "footer", "excluded"),
    ]
    ledger = found.ledger
    assert (ledger.rows_in, ledger.rows_accepted, ledger.rows_excluded, ledger.rows_rejected) == (20, 10, 6, 4)
    assert ledger.totals["Revenue"] == MeasureTotals(
        total_in=1250000.5 * 2 + 7 + 70 - 5 + 40 + 9 + 123 + 1250112.5 + 1,
        accepted=1250000.5 + 70 - 5 + 40 + 1,
        excluded=1250000.5 + 1250112.5,
        rejected=7 + 9 + 123,
        currency="USD",
    )
    lots = ledger.issues[ledger.issues["row"] == 5].iloc[0]
    assert (lots["column"], lots["value"]) == ("Revenue", "lots")
    assert lots["message"] == "'lots' isn't a number; write it with digits only, or leave the cell blank"
    assert "row 2" in ledger.issues[ledger.issues["row"] == 6].iloc[0]["message"]
    assert "row 3" in ledger.issues[ledger.issues["row"] == 7].iloc[0]["message"]


def test_the_accounts_frame() -> None:
    found = build_ledger(DIRTY, MAP)
    f = found.frame
    assert f.columns.tolist() == [
        "account_id",
        "name",
        "owner",
        "zip",
        "city",
        "state",
        "county",
        "lat",
        "lon",
        "source_row",
        "Revenue",
        "Notes",
    ]
    assert f["account_id"].tolist() == ["A1", "A2", "A3", "a2", "row-9", "B1", "B2", "B3", "B4", "B6"]
    assert f["zip"].tolist()[:3] == ["02139", "2116", "00501"]
    assert f["source_row"].tolist() == [2, 3, 4, 8, 9, 11, 12, 13, 14, 19]
    assert f["lat"].tolist()[5] == 142.0  # kept, since it makes sense as a longitude
    assert f["lat"].notna().sum() == 2
    assert f["Revenue"].isna().tolist()[:3] == [False, True, True]
    assert f.loc[0, "Revenue"] == 1250000.5
    assert dict(found.currency) == {"Revenue": "USD"}


def test_rejects_come_back_in_the_files_own_layout() -> None:
    found = build_ledger(DIRTY, MAP)
    out = found.ledger.rejected_frame(DIRTY)
    assert out.columns.tolist() == [*HEAD, "Row", "Status", "Reason"]
    assert len(out) == found.ledger.rows_excluded + found.ledger.rows_rejected
    assert out["Row"].tolist() == ["5", "6", "7", "10", "15", "16", "17", "18", "20", "21"]
    assert out.iloc[0].tolist()[:7] == ["A4", "Dent", "00501", "", "", "lots", ""]
    assert out["Reason"].str.len().min() > 0


def test_without_ids_they_are_made_and_said() -> None:
    raw = table([["Acme", "02139", "5"], ["row-2", "02139", "6"]], ["Name", "Zip", "Sales"])
    found = build_ledger(raw, recognise(raw))
    assert found.frame["account_id"].tolist() == ["row-2", "row-3"]
    assert codes(found) == [(1, "no_id_column", "accepted")]


def test_a_made_id_never_meets_a_real_one() -> None:
    raw = table([["", "Acme", "02139", "5"], ["row-2", "Bolt", "02139", "6"]], ["Id", "Name", "Zip", "Sales"])
    assert build_ledger(raw, recognise(raw)).frame["account_id"].is_unique


def test_ambiguous_numbers_are_said_once() -> None:
    raw = table([["A", "02139", "1.234"], ["B", "02139", "2.345"]], ["Id", "Zip", "Sales"])
    found = build_ledger(raw, recognise(raw))
    assert codes(found) == [(1, "ambiguous_number", "accepted")]
    assert found.frame["Sales"].tolist() == [1.234, 2.345]
    told = build_ledger(raw, ColumnMap(recognise(raw).fields, {"Sales": "Sales"}, ","))
    assert told.frame["Sales"].tolist() == [1234.0, 2345.0]
    assert not len(told.ledger.issues)


def test_broken_rows_are_rejected_with_what_was_beyond() -> None:
    raw = read_table(b"Id,Name,Zip,Sales\nA,Acme, Inc.,02139,5\nB,Bolt,02139,6\nC,Cobb\n", "a.csv")
    found = build_ledger(raw, recognise(raw))
    # In the shifted row "02139" stands under Sales: counted as rejected, never as accepted.
    assert found.ledger.totals["Sales"].accepted == 6
    assert codes(found) == [(2, "broken_row", "rejected"), (4, "short_row", "accepted")]


def test_subtotals_and_a_footer_below_a_grand_total() -> None:
    header = ["State", "Account ID", "Name", "Zip", "Revenue"]
    rows = [
        ["TX", "A1", "Acme", "75001", "5"],
        ["TX Total", "", "", "", "5"],
        ["OK", "A2", "Bolt", "73001", "6"],
        ["OK Total", "", "", "", "6"],
        ["Grand Total", "", "", "", "11"],
        ["", "", "", "", ""],
        ["Report by Ann", "", "", "", ""],
    ]
    raw = table(rows, header)
    found = build_ledger(raw, recognise(raw))
    assert found.ledger.totals["Revenue"] == MeasureTotals(33, 11, 22, 0)
    assert found.ledger.fates.tolist() == ["accepted", "excluded"] * 2 + ["excluded"] * 3


def test_a_currency_column_beside_the_measure() -> None:
    header = ["Account ID", "Zip", "Annual Revenue Currency", "Annual Revenue"]
    raw = table([["A", "02139", "USD", "5"], ["B", "02139", "USD", "6"], ["C", "02139", "EUR", "7"]], header)
    found = build_ledger(raw, recognise(raw))
    assert found.ledger.totals["Annual Revenue"] == MeasureTotals(18, 11, 0, 7, "USD")


def test_unmapped_columns_with_our_names_do_not_pass_for_ours() -> None:
    raw = table([["A", "02139", "x", "y"]], ["Id", "Postal Code", "unit", "name"])
    found = build_ledger(raw, ColumnMap({"account_id": "Id", "zip": "Postal Code"}))
    assert found.frame.loc[0, "name"] == ""
    assert found.frame.loc[0, "name (file)"] == "y"
    assert "unit" not in found.frame.columns


def test_all_rows_rejected_is_no_crash() -> None:
    raw = table([["A", "02139", "5"], ["A", "02139", "6 €"]], ["Id", "Zip", "Sales"])
    found = build_ledger(raw, recognise(raw))
    assert found.ledger.rows_in == 2
    raw = table([["", "", "5"]], ["Id", "Zip", "Sales"])
    found = build_ledger(raw, ColumnMap({"account_id": "Id", "zip": "Zip"}, {"Sales": "Sales"}))
    assert (len(found.frame), found.frame["zip"].dtype, found.frame["Sales"].dtype) == (0, "str", np.float64)


def test_the_ledger_checks_itself() -> None:
    with pytest.raises(InputError, match="don't add up"):
        MeasureTotals(10, 5, 4, 0)
    empty = pd.DataFrame(columns=["row"])
    with pytest.raises(InputError, match="don't add up"):
        Ledger(3, 1, 1, 0, {}, empty, np.array(["accepted"] * 3))


CELLS = {
    "Account ID": st.sampled_from(["A1", "A2", "a2", "001000000AbCdEf", "", " A1 ", "Total", "Account ID"]),
    "Account Name": st.sampled_from(["Acme", "", "=cmd()", "Grand Total", "<b>x</b>", "Acme\nInc"]),
    "Zip": st.sampled_from(["02139", "2116", "", "501", "M5V 3L9"]),
    "Lat": st.sampled_from(["42.3", "", "0", "91", "x", "42,3"]),
    "Lon": st.sampled_from(["-71", "", "0", "181"]),
    "Revenue": st.sampled_from(["", "5", "$1,234.10", "(7)", "1.5M", "9 €", "x", "#REF!", "0.1", "1e14", "-", "12%"])
    | st.floats(-1e6, 1e6).map(repr),
    "Notes": st.sampled_from(["", "Total", "x", "Subtotal"]),
}


@examples(150)
@given(st.lists(st.tuples(*CELLS.values()), min_size=1, max_size=25))
def test_conservation(rows: list[tuple[str, ...]]) -> None:
    raw = table([["A0", "Base", "02139", "", "", "1.25", ""], *map(list, rows)])
    found = build_ledger(raw, MAP)
    ledger, total = found.ledger, found.ledger.totals["Revenue"]
    assert ledger.rows_in == len(raw.rows) == ledger.rows_accepted + ledger.rows_excluded + ledger.rows_rejected
    assert math.isclose(
        total.total_in,
        total.accepted + total.excluded + total.rejected,
        rel_tol=1e-6,
        abs_tol=1e-6 * abs(total.accepted),
    )
    assert math.isclose(total.accepted, math.fsum(found.frame["Revenue"].dropna()), rel_tol=1e-12, abs_tol=1e-12)
    assert sorted(set(found.account_of[ledger.fates == "accepted"].tolist())) == list(range(len(found.frame)))
    assert found.frame["account_id"].is_unique
    assert (found.frame["account_id"] != "").all()
    turned = set(raw.source_rows[ledger.fates != "accepted"].tolist())
    told = ledger.issues[ledger.issues["fate"] != "accepted"]
    assert turned == set(told["row"].tolist())
    assert len(ledger.rejected_frame(raw)) == len(turned)
    by_row = dict(zip(raw.source_rows.tolist(), ledger.fates.tolist(), strict=True))
    assert all(by_row[r] == f for r, f in zip(told["row"], told["fate"], strict=True))
    # Text comes through as it stood, but for white space around it.
    kept = raw.rows[np.isin(raw.source_rows, found.frame["source_row"])]
    assert found.frame["zip"].tolist() == kept["Zip"].str.strip().tolist()
    assert found.frame["name"].tolist() == kept["Account Name"].str.strip().tolist()


def big(rows: int) -> list[list[str]]:
    return [
        [
            f"001{i:012d}",
            f"Account {i}, Inc.",
            f"Rep {i % 40}",
            "Customer",
            f"${i * 1.5:,.2f}",
            str(i % 500),
            f"{i} Main St\nFloor 2",
            "Boston",
            "MA",
            f"{i % 99999:05d}",
            "US",
            f"2024-01-{i % 28 + 1:02d}",
        ]
        for i in range(rows)
    ]


BIG_HEAD = [
    "Account ID",
    "Account Name",
    "Account Owner",
    "Type",
    "Annual Revenue",
    "Employees",
    "Billing Street",
    "Billing City",
    "Billing State/Province",
    "Billing Zip/Postal Code",
    "Billing Country",
    "Last Activity",
]


def test_a_large_csv_comes_in_whole() -> None:
    out = io.StringIO()
    csv.writer(out).writerows([BIG_HEAD, *big(100_000)])
    data = out.getvalue().encode()
    raw = read_table(data, "a.csv")
    found = build_ledger(raw, recognise(raw))
    assert found.ledger.rows_accepted == 100_000


def test_a_workbook_of_5000_rows_comes_in_whole() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as wb:
        ws = wb.add_worksheet("Accounts")
        ws.write_row(0, 0, BIG_HEAD)
        for r, row in enumerate(big(5_000)):
            ws.write_row(r + 1, 0, [*row[:4], r * 1.5, r % 500, *row[6:]])
    raw = read_table(out.getvalue(), "a.xlsx")
    found = build_ledger(raw, recognise(raw))
    assert found.ledger.totals["Annual Revenue"].accepted == 1.5 * sum(range(5_000))


def test_reps() -> None:
    header = ["User ID", "Full Name", "Email", "Active", "Home ZIP", "Capacity"]
    raw = table(
        [
            ["u1", "Ann Lee", "a@x.com", "TRUE", "02139", "1"],
            ["u2", "Ann Lee", "b@x.com", "TRUE", "2116", "50%"],
            ["u3", "Bob", "c@x.com", "FALSE", "02139", "1"],
            ["u4", "House", "", "TRUE", "", ""],
            ["u1", "Ann Lee", "a@x.com", "TRUE", "02139", "1"],
            ["u2", "Ann Other", "b@x.com", "TRUE", "2116", ""],
            ["", "Nobody", "", "TRUE", "", ""],
            ["u5", "Cy", "", "", "02139-1234", "1800"],
        ],
        header,
    )
    reps, issues = read_reps(raw)
    assert [(r.rep_id, r.name, r.home_zip, r.capacity) for r in reps] == [
        ("u1", "Ann Lee", "02139", 1.0),
        ("u2", "Ann Lee", "02116", 0.5),
        ("u5", "Cy", "02139", 1.0),
    ]
    assert list(zip(issues["row"], issues["code"], strict=True)) == [
        (3, "zip"),
        (3, "same_name"),
        (4, "inactive"),
        (5, "queue"),
        (6, "duplicate_row"),
        (7, "duplicate_id"),
        (8, "missing_id"),
        (9, "capacity"),
    ]


def test_reps_without_an_id_column() -> None:
    with pytest.raises(InputError, match="no column with the reps' ids"):
        read_reps(table([["Ann", "02139"]], ["Full Name", "Home ZIP"]))
    with pytest.raises(InputError, match="no active rep"):
        read_reps(table([["u1", "Ann", "no"]], ["User ID", "Full Name", "Active"]))
