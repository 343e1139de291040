"""Compiled: the cheapest set of units a territory can take at a point, in shares of units and in whole units.

A unit costs c[i] = w[i] |x[i] - p|^2 - price[i] at a point p. Shared arguments: c (m,) float64, km2; a (m, q) loads of
the q limited measures, each relative to its own scale; lo, hi (q,) what the free units may add. Limits of several
measures are relaxed to one at a time, the best of which is kept.
Shares: Dantzig 1957 (doi 10.1287/opre.5.2.266), by selection as in Balas and Zemel 1980 (doi 10.1287/opre.28.5.1130).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = NDArray[np.float64]
Ints = NDArray[Any]

INF = 1e300
NODES = 20_000
"""Branchings at one point at most."""
CORE = 400
"""Undecided units at one point at most."""


@njit(cache=True, nogil=True)
def cheapest(key: F, load: F, count: int, need: float) -> tuple[float, float]:
    """Least sum of key * y with sum of y = need and 0 <= y <= load, by weighted selection. Reorders both arrays.

    Returns:
        That sum and the key of the unit it breaks at; `INF` twice if there is less load than needed.
    """
    first, last, value = 0, count - 1, 0.0
    while first <= last:
        x, y, z = key[first], key[(first + last) // 2], key[last]
        pivot = max(min(x, y), min(max(x, y), z))
        below, here = first, first
        above = last
        less, same, cost = 0.0, 0.0, 0.0
        while here <= above:
            if key[here] < pivot:
                less += load[here]
                cost += key[here] * load[here]
                key[here], key[below] = key[below], key[here]
                load[here], load[below] = load[below], load[here]
                below += 1
                here += 1
            elif key[here] > pivot:
                key[here], key[above] = key[above], key[here]
                load[here], load[above] = load[above], load[here]
                above -= 1
            else:
                same += load[here]
                here += 1
        if less >= need:
            last = below - 1
        elif less + same >= need:
            return value + cost + (need - less) * pivot, pivot
        else:
            value += cost + same * pivot
            need -= less + same
            first = above + 1
    return (value, 0.0) if need <= 0.0 else (INF, INF)


@njit(cache=True, nogil=True)
def shares(c: F, a: F, q: int, lo: float, hi: float, key: F, load: F) -> tuple[float, float]:
    """Least sum of c * x with 0 <= x <= 1 and lo <= sum of a[:, q] * x <= hi, and the price of load at it."""
    base, natural = 0.0, 0.0
    for i in range(len(c)):
        if c[i] < 0.0:
            base += c[i]
            natural += a[i, q]
    if lo <= natural <= hi:
        return base, 0.0
    count = 0
    if natural > hi:
        if hi < 0.0:
            return INF, 0.0
        for i in range(len(c)):
            if c[i] < 0.0 and a[i, q] > 0.0:
                key[count] = -c[i] / a[i, q]
                load[count] = a[i, q]
                count += 1
        extra, price = cheapest(key, load, count, natural - hi)
        return (base + extra, -price) if extra < INF else (INF, 0.0)
    for i in range(len(c)):
        if c[i] >= 0.0 and a[i, q] > 0.0:
            key[count] = c[i] / a[i, q]
            load[count] = a[i, q]
            count += 1
    extra, price = cheapest(key, load, count, lo - natural)
    return (base + extra, price) if extra < INF else (INF, 0.0)


@njit(cache=True, nogil=True)
def in_shares(c: F, a: F, lo: F, hi: F, key: F, load: F) -> float:
    """Lower bound on the least sum of c over sets within the limits: the best of the single measures'."""
    if a.shape[1] == 0:
        total = 0.0
        for i in range(len(c)):
            total += min(c[i], 0.0)
        return total
    best = -INF
    for q in range(a.shape[1]):
        best = max(best, shares(c, a, q, lo[q], hi[q], key, load)[0])
    return best


@njit(cache=True, nogil=True)
def _relaxed(
    c: F, a: F, q: int, order: Ints, state: Ints, cost: float, load: float, lo: float, hi: float, x: Ints
) -> tuple[float, int]:
    """Shares among the core at a node; fills x with 0, 1 and 2 (a share). Returns the value and the shared unit."""
    for t in range(len(order)):
        i = order[t]
        x[i] = 1 if state[i] == 1 else 0
        if state[i] == 1:
            cost += c[i]
            load += a[i, q]
    if load > hi:
        return INF, -1
    for t in range(len(order)):
        i = order[t]
        if state[i] >= 0:
            continue
        if c[i] >= 0.0 and load >= lo:
            break
        if a[i, q] <= 0.0:
            if c[i] < 0.0:
                x[i] = 1
                cost += c[i]
            continue
        room = (hi if c[i] < 0.0 else lo) - load
        if room <= 0.0:
            continue
        if a[i, q] > room:
            x[i] = 2
            return cost + c[i] * room / a[i, q], i
        x[i] = 1
        cost += c[i]
        load += a[i, q]
    return (cost, -1) if load >= lo else (INF, -1)


@njit(cache=True, nogil=True)
def in_units(c: F, a: F, lo: F, hi: F, least: float, key: F, load: F, chosen: Ints) -> tuple[float, bool]:
    """Lower bound, at least `least` if that can be shown, on the least sum of c over sets of whole units within limits.

    Units whose change would cost too much are fixed first; the rest, the core, is searched by branch and bound.

    Returns:
        The bound, exact if it is below `least` and the flag is True: then `chosen` (m,) holds such a set.
    """
    m, measures = a.shape
    root = in_shares(c, a, lo, hi, key, load)
    if root >= least or root >= INF:
        return root, False
    if measures == 0:
        for i in range(m):
            chosen[i] = 1 if c[i] < 0.0 else 0
        return root, True
    fixed = np.full(m, -1, np.int8)
    for q in range(measures):
        value, price = shares(c, a, q, lo[q], hi[q], key, load)
        for i in range(m):
            rc = c[i] - price * a[i, q]
            if value + abs(rc) >= least:
                side = 1 if rc < 0.0 else 0
                if fixed[i] == 1 - side:
                    return least, False
                fixed[i] = side
    core = np.flatnonzero(fixed < 0)
    size = len(core)
    if size > CORE:
        return root, False
    base, loads = 0.0, np.zeros(measures)
    for i in range(m):
        if fixed[i] == 1:
            base += c[i]
            loads += a[i]
    cc, aa = c[core], a[core]
    order = np.empty((measures, size), np.int64)
    for q in range(measures):
        ratio = np.empty(size)
        for t in range(size):
            ratio[t] = cc[t] / aa[t, q] if aa[t, q] > 0.0 else (-INF if cc[t] < 0.0 else INF)
        order[q] = np.argsort(ratio)
    state = np.full(size, -1, np.int8)
    trail = np.empty(size, np.int64)
    second = np.zeros(size, np.bool_)
    x, top = np.zeros(size, np.int8), np.zeros(size, np.int8)
    depth, best, floor, found = 0, least, INF, False
    for _ in range(NODES):
        bound, at, at_q = -INF, -1, -1
        for q in range(measures):
            value, shared = _relaxed(cc, aa, q, order[q], state, base, loads[q], lo[q], hi[q], x)
            if value > bound:
                bound, at, at_q = value, shared, q
                top[:] = x
            elif at < 0 and value < INF:
                at = shared
        done = bound >= best
        if done:
            floor = min(floor, bound)
        elif at < 0 or top[at] != 2:
            fits = True
            for q in range(measures):
                total = loads[q]
                for t in range(size):
                    if top[t] == 1:
                        total += aa[t, q]
                fits &= lo[q] <= total <= hi[q]
            if fits and (at_q >= 0):
                done, found, best = True, True, bound
                for i in range(m):
                    chosen[i] = 1 if fixed[i] == 1 else 0
                for t in range(size):
                    chosen[core[t]] = 1 if top[t] == 1 else 0
            elif at < 0 or state[at] >= 0:
                at = -1
                for t in range(size):
                    if state[t] < 0 and (at < 0 or abs(cc[t]) < abs(cc[at])):
                        at = t
                if at < 0:
                    done = True  # nothing left to decide, and it doesn't fit
        if not done:
            state[at] = 1 if top[at] == 1 else 0
            trail[depth] = at
            second[depth] = False
            depth += 1
            continue
        while depth > 0 and second[depth - 1]:
            depth -= 1
            state[trail[depth]] = -1
        if depth == 0:
            if found:
                return best, True
            return floor if size == m else least, False  # sets against a fixed unit cost at least `least`
        second[depth - 1] = True
        state[trail[depth - 1]] = 1 - state[trail[depth - 1]]
    return root, False
