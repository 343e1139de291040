"""A delimited text as a table: where its header is, and its rows, cut the slow or the fast way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from terr.errors import InputError
from terr.ingest.reading.dialect import cut_anew
from terr.ingest.reading.fast_text import cut, frame
from terr.ingest.reading.header import SEARCH_ROWS, Header, read_header, unique_names
from terr.ingest.reading.text import first_records, read_text, separated
from terr.model.progress import Progress

FAST_CHARS = 2_000_000
"""Texts of fewer characters are cut one cell at a time, which is quick enough."""

_LOOK_ROWS = 240


@dataclass(frozen=True)
class TextLimits:
    """The most a text may hold; see `terr.ingest.reading.files.Limits`."""

    max_rows: int
    max_columns: int
    max_cell_chars: int
    max_cells: int


@dataclass(frozen=True, eq=False)
class Delimited:
    """A text's table.

    Attributes:
        names: the columns.
        rows: text below the header, trailing blank rows left out.
        header_row: 1-based row of the header's last row.
        upper_row: 1-based row of the other row of a two-row header, else 0.
        above: the rows above the header's last row, as they stand.
        delimiter: between cells.
        broken: row position -> why it can't be trusted.
        short: row positions with fewer cells than the header.
        notes: what is to be told of how cells are quoted, as (code, message).
    """

    names: tuple[str, ...]
    rows: pd.DataFrame
    header_row: int
    upper_row: int
    above: tuple[tuple[str, ...], ...]
    delimiter: str
    broken: dict[int, str]
    short: tuple[int, ...]
    notes: tuple[tuple[str, str], ...] = ()


def read_delimited(
    text: str,
    name: str,
    limits: TextLimits,
    progress: Progress,
    header_row: int | None = None,
    fast: bool | None = None,
    *,
    delimiter: str | None = None,
) -> Delimited:
    """Read a text's table.

    Args:
        text: the whole file.
        name: the file's name, for messages.
        limits: the most to take in.
        progress: told how far it is.
        header_row: 1-based row of the header, if the person chose it.
        fast: cut by Arrow; by default if the text is long.
        delimiter: between cells, if the person chose it.

    Raises:
        InputError: no header, no rows, more than the limits, a quotation mark that is never closed.
    """
    if fast is None:
        fast = len(text) >= FAST_CHARS
    if fast:
        progress.tell(0.1, "reading the rows")
        made = _fast(text, name, limits, header_row, delimiter)
        if made is not None:
            return made
    return _slow(text, name, limits, progress, header_row, delimiter)


def _width(header: Header, after: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The header's cells without blank ones at its end that no row reaches."""
    cells = list(header.cells)
    while cells and not cells[-1].strip() and not any(len(r) >= len(cells) for r in after[:200]):
        cells.pop()
    return tuple(cells)


def _given(header_row: int | None, first_row: int) -> int | None:
    return None if header_row is None else header_row - first_row


def _fast(
    text: str, name: str, limits: TextLimits, header_row: int | None, chosen: str | None = None
) -> Delimited | None:
    made = separated(text, chosen)
    rest, delimiter, first_row = made.text, made.delimiter, made.first_row
    del text
    records, ends = first_records(rest, delimiter, max(_LOOK_ROWS, (header_row or 0) + 2))
    if not ends or (len(records) < _LOOK_ROWS and ends[-1] < len(rest)):
        return None  # a record that can't be read: the slow way says which
    try:
        header = read_header(records[: max(SEARCH_ROWS, (header_row or 0))], name, _given(header_row, first_row))
    except InputError:
        return None
    cells = _width(header, records[header.at + 1 :])
    if not 0 < len(cells) <= limits.max_columns or header.at + 1 >= len(records):
        return None
    if max(map(len, cells)) > limits.max_cell_chars:
        return None
    body = rest[ends[header.at] :].encode()
    del rest
    found = cut(body, delimiter, len(cells), limits.max_cell_chars)
    if found is None:
        return None
    table, odd = found
    del body
    if any(len(r) > limits.max_columns for r in odd.rows.values()) or odd.joined:
        return None  # several rows run together are taken apart the slow way
    rows = table.num_rows + len(odd.rows)
    if rows > limits.max_rows + 100 or rows * len(cells) > limits.max_cells:
        raise too_much(name, limits)
    names = unique_names(cells)
    whole, wide, short = frame(table, odd, names)
    end = rows
    while end and end - 1 not in wide and not any(v.strip() for v in whole.iloc[end - 1]):
        end -= 1
    broken = {at: _beyond(wide[at], len(cells), delimiter) for at in wide}
    above = tuple(tuple(r) for r in records[: header.at])
    return Delimited(
        names,
        whole.iloc[:end],
        header.at + first_row,
        header.upper + first_row if header.upper >= 0 else 0,
        above,
        delimiter,
        broken,
        tuple(at for at in short if at < end),
        _told(made.unusual, odd.anew),
    )


def _told(unusual: str, anew: int) -> tuple[tuple[str, str], ...]:
    out = []
    if unusual:
        out.append(("unusual_quotes", f"{unusual}; the cells are read without"))
    if anew:
        what = "row was" if anew == 1 else "rows were"
        out.append(
            ("cut_anew", f"{anew:,} {what} split again because quotation marks in them weren't doubled or closed")
        )
    return tuple(out)


def _slow(
    text: str, name: str, limits: TextLimits, progress: Progress, header_row: int | None, delimiter: str | None = None
) -> Delimited:
    progress.tell(0.1, "reading the rows")
    table = read_text(
        text,
        name,
        max_rows=limits.max_rows,
        max_columns=limits.max_columns,
        max_cell_chars=limits.max_cell_chars,
        max_cells=limits.max_cells,
        delimiter=delimiter,
    )
    del text
    records, first = table.rows, table.first_row
    top = records[: max(SEARCH_ROWS, header_row or 0)]
    header = read_header(top, name, _given(header_row, first))
    cells = _width(header, records[header.at + 1 :])
    width = len(cells)
    body, anew = _whole_rows(records, table.odd, header.at + 1, table.delimiter, width)
    while body and not any(c.strip() for c in body[-1]):
        body.pop()
    if len(body) * width > limits.max_cells:
        raise InputError(f"{name} has {len(body):,} rows of {width:,} columns; keep only the columns you plan with")
    progress.tell(0.6, "sorting the cells into columns")
    broken: dict[int, str] = {}
    short: list[int] = []
    for at, row in enumerate(body):
        if len(row) == width:
            continue
        if len(row) > width:
            if any(c.strip() for c in row[width:]):
                broken[at] = _beyond(row, width, table.delimiter)
            body[at] = row[:width]
        else:
            if len(row) > 1:
                short.append(at)
            body[at] = row + [""] * (width - len(row))
    names = unique_names(cells)
    columns = [list(c) for c in zip(*body, strict=True)] if body else [[] for _ in names]
    whole = pd.DataFrame(dict(zip(names, columns, strict=True)), dtype=object).astype("str")
    return Delimited(
        names,
        whole,
        header.at + first,
        header.upper + first if header.upper >= 0 else 0,
        tuple(tuple(r) for r in records[: header.at]),
        table.delimiter,
        broken,
        tuple(short),
        _told(table.unusual, anew),
    )


def _whole_rows(
    records: list[list[str]], odd: Mapping[int, str], start: int, delimiter: str, width: int
) -> tuple[list[list[str]], int]:
    """The rows below the header, those of another width cut anew where that is certain; and how many were."""
    found = {at: cut_anew(text, delimiter, width) for at, text in odd.items() if at >= start}
    if not any(found.values()):
        return records[start:], 0
    out: list[list[str]] = []
    for at in range(start, len(records)):
        rows = found.get(at) if len(records[at]) != width else None
        out.extend(rows or [records[at]])
    return out, sum(len(rows) for at, rows in found.items() if rows and len(records[at]) != width)


def too_much(name: str, limits: TextLimits) -> InputError:
    """What is said of a text over the limits."""
    return InputError(
        f"{name} has more than {limits.max_rows:,} rows or {limits.max_cells:,} cells; split it or leave out what isn't"
        " planned"
    )


def _beyond(row: Sequence[str], width: int, delimiter: str) -> str:
    """Why a row with more cells than the header can't be trusted."""
    shown = ", ".join(f"'{' '.join(c.split())[:40]}'" for c in [c for c in row[width:] if c.strip()][:3])
    return (
        f"the row has {len(row)} cells but the header {width} (beyond it: {shown}); put quotation marks around"
        f" cells that hold '{delimiter}'"
    )
