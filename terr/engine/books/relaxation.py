"""The linear relaxation: shares of items in books at least cost within the limits, by column generation.

    min  sum c[i, j] x[i, j] + price of slack
    s.t. sum_j x[i, j] = 1                                         for each item
         lo[j, r] - slack <= sum_i w[i, r] x[i, j] <= hi[j, r] + slack   for each book and row
         x >= 0

Columns enter by their reduced cost from the duals of the k * R limit rows, so that no pair of item and book is left
out for being far. An item with one column only is folded into the rows. At the end at most as many items are divided
among books as limits bind (a basic solution), and the Lagrangian value of the duals over ALL pairs is the bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from terr.engine.books.items import Items
from terr.engine.books.prices import bound_at, cheapest, grain, worth
from terr.engine.models.model import PersistentHiGHS
from terr.errors import SolveError
from terr.model.progress import Progress

F = NDArray[np.float64]
CLOSE = 1e-5
"""Share of the cost by which the relaxation may miss its end."""
ROUNDS = 40
PER_ROUND = 3
"""New columns of one item in one round at most."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """An answer of the relaxation.

    Attributes:
        assign: int64 (N,), the book of each item's largest share.
        split: int64, items divided among books.
        price: float64 (k, R), duals of the limits: above 0 where a book needs more, below 0 where it is full.
        bound: proven lower bound of the cost of any books within the limits.
        slack: float64 (k, R), how far limits are broken even here, in the rows' units.
        columns: pairs it looked at.
    """

    assign: NDArray[np.int64]
    split: NDArray[np.int64]
    price: F
    bound: float
    slack: F
    columns: int


def relax(items: Items, cost: F, price: F, most: F, progress: Progress, late: Any, *, near: float = 0.05) -> Relaxed:
    """Solves the relaxation.

    Args:
        items: what is divided.
        cost: float64 (N, k), inf = out of the question.
        price: float64 (k, R), first prices.
        most: float64 (k, R), price of breaking a limit by one of the row's units.
        progress: is told.
        late: asked between rounds; True ends it with the best bound so far.
        near: columns within this share of an item's grain of its best are in from the start.

    Raises:
        SolveError: if no solver can run.
    """
    n, k = cost.shape
    window = min(6, k)
    cols, value = np.zeros((n, window), np.int32), np.zeros((n, window))
    cheapest(cost, items.w, price, cols, value)
    # an item whose least is a near thing gets all columns that are nearly as good
    inside = (cols >= 0) & (value <= value[:, :1] + near * grain(cost)[:, None])
    inside[:, 0] = True
    item, book = np.nonzero(inside)[0], cols[inside].astype(np.int64)
    bound, best_price = bound_at(items, cost, price), price
    found = _solve(items, cost, item, book, most)
    for turn in range(ROUNDS):
        solved = found if turn == 0 else _solve(items, cost, item, book, most)
        value_here = solved.bound
        cheapest(cost, items.w, solved.price, cols, value)
        proven = float(value[:, 0].sum()) + worth(items, solved.price)
        if proven > bound or turn == 0:
            bound, best_price = max(bound, proven), solved.price
        found = solved
        # columns that are better than what an item has, by the duals of the rows it shares
        own = np.full(n, np.inf)
        np.minimum.at(own, item, cost[item, book] - (solved.price[book] * items.w[item]).sum(axis=1))
        progress.show(min(0.95, 0.2 + 0.1 * turn), "Sharing accounts among reps")
        if value_here - bound <= CLOSE * max(abs(value_here), 1e-9) or late():
            break
        better = (cols[:, :PER_ROUND] >= 0) & (value[:, :PER_ROUND] < own[:, None] - 1e-9 * (1 + np.abs(own[:, None])))
        if not better.any():
            break
        new = np.nonzero(better)[0] * k + cols[:, :PER_ROUND][better]
        known = item * k + book
        new = np.setdiff1d(new, known)
        if not len(new):
            break
        item, book = np.concatenate([item, new // k]), np.concatenate([book, new % k])
    return Relaxed(found.assign, found.split, best_price, bound, found.slack, len(item))


def _solve(items: Items, cost: F, item: NDArray[np.int64], book: NDArray[np.int64], most: F) -> Relaxed:
    """Solves over these columns only."""
    n, k = cost.shape
    rows = items.w.shape[1]
    order = np.lexsort((book, item))
    item, book = item[order], book[order]
    many = np.bincount(item, minlength=n)
    alone = many[item] == 1
    held = np.zeros((k, rows))
    for r in range(rows):
        held[:, r] = np.bincount(book[alone], items.w[item[alone], r], k)
    base = float(cost[item[alone], book[alone]].sum())
    assign = np.full(n, -1, np.int64)
    assign[item[alone]] = book[alone]
    item, book = item[~alone], book[~alone]
    lp = pulp.LpProblem("books", pulp.LpMinimize)
    x = [lp.add_variable(f"x{i}_{j}", 0) for i, j in zip(item.tolist(), book.tolist(), strict=True)]
    objective: list[tuple[Any, float]] = list(zip(x, cost[item, book].tolist(), strict=True))
    ends = np.flatnonzero(np.diff(item)) + 1
    constraints: list[Any] = []
    for part in np.split(np.arange(len(item)), ends) if len(item) else []:
        constraints.append(pulp.LpAffineExpression([(x[p], 1.0) for p in part.tolist()]) == 1)
    at: list[tuple[int, int, Any]] = []
    extra: list[tuple[int, int, Any]] = []
    by_book = np.split(np.argsort(book, kind="stable"), np.cumsum(np.bincount(book, minlength=k))[:-1])
    for j in range(k):
        mine = by_book[j].tolist()
        for r in range(rows):
            weights = items.w[item[by_book[j]], r].tolist()
            terms = [(x[p], v) for p, v in zip(mine, weights, strict=True) if v > 0]
            for side, limit in ((1.0, items.lo[j, r]), (-1.0, items.hi[j, r])):
                if not np.isfinite(limit):
                    continue
                s = lp.add_variable(f"s{j}_{r}_{int(side)}", 0)
                objective.append((s, float(most[j, r])))
                extra.append((j, r, s))
                whole = pulp.LpAffineExpression([*terms, (s, side)])
                left = float(limit - held[j, r])
                constraints.append(whole >= left if side > 0 else whole <= left)
                at.append((j, r, len(constraints) - 1))
    lp += pulp.LpAffineExpression(objective)
    for c in constraints:
        lp += c
    price, slack = np.zeros((k, rows)), np.zeros((k, rows))
    if not extra:
        return Relaxed(_largest(assign, item, book, np.ones(len(item))), np.zeros(0, np.int64), price, base, slack, 0)
    values, duals = _run(lp)
    for j, r, row in at:
        price[j, r] += duals[row]
    for j, r, s in extra:
        slack[j, r] += values[s.index]
    share = values[[v.index for v in x]]
    total = base + sum(price_of * float(values[v.index]) for v, price_of in objective)
    shared = np.unique(item[(share > 1e-7) & (share < 1 - 1e-7)])
    return Relaxed(_largest(assign, item, book, share), shared, price, total, slack, len(item))


def _run(lp: Any) -> tuple[F, F]:
    """Values of the variables and duals of the rows; HiGHS, else CBC."""
    solver = PersistentHiGHS(timeLimit=1e6, threads=1)
    try:
        status = lp.solve(solver)
        if status == pulp.LpStatusOptimal:
            solution = solver.kept.getSolution()
            return np.array(solution.col_value), np.array(solution.row_dual)
    except (pulp.PulpSolverError, RuntimeError, OSError, ImportError):
        pass
    try:
        status = lp.solve(pulp.PULP_CBC_CMD(msg=False))
    except (pulp.PulpSolverError, RuntimeError, OSError) as error:
        raise SolveError(f"the solver could not run: {error}") from error
    if status != pulp.LpStatusOptimal:
        raise SolveError("the solver found no answer to the relaxation")
    variables = lp.variables()
    for position, v in enumerate(variables):
        v.index = position
    return (
        np.array([v.varValue or 0.0 for v in variables]),
        np.array([c.pi or 0.0 for c in lp.constraints()]),
    )


def _largest(
    assign: NDArray[np.int64], item: NDArray[np.int64], book: NDArray[np.int64], share: F
) -> NDArray[np.int64]:
    """Each item in the book that has most of it."""
    out = assign.copy()
    order = np.lexsort((share, item))
    last = np.append(np.flatnonzero(np.diff(item[order])), len(order) - 1) if len(order) else np.zeros(0, np.int64)
    out[item[order[last]]] = book[order[last]]
    return out
