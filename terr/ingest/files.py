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
from terr.ingest.book import check_book, read_book
from terr.ingest.header import SEARCH_ROWS, find_header, unique_names
from terr.ingest.sniff import decode, kind_of
from terr.ingest.text import read_text
from terr.ingest.ziptest import ZipLimits


@dataclass(frozen=True)
class Limits:
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
        format: "csv", "tsv", "xlsx" or "xls".
        encoding: of a text file, else None.
        delimiter: of a text file, else None.
        sheet: of a workbook, else None.
        sheets: worksheets of the workbook, hidden ones included.
        header_row: 1-based row of the header.
        sha256: of the file's bytes; files are stored under it, never under their name.
        filename: for display only, without folders.
        broken: row position -> why the row can't be trusted (it has more cells than the header).
        short: row positions with fewer cells than the header.
        numeric: column -> bool (rows,), the cell was a number in the workbook; only columns that have some.
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


def read_table(data: bytes, filename: str, *, sheet: str | None = None, limits: Limits | None = None) -> RawTable:
    """Read a file's table.

    Args:
        data: the file's bytes.
        filename: its name, for messages only.
        sheet: the sheet of a workbook; by default the visible one that looks most like accounts.
        limits: the most to take in.

    Raises:
        InputError: an empty or broken file, one that isn't a table, one over the limits, no header, no rows, no such
            sheet.
    """
    limits = limits or Limits()
    name = display_name(filename)
    if len(data) > limits.max_bytes:
        raise InputError(
            f"{name} has {len(data) / 2**20:,.0f} MB, more than {limits.max_bytes / 2**20:,.0f} MB; split it or"
            " leave out columns"
        )
    kind = kind_of(data, name)
    sha = hashlib.sha256(data).hexdigest()
    if kind == "text":
        if sheet is not None:
            raise InputError(f"{name} is a text file without sheets; leave the sheet out")
        return _from_text(data, name, sha, limits)
    fmt = check_book(data, kind, name, limits.zip)
    return _from_book(data, fmt, name, sha, sheet, limits)


def _from_text(data: bytes, name: str, sha: str, limits: Limits) -> RawTable:
    text, encoding = decode(data, name)
    table = read_text(
        text,
        name,
        max_rows=limits.max_rows,
        max_columns=limits.max_columns,
        max_cell_chars=limits.max_cell_chars,
        max_cells=limits.max_cells,
    )
    del text
    records = table.rows
    head = find_header(records, name)
    header = list(records[head])
    while header and not header[-1].strip() and not any(len(r) >= len(header) for r in records[head + 1 : head + 200]):
        header.pop()
    width = len(header)
    body = records[head + 1 :]
    while body and not any(c.strip() for c in body[-1]):
        body.pop()
    if len(body) * width > limits.max_cells:
        raise InputError(f"{name} has {len(body):,} rows of {width:,} columns; keep only the columns you plan with")
    broken: dict[int, str] = {}
    short: list[int] = []
    for at, row in enumerate(body):
        if len(row) == width:
            continue
        if len(row) > width:
            extra = [c for c in row[width:] if c.strip()]
            if extra:
                shown = ", ".join(f"'{' '.join(c.split())[:40]}'" for c in extra[:3])
                broken[at] = (
                    f"the row has {len(row)} cells but the header {width} (beyond it: {shown}); put quotation"
                    " marks around"
                    f" cells that hold '{table.delimiter}'"
                )
            body[at] = row[:width]
        else:
            if len(row) > 1:
                short.append(at)
            body[at] = row + [""] * (width - len(row))
    columns = [list(c) for c in zip(*body, strict=True)]
    numbers = np.arange(len(body), dtype=np.int64) + table.first_row + head + 1
    first = table.first_row
    frame, names = _frame(header, columns, len(body), name, limits)
    return RawTable(
        names, frame, numbers, "tsv" if table.delimiter == "\t" else "csv", encoding, table.delimiter, None, (),
        head + first, sha, name, broken, tuple(short),
    )  # fmt: skip


def _from_book(data: bytes, fmt: str, name: str, sha: str, sheet: str | None, limits: Limits) -> RawTable:
    grid = read_book(data, fmt, name, sheet)
    what = f"{name}, sheet '{grid.sheet}'"
    height = len(grid.columns[0]) if grid.columns else 0
    top = [[c[r] for c in grid.columns] for r in range(min(height, SEARCH_ROWS))]
    head = find_header(top, what)
    # Columns and trailing rows without any cell are formatting, not data.
    last = head
    used = []
    for at, cells in enumerate(grid.columns):
        end = next((r for r in range(height - 1, head - 1, -1) if cells[r].strip()), -1)
        last = max(last, end)
        if end >= head:
            used.append(at)
    columns = [grid.columns[at][head + 1 : last + 1] for at in used]
    longest = max((len(max(c, key=len, default="")) for c in columns), default=0)
    if longest > limits.max_cell_chars:
        raise InputError(f"{what}: a cell has {longest:,} characters, more than {limits.max_cell_chars:,}; shorten it")
    frame, names = _frame([grid.columns[at][head] for at in used], columns, last - head, what, limits)
    typed = {n: grid.numeric[at][head + 1 : last + 1] for n, at in zip(names, used, strict=True)}
    return RawTable(
        names, frame, np.arange(head + 2, last + 2, dtype=np.int64), fmt, None, None, grid.sheet, grid.sheets,
        head + 1, sha, name, {}, (), {n: m for n, m in typed.items() if m.any()},
    )  # fmt: skip


def _frame(
    header: Sequence[str], columns: Sequence[list[str]], rows: int, what: str, limits: Limits
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The text table below a header, within the limits."""
    if rows == 0:
        raise InputError(f"{what} has a header row but no rows below it; choose a file with at least one account")
    if rows > limits.max_rows:
        raise InputError(
            f"{what} has {rows:,} rows, more than {limits.max_rows:,}; split it or leave out what isn't planned"
        )
    if len(header) > limits.max_columns:
        raise InputError(
            f"{what} has {len(header):,} columns, more than {limits.max_columns:,}; keep only the columns you plan with"
        )
    names = unique_names(header)
    return pd.DataFrame(dict(zip(names, columns, strict=True)), dtype=object).astype("str"), names
