"""Calendars as people make them without a computer: what a plan of visits is compared with.

Both obey the rules of `VisitProblem`: windows, gaps, opening hours and the day's end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from terr.engine.visits.problem import VisitProblem

Ints = NDArray[np.int64]


def nearest_neighbor(problem: VisitProblem) -> list[list[int]]:
    """Day after day, the nearest account that may be called on next; see `_one_by_one`."""
    return _one_by_one(problem, None)


def in_order(problem: VisitProblem, rank: Ints) -> list[list[int]]:
    """Day after day, the first account of a list that may be called on next; see `_one_by_one`.

    Args:
        rank: int64 (n,), place of each account in the list.
    """
    return _one_by_one(problem, rank)


def _one_by_one(problem: VisitProblem, rank: Ints | None) -> list[list[int]]:
    """Visits by working day. Those that no later day can take come first; without them days would break windows."""
    allowed = problem.allowed()
    v, d = allowed.shape
    last_day = np.where(allowed.any(axis=1), d - 1 - np.argmax(allowed[:, ::-1], axis=1), -1) if v else np.zeros(0)
    account, service, minutes = problem.account, problem.service, problem.minutes
    waiting: NDArray[np.bool_] = np.asarray(allowed.any(axis=1))
    since = np.full(len(service), -(1 << 30), dtype=np.int64)  # the day each account was last called on
    out: list[list[int]] = []
    for day in range(d):
        number = int(problem.day_number[day])
        now, at, done = problem.day_start, 0, list[int]()
        while True:
            may = np.flatnonzero(waiting & allowed[:, day] & (number - since[account] >= problem.gap))
            if not len(may):
                break
            i = account[may]
            begin = np.maximum(now + minutes[at, i + 1], problem.opens[i, day])
            end = begin + service[i]
            fits = (end <= problem.closes[i, day]) & (end + minutes[i + 1, 0] <= problem.day_end)
            may, i, end = may[fits], i[fits], end[fits]
            if not len(may):
                break
            pressing = last_day[may] - day
            key = problem.cost[at, i + 1] if rank is None else rank[i]
            # what has to be done today, or soon if many have to, before what may wait
            order = np.lexsort((key, np.where(pressing <= 0, 0, 1)))
            k = int(order[0])
            chosen = int(may[k])
            done.append(chosen)
            waiting[chosen] = False
            since[account[chosen]] = number
            now, at = int(end[k]), int(i[k]) + 1
        out.append(done)
    return out
