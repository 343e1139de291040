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
from terr.one_processor import one_processor

F = NDArray[np.float64]
Cols = NDArray[np.int32]
WINDOW = 16
"""Books an item looks at between two looks at all of them."""
STEP = 5.0
"""Most that a price may change before all books are looked at again, in items' grains for a whole book."""
ITERATIONS = 100
HIGH, LOW = (1.0, 0.4, 0.15), (0.1, 0.05, 0.02, 0.01)
"""Temperatures one after another, in the items' own grain."""
MOST_LOOKS = 1_200_000
"""Pairs of the sample that the high temperatures look at."""


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
def _soft(near: F, w: F, price: F, cols: Cols, heat: F, load: F) -> float:
    """Sum over items of the smoothed least cost less prices; fills load (k, R), what each book would hold.

    near (N, c) is the cost of each item in its books `cols`.
    """
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
            v[at] = near[i, at]
            for r in range(rows):
                v[at] -= price[j, r] * w[i, r]
            low = min(low, v[at])
            have = at + 1
        mass = 0.0
        for at in range(have):
            far = (low - v[at]) / heat[i]
            v[at] = np.exp(far) if far > -25.0 else 0.0
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


def first_prices(items: Items, cost: F, most: F, seed: int, begin: F | None = None) -> F:
    """Prices (k, R) near those of the relaxation.

    From nothing, the high temperatures look at all books of a sample: every large item, and others that stand for many.
    Then all items look at the books that are close by the prices so far.

    Args:
        items: what is divided.
        cost: float64 (N, k), inf = out of the question.
        most: float64 (k, R), what a limit may cost per unit.
        seed: of the sample.
        begin: prices that are nearly right, if known.
    """
    k, rows = items.lo.shape
    if rows == 0 or k == 1:
        return np.zeros((k, rows))
    grains = grain(cost)
    climb = _Climb(items.lo, items.hi, most, float(np.median(grains)) * items.n / k)
    if begin is not None:
        price = begin
    else:
        some, stands = _sample(items, seed)
        part = (cost[some] * stands[:, None], items.w[some] * stands[:, None], grains[some] * stands)
        price = np.zeros((k, rows))
        for heat in HIGH:
            price = climb.up(*part, price, heat, k, np.inf)
    for heat in LOW:
        price = climb.up(cost, items.w, grains, price, heat, min(WINDOW, k), STEP)
    return price


def _sample(items: Items, seed: int) -> tuple[NDArray[np.int64], F]:
    """Items that stand for all, and how many each stands for: the large ones for themselves."""
    size = max(MOST_LOOKS // items.k, 2_000)
    if items.n <= size:
        return np.arange(items.n), np.ones(items.n)
    order = np.argsort(-items.w.max(axis=1), kind="stable")
    large, rest = order[: size // 4], order[size // 4 :]
    drawn = np.random.default_rng(seed).choice(rest, size - len(large), replace=False)
    return np.concatenate([large, drawn]), np.repeat([1.0, len(rest) / len(drawn)], [len(large), len(drawn)])


class _Climb:
    """Climbs the smoothed bound in the prices of the limits there are.

    Args:
        lo, hi: float64 (k, R), limits.
        most: float64 (k, R), highest prices.
        scale: km, a price in the climb's own unit: an item's grain for a whole book.
    """

    def __init__(self, lo: F, hi: F, most: F, scale: float) -> None:
        self.lo, self.hi, self.scale = lo, hi, scale
        self.below, self.above = np.isfinite(lo), np.isfinite(hi)
        self.cut = int(self.below.sum())
        self.top = np.concatenate([most[self.below], most[self.above]]) / scale
        self.load = np.zeros(lo.shape)

    def prices(self, z: F) -> F:
        """float64 (k, R), km, of the climb's variables: first those of the lower limits, then of the upper."""
        out = np.zeros(self.lo.shape)
        out[self.below] += z[: self.cut]
        out[self.above] -= z[self.cut :]
        return np.asarray(out * self.scale, np.float64)

    def up(self, cost: F, w: F, grains: F, price: F, heat: float, window: int, step: float) -> F:
        """Better prices at one temperature, each within `step` of the ones before, over each item's `window` books."""
        cols, value = np.zeros((len(cost), window), np.int32), np.zeros((len(cost), window))
        cheapest(cost, w, price, cols, value)
        near = np.take_along_axis(cost, np.maximum(cols, 0), axis=1)
        z = np.concatenate([np.maximum(price, 0.0)[self.below], np.maximum(-price, 0.0)[self.above]]) / self.scale
        bounds = np.column_stack([np.maximum(z - step, 0.0), np.minimum(z + step, self.top)])
        options = {"maxiter": ITERATIONS}
        given = (near, w, cols, heat * grains)
        with one_processor():
            found = minimize(self._height, z, args=given, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        return self.prices(found.x)

    def _height(self, z: F, near: F, w: F, cols: Cols, heats: F) -> tuple[float, F]:
        """The smoothed bound and its slope, both below zero as they are minimized."""
        low, high = z[: self.cut], z[self.cut :]
        limits = float(low @ self.lo[self.below] - high @ self.hi[self.above])
        total = _soft(near, w, self.prices(z), cols, heats, self.load) + self.scale * limits
        slope = np.concatenate([(self.lo - self.load)[self.below], (self.load - self.hi)[self.above]])
        return -total / self.scale, -slope
