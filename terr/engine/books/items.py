"""What the solvers see of a problem: families merged to items, limits as rows, pairs that are out of the question."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from terr.engine.books.problem import BooksProblem
from terr.model.problem import ROUNDING

F = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Items:
    """Accounts or whole families, and the rows they count in.

    Attributes:
        problem: what was asked.
        node: int64 (n,), the item each account is part of.
        size: int64 (N,), accounts in it.
        locked: int64 (N,), book it is fixed to, -1 = free.
        w: float64 (N, R), what an item adds to each row, in shares of a mean book; rows are the limited measures, then
            the number of accounts if it is limited.
        row: int64 (R,), the measure of each row, m = the number of accounts.
        lo, hi: float64 (k, R), limits in the same unit, -inf and inf = none.
        rate: float64 (k, R), shares of the book's own target in one of that unit.
        unit: float64 (R,), one such unit in the measure's own.
        large: bool (N, k), pairs where the item alone is more than the book may hold.
    """

    problem: BooksProblem
    node: Ints
    size: Ints
    locked: Ints
    w: F
    row: Ints
    lo: F
    hi: F
    rate: F
    unit: F
    large: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """How many items."""
        return len(self.size)

    @property
    def k(self) -> int:
        """How many books."""
        return self.problem.books


def items_of(problem: BooksProblem) -> Items:
    """Merges families and sets the rows up."""
    n, k = len(problem), problem.books
    alone = problem.families < 0
    key = np.where(alone, np.arange(n) + problem.families.max(initial=0) + 1, problem.families)
    _, first, node = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first, kind="stable"), kind="stable")  # items in the order of their first accounts
    node = order[node].astype(np.int64)
    count = len(first)
    size = np.bincount(node, minlength=count)
    locked = np.full(count, -1, np.int64)
    np.maximum.at(locked, node, problem.locked.astype(np.int64))
    lowest, highest = problem.lowest, problem.highest
    limited = np.flatnonzero(np.isfinite(lowest).any(axis=0) | np.isfinite(highest).any(axis=0))
    unit = np.maximum(problem.scale[:, limited].mean(axis=0), 1e-300)
    w = np.zeros((count, len(limited)))
    for r, q in enumerate(limited):
        w[:, r] = np.bincount(node, problem.weights[:, q], count) / unit[r]
    lo, hi = lowest[:, limited] / unit, highest[:, limited] / unit
    rate = unit / problem.scale[:, limited]
    row = limited.astype(np.int64)
    if (problem.fewest > 0).any() or np.isfinite(problem.most).any():
        mean = n / k
        w = np.column_stack([w, size / mean])
        lo = np.column_stack([lo, np.where(problem.fewest > 0, problem.fewest / mean, -np.inf)])
        hi = np.column_stack([hi, problem.most / mean])
        rate, unit, row = (
            np.column_stack([rate, np.ones(k)]),
            np.append(unit, mean),
            np.append(row, len(problem.measures)),
        )
    lo, hi = lo - ROUNDING / rate, hi + ROUNDING / rate  # within this a limit counts as kept
    large = np.zeros((count, k), bool)
    for r in range(w.shape[1]):
        large |= w[:, r, None] > hi[None, :, r]
    return Items(problem, node, size, locked, w, row, lo, hi, rate, unit, large)


@njit(cache=True, nogil=True)
def _fill(
    xy: F, visits: F, centers: F, reach: F, lacking: NDArray[np.int16], misfit: float, start: NDArray[np.int32],
    keep: F, node: Ints, cost: F, wrong: NDArray[np.int16],
) -> None:  # fmt: skip
    """Sums each account's costs, and how often it is out of the question, to its item's.

    cost (N, k) km; wrong (N, k) accounts of the item that lack a required skill there or are too far away.
    """
    k = len(centers)
    for i in range(len(xy)):
        at = node[i]
        for j in range(k):
            dx = xy[i, 0] - centers[j, 0]
            dy = xy[i, 1] - centers[j, 1]
            d = np.sqrt(dx * dx + dy * dy)
            if not d >= 0.0:  # nan: one of the two places isn't known
                d = 0.0
            c = visits[i] * d
            bad = d > reach[j]
            lack = lacking[i, j]
            if lack > 0:
                if misfit < np.inf:
                    c += misfit * lack
                else:
                    bad = True
            if start[i] >= 0 and start[i] != j:
                c += keep[i]
            cost[at, j] += c
            if bad:
                wrong[at, j] += 1


@dataclass(frozen=True, eq=False)
class Costs:
    """Costs for given centers.

    Attributes:
        full: float64 (N, k), km, of every pair.
        open: float64 (N, k), the same with inf for pairs that are out of the question.
        wrong: int16 (N, k), accounts of the item that lack a required skill there or are too far.
    """

    full: F
    open: F
    wrong: NDArray[np.int16]


def costs_at(items: Items, centers: F) -> Costs:
    """What each item costs in each book, with travel to these centers (k, 2) km.

    A pair is out of the question if a required skill is missing, the center is too far, or the item alone is more than
    the book may hold. An item for which every book is out of the question may go where the fewest of its accounts are
    wrong. A lock stands above all.
    """
    p = items.problem
    full = np.zeros((items.n, items.k))
    wrong = np.zeros((items.n, items.k), np.int16)
    reach = p.max_km * (1 + ROUNDING)
    _fill(p.xy_km, p.visits, centers, reach, p.lacking(), p.misfit, p.start, p.keep, items.node, full, wrong)
    barred = wrong > wrong.min(axis=1, keepdims=True)
    fits = ~barred & ~items.large
    barred |= items.large & fits.any(axis=1, keepdims=True)
    fixed = np.flatnonzero(items.locked >= 0)
    barred[fixed] = True
    barred[fixed, items.locked[fixed]] = False
    return Costs(full, np.where(barred, np.inf, full), wrong)


def set_aside(items: Items, costs: Costs) -> Items:
    """The same, where items larger than any book may hold get a book each, and the others are even among themselves.

    No books can keep such limits; what is broken is judged by the problem itself.
    """
    over = (items.w > items.hi.max(axis=0) if items.w.shape[1] else np.zeros((items.n, 0), bool)).any(axis=1)
    large = np.flatnonzero(over)
    if not len(large):
        return items
    large = large[np.argsort(-items.w[large].max(axis=1), kind="stable")][: items.k]
    locked, lo, hi = items.locked.copy(), items.lo.copy(), items.hi.copy()
    taken = np.zeros(items.k, bool)
    for i in large.tolist():
        price = np.where(taken, np.inf, costs.open[i])
        j = int(locked[i]) if locked[i] >= 0 else int(np.argmin(price))
        if not np.isfinite(price[j]) and locked[i] < 0:
            continue
        locked[i], taken[j] = j, True
        lo[j], hi[j] = -np.inf, np.maximum(hi[j], items.w[i])
    rest = ~taken
    goal = 1.0 / items.rate[rest]
    held = items.w[large[locked[large] >= 0]].sum(axis=0)
    factor = (items.w.sum(axis=0) - held) / np.maximum(goal.sum(axis=0), 1e-300)
    broken = items.w[large].max(axis=0) > items.hi.max(axis=0)
    grown = np.where(broken, np.minimum(factor, 1.0), np.maximum(factor, 1.0))
    with np.errstate(invalid="ignore"):  # no limit stays none
        lo[rest] = np.where(np.isfinite(lo[rest]), lo[rest] * np.minimum(factor, 1.0), lo[rest])
        hi[rest] = np.where(np.isfinite(hi[rest]), hi[rest] * grown, hi[rest])
    return replace(items, locked=locked, lo=lo, hi=hi)
