"""Sheet, header row, encoding and separator changed after the import, taken back, and kept for the layout."""

from __future__ import annotations

import pytest

from terr.errors import InputError
from terr.workspace.accounts import dataset, decisions_file, review, upload
from terr.workspace.accounts.import_settings import ImportSettings
from tests.helpers.intakes import book_bytes

HEAD = ["Account ID", "Account Name", "Zip", "Revenue"]
BOOK = book_bytes(
    {
        "Q1": [HEAD, ["A1", "Acme", "75001", 5], ["A2", "Bolt", "75002", 6]],
        "Q2": [HEAD, ["A1", "Acme", "75001", 50], ["A2", "Bolt", "75002", 60], ["A3", "Cobb", "bad", 70]],
    }
)


def imported(ws, data: bytes, name: str) -> dataset.Dataset:
    return upload.import_file(ws, upload.suggested(upload.open_file(ws, data, name)))


def sums(ws, sid: str) -> tuple[int, float]:
    accounts = dataset.dataset(ws, sid).accounts
    return len(accounts), sum(accounts.total(m) for m in accounts.measures[:1])


def steps(ws, sid: str):
    return ImportSettings.of(ws.store.datasets.get(sid).mapping).steps


def test_another_sheet_is_a_step_that_can_be_taken_back(ws) -> None:
    sid = imported(ws, BOOK, "a.xlsx").info.id
    assert sums(ws, sid) == (3, 180)  # the longer of two alike
    review.fix_cells(ws, sid, [(4, "Zip", "75006")])
    review.refuse(ws, sid, "padded_zip", True)
    taken = upload.change_shape(ws, sid, {"sheet:": "Q1"})
    assert (taken.raw.sheet, sums(ws, sid)) == ("Q1", (2, 11))
    (step,) = steps(ws, sid)
    assert (step.kind, step.cells) == ("reading", ((0, "sheet", "Q2", "Q1"),))
    review.fix_cells(ws, sid, [(2, "Revenue", "7")])
    assert sums(ws, sid) == (2, 13)
    review.undo_correction(ws, sid, step.id)
    assert sums(ws, sid) == (3, 180)
    assert [s.kind for s in steps(ws, sid)] == ["cells"]
    assert dataset.ledger_of(ws, sid).raw.rows["Zip"].tolist()[2] == "75006"
    assert ImportSettings.of(ws.store.datasets.get(sid).mapping).refuse == ("padded_zip",)


def test_the_next_file_of_the_layout_is_read_the_same_way(ws) -> None:
    sid = imported(ws, BOOK, "a.xlsx").info.id
    upload.change_shape(ws, sid, {"sheet:": "Q1"})
    draft = upload.open_file(ws, BOOK, "b.xlsx")
    assert (draft.raw.sheet, draft.open) == ("Q1", ())
    assert b'"sheet": "Q1"' in decisions_file.decisions_of(ws, sid)


def test_another_header_row_brings_its_own_columns(ws) -> None:
    data = (
        b"Company,Customer,Zip,Sales\nAccount ID,Account Name,Postal Code,Revenue\nA1,Acme,75001,5\nA2,Bolt,75002,6\n"
    )
    sid = imported(ws, data, "a.csv").info.id
    now = dataset.ledger_of(ws, sid).raw.header_row
    other = {1: "2", 2: "1"}[now]
    taken = upload.change_shape(ws, sid, {"header_row:": other})
    assert taken.raw.header_row == int(other)
    assert set(taken.columns.fields.values()) <= set(taken.raw.columns)
    assert dataset.ledger_of(ws, sid).ledger.rows_in == (3 if other == "1" else 2)
    review.undo_correction(ws, sid, steps(ws, sid)[0].id)
    assert dataset.ledger_of(ws, sid).raw.header_row == now


def test_another_encoding(ws) -> None:
    text = "Account ID,Account Name,ZIP,Revenue\nA1,Łódź Żółw,75001,5\nA2,Gdańsk,75002,6\n"
    sid = imported(ws, text.encode("iso-8859-2"), "a.csv").info.id
    taken = upload.change_shape(ws, sid, {"encoding:": "windows-1252"})
    assert taken.raw.encoding == "windows-1252"
    assert "Łódź" not in taken.raw.rows["Account Name"][0]
    back = upload.change_shape(ws, sid, {"encoding:": "iso-8859-2"})
    assert back.raw.rows["Account Name"].tolist() == ["Łódź Żółw", "Gdańsk"]
    assert len(steps(ws, sid)) == 1  # the second holds the first, to go back to


def test_a_text_that_is_all_utf_8_is_nothing_else(ws) -> None:
    sid = imported(ws, "Account ID,Name,ZIP,Revenue\nA1,Łódź,75001,5\nA2,x,75002,6\n".encode(), "a.csv").info.id
    with pytest.raises(InputError, match="its encoding is certain"):
        upload.change_shape(ws, sid, {"encoding:": "windows-1252"})
    assert steps(ws, sid) == ()


def test_another_separator(ws) -> None:
    data = b"Account ID;Name, first and last;ZIP;Revenue\nA1;Doe, Jo;75001;5\nA2;Roe, Al;75002;6\n"
    sid = imported(ws, data, "a.csv").info.id
    assert dataset.ledger_of(ws, sid).raw.delimiter == ";"
    with pytest.raises(InputError):  # no column says where an account is
        upload.change_shape(ws, sid, {"delimiter:": ","})
    assert sums(ws, sid) == (2, 11)
    assert steps(ws, sid) == ()
    piped = imported(ws, b"Account ID|Zip|Revenue, net\nA1|75001|5\nA2|75002|6\n", "b.csv").info.id
    assert upload.change_shape(ws, piped, {"delimiter:": "|"}).raw.delimiter == "|"
    assert steps(ws, piped) == ()  # it was so already
    with pytest.raises(InputError, match="one character"):
        upload.change_shape(ws, piped, {"delimiter:": "\n"})


def test_what_cant_be_read_changes_nothing(ws) -> None:
    sid = imported(ws, BOOK, "a.xlsx").info.id
    for change in ({"sheet:": "Q9"}, {"header_row:": "40"}):
        with pytest.raises(InputError):
            upload.change_shape(ws, sid, change)
    assert sums(ws, sid) == (3, 180)
    assert upload.change_shape(ws, sid, {"encoding:": "big5"}).raw.sheet == "Q2"  # a workbook has none
    assert steps(ws, sid) == ()


def test_only_the_last_changes_can_be_taken_back(ws) -> None:
    sid = imported(ws, BOOK, "a.xlsx").info.id
    for k in range(25):
        upload.change_shape(ws, sid, {"sheet:": ("Q1", "Q2")[k % 2]})
    undone = 0
    while steps(ws, sid):
        review.undo_correction(ws, sid, steps(ws, sid)[0].id)
        undone += 1
    assert undone == 21
