"""From calls a year to visits with windows: how often, how far apart, and what is due at all.

A year has 52 weeks. An account with c calls a year is due every T = 364 / c days.

- The last visit is known: it is due T days after, then every T days; what came due before the period is overdue, and is
  one visit, within the first T / 2 days (a week at least).
- It isn't: of all accounts alike, so many get a visit more that the calls add up; they get them in turn, in the order
  given, so accounts near each other should stand together in it.
- f visits in a period of w days: visit k lies between day k w / f and (k + 1) w / f, so an account of 52 calls has one
  in every calendar week. Where the last visit is known and T doesn't divide the period, it lies within T / 2 of its due
  day. Where T is less than a week, the working days are divided instead of the calendar's.
- Two visits of an account, the last one before the period included, are at least T / 2 days apart, and at least `rest`
  (3) unless T is less: then T, rounded down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.arrays import frozen

Ints = NDArray[np.int64]
YEAR_DAYS = 364.0
REST_DAYS = 3
MOST_CALLS = 260.0


@dataclass(frozen=True, eq=False)
class DueVisits:
    """Visits that are due in a period.

    Attributes:
        account, first, last, gap: int64 (v,), as `VisitProblem` takes them. Read-only.
        overdue: int64 (n,), by how many days each account is overdue when the period begins, 0 = not. Read-only.
        next_due: int64 (n,), the day of the period each account without a visit is due, -1 = never or not known.
    """

    account: Ints
    first: Ints
    last: Ints
    gap: Ints
    overdue: Ints
    next_due: Ints

    def __post_init__(self) -> None:
        for name in ("account", "first", "last", "gap", "overdue", "next_due"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))


def least_gap(interval: float, rest: int = REST_DAYS) -> int:
    """Least days between two visits that are due every so many days."""
    return max(1, int(interval // 2), min(rest, int(interval)))


def due_visits(
    calls: NDArray[np.float64],
    last_visit: NDArray[np.float64],
    days: int,
    working: NDArray[np.int64],
    *,
    order: NDArray[np.int64] | None = None,
    rest: int = REST_DAYS,
) -> DueVisits:
    """The visits that are due in a period.

    Args:
        calls: float64 (n,), a year, 0 to 260.
        last_visit: float64 (n,), days from the first day of the period to the last visit before it, below 0; NaN where
            it isn't known.
        days: length of the period, in calendar days.
        working: int64 (d,), the working days as days since the first one of the period.
        order: int64 (n,), the accounts in the order in which those without a last visit are served.
        rest: least days between two visits of one account.

    Raises:
        InputError: for calls or a period that can't be.
    """
    if not 7 <= days <= 366:
        raise InputError("a calendar of visits needs 1 to 52 weeks")
    if not (np.isfinite(calls) & (calls >= 0) & (calls <= MOST_CALLS)).all():
        raise InputError(f"calls a year must lie between 0 and {MOST_CALLS:,.0f}, one each working day")
    n = len(calls)
    overdue, next_due = np.zeros(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    account, first, last, gap = list[int](), list[int](), list[int](), list[int]()
    running = 0.5  # what unknown last visits add up to; half a call so that a lone account gets the nearest number
    extra = np.zeros(n, dtype=np.int64)
    for i in range(n) if order is None else order.tolist():
        if calls[i] > 0 and math.isnan(float(last_visit[i])):
            many = days * float(calls[i]) / YEAR_DAYS
            extra[i] = math.floor(running + many + 1e-9) - math.floor(running + 1e-9)
            running += many
    for i in range(n):
        if calls[i] <= 0:
            continue
        interval = YEAR_DAYS / float(calls[i])
        apart = least_gap(interval, rest)
        many = days / interval
        whole = abs(many - round(many)) < 1e-9
        before = float(last_visit[i])
        if math.isnan(before):
            mine, due = int(extra[i]), None
        else:
            due = before + interval
            overdue[i] = max(0, math.floor(-due + 1e-9))
            mine = 0 if max(due, 0) >= days else 1 + math.floor((days - 1 - max(due, 0.0)) / interval + 1e-9)
            if not mine:
                next_due[i] = math.floor(due)
        earliest = 0 if math.isnan(before) else max(0, math.ceil(before + apart))
        if interval < 7:  # a slot of less than a week may hold no working day
            mine = min(mine, len(working))
        for k in range(mine):
            low, high = k * days // mine, (k + 1) * days // mine - 1
            if interval < 7:
                low, high = int(working[k * len(working) // mine]), int(working[(k + 1) * len(working) // mine - 1])
            elif due is not None and not whole:
                at = max(due, 0.0) + k * interval
                low, high = math.ceil(at - interval / 2), math.ceil(at + interval / 2) - 1
            if overdue[i] and not k:
                low, high = 0, min(high, max(6, int(interval // 2)))
            low, high = max(low, earliest, 0), min(max(high, low), days - 1)
            account.append(i)
            first.append(low)
            last.append(high)
            gap.append(apart if k else 1)
    cells = [np.array(a, dtype=np.int64) for a in (account, first, last, gap)]
    return DueVisits(cells[0], cells[1], cells[2], cells[3], overdue, next_due)
