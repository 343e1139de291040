"""Codes that a spreadsheet has changed into numbers or dates; what they were can't be told any more."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.cleaning.clean import shorten
from terr.ingest.cleaning.marks import fits
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.ledger.fates import RowFates
from terr.ingest.reading.files import RawTable

_ROUNDED = r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,3}"
_NAMES = (
    "jan feb mar apr may jun jul aug sep oct nov dec mrz mai okt dez janv févr avr juin juil août déc ene abr ago dic"
)
_MONTH = f"(?:{'|'.join(name for m in _NAMES.split() for name in (m, m.title()))})"
_GAP = r"\.?[-. ]{1,2}"
_MONTHS = rf"[0-9]{{1,2}}{_GAP}{_MONTH}\.?|{_MONTH}{_GAP}[0-9]{{2}}|[0-9]{{1,2}}{_GAP}{_MONTH}{_GAP}[0-9]{{2,4}}"
"""What Excel makes of "3-1", "MAR1" and "SEP-23"; it never writes a month in capitals."""
_DATES = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: 00:00:00)?|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}"
_EXACT = 15
"""Digits that a spreadsheet keeps of a number; it writes zeros for the others."""
_LONG = r"[0-9]{16,}"
_FEW = 0.5
"""Other dates are damage where fewer cells than this share are dates: a column of dates may be one."""


def damaged_codes(codes: pd.Series) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Positions of codes that a spreadsheet rounded, that it cut to 15 digits, and that it made dates of."""
    rounded = fits(codes, _ROUNDED)
    cut = fits(codes, _LONG)
    if cut.any():
        tails = [c[_EXACT:] for c in codes[cut].tolist()]
        # one code of 16 digits may end with 0 by chance; three zeros in all don't
        if any(t.strip("0") for t in tails) or sum(map(len, tails)) < 3:
            cut[:] = False
    dates = fits(codes, _MONTHS)
    other = fits(codes, _DATES)
    if 0 < (other | dates).sum() < _FEW * max(1, int((codes != "").sum())):
        dates |= other
    return np.flatnonzero(rounded), np.flatnonzero(cut), np.flatnonzero(dates)


def lost_zeros(codes: pd.Series) -> NDArray[np.intp]:
    """Positions of numbers shorter than those that begin with a zero, which all have one width."""
    number = fits(codes, r"[0-9]+")
    zeros = number & codes.str.startswith("0").to_numpy(dtype=np.bool_)
    widths = codes[zeros].str.len().unique()
    if len(widths) != 1 or widths[0] < 2:
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(number & (codes.str.len() < widths[0]).to_numpy(dtype=np.bool_))


def damaged_ids(raw: RawTable, column: str, ids: pd.Series) -> tuple[pd.Series, list[RowFates]]:
    """Ids without those that a spreadsheet has changed, and what is said of them and of lost zeros.

    Different customers may share such an id. Each account gets an id of its own, which no CRM takes back.
    """
    rounded, cut, dates = damaged_codes(ids)
    short = lost_zeros(ids)
    notes: list[RowFates] = []
    tail = "an ID made from the row number is used: format the column as text and export it again"
    whys = (
        (rounded, "is what a spreadsheet makes of a long number or a code with an E in it"),
        (cut, "has zeros where a spreadsheet dropped the digits after the fifteenth"),
        (dates, "is a date that a spreadsheet made of a code, such as 3-1 or MAR1"),
    )
    cells = raw.rows[column]
    for at, why in whys:
        for row in at.tolist():
            message = f"'{shorten(cells.iloc[row])}' {why}; {tail}"
            notes.append(RowFates(row, column, cells.iloc[row], "damaged_id", message, "accepted"))
    width = int(ids[ids.str.startswith("0")].str.len().max()) if len(short) else 0
    for row in short.tolist():
        message = (
            f"'{shorten(cells.iloc[row])}' may have lost its leading zeros: IDs of this column that have them are"
            f" {width} digits long; it is used as it stands"
        )
        notes.append(RowFates(row, column, cells.iloc[row], "lost_zeros", message, "accepted"))
    gone = np.concatenate([rounded, cut, dates])
    if not len(gone):
        return ids, notes
    bare = ids.copy()
    bare.iloc[gone] = ""
    return bare, notes


def damaged_places(raw: RawTable, cmap: ColumnMap, fields: dict[str, pd.Series]) -> list[RowFates]:
    """Codes of places that a spreadsheet changed: said, since no area has such a name."""
    notes: list[RowFates] = []
    for field in ("zip", "county"):
        if field not in fields or field not in cmap.fields:
            continue
        column = cmap.fields[field]
        rounded, _, dates = damaged_codes(fields[field])
        for at, what in ((rounded, "a rounded number"), (dates, "a date")):
            for row in at.tolist():
                cell = raw.rows[column].iloc[row]
                why = f"'{shorten(cell)}' is {what} that a spreadsheet made of a code; type the code as it was"
                notes.append(RowFates(row, column, cell, "damaged_code", why, "accepted"))
    return notes
