"""Whether a quota can be reached: against potential, last period and pipeline, and the chance of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from terr.errors import InputError

Floats = NDArray[np.float64]
_DRAWS = 4_000
_SEED = 20_590


@dataclass(frozen=True)
class Expectation:
    """What is expected of a period before any single deal is looked at.

    Attributes:
        mean: money; spread: scale of the predictive distribution, 0 or more.
        freedom: degrees of freedom of Student's t; None = normal.
    """

    mean: float
    spread: float
    freedom: int | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean) or not self.spread >= 0 or (self.freedom is not None and self.freedom < 1):
            raise InputError(
                "an expectation needs a finite mean, a spread of 0 or more and a degree of freedom or more"
            )


def from_history(periods: Floats) -> Expectation | None:
    """What the next period brings, if periods vary around a constant as they have so far.

    Prediction of a new draw of a normal with unknown mean and variance: mean + s sqrt(1 + 1 / n) t(n - 1) (Hahn and
    Meeker 1991, Statistical Intervals, section 4.8).

    Args:
        periods: float64 (n,), like periods (years, or the same quarter of several years); NaN left out.

    Returns:
        None with fewer than two periods: nothing is known of how they vary.
    """
    known = periods[np.isfinite(periods)]
    n = len(known)
    if n < 2:
        return None
    spread = float(known.std(ddof=1)) * math.sqrt(1 + 1 / n)
    return Expectation(float(known.mean()), spread, n - 1)


def chance_to_reach(
    quota: float, base: Expectation, amounts: Sequence[float] = (), chances: Sequence[float] = ()
) -> float:
    """P(base + won deals >= quota), deals independent of each other and of the base.

    Without deals in closed form; with them the base's distribution is averaged over 4,000 draws of which are won, the
    same draws every time (standard error at most 0.008, less because the base is exact).

    Args:
        quota: money.
        base: what comes without the deals.
        amounts, chances: of open deals, and the chance to win each, 0 to 1.

    Raises:
        InputError: unequal lengths, or chances outside 0 to 1.
    """
    money, odds = np.asarray(amounts, dtype=np.float64), np.asarray(chances, dtype=np.float64)
    if money.shape != odds.shape or ((odds < 0) | (odds > 1)).any():
        raise InputError("each open deal needs an amount and a chance from 0 to 1")
    if not math.isfinite(quota):
        raise InputError("a quota must be a finite amount")
    won = np.zeros(1)
    if len(money):
        drawn = np.random.default_rng(_SEED).random((_DRAWS, len(money)))
        won = (drawn < odds) @ money
    short = quota - won - base.mean
    if base.spread == 0:
        return float((short <= 0).mean())
    spread = short / base.spread
    tail = norm.sf(spread) if base.freedom is None else student.sf(spread, base.freedom)
    return float(np.mean(tail))


@dataclass(frozen=True)
class Attainability:
    """One quota beside what is known; each None where it isn't.

    Attributes:
        key: territory or rep; quota: money.
        of_potential, of_last: quota / potential, quota / last period.
        coverage: open pipeline / what is still to be won.
        chance: to reach it, 0 to 1.
        note: what is missing, "" if nothing.
    """

    key: str
    quota: float
    of_potential: float | None
    of_last: float | None
    coverage: float | None
    chance: float | None
    note: str


def attainability(
    key: str,
    quota: float,
    *,
    potential: float = math.nan,
    last: float = math.nan,
    pipeline: float = math.nan,
    won: float = 0.0,
    chance: float | None = None,
) -> Attainability:
    """One quota beside potential, last period and pipeline; NaN = unknown, and 0 says why there is no ratio."""
    notes = []

    def ratio(below: float, what: str) -> float | None:
        if not math.isfinite(below):
            notes.append(f"no {what} is known")
            return None
        if below <= 0:
            notes.append(f"{what} is zero")
            return None
        return quota / below

    of_potential, of_last = ratio(potential, "potential"), ratio(last, "last period")
    open_part = quota - won
    coverage = None if not math.isfinite(pipeline) or open_part <= 0 else pipeline / open_part
    if chance is None:
        notes.append("the chance needs two like periods of history or more")
    return Attainability(key, quota, of_potential, of_last, coverage, chance, "; ".join(notes))
