"""Cells as days: ISO, month or day first, month names, quarters, and days as Excel counts them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.columns.dates import DATE, iso
from terr.ingest.columns.day_numbers import date_of_day

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T].*)?")
_BARE = re.compile(r"(19|20)\d{6}")
_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
_QUARTER = re.compile(r"(?:FY ?)?(\d{4})[ -]?Q([1-4])|Q([1-4])[ /-]?(?:FY ?)?(\d{4})", re.IGNORECASE)
_NUMBERS = re.compile(DATE)
_NAMED = re.compile(
    r"(?:(?P<d1>\d{1,2})[ .-]*)?(?P<m>[A-Za-zÀ-ÿ]{3,10})\.?[ ,-]*"
    r"(?:(?P<d2>\d{1,2})(?:st|nd|rd|th)?[ ,-]+)?(?P<y>\d{4}|\d{2})(?:[ T,].*)?"
)
_NAMES = {
    name: month
    for month, names in enumerate(
        "jan januar januari janvier enero,feb februar fevrier février febrero,mar marz märz mars marzo,apr avr avril"
        " abril,may mai mayo,jun juni juin junio,jul juli juil juillet julio,aug aout août agosto,sep sept septembre"
        " septiembre,oct okt oktober octobre octubre,nov novembre noviembre,dec dez dezember décembre diciembre".split(
            ","
        ),
        start=1,
    )
    for name in names.split()
}


@dataclass(frozen=True, eq=False)
class Days:
    """A column of days.

    Attributes:
        days: datetime64[D] (rows,), NaT where blank or unreadable.
        bad: int64, positions of cells that are filled and no day.
        order: "mdy" or "dmy", by which cells like 1/2/2024 were read; "" where there are none.
        asked: whether nothing in the column tells the order.
    """

    days: NDArray[np.datetime64]
    bad: NDArray[np.int64]
    order: str
    asked: bool


def read_days(cells: pd.Series, order: str = "") -> Days:
    """Read a column.

    Args:
        cells: trimmed text.
        order: "mdy" or "dmy" as a person said; by default what the cells show (a first figure above 12 is a day),
            else month first, as in the USA.
    """
    word, words = pd.factorize(cells)
    texts = [str(w) for w in words]
    first = second = like = dotted = 0
    for text in texts:
        found = _NUMBERS.fullmatch(text)
        if found:
            like += 1
            first += int(found[1]) > 12
            second += int(found[2]) > 12
            dotted += "." in text
    if like and dotted == like and not second:  # 3.12.2026: who writes points writes the day first
        first = max(first, 1)
    used = order or ("dmy" if first > second else "mdy")
    days = [_day(text, used) for text in texts]
    values = np.array([np.datetime64("NaT") if d is None else np.datetime64(d) for d in days], dtype="datetime64[D]")
    odd = np.array([d is None and t != "" for d, t in zip(days, texts, strict=True)], dtype=np.bool_)
    if not texts:
        return Days(np.full(len(cells), np.datetime64("NaT"), dtype="datetime64[D]"), np.zeros(0, np.int64), "", False)
    return Days(
        values[word], np.flatnonzero(odd[word]), used if like else "", bool(like and not order and not first + second)
    )


def _day(text: str, order: str) -> str | None:
    """A cell as a day, year first; the first day of a month, quarter or year."""
    found = _ISO.fullmatch(text)
    if found:
        return _made(int(found[1]), int(found[2]), int(found[3]))
    if _BARE.fullmatch(text):
        return _made(int(text[:4]), int(text[4:6]), int(text[6:]))
    if _NUMBERS.fullmatch(text):
        return iso(text, order)
    found = _QUARTER.fullmatch(text)
    if found:
        year, quarter = (found[1], found[2]) if found[1] else (found[4], found[3])
        return _made(int(year), 3 * int(quarter) - 2, 1)
    found = _MONTH.fullmatch(text)
    if found:
        return _made(int(found[1]), int(found[2]), 1)
    if re.fullmatch(r"(?:FY ?)?(?:19|20)\d{2}", text):
        return _made(int(text[-4:]), 1, 1)
    found = _NAMED.fullmatch(text)
    if found:
        name = found["m"].casefold()
        month = _NAMES.get(name) or _NAMES.get(name[:3])
        if month:
            year = int(found["y"])
            day = int(found["d1"] or found["d2"] or 1)
            return _made(year if year >= 100 else 2000 + year, month, day)
    return date_of_day(text) if re.fullmatch(r"[2-5]\d{4}(?:\.\d+)?", text) else None


def _made(year: int, month: int, day: int) -> str | None:
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None
