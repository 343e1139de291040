"""Dates whose order a person has told, written year first; without an answer they stay as they stand."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.cleaning.tidy import Cells, RefusedRepairs, RepairedCells, reader
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.day_numbers import DAYS, date_of_day, day_numbers, speaks_of_dates
from terr.ingest.reading.files import RawTable

ORDERS = ("mdy", "dmy")
DATE = r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2})(?:[ T,].*)?"
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
    """The columns whose order was answered or that count days, under "date:COLUMN", and the repairs."""
    out: dict[str, pd.Series] = {}
    fixed: list[RepairedCells] = []
    used = {*cmap.fields.values(), *cmap.measures.values()}
    read: list[tuple[str, str, Callable[[str], str | None]]] = []
    for key, order in answers.items():
        column = key.removeprefix("date_order:")
        if column != key and order in ORDERS and column in raw.columns and column not in used:
            read.append((column, "iso_date", partial(iso, order=order)))
    chosen = {k.removeprefix(DAYS) for k, v in answers.items() if k.startswith(DAYS) and v == "date"}
    read += [
        (c, "day_number", date_of_day)
        for c in raw.columns
        if c not in used and (c in chosen or speaks_of_dates(c)) and day_numbers(cells[c], c)
    ]
    for column, code, make in read:
        text = cells[column]
        word, words = pd.factorize(text)
        told = [make(str(w)) for w in words]
        hit = np.array([t is not None for t in told], dtype=np.bool_)[word]
        at: NDArray[np.intp] = np.flatnonzero(hit)
        if not len(at):
            continue
        no = refused(code, column)
        changed = text.copy()
        changed.iloc[at] = np.array(told, dtype=object)[word[at]]
        fixed.append(RepairedCells(code, column, at, reader(changed), no))
        if not no:
            out[f"date:{column}"] = changed
    return out, fixed
