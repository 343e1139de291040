"""Days and order of all visits of a period: a compiled search over the whole period, then PyVRP day by day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from terr.engine.visits import kernels
from terr.engine.visits.problem import VisitProblem, gap_kept, timed
from terr.engine.visits.routing import route_day
from terr.engine.visits.sequential import nearest_neighbor
from terr.model.progress import UNWATCHED, Progress

Ints = NDArray[np.int64]
NEAR = 24
STEPS = 60_000
"""Steps of the search per visit, at effort 1."""
MOST_STEPS = 20_000_000
_CHUNKS = 60


def worth(problem: VisitProblem, days: list[list[int]]) -> int:
    """What is to be small: the cost of all ways and the prizes of visits left out."""
    cost, account = problem.cost, problem.account
    out = int(problem.prizes().sum())
    prizes = problem.prizes()
    for visits in days:
        at = 0
        for v in visits:
            out += int(cost[at, account[v] + 1]) - int(prizes[v])
            at = int(account[v]) + 1
        out += int(cost[at, 0])
    return out


def best_days(
    problem: VisitProblem, *, seed: int = 1, effort: float = 1.0, progress: Progress = UNWATCHED
) -> list[list[int]]:
    """The visits of each working day in order, so that the least is left out and, of that, miles are least.

    Args:
        problem: what is planned.
        seed: same seed, same answer.
        effort: 10 searches ten times as long.
        progress: told how far it is; stopped, the best so far is returned.
    """
    allowed = problem.allowed()
    v = len(allowed)
    start = nearest_neighbor(problem)
    if not v or not allowed.any():
        return start
    progress.show(0.02, "Choosing days")
    days = _annealed(problem, allowed, start, seed, effort, progress.part(0.02, 0.85))
    progress.show(0.86, "Routing each day")
    return _polished(problem, allowed, days, seed, effort, progress.part(0.86, 1.0))


def near_visits(problem: VisitProblem, allowed: NDArray[np.bool_], most: int = NEAR) -> Ints:
    """int64 (v, most + 1), the visits nearest each that may share a day with it, nearest first, then -1."""
    cost, account = problem.cost, problem.account
    v = len(account)
    out = np.full((v, most + 1), -1, dtype=np.int64)
    for k in range(v):
        meets = (allowed & allowed[k]).any(axis=1) & (np.arange(v) != k)
        others = np.flatnonzero(meets)
        far = cost[account[k] + 1, account[others] + 1] + cost[account[others] + 1, account[k] + 1]
        if len(others) > most:
            few = np.argpartition(far, most - 1)[:most]
            others, far = others[few], far[few]
        order = np.lexsort((others, far))
        out[k, : len(order)] = others[order]
    return out


def _annealed(
    problem: VisitProblem,
    allowed: NDArray[np.bool_],
    start: list[list[int]],
    seed: int,
    effort: float,
    progress: Progress,
) -> list[list[int]]:
    v, d = allowed.shape
    longest = (problem.day_end - problem.day_start) // max(1, int(problem.service[problem.account].min(initial=1)))
    wide = int(min(v, max(longest, *map(len, start)))) + 1
    route, length = np.zeros((d, wide), dtype=np.int64), np.zeros(d, dtype=np.int64)
    day_of = np.full(v, -1, dtype=np.int64)
    for day, visits in enumerate(start):
        route[day, : len(visits)] = visits
        length[day] = len(visits)
        day_of[visits] = day
    best_route, best_length = route.copy(), length.copy()
    cost = problem.cost
    near = near_visits(problem, allowed)
    first = near[:, 0]
    legs = cost[problem.account + 1, problem.account[first] + 1][first >= 0]
    leg = float(np.mean(legs)) if len(legs) else float(cost[0].mean())
    hot, cold = max(1.0, 2.0 * leg), max(0.05, 0.02 * leg)
    if sum(map(len, start)) < v:  # something may have to stay out: which, is searched hotter than ways are
        hot = max(hot, 0.3 * float(problem.prizes().min()))
        effort *= 3  # and longer
    steps = int(min(MOST_STEPS, STEPS * v) * effort)
    cuts = np.linspace(0, steps, _CHUNKS + 1).astype(np.int64)
    best = worth(problem, start)
    fixed = (near, allowed.astype(np.uint8), problem.prizes(), cost, problem.minutes, problem.service, problem.opens)
    more = (problem.closes, problem.account, problem.gap, problem.day_number, problem.day_start, problem.day_end)
    for z in range(_CHUNKS):
        if progress.stopped():
            break
        best = kernels.anneal(
            route,
            length,
            day_of,
            *fixed,
            *more,
            hot,
            cold,
            int(cuts[z]),
            int(cuts[z + 1]),
            steps,
            (seed * _CHUNKS + z) % (1 << 31),
            best_route,
            best_length,
            best,
        )
        progress.show((z + 1) / _CHUNKS, "Choosing days")
    return [best_route[day, : best_length[day]].tolist() for day in range(d)]


def _polished(
    problem: VisitProblem,
    allowed: NDArray[np.bool_],
    days: list[list[int]],
    seed: int,
    effort: float,
    progress: Progress,
) -> list[list[int]]:
    """Each day routed by PyVRP, with visits that were left out offered to it; a worse day is not taken."""
    days = [list(d) for d in days]
    day_of = np.full(len(problem.account), -1, dtype=np.int64)
    for day, visits in enumerate(days):
        day_of[visits] = day
    steps = max(50, int(200 * effort))
    for day in range(len(days)):
        progress.show(day / max(1, len(days)), "Routing each day")
        if progress.stopped():
            break
        mine = days[day]
        offered = list(mine)
        for v in np.flatnonzero((day_of < 0) & allowed[:, day]).tolist():
            # one visit of an account a day, and none too near the others of the account
            if gap_kept(problem, day_of, v, day) and problem.account[v] not in set(problem.account[offered].tolist()):
                offered.append(v)
        if len(offered) < 2:
            continue
        found = route_day(problem, day, offered, steps=steps, seed=seed)
        trial = [*days[:day], list(found), *days[day + 1 :]]
        if found and worth(problem, trial) < worth(problem, days) and timed(problem, day, found) is not None:
            day_of[mine] = -1
            day_of[list(found)] = day
            days = trial
    return days
