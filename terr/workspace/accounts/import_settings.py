"""How the file of a data set is read: its columns, a person's answers, and what was mended; kept as plain JSON.

The file itself is never changed: the accounts are made from it and from this each time, so that taking a step back is
leaving it out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from terr.errors import InputError
from terr.ingest import FIELDS, ColumnMap, RawTable, correct_cells, merge_rejects, read_table
from terr.model.json_values import read, to_plain
from terr.report.safe import is_formula

MOST_STEPS = 2_000
"""Changes kept for one data set; beyond that a person is asked to mend the file itself."""
SHAPE = ("sheet:", "header_row:", "encoding:", "delimiter:")
"""Answers about how the file is read at all: with another one it is another table."""
_MOST_READINGS = 20
"""Changes of sheet, header row, encoding or separator that can be taken back one after the other."""
_WHAT = "how the file is read"
_KEYS = ("fields", "measures", "decimal", "sheet", "money", "answers", "refuse", "steps")


@dataclass(frozen=True)
class CorrectionStep:
    """One change of cells, that can be taken back.

    Attributes:
        id: unique in its data set.
        kind: "cells" mended by hand, a "file" of rejects that came back, "customers" of facts that became accounts, or
            "reading": another sheet, header row, encoding or separator.
        at: when, UTC in ISO form.
        cells: (row of the file, column, text before, text after); of "cells". Of "reading": 0, what was changed, and
            how it was and is.
        sha256, filename: of a "file", or of the table of "customers".
        before: of "reading", the settings as they were, to go back to.
    """

    id: int
    kind: Literal["cells", "file", "customers", "reading"]
    at: str
    cells: tuple[tuple[int, str, str, str], ...] = ()
    sha256: str = ""
    filename: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportSettings:
    """What makes accounts out of a file.

    Attributes:
        columns: which column is what.
        money: measure -> currency code for measures whose cells name none.
        answers: to the questions of `terr.ingest.columns.questions`.
        refuse: repairs left out, as `terr.ingest.take_in` takes them.
        steps: changes of cells, in the order they were made.
        sheet: of a workbook.
    """

    columns: ColumnMap
    money: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    refuse: tuple[str, ...] = ()
    steps: tuple[CorrectionStep, ...] = ()
    sheet: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "money", MappingProxyType(dict(self.money)))
        object.__setattr__(self, "answers", MappingProxyType(dict(self.answers)))
        if len(self.steps) > MOST_STEPS:
            raise InputError(
                f"this data set has {MOST_STEPS:,} changes, the most Terr saves; download the rows to fix, fix them in "
                "Excel and upload them"
            )

    @staticmethod
    def of(mapping: Mapping[str, Any]) -> ImportSettings:
        """The reading of a data set's stored mapping; earlier versions kept columns and money alone.

        Raises:
            InputError: if it can't be read.
        """
        kept = {k: v for k, v in mapping.items() if v is not None}
        columns = columns_in(kept, _WHAT)
        return read(ImportSettings, {**kept, "columns": to_plain(columns)}, _WHAT)

    def plain(self) -> dict[str, Any]:
        """As JSON, to be put into the stored mapping."""
        kept = to_plain(self)
        return {**kept, **kept.pop("columns"), "order": list(self.columns.measures)}

    def with_step(
        self,
        kind: Literal["cells", "file", "customers"],
        *,
        cells: Sequence[tuple[int, str, str, str]] = (),
        sha256: str = "",
        filename: str = "",
    ) -> ImportSettings:
        """The reading with one more change."""
        number = max((s.id for s in self.steps), default=0) + 1
        step = CorrectionStep(
            number, kind, datetime.now(UTC).isoformat(timespec="seconds"), tuple(cells), sha256, filename
        )
        return replace(self, steps=(*self.steps, step))

    def without_step(self, step_id: int) -> ImportSettings:
        """The reading with one change taken back; one of sheet, header row, encoding or separator takes back what came
        after it as well, which belongs to that table."""
        for step in self.steps:
            if step.id == step_id and step.kind == "reading":
                return ImportSettings.of(step.before)
        return replace(self, steps=tuple(s for s in self.steps if s.id != step_id))

    def answering(self, key: str, value: str) -> ImportSettings:
        """The reading with one question answered in another way."""
        return replace(self, answers={**self.answers, key: value})

    @property
    def shape(self) -> dict[str, str]:
        """The answers about how the file is read at all, its sheet among them."""
        kept = {k: v for k, v in self.answers.items() if k in SHAPE}
        return {**kept, **({"sheet:": self.sheet} if self.sheet is not None else {})}

    def reshaped(
        self,
        shape: Mapping[str, str],
        columns: ColumnMap,
        money: Mapping[str, str],
        told: Mapping[str, tuple[str, str]],
    ) -> ImportSettings:
        """The reading of another table of the same file; changes of cells and refused repairs are of the table before.

        Args:
            shape: the answers of `SHAPE`.
            columns, money: of the other table.
            told: what was changed -> how it was and is.
        """
        number = max((s.id for s in self.steps), default=0) + 1
        cells = tuple((0, what, before, after) for what, (before, after) in told.items())
        at = datetime.now(UTC).isoformat(timespec="seconds")
        step = CorrectionStep(number, "reading", at, cells, before=_shallow(self.plain(), _MOST_READINGS))
        answers = {k: v for k, v in self.answers.items() if k not in SHAPE}
        return ImportSettings(columns, money, {**answers, **shape}, (), (step,), shape.get("sheet:"))

    def refusing(self, code: str, on: bool) -> ImportSettings:
        """The reading with a repair refused ("padded_zip:Zip"), or let again."""
        left = tuple(c for c in self.refuse if c != code)
        return replace(self, refuse=(*left, code) if on else left)


def _shallow(plain: dict[str, Any], levels: int) -> dict[str, Any]:
    """Stored settings that can be taken back so many times; what lies before is forgotten."""
    kept = [s for s in plain["steps"] if levels > 0 or s["kind"] != "reading"]
    return {**plain, "steps": [{**s, "before": _shallow(s["before"], levels - 1)} if s["before"] else s for s in kept]}


@dataclass(frozen=True)
class _KeptColumns:
    """A `ColumnMap` as it is stored: JSON objects are kept by their letters, so the measures' order stands beside."""

    fields: Mapping[str, str]
    measures: Mapping[str, str]
    decimal: Literal["auto", ".", ","] = "auto"
    order: tuple[str, ...] = ()


def columns_in(mapping: Mapping[str, Any], what: str) -> ColumnMap:
    """The columns of a stored mapping.

    Raises:
        InputError: if they can't be read.
    """
    kept = read(_KeptColumns, mapping, what)
    order = [m for m in dict.fromkeys((*kept.order, *kept.measures)) if m in kept.measures]
    return ColumnMap(
        {f: kept.fields[f] for f in FIELDS if f in kept.fields}, {m: kept.measures[m] for m in order}, kept.decimal
    )


def version(mapping: Mapping[str, Any]) -> str:
    """A short hash of everything that is kept in a data set's mapping."""
    return _hash(dict(mapping))


def reading_version(mapping: Mapping[str, Any]) -> str:
    """A short hash of what the accounts are made by, before duplicates, families and scores."""
    return _hash({k: mapping[k] for k in _KEYS if mapping.get(k)})


def _hash(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def stepped(
    raw: RawTable, reading: ImportSettings, load: Callable[[str], bytes], done: int = 0
) -> tuple[RawTable, tuple[str, ...]]:
    """The table after the changes of a reading, and what couldn't be done of them.

    Args:
        raw: the table as read, or after the first `done` steps.
        reading: whose steps.
        load: bytes of a file by its SHA-256.
        done: steps that `raw` has already.

    Raises:
        InputError: a file of rejects that doesn't fit the first one.
    """
    notes = []
    for step in reading.steps[done:]:
        if step.kind in {"file", "customers"}:
            raw = put_back(raw, read_table(load(step.sha256), step.filename), reading.columns).table
            continue
        if step.kind == "reading":
            continue  # the table is read that way already
        rows = set(raw.source_rows.tolist()) if any(r > raw.source_rows[-1] for r, *_ in step.cells) else None
        fits = {(r, c): after for r, c, _, after in step.cells if c in raw.columns and (rows is None or r in rows)}
        if len(fits) < len(step.cells):
            notes.append(f"{len(step.cells) - len(fits)} fixed cells belong to rows that are no longer in the file")
        raw = correct_cells(raw, fits)
    return raw, tuple(notes)


def put_back(raw: RawTable, mended: RawTable, columns: ColumnMap) -> Any:
    """Mended rejects put back where they came from; see `terr.ingest.merge_rejects`.

    Apostrophes that kept a spreadsheet from running a cell as a formula are taken off again.
    """
    return merge_rejects(raw, _bare(mended), key=columns.fields.get("account_id", ""))


def _bare(table: RawTable) -> RawTable:
    rows = table.rows.copy(deep=False)
    changed = False
    for column in table.columns:
        marked = rows[column].str.startswith("'").to_numpy(dtype=bool)
        if marked.any():
            rows[column] = rows[column].map(_unmarked).astype("str")
            changed = True
    return replace(table, rows=rows, source_rows=table.source_rows.copy()) if changed else table


def _unmarked(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and is_formula(cell[1:]) else cell


def same_cells(before: pd.DataFrame, after: pd.DataFrame) -> list[tuple[int, str]]:
    """(row position, column) of cells that differ between two tables of one shape."""
    out = []
    for column in before.columns:
        differs = (before[column].astype("str") != after[column].astype("str")).to_numpy(dtype=bool)
        out += [(int(k), str(column)) for k in differs.nonzero()[0]]
    return out
