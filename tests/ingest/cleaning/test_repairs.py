"""Repairs are listed with their cells and money, and each can be refused: the cells stay, and it is said."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.ingest import ColumnMap, Repair, build_ledger, recognise
from terr.ingest.ledger.outcome import REPAIRS
from tests.helpers.effort import examples
from tests.helpers.intakes import counts, issues, money, table, taken

HEAD = ["Account ID", "Account Name", "State", "Zip", "Revenue", "Seen"]
ROWS = [
    [" A1", "Acme", "MA", "2139", "$1,234", "1/2/2024"],
    ["A2", "Bolt ", "MA", "021161234", "(50)", "1/3/2024"],
    ["A3", "'Cobb", "NY", '="10001"', "1.5k", ""],
    ["A4", "Dent", "NY", "10001.0", "-", ""],
    ["A5", "Echo", "NY", "10001", "7", ""],
]


def test_the_list() -> None:
    got = taken(HEAD, *ROWS)
    assert [(r.code, r.column, r.count, r.money["Revenue"], r.examples) for r in got.ledger.repairs] == [
        ("blank_word", "Revenue", 1, 0, ((5, "-", ""),)),
        ("dashed_zip", "Zip", 1, -50, ((3, "021161234", "02116-1234"),)),
        ("negative_brackets", "Revenue", 1, -50, ((3, "(50)", "-50"),)),
        ("padded_zip", "Zip", 1, 1234, ((2, "2139", "02139"),)),
        ("parsed_money", "Revenue", 1, 1234, ((2, "$1,234", "1234"),)),
        ("scaled_amount", "Revenue", 1, 1500, ((4, "1.5k", "1500"),)),
        ("stripped_decimal", "Zip", 1, 0, ((5, "10001.0", "10001"),)),
        ("trimmed_id", "Account ID", 1, 1234, ((2, " A1", "A1"),)),
        ("trimmed_text", "Account Name", 1, -50, ((3, "Bolt ", "Bolt"),)),
        ("unwrapped_text", "Account Name", 1, 1500, ((4, "'Cobb", "Cobb"),)),
        ("unwrapped_text", "Zip", 1, 1500, ((4, '="10001"', "10001"),)),
    ]
    assert counts(got) == (5, 5, 0, 0)
    assert money(got, "Revenue") == (2691, 2691, 0, 0)
    for repair in got.ledger.repairs:
        assert json.loads(json.dumps(repair.plain()))["title"] == REPAIRS[repair.code]


@pytest.mark.parametrize(
    "code", sorted({"padded_zip", "dashed_zip", "stripped_decimal", "unwrapped_text", "trimmed_text"})
)
def test_a_refused_text_stays_as_it_stood(code: str) -> None:
    raw = table(HEAD, *ROWS)
    got = build_ledger(raw, recognise(raw), refuse=(code,))
    left = [r for r in got.ledger.repairs if r.refused]
    assert {r.code for r in left} == {code}
    assert counts(got) == (5, 5, 0, 0)
    for repair in left:
        at = int(repair.examples[0][0]) - 2
        cell = raw.rows[repair.column].iat[at]
        field = {"Zip": "zip", "Account Name": "name"}[repair.column]
        assert cell == repair.examples[0][1]
        assert got.frame["Zip" if code == "padded_zip" else field].iat[at] == cell


def test_a_zip_that_is_not_padded_is_no_us_zip() -> None:
    got = taken(HEAD, *ROWS, refuse=("padded_zip:Zip",))
    assert got.frame["zip"].tolist()[:2] == ["", "02116-1234"]
    assert got.frame["Zip"].tolist()[0] == "2139"
    assert (2, "Zip", "2139", "zip_as_it_stands", "accepted") in issues(got)


@pytest.mark.parametrize(
    ("code", "row", "cell", "amount"),
    [
        ("parsed_money", 2, "$1,234", 1234),
        ("negative_brackets", 3, "(50)", -50),
        ("scaled_amount", 4, "1.5k", 1500),
        ("blank_word", 5, "-", 0),
    ],
)
def test_a_refused_figure_rejects_its_row_with_its_money(code: str, row: int, cell: str, amount: float) -> None:
    got = taken(HEAD, *ROWS, refuse=(code,))
    assert counts(got) == (5, 4, 0, 1)
    assert money(got, "Revenue") == (2691, 2691 - amount, 0, amount)
    assert [i for i in issues(got) if i[4] == "rejected"] == [(row, "Revenue", cell, "as_it_stands", "rejected")]


def test_ids_that_are_not_trimmed_are_different_ids() -> None:
    rows = [["A1", "Acme", "MA", "02139", "5", ""], [" A1", "Bolt", "MA", "02139", "6", ""]]
    assert counts(taken(HEAD, *rows)) == (2, 1, 0, 1)
    got = taken(HEAD, *rows, refuse=("trimmed_id",))
    assert counts(got) == (2, 2, 0, 0)
    assert got.frame["account_id"].tolist() == ["A1", " A1"]


def test_ids_that_became_numbers() -> None:
    got = taken(["Account ID", "Zip", "Revenue"], ["17.0", "02139", "5"], ["18", "02139", "6"])
    assert got.frame["account_id"].tolist() == ["17", "18"]
    mixed = taken(["Account ID", "Zip", "Revenue"], ["17.0", "02139", "5"], ["A.18", "02139", "6"])
    assert mixed.frame["account_id"].tolist() == ["17.0", "A.18"]


def test_a_repair_checks_itself() -> None:
    with pytest.raises(InputError, match="no repair 'magic'"):
        Repair("magic", "Zip", 1, {}, ((1, "a", "b"),))


CELL = st.sampled_from(["", "5", "$1,234.10", "(7)", "1.5M", "9 €", "x", "-", "12%", "2,5", " 4 ", "N/A"])


@examples(60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", " A", "B", "C ", ""]), st.sampled_from(["2139", "02139", '="02139"', "1.0"]), CELL
        ),
        min_size=1,
        max_size=12,
    ),
    st.sets(st.sampled_from(sorted(REPAIRS))),
)
def test_whatever_is_refused_nothing_is_lost(cells, refuse) -> None:
    raw = table(
        ["Id", "Name", "State", "Zip", "Sales"],
        ["Z", "Base", "MA", "02139", "1.25"],
        *([i, "N", "MA", z, m] for i, z, m in cells),
    )
    columns = ColumnMap({"account_id": "Id", "name": "Name", "state": "State", "zip": "Zip"}, {"Sales": "Sales"})
    full, got = build_ledger(raw, columns), build_ledger(raw, columns, refuse=refuse)
    total = got.ledger.totals["Sales"]
    assert total.total_in == full.ledger.totals["Sales"].total_in
    assert math.isclose(total.total_in, total.accepted + total.excluded + total.rejected, abs_tol=1e-6)
    assert got.ledger.rows_in == len(raw.rows)
    turned = set(raw.source_rows[got.ledger.fates != "accepted"].tolist())
    told = got.ledger.issues[got.ledger.issues["fate"] != "accepted"]
    assert turned == set(told["row"].tolist())
    assert all(r.refused == (r.code in refuse) for r in got.ledger.repairs)
    assert all(r.count <= len(raw.rows) for r in got.ledger.repairs)
