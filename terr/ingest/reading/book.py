"""Workbooks: which sheet, and its cells as text without a lost digit."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import python_calamine as calamine
from numpy.typing import NDArray

from terr.errors import InputError, TerrError
from terr.ingest.reading.header import find_header, known_words
from terr.ingest.reading.number_formats import looks_of
from terr.ingest.reading.old_book import check_old_book, old_sheet_marks
from terr.ingest.reading.package import book_parts, usual_name
from terr.ingest.reading.sheet_marks import NO_MARKS, SheetMarks, blind_cells, sheet_marks
from terr.ingest.reading.zip_check import ZipLimits, inspect_parts, open_zip
from terr.model.progress import UNWATCHED, Progress

_DAMAGED = (calamine.CalamineError, calamine.XmlError, calamine.ZipError, OSError, ValueError)
_OLE_ENCRYPTED = tuple("EncryptedPackage".encode(e) for e in ("utf-16-le",))
_OLE_BOOK = tuple(n.encode("utf-16-le") for n in ("Workbook", "Book"))


@dataclass(frozen=True)
class SheetTable:
    """One sheet of a workbook, as far as it was looked at.

    Attributes:
        name: of the sheet.
        rows: filled height, its header and titles included; -1 if it wasn't read.
        known: header words Terr knows, -1 if it has no header or wasn't read.
        visible: whether a person sees it in Excel.
    """

    name: str
    rows: int
    known: int
    visible: bool


@dataclass(frozen=True, eq=False)
class SheetCells:
    """One sheet as text.

    Attributes:
        columns: one list of text cells per column, all equally long; the first cell is row 1 of the sheet.
        numeric: bool (rows,) per column: the cell was a number in the workbook, so its text is a plain one.
        sheet, sheets: the sheet read; the worksheets there are, in order, hidden ones included.
        format: "xlsx" or "xls".
        tables: what each worksheet holds.
        currency: column -> object (rows,), ISO code that the cell's format shows, or "".
        marks: merged cells, hidden rows and columns.
        blind: whether formats, merged and hidden cells couldn't be read, so that there may be some.
    """

    columns: list[list[str]]
    numeric: list[NDArray[np.bool_]]
    sheet: str
    sheets: tuple[str, ...]
    format: str
    tables: tuple[SheetTable, ...] = ()
    currency: Mapping[int, NDArray[np.object_]] = field(default_factory=dict)
    marks: SheetMarks = NO_MARKS
    blind: bool = False


def cell_text(value: Any) -> str:
    """A workbook's cell as text: 2116.0 -> "2116", dates in ISO form, true and false as Excel shows them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.timedelta):  # "[h]:mm" as it is shown, not in days
        seconds = round(abs(value.total_seconds()))
        text = f"{seconds // 3600}:{seconds // 60 % 60:02}" + (f":{seconds % 60:02}" if seconds % 60 else "")
        return f"-{text}" if value < dt.timedelta() else text
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ") if value.time() != dt.time() else value.date().isoformat()
    return str(value)


def check_book(data: bytes, kind: str, filename: str, limits: ZipLimits) -> str:
    """Whether a zip or OLE file is a workbook that is safe to parse; returns "xlsx" or "xls".

    Raises:
        InputError: any other kind of file, a password, a bomb, entities.
    """
    if kind == "ole":
        if any(mark in data for mark in _OLE_ENCRYPTED):
            raise InputError(f"{filename} is protected by a password; save it without one")
        if not any(mark in data for mark in _OLE_BOOK):
            raise InputError(f"{filename} is an old Office document, not a workbook; save the accounts as .xlsx or CSV")
        check_old_book(data, filename, limits.cells)
        return "xls"
    infos = open_zip(data, filename, limits)
    names = {i.filename.lower() for i in infos}
    parts = book_parts(data, filename)
    if not parts.book or parts.book.lower().endswith(".bin"):
        raise InputError(f"{filename} is {_zip_kind(names)}; save the accounts as an Excel workbook (.xlsx) or CSV")
    inspect_parts(data, infos, filename, limits, parts.strings)
    return "xlsx"


def _zip_kind(names: set[str]) -> str:
    if "xl/workbook.bin" in names:
        return "a binary Excel workbook (.xlsb)"
    if any(n.startswith("word/") for n in names):
        return "a Word document"
    if any(n.startswith("ppt/") for n in names):
        return "a PowerPoint presentation"
    if "content.xml" in names:
        return "an OpenDocument file"
    return "a zip archive, not a table"


def read_book(data: bytes, fmt: str, filename: str, sheet: str | None, progress: Progress = UNWATCHED) -> SheetCells:
    """Read one sheet: the named one, or the visible one that looks most like a table of accounts.

    Raises:
        InputError: a broken workbook, an unknown sheet (lists those there are), no sheet with a table.
    """
    tables: dict[str, SheetTable] = {}
    progress.tell(0.15, "opening the workbook")
    try:
        parts = book_parts(data, filename) if fmt == "xlsx" else None
        known = data if parts is None else usual_name(data, parts, filename)
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(known))
        metas = [m for m in book.sheets_metadata if m.typ == calamine.SheetTypeEnum.WorkSheet]
        names = tuple(m.name for m in metas)
        shown = {m.name: m.visible == calamine.SheetVisibleEnum.Visible for m in metas}
        if sheet is not None:
            _must_have(sheet, names, filename)
            chosen, rows = sheet, book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        else:
            chosen, rows, tables = _choose(book, [n for n in names if shown[n]], filename)
    except calamine.PasswordError as error:
        raise InputError(f"{filename} is protected by a password; save it without one") from error
    except BaseException as error:
        # a panic of the reader, which is written in Rust, is no Exception
        damaged = isinstance(error, _DAMAGED) or type(error).__name__ == "PanicException"
        if isinstance(error, TerrError) or not damaged:
            raise
        raise InputError(f"{filename} is a broken workbook; open it in Excel and save it again") from error
    height = len(rows)
    columns: list[list[str]] = []
    numeric: list[NDArray[np.bool_]] = []
    width = max(1, len(rows[0]) if rows else 1)
    for at, cells in enumerate(zip(*rows, strict=True)):
        progress.tell(0.6 + 0.2 * at / width, "reading the cells")
        columns.append([c if c.__class__ is str else cell_text(c) for c in cells])
        numeric.append(np.fromiter((c.__class__ is float or c.__class__ is int for c in cells), np.bool_, height))
    del rows
    progress.tell(0.8, "looking for errors, formats and formulas without a result")
    blind = False
    if parts is not None:
        xml = parts.read(data, parts.sheets.get(chosen, ""), filename)
        for row, column, text in blind_cells(xml):
            if row < height and column < len(columns) and not columns[column][row]:
                columns[column][row] = text
        marks = sheet_marks(xml, looks_of(parts.read(data, parts.styles, filename)))
        del xml
    else:
        found = old_sheet_marks(data, chosen)
        marks, blind = found or NO_MARKS, found is None
    currency = _as_shown(columns, numeric, marks)
    told = tuple(tables.get(n, SheetTable(n, -1, -1, shown[n])) for n in names)
    return SheetCells(columns, numeric, chosen, names, fmt, told, currency, marks, blind)


def _as_shown(
    columns: list[list[str]], numeric: list[NDArray[np.bool_]], marks: SheetMarks
) -> dict[int, NDArray[np.object_]]:
    """Codes and percentages written as their formats show them, in place; and the currencies that formats show."""
    currency: dict[int, NDArray[np.object_]] = {}
    for style, (all_rows, all_columns) in marks.styled.items():
        look = marks.looks[style]
        for column in np.unique(all_columns).tolist():
            if column >= len(columns):
                continue
            cells, typed = columns[column], numeric[column]
            rows = all_rows[all_columns == column]
            rows = rows[rows < len(cells)]
            rows = np.unique(rows[typed[rows]])  # a damaged sheet may list a cell twice
            if look.currency:
                codes = currency.setdefault(column, np.full(len(cells), "", dtype=object))
                codes[rows] = look.currency
                continue
            for row in rows.tolist():
                text = look.shown(cells[row])
                if text != cells[row]:
                    cells[row], typed[row] = text, False
    return currency


def _must_have(sheet: str, names: Sequence[str], filename: str) -> None:
    if sheet not in names:
        listed = ", ".join(f"'{n}'" for n in names) or "no worksheet"
        raise InputError(f"{filename} has no sheet '{sheet[:60]}'; it has {listed}")


def _choose(
    book: calamine.CalamineWorkbook, visible: Sequence[str], filename: str
) -> tuple[str, list[list[Any]], dict[str, SheetTable]]:
    """The visible sheet whose header has most known words; of equal ones the longer, then the earlier."""
    if not visible:
        raise InputError(f"{filename} has no visible sheet; unhide the one with the accounts, or name it")
    best: tuple[tuple[int, int], str, list[list[Any]]] | None = None
    tables: dict[str, SheetTable] = {}
    for name in visible:
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        if len(visible) == 1:
            return name, rows, tables
        head = [[cell_text(c) for c in row] for row in rows[:60]]
        try:
            at = find_header(head, name)
        except InputError:
            rank = (-1, len(rows))
        else:
            rank = (known_words(head[at]), len(rows))
        tables[name] = SheetTable(name, rank[1], rank[0], visible=True)
        if best is None or rank > best[0]:
            best = (rank, name, rows)
    if best is None:
        raise InputError(f"{filename} has no sheet with a table")
    return best[1], best[2], tables
