"""The compiled search behind repairs: every chain of a few moves that brings one territory inside, cheapest kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = NDArray[np.float64]
Ints = NDArray[Any]
DEPTH = 3
"""Moves in a chain at most."""


@njit(cache=True, nogil=True)
def _parts(j: int, a: Ints, ip: Ints, ix: Ints, first: Ints, member: Ints, path: Ints, d: int, stamp: Ints) -> int:
    """Connected pieces of territory j: its members that stayed, and units of the path that came."""
    # first, member: units by territory before the chain; path: rows (unit, from, to) of moves 0..d, whose units may
    # have come to j; stamp[i + 1] == mark: unit i was met in this search
    stamp[0] += 1
    mark = stamp[0]
    queue = np.empty(first[j + 1] - first[j] + d + 1, np.int64)
    count = 0
    for z in range(first[j], first[j + 1] + d + 1):
        s = member[z] if z < first[j + 1] else path[z - first[j + 1], 0]
        if a[s] != j or stamp[s + 1] == mark:
            continue
        count += 1
        stamp[s + 1] = mark
        queue[0] = s
        head, tail = 0, 1
        while head < tail:
            u = queue[head]
            head += 1
            for p in range(ip[u], ip[u + 1]):
                v = ix[p]
                if a[v] == j and stamp[v + 1] != mark:
                    stamp[v + 1] = mark
                    queue[tail] = v
                    tail += 1
    return count


@njit(cache=True, nogil=True)
def _outside(j: int, load: F, lo: F, hi: F, sc: F) -> tuple[float, int, int]:
    """How far territory j is outside its window at worst, in which measure, and on which side (1 = above)."""
    worst, at, side = 0.0, -1, 0
    for q in range(load.shape[1]):
        v = (load[j, q] - hi[j, q]) / sc[j, q]
        if v > worst:
            worst, at, side = v, q, 1
        v = (lo[j, q] - load[j, q]) / sc[j, q]
        if v > worst:
            worst, at, side = v, q, -1
    return worst, at, side


@njit(cache=True, nogil=True)
def _candidates(
    j: int,
    q: int,
    side: int,
    a: Ints,
    w: F,
    ip: Ints,
    ix: Ints,
    free: Ints,
    far: Ints,
    first: Ints,
    member: Ints,
    path: Ints,
    d: int,
    out: Ints,
    stamp: Ints,
) -> int:
    """Moves that take load of measure q from territory j (side 1) or bring some: rows (unit, territory) of `out`."""
    count = 0
    stamp[0] += 1
    mark = stamp[0]
    for z in range(first[j], first[j + 1] + d):
        s = member[z] if z < first[j + 1] else path[z - first[j + 1], 0]
        if a[s] != j:
            continue
        if side == 1 and (not free[s] or w[s, q] <= 0.0):
            continue
        begin = count
        for p in range(ip[s], ip[s + 1]):
            v = ix[p]
            b = a[v]
            if b == j:
                continue
            if side == 1:
                if b < 0 or (far.shape[0] > 0 and far[s, b]):
                    continue
                u, to = s, b
                new = True
                for e in range(begin, count):
                    if out[e, 1] == b:
                        new = False
            else:
                if not free[v] or w[v, q] <= 0.0 or (far.shape[0] > 0 and far[v, j]):
                    continue
                u, to = v, j
                new = stamp[v + 1] != mark
                stamp[v + 1] = mark
            for e in range(d):
                if path[e, 0] == u:
                    new = False
            if new and count < out.shape[0]:
                out[count, 0] = u
                out[count, 1] = to
                count += 1
    return count


@njit(cache=True, nogil=True)
def cheapest_chain(
    t: int,
    a: Ints,
    load: F,
    w: F,
    cost: F,
    lo: F,
    hi: F,
    sc: F,
    ip: Ints,
    ix: Ints,
    free: Ints,
    far: Ints,
    first: Ints,
    member: Ints,
    parts: Ints,
    home: Ints,
    share: F,
    moved: float,
    most: float,
    nodes: int,
) -> tuple[float, int, Ints, bool]:
    """The cheapest chain of at most `DEPTH` moves after which territory t and all others are inside their windows.

    Each move serves t while it is outside, then the territory that an earlier move pushed out the farthest. `a` and
    `load` come back as they were.

    Args:
        t: the territory.
        a: int64 (n,), the plan, -1 = unassigned.
        load: float64 (k, m).
        w: float64 (n, m).
        cost: float64 (n,) > 0, of moving a unit.
        lo, hi, sc: float64 (k, m), each territory's window, and what excess is measured in.
        ip, ix: CSR of the border graph.
        free: uint8 (n,), 1 = may move.
        far: uint8 (n, k), 1 = too far; (0, 0) = no such limit.
        first, member: CSR of units by territory.
        parts: int64 (k,), pieces each territory may be in.
        home: int64 (n,), today's territory; share: float64 (n,) of the load; moved, most: share that left, and may.
        nodes: moves tried at most.

    Returns:
        Cost (inf = none), number of moves, int64 (DEPTH, 3) rows (unit, from, to), and whether all chains were tried.
    """
    # A depth-first search; d is the level, 0..DEPTH-1. Per level: cand[d] (4096, 2) the moves to try (unit, territory),
    # the first many[d] of them, at[d] the next one; path[d] the move being tried (unit, from, to), on[d] whether it is
    # made; spent[d], gone[d] cost and share of the load moved before it. stamp[0] counts searches, stamp[i + 1] is the
    # last that met unit i. touched: territories of the path, each once.
    n = len(a)
    stamp = np.zeros(n + 1, np.int64)
    cand = np.empty((DEPTH, 4096, 2), np.int64)
    many = np.zeros(DEPTH, np.int64)
    at = np.zeros(DEPTH, np.int64)
    path = np.full((DEPTH, 3), -1, np.int64)
    best_path = np.full((DEPTH, 3), -1, np.int64)
    spent = np.zeros(DEPTH + 1)
    gone = np.zeros(DEPTH + 1)
    gone[0] = moved
    on = np.zeros(DEPTH, np.bool_)
    best, length, tried = np.inf, 0, 0
    touched = np.empty(2 * DEPTH + 1, np.int64)
    _, q, side = _outside(t, load, lo, hi, sc)
    if q < 0:
        return 0.0, 0, best_path, True
    many[0] = _candidates(t, q, side, a, w, ip, ix, free, far, first, member, path, 0, cand[0], stamp)
    d = 0
    while d >= 0:
        if on[d]:  # take the last move of this level back
            u, b, c = path[d, 0], path[d, 1], path[d, 2]
            a[u] = b
            for p in range(w.shape[1]):
                if b >= 0:
                    load[b, p] += w[u, p]
                load[c, p] -= w[u, p]
            on[d] = False
            path[d, 0] = -1
        if at[d] == many[d] or tried >= nodes:
            d -= 1
            continue
        u, c = cand[d, at[d], 0], cand[d, at[d], 1]
        at[d] += 1
        spent[d + 1] = spent[d] + cost[u]
        if spent[d + 1] >= best:  # costs are above zero, so no longer chain of these is cheaper
            continue
        tried += 1
        b = a[u]
        path[d, 0], path[d, 1], path[d, 2] = u, b, c
        on[d] = True
        a[u] = c
        for p in range(w.shape[1]):
            if b >= 0:
                load[b, p] -= w[u, p]
            load[c, p] += w[u, p]
        gone[d + 1] = gone[d] + share[u] * ((c != home[u]) * 1.0 - (b != home[u]) * 1.0)
        touched[0] = t
        for e in range(d + 1):
            touched[2 * e + 1], touched[2 * e + 2] = path[e, 1], path[e, 2]
        worst, q, side = _outside(t, load, lo, hi, sc)
        j = t
        if worst <= 0.0:
            for e in range(1, 2 * d + 3):
                if touched[e] >= 0:
                    v, p, s = _outside(touched[e], load, lo, hi, sc)
                    if v > worst:
                        worst, q, side, j = v, p, s, touched[e]
        if worst > 0.0:
            if d + 1 < DEPTH:
                d += 1
                many[d] = _candidates(j, q, side, a, w, ip, ix, free, far, first, member, path, d, cand[d], stamp)
                at[d] = 0
            continue
        if gone[d + 1] > most:
            continue
        whole = True
        for e in range(2 * d + 3):
            if whole and touched[e] >= 0:
                count = _parts(touched[e], a, ip, ix, first, member, path, d, stamp)
                whole = 1 <= count <= max(1, parts[touched[e]])
        if whole:
            best, length = spent[d + 1], d + 1
            best_path[:] = path
    return best, length, best_path, tried < nodes
