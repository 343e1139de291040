"""What a person decided about a file, as a file of its own: made on the Accounts page, used by the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from terr.errors import InputError
from terr.ingest import ColumnMap, RawTable, check_map, correct_cells
from terr.ingest.columns.answers import mapped
from terr.ingest.ledger.outcome import REPAIRS
from terr.matching.duplicates import DuplicateDecision
from terr.matching.families import FamilyDecision
from terr.model.accounts import Accounts
from terr.model.json_values import parse, read, to_plain, to_text
from terr.report.safe import shown
from terr.workspace.accounts.abroad import all_questions
from terr.workspace.accounts.dataset import ledger_of, raw_of
from terr.workspace.accounts.import_settings import SHAPE, columns_in, same_cells
from terr.workspace.accounts.intake import Intake, intake
from terr.workspace.accounts.merge_rules import FAMILIES, MERGES, decided
from terr.workspace.facts.unjoined_customers import KEY as FACT_CUSTOMERS
from terr.workspace.facts.unjoined_customers import CustomerDecision

if TYPE_CHECKING:
    from terr.workspace.workspace import Workspace

FORMAT = "terr decisions 1"
_MOST = 50_000_000
_WHAT = "the file of decisions"


@dataclass(frozen=True)
class Decisions:
    """What a person decided about a file.

    Attributes:
        answers: to what the file leaves open, question -> choice.
        refuse: repairs left out, "padded_zip" or "padded_zip:Zip".
        cells: (row of the file, column, text), cells that were mended.
        merges, families: about duplicates, and about what counts of a family.
        columns: which column is what; None where they are recognised.
        sheet: of a workbook; None for the one that looks most like accounts.
        fact_customers: about customers of facts that have no account of their own.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    refuse: tuple[str, ...] = ()
    cells: tuple[tuple[int, str, str], ...] = ()
    merges: tuple[DuplicateDecision, ...] = ()
    families: tuple[FamilyDecision, ...] = ()
    columns: ColumnMap | None = None
    sheet: str | None = None
    fact_customers: tuple[CustomerDecision, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "answers", MappingProxyType(dict(self.answers)))
        unknown = next((c for c in self.refuse if c.split(":", 1)[0] not in REPAIRS), None)
        if unknown is not None:
            raise InputError(f"there is no correction {shown(unknown)}; the corrections are {', '.join(REPAIRS)}")

    def with_words(self, answers: Mapping[str, str], refuse: Sequence[str]) -> Decisions:
        """The same with more answers and refused repairs."""
        return replace(self, answers={**self.answers, **answers}, refuse=(*self.refuse, *refuse))

    def of(self, accounts: Accounts, was: ColumnMap, now: ColumnMap) -> Accounts:
        """The accounts with duplicates merged and families counted once.

        Args:
            accounts: as they came in.
            was, now: the columns before and after measures were named as the command line names them.
        """
        name_of = {column: m for m, column in now.measures.items()}
        names = {m: name_of.get(column, m) for m, column in was.measures.items()}
        merges = [replace(d, measures={names.get(m, m): h for m, h in d.measures.items()}) for d in self.merges]
        kin = [replace(d, measures=tuple(names.get(m, m) for m in d.measures)) for d in self.families]
        return decided(accounts, merges, kin).accounts


NOTHING = Decisions()


def read_decisions(data: bytes) -> Decisions:
    """Decisions from their file.

    Raises:
        InputError: if it isn't one.
    """
    wrong = "the file of decisions can't be used; take it from the tab Changes of the Accounts page"
    if len(data) > _MOST:
        raise InputError(wrong)
    kept = parse(data, _WHAT)
    if not isinstance(kept, Mapping) or kept.get("format") != FORMAT:
        raise InputError(wrong)
    return read(Decisions, {**kept, "columns": to_plain(columns_in(kept, _WHAT))}, _WHAT)


def decisions_of(ws: Workspace, dataset_id: str) -> bytes:
    """The decisions of a data set as their file; with its upload they give the same accounts.

    Raises:
        InputError: if rows were added to the file, which only the page knows.
    """
    info = ws.store.datasets.get(dataset_id)
    first, now = raw_of(ws, info), ledger_of(ws, dataset_id).raw
    if len(now.rows) != len(first.rows):
        raise InputError(
            "rows were added to this data set, by a file of fixed rows or from facts; the command line can't add them"
        )
    cells = [[int(first.source_rows[k]), c, str(now.rows[c].iloc[k])] for k, c in same_cells(first.rows, now.rows)]
    kept = {
        "format": FORMAT,
        "file": info.filename,
        "sha256": info.sha256,
        "sheet": info.mapping["sheet"],
        "fields": info.mapping["fields"],
        "measures": info.mapping["measures"],
        "order": info.mapping.get("order") or (),
        "decimal": info.mapping["decimal"],
        "answers": info.mapping.get("answers") or {},
        "refuse": info.mapping.get("refuse") or (),
        "cells": sorted(cells, key=lambda c: (c[0], c[1])),
        MERGES: info.mapping.get(MERGES) or (),
        FAMILIES: info.mapping.get(FAMILIES) or (),
        FACT_CUSTOMERS: info.mapping.get(FACT_CUSTOMERS) or (),
    }
    return to_text(kept, _WHAT, indent=1).encode()


def columns_of(raw: RawTable, guessed: ColumnMap, decisions: Decisions) -> ColumnMap:
    """The columns a person chose, if the file has them, else the guessed ones."""
    if decisions.columns is None:
        return guessed
    try:
        check_map(raw, decisions.columns, read=False)
    except InputError:
        return guessed
    return decisions.columns


def check_answers(raw: RawTable, columns: ColumnMap, answers: Mapping[str, str]) -> None:
    """Refuse answers nobody asked for, or that are no choice.

    Raises:
        InputError: says what is asked, or what the choices are.
    """
    if not set(answers) - set(SHAPE):
        return
    asked = {q.key: q for q in all_questions(raw, columns, {k: v for k, v in answers.items() if k in SHAPE})}
    for key, value in answers.items():
        if key in SHAPE:
            continue
        if key not in asked:
            what = ", ".join(shown(k) for k in asked) or "nothing"
            raise InputError(f"there is no question {shown(key)}; the questions: {what}")
        choices = [c.value for c in asked[key].choices]
        if value not in choices:
            raise InputError(f"{shown(value)} is not an answer to {shown(key)}; choose {', '.join(choices)}")


def imported_with(raw: RawTable, columns: ColumnMap, decisions: Decisions) -> Intake:
    """A table taken in as decided; duplicates and families are `Decisions.of` its accounts.

    Raises:
        InputError: if a mended cell isn't in the file, or the columns can't be used.
    """
    cells = {(row, column): text for row, column, text in decisions.cells}
    table = correct_cells(raw, cells) if cells else raw
    return intake(table, columns, answers=decisions.answers, refuse=decisions.refuse)


def open_questions(raw: RawTable, columns: ColumnMap, answers: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the file leaves open, as JSON, each with the answer that was used and whether a person gave it."""
    out = []
    for q in all_questions(raw, columns, {k: v for k, v in answers.items() if k in SHAPE}):
        out.append({**q.plain(), "answer": answers.get(q.key, q.default), "answered": q.key in answers})
    told = {o["key"] for o in out}
    for q in all_questions(raw, mapped(columns, answers), answers):
        if q.key not in told:
            out.append({**q.plain(), "answer": q.default, "answered": False})
    return out
