"""Saved segments: named groups of accounts, by values of a column or by rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.wording import count
from terr.scoring import columns, segments
from terr.scoring.language import column_name, text_literal
from terr.scoring.segments import Segment
from terr.workspace.scores.definition import Floats, ScoreInputs, ScoreResult, checked_name

__all__ = ["Segment"]  # of other floors, for the pages

MOST_VALUES = 40
"""Values of a column that may each become a segment."""

BLANKS, OTHERS = "(blank)", "(other values)"

MOST_SEGMENTS = 40
"""Segments that one set may have."""

ACCOUNTS = "Number of accounts"
"""What a segment counts beside its measures."""


@dataclass(frozen=True)
class Segments:
    """A set of segments, such as all industries or size bands.

    Attributes:
        name: of the set.
        parts: the segments.
        measures: what is counted for each of them as a measure of its own; `ACCOUNTS` counts accounts.
    """

    kind: ClassVar[str] = "segments"
    rank: ClassVar[int] = 5
    name: str
    parts: tuple[Segment, ...]
    measures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked_name(self.name, "the segments")
        if not 1 <= len(self.parts) <= MOST_SEGMENTS:
            raise InputError(f"a set has 1 to {MOST_SEGMENTS} segments")
        told = [columns.normalized_header(p.name) or p.name.strip() for p in self.parts]
        if len(set(told)) < len(told):
            raise InputError("two segments have the same name; rename one")

    @property
    def split(self) -> str:
        """The column this set merely splits up by its values, "" if it does more than that."""
        first = {p.column for p in self.parts}
        return next(iter(first)) if len(first) == 1 and all(len(p.values) == 1 for p in self.parts) else ""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs."""
        asked = [c for p in self.parts for c in p.columns] + [m for m in self.measures if m != ACCOUNTS]
        return tuple(dict.fromkeys(asked))

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""
        counted = tuple(segments.measure_name(m, p) for m in self.measures for p in self.parts)
        return counted if self.split else (self.name, *counted)

    def work(self, on: ScoreInputs) -> ScoreResult:
        """Make the new columns."""
        found = [segments.members(on.accounts, p) for p in self.parts]
        money = dict(on.accounts.currency)
        values: dict[str, Floats] = {}
        codes: dict[str, str] = {}
        for m in self.measures:
            whole = (
                columns.AccountColumn(m, np.ones(len(on.accounts)))
                if m == ACCOUNTS
                else columns.numbers(on.accounts, m)
            )
            for part, who in zip(self.parts, found, strict=True):
                name = segments.measure_name(m, part)
                values[name] = np.where(who.mask, whole.amounts, 0.0)
                codes[name] = whole.currency or money.get(whole.name, "")
        first = np.full(len(on.accounts), -1)
        for k in range(len(found) - 1, -1, -1):
            first[found[k].mask] = k
        labels = np.array([*(p.name for p in self.parts), ""], dtype=object)[first]
        several = int((np.sum([f.mask for f in found], axis=0) > 1).sum())
        unknown = int(np.any([f.unknown for f in found], axis=0).sum())
        outside = int((first < 0).sum())
        told = [n for f in found for n in f.notes]
        if several:
            told.append(
                f"{count(several, 'account is', 'accounts are')} in several of these segments; the column shows the "
                "first."
            )
        if outside:
            told.append(f"{count(outside, 'account is', 'accounts are')} in none of these segments.")
        if unknown:
            told.append(
                f"{count(unknown, 'account', 'accounts')} can't be assigned because a number the rule needs is blank."
            )
        texts = {} if self.split else {self.name: labels}
        return ScoreResult(values, codes, texts, tuple(dict.fromkeys(told)), detail=(tuple(found), labels))


def values_of(accounts: Accounts, column: str) -> dict[str, Segment]:
    """A segment for each value of a column, by what it is called, the blank last.

    Raises:
        InputError: if there is no such column, or it has more than `MOST_VALUES` values.
    """
    found = segments.by_values(accounts, column, MOST_VALUES)
    own = {p.values[0]: p for p in found if len(p.values) == 1 and p.values[0] != segments.BLANK}
    blank = any(p.values == (segments.BLANK,) for p in found)
    return {**own, **({BLANKS: Segment(BLANKS, column=column, values=(segments.BLANK,))} if blank else {})}


def others_of(column: str, values: Sequence[str]) -> Segment:
    """One segment of all the values that have none of their own."""
    return Segment(OTHERS, column=column, values=tuple(values))


def bands_of(accounts: Accounts, column: str, cuts: str, names: str = "") -> list[Segment]:
    """Bands of a figure.

    Args:
        accounts: whose figures.
        column: of figures.
        cuts: where to cut, as a person types it: "50, 500, 1M".
        names: of the bands, the smallest first, with commas between; "" = by their bounds.

    Raises:
        InputError: for a cut that is no figure, or another number of names than of bands.
    """
    found = segments.by_bands(accounts, column, [_figure(t) for t in cuts.split(",") if t.strip()])
    words = [w.strip() for w in names.split(",") if w.strip()]
    if not words:
        return list(found)
    if len(words) != len(found):
        raise InputError(f"{len(found):,} bands need {len(found):,} names; you entered {len(words):,}")
    return [Segment(w, p.rule) for w, p in zip(words, found, strict=True)]


def _figure(text: str) -> float:
    match = re.fullmatch(r"\s*\$?(-?\d+(?:\.\d+)?)\s*([kKmMbB]?)\s*", text)
    if match is None:
        raise InputError(f"{columns.shown(text.strip())} is not a number; write band limits such as 50, 500, 1M")
    return float(match[1]) * {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}[match[2].lower()]


def rule_of(accounts: Accounts, line: str) -> Segment:
    """A segment written as "Name: rule".

    Raises:
        InputError: if it isn't written like this, or the rule can't be worked out on these accounts.
    """
    name, sign, rule = line.partition(":")
    if not sign or not rule.strip():
        raise InputError("write a name, a colon and a rule, such as Key: revenue >= 1M")
    part = Segment(name.strip(), rule.strip())
    segments.members(accounts, part)
    return part


def first_rules(measure: str) -> str:
    """Two segments by the size of a measure, to be changed."""
    asked = column_name(measure)
    return f"Key: {asked} >= 100k\nRest: {asked} < 100k"


def rule_line(part: Segment) -> str:
    """A segment as "Name: rule", also one that goes by values."""
    listed = ", ".join(text_literal(v) for v in part.values if v)
    asked = column_name(part.column) if part.column else ""
    tests = [f"{asked} in ({listed})"] if listed else []
    tests += [f"{asked} is blank"] if segments.BLANK in part.values else []
    return f"{part.name}: {part.rule or ' or '.join(tests)}"


def sums_of(accounts: Accounts, found: Sequence[segments.Members], measure: str) -> list[float]:
    """The sum of a measure in each segment."""
    amounts = columns.numbers(accounts, measure).amounts
    return [float(np.nansum(amounts[who.mask])) for who in found]
