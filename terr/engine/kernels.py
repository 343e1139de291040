"""Compiled inner loops on one `Arena`. All keep every territory in one piece.

A territory's moment of inertia about its own centre is sum g x^2 - |sum g x|^2 / sum g, and about a fixed centre
likewise a function of the sums of g, g x, g y, g (x^2 + y^2). So moving a unit, or cutting a subtree off, changes it in
O(1), as it does all other terms.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = NDArray[np.float64]
Ints = NDArray[Any]


class Arena(NamedTuple):
    """What a search runs on: n units, k territories and, as number k, the rest that nobody has; q measures.

    Attributes:
        xy: (n, 2) km; g: (n,) shape weights > 0; w: (n, q) loads.
        ip, ix, bw: CSR graph with border lengths in km.
        lo, hi, sc: (k + 1, q) least and most load, and what excess is measured in.
        goal: (k + 1, q) targets of `soft`; soft: (q,) price of |load / goal - 1|, per territory.
        centre: (k + 1, 2) fixed centres, nan = the territory's own.
        far: uint8 (n, k + 1), 1 = the unit is too far from that territory's centre; (0, 0) = no such limit.
        locked: (n,), -1 = free. home: (n,) today's territory, k = none.
        toll: (n,) price of leaving home; share: (n,) share of the load that leaves with it.
        part: (n,) price, in units of `none`, of a unit without a territory; left: (n,) share of the load it leaves.
        spread, edge, none: prices of moment of inertia, border length, share without territory.
        most_moved, most_none: limits of these shares, large = no limit.
        rest: whether units may be without a territory.
    """

    xy: F
    g: F
    w: F
    ip: Ints
    ix: Ints
    bw: F
    lo: F
    hi: F
    sc: F
    goal: F
    soft: F
    centre: F
    far: Ints
    locked: Ints
    home: Ints
    toll: F
    share: F
    part: F
    left: F
    spread: float
    edge: float
    none: float
    most_moved: float
    most_none: float
    rest: bool


FAR = 0.3
"""Penalty of a unit that is too far from its territory's centre."""
SLACK = 0.01
"""Scale of the penalties for moving, or leaving without a territory, more than allowed. A plan in one piece can keep
both, so they come before limits on loads."""


@njit(cache=True, nogil=True)
def penalty(load: float, lo: float, hi: float, scale: float) -> float:
    """How far a load is outside [lo, hi], as v + 10 v^2 with v in shares of the scale: steep near, steeper afar."""
    v = max(lo - load, load - hi) / scale
    return 0.0 if v <= 0.0 else v + 10.0 * v * v


@njit(cache=True, nogil=True)
def inertia(s: float, x: float, y: float, q: float, cx: float, cy: float) -> float:
    """Moment of inertia about (cx, cy), or the own centre if that is nan, from the sums."""
    if cx == cx:  # noqa: PLR0124 (false for nan)
        return q - 2.0 * (cx * x + cy * y) + (cx * cx + cy * cy) * s
    return q - (x * x + y * y) / s if s > 0.0 else 0.0


@njit(cache=True, nogil=True)
def worth(t: Arena, j: int, s0: float, s1: float, s2: float, s3: float) -> float:
    """Price of territory j's shape, given its sums."""
    if j == t.lo.shape[0] - 1:
        return 0.0
    return t.spread * inertia(s0, s1, s2, s3, t.centre[j, 0], t.centre[j, 1])


@njit(cache=True, nogil=True)
def beyond(t: Arena, j: int, q: int, load: float) -> float:
    """Penalty of territory j's load of measure q."""
    return penalty(load, t.lo[j, q], t.hi[j, q], t.sc[j, q])


@njit(cache=True, nogil=True)
def uneven(t: Arena, j: int, q: int, load: float) -> float:
    """Price of territory j's deviation in measure q."""
    return t.soft[q] * abs(load / t.goal[j, q] - 1.0) if j < t.lo.shape[0] - 1 and t.soft[q] > 0.0 else 0.0


@njit(cache=True, nogil=True)
def sums(xy: F, g: F, w: F, a: Ints, k: int) -> tuple[F, F, Ints]:
    """Moments (k, 4), loads (k, q) and unit counts (k,) of a plan with values 0..k-1."""
    # columns of s: sum of g; sum of g x and of g y, km; sum of g (x^2 + y^2), km^2. Any moment of inertia, about the
    # own or a fixed centre, is a function of these four: moving a unit takes one row away and adds another.
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
def judge(t: Arena, a: Ints) -> tuple[float, float]:
    """Penalty and price of a whole plan."""
    k1 = t.lo.shape[0]
    s, load, _ = sums(t.xy, t.g, t.w, a, k1)
    # pen counts broken limits and comes first everywhere; cost is shape, border, balance and change at their prices
    pen = 0.0
    cost = 0.0
    for j in range(k1):
        cost += worth(t, j, s[j, 0], s[j, 1], s[j, 2], s[j, 3])
        for q in range(t.w.shape[1]):
            pen += beyond(t, j, q, load[j, q])
            cost += uneven(t, j, q, load[j, q])
    cut = 0.0
    moved = 0.0
    none = 0.0
    for i in range(len(a)):
        for p in range(t.ip[i], t.ip[i + 1]):
            if a[t.ix[p]] != a[i]:
                cut += 0.5 * t.bw[p]  # each border is met from both sides
        if a[i] != t.home[i]:
            moved += t.share[i]
            cost += t.toll[i]
        if a[i] == k1 - 1:
            none += t.left[i]
            cost += t.none * t.part[i]
        if t.far.shape[0] > 0 and t.far[i, a[i]]:
            pen += FAR
    cost += t.edge * cut
    pen += penalty(moved, -1.0, t.most_moved, SLACK) + penalty(none, -1.0, t.most_none, SLACK)
    return pen, cost


@njit(cache=True, nogil=True)
def removable(i: int, a: Ints, ip: Ints, ix: Ints, stamp: Ints, mark: int, queue: Ints) -> bool:
    """True if unit i's territory stays in one piece (and not empty) without i: a search from one neighbour of i that
    stops when it has met all others."""
    # stamp (n,): `mark` = met in this search, `-mark` = a neighbour of i still to be met, anything else = of an earlier
    # one; so nothing has to be cleared between two of millions of searches. queue (n,): units met, not yet looked from.
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
def power_cells(xy: F, g: F, centre: F, lift: F, near: Ints, cap: F, rounds: int, a: Ints) -> None:
    """Balances a power diagram by dual ascent on `lift` (c,): changes `lift` and the assignment `a` (n,).

    Each unit goes to the centre of `near` (n, z) with the least distance^2 - lift; a centre below its share `cap` (c,)
    of g is lifted, one above it lowered, in steps that shrink.
    """
    # lift, km^2: how much nearer than it is a centre seems to all units; got (c,): share of g it gets at these lifts
    c = len(centre)
    got = np.zeros(c)
    for z in range(rounds + 1):
        got[:] = 0.0
        whole = 0.0
        for i in range(len(g)):
            least = 1e300
            to = 0
            dist = 0.0
            for p in range(near.shape[1]):
                j = near[i, p]
                d = (xy[i, 0] - centre[j, 0]) ** 2 + (xy[i, 1] - centre[j, 1]) ** 2
                if d - lift[j] < least:
                    least = d - lift[j]
                    to = j
                    dist = d
            a[i] = to
            got[to] += g[i]
            whole += g[i] * dist
        if z == rounds:
            break
        # half the mean squared distance at first, so that a centre without anything is soon felt; then ever smaller
        step = whole / g.sum() * 0.5 / (1.0 + 0.15 * z)
        mean = 0.0
        for j in range(c):
            lift[j] += step * min(3.0, max(-3.0, (cap[j] - got[j]) / cap[j]))
            mean += lift[j] / c
        lift -= mean
