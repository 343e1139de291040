"""A calendar of visits: made, timed, compared with how it is done by hand, and what is left out with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.engine.visits.problem import DayRoute, VisitProblem, gap_kept, timed
from terr.engine.visits.routing import route_day
from terr.engine.visits.search import best_days
from terr.engine.visits.sequential import in_order, nearest_neighbor
from terr.errors import SolveError
from terr.model.progress import UNWATCHED, Progress

Ints = NDArray[np.int64]
NO_DAY, FAR, CLOSED, APART, FULL = "no_day", "far", "closed", "apart", "full"
"""Why a visit is missing: no working day in its window; no day is long enough for the way; never open when a rep can be
there; every day would be too near another visit of the account; the days are full."""


@dataclass(frozen=True)
class DaySums:
    """What a calendar adds up to: visits, hundredths of a mile, minutes on the road, of calls and of waiting."""

    visits: int
    miles: int
    drive: int
    service: int
    wait: int


@dataclass(frozen=True, eq=False)
class VisitCalendar:
    """Visits on days.

    Attributes:
        routes: one for each working day, in order.
        missed: position of a visit that is on no day -> why, one of the codes above.
        nearest, listed: the same visits by nearest neighbor, and in the order of a list, by the same rules.
        status: "planned", or "stopped" if the search was ended early.
    """

    routes: tuple[DayRoute, ...]
    missed: dict[int, str]
    nearest: DaySums
    listed: DaySums
    status: str

    @property
    def sums(self) -> DaySums:
        """What the calendar adds up to."""
        return sums_of(self.routes)


def sums_of(routes: tuple[DayRoute, ...]) -> DaySums:
    """What some days add up to."""
    return DaySums(
        sum(len(r.visits) for r in routes),
        sum(r.miles for r in routes),
        sum(r.drive for r in routes),
        sum(r.service for r in routes),
        sum(r.wait for r in routes),
    )


def routes_of(problem: VisitProblem, days: list[list[int]]) -> tuple[DayRoute, ...]:
    """Days with their times.

    Raises:
        SolveError: if a day breaks a rule, which no search may do.
    """
    out = []
    for day, visits in enumerate(days):
        route = timed(problem, day, tuple(visits))
        if route is None:
            raise SolveError("a day's route broke its hours; plan the visits again")
        out.append(route)
    return tuple(out)


def plan_visits(
    problem: VisitProblem,
    rank: Ints | None = None,
    *,
    seed: int = 1,
    effort: float = 1.0,
    progress: Progress = UNWATCHED,
) -> VisitCalendar:
    """Lay visits on days.

    Args:
        problem: what is planned.
        rank: int64 (n,), place of each account in today's order; by default the order of the accounts.
        seed: same seed, same calendar; effort: 10 searches ten times as long.
        progress: told how far it is; stopped, the best so far is returned.
    """
    days = best_days(problem, seed=seed, effort=effort, progress=progress)
    stopped = progress.stopped()
    rank = np.arange(len(problem.service), dtype=np.int64) if rank is None else rank
    return VisitCalendar(
        routes_of(problem, days),
        why_missed(problem, days),
        sums_of(routes_of(problem, nearest_neighbor(problem))),
        sums_of(routes_of(problem, in_order(problem, rank))),
        "stopped" if stopped else "planned",
    )


def why_missed(problem: VisitProblem, days: list[list[int]]) -> dict[int, str]:
    """Why each visit is missing that is on none of the days; see `VisitCalendar`."""
    day_of = day_of_each(problem, days)
    inside = (problem.first[:, None] <= problem.day_number) & (problem.day_number <= problem.last[:, None])
    reach = problem.reachable()
    there_and_back = problem.minutes[0, 1:] + problem.service + problem.minutes[1:, 0]
    too_far = there_and_back > problem.day_end - problem.day_start
    out = {}
    for v in np.flatnonzero(day_of < 0).tolist():
        i = int(problem.account[v])
        open_days = np.flatnonzero(inside[v] & reach[i]).tolist()
        if too_far[i]:
            out[v] = FAR
        elif not inside[v].any():
            out[v] = NO_DAY
        elif not open_days:
            out[v] = CLOSED
        elif not any(gap_kept(problem, day_of, v, d) for d in open_days):
            out[v] = APART
        else:
            out[v] = FULL
    return out


def day_of_each(problem: VisitProblem, days: list[list[int]]) -> Ints:
    """int64 (v,), the working day each visit is on, -1 = none."""
    out = np.full(len(problem.account), -1, dtype=np.int64)
    for day, visits in enumerate(days):
        out[visits] = day
    return out


def moved(
    problem: VisitProblem, days: list[list[int]], visit: int, day: int, *, seed: int = 1
) -> list[list[int]] | str:
    """The days with one visit moved to another day (or put on one), both days routed again; or why that can't be.

    Args:
        days: visits of each working day, in order.
        visit: position of the visit; day: position among the working days, -1 takes it off its day.

    Returns:
        The new days, or one of the codes of `VisitCalendar.missed`.
    """
    out = [[v for v in visits if v != visit] for visits in days]
    if day >= 0:
        if not problem.first[visit] <= problem.day_number[day] <= problem.last[visit]:
            return NO_DAY
        if not problem.allowed()[visit, day]:
            return why_missed(problem, out).get(visit, CLOSED) if not problem.allowed()[visit].any() else CLOSED
        if not gap_kept(problem, day_of_each(problem, out), visit, day):
            return APART
        route = route_day(problem, day, [*out[day], visit], steps=2_000, seed=seed)
        if len(route) < len(out[day]) + 1:
            return FULL
        out[day] = list(route)
    for other, visits in enumerate(days):
        if visit in visits and other != day:
            route = route_day(problem, other, out[other], steps=2_000, seed=seed)
            if len(route) == len(out[other]):
                out[other] = list(route)
    return out
