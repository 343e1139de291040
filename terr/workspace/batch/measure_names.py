"""Measures as a person names them: by name, by column, or by a word of it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace

from terr.errors import InputError
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.words import tokens
from terr.ingest.reading.files import RawTable
from terr.model.accounts import Accounts
from terr.model.reps import Rep
from terr.report.safe import shown
from terr.scoring.columns import with_measures
from terr.workspace.accounts.dataset import with_column
from terr.workspace.scores.recipe import AppliedRecipe, Recipe, applied

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


def scored_measures(
    raw: RawTable,
    columns: ColumnMap,
    asked: Sequence[str],
    recipe: Recipe,
    take: Callable[[ColumnMap], Accounts],
    reps: Sequence[Rep] = (),
) -> tuple[Accounts, dict[str, str], tuple[str, ...]]:
    """Accounts of a file with what kept definitions make of them, and the measures asked for among both.

    The definitions find the file's columns by their own names; a measure asked for by a word of its name is there under
    that word too.

    Args:
        raw: the table; columns: which column is what.
        asked: measures, as a person named them.
        recipe: the definitions.
        take: gives the accounts for a map of columns.
        reps: the roster.

    Returns:
        the accounts, asked -> measure's name, and definitions that make nothing, with the reason.

    Raises:
        InputError: for a measure that neither the file nor a definition makes, or one whose definition needs mending.
    """
    made = {m.casefold(): m for one in recipe.kept for m in one.makes}
    found, names = find_measures(raw, columns, [a for a in asked if a.casefold() not in made])
    new = {c: c for c in found.measures.values() if c not in columns.measures.values()}
    done = applied(take(with_column(columns, new)), recipe, reps)
    for name in asked:
        if name.casefold() in made:
            names[name] = made[name.casefold()]
            if names[name] not in done.accounts.measures:
                raise InputError(_unmade(done, names[name]))
    short = {n: c for n, c in found.measures.items() if n in names.values() and n not in done.accounts.measures}
    named = {c: m for m, c in with_column(columns, new).measures.items()}
    values = {n: done.accounts.frame[named[c]].to_numpy() for n, c in short.items()}
    accounts = with_measures(done.accounts, values)
    return accounts, names, tuple(f"{shown(s.definition.name)} is left out: {s.problem}" for s in done.broken)


def _unmade(done: AppliedRecipe, name: str) -> str:
    maker = done.recipe.maker(name)
    step = None if maker is None else done.step(maker.name)
    why = step.problem if step is not None and step.problem else "it is a text, not a measure"
    return f"{shown(name)} of --scores can't be used: {why}"


def with_count(accounts: Accounts) -> Accounts:
    """The accounts with the measure `COUNT`, unless they have one of that name."""
    if COUNT in accounts.measures:
        return accounts
    return replace(accounts, frame=accounts.frame.assign(**{COUNT: 1.0}), measures=(*accounts.measures, COUNT))
