"""What a sheet says beside its cells' values: merged and hidden cells, formats, errors, formulas without a result."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

import numpy as np
from numpy.typing import NDArray

from terr.ingest.reading.number_formats import NumberLook
from terr.ingest.reading.package import attributes

_HIDDEN = re.compile(rb"row [^<>]*?\bhidden\s*=\s*[\"'](?:1|true)[\"'][^<>]*>")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b[^<>]*>")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^<>]*>")
_RANGE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7}):\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_CELL = re.compile(rb"<(?:\w+:)?c\b[^<>]*>")
_REF = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")
_MOST_MERGED = 200_000
_CELL_START = re.compile(rb"<(?:\w+:)?c(?=[\s>])")
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]+)</")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^<>]*(?:/>|>([^<]*)</)")


@dataclass(frozen=True, eq=False)
class SheetMarks:
    """What stands around the cells of a sheet; positions are 0-based.

    Attributes:
        merged: (first row, last row, first column, last column) of merged cells.
        hidden_rows: rows nobody sees.
        hidden_columns: columns nobody sees.
        filtered: whether a filter hides rows.
        looks: format -> what it shows.
        styled: format -> (rows, columns) of the cells that have it.
    """

    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    filtered: bool = False
    looks: Mapping[int, NumberLook] = field(default_factory=dict)
    styled: Mapping[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=dict)


NO_MARKS = SheetMarks()


def column_number(letters: str) -> int:
    """0-based column of "A", "XFD"."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def sheet_marks(xml: bytes, looks: Mapping[int, NumberLook]) -> SheetMarks:
    """The marks of a sheet's part.

    Args:
        xml: the part, unpacked.
        looks: formats that show something, of `terr.ingest.reading.number_formats.looks_of`.
    """
    start, end = xml.find(b"sheetData"), xml.rfind(b"sheetData")
    head, tail = xml[: max(0, start)][:200_000], xml[max(0, end) :][:20_000_000]
    hidden = []
    if b"hidden" in xml:
        for found in _HIDDEN.finditer(xml):
            number = attributes(found.group(0)).get("r", "")
            if number.isdecimal() and len(number) < 8:
                hidden.append(int(number) - 1)
    columns: set[int] = set()
    for column in map(attributes, _COLUMN.findall(head)):
        low, high = column.get("min", ""), column.get("max", "")
        if column.get("hidden") in {"1", "true"} and low.isdecimal() and high.isdecimal() and len(high) < 8:
            columns.update(range(int(low) - 1, min(int(high), 16_384)))
    filtered = b"filterColumn" in tail
    return SheetMarks(
        _merged(tail), tuple(sorted(set(hidden))), tuple(sorted(columns)), filtered, looks, _styled(xml, looks)
    )


def _merged(tail: bytes) -> tuple[tuple[int, int, int, int], ...]:
    out = []
    for tag in _MERGED.findall(tail)[:_MOST_MERGED]:
        ref = _RANGE.fullmatch(attributes(tag).get("ref", ""))
        if ref is not None:
            left, top, right, bottom = ref.groups()
            out.append((int(top) - 1, int(bottom) - 1, column_number(left), column_number(right)))
    return tuple(out)


def _styled(xml: bytes, looks: Mapping[int, NumberLook]) -> dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Format -> where it is, of the formats that show something."""
    out = {}
    for style in looks:
        if b's="%d"' % style not in xml and b"s='%d'" % style not in xml:
            continue
        # as every spreadsheet writes it: a reference, then the style
        found = re.findall(rb'r="([A-Z]{1,3})([0-9]{1,7})" s="%d"' % style, xml)
        if not found:
            found = _slowly(xml, style)
        if not found:
            continue
        letters = np.array([f[0] for f in found], dtype="S3")
        kinds, code = np.unique(letters, return_inverse=True)
        columns = np.array([column_number(k.decode()) for k in kinds], dtype=np.int64)[code]
        rows = np.array([f[1] for f in found], dtype="S7").astype(np.int64) - 1
        out[style] = (rows, columns)
    return out


def _slowly(xml: bytes, style: int) -> list[tuple[bytes, bytes]]:
    """The references of cells of a format in a file that writes its attributes in another order."""
    out = []
    for tag in _CELL.findall(xml):
        found = attributes(tag)
        ref = _REF.fullmatch(found.get("r", ""))
        if ref is not None and found.get("s") == str(style):
            out.append((ref.group(1).encode(), ref.group(2).encode()))
    return out


def fill_merged(
    columns: list[list[str]],
    numeric: list[NDArray[np.bool_]],
    marks: SheetMarks,
    head: int,
    figure: Callable[[int], bool],
) -> dict[int, int]:
    """Write the text of cells merged downwards into each of their rows, in place; column -> cells filled.

    A figure stands for its rows together, so it isn't repeated; codes and places are.

    Args:
        columns, numeric: the sheet's cells and which are numbers.
        marks: of the sheet.
        head: position of the header, which keeps its own merged cells.
        figure: whether a column's numbers are figures rather than codes.
    """
    filled: dict[int, int] = {}
    for top, bottom, left, _ in marks.merged:
        if left >= len(columns) or top <= head or bottom <= top:
            continue
        cells, typed = columns[left], numeric[left]
        last = min(bottom, len(cells) - 1)
        if top > last or not cells[top].strip() or (typed[top] and figure(left)):
            continue
        for row in range(top + 1, last + 1):
            if not cells[row]:
                cells[row], typed[row] = cells[top], typed[top]
                filled[left] = filled.get(left, 0) + 1
    return filled


def blind_cells(xml: bytes) -> Iterator[tuple[int, int, str]]:
    """Yields (0-based row, 0-based column, text) of cells whose content the reader drops.

    The text is the error as Excel shows it ("#DIV/0!") or the formula that has no saved result ("=B2*2"), so that the
    row comes back with a reason instead of a silent blank.

    Args:
        xml: the sheet's part, unpacked.
    """
    if b't="e"' not in xml and b"t='e'" not in xml and not re.search(rb"<(?:\w+:)?f[ />]", xml):
        return  # the usual case: no formula, no error
    # Cut at cells rather than matched from start to end: linear even for hostile XML.
    for cell in _CELL_START.split(xml)[1:]:
        tag, _, inner = cell.partition(b">")
        if tag.endswith(b"/") or (b't="e"' not in tag and b"t='e'" not in tag and b"f" not in inner):
            continue
        found = attributes(tag)
        ref = _REF.fullmatch(found.get("r", ""))
        if ref is None:
            continue
        value, formula = _VALUE.search(inner), _FORMULA.search(inner)
        if found.get("t") == "e" and value:
            text = value.group(1).decode("utf-8", "replace")
        elif formula and not value and found.get("t") != "inlineStr":
            text = "=" + unescape((formula.group(1) or b"...").decode("utf-8", "replace"))[:200]
        else:
            continue
        column = 0
        for letter in ref.group(1).upper():
            column = column * 26 + ord(letter) - 64
        yield int(ref.group(2)) - 1, column - 1, text
