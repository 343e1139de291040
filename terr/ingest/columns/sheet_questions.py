"""Questions about what a sheet hides, and about labels that stand only in the first row of their group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import pandas as pd

from terr.ingest.cleaning.clean import shorten
from terr.ingest.cleaning.tidy import Cells
from terr.ingest.columns.answers import ALL, BESIDE, FILL, HIDDEN_ROWS, LEAVE
from terr.ingest.columns.asking import Question, asked, beside, tried
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.ledger.fates import TOTAL
from terr.ingest.reading.files import RawTable

_LABELS = ("name", "owner", "country", "city", "state", "county")
_LEAST_ROWS = 5
_LEAST_BLANK = 0.4


def hidden_rows(raw: RawTable, columns: ColumnMap, answers: Mapping[str, str]) -> Iterator[Question]:
    """Rows nobody sees in the workbook."""
    at = np.flatnonzero(raw.hidden)
    filled = [k for k in at.tolist() if any(str(v).strip() for v in raw.rows.iloc[k])][:10_000]
    if not filled:
        return
    options = [(ALL, "they count like the others"), (LEAVE, "leave hidden rows out")]
    choices = tried(raw, columns, answers, HIDDEN_ROWS, options)
    by = " by a filter" if raw.filtered else ""
    many = f"{len(at):,} of {len(raw.rows):,} rows are" if len(at) > 1 else f"1 of {len(raw.rows):,} rows is"
    title = f"{many} hidden{by} in the workbook. Do hidden rows count?"
    why = "nothing is left out without your word"
    shown = partial(beside, raw, raw.columns[:3])
    yield asked(raw, "hidden_rows", "", title, filled, choices, ALL, why, shown)


def hidden_columns(raw: RawTable, columns: ColumnMap, answers: Mapping[str, str]) -> Iterator[Question]:
    """Columns nobody sees in the workbook that would be used."""
    used = {*columns.fields.values(), *columns.measures.values()}
    among = tuple(c for c in raw.hidden_columns if c in used)
    if not among:
        return
    key = BESIDE.join(among)
    options = [(ALL, "use them like the others"), (LEAVE, "leave hidden columns out")]
    choices = tried(raw, columns, answers, f"hidden_columns:{key}", options)
    named = ", ".join(f"'{shorten(c, 40)}'" for c in among)
    title = f"{named} {'is' if len(among) == 1 else 'are'} hidden in the workbook. Is what stands there to be used?"
    why = "nothing is left out without your word"
    shown = partial(beside, raw, among)
    yield asked(raw, "hidden_columns", key, title, list(range(min(3, len(raw.rows)))), choices, ALL, why, shown)


def fill_down(raw: RawTable, columns: ColumnMap, cells: Cells, answers: Mapping[str, str]) -> Iterator[Question]:
    """Labels at the left that stand only in the first row of their group, as pivot tables write them."""
    among: list[str] = []
    rows = len(raw.rows)
    fields = {columns.fields[f] for f in _LABELS if f in columns.fields}
    for column in raw.columns:
        text = cells[column]
        blank = (text == "").to_numpy(dtype=np.bool_)
        label = column in fields or column not in {*columns.fields.values(), *columns.measures.values()}
        if not label or rows < _LEAST_ROWS or blank[0] or blank.mean() < _LEAST_BLANK:
            break
        if not (_once_each(cells, among[-1], column) if among else _once(text[~blank])):
            break
        among.append(column)
    if not fields & set(among):
        return
    key = BESIDE.join(among)
    options = [("down", "each stands for the rows below it, until the next"), ("leave", "the blank cells are blank")]
    choices = tried(raw, columns, answers, f"{FILL}{key}", options)
    named = " and ".join(f"'{shorten(c, 40)}'" for c in among)
    verb = "stands" if len(among) == 1 else "stand"
    title = f"{named} {verb} only in the first row of each group. Do the blank rows below belong to it?"
    why = "nothing is changed without your word, though no label is repeated, as in a pivot table"
    shown = partial(beside, raw, tuple(raw.columns[:3]))
    yield asked(raw, "fill", key, title, list(range(min(5, rows))), choices, "leave", why, shown)


def _once(words: pd.Series) -> bool:
    """Whether labels are several and none comes twice, totals aside."""
    return len(words) >= 2 and bool(words.is_unique) and not all(map(TOTAL.fullmatch, words.iloc[:20].tolist()))


def _once_each(cells: Cells, group: str, column: str) -> bool:
    """Whether no label of a column repeats within a group of the column before it."""
    groups = (cells[group] != "").cumsum()
    text = cells[column]
    some = text != ""
    pairs = groups[some].astype("str") + "\x1f" + text[some]
    return bool(pairs.is_unique)
