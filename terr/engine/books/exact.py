"""Small problems to the end: the whole model with whole accounts, over every pair that can still matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from terr.engine.books.exchange import judge
from terr.engine.books.items import Costs, Items
from terr.engine.books.relaxation import Relaxed
from terr.engine.models.model import PersistentHiGHS

F = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_COLUMNS = 400
"""Pairs of account and book of a model that is solved to the end."""
NODES = 3_000
"""Branch-and-bound nodes at most; unlike seconds, the same on every machine."""
SECONDS = 10.0


@dataclass(frozen=True, eq=False)
class Settled:
    """What the whole model knows.

    Attributes:
        assign: int64 (N,), the best books.
        bound: proven lower bound of the cost, -inf if limits can't be held.
        broken: the model proved that no books keep all limits.
    """

    assign: Ints
    bound: float
    broken: bool = False


def settle(items: Items, costs: Costs, relaxed: Relaxed, best: Ints, late: Callable[[], bool]) -> Settled | None:
    """Solves the whole model if it is small: with the limits held, else with the least violation.

    Args:
        items, costs: what is divided.
        relaxed: of the same; pairs whose reduced cost is above the gap are left out.
        best: int64 (N,), books known so far.
        late: ends the solver when True.

    Returns:
        The best books and their bound; None if the model is too large or nothing came of it.
    """
    violation, cost = judge(costs.full, items.w, items.lo, items.hi, items.rate, best)
    if violation <= 1e-9:
        reduced = costs.open - np.einsum("jr,ir->ij", relaxed.price, items.w)
        reduced -= reduced.min(axis=1, keepdims=True)
        keep = np.isfinite(costs.open) & (relaxed.bound + reduced <= cost + 1e-6 * (1 + abs(cost)))
        keep[np.arange(items.n), best] = True
        if keep.sum() > MOST_COLUMNS:
            return None
        found = _solve(items, costs.full, keep, best, late, most=0.0)
        return None if found is None else Settled(found[0], found[1])
    keep = np.isfinite(costs.open)
    if keep.sum() > MOST_COLUMNS:
        return None
    first = _solve(items, np.zeros_like(costs.full), keep, best, late, most=None)
    if first is None:
        return None
    least = float(judge(costs.full, items.w, items.lo, items.hi, items.rate, first[0])[0])
    second = _solve(items, costs.full, keep, first[0], late, most=least + 1e-7)
    plan = first[0] if second is None else second[0]
    if judge(costs.full, items.w, items.lo, items.hi, items.rate, plan)[0] > least + 1e-6:
        plan = first[0]
    held = second is not None and least <= 0
    return Settled(plan, second[1] if held and second is not None else -np.inf, first[1] > 1e-6)


def _solve(
    items: Items, cost: F, keep: NDArray[np.bool_], start: Ints, late: Callable[[], bool], most: float | None
) -> tuple[Ints, float] | None:
    """Books and a bound of the cost; `most` is the violation that is allowed, None = it is what is minimized."""
    item, book = np.nonzero(keep)
    lp = pulp.LpProblem("books", pulp.LpMinimize)
    x = [lp.add_variable(f"x{i}_{j}", 0, 1, pulp.LpBinary) for i, j in zip(item.tolist(), book.tolist(), strict=True)]
    objective: list[tuple[Any, float]] = [(v, float(c)) for v, c in zip(x, cost[item, book].tolist(), strict=True)]
    slacks: list[tuple[Any, float]] = []
    load = np.zeros(items.lo.shape)
    np.add.at(load, start, items.w)
    starts = [float(start[i] == j) for i, j in zip(item.tolist(), book.tolist(), strict=True)]
    constraints = [
        pulp.LpAffineExpression([(x[p], 1.0) for p in np.flatnonzero(item == i).tolist()]) == 1 for i in range(items.n)
    ]
    for j in range(items.k):
        mine = np.flatnonzero(book == j)
        for r in range(items.w.shape[1]):
            terms = [(x[p], float(items.w[item[p], r])) for p in mine.tolist() if items.w[item[p], r] > 0]
            for side, limit in ((1.0, items.lo[j, r]), (-1.0, items.hi[j, r])):
                if not np.isfinite(limit) or (side > 0 and limit <= 0):
                    continue
                extra: list[tuple[Any, float]] = []
                if most is None or most > 0:
                    s = lp.add_variable(f"s{j}_{r}_{int(side)}", 0)
                    starts.append(max(0.0, side * (limit - load[j, r])))
                    slacks.append((s, float(items.rate[j, r])))
                    extra = [(s, side)]
                whole = pulp.LpAffineExpression(terms + extra)
                constraints.append(whole >= float(limit) if side > 0 else whole <= float(limit))
    lp += pulp.LpAffineExpression(slacks if most is None else objective)
    if most and slacks:
        constraints.append(pulp.LpAffineExpression(slacks) <= most)
    for c in constraints:
        if len(c):
            lp += c
    solver = PersistentHiGHS(
        stop=late, timeLimit=SECONDS, threads=1, gapRel=1e-7, gapAbs=1e-9, mip_max_nodes=NODES, random_seed=1
    )
    solver.start = starts
    try:
        status = lp.solve(solver)
    except (pulp.PulpSolverError, RuntimeError, OSError, ImportError):
        return None
    if status != pulp.LpStatusOptimal:
        return None
    share = np.array([v.varValue or 0.0 for v in x])
    out = start.copy()
    order = np.lexsort((share, item))
    last = np.append(np.flatnonzero(np.diff(item[order])), len(order) - 1)
    out[item[order[last]]] = book[order[last]]
    bound = solver.bound()
    return out, bound if np.isfinite(bound) else -np.inf
