"""Who covers which territory: the assignment problem, solved to proven optimality with PuLP.

    min  sum c[i, j] x[i, j]
    s.t. sum_j x[i, j] = 1 for each territory, sum_i x[i, j] <= 1 for each rep     (reps >= territories)
         the other way round where there are more territories than reps

The matrix of an assignment problem is totally unimodular (Birkhoff 1946; Hoffman and Kruskal 1956): the vertex a
simplex method ends at is a plan without fractions, so the relaxation is the problem. The proof doesn't rest on the
solver's word: its prices are made feasible and added up here, which bounds every assignment from below.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from terr.errors import InputError, SolveError

Floats = NDArray[np.float64]
_NEAR = 24
"""So many of the cheapest pairs of each row and column are in the first model; the others join where prices ask."""
_TOLERANCE = 1e-7
_ROUNDS = 60


@dataclass(frozen=True, eq=False)
class Matching:
    """An optimal assignment of t territories and r reps.

    Attributes:
        rep_of: int64 (t,), the rep of each territory, -1 = none is left for it.
        total: the sum of the costs; bound: proven lower bound of any assignment's.
        second: int64 (t,), the next best rep of each territory, -1 = there is none or it is locked.
        second_cost: float64 (t,), how much more the whole would cost with that rep there and all others matched anew;
            NaN where there is none.
        status: "optimal".
    """

    rep_of: NDArray[np.int64]
    total: float
    bound: float
    second: NDArray[np.int64]
    second_cost: Floats
    status: str = "optimal"


def match(cost: Floats, locks: Mapping[int, int] | None = None) -> Matching:
    """Match territories and reps one to one at least cost; the smaller side is served in full.

    Args:
        cost: float64 (t, r), finite.
        locks: territory -> rep that must cover it.

    Raises:
        InputError: costs that aren't finite, or locks that contradict each other.
        SolveError: if the solver fails.
    """
    cost, locks = np.asarray(cost, dtype=np.float64), dict(locks or {})
    if cost.ndim != 2 or not np.isfinite(cost).all():
        raise InputError("matching needs a finite cost for each territory and rep")
    t, r = cost.shape
    if any(not (0 <= i < t and 0 <= j < r) for i, j in locks.items()):
        raise InputError("a lock names a territory or rep that isn't there")
    if len(set(locks.values())) < len(locks):
        raise InputError("two territories are locked to one rep; unlock one of them")
    rep_of = np.full(t, -1, dtype=np.int64)
    second, second_cost = rep_of.copy(), np.full(t, np.nan)
    for i, j in locks.items():
        rep_of[i] = j
    rows = np.array([i for i in range(t) if i not in locks], dtype=np.int64)
    cols = np.array([j for j in range(r) if j not in set(locks.values())], dtype=np.int64)
    fixed = float(sum(cost[i, j] for i, j in locks.items()))
    bound = fixed
    if len(rows) and len(cols):
        open_cost = cost[np.ix_(rows, cols)]
        found, free_bound = _solved(open_cost)
        at = found >= 0
        rep_of[rows[at]] = cols[found[at]]
        bound += free_bound
        other, more = _seconds(open_cost, found)
        second[rows] = np.where(other >= 0, cols[np.maximum(other, 0)], -1)
        second_cost[rows] = more
    used = rep_of >= 0
    total = float(cost[np.flatnonzero(used), rep_of[used]].sum())
    scale = max(1.0, abs(total), float(np.abs(cost).max(initial=0.0)))
    if total - bound > 1e-6 * scale:
        raise SolveError("the solver's assignment couldn't be proven best; try again")
    return Matching(rep_of, total, min(bound, total), second, second_cost)


def _solved(cost: Floats) -> tuple[NDArray[np.int64], float]:
    """Column of each row (-1 = none) at least cost, and the proven bound."""
    if cost.shape[0] > cost.shape[1]:
        by_column, bound = _solved(cost.T)
        out = np.full(cost.shape[0], -1, dtype=np.int64)
        out[by_column] = np.arange(len(by_column))
        return out, bound
    scale = max(float(np.abs(cost).max()), 1e-300)
    scaled = (cost - cost.min()) / scale  # prices and tolerances in the size of one
    chosen = _first_pairs(scaled)
    for _ in range(_ROUNDS):
        answer, up, down = _model(scaled, chosen)
        reduced = scaled - up[:, None] - down[None, :]
        new = (reduced < -_TOLERANCE) & ~chosen
        if not new.any():
            break
        chosen |= new
    down = np.minimum(down, 0.0)
    up = (scaled - down[None, :]).min(axis=1)  # feasible by construction, whatever the solver's rounding
    bound = float(up.sum() + down.sum()) * scale + len(cost) * float(cost.min())
    return answer, bound


def _first_pairs(cost: Floats) -> NDArray[np.bool_]:
    """The cheapest pairs of each row and column, and one whole assignment, so that the first model has an answer."""
    n, m = cost.shape
    chosen = np.zeros((n, m), dtype=np.bool_)
    near = min(_NEAR, m - 1)
    np.put_along_axis(chosen, np.argpartition(cost, near, axis=1)[:, : near + 1], True, axis=1)
    near = min(_NEAR, n - 1)
    np.put_along_axis(chosen, np.argpartition(cost, near, axis=0)[: near + 1], True, axis=0)
    chosen[np.arange(n), np.arange(n)] = True
    return chosen


def _model(cost: Floats, chosen: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats, Floats]:
    """The model over the chosen pairs: column of each row, prices of rows (free) and of columns (0 or below)."""
    n, m = cost.shape
    i, j = np.nonzero(chosen)
    lp = pulp.LpProblem("matching", pulp.LpMinimize)
    x = [lp.add_variable(f"x{a}_{b}", 0) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    rows: list[list[tuple[Any, float]]] = [[] for _ in range(n)]
    cols: list[list[tuple[Any, float]]] = [[] for _ in range(m)]
    for v, a, b in zip(x, i.tolist(), j.tolist(), strict=True):
        rows[a].append((v, 1.0))
        cols[b].append((v, 1.0))
    lp += pulp.LpAffineExpression(list(zip(x, cost[i, j].tolist(), strict=True)))
    used = [b for b in range(m) if cols[b]]
    for row in rows:
        lp += pulp.LpAffineExpression(row) == 1
    for b in used:
        lp += pulp.LpAffineExpression(cols[b]) <= 1
    _solve(lp)
    prices = np.array([c.pi or 0.0 for c in lp.constraints()])
    down = np.zeros(m)
    down[used] = prices[n:]
    value = np.array([v.varValue or 0.0 for v in x])
    answer = np.full(n, -1, dtype=np.int64)
    on = value > 0.5
    answer[i[on]] = j[on]
    if (answer < 0).any() or int(on.sum()) != n:
        raise SolveError("the solver left the matching with fractions; try again")
    return answer, prices[:n], down


def _solve(lp: pulp.LpProblem) -> None:
    """Solve with HiGHS, or with CBC where it can't be loaded."""
    solver: Any = pulp.HiGHS(msg=False, threads=1)
    try:
        if not solver.available():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # PuLP 4 moves it to a package of its own
                solver = pulp.PULP_CBC_CMD(msg=False, threads=1)
        status = lp.solve(solver)
    except (pulp.PulpSolverError, RuntimeError, OSError) as error:
        raise SolveError(f"the solver could not run: {error}") from error
    if status != pulp.LpStatusOptimal:
        raise SolveError("the solver found no matching; try again")


def _seconds(cost: Floats, found: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
    """The next best column of each row, and what it would cost in all, everything else matched anew.

    Rows that change columns with each other form a cycle. With d[a, b] the cheapest chain of changes by which row a
    takes over what row b has, giving row i the column of row b costs cost[i, found[b]] - cost[i, found[i]] + d[b, i].
    Rows and columns that are left over stand for each other at no cost, so that the table is square.
    """
    t, r = cost.shape
    n = max(t, r)
    square = np.zeros((n, n))
    square[:t, :r] = cost
    at = np.full(n, -1, dtype=np.int64)
    at[:t] = found
    free = np.setdiff1d(np.arange(n), at[at >= 0])
    at[at < 0] = free
    swap = square[:, at] - square[np.arange(n), at][:, None]  # row a takes what row b has
    chain = np.minimum(swap, np.inf)
    np.fill_diagonal(chain, 0.0)
    for k in range(n):  # Floyd 1962; an optimum has no cycle below zero
        np.minimum(chain, chain[:, k, None] + chain[None, k, :], out=chain)
    whole = swap + chain.T
    np.fill_diagonal(whole, np.inf)
    whole[:, at >= r] = np.inf  # no rep at all isn't a second choice
    whole = whole[:t]
    best = whole.argmin(axis=1)
    more = whole[np.arange(t), best]
    there = np.isfinite(more)
    return np.where(there, at[best], -1), np.where(there, np.maximum(more, 0.0), np.nan)
