"""What a question about a file is made of: its evidence, and its choices with the rows and money each would give."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.ingest.cleaning.clean import shorten
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.ledger.ledger import judge_rows
from terr.ingest.reading.files import RawTable
from terr.model.json_values import to_plain
from terr.model.progress import UNWATCHED

LOOKED_AT = 100_000
"""Rows from the top by which the choices are worked out; of a longer table it is said that they are these."""

EXAMPLES = 5


@dataclass(frozen=True)
class QuestionChoice:
    """One answer to a question.

    Attributes:
        value: what goes into the answers.
        title: for a person.
        rows: rows accepted with it; for a date order, cells that are dates in it; None if it isn't known beforehand.
        money: measure -> accepted sum with it; empty if it isn't known beforehand.
        accounts: with it, where rows of one account are added up; None otherwise.
    """

    value: str
    title: str
    rows: int | None = None
    money: Mapping[str, float] = field(default_factory=dict)
    accounts: int | None = None


@dataclass(frozen=True)
class Question:
    """Something the file doesn't tell.

    Attributes:
        code: "sheet", "header_row", "measure", "zip", "decimal", "currency" or "date_order".
        column: of the file; "" if it is about the whole; columns joined by " | " if it is about several.
        title: what is unclear, one sentence.
        examples: (row of the file, what stands there).
        choices: at least two.
        default: value of the choice that is used without an answer.
        why: why that one.
        rows_looked_at: rows by which the choices were worked out.
    """

    code: str
    column: str
    title: str
    examples: tuple[tuple[int, str], ...]
    choices: tuple[QuestionChoice, ...]
    default: str
    why: str
    rows_looked_at: int

    @property
    def key(self) -> str:
        """The name of the answer in the dict that `read_table` and `take_in` take."""
        return f"{self.code}:{self.column}"

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {"key": self.key, **to_plain(self)}


def top(raw: RawTable) -> RawTable:
    """The rows by which choices are worked out."""
    n = min(len(raw.rows), LOOKED_AT)
    if n == len(raw.rows):
        return raw
    return replace(
        raw,
        rows=raw.rows.iloc[:n],
        source_rows=raw.source_rows[:n].copy(),
        broken={k: v for k, v in raw.broken.items() if k < n},
        short=tuple(k for k in raw.short if k < n),
        numeric={c: m[:n] for c, m in raw.numeric.items()},
        currency={c: m[:n] for c, m in raw.currency.items()},
        hidden=raw.hidden[:n],
        doubts=tuple(d for d in raw.doubts if d[0] < n),
    )


def tried(
    raw: RawTable, columns: ColumnMap, answers: Mapping[str, str], key: str, options: list[tuple[str, str]]
) -> tuple[QuestionChoice, ...]:
    """The choices with the rows and money that each would give."""
    first = top(raw)
    out = []
    for value, title in options:
        try:
            judged = judge_rows(first, columns, {**answers, key: value}, (), UNWATCHED)
        except ValueError:  # the choice leaves a measure without any figure
            out.append(QuestionChoice(value, title, 0, {}))
            continue
        alive = judged.fates == "accepted"
        money = {m: math.fsum(n.amounts[alive & ~np.isnan(n.amounts)].tolist()) for m, n in judged.numbers.items()}
        accounts = int(judged.fields["account_id"][alive].nunique()) if judged.again is not None else None
        out.append(QuestionChoice(value, title, int(alive.sum()), MappingProxyType(money), accounts))
    return tuple(out)


def asked(
    raw: RawTable,
    code: str,
    column: str,
    title: str,
    at: list[int],
    choices: tuple[QuestionChoice, ...],
    default: str,
    why: str,
    shown: Callable[[int], str],
) -> Question:
    """A question with what stands at some row positions as its evidence."""
    examples = tuple((int(raw.source_rows[k]), shorten(shown(k))) for k in at[:EXAMPLES])
    return Question(code, column, title, examples, choices, default, why, min(len(raw.rows), LOOKED_AT))


def cell(raw: RawTable, column: str, at: int) -> str:
    """A cell as evidence."""
    return str(raw.rows[column].iloc[at])


def beside(raw: RawTable, columns: tuple[str, ...], at: int) -> str:
    """Several cells of a row as evidence."""
    return "; ".join(f"{c}: {cell(raw, c, at)}" for c in columns)


def with_code(raw: RawTable, column: str, codes: NDArray[np.object_], at: int) -> str:
    """A cell and its currency as evidence."""
    return f"{cell(raw, column, at)} ({codes[at]})"
