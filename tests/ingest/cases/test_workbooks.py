"""What Excel shows beside a cell's value: formats, merged cells, hidden rows and columns; each with its ledger."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt

from terr.errors import InputError
from terr.ingest import RawTable, build_ledger, correct_cells, questions, read_table, recognise
from terr.ingest.reading.number_formats import look_of
from tests.helpers.intakes import counts, issues, money

HEAD = ["Account ID", "Account Name", "ZIP", "Annual Revenue"]


def book(rows: Sequence[Sequence[Any]], draw: Callable[..., object] = id) -> RawTable:
    """A workbook; a cell may be (value, format), or merged and hidden by `draw`."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as wb:
        ws = wb.add_worksheet("Accounts")
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, tuple):
                    ws.write(r, c, cell[0], wb.add_format({"num_format": cell[1]}))
                elif cell is not None:
                    ws.write(r, c, cell)
        draw(ws)
    return read_table(out.getvalue(), "a.xlsx")


def old_bytes(rows: Sequence[Sequence[Any]], draw: Callable[..., object] = id) -> bytes:
    out = io.BytesIO()
    wb = xlwt.Workbook()
    ws = wb.add_sheet("Accounts")
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if isinstance(cell, tuple):
                ws.write(r, c, cell[0], xlwt.easyxf(num_format_str=cell[1]))
            elif cell is not None:
                ws.write(r, c, cell)
    draw(ws)
    wb.save(out)
    return out.getvalue()


def old_book(rows: Sequence[Sequence[Any]], draw: Callable[..., object] = id) -> RawTable:
    return read_table(old_bytes(rows, draw), "a.xls")


def asked(raw: RawTable, answers: dict[str, str] | None = None) -> dict[str, Any]:
    return {q.key: q for q in questions(raw, recognise(raw), answers)}


MIXED = ["[$$-409]#,##0", "[$€-407] #,##0", '"CA$"#,##0', "¥#,##0", "[$€-2] #,##0", "$#,##0"]


@pytest.mark.parametrize("make", [book, old_book])
def test_currencies_of_formats_are_asked_about_as_those_of_text(make: Callable[..., RawTable]) -> None:
    raw = make([HEAD, *([f"A{i}", f"Acct {i}", "75001", (1_000_000, f)] for i, f in enumerate(MIXED))])
    found = asked(raw)["currency:Annual Revenue"]
    assert found.default == "USD"
    assert {c.value: (c.rows, c.money["Annual Revenue"]) for c in found.choices} == {
        "USD": (2, 2e6),
        "EUR": (2, 2e6),
        "CAD": (1, 1e6),
        "JPY": (1, 1e6),
        "all": (6, 6e6),
    }
    got = build_ledger(raw, recognise(raw))
    assert counts(got) == (6, 2, 0, 4)
    assert money(got, "Annual Revenue") == (6e6, 2e6, 0, 4e6)
    assert got.currency == {"Annual Revenue": "USD"}


@pytest.mark.parametrize("make", [book, old_book])
def test_one_currency_in_the_formats_is_the_measures(make: Callable[..., RawTable]) -> None:
    raw = make([HEAD, *([f"A{i}", f"Acct {i}", "75001", (10.5, "#,##0.00 [$€-407]")] for i in range(3))])
    assert asked(raw) == {}
    got = build_ledger(raw, recognise(raw))
    assert (got.currency, money(got, "Annual Revenue")) == ({"Annual Revenue": "EUR"}, (31.5, 31.5, 0, 0))


def test_a_cell_that_is_mended_has_no_format_any_more() -> None:
    raw = book([HEAD, *([f"A{i}", f"Acct {i}", "75001", (5, f)] for i, f in enumerate(MIXED[:3]))])
    mended = correct_cells(raw, {(3, "Annual Revenue"): "6", (4, "Annual Revenue"): "7"})
    got = build_ledger(mended, recognise(mended))
    assert money(got, "Annual Revenue") == (18, 18, 0, 0)


@pytest.mark.parametrize("make", [book, old_book])
def test_codes_are_read_as_shown(make: Callable[..., RawTable]) -> None:
    head = ["Account ID", "Account Name", "ZIP", "State", "Discount", "Phone", "Annual Revenue"]
    raw = make(
        [
            head,
            [(7, "000000"), "Acme", (2139, "00000"), "MA", (0.125, "0.0%"), (6175551234, "(000) 000-0000"), 5],
            [(1234567, "000000"), "Bolt", (21391234, "00000-0000"), "MA", (0.5, "0%"), (6175551234, "0"), 6],
        ]
    )
    assert raw.rows["Account ID"].tolist() == ["000007", "1234567"]
    assert raw.rows["ZIP"].tolist() == ["02139", "02139-1234"]
    assert raw.rows["Discount"].tolist() == ["12.5%", "50%"]
    assert raw.rows["Phone"].tolist() == ["(617) 555-1234", "6175551234"]
    columns = recognise(raw)
    assert list(columns.measures) == ["Annual Revenue"], "a percentage isn't offered as a sum"
    got = build_ledger(raw, columns)
    assert got.frame["account_id"].tolist() == ["000007", "1234567"]
    assert counts(got) == (2, 2, 0, 0)


@pytest.mark.parametrize(
    ("code", "cell", "shown"),
    [
        ("00000", "75", "00075"),
        ("000-00-0000", "1234567", "001-23-4567"),
        ("[<=99999]00000;00000-0000", "2116", "02116"),
        ("[<=99999]00000;00000-0000", "21161234", "02116-1234"),
        ("[<=9999999]###-####;(###) ###-####", "6175551234", "(617) 555-1234"),
        ('"ID-"00000', "42", "ID-00042"),
        ('"C"0', "42", "C42"),
        ("0.0%", "0.0725", "7.25%"),
        ("0", "5", "5"),
        ("0.00", "5.25", "5.25"),
        ("#,##0", "5000", "5000"),
        ('#,##0" kg"', "5", "5"),
        ("General", "5", "5"),
        ("0.00E+00", "5", "5"),
        ('#,##0.0,,"M"', "1200000", "1200000"),
        ("@", "5", "5"),
        ("# ?/?", "4", "4"),
    ],
)
def test_how_a_number_is_shown(code: str, cell: str, shown: str) -> None:
    assert look_of(code).shown(cell) == shown


@pytest.mark.parametrize(
    ("code", "currency"),
    [
        ('_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "USD"),
        ("[$$-1009]#,##0", "CAD"),
        ("[$$-C09]#,##0", "AUD"),
        ("[$$-80A]#,##0", "MXN"),
        ("#,##0.00\\ [$kr-41D]", "SEK"),
        ("[$¥-804]#,##0", "CNY"),
        ("[$¥-411]#,##0", "JPY"),
        ("[$R$-416] #,##0", "BRL"),
        ("[$£-809]#,##0", "GBP"),
        ("#,##0 [$CHF]", "CHF"),
        ('#,##0 "zł"', "PLN"),
        ("[$-409]#,##0", ""),
        ("#,##0_€", ""),
        ("[Red]-#,##0", ""),
        ("yyyy-mm-dd", ""),
    ],
)
def test_the_currency_a_format_shows(code: str, currency: str) -> None:
    assert look_of(code).currency == currency


def test_durations_are_read_in_hours_as_they_are_shown() -> None:
    head = [*HEAD, "Drive", "Since"]
    raw = book([head, ["A", "Acme", "75001", 5, (1.0625, "[h]:mm"), (45292, "mmm d, yyyy")]])
    assert raw.rows["Drive"].tolist() == ["25:30"]
    assert raw.rows["Since"].tolist() == ["2024-01-01"]


ROWS = [
    ["State", "County", "Account ID", "Account Name", "Annual Revenue"],
    ["TX", "Travis", "A1", "One", 100],
    [None, None, "A2", "Two", 200],
    [None, "Dallas", "A3", "Three", 300],
    [None, None, "A4", "Four", 400],
    ["OK", "Tulsa", "A5", "Five", 500],
    [None, None, "A6", "Six", 600],
]


@pytest.mark.parametrize("make", ["xlsx", "xls"])
def test_merged_cells_stand_for_each_of_their_rows(make: str) -> None:
    merged = [(1, 4, 0), (5, 6, 0), (1, 2, 1), (3, 4, 1), (5, 6, 1)]
    if make == "xlsx":
        raw = book(ROWS, lambda ws: [ws.merge_range(a, c, b, c, ROWS[a][c]) for a, b, c in merged])
    else:
        blank = [
            [None if (r, c) in {(a, k) for a, _, k in merged} else v for c, v in enumerate(row)]
            for r, row in enumerate(ROWS)
        ]
        raw = old_book(blank, lambda ws: [ws.write_merge(a, b, c, c, ROWS[a][c]) for a, b, c in merged])
    assert raw.rows["State"].tolist() == ["TX"] * 4 + ["OK"] * 2
    assert raw.rows["County"].tolist() == ["Travis"] * 2 + ["Dallas"] * 2 + ["Tulsa"] * 2
    got = build_ledger(raw, recognise(raw))
    assert counts(got) == (6, 6, 0, 0)
    assert money(got, "Annual Revenue") == (2100, 2100, 0, 0)
    assert [(i[0], i[1], i[3]) for i in issues(got)] == [(1, "State", "merged_cells"), (1, "County", "merged_cells")]
    assert asked(raw) == {}


def test_a_merged_figure_stands_for_its_rows_together_and_a_merged_zip_for_each() -> None:
    rows = [HEAD, ["A", "Acme", 75001, 900], ["B", "Bolt", None, None], ["C", "Cobb", None, None]]

    def draw(ws: Any) -> None:
        ws.merge_range(1, 2, 3, 2, 75001)
        ws.merge_range(1, 3, 3, 3, 900)

    raw = book(rows, draw)
    got = build_ledger(raw, recognise(raw))
    assert got.frame["zip"].tolist() == ["75001"] * 3
    assert money(got, "Annual Revenue") == (900, 900, 0, 0)


def test_labels_that_are_not_repeated_are_asked_about_once() -> None:
    raw = book(ROWS)
    found = asked(raw)
    assert list(found) == ["fill:State | County"]
    assert [(c.value, c.rows) for c in found["fill:State | County"].choices] == [("down", 6), ("leave", 6)]
    got = build_ledger(raw, recognise(raw), answers={"fill:State | County": "down"})
    assert got.frame["state"].tolist() == ["TX"] * 4 + ["OK"] * 2
    assert got.frame["county"].tolist() == ["Travis"] * 2 + ["Dallas"] * 2 + ["Tulsa"] * 2
    assert money(got, "Annual Revenue") == (2100, 2100, 0, 0)


def test_cells_that_are_only_missing_are_not_asked_about() -> None:
    rows = [
        ["State", "City", "Account ID", "Revenue"],
        *(["TX" if i % 3 else None, "Waco", f"A{i}", i] for i in range(1, 12)),
    ]
    assert asked(book(rows)) == {}


TEN = [
    [*HEAD[:3], "State", "Annual Revenue"],
    *([f"A{i}", f"Acct {i}", 75001, "TX", 1000 * (i + 1)] for i in range(10)),
]


@pytest.mark.parametrize("how", ["filter", "rows", "xls"])
def test_hidden_rows_are_asked_about_with_rows_and_money_of_both(how: str) -> None:
    def draw(ws: Any) -> None:
        if how == "filter":
            ws.autofilter(0, 0, 10, 4)
            ws.filter_column(4, "x < 6000")
        for row in range(6, 11):
            ws.set_row(row, None, None, {"hidden": True})

    def old(ws: Any) -> None:
        for row in range(6, 11):
            ws.row(row).hidden = True

    raw = old_book(TEN, old) if how == "xls" else book(TEN, draw)
    (found,) = asked(raw).values()
    assert (found.key, found.default) == ("hidden_rows:", "all")
    assert ("by a filter" in found.title) == (how == "filter")
    assert [(c.value, c.rows, c.money["Annual Revenue"]) for c in found.choices] == [
        ("all", 10, 55_000),
        ("leave_out", 5, 15_000),
    ]
    assert found.examples[0] == (7, "Account ID: A5; Account Name: Acct 5; ZIP: 75001")
    got = build_ledger(raw, recognise(raw), answers={"hidden_rows:": "leave_out"})
    assert counts(got) == (10, 5, 5, 0)
    assert money(got, "Annual Revenue") == (55_000, 15_000, 40_000, 0)
    assert {i[3] for i in issues(got)} == {"hidden_row"}


def test_hidden_columns_that_would_be_used_are_asked_about() -> None:
    rows = [[*HEAD, "Visits", "Note"], *([f"A{i}", f"Acct {i}", "75001", 5, 2, "x"] for i in range(3))]
    raw = book(rows, lambda ws: [ws.set_column(c, c, None, None, {"hidden": True}) for c in (4, 5)])
    (found,) = asked(raw).values()
    assert found.key == "hidden_columns:Visits"
    got = build_ledger(raw, recognise(raw), answers={found.key: "leave_out"})
    assert got.measures == ("Annual Revenue",)
    assert counts(got) == (3, 3, 0, 0)


def moved(data: bytes, where: dict[str, str]) -> bytes:
    """A workbook with its parts under other names."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith((".rels", "[Content_Types].xml")):
                for before, after in where.items():
                    content = content.replace(before.encode(), after.encode())
            renamed = name
            for before, after in where.items():
                renamed = renamed.replace(before, after)
            new.writestr(renamed, content)
    return out.getvalue()


def plain_book(rows: Sequence[Sequence[Any]]) -> bytes:
    wb = openpyxl.Workbook()
    for row in rows:
        wb.active.append(row)
    out = io.BytesIO()
    wb.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "where",
    [
        {"xl/": "book/"},
        {"xl/": ""},
        {"xl/workbook.xml": "xl/wb2.xml", "workbook.xml.rels": "wb2.xml.rels"},
        {"worksheets/sheet1.xml": "tables/one.xml"},
        {"xl/": "a/b/c/"},
        {"styles.xml": "looks.xml"},
    ],
)
def test_a_workbooks_parts_may_lie_anywhere(where: dict[str, str]) -> None:
    rows = [HEAD, ["A1", "Alpha", "75001", 1000], ["A2", "Beta & Sons", "75002", 2000], ["A3", "C", "75006", 3000]]
    raw = read_table(moved(plain_book(rows), where), "a.xlsx")
    got = build_ledger(raw, recognise(raw))
    assert counts(got) == (3, 3, 0, 0)
    assert money(got, "Annual Revenue") == (6000, 6000, 0, 0)


@pytest.mark.parametrize("name", ["xl/tables/one.xml", "xl/one.png", "xl/one"])
def test_a_sheet_under_another_name_is_judged_like_any(name: str) -> None:
    data = moved(
        plain_book([HEAD, ["A", "B", "75001", 5]]),
        {"xl/worksheets/sheet1.xml": name, "worksheets/sheet1.xml": name[3:]},
    )
    far = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(far, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, content.replace(b'r="D2"', b'r="XFD1048576"') if part == name else content)
    with pytest.raises(InputError, match="delete the stray cells"):
        read_table(far.getvalue(), "a.xlsx")


def test_a_cell_listed_twice_is_shown_once() -> None:
    """A damaged sheet named a cell of percentages twice, and its "170%" was taken for a number again."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        percent, sheet = book.add_format({"num_format": "0%"}), book.add_worksheet()
        sheet.write_row(0, 0, ["Account ID", "State", "City", "Revenue", "Share"])
        for k in range(1, 4):
            sheet.write_row(k, 0, [f"A{k}", "TX", "Austin", 10 * k])
            sheet.write_number(k, 4, k / 2, percent)
    twice = io.BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(twice, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, part.replace(b'r="E3"', b'r="E2"') if name.endswith("sheet1.xml") else part)
    raw = read_table(twice.getvalue(), "in.xlsx")
    assert raw.rows["Share"].tolist()[1:] == ["", "150%"]
    assert raw.rows["Share"].iloc[0].endswith("%")


def test_formats_that_cant_be_read_are_said() -> None:
    rows = [HEAD, *([f"A{i}", f"Acct {i}", (2139, "00000"), (1000, "[$€-407] #,##0")] for i in range(3))]
    good = old_bytes(rows)
    damaged = bytearray(good)
    damaged[good.index(b"\x31\x00\x15\x00") + 4 + 15] = 1  # a font's name is said to be UTF-16, and has five bytes
    raw = read_table(bytes(damaged), "a.xls")
    got = build_ledger(raw, recognise(raw))
    assert counts(got) == (3, 3, 0, 0)
    assert money(got, "Annual Revenue") == (3000, 3000, 0, 0)
    assert issues(got) == [(1, "", "", "formats_unread", "accepted")]
    assert "save it as .xlsx and upload it again" in got.ledger.issues["message"][0]
    whole = read_table(good, "a.xls")
    assert issues(build_ledger(whole, recognise(whole))) == []


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [(0, 60_000_000, "240,000,000 cells"), (60_000_000, 4, "a broken workbook")],
)
def test_an_old_workbook_that_says_it_is_huge_is_refused_before_it_is_laid_out(
    first: int, last: int, words: str
) -> None:
    good = old_bytes([HEAD, ["A1", "Acme", "02139", 5], ["A2", "Bolt", "02139", 5], ["A3", "Cobb", "02139", 5]])
    damaged = bytearray(good)
    at = good.index(struct.pack("<HHIIHH", 0x200, 14, 0, 4, 0, 4))
    damaged[at + 4 : at + 12] = struct.pack("<II", first, last)
    with pytest.raises(InputError, match=words):
        read_table(bytes(damaged), "a.xls")
