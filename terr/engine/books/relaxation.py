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

from collections.abc import Callable
from dataclasses import dataclass, replace
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
CLOSE = 1e-4
"""Share of the cost by which the relaxation may miss its end."""
ROUNDS = 40
WINDOW = 8
"""Books of an item that are looked at for its first columns."""
BOX = 0.1
"""Share by which a price may first rise above the best so far."""


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


def relax(
    items: Items, cost: F, price: F, most: F, progress: Progress, late: Callable[[], bool],
    rounds: int = ROUNDS, box: float = BOX,
) -> Relaxed:  # fmt: skip
    """Solves the relaxation.

    The price of breaking a limit is first held a little above the best price so far, which keeps the duals near it
    (du Merle and others, Stabilized column generation, 1999); it grows where that doesn't close the gap.

    Args:
        items: what is divided.
        cost: float64 (N, k), inf = out of the question.
        price: float64 (k, R), first prices.
        most: float64 (k, R), price of breaking a limit by one of the row's units.
        progress: is told.
        late: asked between rounds; True ends it with the best bound so far.
        rounds: at most; what isn't at its end then is near it.
        box: share by which a price may first rise above the best so far.

    Raises:
        SolveError: if no solver can run.
    """
    n, k = cost.shape
    window = min(WINDOW, k)
    cols, value = np.zeros((n, window), np.int32), np.zeros((n, window))
    cheapest(cost, items.w, price, cols, value)
    if items.w.shape[1] == 0:  # without limits everybody goes to the cheapest
        best_book, none = cols[:, 0].astype(np.int64), np.zeros(0, np.int64)
        return Relaxed(best_book, none, price, float(value[:, 0].sum()), np.zeros_like(price), n)
    item, book = _close(cost, cols, value)
    bound, best = bound_at(items, cost, price), price
    for turn in range(rounds):
        held = np.minimum(most, np.abs(best) * (1 + box) + box * np.abs(best).mean() + 1e-9)
        found = _solve(items, cost, item, book, held)
        new = np.zeros(0, np.int64)
        broken = float(found.slack.sum()) > 1e-7
        for at in (found.price, (best + found.price) / 2):
            cheapest(cost, items.w, at, cols, value)
            proven = float(value[:, 0].sum()) + worth(items, at)
            if proven > bound:
                bound, best = proven, at
            own = np.full(n, np.inf)  # what each item has, at these prices
            np.minimum.at(own, item, cost[item, book] - (at[book] * items.w[item]).sum(axis=1))
            better = (cols[:, 0] >= 0) & (value[:, 0] < own - 1e-9 * (1 + np.abs(own)))
            new = np.union1d(new, np.flatnonzero(better) * k + cols[better, 0])
        progress.show(min(0.95, 0.2 + 0.1 * turn), "Sharing accounts among reps")
        closed = found.bound - bound <= CLOSE * max(abs(found.bound), 1e-9)
        if (closed and not broken) or late():
            break
        new = np.setdiff1d(new, item * k + book)
        if broken and (closed or not len(new)):
            if (held >= most).all():
                break  # no shares can keep the limits
            box *= 8.0
        elif not len(new):
            break
        item, book = np.concatenate([item, new // k]), np.concatenate([book, new % k])
    return replace(found, price=best, bound=bound, columns=len(item))


def _close(cost: F, cols: NDArray[np.int32], value: F) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first columns: the best of each item, and of the others those that come closest, as many as are quick."""
    n = len(cols)
    wanted = int(0.2 * n) + 200
    with np.errstate(invalid="ignore"):
        extra = np.where(cols[:, 1:] >= 0, (value[:, 1:] - value[:, :1]) / grain(cost)[:, None], np.inf)
    cut = np.partition(extra.ravel(), wanted)[wanted] if extra.size > wanted else np.inf
    inside = np.column_stack([np.ones(n, bool), (extra <= cut) & np.isfinite(extra)])
    return np.nonzero(inside)[0], cols[inside].astype(np.int64)


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
