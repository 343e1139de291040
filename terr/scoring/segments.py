"""Segments: named groups of accounts, by the values of a column or by a rule; filters, and measures of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.scoring import columns
from terr.scoring.evaluate import Evaluator
from terr.scoring.language import column_name, parse
from terr.scoring.nodes import MAX_NUMBER, FormulaError, is_condition, names

BLANK = ""
"""The value of accounts whose cell is blank."""
MOST_VALUES = 5_000


@dataclass(frozen=True)
class Segment:
    """A named group of accounts; kept as plain text, it can be asked of any extract.

    Attributes:
        name: shown to people.
        rule: such as `industry = "Health" and revenue >= 1M`; "" if the segment goes by values.
        column: the column whose values are asked, "" if the segment goes by a rule.
        values: the values that belong to it, without case; `BLANK` for empty cells.
    """

    name: str
    rule: str = ""
    column: str = ""
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("a segment needs a name")
        if bool(self.rule.strip()) == bool(self.column):
            raise InputError(f"the segment {columns.shown(self.name)} needs either a rule or a column with values")
        if self.column and not 1 <= len(self.values) <= MOST_VALUES:
            raise InputError(f"the segment {columns.shown(self.name)} needs 1 to {MOST_VALUES:,} values of its column")
        if self.rule and not is_condition(parse(self.rule)):
            raise FormulaError("a segment's rule must be a condition such as revenue >= 1M", 0, self.rule)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it asks about, as it names them."""
        return (self.column,) if self.column else names(parse(self.rule))


@dataclass(frozen=True, eq=False)
class Members:
    """Who is in a segment.

    Attributes:
        mask: bool (n_accounts,). Read-only.
        unknown: bool (n_accounts,): can't be told, as a number the rule compares is blank. Read-only. They aren't in
            the segment, nor in the one with the opposite rule.
        notes: what was taken for granted.
    """

    mask: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.mask.sum())


def members(accounts: Accounts, segment: Segment) -> Members:
    """Who is in a segment.

    Raises:
        InputError (FormulaError with a place, for rules): if a column isn't there or is used as what it isn't.
    """
    if segment.column:
        index, words = pd.factorize(columns.texts(accounts, segment.column))
        wanted = {_folded(v) for v in segment.values}
        mask = np.array([_folded(w) in wanted for w in words.tolist()], dtype=np.bool_)[index]
        unknown, notes = np.zeros(len(accounts), dtype=np.bool_), ()
        return _sealed(mask, unknown, notes)
    run = Evaluator(accounts, segment.rule)
    found = run.condition(parse(segment.rule))
    return _sealed(found.true, found.unknown, tuple(run.notes))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _sealed(mask: NDArray[np.bool_], unknown: NDArray[np.bool_], notes: tuple[str, ...]) -> Members:
    mask.setflags(write=False)
    unknown.setflags(write=False)
    return Members(mask, unknown, notes)


def only(accounts: Accounts, segment: Segment) -> Accounts:
    """The accounts of a segment, as a filter.

    Raises:
        InputError: as `members`.
    """
    frame = accounts.frame[members(accounts, segment).mask].reset_index(drop=True)
    return Accounts(frame, accounts.measures, accounts.currency)


def measure_name(measure: str, segment: Segment) -> str:
    """What a measure is called that counts a segment only: "Revenue · Health"."""
    return f"{measure} · {segment.name}"


def by_values(accounts: Accounts, column: str, most: int = 30) -> tuple[Segment, ...]:
    """One segment for each value of a column, the most frequent first; blanks, if any, last.

    Args:
        accounts: the accounts.
        column: whose values are used.
        most: at most this many; the values left over come into one more, "(other values)".

    Raises:
        InputError: if there is no such column, or it has too many values to be a grouping.
    """
    name = columns.find(accounts, column)
    index, words = pd.factorize(columns.texts(accounts, name))
    groups: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for word, count in zip(words.tolist(), np.bincount(index, minlength=len(words)).tolist(), strict=True):
        key = _folded(word)
        groups.setdefault(key, []).append(word)
        counts[key] = counts.get(key, 0) + count
    ranked = sorted((k for k in groups if k), key=lambda k: (-counts[k], k))
    if len(ranked) - most > MOST_VALUES:
        raise InputError(f"{columns.shown(name)} has {len(ranked):,} values, too many to be segments")
    first, rest = (ranked, []) if len(ranked) <= most else (ranked[:most], ranked[most:])
    taken = [Segment(groups[k][0], column=name, values=(groups[k][0],)) for k in first]
    if rest:
        taken.append(Segment("(other values)", column=name, values=tuple(groups[k][0] for k in rest)))
    if "" in groups:
        taken.append(Segment("(blank)", column=name, values=(BLANK,)))
    return tuple(taken)


def by_bands(accounts: Accounts, column: str, edges: Sequence[float]) -> tuple[Segment, ...]:
    """Segments by size: below the first edge, from each edge up to the next, and from the last one on.

    Accounts whose cell is blank are in none of them.

    Raises:
        InputError: if there is no such column, or the edges don't rise.
    """
    name = columns.find(accounts, column)
    marks = [float(e) for e in edges]
    if not 1 <= len(marks) <= 30 or not all(abs(e) <= MAX_NUMBER for e in marks) or marks != sorted(set(marks)):
        raise InputError("size bands need 1 to 30 edges, each larger than the one before")
    asked = column_name(name)
    shown = [f"{e:,.15g}" for e in marks]
    plain = [f"{e:.15g}" if e >= 0 else f"(0 - {-e:.15g})" for e in marks]
    out = [Segment(f"{name} below {shown[0]}", f"{asked} < {plain[0]}")]
    for k in range(len(marks) - 1):
        title = f"{name} {shown[k]} to {shown[k + 1]}"
        out.append(Segment(title, f"{asked} >= {plain[k]} and {asked} < {plain[k + 1]}"))
    return (*out, Segment(f"{name} {shown[-1]} and more", f"{asked} >= {plain[-1]}"))


def summary(accounts: Accounts, segments: Sequence[Segment]) -> pd.DataFrame:
    """One row per segment: `segment`, `accounts`, `share` of accounts, `unknown`, and the sum of each measure.

    Raises:
        InputError: as `members`.
    """
    rows = []
    n = max(len(accounts), 1)
    for s in segments:
        who = members(accounts, s)
        sums = {m: float(np.nansum(accounts.frame[m].to_numpy(dtype=np.float64)[who.mask])) for m in accounts.measures}
        counts = {"segment": s.name, "accounts": len(who), "share": len(who) / n, "unknown": int(who.unknown.sum())}
        rows.append(counts | sums)
    return pd.DataFrame(rows, columns=["segment", "accounts", "share", "unknown", *accounts.measures])
