"""Where travel is measured to: homes, and for books without one the middle of their own accounts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from terr.engine.books.items import Items, costs_at
from terr.engine.books.prices import cheapest, first_prices
from terr.engine.books.problem import BooksProblem
from terr.model.progress import Progress

F = NDArray[np.float64]
TURNS = 12
"""Times at most that middles and accounts are found in turns."""
STILL = 0.002
"""The turns end once the middles move less than this share of the way between neighbors."""


@njit(cache=True, nogil=True)
def medians(xy: F, weight: F, assign: NDArray[np.int64], centers: F, free: NDArray[np.bool_]) -> None:
    """Moves the free centers (k, 2) to the point of least weighted distance to their accounts.

    Weiszfeld's iteration with the step of Vardi and Zhang (2000) left out: a center on an account stays a little off.
    Accounts without a place count nowhere; a book without accounts keeps its center.
    """
    k = len(centers)
    for turn in range(30):
        top = np.zeros((k, 3))
        for i in range(len(xy)):
            j = assign[i]
            if not free[j] or np.isnan(xy[i, 0]):
                continue
            g = weight[i]
            if turn > 0:
                dx = xy[i, 0] - centers[j, 0]
                dy = xy[i, 1] - centers[j, 1]
                g /= np.sqrt(dx * dx + dy * dy) + 0.05
            top[j, 0] += g
            top[j, 1] += g * xy[i, 0]
            top[j, 2] += g * xy[i, 1]
        for j in range(k):
            if free[j] and top[j, 0] > 0.0:
                centers[j, 0] = top[j, 1] / top[j, 0]
                centers[j, 1] = top[j, 2] / top[j, 0]


def _weights(problem: BooksProblem) -> F:
    """Visits; all alike if nobody visits anyone."""
    return problem.visits if problem.visits.sum() > 0 else np.ones(len(problem))


def first_centers(problem: BooksProblem, seed: int) -> F:
    """float64 (k, 2): homes; else the middle of what a book has today; else spread over the accounts (k-means++)."""
    centers = problem.homes.copy()
    placed = np.flatnonzero(np.isfinite(problem.xy_km[:, 0]))
    if not len(placed):
        return centers
    weight = _weights(problem)
    today = np.where(problem.locked >= 0, problem.locked, problem.start).astype(np.int64)
    mine = placed[today[placed] >= 0]
    free = np.isnan(centers[:, 0])
    found = centers.copy()
    found[free] = np.nan
    medians(problem.xy_km[mine], weight[mine], today[mine], found, free)
    centers[free] = found[free]
    rng = np.random.default_rng(seed)
    xy = problem.xy_km[placed]
    draw = weight[placed] / weight[placed].sum() if weight[placed].sum() > 0 else np.full(len(placed), 1 / len(placed))
    near = np.full(len(placed), np.inf)
    for j in np.flatnonzero(np.isfinite(centers[:, 0])):
        near = np.minimum(near, ((xy - centers[j]) ** 2).sum(axis=1))
    for j in np.flatnonzero(np.isnan(centers[:, 0])):
        chance = draw * np.where(np.isfinite(near), near, 1.0)
        total = chance.sum()
        at = int(rng.choice(len(placed), p=chance / total if total > 0 else draw))
        centers[j] = xy[at]
        near = np.minimum(near, ((xy - centers[j]) ** 2).sum(axis=1))
    return centers


def middles(
    problem: BooksProblem, items: Items, centers: F, most: F, seed: int, progress: Progress, late: Callable[[], bool]
) -> tuple[F, F]:
    """Finds accounts for the centers and centers for the accounts in turns.

    Returns:
        Centers (k, 2), and prices (k, R) of the last turn.
    """
    free = np.isnan(problem.homes[:, 0])
    weight = _weights(problem)
    centers, price = centers.copy(), None
    for turn in range(TURNS):
        costs = costs_at(items, centers)
        price = first_prices(items, costs.open, most, seed, price)
        col, value = np.zeros((items.n, 1), np.int32), np.zeros((items.n, 1))
        cheapest(costs.open, items.w, price, col, value)
        moved = centers.copy()
        medians(problem.xy_km, weight, col[:, 0].astype(np.int64)[items.node], moved, free)
        step = float(np.nanmax(np.hypot(*(moved - centers).T), initial=0.0))
        spread = float(np.nanmean(np.nanstd(moved, axis=0))) / max(1.0, items.k**0.5)
        centers = moved
        progress.show((turn + 1) / TURNS, "Finding the middle of each book")
        if step <= STILL * spread or not np.isfinite(step) or late():
            break
    return centers, np.zeros(items.lo.shape) if price is None else price
