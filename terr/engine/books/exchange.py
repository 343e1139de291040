# ruff: noqa: NPY002 (numba compiles the legacy generator to one per thread, seeded in each call)
"""Compiled exchanges: items change books one by one, in pairs, and on through a third book, by annealing."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = NDArray[np.float64]
Ints = NDArray[np.int64]
Cols = NDArray[np.int32]

# Work arrays, for n items, k books and R rows:
#   a (n,) book of each item; load (k, R) what each book holds, in the rows' units
#   cols (n, c) books an item may go to, -1 = no more; by_ptr (k + 1,), by_item: items that may go to a book
# Of a move: dc change of cost, dv of the violation (shares of the target, summed), dp of its price at the moment.

TRIES = 12
"""Items looked at for the second half of an exchange."""


@njit(cache=True, nogil=True)
def _out(lo: F, hi: F, j: int, r: int, v: float) -> float:
    """How far load v of row r is outside book j's limits, in the row's unit."""
    if v < lo[j, r] - 1e-9:
        return float(lo[j, r] - v)
    if v > hi[j, r] + 1e-9:
        return float(v - hi[j, r])
    return 0.0


@njit(cache=True, nogil=True)
def judge(cost: F, w: F, lo: F, hi: F, rate: F, a: Ints) -> tuple[float, float]:
    """Violation and cost of books."""
    k, rows = lo.shape
    load = np.zeros((k, rows))
    total = 0.0
    for i in range(len(a)):
        total += cost[i, a[i]]
        for r in range(rows):
            load[a[i], r] += w[i, r]
    out = 0.0
    for j in range(k):
        for r in range(rows):
            out += rate[j, r] * _out(lo, hi, j, r, load[j, r])
    return out, total


@njit(cache=True, nogil=True)
def _shift(w: F, lo: F, hi: F, rate: F, dear: F, load: F, i: int, src: int, dst: int) -> tuple[float, float]:
    """Change of the violation and of its price if item i goes from src to dst."""
    dv = 0.0
    dp = 0.0
    for r in range(w.shape[1]):
        v = w[i, r]
        if v > 0.0:
            out = _out(lo, hi, src, r, load[src, r] - v) - _out(lo, hi, src, r, load[src, r])
            more = _out(lo, hi, dst, r, load[dst, r] + v) - _out(lo, hi, dst, r, load[dst, r])
            dv += rate[src, r] * out + rate[dst, r] * more
            dp += dear[src, r] * out + dear[dst, r] * more
    return dv, dp


@njit(cache=True, nogil=True)
def _apply(w: F, load: F, a: Ints, i: int, dst: int) -> None:
    src = a[i]
    for r in range(w.shape[1]):
        load[src, r] -= w[i, r]
        load[dst, r] += w[i, r]
    a[i] = dst


@njit(cache=True, nogil=True)
def anneal(
    cost: F, w: F, lo: F, hi: F, rate: F, dear: F, cols: Cols, have: Ints, near: F,
    movable: Ints, by_ptr: Ints, by_item: Ints, a: Ints,
    begin: int, end: int, total: int, t0: float, t1: float, f0: float, f1: float, seed: int,
    best: Ints, best_v: float, best_c: float,
) -> tuple[float, float]:  # fmt: skip
    """Steps begin..end of an annealing of `total` steps; `a` and `best` are changed in place.

    Minimizes cost plus, for what is outside a limit, `dear` (k, R) km per unit and, per share of
    the target, what grows from f0 to f1. `near` (n, c) is the cost of each item in its books `cols`, the first
    `have` (n,) of them.
    Returns violation and cost of `best`.
    """
    np.random.seed(seed)
    n = len(a)
    k, rows = lo.shape
    load = np.zeros((k, rows))
    pen, price = judge(cost, w, lo, hi, rate, a)
    own = np.zeros(n)  # cost of each item where it is
    for i in range(n):
        own[i] = cost[i, a[i]]
        for r in range(rows):
            load[a[i], r] += w[i, r]
    journal = np.zeros(n, np.int64)
    changed = n
    if pen < best_v - 1e-9 or (pen < best_v + 1e-9 and price < best_c - 1e-9):
        best_v, best_c = pen, price
        best[:] = a
        changed = 0
    for it in range(begin, end):
        part = it / total
        heat = t0 * (t1 / t0) ** part
        fine = f0 * (f1 / f0) ** part
        i = movable[np.random.randint(len(movable))]
        at = np.random.randint(have[i])
        dst = cols[i, at]
        src = a[i]
        if dst == src:
            continue
        dc = near[i, at] - own[i]
        dv, dp = _shift(w, lo, hi, rate, dear, load, i, src, dst)
        df = dc + dp + fine * dv
        second, place = -1, -1
        if df > 0.0 and np.random.random() >= np.exp(-df / heat):
            # what a move breaks or costs may be mended by a second one, out of the book that grew
            if by_ptr[dst + 1] == by_ptr[dst]:
                continue
            _apply(w, load, a, i, dst)
            least = np.inf
            ec, ev = 0.0, 0.0
            for _ in range(TRIES):
                u = by_item[by_ptr[dst] + np.random.randint(by_ptr[dst + 1] - by_ptr[dst])]
                if a[u] != dst or u == i:
                    continue
                spot = np.random.randint(have[u])
                if np.random.random() < 0.5:  # straight back is the exchange of two
                    for z in range(have[u]):
                        if cols[u, z] == src:
                            spot = z
                            break
                on = cols[u, spot]
                if on == dst:
                    continue
                uc = near[u, spot] - own[u]
                uv, up = _shift(w, lo, hi, rate, dear, load, u, dst, on)
                if uc + up + fine * uv < least:
                    least, ec, ev, second, place = uc + up + fine * uv, uc, uv, u, spot
            df += least
            if second < 0 or (df > 0.0 and np.random.random() >= np.exp(-df / heat)):
                _apply(w, load, a, i, src)
                continue
            _apply(w, load, a, second, cols[second, place])
            own[second] = near[second, place]
            dc += ec
            dv += ev
        else:
            _apply(w, load, a, i, dst)
        own[i] = near[i, at]
        price += dc
        pen += dv
        if changed + 2 <= n:
            journal[changed] = i
            changed += 1
            if second >= 0:
                journal[changed] = second
                changed += 1
        else:
            changed = n
        if pen < best_v - 1e-9 or (pen < best_v + 1e-9 and price < best_c - 1e-9):
            best_v, best_c = pen, price
            if changed >= n:
                best[:] = a
            else:
                for z in range(changed):
                    best[journal[z]] = a[journal[z]]
            changed = 0
    return best_v, best_c
