"""Finding the header row of a sheet that may have title rows above it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from terr.errors import InputError
from terr.ingest.words import KNOWN, compact

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
        shown = ", ".join(c for c in top[first] if c)[:80]
        raise InputError(
            f"{what} has no header row: row {first + 1} looks like data ({shown}); add a row with the columns'"
            " names on top"
        )
    return best[0]


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
