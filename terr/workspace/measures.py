"""Measures as a person names them: by name, by column, or by a word of it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from terr.errors import InputError
from terr.ingest.columns import ColumnMap
from terr.ingest.files import RawTable
from terr.ingest.words import tokens
from terr.model.accounts import Accounts
from terr.report.safe import shown
from terr.workspace.imports import with_column

COUNT = "accounts"
"""The measure that is 1 for every account; any file has it unless a column takes the name."""


def find_measures(raw: RawTable, columns: ColumnMap, asked: Sequence[str]) -> tuple[ColumnMap, dict[str, str]]:
    """The column map with every measure asked for, under the name it was first asked by, and asked -> that name.

    Raises:
        InputError: for a measure the file doesn't have.
    """
    found: dict[str, str] = {}  # column -> name
    names: dict[str, str] = {}
    for name in asked:
        column = _column_of(name, raw, columns)
        if not column:
            names[name] = COUNT
            continue
        names[name] = found.setdefault(column, name)
    return with_column(columns, {name: column for column, name in found.items()}), names


def _column_of(name: str, raw: RawTable, columns: ColumnMap) -> str:
    """The column behind a measure's name, "" for the count of accounts."""
    known = columns.measures
    if name in known:
        return known[name]
    words = set(tokens(name))
    used = set(columns.fields.values())
    for fits in (
        [c for m, c in known.items() if m.casefold() == name.casefold()],
        [c for c in raw.columns if c.casefold() == name.casefold() and c not in used],
        [c for m, c in known.items() if words and words <= set(tokens(m))],
    ):
        if len(set(fits)) == 1:
            return fits[0]
    if name.casefold() == COUNT:
        return ""
    choice = [*known, *([] if COUNT in known else [COUNT])]
    near = difflib.get_close_matches(name.casefold(), [c.casefold() for c in choice], n=1)
    hint = next((f"; did you mean {shown(c)}" for c in choice if near and c.casefold() == near[0]), "")
    raise InputError(
        f"there is no measure {shown(name)}{hint}; {raw.filename} has {', '.join(choice)}, or name a column with "
        f"--map {name if name.isidentifier() else 'NAME'}=COLUMN"
    )


def with_count(accounts: Accounts) -> Accounts:
    """The accounts with the measure `COUNT`, unless they have one of that name."""
    if COUNT in accounts.measures:
        return accounts
    return replace(accounts, frame=accounts.frame.assign(**{COUNT: 1.0}), measures=(*accounts.measures, COUNT))
