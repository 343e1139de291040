# ruff: noqa: NPY002, SIM108 (numba compiles the legacy generator to one per thread, seeded in each call)
"""Compiled recombination of two neighbouring territories over a random spanning tree. Arrays as in `kernels`."""

from __future__ import annotations

import numpy as np
from numba import njit

from terr.engine.kernels import F, Ints, inertia, penalty, sums


@njit(cache=True, nogil=True)
def recombine(
    xy: F,
    g: F,
    w: F,
    ip: Ints,
    ix: Ints,
    a: Ints,
    lo: F,
    hi: F,
    sc: F,
    locked: Ints,
    w_inertia: float,
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
    instead of a random balanced one. `best` is updated in place; its cost is returned.
    """
    np.random.seed(seed)
    n = len(g)
    k = lo.shape[0]
    nq = w.shape[1]
    s, load, _ = sums(xy, g, w, a, k)
    cost = 0.0
    for j in range(k):
        cost += w_inertia * inertia(s[j, 0], s[j, 1], s[j, 2], s[j, 3])
        for q in range(nq):
            cost += al * penalty(load[j, q], lo[j, q], hi[j, q], sc[j, q])
    if cost < best_cost - 1e-12:
        best_cost = cost
        best[:] = a
    parent = np.zeros(n, np.int64)
    order = np.zeros(n, np.int64)
    seen = np.zeros(n, np.int64)
    sub = np.zeros((n, 4 + nq))
    pins = np.zeros((n, 2), np.int64)
    edge_u = np.zeros(len(ix) + n + 1, np.int64)
    edge_p = np.zeros(len(ix) + n + 1, np.int64)
    side = np.zeros(n, np.bool_)
    for it in range(begin, end):
        temp = t0 * (t1 / t0) ** (it / total)
        i = np.random.randint(n)
        if ip[i + 1] == ip[i]:
            continue
        j1 = a[i]
        j2 = a[ix[ip[i] + np.random.randint(ip[i + 1] - ip[i])]]
        if j1 == j2:
            continue
        m = 0
        nf = 1
        edge_u[0] = i
        edge_p[0] = -1
        while nf > 0:
            # half at random, half from the ends: trees neither too bushy nor too stringy
            if np.random.random() < 0.5:
                z = np.random.randint(nf)
            else:
                z = nf - 1 if np.random.random() < 0.3 else 0
            u = edge_u[z]
            pu = edge_p[z]
            nf -= 1
            edge_u[z] = edge_u[nf]
            edge_p[z] = edge_p[nf]
            if seen[u] == it + 1:
                continue
            seen[u] = it + 1
            parent[u] = pu
            order[m] = u
            m += 1
            sub[u, 0] = g[u]
            sub[u, 1] = g[u] * xy[u, 0]
            sub[u, 2] = g[u] * xy[u, 1]
            sub[u, 3] = g[u] * (xy[u, 0] ** 2 + xy[u, 1] ** 2)
            for q in range(nq):
                sub[u, 4 + q] = w[u, q]
            pins[u, 0] = 1 if locked[u] == j1 else 0
            pins[u, 1] = 1 if locked[u] == j2 else 0
            for p in range(ip[u], ip[u + 1]):
                v = ix[p]
                if (a[v] == j1 or a[v] == j2) and seen[v] != it + 1:
                    edge_u[nf] = v
                    edge_p[nf] = u
                    nf += 1
        old = w_inertia * (
            inertia(s[j1, 0], s[j1, 1], s[j1, 2], s[j1, 3]) + inertia(s[j2, 0], s[j2, 1], s[j2, 2], s[j2, 3])
        )
        for q in range(nq):
            old += al * (
                penalty(load[j1, q], lo[j1, q], hi[j1, q], sc[j1, q])
                + penalty(load[j2, q], lo[j2, q], hi[j2, q], sc[j2, q])
            )
        for z in range(m - 1, 0, -1):
            u = order[z]
            pu = parent[u]
            for c in range(4 + nq):
                sub[pu, c] += sub[u, c]
            pins[pu, 0] += pins[u, 0]
            pins[pu, 1] += pins[u, 1]
        n1 = pins[i, 0]
        n2 = pins[i, 1]
        cut = -1
        swap = False
        new = 1e300
        for z in range(m - 1, 0, -1):
            u = order[z]
            v = w_inertia * (
                inertia(sub[u, 0], sub[u, 1], sub[u, 2], sub[u, 3])
                + inertia(sub[i, 0] - sub[u, 0], sub[i, 1] - sub[u, 1], sub[i, 2] - sub[u, 2], sub[i, 3] - sub[u, 3])
            )
            if v >= new:
                continue
            if pins[u, 1] == 0 and pins[u, 0] == n1:  # the subtree may be j1
                e = v
                for q in range(nq):
                    rest = sub[i, 4 + q] - sub[u, 4 + q]
                    e += al * penalty(sub[u, 4 + q], lo[j1, q], hi[j1, q], sc[j1, q])
                    e += al * penalty(rest, lo[j2, q], hi[j2, q], sc[j2, q])
                if e < new:
                    new = e
                    cut = u
                    swap = False
            if pins[u, 0] == 0 and pins[u, 1] == n2:  # the subtree may be j2
                e = v
                for q in range(nq):
                    rest = sub[i, 4 + q] - sub[u, 4 + q]
                    e += al * penalty(sub[u, 4 + q], lo[j2, q], hi[j2, q], sc[j2, q])
                    e += al * penalty(rest, lo[j1, q], hi[j1, q], sc[j1, q])
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
            u = order[z]
            side[u] = u == cut or (z > 0 and side[parent[u]])
        top, bottom = (j2, j1) if not swap else (j1, j2)
        if n1 == 0 and n2 == 0:
            same = True  # equal limits: keep labels where most of their load was
            for q in range(nq):
                if lo[j1, q] != lo[j2, q] or hi[j1, q] != hi[j2, q]:
                    same = False
            if same:
                over = 0.0
                for z in range(m):
                    u = order[z]
                    if side[u]:
                        over += g[u] if a[u] == j1 else -g[u]
                bottom = j1 if over > 0 else j2
                top = j2 if over > 0 else j1
        for z in range(m):
            u = order[z]
            a[u] = bottom if side[u] else top
        for c in range(4):
            s[bottom, c] = sub[cut, c]
            s[top, c] = sub[i, c] - sub[cut, c]
        for q in range(nq):
            load[bottom, q] = sub[cut, 4 + q]
            load[top, q] = sub[i, 4 + q] - sub[cut, 4 + q]
        cost += df
        if cost < best_cost - 1e-12:
            best_cost = cost
            best[:] = a
    return best_cost
