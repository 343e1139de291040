"""What a calendar of visits is made of, and what is broken by one: the rules stand here once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.arrays import frozen

Ints = NDArray[np.int64]
MOST_VISITS = 3_000
MOST_DAYS = 100
DAY_MINUTES = 1_440


@dataclass(frozen=True, eq=False)
class VisitProblem:
    """Visits of one rep to be laid on days. All times are whole minutes, all distances hundredths of a mile.

    Attributes:
        minutes, miles: int64 (n + 1, n + 1), from place to place; place 0 is home, place i + 1 account i. Read-only.
        service: int64 (n,), minutes of a call at each account. Read-only.
        opens, closes: int64 (n, d), minutes of the day between which a call begins and ends, by working day; closed
            that day if it closes before it opens. Read-only.
        day_number: int64 (d,), the working days as days since the first day of the period, rising. Read-only.
        day_start, day_end: when a rep leaves home at the earliest and is back at the latest.
        account: int64 (v,), whose visit each is; those of one account stand together, in order. Read-only.
        first, last: int64 (v,), the days of the period between which each may be, both included. Read-only.
        gap: int64 (v,), least days between a visit and the one of the same account before it. Read-only.
        value: int64 (v,), 1 to 1,000: what leaving a visit out loses. Read-only.
        by_minutes: what is to be small is driving time instead of miles.
    """

    minutes: Ints
    miles: Ints
    service: Ints
    opens: Ints
    closes: Ints
    day_number: Ints
    day_start: int
    day_end: int
    account: Ints
    first: Ints
    last: Ints
    gap: Ints
    value: Ints
    by_minutes: bool = False

    def __post_init__(self) -> None:
        for name in ("minutes", "miles", "service", "opens", "closes", "day_number"):
            object.__setattr__(
                self, name, frozen(getattr(self, name), np.int64, 1 if name in ("service", "day_number") else 2)
            )
        for name in ("account", "first", "last", "gap", "value"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        n, d, v = len(self.service), len(self.day_number), len(self.account)
        if self.minutes.shape != (n + 1, n + 1) or self.miles.shape != (n + 1, n + 1):
            raise InputError("travel needs minutes and miles between home and every two accounts")
        if self.opens.shape != (n, d) or self.closes.shape != (n, d):
            raise InputError("opening hours need a row for each account and a column for each working day")
        if min(self.minutes.min(initial=0), self.miles.min(initial=0), self.service.min(initial=0)) < 0:
            raise InputError("minutes and miles can't be below 0")
        if self.minutes.diagonal().any() or self.miles.diagonal().any():
            raise InputError("the way from a place to itself must be 0")
        if not 0 <= self.day_start < self.day_end <= DAY_MINUTES:
            raise InputError("a working day must begin before it ends, within one day")
        if d > MOST_DAYS or v > MOST_VISITS:
            raise InputError(
                f"{v:,} visits on {d:,} days are more than one calendar can hold ({MOST_VISITS:,} visits, {MOST_DAYS} "
                "days); plan fewer weeks, or divide the accounts among more reps"
            )
        if (np.diff(self.day_number) <= 0).any():
            raise InputError("working days must rise")
        if v and not (self.account.min() >= 0 and self.account.max() < n and (np.diff(self.account) >= 0).all()):
            raise InputError("visits must name accounts, those of one account together")
        if v and not (self.value.min() >= 1 and self.value.max() <= 1000):
            raise InputError("what a visit is worth must lie between 1 and 1,000")

    @property
    def cost(self) -> Ints:
        """int64 (n + 1, n + 1), what is to be small between places: miles, or minutes."""
        return self.minutes if self.by_minutes else self.miles

    @property
    def days(self) -> int:
        """How many working days there are."""
        return len(self.day_number)

    def prizes(self) -> Ints:
        """int64 (v,), what leaving each visit out costs: any way there and back at least, in proportion to value."""
        far = int((self.cost[0, 1:] + self.cost[1:, 0]).max(initial=0)) + 1
        out: Ints = self.value * far // max(1, int(self.value.min(initial=1000)))
        return out

    def allowed(self) -> NDArray[np.bool_]:
        """bool (v, d), the days a visit may be on: within its window, and the account can be reached and is open."""
        inside = (self.first[:, None] <= self.day_number) & (self.day_number <= self.last[:, None])
        out: NDArray[np.bool_] = inside & self.reachable()[self.account]
        return out

    def reachable(self) -> NDArray[np.bool_]:
        """bool (n, d), whether a rep who goes nowhere else can call on an account and be back in time."""
        begin = np.maximum(self.day_start + self.minutes[0, 1:][:, None], self.opens)
        end = begin + self.service[:, None]
        out: NDArray[np.bool_] = (end <= self.closes) & (end + self.minutes[1:, 0][:, None] <= self.day_end)
        return out


@dataclass(frozen=True)
class DayRoute:
    """One day on the road.

    Attributes:
        day: position among the working days.
        visits: positions of the visits, in order.
        arrive, begin, leave: minute of the day at each: at the door, when the call begins, when it is over.
        start, end: when the rep leaves home and is back.
        miles: hundredths of a mile; drive: minutes on the road; service: minutes of calls; wait: minutes before doors
            that aren't open yet.
    """

    day: int
    visits: tuple[int, ...]
    arrive: tuple[int, ...]
    begin: tuple[int, ...]
    leave: tuple[int, ...]
    start: int
    end: int
    miles: int
    drive: int
    service: int
    wait: int


def timed(problem: VisitProblem, day: int, visits: tuple[int, ...]) -> DayRoute | None:
    """A day's visits in this order with their times, or None if it breaks opening hours or the day's end.

    The rep is back as early as can be, and leaves home as late as that allows.
    """
    if not visits:
        return DayRoute(day, (), (), (), (), problem.day_start, problem.day_start, 0, 0, 0, 0)
    places = [int(problem.account[v]) for v in visits]
    begin = _begins(problem, day, places, problem.day_start)
    if begin is None:
        return None
    end = begin[-1] + int(problem.service[places[-1]]) + int(problem.minutes[places[-1] + 1, 0])
    if end > problem.day_end:
        return None
    latest = begin[-1]  # backward: the last one stays, the others as late as it allows
    for k in range(len(places) - 2, -1, -1):
        i, after = places[k], places[k + 1]
        service = int(problem.service[i])
        latest = min(latest - int(problem.minutes[i + 1, after + 1]) - service, int(problem.closes[i, day]) - service)
    start = max(problem.day_start, latest - int(problem.minutes[0, places[0] + 1]))
    begin = _begins(problem, day, places, start)
    if begin is None:
        return None
    arrive, leave, at, now = [], [], 0, start
    miles = drive = 0
    for i, b in zip(places, begin, strict=True):
        drive += int(problem.minutes[at, i + 1])
        miles += int(problem.miles[at, i + 1])
        arrive.append(now + int(problem.minutes[at, i + 1]))
        now = b + int(problem.service[i])
        leave.append(now)
        at = i + 1
    drive += int(problem.minutes[at, 0])
    miles += int(problem.miles[at, 0])
    service = int(problem.service[places].sum())
    wait = sum(b - a for a, b in zip(arrive, begin, strict=True))
    return DayRoute(day, visits, tuple(arrive), tuple(begin), tuple(leave), start, end, miles, drive, service, wait)


def _begins(problem: VisitProblem, day: int, places: list[int], start: int) -> list[int] | None:
    now, at, out = start, 0, []
    for i in places:
        now = max(now + int(problem.minutes[at, i + 1]), int(problem.opens[i, day]))
        out.append(now)
        now += int(problem.service[i])
        if now > problem.closes[i, day]:
            return None
        at = i + 1
    return out


def gap_kept(problem: VisitProblem, day_of: Ints, visit: int, day: int) -> bool:
    """Whether a visit on a day keeps its distance from the account's other visits.

    Args:
        day_of: int64 (v,), the working day of each visit, -1 = none.
    """
    number = int(problem.day_number[day])
    mine = np.flatnonzero(problem.account == problem.account[visit])
    for other in mine.tolist():
        if other == visit or day_of[other] < 0:
            continue
        there = int(problem.day_number[day_of[other]])
        low, high = min(other, visit), max(other, visit)
        need = int(problem.gap[low + 1 : high + 1].max())
        if (number - there if other < visit else there - number) < need:
            return False
    return True
