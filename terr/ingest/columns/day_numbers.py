"""Days as Excel counts them, where a workbook's dates were saved without their format."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd

from terr.ingest.columns.words import tokens

DAYS = "days:"
"""What the key of the question about day numbers begins with."""
_DAY = r"[0-9]{5}(?:\.[0-9]+)?"
"""A date as Excel counts days: 45292 is January 1, 2024."""
_EPOCH = dt.date(1899, 12, 30)
_DATED, _RECENT = (20_000, 60_000), (36_526, 47_848)
"""Days of 1954 to 2064 where a header speaks of dates, of 2000 to 2030 where it doesn't."""
_DATE_WORDS = frozenset(
    "date datum fecha data modified created updated since until activity renewal expires expiry expiration due closed"
    " opened joined hired seen contacted visited touched purchased ordered signed geburtstag birthday deadline".split()
)


def speaks_of_dates(header: str) -> bool:
    """Whether a header has a word such as "date", "created" or "renewal"."""
    return bool(set(tokens(header)) & _DATE_WORDS)


def day_numbers(cells: pd.Series, header: str) -> bool:
    """Whether all filled cells of a column are days as Excel counts them, by its header or by their narrow range.

    Args:
        cells: trimmed text.
        header: of the column.
    """
    filled = cells[cells != ""]
    if not len(filled) or not bool(filled.str.fullmatch(_DAY).all()):
        return False
    named = speaks_of_dates(header)
    low, high = _DATED if named else _RECENT
    days = filled.astype("float64")
    return bool(((days >= low) & (days <= high)).all()) and (named or filled.nunique() >= 3)


def date_of_day(cell: str) -> str | None:
    """The date, year first, of a cell that counts days; None if it doesn't."""
    if not re.fullmatch(_DAY, cell):
        return None
    return (_EPOCH + dt.timedelta(days=int(float(cell)))).isoformat()
