# ruff: noqa: NPY002 (numba compiles the legacy generator to one per thread, seeded in each call)
"""Compiled inner loops. All work on plain arrays and keep every territory in one piece.

Shared arguments: xy (n, 2) km; g (n,) shape weights > 0; w (n, q) loads of the q limited measures; ip, ix, bw the CSR
graph; a (n,) int64 territory per unit, changed in place; lo, hi, sc (k, q) lower and upper load and its scale.

A territory's moment of inertia about its own centre is sum g x^2 - |sum g x|^2 / sum g, so moving a unit, or cutting a
subtree off, changes it in O(1) from four sums (l, x, y, q).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = NDArray[np.float64]
Ints = NDArray[Any]


@njit(cache=True, nogil=True)
def penalty(load: float, lo: float, hi: float, scale: float) -> float:
    """How far a load is outside [lo, hi], as v + 10 v^2 with v in shares of the scale: steep near, steeper afar."""
    v = max(lo - load, load - hi) / scale
    return 0.0 if v <= 0.0 else v + 10.0 * v * v


@njit(cache=True, nogil=True)
def inertia(s: float, x: float, y: float, q: float) -> float:
    """Moment of inertia about the own centre from the sums of g, g x, g y, g (x^2 + y^2)."""
    return q - (x * x + y * y) / s if s > 0.0 else 0.0


@njit(cache=True, nogil=True)
def sums(xy: F, g: F, w: F, a: Ints, k: int) -> tuple[F, F, Ints]:
    """Moments (k, 4), loads (k, q) and unit counts (k,) of a plan without unassigned units."""
    s = np.zeros((k, 4))
    load = np.zeros((k, w.shape[1]))
    count = np.zeros(k, np.int64)
    for i in range(len(g)):
        j = a[i]
        s[j, 0] += g[i]
        s[j, 1] += g[i] * xy[i, 0]
        s[j, 2] += g[i] * xy[i, 1]
        s[j, 3] += g[i] * (xy[i, 0] ** 2 + xy[i, 1] ** 2)
        for q in range(w.shape[1]):
            load[j, q] += w[i, q]
        count[j] += 1
    return s, load, count


@njit(cache=True, nogil=True)
def removable(i: int, a: Ints, ip: Ints, ix: Ints, stamp: Ints, mark: int, queue: Ints) -> bool:
    """True if unit i's territory stays in one piece (and not empty) without i: a search from one neighbour of i that
    stops when it has met all others."""
    t = a[i]
    first = -1
    need = 0
    for p in range(ip[i], ip[i + 1]):
        if a[ix[p]] == t:
            need += 1
            if first < 0:
                first = ix[p]
    if need <= 1:
        return need == 1
    for p in range(ip[i], ip[i + 1]):
        if a[ix[p]] == t:
            stamp[ix[p]] = -mark  # a neighbour of i still to be met
    stamp[i] = mark
    stamp[first] = mark
    queue[0] = first
    head = 0
    tail = 1
    met = 1
    while head < tail:
        u = queue[head]
        head += 1
        for p in range(ip[u], ip[u + 1]):
            v = ix[p]
            if a[v] == t and stamp[v] != mark:
                if stamp[v] == -mark:
                    met += 1
                    if met == need:
                        return True
                stamp[v] = mark
                queue[tail] = v
                tail += 1
    return False


@njit(cache=True, nogil=True)
def anneal(
    xy: F,
    g: F,
    w: F,
    ip: Ints,
    ix: Ints,
    bw: F,
    a: Ints,
    lo: F,
    hi: F,
    sc: F,
    fixed: NDArray[np.bool_],
    home: Ints,
    move_cost: F,
    w_inertia: float,
    w_border: float,
    begin: int,
    end: int,
    total: int,
    t0: float,
    t1: float,
    al0: float,
    al1: float,
    seed: int,
    best: Ints,
    best_pen: float,
    best_cost: float,
) -> tuple[float, float]:
    """Steps begin..end of an annealing of `total` steps over border units.

    Minimises w_inertia * inertia + w_border * border + sum of move_cost over units away from `home`, plus a penalty
    for limits whose factor grows from al0 to al1. `best` is updated in place; its penalty and cost are returned.
    """
    np.random.seed(seed)
    n = len(g)
    k = lo.shape[0]
    nq = w.shape[1]
    s, load, count = sums(xy, g, w, a, k)
    stamp = np.zeros(n, np.int64)
    queue = np.zeros(n, np.int64)
    mark = 0
    rim = np.zeros(n, np.int64)
    pos = -np.ones(n, np.int64)
    nb = 0
    cut = 0.0
    for u in range(n):
        on = False
        for p in range(ip[u], ip[u + 1]):
            if a[ix[p]] != a[u]:
                on = True
                cut += 0.5 * bw[p]
        if on:
            pos[u] = nb
            rim[nb] = u
            nb += 1
    cost = w_border * cut
    pen = 0.0
    for j in range(k):
        cost += w_inertia * inertia(s[j, 0], s[j, 1], s[j, 2], s[j, 3])
        for q in range(nq):
            pen += penalty(load[j, q], lo[j, q], hi[j, q], sc[j, q])
    for u in range(n):
        if a[u] != home[u]:
            cost += move_cost[u]
    if pen < best_pen - 1e-9 or (pen < best_pen + 1e-9 and cost < best_cost - 1e-12):
        best_pen = pen
        best_cost = cost
        best[:] = a
    for it in range(begin, end):
        if nb == 0:
            break
        fr = it / total
        temp = t0 * (t1 / t0) ** fr
        al = al0 * (al1 / al0) ** min(1.0, fr * 1.6)
        i = rim[np.random.randint(nb)]
        if fixed[i]:
            continue
        src = a[i]
        deg = ip[i + 1] - ip[i]
        dst = a[ix[ip[i] + np.random.randint(deg)]]
        if dst == src or count[src] <= 1:
            continue
        x = xy[i, 0]
        y = xy[i, 1]
        gi = g[i]
        r = gi * (x * x + y * y)
        dc = w_inertia * (
            inertia(s[src, 0] - gi, s[src, 1] - gi * x, s[src, 2] - gi * y, s[src, 3] - r)
            + inertia(s[dst, 0] + gi, s[dst, 1] + gi * x, s[dst, 2] + gi * y, s[dst, 3] + r)
            - inertia(s[src, 0], s[src, 1], s[src, 2], s[src, 3])
            - inertia(s[dst, 0], s[dst, 1], s[dst, 2], s[dst, 3])
        )
        dp = 0.0
        for q in range(nq):
            dp += (
                penalty(load[src, q] - w[i, q], lo[src, q], hi[src, q], sc[src, q])
                + penalty(load[dst, q] + w[i, q], lo[dst, q], hi[dst, q], sc[dst, q])
                - penalty(load[src, q], lo[src, q], hi[src, q], sc[src, q])
                - penalty(load[dst, q], lo[dst, q], hi[dst, q], sc[dst, q])
            )
        db = 0.0
        for p in range(ip[i], ip[i + 1]):
            o = a[ix[p]]
            if o == src:
                db += bw[p]
            elif o == dst:
                db -= bw[p]
        dc += w_border * db
        if dst == home[i]:
            dc -= move_cost[i]
        elif src == home[i]:
            dc += move_cost[i]
        df = dc + al * dp
        if df > 0 and np.random.random() >= np.exp(-df / temp):
            continue
        mark += 1
        if not removable(i, a, ip, ix, stamp, mark, queue):
            continue
        a[i] = dst
        s[src, 0] -= gi
        s[dst, 0] += gi
        s[src, 1] -= gi * x
        s[dst, 1] += gi * x
        s[src, 2] -= gi * y
        s[dst, 2] += gi * y
        s[src, 3] -= r
        s[dst, 3] += r
        for q in range(nq):
            load[src, q] -= w[i, q]
            load[dst, q] += w[i, q]
        count[src] -= 1
        count[dst] += 1
        cost += dc
        pen += dp
        for z in range(-1, deg):
            u = i if z < 0 else ix[ip[i] + z]
            on = False
            for p in range(ip[u], ip[u + 1]):
                if a[ix[p]] != a[u]:
                    on = True
                    break
            if on and pos[u] < 0:
                pos[u] = nb
                rim[nb] = u
                nb += 1
            elif not on and pos[u] >= 0:
                nb -= 1
                last = rim[nb]
                rim[pos[u]] = last
                pos[last] = pos[u]
                pos[u] = -1
        if pen < best_pen - 1e-9 or (pen < best_pen + 1e-9 and cost < best_cost - 1e-12):
            best_pen = pen
            best_cost = cost
            best[:] = a
    return best_pen, best_cost


@njit(cache=True, nogil=True)
def power_cells(xy: F, g: F, centre: F, lift: F, a: Ints) -> F:
    """Assigns each unit to the centre with the least distance^2 - lift; returns the sums of g per centre."""
    got = np.zeros(len(centre))
    for i in range(len(g)):
        least = 1e300
        to = 0
        for j in range(len(centre)):
            v = (xy[i, 0] - centre[j, 0]) ** 2 + (xy[i, 1] - centre[j, 1]) ** 2 - lift[j]
            if v < least:
                least = v
                to = j
        a[i] = to
        got[to] += g[i]
    return got
