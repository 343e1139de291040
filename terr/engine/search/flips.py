# ruff: noqa: NPY002 (numba compiles the legacy generator to one per thread, seeded in each call)
"""Compiled annealing of single units over borders, with chains of two where one move alone would break a limit."""

from __future__ import annotations

import numpy as np
from numba import njit

from terr.engine.kernels import FAR, SLACK, Arena, F, Ints, beyond, judge, penalty, removable, sums, uneven, worth

# Work arrays, for n units, k territories and, as number k, the rest:
#   a (n,) territory of each unit; s (k + 1, 4), load (k + 1, q), count (k + 1,): sums of it, see `kernels.sums`
#   apart (n,): neighbors of each unit in other territories
#   rim (n,): the units at a border, the first nb of it; pos (n,): where each stands in rim, -1 = nowhere
#   stamp, queue (n,): of the search in `kernels.removable`
#   moved, none: share of the load that left home, and that is without a territory
# Prices and penalties of one move: dc, dp; of the moved and the unassigned share: dm, dn.

CHAIN = 0.25
"""Share of moves that are followed by a second one out of the territory that grew."""


@njit(cache=True, nogil=True)
def _rim(u: int, apart: Ints, rim: Ints, pos: Ints, nb: int) -> int:
    """Puts u into or out of the list of units at a border; returns the list's length."""
    if apart[u] > 0 and pos[u] < 0:
        pos[u] = nb
        rim[nb] = u
        return nb + 1
    if apart[u] == 0 and pos[u] >= 0:
        last = rim[nb - 1]
        rim[pos[u]] = last
        pos[last] = pos[u]
        pos[u] = -1
        return nb - 1
    return nb


@njit(cache=True, nogil=True)
def _step(
    t: Arena, a: Ints, i: int, dst: int, s: F, load: F, moved: float, none: float
) -> tuple[float, float, float, float]:
    """Change of price and penalty, and of the moved and unassigned shares, if unit i goes to dst."""
    src = a[i]
    k = t.lo.shape[0] - 1
    x = t.xy[i, 0]
    y = t.xy[i, 1]
    g = t.g[i]
    r = g * (x * x + y * y)
    # the two shapes after the move, less the two before it
    dc = (
        worth(t, src, s[src, 0] - g, s[src, 1] - g * x, s[src, 2] - g * y, s[src, 3] - r)
        + worth(t, dst, s[dst, 0] + g, s[dst, 1] + g * x, s[dst, 2] + g * y, s[dst, 3] + r)
        - worth(t, src, s[src, 0], s[src, 1], s[src, 2], s[src, 3])
        - worth(t, dst, s[dst, 0], s[dst, 1], s[dst, 2], s[dst, 3])
    )
    dp = 0.0
    for q in range(t.w.shape[1]):
        v = t.w[i, q]
        dp += (
            beyond(t, src, q, load[src, q] - v)
            + beyond(t, dst, q, load[dst, q] + v)
            - beyond(t, src, q, load[src, q])
            - beyond(t, dst, q, load[dst, q])
        )
        if t.soft[q] > 0.0:
            dc += (
                uneven(t, src, q, load[src, q] - v)
                + uneven(t, dst, q, load[dst, q] + v)
                - uneven(t, src, q, load[src, q])
                - uneven(t, dst, q, load[dst, q])
            )
    # km of border that come with leaving src, less those that go with joining dst; others stay borders
    db = 0.0
    for p in range(t.ip[i], t.ip[i + 1]):
        o = a[t.ix[p]]
        if o == src:
            db += t.bw[p]
        elif o == dst:
            db -= t.bw[p]
    dc += t.edge * db
    dm = 0.0
    if dst == t.home[i]:
        dm = -t.share[i]
        dc -= t.toll[i]
    elif src == t.home[i]:
        dm = t.share[i]
        dc += t.toll[i]
    dn = 0.0
    if dst == k:
        dn = t.left[i]
        dc += t.none * t.part[i]
    elif src == k:
        dn = -t.left[i]
        dc -= t.none * t.part[i]
    if t.most_moved < 1.0 and dm != 0.0:
        dp += penalty(moved + dm, -1.0, t.most_moved, SLACK) - penalty(moved, -1.0, t.most_moved, SLACK)
    if t.most_none < 1.0 and dn != 0.0:
        dp += penalty(none + dn, -1.0, t.most_none, SLACK) - penalty(none, -1.0, t.most_none, SLACK)
    if t.far.shape[0] > 0:
        dp += FAR * (float(t.far[i, dst]) - float(t.far[i, src]))
    return dc, dp, dm, dn


@njit(cache=True, nogil=True)
def _move(
    t: Arena, a: Ints, i: int, dst: int, s: F, load: F, count: Ints, apart: Ints, rim: Ints, pos: Ints, nb: int
) -> int:
    """Moves unit i to dst in the plan and all sums; returns the new length of the list of border units."""
    src = a[i]
    x = t.xy[i, 0]
    y = t.xy[i, 1]
    g = t.g[i]
    r = g * (x * x + y * y)
    a[i] = dst
    s[src, 0] -= g
    s[dst, 0] += g
    s[src, 1] -= g * x
    s[dst, 1] += g * x
    s[src, 2] -= g * y
    s[dst, 2] += g * y
    s[src, 3] -= r
    s[dst, 3] += r
    for q in range(t.w.shape[1]):
        load[src, q] -= t.w[i, q]
        load[dst, q] += t.w[i, q]
    count[src] -= 1
    count[dst] += 1
    alone = 0
    for p in range(t.ip[i], t.ip[i + 1]):
        v = t.ix[p]
        if a[v] == src:
            apart[v] += 1
        elif a[v] == dst:
            apart[v] -= 1
        if a[v] != dst:
            alone += 1
    apart[i] = alone
    nb = _rim(i, apart, rim, pos, nb)
    for p in range(t.ip[i], t.ip[i + 1]):
        nb = _rim(t.ix[p], apart, rim, pos, nb)
    return nb


@njit(cache=True, nogil=True)
def _target(t: Arena, a: Ints, i: int) -> int:
    """Where unit i might go: the territory of a random neighbour, or now and then the rest."""
    if t.rest and np.random.random() < 0.02:
        return t.lo.shape[0] - 1
    return a[t.ix[t.ip[i] + np.random.randint(t.ip[i + 1] - t.ip[i])]]


@njit(cache=True, nogil=True)
def _may_leave(t: Arena, a: Ints, i: int, count: Ints, stamp: Ints, mark: int, queue: Ints) -> bool:
    src = a[i]
    if src == t.lo.shape[0] - 1:
        return True
    return count[src] > 1 and removable(i, a, t.ip, t.ix, stamp, mark, queue)


@njit(cache=True, nogil=True)
def anneal(
    t: Arena,
    a: Ints,
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

    Minimises the arena's price plus a penalty for limits whose factor grows from al0 to al1. `a` is changed in place;
    `best` too, and its penalty and price are returned.
    """
    np.random.seed(seed)
    n = len(t.g)
    s, load, count = sums(t.xy, t.g, t.w, a, t.lo.shape[0])
    stamp = np.zeros(n, np.int64)
    queue = np.zeros(n, np.int64)
    mark = 0
    rim = np.zeros(n, np.int64)
    pos = -np.ones(n, np.int64)
    nb = 0
    apart = np.zeros(n, np.int64)
    for u in range(n):
        for p in range(t.ip[u], t.ip[u + 1]):
            if a[t.ix[p]] != a[u]:
                apart[u] += 1
        nb = _rim(u, apart, rim, pos, nb)
    moved = 0.0
    none = 0.0
    for u in range(n):
        if a[u] != t.home[u]:
            moved += t.share[u]
        if a[u] == t.lo.shape[0] - 1:
            none += t.left[u]
    pen, cost = judge(t, a)
    journal = np.zeros(n, np.int64)  # units changed since `best`
    changed = 0
    if pen < best_pen - 1e-9 or (pen < best_pen + 1e-9 and cost < best_cost - 1e-12):
        best_pen = pen
        best_cost = cost
        best[:] = a
    else:
        changed = n
    for it in range(begin, end):
        if nb == 0:
            break
        fr = it / total
        temp = t0 * (t1 / t0) ** fr
        al = al0 * (al1 / al0) ** min(1.0, fr * 1.6)
        i = rim[np.random.randint(nb)]
        if t.locked[i] >= 0:
            continue
        src = a[i]
        dst = _target(t, a, i)
        if dst == src:
            continue
        dc, dp, dm, dn = _step(t, a, i, dst, s, load, moved, none)
        df = dc + al * dp
        chain = False
        if df > 0.0 and np.random.random() >= np.exp(-df / temp):
            # a move that only breaks a limit may be mended by a second one
            if dp <= 0.0 or dc + al * dp * 0.2 > 6.0 * temp or np.random.random() >= CHAIN:
                continue
            chain = True
        mark += 1
        if not _may_leave(t, a, i, count, stamp, mark, queue):
            continue
        nb = _move(t, a, i, dst, s, load, count, apart, rim, pos, nb)
        moved += dm
        none += dn
        second = -1
        if chain:
            for _ in range(12):
                v = rim[np.random.randint(nb)]
                if a[v] == dst and v != i and t.locked[v] < 0:
                    second = v
                    break
            good = False
            if second >= 0:
                to = _target(t, a, second)
                if to != dst:
                    ec, ep, em, en = _step(t, a, second, to, s, load, moved, none)
                    ef = df + ec + al * ep
                    if ef <= 0.0 or np.random.random() < np.exp(-ef / temp):
                        mark += 1
                        good = _may_leave(t, a, second, count, stamp, mark, queue)
                    if good:
                        nb = _move(t, a, second, to, s, load, count, apart, rim, pos, nb)
                        moved += em
                        none += en
                        dc += ec
                        dp += ep
            if not good:  # take the first one back
                nb = _move(t, a, i, src, s, load, count, apart, rim, pos, nb)
                moved -= dm
                none -= dn
                continue
        cost += dc
        pen += dp
        if changed + 2 <= n:
            journal[changed] = i
            changed += 1
            if second >= 0:
                journal[changed] = second
                changed += 1
        else:
            changed = n
        if pen < best_pen - 1e-9 or (pen < best_pen + 1e-9 and cost < best_cost - 1e-12):
            best_pen = pen
            best_cost = cost
            if changed >= n:
                best[:] = a
            else:
                for z in range(changed):
                    best[journal[z]] = a[journal[z]]
            changed = 0
    return best_pen, best_cost
