"""The dirt that must come through, or come back with its reason: each case with its exact ledger."""

from __future__ import annotations

import io

import openpyxl
import pytest

from terr.ingest import ColumnMap, build_ledger, read_table, recognise
from tests.helpers.intakes import book_bytes, counts, csv_bytes, issues, money, repairs, table, taken

HEAD = ["Account ID", "Account Name", "State", "Zip", "Country", "Revenue"]


@pytest.mark.parametrize(
    ("cell", "state", "country", "becomes", "code"),
    [
        ("2116", "MA", "", "02116", "padded_zip"),
        ("2116", "", "US", "02116", "padded_zip"),
        ("2116", "", "United States of America", "02116", "padded_zip"),
        ("501", "New York", "USA", "00501", "padded_zip"),
        ("2116-1234", "MA", "", "02116-1234", "padded_zip"),
        ("21161234", "MA", "", "02116-1234", "padded_zip"),
        ("2116", "", "", "2116", None),
        ("2116", "TX", "US", "2116", None),
        ("2116", "", "Switzerland", "2116", None),
        ("2116", "MA", "Norway", "2116", None),
        ("021161234", "MA", "US", "02116-1234", "dashed_zip"),
        ("021161234", "", "Norway", "021161234", None),
        ("02116.0", "MA", "US", "02116", "stripped_decimal"),
        ("02116-1234", "MA", "US", "02116-1234", None),
        ('="02116"', "MA", "US", "02116", "unwrapped_text"),
        ("'02116", "MA", "US", "02116", "unwrapped_text"),
        (" 02116 ", "MA", "US", "02116", "trimmed_text"),
        ("M5V 3L9", "ON", "Canada", "M5V 3L9", None),
        ("02205", "MA", "US", "02205", None),
        ("", "MA", "US", "", None),
    ],
)
def test_zip(cell: str, state: str, country: str, becomes: str, code: str | None) -> None:
    got = taken(HEAD, ["A", "Acme", state, cell, country, "5"], ["B", "Bolt", "MA", "02139", country, "6"])
    assert got.frame["zip"].tolist() == [becomes, "02139"]
    assert repairs(got) == ([(code, "Zip", 1)] if code else [])
    assert counts(got) == (2, 2, 0, 0)
    assert money(got, "Revenue") == (11, 11, 0, 0)
    assert issues(got) == []


def test_a_workbooks_zip_lost_its_zero_and_kept_a_decimal() -> None:
    got = taken(HEAD, ["A", "Acme", "MA", "2116.0", "US", "5"])
    assert got.frame["zip"].tolist() == ["02116"]
    assert repairs(got) == [("padded_zip", "Zip", 1), ("stripped_decimal", "Zip", 1)]


@pytest.mark.parametrize(
    ("cell", "value", "code", "repair"),
    [
        ("$1,234", 1234, None, "parsed_money"),
        ("(1,234)", -1234, "negative", "negative_brackets"),
        ("1,234-", -1234, "negative", "negative_brackets"),
        ("1.234,56 €", 1234.56, "mixed_currency", None),
        ("USD 1.2M", 1.2e6, None, "scaled_amount"),
        ("1.2k", 1200, None, "scaled_amount"),
        ("-", None, "unknown_word", "blank_word"),
        ("#N/A", None, "unknown_word", "blank_word"),
        ("", None, None, None),
        ("0", 0, None, None),
        ("12%", None, "percent", None),
        ("lots", None, "not_a_number", None),
        ("1e99", None, "too_large", None),
        ("#DIV/0!", None, "not_a_number", None),
        ("=B2*2", None, "not_a_number", None),
        ("1 234", 1234, None, "parsed_money"),
    ],
)
def test_money(cell: str, value: float | None, code: str | None, repair: str | None) -> None:
    got = taken(
        HEAD,
        ["A", "Acme", "MA", "02139", "", cell],
        *([f"B{i}", "Bolt", "MA", "02139", "", "$2.50"] for i in range(3)),
    )
    rejected = code in {"mixed_currency", "percent", "not_a_number", "too_large"}
    assert counts(got) == (4, 4 - rejected, 0, int(rejected))
    amount = value or 0.0
    assert money(got, "Revenue") == (7.5 + amount, 7.5 + (0 if rejected else amount), 0, amount if rejected else 0)
    fate = "rejected" if rejected else "accepted"
    assert issues(got) == ([(2, "Revenue", cell, code, fate)] if code else [])
    other = {"parsed_money": 3 + (repair == "parsed_money")}
    assert {c: n for c, _, n in repairs(got)} == ({repair: 1} if repair else {}) | other
    if not rejected:
        assert got.frame["Revenue"].isna().tolist()[0] is (value is None)


def test_european_money_decides_for_its_column() -> None:
    got = taken(
        ["Kundennummer", "Firma", "PLZ", "Ort", "Umsatz"],
        ["1", "A", "80331", "München", "1.234,56 €"],
        ["2", "B", "10115", "Berlin", "1.234"],
        ["3", "C", "20095", "Hamburg", "7,5"],
    )
    assert got.frame["Umsatz"].tolist() == [1234.56, 1234, 7.5]
    assert money(got, "Umsatz") == (2476.06, 2476.06, 0, 0)
    assert repairs(got) == [("decimal_comma", "Umsatz", 2), ("parsed_money", "Umsatz", 1)]


def test_ids_blank_twice_and_alike_but_for_case() -> None:
    got = taken(
        HEAD,
        ["001aB", "Acme, Inc.", "MA", "02139", "", "1"],
        ["001ab", "ACME Inc", "MA", "02139", "", "2"],
        ["001aB", "Acme, Inc.", "NY", "10001", "", "4"],
        ["", "Bolt", "MA", "02139", "", "8"],
        ["", "Bolt", "MA", "02139", "", "16"],
        ["001aB ", "Acme, Inc.", "MA", "02139", "", "1"],
    )
    assert counts(got) == (6, 5, 1, 0)
    assert money(got, "Revenue") == (32, 31, 1, 0)
    assert issues(got) == [
        (1, "Account ID", "", "rows_added", "accepted"),
        (5, "Account ID", "", "missing_id", "accepted"),
        (6, "Account ID", "", "missing_id", "accepted"),
        (7, "Account ID", "001aB ", "duplicate_row", "excluded"),
    ]
    assert got.frame["account_id"].tolist() == ["001aB", "001ab", "row-5", "row-6"]


def test_one_name_at_two_sites_and_a_parent_stay_apart() -> None:
    got = taken(
        ["Account ID", "Account Name", "Zip", "Parent Account", "Revenue"],
        ["P", "Acme Group", "02139", "", "100"],
        ["C1", "Acme", "02139", "Acme Group", "60"],
        ["C2", "Acme", "10001", "Acme Group", "40"],
    )
    assert counts(got) == (3, 3, 0, 0)
    assert money(got, "Revenue") == (200, 200, 0, 0)
    assert issues(got) == []


PLAIN = [HEAD, ["A1", "Zoë & Söhne", "MA", "02139", "US", "5.25"], ["A2", "Bolt", "NY", "00501", "US", "6"]]
COMMON = {"counts": (2, 2, 0, 0), "money": (11.25, 11.25, 0, 0), "zip": ["02139", "00501"]}


def as_common(data: bytes, name: str = "a.csv") -> dict[str, object]:
    raw = read_table(data, name)
    got = build_ledger(raw, recognise(raw))
    assert issues(got) == []
    assert got.frame["name"].tolist() == ["Zoë & Söhne", "Bolt"]
    return {"counts": counts(got), "money": money(got, "Revenue"), "zip": got.frame["zip"].tolist()}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "iso-8859-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_one_ledger_in_every_encoding(encoding: str, delimiter: str, end: str) -> None:
    assert as_common(csv_bytes(PLAIN, encoding, delimiter, end)) == COMMON


def test_a_csv_that_is_a_workbook() -> None:
    assert as_common(book_bytes({"Accounts": PLAIN}), "accounts.csv") == COMMON


def test_title_rows_and_blank_lines_above_the_header() -> None:
    raw = read_table(csv_bytes([["Accounts by region"], ["As of 1/2/2024"], [], *PLAIN]), "a.csv")
    assert (raw.header_row, raw.source_rows.tolist(), len(raw.above)) == (4, [5, 6], 3)
    assert counts(build_ledger(raw, recognise(raw))) == (2, 2, 0, 0)


def test_merged_header_over_names_that_repeat() -> None:
    raw = table(
        ["", "", "Billing", "", "Shipping", "", "Money"],
        ["Account ID", "Account Name", "City", "Zip", "City", "Zip", "Revenue"],
        ["A1", "Acme", "Boston", "02139", "Austin", "78701", "5"],
    )
    assert raw.columns == (
        "Account ID",
        "Account Name",
        "Billing City",
        "Billing Zip",
        "Shipping City",
        "Shipping Zip",
        "Revenue",
    )
    assert (raw.header_row, raw.upper_row, raw.source_rows.tolist()) == (2, 1, [3])
    assert dict(recognise(raw).fields)["zip"] == "Billing Zip"


def test_header_of_two_rows_that_complete_each_other() -> None:
    rows = [["Account ID", "Name", "Address", "", "Revenue", ""], ["", "", "City", "Zip", "2023", "2024"]]
    for raw in (
        table(*rows, ["A1", "Acme", "Boston", "02139", "5", "6"]),
        read_table(book_bytes({"S": [*rows, ["A1", "Acme", "Boston", "02139", 5, 6]]}), "a.xlsx"),
    ):
        assert raw.columns == ("Account ID", "Name", "City", "Zip", "Revenue 2023", "Revenue 2024")
        assert (raw.header_row, raw.upper_row) == (2, 1)
        got = build_ledger(raw, recognise(raw))
        assert counts(got) == (1, 1, 0, 0)
        assert {m: money(got, m)[1] for m in got.measures} == {"Revenue 2023": 5, "Revenue 2024": 6}


def test_subtotals_and_grand_total_are_excluded_with_their_money() -> None:
    got = taken(
        ["State", "Account ID", "Account Name", "Zip", "Revenue"],
        ["TX", "A1", "Acme", "75001", "5"],
        ["TX", "A2", "Bolt", "75002", "7"],
        ["Subtotal", "", "", "", "12"],
        ["OK", "A3", "Total Wine", "73001", "6"],
        ["OK Total", "", "", "", "6"],
        ["Grand Total (3 records)", "", "", "", "18"],
    )
    # The sum of the whole column is what came in; totals of other rows are excluded, so the accounts count once.
    assert counts(got) == (6, 3, 3, 0)
    assert money(got, "Revenue") == (54, 18, 36, 0)
    assert issues(got) == [
        (4, "State", "Subtotal", "total_row", "excluded"),
        (6, "State", "OK Total", "total_row", "excluded"),
        (7, "State", "Grand Total (3 records)", "total_row", "excluded"),
    ]


def test_hidden_sheets_are_not_chosen_and_can_be() -> None:
    data = book_bytes({"Old": [*PLAIN, ["A3", "Cobb", "NY", "10001", "US", "9"]], "Now": PLAIN}, ["Old"])
    raw = read_table(data, "a.xlsx")
    assert (raw.sheet, raw.sheets) == ("Now", ("Old", "Now"))
    old = read_table(data, "a.xlsx", answers={"sheet:": "Old"})
    assert money(build_ledger(old, recognise(old)), "Revenue") == (20.25, 20.25, 0, 0)


def test_formulas_without_results_and_errors_come_back() -> None:
    wb = openpyxl.Workbook()
    for row in (
        HEAD,
        ["A", "Acme", "MA", "02139", "US", "=B2*2"],
        ["B", "Bolt", "MA", "02139", "US", "#DIV/0!"],
        ["C", "Cobb", "MA", "02139", "US", 3],
        ["D", '=HYPERLINK("http://x.example","y")', "MA", "02139", "US", 4],
    ):
        wb.active.append(row)
    out = io.BytesIO()
    wb.save(out)
    raw = read_table(out.getvalue(), "a.xlsx")
    got = build_ledger(raw, recognise(raw))
    assert counts(got) == (4, 2, 0, 2)
    assert money(got, "Revenue") == (7, 7, 0, 0)
    assert issues(got) == [
        (2, "Revenue", "=B2*2", "not_a_number", "rejected"),
        (3, "Revenue", "#DIV/0!", "not_a_number", "rejected"),
    ]
    assert got.frame["name"].tolist() == ["Cobb", '=HYPERLINK("http://x.example","y")']


@pytest.mark.parametrize(
    "name", ["=cmd()", "+1", "-x", "@SUM(A1)", "<script>alert(1)</script>", "<b>Acme</b>", "\u202egnp"]
)
def test_hostile_names_are_kept_as_text(name: str) -> None:
    got = taken(HEAD, ["A", name, "MA", "02139", "", "5"], ["B", "Bolt", "MA", "02139", "", "5"])
    assert got.frame["name"].tolist() == [name.strip(), "Bolt"]
    assert counts(got) == (2, 2, 0, 0)
    assert repairs(got) == []


def test_currency_signs_mixed_in_one_column() -> None:
    got = taken(HEAD, *([f"A{i}", "Acme", "MA", "02139", "", m] for i, m in enumerate(["$5", "$6", "€7", "£8", "9"])))
    assert counts(got) == (5, 3, 0, 2)
    assert money(got, "Revenue") == (35, 20, 0, 15)
    assert issues(got) == [
        (4, "Revenue", "€7", "mixed_currency", "rejected"),
        (5, "Revenue", "£8", "mixed_currency", "rejected"),
    ]


def test_nothing_of_twenty_dirty_cells_is_lost() -> None:
    cells = [
        "02139",
        "2116",
        "N/A",
        "NULL",
        "1e5",
        "TRUE",
        "007",
        "1/2",
        "3-4",
        "+5",
        "0x10",
        "nan",
        "None",
        "-0",
        "1_000",
        "٣",
        "½",
        "1 000",
        " x ",
        "\u00a0y",
    ]
    raw = table(["Id", "Zip", "Note"], *([str(i), "02139", c] for i, c in enumerate(cells)))
    assert raw.rows["Note"].tolist() == cells
    got = build_ledger(raw, ColumnMap({"account_id": "Id", "zip": "Zip"}))
    assert got.frame["Note"].tolist() == [c.strip() for c in cells]
