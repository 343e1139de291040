"""First prices for the limits: a smoothed dual, so that the relaxation starts near its end.

Each limit of each book has a price; an item goes where cost less prices is least. The prices that make the best bound
are those of the linear relaxation; smoothing the choice by a temperature (an entropy term) makes the bound
differentiable, and L-BFGS-B climbs it while the temperature falls. Nesterov, Smooth minimization of non-smooth
functions, 2005.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import minimize

from terr.engine.books.items import Items

F = NDArray[np.float64]
Cols = NDArray[np.int32]
WINDOW = 16
"""Books an item looks at between two looks at all of them."""
HEATS = (1.0, 0.6, 0.35, 0.2, 0.12, 0.07, 0.04, 0.025, 0.015, 0.01)


@njit(cache=True, nogil=True)
def cheapest(cost: F, w: F, price: F, out: Cols, value: F) -> None:
    """The books of least cost less prices of each item, in order; out and value: (N, c), -1 where there are fewer."""
    n, k = cost.shape
    c = out.shape[1]
    rows = w.shape[1]
    for i in range(n):
        have = 0
        for j in range(k):
            v = cost[i, j]
            if v == np.inf:
                continue
            for r in range(rows):
                v -= price[j, r] * w[i, r]
            if have == c and v >= value[i, c - 1]:
                continue
            at = have if have < c else c - 1
            while at > 0 and value[i, at - 1] > v:
                value[i, at] = value[i, at - 1]
                out[i, at] = out[i, at - 1]
                at -= 1
            value[i, at] = v
            out[i, at] = j
            if have < c:
                have += 1
        for at in range(have, c):
            out[i, at] = -1
            value[i, at] = np.inf


@njit(cache=True, nogil=True)
def _soft(cost: F, w: F, price: F, cols: Cols, heat: F, load: F) -> float:
    """Sum over items of the smoothed least cost less prices; fills load (k, R), what each book would hold."""
    rows = w.shape[1]
    c = cols.shape[1]
    total = 0.0
    v = np.zeros(c)
    load[:] = 0.0
    for i in range(len(cols)):
        low = np.inf
        have = 0
        for at in range(c):
            j = cols[i, at]
            if j < 0:
                break
            v[at] = cost[i, j]
            for r in range(rows):
                v[at] -= price[j, r] * w[i, r]
            low = min(low, v[at])
            have = at + 1
        mass = 0.0
        for at in range(have):
            v[at] = np.exp((low - v[at]) / heat[i])
            mass += v[at]
        total += low - heat[i] * np.log(mass)
        for at in range(have):
            share = v[at] / mass
            if share > 1e-9:
                for r in range(rows):
                    load[cols[i, at], r] += share * w[i, r]
    return total


def bound_at(items: Items, cost: F, price: F) -> float:
    """The Lagrangian bound for these prices (k, R): valid whatever they are."""
    best = np.full((items.n, 1), np.inf)
    cheapest(cost, items.w, price, np.zeros((items.n, 1), np.int32), best)
    return float(best.sum()) + worth(items, price)


def worth(items: Items, price: F) -> float:
    """What the limits themselves add to the bound."""
    lo, hi = np.where(price > 0, items.lo, 0.0), np.where(price < 0, items.hi, 0.0)
    return float((lo * np.maximum(price, 0.0)).sum() + (hi * np.minimum(price, 0.0)).sum())


def grain(cost: F) -> F:
    """float64 (N,), what it typically costs an item to go to a book next to its best."""
    k = cost.shape[1]
    if k == 1:
        return np.ones(len(cost))
    near = np.partition(cost, min(3, k - 1), axis=1)[:, : min(3, k - 1) + 1]
    low = near.min(axis=1)
    known = np.where(np.isfinite(near), near - low[:, None], 0.0)
    out = known.max(axis=1)
    usual = float(out[out > 0].mean()) if (out > 0).any() else 1.0
    return np.asarray(np.maximum(out, 1e-3 * usual), np.float64)


def first_prices(items: Items, cost: F, most: F, begin: F | None = None, heats: tuple[float, ...] = HEATS) -> F:
    """Prices (k, R) near those of the relaxation.

    Args:
        items: what is divided.
        cost: float64 (N, k), inf = out of the question.
        most: float64 (k, R), what a limit may cost per unit.
        begin: where to start from; 0 if None.
        heats: temperatures one after another, in the items' own grain.
    """
    k, rows = items.lo.shape
    price = np.zeros((k, rows)) if begin is None else begin.copy()
    if rows == 0 or k == 1:
        return price
    below, above = np.isfinite(items.lo), np.isfinite(items.hi)
    grains = grain(cost)
    scale = float(np.median(grains)) * items.n / k  # a price of one book's whole load
    bounds = [*((0.0, m / scale) for m in most[below]), *((0.0, m / scale) for m in most[above])]
    cut = int(below.sum())
    window = min(WINDOW, k)
    cols, value, load = np.zeros((items.n, window), np.int32), np.zeros((items.n, window)), np.zeros((k, rows))

    def prices(z: F) -> F:
        out = np.zeros((k, rows))
        out[below] += z[:cut]
        out[above] -= z[cut:]
        return np.asarray(out * scale, np.float64)

    def climb(z: F, heat: F) -> tuple[float, F]:
        now = prices(z)
        soft = _soft(cost, items.w, now, cols, heat, load)
        total = soft + scale * float(z[:cut] @ items.lo[below] - z[cut:] @ items.hi[above])
        slope = np.concatenate([(items.lo - load)[below], (load - items.hi)[above]]) * scale
        return -total / scale, -slope / scale

    for heat in heats:
        cheapest(cost, items.w, price, cols, value)
        z0 = np.concatenate([np.maximum(price, 0.0)[below], np.maximum(-price, 0.0)[above]]) / scale
        z = minimize(
            climb, z0, args=(heat * grains,), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 30}
        ).x
        price = prices(z)
    return price
