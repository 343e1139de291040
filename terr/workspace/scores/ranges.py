"""A kept range: low and high of a measure beside its likely figure, as measures of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from terr.errors import InputError
from terr.scoring import ranges
from terr.workspace.scores.definition import ScoreInputs, ScoreResult, checked_name

WAYS = ("columns", "share", "misses")


@dataclass(frozen=True)
class RangeBy:
    """Low and high of a measure.

    Attributes:
        name: how people call it.
        likely: the column of the likely figure; the measures are called after it, "LIKELY (low)" and "LIKELY (high)".
        how: one of `WAYS`.
        low, high: the columns of the two, for "columns".
        below, above: shares of the likely figure, for "share".
        periods: columns of past periods, the oldest first, for "misses".
        together: how much accounts miss together, 0 to 1; see `terr.scoring.ranges.sums`.
    """

    kind: ClassVar[str] = "range"
    rank: ClassVar[int] = 1
    name: str
    likely: str
    how: str = "share"
    low: str = ""
    high: str = ""
    below: float = 0.2
    above: float = 0.2
    periods: tuple[str, ...] = ()
    together: float = 0.5

    def __post_init__(self) -> None:
        checked_name(self.name, "a range")
        if self.how not in WAYS:
            raise InputError("choose columns, share or misses for a range")
        if not self.likely:
            raise InputError("a range needs the column of the likely figure")
        if self.how == "columns" and not (self.low and self.high):
            raise InputError("choose the column of the low figure and that of the high one")
        if self.how == "misses" and len(self.periods) < 3:
            raise InputError("misses are learned from three or more past periods, the oldest first")
        if not 0.0 <= self.below <= 1.0 or not 0.0 <= self.above <= 10.0:
            raise InputError("low lies 0% to 100% below the likely figure, high 0% to 1,000% above it")
        if not 0.0 <= self.together <= 1.0:
            raise InputError("how much accounts miss together is 0% to 100%")

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs."""
        more = {"columns": (self.low, self.high), "misses": self.periods}.get(self.how, ())
        return tuple(dict.fromkeys((self.likely, *more)))

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""
        return f"{self.likely} (low)", f"{self.likely} (high)"

    def work(self, on: ScoreInputs) -> ScoreResult:
        """Make the new columns."""
        if self.how == "columns":
            found = ranges.by_columns(on.accounts, self.low, self.likely, self.high)
        elif self.how == "misses":
            found = ranges.by_misses(on.accounts, self.likely, self.periods)
        else:
            found = ranges.by_share(on.accounts, self.likely, self.below, self.above)
        low, high = self.makes
        currency = {low: found.currency, high: found.currency} if found.currency else {}
        return ScoreResult({low: found.low, high: found.high}, currency, notes=found.notes, detail=found)
