"""Low, likely and high of a figure per account: from columns, from shares, or from what its forecast missed before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.wording import count
from terr.scoring import columns
from terr.scoring.potential import by_history

Floats = NDArray[np.float64]
BAND = 0.8
"""Share of the accounts whose figure is meant to lie between low and high."""
LEAST_MISSES = 20
"""Accounts whose forecast can be compared with what came, at the least, before their misses say anything."""
_WIDEST = 10.0


@dataclass(frozen=True, eq=False)
class FigureRange:
    """Three figures per account.

    Attributes:
        low, likely, high: float64 (n_accounts,), low <= likely <= high, NaN where likely is unknown. Read-only.
        currency: ISO code, "" if it is no money.
        notes: what was taken for granted, in sentences.
    """

    low: Floats
    likely: Floats
    high: Floats
    currency: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = ~np.isnan(self.likely)
        if not ((self.low <= self.likely) & (self.likely <= self.high))[known].all():
            raise InputError("a low figure is above the likely one, or a high one below it")
        for part in (self.low, self.likely, self.high):
            part.setflags(write=False)


def by_columns(accounts: Accounts, low: str, likely: str, high: str) -> FigureRange:
    """The three figures from three columns; where low or high is blank or on the wrong side, it is the likely one.

    Raises:
        InputError: if a column isn't there, or their currencies differ.
    """
    parts = [columns.numbers(accounts, c) for c in (low, likely, high)]
    codes = {c.currency for c in parts if c.currency}
    if len(codes) > 1:
        raise InputError(f"low, likely and high are in different currencies ({', '.join(sorted(codes))})")
    a, b, c = (p.amounts for p in parts)
    known = ~np.isnan(b)
    wrong = known & ((a > b) | (c < b))
    blank = known & (np.isnan(a) | np.isnan(c))
    notes = []
    if wrong.any():
        said = count(int(wrong.sum()), "account has", "accounts have")
        notes.append(f"{said} a low figure above the likely one or a high one below it; the likely one is used there.")
    if blank.any():
        said = count(int(blank.sum()), "account has", "accounts have")
        notes.append(f"{said} no low or no high figure; the likely one is used.")
    return FigureRange(
        np.where(known, np.fmin(a, b), np.nan),
        b.copy(),
        np.where(known, np.fmax(c, b), np.nan),
        next(iter(codes), ""),
        tuple(notes),
    )


def by_share(accounts: Accounts, likely: str, below: float, above: float) -> FigureRange:
    """Low and high as shares of the likely figure.

    Args:
        accounts: the accounts.
        likely: the column of the likely figure.
        below, above: how far low lies below it and high above it, as shares: .2 is 20%.

    Raises:
        InputError: if the column isn't there, `below` isn't 0 to 1 or `above` isn't 0 to 10.
    """
    if not 0.0 <= below <= 1.0 or not 0.0 <= above <= _WIDEST:
        raise InputError("low lies 0% to 100% below the likely figure, high 0% to 1,000% above it")
    found = columns.numbers(accounts, likely)
    return _around(found.amounts, 1.0 - below, 1.0 + above, found.currency, ())


def by_misses(accounts: Accounts, likely: str, periods: Sequence[str], band: float = BAND) -> FigureRange:
    """Low and high from what the forecast missed before.

    For each account the figure of the last known period is forecast from those before it, as
    `terr.scoring.potential.by_history` does. What came over what was forecast is its miss; the quantiles of all misses,
    (1 - band) / 2 on each side, times the likely figure are low and high.

    Args:
        accounts: the accounts.
        likely: the column of the likely figure.
        periods: three or more columns of past periods, the oldest first.
        band: share of the accounts between low and high.

    Raises:
        InputError: fewer than three periods, or fewer than `LEAST_MISSES` accounts to learn from.
    """
    if len(periods) < 3:
        raise InputError("misses are learned from three or more past periods, the oldest first")
    if not 0.0 < band < 1.0:
        raise InputError("the share between low and high must lie between 0% and 100%")
    found = columns.numbers(accounts, likely)
    before = by_history(accounts, periods[:-1]).amounts
    came = columns.numbers(accounts, periods[-1]).amounts
    told = (before > 0) & ~np.isnan(came)
    misses = np.maximum(came[told] / before[told], 0.0)
    if len(misses) < LEAST_MISSES:
        said = count(len(misses), "account has", "accounts have")
        raise InputError(f"{said} enough past periods to learn from; {LEAST_MISSES} are needed. Use shares instead")
    low, middle, high = np.quantile(misses, [(1 - band) / 2, 0.5, (1 + band) / 2])
    notes = (
        f"In {periods[-1]} the middle {100 * band:.0f}% of {count(len(misses), 'account')} came to {100 * low:.0f}% to "
        f"{100 * high:.0f}% of what their earlier periods forecast (half of them to {100 * middle:.0f}% or more).",
    )
    return _around(found.amounts, min(1.0, float(low)), max(1.0, float(high)), found.currency, notes)


def _around(likely: Floats, low: float, high: float, currency: str, notes: tuple[str, ...]) -> FigureRange:
    a, b = likely * low, likely * high
    return FigureRange(np.fmin(a, b), likely.copy(), np.fmax(a, b), currency, notes)


@dataclass(frozen=True, eq=False)
class RangeSums:
    """Sums of ranges over groups of accounts, such as territories.

    Attributes:
        low, likely, high: float64 (k,) sums.
        spread: float64 (k,) standard deviation of a group's sum.
    """

    low: Floats
    likely: Floats
    high: Floats
    mean: Floats
    spread: Floats

    def chance(self, goal: Floats) -> Floats:
        """Chance that each group reaches its goal, 0 to 1; NaN for a group without accounts.

        Args:
            goal: float64 (k,).
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            far = (self.mean - goal) / self.spread
        sure = np.where(self.mean >= goal, 1.0, 0.0)
        return np.where(self.likely == 0, np.nan, np.where(self.spread > 0, norm.cdf(far), sure))


def sums(figures: FigureRange, group: NDArray[np.int64], k: int, together: float = 0.5) -> RangeSums:
    """Add ranges over groups.

    An account's figure is taken as a triangle over low, likely and high (mean (a + b + c) / 3, variance
    (a^2 + b^2 + c^2 - ab - ac - bc) / 18; Kotz and van Dorp 2004). Accounts miss partly for reasons of their own and
    partly together (the economy, the product): any two have the correlation `together`, so that a sum's variance is
    (1 - r) * sum(s^2) + r * sum(s)^2.

    Args:
        figures: ranges per account.
        group: int64 (n_accounts,) 0 to k - 1, negative for no group.
        k: how many groups.
        together: correlation of any two accounts, 0 to 1.
    """
    known = (group >= 0) & ~np.isnan(figures.likely)
    at = group[known]
    a, b, c = figures.low[known], figures.likely[known], figures.high[known]
    variance = np.maximum((a * a + b * b + c * c - a * b - a * c - b * c) / 18.0, 0.0)

    def added(values: Floats) -> Floats:
        return np.bincount(at, weights=values, minlength=k)[:k].astype(np.float64)

    own, common = added(variance), added(np.sqrt(variance))
    spread = np.sqrt((1.0 - together) * own + together * common**2)
    return RangeSums(added(a), added(b), added(c), added((a + b + c) / 3.0), spread)
