"""How a delimited text quotes its cells, where it doesn't do it as most do; and single rows that can be cut anew."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable

_SAMPLE_CHARS, _PIECE_CHARS = 200_000, 3_000
_ESCAPED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')
_LONGEST = 100_000  # characters of a record that is cut anew
_MOST_LINES = 200

Score = Callable[[str], float]


def usual_quotes(text: str, score: Score) -> tuple[str, str]:
    """The text with its cells quoted as RFC 4180 has it, and what was unusual about it ("" if nothing).

    Each way is judged at the beginning of the text, and where its marks come first and last in the rest.

    Args:
        text: the file, without Excel's "sep=" line.
        score: how evenly a sample is cut into rows, 0 if it isn't cut at all.
    """
    if "'" in text:
        delimiter = _single_quoted(text, score)
        if delimiter:
            return _double_quoted(text, delimiter), "cells stand in single quotation marks"
    if '"' not in text:
        return text, ""
    if '\\"' in text and _better(text, '\\"', _plain_quotes, score):
        return _plain_quotes(text), 'a quotation mark inside a cell is written as \\"'
    if _wrapped(_pieces(text)[0]) and _better(text, "", _bare_lines, score):
        return _bare_lines(text), "each line as a whole stands in quotation marks"
    spaced = _SPACED.search(_pieces(text)[0]) is not None
    mark = next((m for m in _BLANKS if m in text), "")  # a look for every pattern takes a second in a large file
    if (spaced or mark) and _better(text, mark, _close_up, score):
        return _close_up(text), "blanks stand between the cells and their quotation marks"
    return text, ""


def _pieces(text: str, mark: str = "") -> list[str]:
    """Whole lines of a text: its beginning, and around the first and last places of a mark behind that."""
    if len(text) <= _SAMPLE_CHARS:
        return [text]
    head = text[: text.rfind("\n", 0, _SAMPLE_CHARS) + 1] or text[:_SAMPLE_CHARS]
    out = [head]
    for at in {text.find(mark, len(head)), text.rfind(mark, len(head))} - {-1} if mark else ():
        start = text.rfind("\n", 0, max(0, at - _PIECE_CHARS)) + 1
        end = text.find("\n", at + _PIECE_CHARS)
        out.append(text[start : end if end > 0 else len(text)])
    return out


def _better(text: str, mark: str, change: Callable[[str], str], score: Score) -> bool:
    """Whether the text is cut more evenly after a change, and nowhere less."""
    pairs = [(score(change(piece)), score(piece)) for piece in _pieces(text, mark)]
    return all(after >= before for after, before in pairs) and any(after > before for after, before in pairs)


_DELIMITED = re.compile(r"([,;\t|])'")
_QUOTED_CELL = re.compile(r"(?:^|(?<=[,;\t|]))'(?:[^'\n]|'')*'(?=[,;\t|\r\n]|$)", re.MULTILINE)


def _single_quoted(text: str, score: Score) -> str:
    """The delimiter of a text whose cells stand in single quotation marks; "" if they don't.

    Marks round most cells tell, or round those alone that hold the delimiter: the text is then cut better with them.
    """
    head = _pieces(text)[0]
    if '"' in head and _CLOSED.search(head):
        return ""
    before = Counter(_DELIMITED.findall(head))
    delimiter = max(before, key=lambda d: before[d]) if before else ""
    cells = _QUOTED_CELL.findall(head) if delimiter else []
    if not cells:
        return ""
    lines = [line for line in head.splitlines() if line.strip()]
    whole = sum(bool(_QUOTED_CELL.search(line)) for line in lines)
    if whole > 0.9 * len(lines) and _QUOTED_CELL.match(lines[0]):
        return delimiter
    if not any(delimiter in cell for cell in cells):
        return ""
    return delimiter if _better(text, f"{delimiter}'", lambda piece: _double_quoted(piece, delimiter), score) else ""


_CLOSED = re.compile(r'(?:^|[,;\t|])"[^"\n]*"(?=[,;\t|\r\n]|$)', re.MULTILINE)


def _double_quoted(text: str, delimiter: str) -> str:
    """The text with its single quotation marks as double ones; as it is if it can't be cut."""
    out = io.StringIO(newline="")
    rows = csv.reader(io.StringIO(text.replace("\\'", "''"), newline=""), delimiter=delimiter, quotechar="'")
    try:
        csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    except csv.Error:
        return text
    return out.getvalue()


_BLANKS = (', "', '; "', '| "')
_SPACED = re.compile(r'(?<=[,;\t|])[ \t]+(?=")')


def _plain_quotes(text: str) -> str:
    return _ESCAPED.sub(r'\1""', text)


def _close_up(text: str) -> str:
    return _SPACED.sub("", text)


def _wrapped(sample: str) -> bool:
    """Whether most lines begin and end with a quotation mark and hold one cell."""
    lines = [line for line in sample.splitlines()[:300] if line.strip()]
    return bool(lines) and sum(line[:1] == line[-1:] == '"' for line in lines) > 0.5 * len(lines)


def _bare_lines(text: str) -> str:
    """Each record of one cell as the line it holds."""
    out = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter="\x1f"):
            out.append(row[0] if len(row) == 1 else "\x1f".join(row))
    except csv.Error:
        return text
    return "\r\n".join(out) + "\r\n"


def cut_anew(record: str, delimiter: str, width: int) -> list[list[str]] | None:
    """The rows of a record that was cut into another width than the header's; None if they can't be told for certain.

    Three ways are tried: the whole line stands in quotation marks; marks inside a cell aren't doubled; a mark opened
    and never closed has joined several lines. Every row must then have the header's width.
    """
    if '"' not in record or len(record) > _LONGEST:
        return None
    line = record.rstrip("\r\n")
    inner = _cells(line, delimiter)
    if inner is not None and len(inner) == 1 and delimiter in inner[0]:
        cells = _cells(inner[0], delimiter)
        if cells is not None and len(cells) == width:
            return [cells]
    lines = line.splitlines()
    if 1 < len(lines) <= _MOST_LINES:
        rows = [_cells(one, delimiter, strict=True) or _loosely(one, delimiter) for one in lines if one.strip()]
        if all(len(r) == width for r in rows):
            return rows
    cells = _loosely(line, delimiter)
    return [cells] if len(cells) == width else None


def _cells(line: str, delimiter: str, *, strict: bool = False) -> list[str] | None:
    try:
        rows = list(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, strict=strict))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _loosely(line: str, delimiter: str) -> list[str]:
    """The cells of a line in which a mark ends a cell only before a delimiter or the end."""
    out, at, end = [], 0, len(line)
    closing = f'"{delimiter}'
    while True:
        start = at
        while start < end and line[start] == " " and delimiter != " ":
            start += 1
        if line.startswith('"', start):
            close = line.find(closing, start + 1)
            if close < 0 and line.endswith('"') and end - 1 > start:
                close = end - 1
            if close >= 0:
                out.append(line[start + 1 : close].replace('""', '"'))
                at = close + 1
                if at >= end:
                    return out
                at += 1
                continue
        stop = line.find(delimiter, at)
        if stop < 0:
            out.append(line[at:])
            return out
        out.append(line[at:stop])
        at = stop + 1
