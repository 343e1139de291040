"""Why each account is where it is, the second-best book, and what that would cost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from terr.engine.books.items import Costs, Items
from terr.engine.books.problem import BooksProblem
from terr.engine.books.result import REASONS

F = NDArray[np.float64]
Ints = NDArray[np.int64]
CODE = {name: np.int8(at) for at, name in enumerate(REASONS)}


@njit(cache=True, nogil=True)
def _choices(
    full: F, reach: F, wrong: NDArray[np.int16], w: F, price: F, a: Ints, locked: Ints,
    options: Ints, cheap: Ints, second: Ints, extra: F, row: Ints, needs: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Of each item: how many books are possible, the one of least cost, the second with prices and what it costs more,
    and the row whose price tells most against the book of least cost."""
    n, k = full.shape
    rows = w.shape[1]
    for i in range(n):
        j0 = a[i]
        least = np.inf
        worst = np.int16(32767)
        for j in range(k):
            worst = min(worst, wrong[i, j])
        own = full[i, j0]
        for r in range(rows):
            own -= price[j0, r] * w[i, r]
        best = np.inf
        for j in range(k):
            # of a locked item, books that would do without the lock
            if (locked[i] >= 0 and wrong[i, j] > worst) or (locked[i] < 0 and reach[i, j] == np.inf):
                continue
            options[i] += 1
            if full[i, j] < best:
                best = full[i, j]
                cheap[i] = j
            if j == j0:
                continue
            v = full[i, j]
            for r in range(rows):
                v -= price[j, r] * w[i, r]
            if v < least:
                least = v
                second[i] = j
        extra[i] = least - own if second[i] >= 0 else 0.0
        if locked[i] < 0 and extra[i] < 0.0:
            extra[i] = 0.0
        top = -1.0
        for r in range(rows):
            full_there = -price[cheap[i], r] * w[i, r] if cheap[i] >= 0 else 0.0
            wanted_here = price[j0, r] * w[i, r]
            if full_there > top:
                top = full_there
                row[i] = r
                needs[i] = False
            if wanted_here > top:
                top = wanted_here
                row[i] = r
                needs[i] = True


@njit(cache=True, nogil=True)
def _nearest(xy: F, centers: F, near: Ints) -> None:
    """The nearest center of each account, -1 where its place isn't known or no center is."""
    for i in range(len(xy)):
        least = np.inf
        for j in range(len(centers)):
            dx = xy[i, 0] - centers[j, 0]
            dy = xy[i, 1] - centers[j, 1]
            d = dx * dx + dy * dy
            if d < least:
                least = d
                near[i] = j


def reasons(problem: BooksProblem, items: Items, costs: Costs, centers: F, price: F, best: Ints) -> dict[str, Any]:
    """The fields `code`, `rival`, `rival_km`, `row`, `needs_more`, `second`, `second_cost`, `second_km` of a result.

    Args:
        problem: what was divided.
        items, costs: of the last solve; centers: float64 (k, 2), km.
        price: float64 (k, R), duals of the limits.
        best: int64 (N,), book of each item.
    """
    n, count = len(problem), items.n
    options, cheap, second, row = (np.full(count, v, np.int64) for v in (0, -1, -1, -1))
    extra, needs = np.zeros(count), np.zeros(count, bool)
    _choices(
        costs.full, costs.open, costs.wrong, items.w, price, best, items.locked,
        options, cheap, second, extra, row, needs,
    )  # fmt: skip
    at, node = best[items.node], items.node
    near = np.full(n, -1, np.int64)
    _nearest(problem.xy_km, centers, near)

    def km(book: Ints) -> F:
        d = np.hypot(*(problem.xy_km - centers[np.maximum(book, 0)]).T)
        return np.where(book >= 0, np.nan_to_num(d, nan=0.0), 0.0)

    here, nearest = km(at), near >= 0
    own_cost = costs.full[np.arange(count), best]
    low_cost = costs.full[np.arange(count), np.maximum(cheap, 0)]
    paid = (cheap >= 0) & (own_cost > low_cost + 1e-9 * (1 + np.abs(low_cost)))  # another is cheaper but for limits
    first = nearest & (here <= km(near) + 1e-6)
    bad = costs.wrong[np.arange(count), best] > 0
    lacks = np.zeros(n, bool)
    if problem.needs.shape[1]:
        missing = np.asarray(problem.needs & ~problem.has[np.maximum(near, 0)], np.bool_)
        lacks = nearest & (missing.sum(axis=1) > 0)
    rules: list[tuple[Any, str, Any]] = [  # the first that holds is the reason
        (problem.locked >= 0, "locked", -1),
        (items.locked[node] >= 0, "family", near),
        (bad[node], "unable", -1),
        (options[node] == 1, "only", -1),
        (paid[node], "limit", cheap[node]),
        (first, "closest", -1),
        ((items.size[node] > 1) & nearest, "family", near),
        (lacks, "skill", near),
        (nearest & (km(near) > problem.max_km[np.maximum(near, 0)]), "range", near),
        (problem.start == at, "owner", near),
        (nearest & np.isfinite(centers[at, 0]), "limit", near),
    ]
    code, rival = np.full(n, CODE["tie"], np.int8), np.full(n, -1, np.int64)
    for holds, name, other in reversed(rules):
        code[holds] = CODE[name]
        rival[holds] = other[holds] if isinstance(other, np.ndarray) else other
    rival[rival == at] = -1
    limited = code == CODE["limit"]
    rows = np.append(items.row, -1)
    return {
        "code": code,
        "rival": rival.astype(np.int32),
        "rival_km": np.where(rival >= 0, here - km(rival), 0.0),
        "row": np.where(limited, rows[row[node]], -1).astype(np.int8),
        "needs_more": limited & needs[node],
        "second": second[node].astype(np.int32),
        "second_cost": extra[node],
        "second_km": np.where(second[node] >= 0, km(second[node]) - here, 0.0),
    }
