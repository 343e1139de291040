"""Room: limits for the rest when a unit, or units locked together, fill a territory by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from terr.model.problem import Problem

NONE = 1e30
"""Stands for no limit on a load: larger than any sum, small enough to subtract from."""
ROUNDING = 1e-9
"""Room above a load that must fit, as a share of it."""
STIFF = 5.0
"""How much worse it is to add to a full territory than to miss a limit elsewhere."""


@dataclass(frozen=True, eq=False)
class RemainderLimits:
    """Limits to solve for; what a plan is judged by are the problem's own.

    Attributes:
        lo, hi, sc: (k, q) lower and upper load of the q limited measures, and what excess is
            measured in: the target, less for a full territory.
        locked: int64 (n,), the problem's locks and a territory for each unit that fills one.
        aim: (k,) load of the first limited measure each territory should get.
        too_large: (unit, measure, territory): the heaviest unit of what fills each full territory.
    """

    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    sc: NDArray[np.float64]
    locked: NDArray[np.int64]
    aim: NDArray[np.float64]
    too_large: tuple[tuple[int, int, int], ...]


def pieces(ip: NDArray[Any], ix: NDArray[Any], allowed: NDArray[Any]) -> tuple[int, NDArray[np.int32]]:
    """Connected pieces where an edge counts if both ends have the same value >= 0 in `allowed`.

    Returns:
        Number of pieces, and the piece of each unit (units with -1 are pieces of their own).
    """
    n = len(ip) - 1
    rows = np.repeat(np.arange(n), np.diff(ip))
    on = (allowed[rows] == allowed[ix]) & (allowed[rows] >= 0)
    graph = coo_matrix((np.ones(int(on.sum()), np.int8), (rows[on], ix[on])), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    return int(count), label


def own_limits(problem: Problem, cols: NDArray[Any]) -> RemainderLimits:
    """The person's own limits of the measures `cols`."""
    goal = problem.targets[:, cols]
    lo, hi = np.maximum(problem.lowest[:, cols], -NONE), np.minimum(problem.highest[:, cols], NONE)
    aim = goal[:, 0].copy() if len(cols) else np.ones(len(goal))
    even = np.maximum(problem.weights[:, cols].sum(axis=0) / problem.territories, 1e-300)
    return RemainderLimits(lo, hi, np.where(goal > 0, goal, even), problem.locked.astype(np.int64), aim, ())


def remainder_limits(problem: Problem, cols: NDArray[Any]) -> RemainderLimits:
    """Limits under which the rest is even although some territories are full.

    A territory is full if a unit, or its locked units, are above its upper limit. It should hold nothing else but the
    pockets that only it borders; the others share evenly what is left, and what is above that share fills one too.
    Measures take turns: one that comes later loses its lower limit in a territory that an earlier one fills.
    """
    plain = own_limits(problem, cols)
    lo, hi, sc, locked, aim = plain.lo.copy(), plain.hi.copy(), plain.sc, plain.locked.copy(), plain.aim.copy()
    w = problem.weights[:, cols]
    total = w.sum(axis=0)
    down, up = _shares(problem, cols)
    k = problem.territories
    count, _ = pieces(problem.indptr, problem.indices, np.zeros(len(problem), np.int8))
    full: dict[int, int] = {}
    for q in range(len(cols)):
        while up[q] < NONE and len(full) < k - max(count, 1):
            rest = np.setdiff1d(np.arange(k), list(full))
            own = _own(problem, w, sc, locked, full)
            even = (total[q] - own[list(full), q].sum()) / sc[rest, q].sum()
            most = _around(even, down[q], up[q])[1] * sc[:, q] * (1 + ROUNDING)
            held = rest[own[rest, q] > most[rest]]
            if len(held):
                full[int(held[(own[held, q] / sc[held, q]).argmax()])] = q
                continue
            u = int(np.where(locked < 0, w[:, q], -1.0).argmax())
            if locked[u] >= 0 or w[u, q] <= most[rest].max():
                break
            j = _home(problem, u, rest, locked, sc[:, q])
            locked[u] = j
            full[j] = q
    if not full:
        return plain
    own = _own(problem, w, sc, locked, full)
    large = []
    scale = sc.copy()
    for p in range(len(cols)):
        mine = [j for j, q in full.items() if q <= p]
        rest = np.setdiff1d(np.arange(k), mine)
        if not mine:
            continue
        more = np.zeros(k)  # share of a target that a full territory still needs of the measures before
        for j in mine:
            if full[j] == p and p > 0:
                more[j] = max(0.0, 1 - float((own[j, :p] / sc[j, :p]).min()))
        even = (total[p] - own[mine, p].sum()) / (sc[rest, p].sum() + (more * sc[:, p]).sum())
        for j in mine:
            if own[j, p] > hi[j, p] or full[j] == p:
                at = np.flatnonzero(locked == j)
                large.append((int(at[w[at, p].argmax()]), int(cols[p]), j))
            fits = own[j, p] * (1 + ROUNDING)
            lo[j, p] = min(lo[j, p], own[j, p])
            if full[j] != p:
                hi[j, p] = max(hi[j, p], fits)
                continue
            hi[j, p] = fits + more[j] * even * up[p] * sc[j, p]
            if not more[j]:
                scale[j, p] /= STIFF
        lo[rest, p], hi[rest, p] = _scaled(*_around(even, down[p], up[p]), sc[rest, p])
        if p == 0:
            aim[mine], aim[rest] = own[mine, 0], even * sc[rest, 0]
    return RemainderLimits(lo, hi, scale, locked, aim, tuple(large))


def _shares(problem: Problem, cols: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Limits as shares of the target."""
    low, high = problem.low[cols], problem.high[cols]
    return np.where(np.isfinite(low), 1 - low, -NONE), np.where(np.isfinite(high), 1 + high, NONE)


def _scaled(down: Any, up: Any, goal: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Limits as loads."""
    below, above = np.broadcast_to(down, goal.shape), np.broadcast_to(up, goal.shape)
    return np.where(below > -NONE, below * goal, -NONE), np.where(above < NONE, above * goal, NONE)


def _around(even: float, down: float, up: float) -> tuple[float, float]:
    """Limits of territories that share evenly what others leave, all as shares of the target.

    The wanted ones if they hold the even share. Else a quarter as wide around it, so that all miss them by about as
    little as can be, and on their side not beyond them.
    """
    if even < down:
        return even * (3 + down) / 4, min(down, even * (3 + up) / 4)
    if even > up:
        return max(up, even * (3 + down) / 4), even * (3 + up) / 4
    return down, up


def _own(problem: Problem, w: Any, sc: Any, locked: NDArray[np.int64], full: dict[int, int]) -> NDArray[np.float64]:
    """(k, q) load each territory has for certain: its locked units, and a full one's pockets.

    A pocket is a part of the region that only full territories' locked units join to the rest, without locks, and too
    light for a territory of its own.
    """
    on = locked >= 0
    out = np.zeros(sc.shape)
    np.add.at(out, locked[on], w[on])
    if not full:
        return out
    q = min(full.values())
    filled = np.isin(locked, list(full))
    count, label = pieces(problem.indptr, problem.indices, np.where(filled, -1, 0))
    size = np.bincount(label, np.where(filled, 0.0, w[:, q]), count)
    size[np.unique(label[on])] = np.inf
    size[int(np.where(np.isinf(size), -1.0, size).argmax())] = np.inf
    even = w[~filled, q].sum() / max(1, len(sc) - len(full))
    rows = np.repeat(np.arange(len(w)), np.diff(problem.indptr))
    for c in np.flatnonzero(size < even / 2):
        near = np.unique(locked[rows[(label[problem.indices] == c) & filled[rows]]])
        if len(near):
            j = near[(out[near, q] / sc[near, q]).argmin()]
            out[j] += w[label == c].sum(axis=0)
    return out


def _home(problem: Problem, u: int, rest: NDArray[np.int64], locked: NDArray[np.int64], goal: Any) -> int:
    """The territory unit u is to fill: today's if it isn't full; else one without locks: an empty one or the nearest
    today, that of the nearest seed, or the one with the largest target; else that of the nearest lock."""

    def nearest(plan: NDArray[Any], among: NDArray[np.int64]) -> int:
        d = ((problem.xy_km - problem.xy_km[u]) ** 2).sum(axis=1)
        least = np.full(len(goal), -1.0)
        for j in np.unique(plan[plan >= 0]):
            least[j] = d[plan == j].min()
        return int(among[least[among].argmin()])

    free = np.setdiff1d(rest, locked)
    if problem.start is not None and problem.start[u] in rest:
        return int(problem.start[u])
    if not len(free):
        return nearest(locked, rest)
    if problem.start is not None:
        return nearest(problem.start, free)
    if problem.seeds is not None and (problem.seeds[free] >= 0).any():
        known = free[problem.seeds[free] >= 0]
        d = ((problem.xy_km[problem.seeds[known]] - problem.xy_km[u]) ** 2).sum(axis=1)
        return int(known[d.argmin()])
    return int(free[goal[free].argmax()])
