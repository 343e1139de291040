"""Any spreadsheet a CRM or a person writes, as a table of text.

Nothing is converted here: a ZIP stays "02139", an id keeps its case, "N/A" stays "N/A". What the file is, is told by
its content. Every upload is hostile until checked, so size and structure are judged before a parser sees the bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.columns.words import is_label
from terr.ingest.reading.book import SheetTable, check_book, read_book
from terr.ingest.reading.delimited import TextLimits, read_delimited
from terr.ingest.reading.encodings import BAD_BYTE, mended_bytes
from terr.ingest.reading.header import SEARCH_ROWS, read_header, unique_names
from terr.ingest.reading.parquet import ParquetLimits, read_parquet
from terr.ingest.reading.sheet_marks import fill_merged
from terr.ingest.reading.sniff import decode, kind_of
from terr.ingest.reading.zip_check import ZipLimits
from terr.model.progress import UNWATCHED, Progress

FORMATS_UNREAD = (
    "Formats, merged cells and hidden rows of this sheet couldn't be read, so currencies and lost zeros may be missed;"
    " save it as .xlsx and upload it again"
)
"""What is said of a workbook whose cells alone could be read."""


@dataclass(frozen=True)
class FileLimits:
    """The most Terr takes in.

    Attributes:
        max_bytes: size of the file.
        max_rows: rows below the header.
        max_columns: columns of the table.
        max_cell_chars: characters of one cell (Excel's own limit).
        max_cells: rows x columns of a text file, which is held in memory.
        zip: what a workbook may unpack to.
    """

    max_bytes: int = 200 * 1024 * 1024
    max_rows: int = 1_000_000
    max_columns: int = 500
    max_cell_chars: int = 32_767
    max_cells: int = 20_000_000
    zip: ZipLimits = field(default_factory=ZipLimits)


@dataclass(frozen=True, eq=False)
class RawTable:
    """The table of a file, as it stands.

    Attributes:
        columns: the header's cells, made unique ("Name", "Name (2)"); an unnamed column is "Column 5".
        rows: one row per record below the header, trailing blank rows left out; all text, "" where empty; RangeIndex.
        source_rows: int64 (rows,), 1-based row of the file (as a spreadsheet shows it).
        format: "csv", "tsv", "xlsx", "xls", "parquet", or "query" for rows of a database.
        encoding: of a text file, else None.
        delimiter: of a text file, else None.
        sheet: of a workbook, else None.
        sheets: worksheets of the workbook, hidden ones included.
        header_row: 1-based row of the header (its last row, if it has two); 0 where a format has none.
        sha256: of the file's bytes; files are stored under it, never under their name.
        filename: for display only, without folders.
        broken: row position -> why the row can't be trusted (it has more cells than the header).
        short: row positions with fewer cells than the header.
        numeric: column -> bool (rows,), the cell was a number in the workbook; only columns that have some.
        above: the rows above the header, as they stand; none for formats without any.
        upper_row: 1-based row of the upper row of a two-row header, else 0.
        tables: what each worksheet of the workbook holds.
        mends: cells changed after the file was read, as (row of the file, column, new text).
        currency: column -> object (rows,), ISO code that the cell's format in a workbook shows, or "".
        hidden: bool (rows,), rows that are hidden in the workbook; empty where none is.
        filtered: whether a filter hides them.
        hidden_columns: columns that are hidden in the workbook.
        notes: (column, code, message) about how the file was read; column "" for the whole.
        doubts: (row position, column) of cells with letters that were read by guess.
        encodings: (encoding, a piece of the text as it reads in it), the one taken first; empty without doubt.
    """

    columns: tuple[str, ...]
    rows: pd.DataFrame
    source_rows: NDArray[np.int64]
    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: tuple[str, ...]
    header_row: int
    sha256: str
    filename: str
    broken: Mapping[int, str] = field(default_factory=dict)
    short: tuple[int, ...] = ()
    numeric: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    above: tuple[tuple[str, ...], ...] = ()
    upper_row: int = 0
    tables: tuple[SheetTable, ...] = ()
    mends: tuple[tuple[int, str, str], ...] = ()
    currency: Mapping[str, NDArray[np.object_]] = field(default_factory=dict)
    hidden: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    filtered: bool = False
    hidden_columns: tuple[str, ...] = ()
    notes: tuple[tuple[str, str, str], ...] = ()
    doubts: tuple[tuple[int, str], ...] = ()
    encodings: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if len(self.source_rows) != len(self.rows) or tuple(self.rows.columns) != self.columns:
            raise InputError(f"{self.filename}: the table contradicts its own header or row numbers")
        self.source_rows.setflags(write=False)
        object.__setattr__(self, "broken", MappingProxyType(dict(self.broken)))
        object.__setattr__(self, "numeric", MappingProxyType(dict(self.numeric)))


def display_name(filename: str) -> str:
    """A file's name for messages: no folders, no control characters, at most 120 characters."""
    name = PurePosixPath(str(filename).replace("\\", "/")).name
    name = "".join(c for c in name if c.isprintable()).strip()[:120]
    return name or "the file"


def read_table(
    data: bytes,
    filename: str,
    *,
    sheet: str | None = None,
    limits: FileLimits | None = None,
    header_row: int | None = None,
    answers: Mapping[str, str] | None = None,
    progress: Progress = UNWATCHED,
) -> RawTable:
    """Read a file's table.

    Args:
        data: the file's bytes.
        filename: its name, for messages only.
        sheet: the sheet of a workbook; by default the visible one that looks most like accounts.
        limits: the most to take in.
        header_row: 1-based row of the header, by default the one that looks like it.
        answers: a person's answers to `terr.ingest.columns.questions`; those about sheet, header row,
            encoding and separator are used here.
        progress: told the share done and the stage.

    Raises:
        InputError: an empty or broken file, one that isn't a table, one over the limits, no header, no rows, no such
            sheet.
        StoppedError: if the person stopped it.
    """
    limits = limits or FileLimits()
    answers = answers or {}
    name = display_name(filename)
    sheet = sheet if sheet is not None else answers.get("sheet:")
    if header_row is None and str(answers.get("header_row:", "")).isdecimal():
        header_row = int(answers["header_row:"])
    if len(data) > limits.max_bytes:
        raise InputError(
            f"{name} has {len(data) / 2**20:,.0f} MB, more than {limits.max_bytes / 2**20:,.0f} MB; split it or"
            " leave out columns"
        )
    progress.tell(0.0, "looking at the file")
    kind = kind_of(data, name)
    sha = hashlib.sha256(data).hexdigest()
    if kind in {"text", "parquet"} and sheet is not None:
        raise InputError(
            f"{name} is a {'text' if kind == 'text' else 'Parquet'} file without sheets; leave the sheet out"
        )
    if kind == "text":
        raw = _from_text(data, name, sha, limits, progress, header_row, answers)
    elif kind == "parquet":
        raw = _from_parquet(data, name, sha, limits, progress)
    else:
        fmt = check_book(data, kind, name, limits.zip)
        raw = _from_book(data, fmt, name, sha, sheet, limits, progress, header_row)
    progress.tell(1.0, "the file is read")
    return raw


def _from_text(
    data: bytes,
    name: str,
    sha: str,
    limits: FileLimits,
    progress: Progress,
    header_row: int | None,
    answers: Mapping[str, str],
) -> RawTable:
    text, told = decode(data, name, answers.get("encoding:"))
    delimiter = answers.get("delimiter:")
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"\0'):
        raise InputError(f"{name}: choose one character as the separator, such as a comma or a semicolon")
    bad = told.name == "utf-8" and bool(BAD_BYTE.search(text))
    bounds = TextLimits(limits.max_rows, limits.max_columns, limits.max_cell_chars, limits.max_cells)
    made = read_delimited(text, name, bounds, progress, header_row, delimiter=delimiter)
    del text
    _check(len(made.names), len(made.rows), name, limits)
    numbers = np.arange(len(made.rows), dtype=np.int64) + made.header_row + 1
    names, rows, doubts = mended_bytes(made.names, made.rows) if bad else (made.names, made.rows, ())
    return RawTable(
        names,
        rows,
        numbers,
        "tsv" if made.delimiter == "\t" else "csv",
        told.name,
        made.delimiter,
        None,
        (),
        made.header_row,
        sha,
        name,
        made.broken,
        made.short,
        above=made.above,
        upper_row=made.upper_row,
        notes=tuple(("", code, message) for code, message in made.notes),
        doubts=doubts,
        encodings=told.sample if told.others else (),
    )


def _from_parquet(data: bytes, name: str, sha: str, limits: FileLimits, progress: Progress) -> RawTable:
    bounds = ParquetLimits(limits.max_rows, limits.max_columns, limits.max_cell_chars, limits.max_cells)
    names, rows, numeric = read_parquet(data, name, bounds, progress)
    numbers = np.arange(1, len(rows) + 1, dtype=np.int64)
    return RawTable(names, rows, numbers, "parquet", None, None, None, (), 0, sha, name, {}, (), numeric)


def _from_book(
    data: bytes,
    fmt: str,
    name: str,
    sha: str,
    sheet: str | None,
    limits: FileLimits,
    progress: Progress,
    header_row: int | None,
) -> RawTable:
    grid = read_book(data, fmt, name, sheet, progress)
    what = f"{name}, sheet '{grid.sheet}'"
    height = len(grid.columns[0]) if grid.columns else 0
    top = [[c[r] for c in grid.columns] for r in range(min(height, max(SEARCH_ROWS, header_row or 0)))]
    header = read_header(top, what, None if header_row is None else header_row - 1)
    head = header.at
    filled = fill_merged(grid.columns, grid.numeric, grid.marks, head, lambda at: not is_label(header.cells[at]))
    # Columns and trailing rows without any cell are formatting, not data.
    last = head
    used = []
    for at, cells in enumerate(grid.columns):
        end = next((r for r in range(height - 1, head - 1, -1) if cells[r].strip()), -1)
        last = max(last, end)
        if end >= head or header.cells[at].strip():
            used.append(at)
    columns = [grid.columns[at][head + 1 : last + 1] for at in used]
    longest = max((len(max(c, key=len, default="")) for c in columns), default=0)
    if longest > limits.max_cell_chars:
        raise InputError(f"{what}: a cell has {longest:,} characters, more than {limits.max_cell_chars:,}; shorten it")
    above = tuple(tuple(c[r] for c in grid.columns) for r in range(head))
    progress.tell(0.9, "laying out the table")
    frame, names = _frame([header.cells[at] for at in used], columns, last - head, what, limits)
    body = slice(head + 1, last + 1)
    hidden = np.zeros(last - head, dtype=np.bool_)
    unseen = np.array([r for r in grid.marks.hidden_rows if head < r <= last], dtype=np.intp)
    hidden[unseen - head - 1] = True
    name_of = dict(zip(used, names, strict=True))
    notes = tuple(
        (name_of[at], "merged_cells", f"{n:,} {'row has' if n == 1 else 'rows have'} the text of a merged cell above")
        for at, n in sorted(filled.items())
        if at in name_of
    )
    if grid.blind:
        notes = (("", "formats_unread", FORMATS_UNREAD), *notes)
    typed = {n: grid.numeric[at][head + 1 : last + 1] for n, at in zip(names, used, strict=True)}
    return RawTable(
        names,
        frame,
        np.arange(head + 2, last + 2, dtype=np.int64),
        fmt,
        None,
        None,
        grid.sheet,
        grid.sheets,
        head + 1,
        sha,
        name,
        {},
        (),
        {n: m for n, m in typed.items() if m.any()},
        above=above,
        upper_row=header.upper + 1,
        tables=grid.tables,
        currency={name_of[at]: c[body] for at, c in grid.currency.items() if at in name_of and (c[body] != "").any()},
        hidden=hidden if hidden.any() else np.zeros(0, dtype=np.bool_),
        filtered=grid.marks.filtered,
        hidden_columns=tuple(name_of[at] for at in grid.marks.hidden_columns if at in name_of),
        notes=notes,
    )


def _check(width: int, rows: int, what: str, limits: FileLimits) -> None:
    """Refuse a table without rows or over the limits."""
    if rows == 0:
        raise InputError(f"{what} has a header row but no rows below it; choose a file with at least one account")
    if rows > limits.max_rows:
        raise InputError(
            f"{what} has {rows:,} rows, more than {limits.max_rows:,}; split it or leave out what isn't planned"
        )
    if width > limits.max_columns:
        raise InputError(
            f"{what} has {width:,} columns, more than {limits.max_columns:,}; keep only the columns you plan with"
        )


def _frame(
    header: Sequence[str], columns: Sequence[list[str]], rows: int, what: str, limits: FileLimits
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The text table below a header, within the limits."""
    _check(len(header), rows, what, limits)
    names = unique_names(header)
    return pd.DataFrame(dict(zip(names, columns, strict=True)), dtype=object).astype("str"), names
