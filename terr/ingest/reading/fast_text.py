"""The cells of a long text file, cut by Arrow instead of one by one; what is unclear is left to the slow way.

Both ways give the same cells; a property test holds them together.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from terr.ingest.reading.dialect import cut_anew

MOST_ODD = 5_000
"""Rows of another width than the header's that are mended here; with more of them the slow way is as good."""


_BREAK = re.compile(rb"\r\n|\r|\n")
_TAIL_BYTES = 200_000


@dataclass
class UnevenRows:
    """Rows that are wider or narrower than the header: position among all rows -> their cells.

    Attributes:
        rows: their cells, of the header's width where they could be cut anew.
        lost: whether a row couldn't be read.
        anew: rows that were cut anew.
        joined: whether lines run together by an open quotation mark can be taken apart.
    """

    rows: dict[int, list[str]] = field(default_factory=dict)
    lost: bool = False
    anew: int = 0
    joined: bool = False


def cut(body: bytes, delimiter: str, width: int, longest: int) -> tuple[pa.Table, UnevenRows] | None:
    """Cut UTF-8 text without its header into `width` columns.

    Args:
        body: the text below the header, valid UTF-8 without NUL.
        delimiter: between cells.
        width: cells of the header.
        longest: characters allowed in a cell.

    Returns:
        The rows of the usual width (large_string columns "0", "1", ...; a blank line is a row of blanks) and the odd
        ones, or None if only the slow way can tell what the rows are, or which of them is wrong.
    """
    odd = UnevenRows()

    def strange(row: arrow_csv.InvalidRow) -> str:
        cells = _cells(row.text, delimiter)
        if cells is None or row.number is None or len(odd.rows) >= MOST_ODD:
            odd.lost = True
            return "error"
        again = cut_anew(row.text, delimiter, width)
        if again is not None:
            odd.joined |= len(again) > 1
            odd.anew += 1
            cells = again[0]
        odd.rows[row.number - 1] = cells
        return "skip"

    names = [str(i) for i in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(body),
            # One block: a row can't be torn at its edge; one thread: rows keep their numbers.
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=len(body) + 1, column_names=names),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=strange,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowCapacityError):
        return None
    if odd.lost or not table.num_rows:
        return None
    ended = table.num_rows + len(odd.rows) - 1 in odd.rows  # the last row is an odd one, and was looked at
    if not ended and _open_end(body, table, delimiter):
        return None
    for column in table.columns:
        most = pc.max(pc.utf8_length(column)).as_py() or 0
        if most > longest:
            return None
    if any(len(c) > longest for cells in odd.rows.values() for c in cells):
        return None
    return table, odd


def _cells(line: str, delimiter: str) -> list[str] | None:
    """The cells of one record; None if it isn't exactly one, or its quotation marks leave doubt."""
    try:
        rows = list(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _open_end(body: bytes, table: pa.Table, delimiter: str) -> bool:
    """Whether the text may end inside a quoted cell, which would swallow the rows before it."""
    last = [c[-1].as_py() or "" for c in table.columns]
    if not any(last) and body.endswith((b"\n", b"\r")):
        return False  # an open cell would have swallowed the blank line
    lines = 1 + sum(len(_BREAK.findall(c.encode())) for c in last)
    tail = body[-_TAIL_BYTES:].rstrip(b"\r\n")
    starts = [m.end() for m in _BREAK.finditer(tail)]
    if len(starts) < lines and len(body) > _TAIL_BYTES:
        return True
    record = tail[starts[-lines] :] if len(starts) >= lines else tail
    return _cells(record.decode("utf-8", "replace"), delimiter) is None


def frame(
    table: pa.Table, odd: UnevenRows, names: tuple[str, ...]
) -> tuple[pd.DataFrame, dict[int, list[str]], list[int]]:
    """All rows in the file's order under the columns' names, what stood beyond the width, and which rows were short.

    Returns:
        The text table; row position -> all cells of a row that was too wide; positions of rows that were too narrow but
        had more than one cell. A narrow row is filled up with blanks.
    """
    wide: dict[int, list[str]] = {}
    short: list[int] = []
    if odd.rows:
        width = table.num_columns
        total = table.num_rows + len(odd.rows)
        at = np.array(sorted(odd.rows), dtype=np.int64)
        extra: list[list[str]] = []
        for position in at.tolist():
            cells = odd.rows[position]
            if len(cells) > width:
                if any(c.strip() for c in cells[width:]):
                    wide[position] = cells
            elif 1 < len(cells) < width:
                short.append(position)
            extra.append([*cells[:width], *[""] * (width - len(cells))])
        own = pa.table(
            {n: pa.array([r[i] for r in extra], pa.large_string()) for i, n in enumerate(table.column_names)}
        )
        order = np.empty(total, dtype=np.int64)
        strange = np.zeros(total, dtype=np.bool_)
        strange[at] = True
        order[~strange] = np.arange(table.num_rows)
        order[strange] = table.num_rows + np.arange(len(at))
        table = pa.concat_tables([table, own]).take(pa.array(order))
    return text_frame(dict(zip(names, table.columns, strict=True))), wide, short


def text_frame(columns: dict[str, pa.ChunkedArray]) -> pd.DataFrame:
    """A table of text columns over Arrow's memory, without copying it into Python strings."""
    return pd.DataFrame({n: pd.Series(_text(c)) for n, c in columns.items()}, copy=False)


def _text(column: pa.ChunkedArray) -> pd.api.extensions.ExtensionArray:
    return pa.table({"c": column.cast(pa.large_string())}).to_pandas()["c"].array
