"""Cells mended in place, and files of rejects that come back mended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from terr.errors import InputError
from terr.ingest.cleaning.clean import shorten
from terr.ingest.ledger.outcome import FATES, REJECT_COLUMNS, UNLOCATED
from terr.ingest.reading.files import RawTable

MAX_CELL_CHARS = 32_767


def correct_cells(raw: RawTable, cells: Mapping[tuple[int, str], str]) -> RawTable:
    """The table with some cells changed; the file's own row numbers stay, and what was changed is kept in `mends`.

    A row that had more cells than the header counts as looked at once one of its cells is mended.

    Args:
        raw: the table.
        cells: (1-based row of the file, column) -> new text.

    Raises:
        InputError: a row or column the file hasn't got, or a text that is too long.
    """
    if not cells:
        return raw
    by_column: dict[str, dict[int, str]] = {}
    for (row, column), text in cells.items():
        at = int(np.searchsorted(raw.source_rows, row))
        if at >= len(raw.source_rows) or raw.source_rows[at] != row:
            raise InputError(f"{raw.filename} has no row {row} below its header; fix one of its rows")
        if column not in raw.columns:
            raise InputError(f"{raw.filename} has no column '{shorten(str(column))}'; fix one of its columns")
        if len(text) > MAX_CELL_CHARS or "\x00" in text:
            raise InputError(
                f"row {row}, column '{shorten(column)}': a cell takes at most {MAX_CELL_CHARS:,} characters"
            )
        by_column.setdefault(column, {})[at] = text
    rows = raw.rows.copy(deep=False)
    numeric = dict(raw.numeric)
    currency = dict(raw.currency)
    touched: set[int] = set()
    for column, changes in by_column.items():
        places = list(changes)
        series = rows[column].copy()
        series.iloc[places] = list(changes.values())
        rows[column] = series
        touched |= changes.keys()
        if column in numeric:  # what a person types is text
            mask = numeric[column].copy()
            mask[places] = False
            numeric[column] = mask
        if column in currency:
            codes = currency[column].copy()
            codes[places] = ""
            currency[column] = codes
    return replace(
        raw,
        rows=rows,
        source_rows=raw.source_rows.copy(),
        broken={at: why for at, why in raw.broken.items() if at not in touched},
        short=tuple(at for at in raw.short if at not in touched),
        numeric={c: m for c, m in numeric.items() if m.any()},
        currency=currency,
        doubts=tuple(d for d in raw.doubts if d[0] not in touched),
        mends=(*raw.mends, *((row, column, text) for (row, column), text in cells.items())),
    )


_EARLIER = ("Row", "Status", "Reason")
"""What stood there in files of earlier versions, which still come back."""


@dataclass(frozen=True, eq=False)
class Rejects:
    """A file of rejects that came back.

    Attributes:
        table: the file's own columns, without ours.
        rows: row of the first file that each row was, 0 where its number is missing.
    """

    table: RawTable
    rows: tuple[int, ...]


def rejects_in(raw: RawTable) -> Rejects | None:
    """The mended rejects in a file, known by the columns Row, Status and Reason at its end; None for another file."""
    if len(raw.columns) <= len(REJECT_COLUMNS):
        return None
    ours = raw.columns[-len(REJECT_COLUMNS) :]
    if tuple(re.sub(r"(?: \(\d+\))+$", "", c) for c in ours) not in (REJECT_COLUMNS, _EARLIER):
        return None
    numbers = raw.rows[ours[0]].str.strip()
    fates = raw.rows[ours[1]].str.strip()
    known = fates.isin((*FATES, UNLOCATED)) & numbers.str.fullmatch(r"\d{1,9}(?:\.0)?")
    blank = (fates == "") & (numbers == "")  # rows that a person added
    if not bool((known | blank).all()) or not bool(known.any()):
        return None
    own = raw.columns[: -len(REJECT_COLUMNS)]
    filled = (raw.rows[list(own)] != "").to_numpy().any(axis=1)
    table = replace(
        raw,
        columns=own,
        rows=raw.rows[list(own)],
        source_rows=raw.source_rows.copy(),
        numeric={c: m for c, m in raw.numeric.items() if c in own},
        currency={},
    )
    rows = [int(float(n)) if n else 0 for n in numbers.tolist()]
    return Rejects(table, tuple(r if r or f else -1 for r, f in zip(rows, filled.tolist(), strict=True)))


@dataclass(frozen=True, eq=False)
class MergedRejects:
    """A first file with its rejects mended.

    Attributes:
        table: all rows: those of the first file in their places, mended ones instead of what they were, new ones last.
        replaced: rows of the first file that the mended file changed.
        same: rows of the mended file that came back as they were.
        added: rows the first file hadn't got; their numbers follow those of the first file.
    """

    table: RawTable
    replaced: tuple[int, ...]
    same: tuple[int, ...]
    added: tuple[int, ...]


def merge_rejects(first: RawTable, mended: RawTable, *, key: str = "") -> MergedRejects:
    """Put mended rejects back where they came from. Rows of the first file that aren't among them stay as they were.

    Rows in the answer = rows of the first file + rows added, so taking the table in again accounts for every row and
    all money of both files; no account is counted in its old and its new form.

    Args:
        first: the file that was loaded first.
        mended: its rejects, mended: with the columns Row, Status and Reason, or without them and then matched by `key`.
        key: the column of account ids, for a file of rejects without row numbers.

    Raises:
        InputError: other columns than the first file's, a row number it hasn't got or given twice, an id that several
            rows have.
    """
    back = rejects_in(mended)
    table = back.table if back is not None else mended
    if table.columns != first.columns:
        missing = [c for c in first.columns if c not in table.columns]
        other = [c for c in table.columns if c not in first.columns]
        what = (
            f"lacks '{shorten(missing[0])}'"
            if missing
            else f"has '{shorten(other[0])}' too"
            if other
            else "has them in another order"
        )
        raise InputError(f"{mended.filename} must have the columns of {first.filename}, but {what}; keep the layout")
    rows = back.rows if back is not None else _by_key(first, table, key)
    seen: set[int] = set()
    changes: dict[int, int] = {}
    added: list[int] = []
    for at, row in enumerate(rows):
        if row < 0:
            continue  # a blank line
        if row == 0:
            added.append(at)
            continue
        if row in seen:
            raise InputError(f"{mended.filename} has row {row} of the first file twice; keep one of them")
        seen.add(row)
        place = int(np.searchsorted(first.source_rows, row))
        if place >= len(first.source_rows) or first.source_rows[place] != row:
            raise InputError(
                f"{mended.filename} names row {row}, which {first.filename} doesn't have; upload the fixed rows of "
                f"{first.filename}"
            )
        changes[place] = at
    return _merge(first, table, changes, added)


def _by_key(first: RawTable, table: RawTable, key: str) -> tuple[int, ...]:
    """Row of the first file for each row of a file without row numbers, by account id."""
    if key not in first.columns or key not in table.columns:
        raise InputError(
            f"{table.filename} has no columns Row, Status and Reason, and no IDs to match by; download the rows to fix "
            "again"
        )
    ids = first.rows[key].str.strip()
    often = ids[ids.duplicated(keep=False) & (ids != "")]
    where = dict(zip(ids.tolist(), first.source_rows.tolist(), strict=True))
    out = []
    for at, cell in enumerate(table.rows[key].str.strip().tolist()):
        if cell and bool((often == cell).any()):
            raise InputError(
                f"row {table.source_rows[at]} of {table.filename}: several rows of {first.filename} have the id"
                f" '{shorten(cell)}', so it can't be told which is meant; keep the column Row"
            )
        out.append(where.get(cell, 0) if cell else 0)
    return tuple(out)


def _merge(first: RawTable, table: RawTable, changes: Mapping[int, int], added: list[int]) -> MergedRejects:
    n = len(first.rows)
    place = np.array(list(changes), dtype=np.intp)
    source = np.array(list(changes.values()), dtype=np.intp)
    old, new = first.rows.iloc[place].reset_index(drop=True), table.rows.iloc[source].reset_index(drop=True)
    differs = (old != new).to_numpy().any(axis=1) if len(place) else np.zeros(0, dtype=np.bool_)
    place, source, kept = place[differs], source[differs], place[~differs]
    order = np.arange(n)
    order[place] = n + source
    order = np.concatenate([order, n + np.array(added, dtype=np.intp)])
    both = pd.concat([first.rows, table.rows], ignore_index=True)
    last = int(first.source_rows[-1])
    numbers = np.concatenate([first.source_rows, np.arange(last + 1, last + 1 + len(added), dtype=np.int64)])
    touched = set(place.tolist())
    numeric = {}
    for column in first.columns:
        one = first.numeric.get(column, np.zeros(n, dtype=np.bool_))
        two = table.numeric.get(column, np.zeros(len(table.rows), dtype=np.bool_))
        mask = np.concatenate([one, two])[order]
        if mask.any():
            numeric[column] = mask
    merged = replace(
        first,
        rows=both.iloc[order].reset_index(drop=True),
        source_rows=numbers,
        broken={at: why for at, why in first.broken.items() if at not in touched},
        short=tuple(at for at in first.short if at not in touched),
        numeric=numeric,
        currency={
            c: np.concatenate([codes, np.full(len(table.rows), "", dtype=object)])[order]
            for c, codes in first.currency.items()
        },
        hidden=np.concatenate([first.hidden, np.zeros(len(table.rows), dtype=np.bool_)])[order]
        if len(first.hidden)
        else first.hidden,
    )
    return MergedRejects(
        merged,
        tuple(sorted(first.source_rows[place].tolist())),
        tuple(sorted(first.source_rows[kept].tolist())),
        tuple(numbers[n:].tolist()),
    )
