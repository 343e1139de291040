# ruff: noqa: NPY002, SIM108 (numba compiles the legacy generator to one per thread, seeded in each call)
"""Compiled recombination of two neighbouring territories over a random spanning tree."""

from __future__ import annotations

import numpy as np
from numba import njit

from terr.engine.kernels import FAR, SLACK, Arena, F, Ints, beyond, judge, penalty, sums, uneven, worth

# Work arrays, for n units and q measures:
#   tree (2, n): [0] the units of the spanning tree in the order in which it grew, [1] the parent of each unit
#   edges (2, m): edges that may come next, [0] the unit they lead to, [1] the unit they come from
#   seen (n,): `mark` = in this tree
#   sub (n, 10 + q), sums over the subtree below each unit:
#       0..3 moments (see `kernels.sums`); 4..3+q loads of the measures
#       4+q, 5+q price of leaving home if it became territory j1, j2; 6+q, 7+q share of the load that would have moved
#       8+q, 9+q units that would be too far from the centre of j1, j2
#   pins (n, 2): units in the subtree that are locked to j1, to j2
# Cutting the edge above a unit parts the tree into its subtree and the rest, whose sums are the root's less its own.


@njit(cache=True, nogil=True)
def _grow(t: Arena, a: Ints, i: int, j1: int, j2: int, mark: int, seen: Ints, tree: Ints, edges: Ints) -> int:
    """A random spanning tree of both territories from unit i: tree[0] the units in order, tree[1] their parents.

    Returns the number of units. Half of the edges are taken at random, half from the ends, which gives trees neither
    too bushy nor too stringy.
    """
    m = 0
    nf = 1
    edges[0, 0] = i
    edges[1, 0] = -1
    while nf > 0:
        if np.random.random() < 0.5:
            z = np.random.randint(nf)
        else:
            z = nf - 1 if np.random.random() < 0.3 else 0
        u = edges[0, z]
        up = edges[1, z]
        nf -= 1
        edges[0, z] = edges[0, nf]
        edges[1, z] = edges[1, nf]
        if seen[u] == mark:
            continue
        seen[u] = mark
        tree[0, m] = u
        tree[1, u] = up
        m += 1
        for p in range(t.ip[u], t.ip[u + 1]):
            v = t.ix[p]
            if (a[v] == j1 or a[v] == j2) and seen[v] != mark:
                edges[0, nf] = v
                edges[1, nf] = u
                nf += 1
    return m


@njit(cache=True, nogil=True)
def _gather(t: Arena, m: int, j1: int, j2: int, tree: Ints, sub: F, pins: Ints) -> None:
    """Sums of each subtree: moments, loads, share moved if it is j1 or j2, units too far from j1 or j2, and locks."""
    nq = t.w.shape[1]
    for z in range(m):
        u = tree[0, z]
        sub[u, 0] = t.g[u]
        sub[u, 1] = t.g[u] * t.xy[u, 0]
        sub[u, 2] = t.g[u] * t.xy[u, 1]
        sub[u, 3] = t.g[u] * (t.xy[u, 0] ** 2 + t.xy[u, 1] ** 2)
        for q in range(nq):
            sub[u, 4 + q] = t.w[u, q]
        sub[u, 4 + nq] = t.toll[u] if t.home[u] != j1 else 0.0
        sub[u, 5 + nq] = t.toll[u] if t.home[u] != j2 else 0.0
        sub[u, 6 + nq] = t.share[u] if t.home[u] != j1 else 0.0
        sub[u, 7 + nq] = t.share[u] if t.home[u] != j2 else 0.0
        sub[u, 8 + nq] = t.far[u, j1] if t.far.shape[0] > 0 else 0.0
        sub[u, 9 + nq] = t.far[u, j2] if t.far.shape[0] > 0 else 0.0
        pins[u, 0] = 1 if t.locked[u] == j1 else 0
        pins[u, 1] = 1 if t.locked[u] == j2 else 0
    # leaves first: each unit has its whole subtree when it is added to its parent
    for z in range(m - 1, 0, -1):
        u = tree[0, z]
        up = tree[1, u]
        for c in range(10 + nq):
            sub[up, c] += sub[u, c]
        pins[up, 0] += pins[u, 0]
        pins[up, 1] += pins[u, 1]


@njit(cache=True, nogil=True)
def _split(t: Arena, low: F, all_: F, below: int, above: int, j1: int, al: float, moved: float, base: float) -> float:
    """Price with penalty of territories `below` (the subtree with sums `low`) and `above` (the rest of `all_`).

    `moved` is the share both have moved before and `base` the whole plan's.
    """
    nq = t.w.shape[1]
    e = worth(t, below, low[0], low[1], low[2], low[3]) + worth(
        t, above, all_[0] - low[0], all_[1] - low[1], all_[2] - low[2], all_[3] - low[3]
    )
    for q in range(nq):
        rest = all_[4 + q] - low[4 + q]
        e += al * (beyond(t, below, q, low[4 + q]) + beyond(t, above, q, rest))
        if t.soft[q] > 0.0:
            e += uneven(t, below, q, low[4 + q]) + uneven(t, above, q, rest)
    b = 0 if below == j1 else 1  # which column of the pairs belongs to the territory below the cut
    e += low[4 + nq + b] + all_[5 + nq - b] - low[5 + nq - b]
    if t.most_moved < 1.0:
        now = low[6 + nq + b] + all_[7 + nq - b] - low[7 + nq - b]
        e += al * penalty(base - moved + now, -1.0, t.most_moved, SLACK)
    e += al * FAR * (low[8 + nq + b] + all_[9 + nq - b] - low[9 + nq - b])
    return e


@njit(cache=True, nogil=True)
def recombine(
    t: Arena,
    a: Ints,
    al: float,
    begin: int,
    end: int,
    total: int,
    t0: float,
    t1: float,
    seed: int,
    best: Ints,
    best_cost: float,
) -> float:
    """Steps begin..end of merging two neighbouring territories and cutting a random spanning tree of both again.

    Every cut is scored in O(1) from the sums of its subtree, both ways round; a cut that would take a locked unit from
    its territory is not considered. After DeFord, Duchin, Solomon (2021), "Recombination", with the best cut taken
    instead of a random balanced one. Border lengths don't count. `best` is updated in place; its cost is returned.
    """
    np.random.seed(seed)
    n = len(t.g)
    k = t.lo.shape[0] - 1
    nq = t.w.shape[1]
    s, load, _ = sums(t.xy, t.g, t.w, a, k + 1)
    pen, cost = judge(t, a)
    for i in range(n):
        for p in range(t.ip[i], t.ip[i + 1]):
            if a[t.ix[p]] != a[i]:
                cost -= 0.5 * t.edge * t.bw[p]
    cost += al * pen
    moved = 0.0
    for u in range(n):
        if a[u] != t.home[u]:
            moved += t.share[u]
    if cost < best_cost - 1e-12:
        best_cost = cost
        best[:] = a
    seen = np.zeros(n, np.int64)
    tree = np.zeros((2, n), np.int64)
    edges = np.zeros((2, len(t.ix) + n + 1), np.int64)
    sub = np.zeros((n, 10 + nq))
    pins = np.zeros((n, 2), np.int64)
    side = np.zeros(n, np.bool_)
    for it in range(begin, end):
        temp = t0 * (t1 / t0) ** (it / total)
        i = np.random.randint(n)
        if t.ip[i + 1] == t.ip[i]:
            continue
        j1 = a[i]
        j2 = a[t.ix[t.ip[i] + np.random.randint(t.ip[i + 1] - t.ip[i])]]
        if j1 == j2 or max(j1, j2) == k:
            continue
        m = _grow(t, a, i, j1, j2, it + 1, seen, tree, edges)
        _gather(t, m, j1, j2, tree, sub, pins)
        was = 0.0
        toll = 0.0
        out = 0.0
        for z in range(m):
            u = tree[0, z]
            if a[u] != t.home[u]:
                was += t.share[u]
                toll += t.toll[u]
            if t.far.shape[0] > 0 and t.far[u, a[u]]:
                out += 1.0
        old = (
            worth(t, j1, s[j1, 0], s[j1, 1], s[j1, 2], s[j1, 3])
            + worth(t, j2, s[j2, 0], s[j2, 1], s[j2, 2], s[j2, 3])
            + toll
            + al * FAR * out
        )
        if t.most_moved < 1.0:
            old += al * penalty(moved, -1.0, t.most_moved, SLACK)
        for q in range(nq):
            old += al * (beyond(t, j1, q, load[j1, q]) + beyond(t, j2, q, load[j2, q]))
            if t.soft[q] > 0.0:
                old += uneven(t, j1, q, load[j1, q]) + uneven(t, j2, q, load[j2, q])
        n1 = pins[i, 0]
        n2 = pins[i, 1]
        cut = -1
        swap = False
        new = 1e300
        for z in range(m - 1, 0, -1):
            u = tree[0, z]
            if pins[u, 1] == 0 and pins[u, 0] == n1:  # the subtree may be j1
                e = _split(t, sub[u], sub[i], j1, j2, j1, al, was, moved)
                if e < new:
                    new = e
                    cut = u
                    swap = False
            if pins[u, 0] == 0 and pins[u, 1] == n2:  # the subtree may be j2
                e = _split(t, sub[u], sub[i], j2, j1, j1, al, was, moved)
                if e < new:
                    new = e
                    cut = u
                    swap = True
        if cut < 0:
            continue
        df = new - old
        if df >= -1e-12 and np.random.random() >= np.exp(-df / temp):
            continue
        for z in range(m):
            u = tree[0, z]
            side[u] = u == cut or (z > 0 and side[tree[1, u]])
        bottom = j2 if swap else j1
        top = j1 if swap else j2
        for z in range(m):
            u = tree[0, z]
            a[u] = bottom if side[u] else top
        for c in range(4):
            s[bottom, c] = sub[cut, c]
            s[top, c] = sub[i, c] - sub[cut, c]
        for q in range(nq):
            load[bottom, q] = sub[cut, 4 + q]
            load[top, q] = sub[i, 4 + q] - sub[cut, 4 + q]
        b = 0 if bottom == j1 else 1
        moved += sub[cut, 6 + nq + b] + sub[i, 7 + nq - b] - sub[cut, 7 + nq - b] - was
        cost += df
        if cost < best_cost - 1e-12:
            best_cost = cost
            best[:] = a
    return best_cost
