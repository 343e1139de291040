"""Figures of facts as measures of a command: "Sales, last 12 months" of a file of orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from terr.errors import InputError
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.kinds import ACCOUNTS, kind_of_rows
from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.reading.files import RawTable
from terr.model.accounts import Accounts
from terr.workspace.batch.inputs import NamedFile
from terr.workspace.facts.fact_measures import NamedFigure, figure_named, usual_figures, with_figures
from terr.workspace.facts.facts_upload import with_currency
from terr.workspace.facts.joined_facts import facts_of, join
from terr.workspace.facts.performance import FactSet


def figures_asked(asked: Sequence[str], raw: RawTable, columns: ColumnMap) -> dict[str, NamedFigure]:
    """Measures that name a figure of facts, and no column or measure of the file."""
    own = {str(n).casefold() for n in (*raw.columns, *columns.measures)}
    found = {name: figure_named(name) for name in asked if name.casefold() not in own}
    return {name: one for name, one in found.items() if one is not None}


def with_facts(
    accounts: Accounts,
    raw: RawTable,
    files: Mapping[str, NamedFile],
    asked: Mapping[str, NamedFigure],
) -> Accounts:
    """The accounts with the figures asked for, and the usual ones of the facts there are, as measures.

    Args:
        accounts: whose facts they are.
        raw: their file; if its rows are facts, these count too.
        files: kind -> file of facts.
        asked: measures, as a person named them, and what they are.

    Raises:
        InputError: if a file can't be used, or a figure can't be made of them.
    """
    if not files and not asked:
        return accounts
    by_kind = {kind: facts_of(data, name, accounts, kind=kind) for kind, (name, data) in files.items()}
    kind = kind_of_rows(raw.columns)
    if kind != ACCOUNTS and kind not in by_kind:
        by_kind[kind] = join(with_currency(read_facts(raw, kind), accounts), accounts)
    for name, one in asked.items():
        if one.figure.kind not in by_kind:
            raise InputError(f"the measure {name} needs {one.figure.kind}; name their file with --{one.figure.kind}")
    owners = accounts.frame["owner"].astype(str).to_numpy(dtype=object)
    usual = usual_figures(by_kind.keys())
    figures = tuple({f.name: f for f in (*asked.values(), *usual)}.values())
    made, notes = with_figures(accounts, FactSet(by_kind, owners, np.zeros(0, dtype=np.bool_)), figures)
    missing = [n for n, f in zip(asked, asked.values(), strict=True) if f.name not in made.frame.columns]
    if missing:
        raise InputError(next((n for n in notes if missing[0] in n), f"the measure {missing[0]} can't be made"))
    return made
