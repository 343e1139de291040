"""Old workbooks (.xls): a look at their sizes before any parser, and the marks of a sheet by xlrd.

The cells themselves are read elsewhere.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import numpy as np
import xlrd
from xlrd.compdoc import CompDoc, CompDocError

from terr.errors import InputError
from terr.ingest.reading.number_formats import NumberLook, look_of
from terr.ingest.reading.sheet_marks import SheetMarks

_UNREADABLE = (
    xlrd.XLRDError,
    CompDocError,
    struct.error,
    LookupError,
    ValueError,
    AssertionError,
    ArithmeticError,
    TypeError,
    AttributeError,
)
"""What xlrd raises at records it doesn't understand; nothing else is taken for a damaged file."""
_BOUNDSHEET, _DIMENSIONS, _EOF, _STRINGS = 0x85, 0x200, 0x0A, 0xFC
_CELLS = frozenset((0x06, 0xD6, 0xFD, 0x201, 0x203, 0x204, 0x205, 0x27E))
_RUNS = frozenset((0xBD, 0xBE))
"""Records of one cell, and of several of a row."""
_BACKWARDS = 1 << 62
"""Cells of a sheet that ends before it begins."""


def check_old_book(data: bytes, filename: str, most_cells: int) -> None:
    """Refuse a workbook that says it is larger than it can be: its reader would lay out whatever the file declares.

    Args:
        data: the file, an OLE container.
        filename: for messages.
        most_cells: rows x columns of all sheets together.

    Raises:
        InputError: such a workbook, or a container that can't be opened.
    """
    broken = f"{filename} is a broken workbook; open it in Excel and save it again"
    try:
        container = CompDoc(data, logfile=io.StringIO(), ignore_workbook_corruption=True)
        found = [container.locate_named_stream(name) for name in ("Workbook", "Book")]
    except _UNREADABLE as error:
        raise InputError(broken) from error
    area = 0
    for memory, start, length in found:
        if memory is None:
            continue
        stream = bytes(memory[start : start + length])
        sheets = []
        for kind, body in _records(stream, 0):
            if kind == _BOUNDSHEET and len(body) >= 4:
                sheets.append(struct.unpack_from("<I", body)[0])
            elif kind == _STRINGS and len(body) >= 8 and 3 * struct.unpack_from("<I", body, 4)[0] > length:
                raise InputError(broken)  # a string takes three bytes at least
        area += sum(_area(stream, at) for at in set(sheets))
    if area >= _BACKWARDS:
        raise InputError(broken)
    if area > most_cells:
        raise InputError(
            f"{filename} spans {area:,} cells, more than {most_cells:,}; delete blank rows and columns at the end,"
            " or save the sheet as CSV"
        )


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """(kind, content) of the records from a position to the end of that part."""
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        if kind == _EOF:
            return
        at += 4 + length


def _area(stream: bytes, at: int) -> int:
    """Cells that a sheet's reader lays out: those it declares, and from the first to the last that are there."""
    declared, top, bottom, left, right = 0, 1 << 16, -1, 1 << 16, -1
    for kind, body in _records(stream, at):
        if kind == _DIMENSIONS and len(body) in {10, 14}:
            first, last, low, high = struct.unpack_from("<IIHH" if len(body) == 14 else "<HHHH", body)
            declared = max(declared, _BACKWARDS if last < first or high < low else (last - first) * (high - low))
        elif (kind in _CELLS or kind in _RUNS) and len(body) >= 6:
            row, column = struct.unpack_from("<HH", body)
            end = struct.unpack_from("<H", body, len(body) - 2)[0] if kind in _RUNS else column
            top, bottom = min(top, row), max(bottom, row)
            left, right = min(left, column), max(right, column, end)
    return max(declared, max(0, bottom - top + 1) * max(0, right - left + 1))


def old_sheet_marks(data: bytes, sheet: str) -> SheetMarks | None:
    """Merged cells, hidden rows and columns, and formats of a sheet; None if xlrd can't read them.

    The cells themselves come from another reader, so a file that xlrd refuses is still read, without its formats.
    """
    try:
        book = xlrd.open_workbook(
            file_contents=data, logfile=io.StringIO(), formatting_info=True, on_demand=True, ragged_rows=True
        )
        one = book.sheet_by_name(sheet)
        kinds: dict[int, NumberLook] = {}
        for at, style in enumerate(book.xf_list):
            form = book.format_map.get(style.format_key)
            look = look_of(form.format_str) if form is not None and form.format_str else NumberLook()
            if look:
                kinds[at] = look
        places: dict[int, tuple[list[int], list[int]]] = {}
        for row in range(one.nrows if kinds else 0):
            for column in range(one.row_len(row)):
                style = one.cell_xf_index(row, column)
                if style in kinds:
                    rows, columns = places.setdefault(style, ([], []))
                    rows.append(row)
                    columns.append(column)
        hidden = [r for r, info in one.rowinfo_map.items() if info.hidden]
        columns = [c for c, info in one.colinfo_map.items() if info.hidden and c < one.ncols]
        merged = tuple((top, bottom - 1, left, right - 1) for top, bottom, left, right in one.merged_cells)
    except _UNREADABLE:
        return None
    styled = {k: (np.array(r, dtype=np.int64), np.array(c, dtype=np.int64)) for k, (r, c) in places.items()}
    return SheetMarks(merged, tuple(sorted(hidden)), tuple(sorted(columns)), False, kinds, styled)
