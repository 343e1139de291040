"""Saved segments: named groups of accounts, by values of a column or by rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from terr.errors import InputError
from terr.scoring import columns, segments
from terr.scoring.segments import Segment
from terr.workspace.scores.definition import Floats, ScoreInputs, ScoreResult, checked_name

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
        checked_name(self.name, "a set of segments")
        if not 1 <= len(self.parts) <= MOST_SEGMENTS:
            raise InputError(f"a set has 1 to {MOST_SEGMENTS} segments")
        told = [columns.normalized_header(p.name) or p.name.strip() for p in self.parts]
        if len(set(told)) < len(told):
            raise InputError("two segments of a set have the same name; give each its own")

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
            told.append(f"{several:,} account(s) are in several of these segments; as a column they show the first.")
        if outside:
            told.append(f"{outside:,} account(s) are in none of these segments.")
        if unknown:
            told.append(f"{unknown:,} account(s) can't be told, as a number a rule compares is blank.")
        texts = {} if self.split else {self.name: labels}
        return ScoreResult(values, codes, texts, tuple(dict.fromkeys(told)), detail=(tuple(found), labels))
