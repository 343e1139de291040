"""Capacity as of a date: ramp since the start, FTE share, days off, start and end; and a plan of hiring by month."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError

WORKDAYS = 260
"""A year's weekdays."""


@dataclass(frozen=True)
class Ramp:
    """Productivity of a new rep by full months since the start; the last share holds from then on.

    The usual profile reaches a full rep in four months; companies differ, so it is the user's to edit.
    """

    shares: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)

    def __post_init__(self) -> None:
        if not 1 <= len(self.shares) <= 60 or not all(0 <= s <= 1 for s in self.shares):
            raise InputError("a ramp has 1 to 60 months, each a share from 0 to 100%")
        if any(b < a for a, b in pairwise(self.shares)):
            raise InputError("a ramp can't fall: each month is at least as productive as the one before")

    def at(self, months: float) -> float:
        """The share so many months after the start; 0 before it."""
        return 0.0 if months < 0 else self.shares[min(int(months), len(self.shares) - 1)]


STEADY = Ramp((1.0,))


@dataclass(frozen=True)
class Service:
    """When and how much somebody works.

    Attributes:
        start, end: first and last day, None = open.
        share: of a full rep (FTE), above 0 up to 10.
        days_off: weekdays a year without work (holidays, leave), 0 to 260.
    """

    start: date | None = None
    end: date | None = None
    share: float = 1.0
    days_off: float = 0.0

    def __post_init__(self) -> None:
        if self.start and self.end and self.end < self.start:
            raise InputError(f"the end ({self.end}) is before the start ({self.start}); correct one of them")
        if not 0 < self.share <= 10 or not 0 <= self.days_off <= WORKDAYS:
            raise InputError("a share of a full rep must lie above 0 and up to 10, and days off between 0 and 260")


def months_between(start: date, day: date) -> float:
    """Full months from `start` to `day`, negative before it; the 31st counts as the month's last day."""
    months = (day.year - start.year) * 12 + day.month - start.month
    last = (day + timedelta(days=1)).month != day.month
    return months - (day.day < start.day and not last)


def capacity_on(service: Service, day: date, ramp: Ramp) -> float:
    """Share of a full rep on one day; 0 before the start and after the end."""
    if (service.start and day < service.start) or (service.end and day > service.end):
        return 0.0
    learned = 1.0 if service.start is None else ramp.at(months_between(service.start, day))
    return service.share * learned * (1 - service.days_off / WORKDAYS)


def capacity_between(service: Service, first: date, last: date, ramp: Ramp) -> float:
    """Mean share of a full rep over the days from `first` to `last`, both counted.

    Raises:
        InputError: if `last` is before `first`, or the period is longer than 10 years.
    """
    days = (last - first).days + 1
    if not 1 <= days <= 3660:
        raise InputError("a period needs its first day before its last one, and at most ten years")
    return sum(capacity_on(service, first + timedelta(days=d), ramp) for d in range(days)) / days


def quarters(year: int, first_month: int = 1) -> tuple[tuple[date, date], ...]:
    """First and last day of the four quarters of a year that starts in `first_month`."""
    starts = [_month_on(date(year, first_month, 1), 3 * q) for q in range(5)]
    return tuple((a, b - timedelta(days=1)) for a, b in pairwise(starts))


def _month_on(first: date, months: int) -> date:
    at = first.month - 1 + months
    return date(first.year + at // 12, at % 12 + 1, 1)


@dataclass(frozen=True)
class HiringMonth:
    """One month of a hiring plan.

    Attributes:
        month: its first day; hires: reps to start then.
        needed: full reps needed; there: expected from today's, attrition taken off; hired: expected from the hires.
        short: what is still missing, 0 if nothing.
    """

    month: date
    hires: int
    needed: float
    there: float
    hired: float
    short: float


def hiring_plan(
    needed: Sequence[float], there: Sequence[float], first: date, *, attrition: float = 0.0, ramp: Ramp | None = None
) -> tuple[HiringMonth, ...]:
    """When to hire so that every month has the capacity it needs, as late as the ramp allows.

    Months are gone through in order. What a month lacks is hired at the latest month that has a rep fully ramped by
    then; hires made earlier count first. Months so near that nobody new could be ramped by then stay short, and say so:
    filling them with half-trained people would leave too many afterwards. Attrition takes off the same share of
    today's reps and of hires each month.

    Args:
        needed: (m,), full reps in each month, 0 or more.
        there: (m,), full reps of today's roster in each month, before attrition.
        first: any day of the first month.
        attrition: share of reps who leave a year, 0 up to 1 without 1.
        ramp: of new reps, the usual one if not given.

    Raises:
        InputError: unequal lengths, or figures outside these.
    """
    ramp = ramp or Ramp()
    if len(needed) != len(there) or not 1 <= len(needed) <= 120:
        raise InputError("a hiring plan needs the capacity needed and there for each of 1 to 120 months")
    if not 0 <= attrition < 1 or min(needed) < 0 or min(there) < 0 or max(needed) > 100_000:
        raise InputError("attrition is a share a year below 1, and capacity 0 or more")
    m = len(needed)
    stay = (1 - attrition) ** (1 / 12)
    hires: NDArray[np.int64] = np.zeros(m, dtype=np.int64)
    lead = next(k for k, s in enumerate(ramp.shares) if s == ramp.shares[-1])

    def from_hires(month: int) -> float:
        return float(sum(hires[h] * ramp.at(month - h) * stay ** (month - h) for h in range(month + 1)))

    for month in range(m):
        lack = needed[month] - there[month] * stay**month - from_hires(month)
        at = max(0, month - lead)
        gain = ramp.at(month - at) * stay ** (month - at)
        if lack > 1e-9 and month >= lead:
            hires[at] += math.ceil(lack / gain - 1e-9)
    out = []
    for month in range(m):
        kept, new = there[month] * stay**month, from_hires(month)
        short = max(0.0, needed[month] - kept - new)
        out.append(
            HiringMonth(
                _month_on(first.replace(day=1), month),
                int(hires[month]),
                float(needed[month]),
                kept,
                new,
                short if short > 1e-9 else 0.0,
            )
        )
    return tuple(out)
