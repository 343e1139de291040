"""Delimited text: which character separates the cells, and the cells."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from terr.errors import InputError

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARS = 200_000
_SAMPLE_ROWS = 300
_FIRST_CHARS = 1_000_000
_SEP = re.compile(r'"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)


@dataclass(frozen=True)
class TextTable:
    """Cells of a text file.

    Attributes:
        rows: one list of cells per record, as they stand; blank lines are empty lists.
        delimiter: the character between cells.
        first_row: 1-based number of the first record (2 if a "sep=;" line was skipped).
    """

    rows: list[list[str]]
    delimiter: str
    first_row: int


class _Lines:
    """Lines of a text that remember those of the record being read, to tell an unclosed quotation mark."""

    def __init__(self, text: str) -> None:
        # newline="" keeps line ends, as the csv module asks.
        self._lines = io.StringIO(text, newline="")
        self.record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.record.append(line)
        return line


def _score(sample: str, delimiter: str) -> tuple[float, int]:
    """How well a delimiter cuts the sample into rows of one width; and that width."""
    widths: list[int] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if any(c.strip() for c in row):
                widths.append(len(row))
            if len(widths) >= _SAMPLE_ROWS:
                break
    except csv.Error:
        return 0.0, 1
    many = Counter(w for w in widths if w > 1)
    if not many:
        return 0.0, 1
    width = max(many, key=lambda w: (many[w] * w**0.5, w))
    share = many[width] / len(widths)
    # Decimal commas also cut rows evenly, but not the header: the first row cut at all must have the usual width.
    first = next(w for w in widths if w > 1)
    headed = 1.0 if first == width and widths[0] >= width else 0.8 if first == width else 0.6
    return share * headed * width**0.5, width


def find_delimiter(text: str) -> str:
    """The character that cuts the text into the most even and widest rows; a comma if none does."""
    sample = text[:_SAMPLE_CHARS]
    if len(text) > _SAMPLE_CHARS:
        sample = sample[: sample.rfind("\n") + 1] or sample
    scores = {d: _score(sample, d)[0] for d in DELIMITERS}
    best = max(DELIMITERS, key=lambda d: scores[d])
    return best if scores[best] > 0 else ","


def separated(text: str) -> tuple[str, str, int]:
    """The text without Excel's "sep=;" line, the character between cells, and the 1-based number of its first row."""
    given = _SEP.match(text)
    if given:
        return text[given.end() :], given.group(1), 2
    return text, find_delimiter(text), 1


def first_records(text: str, delimiter: str, most: int) -> tuple[list[list[str]], list[int]]:
    """The first records of a text, and the position in the text behind each; fewer if they are very long or broken."""
    whole = text[:_FIRST_CHARS]
    lines = _Lines(whole if len(whole) == len(text) else whole[: whole.rfind("\n") + 1])
    rows: list[list[str]] = []
    ends: list[int] = []
    end = 0
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            end += sum(map(len, lines.record))
            lines.record = []
            rows.append(row)
            ends.append(end)
            if len(rows) >= most:
                break
    except csv.Error:
        pass
    return rows, ends


def read_text(
    text: str, filename: str, *, max_rows: int, max_columns: int, max_cell_chars: int, max_cells: int
) -> TextTable:
    """Cut a text into cells. Quoted cells may hold delimiters, line ends and doubled quotation marks.

    Raises:
        InputError: more rows, columns or characters in a cell than allowed; a quotation mark that is never closed.
    """
    text, delimiter, first_row = separated(text)
    lines = _Lines(text)
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            rows.append(row)
            cells += len(row)
            if len(rows) > max_rows + 100 or cells > max_cells:  # titles and footers don't count
                raise InputError(
                    f"{filename} has more than {max_rows:,} rows or {max_cells:,} cells;"
                    " split it or leave out what isn't planned"
                )
            if len(row) > max_columns:
                raise InputError(
                    f"{filename} has {len(row):,} columns in row {len(rows) + first_row - 1}, more than"
                    f" {max_columns:,};"
                    " keep only the columns you plan with"
                )
            last, lines.record = lines.record, []
            # A record can't have a longer cell than itself, and most records are short.
            if sum(map(len, last)) > max_cell_chars and max(map(len, row), default=0) > max_cell_chars:
                raise _too_long(filename, len(rows) + first_row - 1, max_cell_chars)
    except csv.Error as error:
        if "field larger" in str(error):
            raise _too_long(filename, len(rows) + first_row, max_cell_chars) from error
        raise InputError(
            f"{filename} can't be read at row {len(rows) + first_row}: {error}; save it again as CSV"
        ) from error
    if rows and _open_quote(last, delimiter):
        raise InputError(
            f"{filename}: a quotation mark opened in row {len(rows) + first_row - 1} is never closed, so the"
            " rows after it"
            " run together; close or remove it"
        )
    return TextTable(rows, delimiter, first_row)


def _too_long(filename: str, row: int, limit: int) -> InputError:
    return InputError(
        f"{filename}: a cell in row {row} has more than {limit:,} characters; a quotation mark there is"
        " probably not closed"
    )


def _open_quote(record: list[str], delimiter: str) -> bool:
    """Whether the last record ends inside a quoted cell (the csv module closes it silently)."""
    try:
        list(csv.reader(record, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False
