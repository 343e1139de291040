"""Delimited text: which character separates the cells, and the cells."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from terr.errors import InputError
from terr.ingest.reading.dialect import usual_quotes

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARS = 200_000
_SAMPLE_ROWS = 300
_FIRST_CHARS = 1_000_000
MOST_ODD = 5_000
"""Records of another width than most whose text is kept, to be cut anew."""
_RARE = ("^", "~", "\x1f", "\xa6", "\xa7", ":")
_SEP = re.compile(r'"?sep=([^\w\s"]|\t|\x1f)"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)


@dataclass(frozen=True)
class TextTable:
    """Cells of a text file.

    Attributes:
        rows: one list of cells per record, as they stand; blank lines are empty lists.
        delimiter: the character between cells.
        first_row: 1-based number of the first record (2 if a "sep=;" line was skipped).
        odd: position of a record -> its text, where it has quotation marks and another number of cells than most.
        unusual: what is unusual about how cells are quoted, "" if nothing.
    """

    rows: list[list[str]]
    delimiter: str
    first_row: int
    odd: Mapping[int, str] = field(default_factory=dict)
    unusual: str = ""


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


def _widths(sample: str, delimiter: str) -> Iterator[int]:
    """Cells of the rows of a sample that aren't blank, as far as it can be cut."""
    try:
        for at, row in enumerate(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)):
            if any(c.strip() for c in row):
                yield len(row)
            if at >= _SAMPLE_ROWS:
                return
    except csv.Error:
        return


def _cuts_all(sample: str, delimiter: str) -> bool:
    widths = set(_widths(sample, delimiter))
    return len(widths) == 1 and max(widths) > 1


def _cuts_first(sample: str, delimiter: str) -> bool:
    return next(_widths(sample, delimiter), 1) > 1


def find_delimiter(text: str) -> str:
    """The character that cuts the text into the most even and widest rows; a comma if none does."""
    sample = text[:_SAMPLE_CHARS]
    if len(text) > _SAMPLE_CHARS:
        sample = sample[: sample.rfind("\n") + 1] or sample
    scores = {d: _score(sample, d)[0] for d in DELIMITERS}
    # A list in one cell is cut into more pieces than a row, but the first row isn't: what cuts all rows comes first.
    whole = [d for d in DELIMITERS if _cuts_all(sample, d)]
    if whole:
        scores = {d: score if d in whole or _cuts_first(sample, d) else 0.0 for d, score in scores.items()}
    best = max(DELIMITERS, key=lambda d: scores[d])
    for rare in _RARE:
        # A colon stands in times and addresses too: such a character must cut every row, into several cells.
        score, width = _score(sample, rare) if scores[best] < 1 and rare in sample else (0.0, 0)
        if width > 2 and score >= width**0.5 and score > 2 * scores[best]:
            return rare
    return best if scores[best] > 0 else ","


def _evenness(sample: str) -> float:
    delimiter = find_delimiter(sample)
    return _score(sample, delimiter)[0]


@dataclass(frozen=True)
class Separated:
    """A text ready to be cut.

    Attributes:
        text: without Excel's "sep=;" line, its cells quoted as usual.
        delimiter: between cells.
        first_row: 1-based number of its first row.
        unusual: what was unusual about how cells are quoted, "" if nothing.
    """

    text: str
    delimiter: str
    first_row: int
    unusual: str


def separated(text: str, chosen: str | None = None) -> Separated:
    """The text without Excel's "sep=;" line and with usual quotation marks, and the character between its cells.

    Args:
        text: the whole file.
        chosen: the character, if a person named it.
    """
    given = _SEP.match(text)
    rest = text[given.end() :] if given else text
    if chosen is not None:
        plain, unusual = usual_quotes(rest, lambda sample: _score(sample, chosen)[0])
        return Separated(plain, chosen, 2 if given else 1, unusual)
    if given:
        delimiter = given.group(1)
        plain, unusual = usual_quotes(rest, lambda sample: _score(sample, delimiter)[0])
        return Separated(plain, delimiter, 2, unusual)
    plain, unusual = usual_quotes(rest, _evenness)
    return Separated(plain, find_delimiter(plain), 1, unusual)


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
    text: str,
    filename: str,
    *,
    max_rows: int,
    max_columns: int,
    max_cell_chars: int,
    max_cells: int,
    delimiter: str | None = None,
) -> TextTable:
    """Cut a text into cells; by default the delimiter is the one that cuts it best.

    Quoted cells may hold delimiters, line ends and doubled quotation marks.

    Raises:
        InputError: more rows, columns or characters in a cell than allowed; a quotation mark that is never closed.
    """
    made = separated(text, delimiter)
    text, delimiter, first_row = made.text, made.delimiter, made.first_row
    usual = _score(text[:_SAMPLE_CHARS], delimiter)[1]
    lines = _Lines(text)
    odd: dict[int, str] = {}
    first = 0
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
            first = first or (len(row) if len(row) > 1 else 0)
            if (len(row) != usual or len(row) != first) and len(odd) < MOST_ODD and any('"' in line for line in last):
                odd[len(rows) - 1] = "".join(last)
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
    return TextTable(rows, delimiter, first_row, odd, made.unusual)


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
