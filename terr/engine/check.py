"""What can be told before any solving: why limits, locks or the map make a plan impossible or less than perfect."""

from __future__ import annotations

import numpy as np

from terr.engine.arrays import bridge_pieces, joined_graph, locked_parts, make_work, pieces, too_many_pieces
from terr.model.problem import Problem
from terr.model.result import Explanation

FATAL = ("too_many_territories",)
"""Codes that make a design impossible."""


def precheck(problem: Problem) -> tuple[Explanation, ...]:
    """Explanations, the fatal ones (`FATAL`) first.

    Codes:
        too_many_territories: more territories than units, or than units that are free to start one.
        zero_measure: a limited or the first measure is 0 everywhere, so its balance is left out.
        pieces: the region is in several pieces that share no border.
        locked_apart: locked units of one territory that can't be joined.
        unit_too_large: a unit above the upper limit by itself, with the best deviation that can be reached.
    """
    fatal = _too_many(problem)
    if fatal:
        return (fatal,)
    out: list[Explanation] = []
    totals = problem.weights.sum(axis=0)
    for q in np.flatnonzero((totals == 0) & (problem.limited | (np.arange(len(totals)) == 0))):
        out.append(
            Explanation("zero_measure", f"{problem.measures[q]} is 0 in every area, so it can't be balanced; left out")
        )
    out += _pieces(problem)
    links = bridge_pieces(problem) if too_many_pieces(problem) else []
    ip, ix, _ = joined_graph(problem, links)
    for j, groups in locked_parts(problem, ip, ix):
        units = tuple(int(g[0]) for g in groups)
        out.append(
            Explanation(
                "locked_apart",
                f"territory {j + 1} has locked areas that can't be joined, such as {_some(problem, units)}; "
                "unlock what lies between or lock one side only",
                units,
            )
        )
    out += _too_large(problem)
    return tuple(out)


def _some(problem: Problem, units: tuple[int, ...], most: int = 3) -> str:
    text = ", ".join(problem.name(u) for u in units[:most])
    return text if len(units) <= most else f"{text} and {len(units) - most} more"


def _too_many(problem: Problem) -> Explanation | None:
    n, k = len(problem), problem.territories
    if k > n:
        return Explanation(
            "too_many_territories", f"{k} territories need at least {k} areas, the region has {n}; ask for {n} or fewer"
        )
    on = problem.locked >= 0
    empty = k - len(np.unique(problem.locked[on]))
    free = n - int(on.sum())
    if empty > free:
        return Explanation(
            "too_many_territories",
            f"{empty} territories have no area yet and {free} {'is' if free == 1 else 'are'} unlocked; unlock some "
            f"or ask for {k - empty + free} or fewer",
        )
    return None


def _pieces(problem: Problem) -> list[Explanation]:
    count, label = pieces(problem.indptr, problem.indices, np.zeros(len(problem), np.int8))
    if count == 1:
        return []
    order = np.argsort(-np.bincount(label, minlength=count), kind="stable")
    units = tuple(int(np.flatnonzero(label == c)[0]) for c in order)
    where = f"the region is in {count} pieces that share no border (around {_some(problem, units)})"
    if too_many_pieces(problem):
        text = f"{where}, more than its territories can each stay within: some territories span a gap"
    else:
        text = f"{where}; each piece gets territories of its own, so territories can differ more"
    return [Explanation("pieces", text, units)]


def _too_large(problem: Problem) -> list[Explanation]:
    out = []
    work = make_work(problem)
    roomy = {(u, q) for u, q, _ in work.too_large}
    for q in np.flatnonzero(np.isfinite(problem.high)):
        goal = problem.targets[:, q]
        most = (1 + problem.high[q]) * goal
        load = problem.weights[:, q]
        at = np.where(problem.locked >= 0, most[problem.locked], most.max())
        for u in np.flatnonzero((load > at) & (load > 0)):
            j = int(problem.locked[u]) if problem.locked[u] >= 0 else int(most.argmax())
            over = load[u] / goal[j] - 1
            full = {t for _, p, t in work.too_large if p == q}
            rest = problem.territories - len(full)
            under = 0.0
            if (int(u), int(q)) in roomy and rest > 0:
                held = float(load[np.isin(work.locked, list(full))].sum())
                under = abs((load.sum() - held) / (goal.sum() - goal[list(full)].sum()) - 1)
            out.append(
                Explanation(
                    "unit_too_large",
                    f"{problem.name(int(u))} alone holds {100 * (1 + over):.0f}% of a territory's "
                    f"{problem.measures[q]}, more than the {100 * (1 + problem.high[q]):.0f}% allowed: the best "
                    f"largest deviation that can be reached is about {100 * max(over, under):.0f}%; "
                    "split it into smaller areas, ask for fewer territories or allow more",
                    (int(u),),
                )
            )
    return out
