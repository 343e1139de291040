"""The question about several rows of one account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np

from terr.ingest.cleaning.clean import shorten
from terr.ingest.columns.asking import Question, asked, beside, top, tried
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.kinds import ACCOUNTS, kind_of_rows
from terr.ingest.ledger.groups import ADD, FIRST, PLACES, ROWS, SITES
from terr.ingest.ledger.ledger import judge_rows
from terr.ingest.reading.files import RawTable
from terr.model.progress import UNWATCHED


def rows_per_account(raw: RawTable, columns: ColumnMap, answers: Mapping[str, str]) -> Iterator[Question]:
    """Whether rows of one account are added up, or are places of their own, or only the first counts."""
    kind = kind_of_rows(raw.columns)
    column = columns.fields.get("account_id") or (columns.fields.get("name", "") if kind != ACCOUNTS else "")
    first = top(raw)
    if not column or not first.rows[column].str.strip().duplicated().any():
        return
    try:
        again = judge_rows(first, columns, {k: v for k, v in answers.items() if k != ROWS}, (), UNWATCHED).again
    except ValueError:  # no column says where an account is yet
        return
    if again is None or (again.rows == 0 and again.default == ADD):
        return
    live = again.of >= 0
    sharing, ids = int(live.sum()), len(np.unique(again.of[live]))
    options = [(ADD, f"add up their figures: one account per '{shorten(column, 30)}'")]
    if again.places:
        options.append((PLACES, "add up per account and place"))
    options += [(SITES, "each row is an account of its own"), (FIRST, "keep only the first row of each")]
    choices = tried(raw, columns, answers, ROWS, options)
    what = "Rows" if kind == ACCOUNTS else f"The rows are {kind}, and some"
    values = "1 value" if ids == 1 else f"{ids:,} values"
    title = f"{what} share an account: {sharing:,} rows have {values} of '{shorten(column, 40)}'. What are they?"
    why = (
        "no figure is left out, and each account is there once"
        if again.default == ADD
        else "the rows that share an ID have different names"
    )
    at = np.flatnonzero(again.of == again.of[np.flatnonzero(live)[0]])[:3].tolist()
    shown = tuple(dict.fromkeys([column, *columns.measures.values()]))[:4]
    yield asked(raw, "rows_per_account", "", title, at, choices, again.default, why, partial(beside, raw, shown))
