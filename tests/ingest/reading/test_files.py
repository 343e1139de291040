"""Files: told by content, checked before they are parsed, read without losing a digit."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.ingest.reading.files import FileLimits, read_table
from terr.ingest.reading.zip_check import ZipLimits
from tests.helpers.effort import examples

HEAD = "Account ID,Account Name,Zip,Revenue\n"
CSV = HEAD + 'A1,"Acme, Inc.",02139,100\nA2,Bolt,00501,200\n'


def book(**sheets: list[list[object]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False}) as wb:
        for name, rows in sheets.items():
            ws = wb.add_worksheet(name.lstrip("_"))
            if name.startswith("_"):
                ws.hide()
            for r, row in enumerate(rows):
                ws.write_row(r, 0, row)
    return out.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in parts.items():
            z.writestr(name, data)
    return out.getvalue()


def swap_part(data: bytes, name: str, new: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        parts = {i.filename: z.read(i) for i in z.infolist()}
    return zipped(parts | {name: new})


def test_csv_as_it_stands() -> None:
    raw = read_table(CSV.encode(), "a.csv")
    assert raw.columns == ("Account ID", "Account Name", "Zip", "Revenue")
    assert raw.rows.to_numpy().tolist() == [["A1", "Acme, Inc.", "02139", "100"], ["A2", "Bolt", "00501", "200"]]
    assert raw.source_rows.tolist() == [2, 3]
    assert (raw.format, raw.encoding, raw.delimiter, raw.header_row, raw.sheet) == ("csv", "utf-8", ",", 1, None)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "windows-1252"),
    ],
)
def test_encodings(encoding: str, found: str) -> None:
    raw = read_table((HEAD + "A1,Café – Zoë,02139,5\n").encode(encoding), "a.csv")
    assert raw.columns[0] == "Account ID"
    assert raw.rows.iloc[0].tolist() == ["A1", "Café – Zoë", "02139", "5"]
    assert raw.encoding == found


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_survive_quoted_newlines_and_decimal_commas(delimiter: str) -> None:
    rows = [["Account ID", "Street", "Zip", "Revenue"]]
    rows += [[f"A{i}", f"1 Main St\nFloor {i}, rear; left", "02139", f"{i},5"] for i in range(30)]
    text = "\r\n".join(delimiter.join(f'"{c}"' for c in row) for row in rows)
    raw = read_table(text.encode(), "a.txt")
    assert raw.delimiter == delimiter
    assert raw.rows["Street"].iat[3] == "1 Main St\nFloor 3, rear; left"
    assert raw.source_rows.tolist() == list(range(2, 32))


def test_unquoted_semicolons_with_decimal_commas() -> None:
    text = "ID;Name;PLZ;Umsatz;Potenzial\n" + "".join(f"{i};Firma;80331;1{i},50;2{i},5\n" for i in range(20))
    raw = read_table(text.encode(), "a.csv")
    assert raw.delimiter == ";"
    assert raw.rows["Umsatz"].iat[0] == "10,50"


def test_excel_separator_line() -> None:
    raw = read_table(b"sep=;\r\nId;Zip;Revenue\r\nA;02139;5\r\n", "a.csv")
    assert (raw.delimiter, raw.header_row, raw.source_rows.tolist()) == (";", 2, [3])


def test_titles_above_and_two_row_header() -> None:
    text = 'Accounts by region,,,\n"As of 1/2/2024",,,\n,,,\nAccount,,Money,\n'
    text += "Account ID,Name,Zip,Annual Revenue\nA1,Acme,02139,7\n"
    raw = read_table(text.encode(), "a.csv")
    assert (raw.header_row, raw.columns[3], raw.source_rows.tolist()) == (5, "Annual Revenue", [6])


def test_duplicate_and_missing_column_names() -> None:
    raw = read_table(b"Name,Name,,Zip\na,b,c,02139\n", "a.csv")
    assert raw.columns == ("Name", "Name (2)", "Column 3", "Zip")


def test_rows_with_too_many_or_too_few_cells() -> None:
    raw = read_table((HEAD + "A1,Acme, Inc.,02139,100\nA2,Bolt\nA3,C,02139,1,,\n").encode(), "a.csv")
    assert list(raw.broken) == [0]
    assert "5 cells but the header 4 (beyond it: '100')" in raw.broken[0]
    assert raw.short == (1,)
    assert len(raw.rows) == 3


def test_blank_rows_inside_stay_and_at_the_end_go() -> None:
    raw = read_table((CSV + "\n,,,\nA3,C,02139,1\n\n,,,\n").encode(), "a.csv")
    assert raw.source_rows.tolist() == [2, 3, 4, 5, 6]


def test_workbook_text() -> None:
    import datetime as dt

    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as wb:
        ws = wb.add_worksheet("Accounts")
        ws.write_row(1, 1, ["Account ID", "Zip", "Revenue", "Since", "Active"])
        ws.write_row(2, 1, ["001A", 2116, 1250000.5])
        ws.write_datetime(2, 4, dt.date(2024, 1, 2), wb.add_format({"num_format": "yyyy-mm-dd"}))
        ws.write_boolean(2, 5, True)
    raw = read_table(out.getvalue(), "a.csv")
    assert raw.columns == ("Account ID", "Zip", "Revenue", "Since", "Active")
    assert raw.rows.iloc[0].tolist() == ["001A", "2116", "1250000.5", "2024-01-02", "TRUE"]
    assert (raw.format, raw.sheet, raw.header_row, raw.source_rows.tolist()) == ("xlsx", "Accounts", 2, [3])
    assert raw.numeric["Revenue"].tolist() == [True]


def test_sheets() -> None:
    table = [["Account ID", "Zip", "Revenue"], ["A", "02139", 1]]
    data = book(Notes=[["Read me"], ["please"]], _Old=[*table, ["B", "02139", 2]], Accounts=table)
    raw = read_table(data, "a.xlsx")
    assert (raw.sheet, raw.sheets) == ("Accounts", ("Notes", "Old", "Accounts"))
    assert len(read_table(data, "a.xlsx", sheet="Old").rows) == 2
    with pytest.raises(InputError, match=r"no sheet 'X'; it has 'Notes', 'Old', 'Accounts'"):
        read_table(data, "a.xlsx", sheet="X")
    with pytest.raises(InputError, match="text file without sheets"):
        read_table(CSV.encode(), "a.csv", sheet="X")


def test_errors_and_formulas_without_results_are_not_blank() -> None:
    wb = openpyxl.Workbook()
    ws = wb.active
    for row in (
        ["Account ID", "Zip", "Revenue"],
        ["A", "02139", "=B2*2"],
        ["B", "02139", "#DIV/0!"],
        ["C", "02139", 3],
    ):
        ws.append(row)
    out = io.BytesIO()
    wb.save(out)
    raw = read_table(out.getvalue(), "a.xlsx")
    assert raw.rows["Revenue"].tolist() == ["=B2*2", "#DIV/0!", "3"]


def test_formula_like_names_are_text() -> None:
    data = book(A=[["Account ID", "Name", "Zip"], ["1", '=HYPERLINK("http://x","y")', "02139"]])
    assert read_table(data, "a.xlsx").rows["Name"].iat[0] == '=HYPERLINK("http://x","y")'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "a PNG image"),
        (b"\xff\xd8\xff\xe0" + b"\x01" * 50, "a JPEG image"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"\x1f\x8b\x08" + b"\x00" * 20, "a gzip archive"),
        (b"PAR1" + b"\x15\x04" * 30, "a broken Parquet file"),
        (bytes(range(1, 256)) * 20, "a binary file"),
        (b"<html><table><tr><td>Account", r"a web page \(HTML\)"),
        (b"<?xml version='1.0'?><a/>", "an XML document"),
        (b'{"accounts": []}', "a JSON document"),
        (HEAD.encode() + b"A1,Ac\x00me,02139,1\n", "a NUL byte in line 2"),
        (zipped({"a.txt": b"hello"}), "a zip archive"),
        (zipped({"word/document.xml": b"<a/>"}), "a Word document"),
        (zipped({"content.xml": b"<a/>"}), "an OpenDocument file"),
        (b"PK\x03\x04 nonsense", "a broken workbook"),
        (book(A=[["Id", "Zip"], ["1", "2"]])[:3000], "a broken workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "an old Office document"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") * 9,
            "protected by a password; save",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le") * 99, "a broken workbook"),
        (HEAD.encode(), "no rows below it"),
        (b"A1,Acme,02139,100\nA2,Bolt,00501,200\n", r"no header row: row 1 looks like data \(A1, Acme, 02139, 100\)"),
        (HEAD.encode() + b'A1,"Acme,02139,100\nA2,Bolt,02139,5\n', "quotation mark opened in row 2 is never closed"),
        (HEAD.encode() + b'A1,"' + b"x" * 40_000 + b'",02139,100\n', "row 2 has more than 32,767 characters"),
        (HEAD.encode() + b'A1,"' + b"x\n" * 100_000, "row 2 has more than 32,767 characters"),
    ],
)
def test_what_is_no_table_says_what_it_is(data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read_table(data, "accounts.csv")
    assert "\n" not in str(caught.value)
    assert "accounts.csv" in str(caught.value)


def test_limits() -> None:
    with pytest.raises(InputError, match="MB, more than"):
        read_table(CSV.encode(), "a.csv", limits=FileLimits(max_bytes=10))
    with pytest.raises(InputError, match="2 rows, more than 1"):
        read_table(CSV.encode(), "a.csv", limits=FileLimits(max_rows=1))
    with pytest.raises(InputError, match="7 cells; split"):
        read_table(CSV.encode(), "a.csv", limits=FileLimits(max_cells=7))
    with pytest.raises(InputError, match="2 rows of 4 columns"):
        read_table((HEAD + "A\nB\n").encode(), "a.csv", limits=FileLimits(max_cells=7))
    with pytest.raises(InputError, match="4 columns"):
        read_table(CSV.encode(), "a.csv", limits=FileLimits(max_columns=3))
    data = book(A=[["Id", "Zip"], ["1", "2"], ["3", "4"]])
    with pytest.raises(InputError, match="2 rows, more than 1"):
        read_table(data, "a.xlsx", limits=FileLimits(max_rows=1))


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\x.csv",
        "/abs/x.csv",
        "C:\\x.csv",
        "x\x00.csv",
        "x\n.csv",
        "",
        "....//x",
        "%2e%2e/x",
        "a" * 999,
    ],
)
def test_names_are_for_display_only(name: str) -> None:
    shown = read_table(CSV.encode(), name).filename
    assert shown
    assert not set(shown) & set("/\\\n\x00")
    assert len(shown) <= 120


def test_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = swap_part(book(A=[["Id"], ["1"]]), "xl/worksheets/sheet1.xml", b"<c/>" * 40_000_000)
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    with pytest.raises(InputError, match=r"times its size|unpacks to"):
        read_table(bomb, "a.xlsx")
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_zip_that_lies_about_its_sizes() -> None:
    real = b"<row/>" + b" " * 5_000_000
    data = bytearray(zipped({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": real}))
    size, crc = struct.pack("<L", len(real)), struct.pack("<L", zlib.crc32(real[:100]))
    assert data.count(size) == 2
    data = bytearray(
        bytes(data).replace(size, struct.pack("<L", 100)).replace(struct.pack("<L", zlib.crc32(real)), crc)
    )
    with pytest.raises(InputError, match="broken workbook"):
        read_table(bytes(data), "a.xlsx")


def test_too_many_members_and_total() -> None:
    data = zipped({"xl/workbook.xml": b"<a/>"} | {f"x{i}": b"" for i in range(2_001)})
    with pytest.raises(InputError, match="files inside"):
        read_table(data, "a.xlsx")
    with pytest.raises(InputError, match="unpacks to"):
        read_table(book(A=[["Id"], ["1"]]), "a.xlsx", limits=FileLimits(zip=ZipLimits(total_bytes=100)))


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_billion_laughs(part: str) -> None:
    xml = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)
    )
    data = swap_part(book(A=[["Id"], ["x"]]), part, xml + b"]><t>&j;</t>")
    tracemalloc.start()
    with pytest.raises(InputError, match="XML entities"):
        read_table(data, "a.xlsx")
    assert tracemalloc.get_traced_memory()[1] < 20_000_000  # none is replaced by what it stands for
    tracemalloc.stop()


def test_a_stray_cell_far_out_is_refused() -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v>'
        b'</c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    with pytest.raises(InputError, match="stray cells"):
        read_table(swap_part(book(A=[["Id"], ["1"]]), "xl/worksheets/sheet1.xml", sheet), "a.xlsx")


def test_a_long_text_that_every_cell_repeats_is_refused() -> None:
    data = book(A=[["Id", "Text"], *[[str(i), "0123456789abcdef" * 1_500] for i in range(2)]])
    head, tail = b'<row r="2"', b"</sheetData>"
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        sheet = z.read("xl/worksheets/sheet1.xml")
    cells = b"".join(b'<row r="%d"><c r="B%d" t="s"><v>3</v></c></row>' % (i, i) for i in range(4, 60_000))
    assert head in sheet
    with pytest.raises(InputError, match="long texts that many cells repeat"):
        read_table(swap_part(data, "xl/worksheets/sheet1.xml", sheet.replace(tail, cells + tail)), "a.xlsx")


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t\"',;|"), max_size=12)


@examples(60)
@given(st.lists(st.tuples(CELL, CELL, st.from_regex(r"0\d{4}", fullmatch=True)), min_size=1, max_size=12))
def test_any_text_round_trips_through_csv(rows: list[tuple[str, str, str]]) -> None:
    import csv

    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("Account ID", "Name", "Zip"), *rows])
    raw = read_table(out.getvalue().encode(), "a.csv")
    assert raw.rows.to_numpy().tolist() == [list(r) for r in rows]


@examples(200)
@given(st.binary(max_size=400))
def test_any_bytes_give_a_table_or_an_input_error(data: bytes) -> None:
    for prefix in (b"", b"PK\x03\x04", b"\xff\xfe", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        try:
            read_table(prefix + data, "x.csv")
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017


@examples(60)
@given(st.data())
def test_a_damaged_workbook_gives_a_table_or_an_input_error(data: st.DataObject) -> None:
    good = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_table(bytes(good), "x.xlsx")
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017


GOOD = book(A=[["Account ID", "Zip", "Revenue"], ["A", "02139", 5], ["B", "02139", 6.5]])


@pytest.mark.parametrize(
    "rows",
    [
        [["geoid", "name_long", "pop2020", "pop2023"], ["13065", "Clinch County", "6720.0", "6746.0"]],
        [["site", "Q12", "B2B"], ["Acme", "1", "2"], ["Bolt", "3", ""]],
    ],
)
def test_names_that_look_like_codes_are_a_header_over_figures(rows: list[list[str]]) -> None:
    raw = read_table("\n".join(",".join(r) for r in rows).encode(), "a.csv")
    assert (raw.header_row, list(raw.columns)) == (1, rows[0])
    assert raw.rows.to_numpy().tolist() == rows[1:]


@pytest.mark.parametrize("text", ["AB1,Acme,MA1\nAB2,Bolt,NY2\n", "AB1,AB1,5\nAB2,Bolt,6\n", "a@b.c,x1\nd@e.f,5\n"])
def test_rows_of_codes_alone_are_no_header(text: str) -> None:
    with pytest.raises(InputError, match="has no header row"):
        read_table(text.encode(), "a.csv")
