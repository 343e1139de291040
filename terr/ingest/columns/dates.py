"""Dates whose order a person has told, written year first; without an answer they stay as they stand."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.cleaning.tidy import Cells, RefusedRepairs, RepairedCells, reader
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.reading.files import RawTable

ORDERS = ("mdy", "dmy")
DATE = r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?:[ T,].*)?"
_DATE = re.compile(DATE)
_SHARE = 0.8


def iso(cell: str, order: str) -> str | None:
    """A date like "1/2/2024" year first, read month first ("mdy") or day first ("dmy"); None if it isn't one."""
    found = _DATE.fullmatch(cell)
    if found is None:
        return None
    first, second, year = (int(g) for g in found.groups()[:3])
    if year < 100:
        year += 2000 if year < 70 else 1900
    month, day = (first, second) if order == "mdy" else (second, first)
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None


def date_columns(raw: RawTable, cmap: ColumnMap, cells: Cells) -> dict[str, tuple[int, int, int]]:
    """Columns of dates in figures that stand for nothing else -> how many are dates, month first, day first."""
    out: dict[str, tuple[int, int, int]] = {}
    used = {*cmap.fields.values(), *cmap.measures.values()}
    for column in raw.columns:
        if column in used:
            continue
        text = cells[column].iloc[:20_000]
        filled = text[text != ""]
        like = filled[filled.str.fullmatch(DATE)] if len(filled) else filled
        if not len(like) or len(like) < _SHARE * len(filled):
            continue
        parts = like.str.extract(DATE)
        first, second = parts[0].astype("int64"), parts[1].astype("int64")
        out[column] = (
            len(like),
            int(((first <= 12) & (second <= 31)).sum()),
            int(((second <= 12) & (first <= 31)).sum()),
        )
    return out


def iso_dates(
    raw: RawTable, cmap: ColumnMap, cells: Cells, answers: Mapping[str, str], refused: RefusedRepairs
) -> tuple[dict[str, pd.Series], list[RepairedCells]]:
    """The columns whose order was answered, under "date:COLUMN", and the repairs."""
    out: dict[str, pd.Series] = {}
    fixed: list[RepairedCells] = []
    used = {*cmap.fields.values(), *cmap.measures.values()}
    for key, order in answers.items():
        column = key.removeprefix("date_order:")
        if column == key or order not in ORDERS or column not in raw.columns or column in used:
            continue
        text = cells[column]
        code, words = pd.factorize(text)
        told = [iso(str(w), order) for w in words]
        hit = np.array([t is not None for t in told], dtype=np.bool_)[code]
        at: NDArray[np.intp] = np.flatnonzero(hit)
        if not len(at):
            continue
        no = refused("iso_date", column)
        changed = text.copy()
        changed.iloc[at] = np.array(told, dtype=object)[code[at]]
        fixed.append(RepairedCells("iso_date", column, at, reader(changed), no))
        if not no:
            out[f"date:{column}"] = changed
    return out, fixed
