"""Finding the header row of a sheet that may have title rows above it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from terr.errors import InputError
from terr.ingest.cleaning.clean import shorten
from terr.ingest.columns.words import KNOWN, compact

SEARCH_ROWS = 40
"""Rows from the top in which the header must lie."""

_NUMBER = re.compile(r"[\s$€£¥(+-]*\d[\d.,' \u00a0\u202f]*(?:[eE][+-]?\d+)?[\s%€$£)-]*")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T].*)?")
_CODE = re.compile(
    r"(?=.*\d)[A-Za-z]{0,3}[-_ ]?\d[\w-]*|(?=.*\d)(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?"
)
_YEAR = re.compile(r"(?:FY\s?|Q[1-4]\s?)?(?:19|20)\d\d|FY\s?\d\d|Q[1-4]")


def _headerlike(cell: str) -> bool:
    """Whether one filled cell could be a column's name."""
    if len(cell) > 150:
        return False
    if compact(cell) in KNOWN or _YEAR.fullmatch(cell):
        return True
    if not any(c.isalpha() for c in cell):
        return cell in {"#", "№"}
    return not (_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell) or _CODE.fullmatch(cell) or "@" in cell)


def known_words(cells: Sequence[str]) -> int:
    """How many different header words Terr knows stand in `cells`."""
    return len({compact(c) for c in cells} & KNOWN)


def find_header(rows: Sequence[Sequence[str]], what: str) -> int:
    """Position of the header row in `rows` (text cells as they stand; rows may have different lengths).

    The header is the first row in which most columns are filled with different names and no cell looks like data;
    of several such rows at the top, one with known words goes before one without.

    Args:
        rows: the first rows of the table.
        what: the file or sheet, for messages.

    Raises:
        InputError: if no row looks like a header; says what the first row looks like instead.
    """
    top = [[c.strip() for c in row] for row in rows[:SEARCH_ROWS]]
    widths = Counter(sum(map(bool, row)) for row in top if any(row))
    if not widths:
        raise InputError(f"{what} has no cells with text in it; choose a file or sheet that holds the accounts")
    # The usual number of filled cells; the larger one on a tie, since titles and footers are short.
    typical = max(widths, key=lambda w: (widths[w], w))
    best: tuple[int, int] | None = None
    for at, row in enumerate(top):
        filled = [c for c in row if c]
        if not filled:
            continue
        names = len({c.casefold() for c in filled})
        known = known_words(filled)
        odd = sum(not _headerlike(c) for c in filled)
        # A code among names people know ("ZIP3") doesn't make the row data.
        like = not odd or (known >= max(2, 0.4 * len(filled)) and odd <= 0.34 * len(filled))
        enough = len(filled) >= max(1 if typical == 1 else 2, 0.6 * typical) or known >= 3
        if like and enough and names >= 0.6 * len(filled):
            if best is None:
                best = (at, known)
                if known >= 2:
                    break
            elif known >= 2:
                best = (at, known)
                break
        elif not like and enough and best is not None:
            break  # data has begun
    if best is None:
        first = next(i for i, row in enumerate(top) if sum(map(bool, row)) >= min(2, typical))
        if _over_figures(top, first):
            return first
        shown = shorten(", ".join(c for c in top[first] if c), 80)
        raise InputError(
            f"{what} has no header row: row {first + 1} looks like data ({shown}); add a row with the columns'"
            " names on top"
        )
    return best[0]


@dataclass(frozen=True)
class Header:
    """A table's header.

    Attributes:
        at: position of its last row.
        cells: the columns' names as they stand, of two rows joined where one alone doesn't name them.
        upper: position of the row above that took part, or -1.
    """

    at: int
    cells: tuple[str, ...]
    upper: int = -1


def _over_figures(top: Sequence[Sequence[str]], at: int) -> bool:
    """Whether a row of different words, though some look like codes ("pop2020"), stands over a column of figures."""
    row, below = top[at], [r for r in top[at + 1 :] if any(r)]
    words = [bool(re.match(r"[A-Za-z]", c)) and "@" not in c and not _DATE.fullmatch(c) for c in row if c]
    if not below or not all(words) or len({c.casefold() for c in row if c}) < len(words):
        return False
    return any(
        cell and len(found) >= 1 and all(map(_NUMBER.fullmatch, found))
        for k, cell in enumerate(row)
        for found in [[r[k] for r in below if k < len(r) and r[k]]]
    )


def header_like(rows: Sequence[Sequence[str]]) -> list[int]:
    """Positions near the top whose filled cells could all be names of columns: at least two, all different."""
    out = []
    for at, row in enumerate(rows[:SEARCH_ROWS]):
        filled = [c.strip() for c in row if c.strip()]
        names = len({c.casefold() for c in filled})
        if len(filled) >= 2 and names >= 0.6 * len(filled) and all(map(_headerlike, filled)):
            out.append(at)
    return out


def read_header(rows: Sequence[Sequence[str]], what: str, given: int | None = None) -> Header:
    """The header of a table, also where it takes two rows or has merged cells.

    Args:
        rows: the first rows of the table, text cells as they stand.
        what: the file or sheet, for messages.
        given: position the person chose, else it is found.

    Raises:
        InputError: if no row looks like a header, or the given one is blank or isn't there.
    """
    if given is not None:
        if not 0 <= given < len(rows) or not any(c.strip() for c in rows[given]):
            raise InputError(f"{what} has no header in the row you chose; choose a row that holds the columns' names")
        return Header(given, tuple(rows[given]))
    at = find_header(rows, what)
    return _below(rows, at) or _above(rows, at) or Header(at, tuple(rows[at]))


def _groups(cells: Sequence[str], width: int) -> list[str]:
    """Merged cells as a file writes them, the first filled and the rest blank, filled to the right."""
    out, last = [], ""
    for at in range(width):
        last = (cells[at].strip() if at < len(cells) else "") or last
        out.append(last)
    return out


def _joined(groups: Sequence[str], lower: Sequence[str]) -> tuple[str, ...]:
    """Names from a lower row: alone where known and unlike the others, else behind their group's name."""
    times = Counter(c.strip().casefold() for c in lower if c.strip())
    out = []
    for group, cell in zip(groups, lower, strict=True):
        name = cell.strip()
        alone = times[name.casefold()] == 1 and compact(name) in KNOWN
        out.append(group if not name else name if alone or not group else f"{group} {name}")
    return tuple(out)


def _below(rows: Sequence[Sequence[str]], at: int) -> Header | None:
    """A header whose merged cells have their own names in the row below."""
    if at + 2 >= len(rows):
        return None
    upper, lower = ([c.strip() for c in rows[k]] for k in (at, at + 1))
    width = max(len(upper), len(lower))
    upper, lower = (r + [""] * (width - len(r)) for r in (upper, lower))
    under = [c for c in lower if c]
    if not under or not all(map(_headerlike, under)) or not all(u or c for u, c in zip(upper, lower, strict=True)):
        return None
    for k in range(width):
        merged = not upper[k] or (k + 1 < width and not upper[k + 1] and bool(lower[k + 1]))
        if lower[k] and not merged:
            return None  # a name under a name of its own: the row is data
    if all(upper):
        return None
    return Header(at + 1, _joined(_groups(upper, width), lower), at)


def _above(rows: Sequence[Sequence[str]], at: int) -> Header | None:
    """A header under a row of merged cells, taken in where names repeat or are missing."""
    if at == 0:
        return None
    lower = [c.strip() for c in rows[at]]
    upper = [c.strip() for c in rows[at - 1]][: len(lower)]
    upper += [""] * (len(lower) - len(upper))
    times = Counter(c.casefold() for c in lower if c)
    repeated = any(n > 1 for n in times.values())
    missing = any(u and not c for u, c in zip(upper, lower, strict=True))
    if sum(map(bool, upper)) < 2 or not (repeated or missing) or not all(_headerlike(c) for c in upper if c):
        return None
    groups = _groups(upper, len(lower))
    out = []
    for group, own, name in zip(groups, upper, lower, strict=True):
        if not name:
            out.append(own)
        else:
            out.append(f"{group} {name}" if times[name.casefold()] > 1 and group else name)
    return Header(at, tuple(out), at - 1)


def unique_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Column names from header cells: one line each, made unique ("Name", "Name (2)"); an unnamed one is "Column 5"."""
    out: list[str] = []
    seen: set[str] = set()
    for at, cell in enumerate(cells):
        base = " ".join(cell.replace("\x00", " ").split()) or f"Column {at + 1}"
        name, n = base, 1
        while name in seen:
            n += 1
            name = f"{base} ({n})"
        seen.add(name)
        out.append(name)
    return tuple(out)
