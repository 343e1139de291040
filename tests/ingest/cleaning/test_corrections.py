"""Cells mended in place and rejects that come back: totals move, nothing is counted twice or lost."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.ingest import build_ledger, correct_cells, merge_rejects, read_table, recognise, rejects_in
from tests.helpers.effort import examples
from tests.helpers.intakes import book_bytes, counts, csv_bytes, issues, money, table

HEAD = ["Account ID", "Account Name", "Zip", "Revenue"]
RAW = table(
    HEAD,
    ["A1", "Acme", "02139", "5"],
    ["A2", "Bolt", "02139", "lots"],
    ["A1", "Cobb", "02139", "7"],
    ["", "", "", ""],
    ["A4", "Dent", "02139", "9 €"],
    ["A5", "Echo", "02139", "$11"],
    ["A6", "Fox", "02139", "$13"],
)
COLUMNS = recognise(RAW)


def test_amend_moves_the_totals_and_leaves_the_first_table_alone() -> None:
    before = build_ledger(RAW, COLUMNS)
    assert counts(before) == (7, 3, 1, 3)
    assert money(before, "Revenue") == (45, 29, 0, 16)
    mended = correct_cells(RAW, {(3, "Revenue"): "6", (4, "Account ID"): "A3"})
    after = build_ledger(mended, COLUMNS)
    assert counts(after) == (7, 5, 1, 1)
    assert money(after, "Revenue") == (51, 42, 0, 9)
    assert mended.mends == ((3, "Revenue", "6"), (4, "Account ID", "A3"))
    assert RAW.rows["Revenue"].iat[1] == "lots"
    assert mended.sha256 == RAW.sha256
    assert correct_cells(RAW, {}) is RAW
    again = correct_cells(mended, {(6, "Revenue"): "9"})
    assert counts(build_ledger(again, COLUMNS)) == (7, 6, 1, 0)
    assert len(again.mends) == 3


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({(99, "Zip"): "x"}, "has no row 99"),
        ({(1, "Zip"): "x"}, "has no row 1 "),
        ({(2, "Zap"): "x"}, "no column 'Zap'"),
        ({(2, "Zip"): "x" * 40_000}, "at most 32,767"),
    ],
)
def test_amend_says_what_is_not_there(cells, says) -> None:
    with pytest.raises(InputError, match=says):
        correct_cells(RAW, cells)


def test_a_broken_row_is_mended_and_a_typed_number_becomes_text() -> None:
    raw = read_table(b"Id,Name,Zip,Sales\nA,Acme, Inc.,02139,5\nB,Bolt,02139,6\n", "a.csv")
    mended = correct_cells(raw, {(2, "Name"): "Acme, Inc.", (2, "Zip"): "02139", (2, "Sales"): "5"})
    assert counts(build_ledger(raw, recognise(raw))) == (2, 1, 0, 1)
    assert counts(build_ledger(mended, recognise(raw))) == (2, 2, 0, 0)
    book = read_table(book_bytes({"S": [HEAD, ["A", "Acme", "02139", 1.5], ["B", "Bolt", "02139", 2]]}), "a.xlsx")
    typed = correct_cells(book, {(2, "Revenue"): "1,5"})
    assert typed.numeric["Revenue"].tolist() == [False, True]


def rejects(
    as_book: bool, changes: dict[int, list[str]], extra: list[list[str]] | None = None, name: str = "r"
) -> bytes:
    frame = build_ledger(RAW, COLUMNS).ledger.rejected_frame(RAW)
    rows = [list(r) for r in frame.itertuples(index=False)]
    for row in rows:
        row[: len(HEAD)] = changes.get(int(row[-3]), row[: len(HEAD)])
    whole = [frame.columns.tolist(), *rows, *(extra or [])]
    return book_bytes({"Rejects": whole}) if as_book else csv_bytes(whole)


@pytest.mark.parametrize("as_book", [False, True])
def test_rejects_come_back_into_their_places(as_book: bool) -> None:
    data = rejects(
        as_book,
        {3: ["A2", "Bolt", "02139", "6"], 4: ["A3", "Cobb", "02139", "7"]},
        [["A9", "New", "02139", "100", "", "", ""]],
    )
    back = read_table(data, "rejects.csv")
    found = rejects_in(back)
    assert found is not None
    assert (found.table.columns, found.rows) == (tuple(HEAD), (3, 4, 5, 6, 0))
    merged = merge_rejects(RAW, back)
    assert (merged.replaced, merged.same, merged.added) == ((3, 4), (5, 6), (9,))
    got = build_ledger(merged.table, COLUMNS)
    assert counts(got) == (8, 6, 1, 1)
    assert money(got, "Revenue") == (151, 142, 0, 9)
    assert issues(got) == [(5, "", "", "blank_row", "excluded"), (6, "Revenue", "9 €", "mixed_currency", "rejected")]
    assert got.frame["source_row"].tolist() == [2, 3, 4, 7, 8, 9]


def test_rejects_without_their_row_column_are_matched_by_id() -> None:
    back = table(HEAD, ["A2", "Bolt", "02139", "6"], ["A9", "New", "02139", "100"])
    merged = merge_rejects(RAW, back, key="Account ID")
    assert (merged.replaced, merged.added) == ((3,), (9,))
    with pytest.raises(InputError, match=r"several rows of accounts.csv have the id 'A1'"):
        merge_rejects(RAW, table(HEAD, ["A1", "Acme", "02139", "6"]), key="Account ID")
    with pytest.raises(InputError, match="no IDs to match by"):
        merge_rejects(RAW, back)


def test_files_that_are_not_its_rejects() -> None:
    assert rejects_in(RAW) is None
    assert rejects_in(table([*HEAD, "Row", "Status", "Reason"], ["A", "B", "02139", "1", "7", "lost", "x"])) is None
    with pytest.raises(InputError, match="has row 3 of the first file twice"):
        merge_rejects(
            RAW, table([*HEAD, "Row", "Status", "Reason"], *([["A2", "B", "02139", "1", "3", "rejected", ""]] * 2))
        )
    with pytest.raises(InputError, match=r"names row 77, which accounts.csv doesn't have"):
        merge_rejects(RAW, table([*HEAD, "Row", "Status", "Reason"], ["A2", "B", "02139", "1", "77", "rejected", ""]))
    with pytest.raises(InputError, match="lacks 'Revenue'"):
        merge_rejects(
            RAW,
            table(
                ["Account ID", "Account Name", "Zip", "Row", "Status", "Reason"],
                ["A2", "B", "02139", "3", "rejected", ""],
            ),
        )


def test_a_file_with_a_column_row_of_its_own() -> None:
    raw = table([*HEAD, "Row"], ["A1", "Acme", "02139", "x", "12"], ["A2", "Acme", "02139", "1", "13"])
    frame = build_ledger(raw, recognise(raw)).ledger.rejected_frame(raw)
    assert frame.columns.tolist() == [*HEAD, "Row", "Row (2)", "Status", "Reason"]
    back = read_table(csv_bytes([frame.columns.tolist(), *(list(r) for r in frame.itertuples(index=False))]), "r.csv")
    merged = merge_rejects(raw, back)
    assert (merged.replaced, merged.same) == ((), (2,))
    assert merged.table.rows.equals(raw.rows)


ROW = st.tuples(
    st.sampled_from(["A", "B", "C", ""]),
    st.sampled_from(["N", ""]),
    st.sampled_from(["02139", ""]),
    st.sampled_from(["1", "2.5", "x", "(4)", ""]),
)


@examples(60)
@given(st.lists(ROW, min_size=1, max_size=10), st.data())
def test_rows_and_money_are_conserved(rows, data) -> None:
    raw = table(HEAD, ["Z", "Base", "02139", "1"], *rows)
    first = build_ledger(raw, COLUMNS)
    frame = first.ledger.rejected_frame(raw)
    back = [list(r) for r in frame.itertuples(index=False)]
    keep = [r for r in back if data.draw(st.booleans())]
    for row in keep:
        if data.draw(st.booleans()):
            row[: len(HEAD)] = data.draw(ROW)
    if not keep:
        return
    merged = merge_rejects(raw, read_table(csv_bytes([frame.columns.tolist(), *keep]), "r.csv"))
    got = build_ledger(merged.table, COLUMNS)
    assert got.ledger.rows_in == len(raw.rows)
    expected = dict(zip(raw.source_rows.tolist(), raw.rows["Revenue"].tolist(), strict=True))
    expected |= {int(r[-3]): r[3] for r in keep}
    known = {"1": 1.0, "2.5": 2.5, "(4)": -4.0}
    assert math.isclose(money(got, "Revenue")[0], sum(known.get(v, 0.0) for v in expected.values()), abs_tol=1e-9)
