"""Compiled: the territory of least reduced cost, its centre anywhere in the plane, as a proven lower bound.

For prices, a set S of units costs V(S) = min over p of sum over S of (w |x - p|^2 - price): the p of least cost is the
centroid. For one S that is a parabola in p with curvature sum of w over S <= K, so v(p) = min over S minus K |p|^2 is
concave, and inside a square v is at least what its corners' values interpolate minus K times what a parabola of
curvature K lies below its chords. Squares that this can't exclude are quartered (branch and bound, as in the search
for one facility: Hansen et al. 1985, doi 10.1287/opre.33.6.1251; Drezner and Suzuki 2004, doi 10.1287/opre.1030.0077).
A lower bound of v at each corner is enough, so relaxations of the limits are allowed there.

Shared arguments (m units a territory may take): xy (m, 2) km; w (m,) shares of the whole weight; a (m, q) loads; price
(m,) km2; base (5,) sums of w, w x, w y, w |x|^2 and price over the units it must take; lo, hi (q,) net of those.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from terr.engine.certificate.knapsack import INF, in_shares, in_units

F = NDArray[np.float64]
Ints = NDArray[Any]

WIDE = 12
"""Columns of a square on the stack: x, y, side, four values, four flags, bound."""


@njit(cache=True, nogil=True)
def costs(px: float, py: float, xy: F, w: F, price: F, base: F, c: F) -> float:
    """Fills c with each unit's cost at a point; returns that of the units it must take."""
    for i in range(len(w)):
        dx, dy = xy[i, 0] - px, xy[i, 1] - py
        c[i] = w[i] * (dx * dx + dy * dy) - price[i]
    must: float = base[3] - 2.0 * (px * base[1] + py * base[2]) + base[0] * (px * px + py * py) - base[4]
    return must


@njit(cache=True, nogil=True)
def own_centre(xy: F, w: F, price: F, base: F, chosen: Ints) -> tuple[float, float, float, float]:
    """Moment about the own centroid of a set, km2, its price, and the centroid (NaN without weight)."""
    s, x, y, q, p = base[0], base[1], base[2], base[3], base[4]
    for i in range(len(w)):
        if chosen[i] == 1:
            s += w[i]
            x += w[i] * xy[i, 0]
            y += w[i] * xy[i, 1]
            q += w[i] * (xy[i, 0] * xy[i, 0] + xy[i, 1] * xy[i, 1])
            p += price[i]
    if s <= 0.0:
        return 0.0, p, np.nan, np.nan
    return max(0.0, q - (x * x + y * y) / s), p, x / s, y / s


@njit(cache=True, nogil=True)
def greedy(starts: F, xy: F, w: F, a: F, size: F, price: F, base: F, lo: F, hi: F, sets: Ints, found: F, at: F) -> None:
    """Good sets from many points: the best units by cost per size that fit, about the point, then about their centroid.

    Args:
        starts: (s, 2) points, km.
        size: (m,) load of each unit over all measures, > 0.
        sets: int8 (s, m), filled with the best set from each start.
        found: (s, 2), filled with moment and moment minus price; `INF` where none fits.
        at: (s, 2), filled with its centroid.
    """
    m, measures = a.shape
    c, ratio = np.empty(m), np.empty(m)
    chosen, loads = np.zeros(m, np.int8), np.zeros(measures)
    for s in range(len(starts)):
        found[s, 0] = found[s, 1] = INF
        px, py = starts[s, 0], starts[s, 1]
        for _ in range(12):
            costs(px, py, xy, w, price, base, c)
            natural = np.zeros(measures)
            below = 0
            for i in range(m):
                if c[i] < 0.0:
                    natural += a[i]
                    below += 1
            enough = (natural >= lo).all()
            which = np.empty(below if enough else m, np.int64)
            t = 0
            for i in range(m):
                if c[i] < 0.0 or not enough:
                    which[t] = i
                    ratio[t] = c[i] / size[i]
                    t += 1
            order = np.argsort(ratio[:t])
            chosen[:] = 0
            loads[:] = 0.0
            for u in range(t):
                i = which[order[u]]
                if c[i] >= 0.0 and (loads >= lo).all():
                    break
                if (loads + a[i] <= hi).all():
                    chosen[i] = 1
                    loads += a[i]
            if not ((loads >= lo).all() and (loads <= hi).all()):
                break
            moment, paid, qx, qy = own_centre(xy, w, price, base, chosen)
            if moment - paid >= found[s, 1] - 1e-12 * abs(paid) or np.isnan(qx):
                break
            found[s, 0], found[s, 1] = moment, moment - paid
            sets[s] = chosen
            at[s, 0], at[s, 1] = qx, qy
            px, py = qx, qy


@njit(cache=True, nogil=True)
def probe(
    starts: F,
    xy: F,
    w: F,
    a: F,
    price: F,
    base: F,
    lo: F,
    hi: F,
    best: float,
    margin: float,
    sets: Ints,
    found: F,
    at: F,
) -> float:
    """Sets of least cost about many points, then about their centroids; sets above best + margin aren't looked for.

    Args and output as in `greedy`.

    Returns:
        The least moment minus price, or `best`.
    """
    m = len(w)
    c, key, load = np.empty(m), np.empty(m), np.empty(m)
    chosen = np.zeros(m, np.int8)
    for s in range(len(starts)):
        found[s, 0] = found[s, 1] = INF
        px, py = starts[s, 0], starts[s, 1]
        for _ in range(12):
            must = costs(px, py, xy, w, price, base, c)
            least = min(best + margin, found[s, 1])
            _, good = in_units(c, a, lo, hi, least - must, key, load, chosen)
            if not good:
                break
            moment, paid, qx, qy = own_centre(xy, w, price, base, chosen)
            if moment - paid >= found[s, 1] - 1e-12 * abs(paid):
                break
            found[s, 0], found[s, 1] = moment, moment - paid
            sets[s] = chosen
            at[s, 0], at[s, 1] = qx, qy
            best = min(best, moment - paid)
            if np.isnan(qx):
                break
            px, py = qx, qy
    return best


@njit(cache=True, nogil=True)
def _least(b: float, k: float, h: float) -> float:
    """Least of b d - k d (h - d) for 0 <= d <= h."""
    if k <= 0.0:
        return min(0.0, b * h)
    d = min(max((k * h - b) / (2.0 * k), 0.0), h)
    return b * d - k * d * (h - d)


@njit(cache=True, nogil=True)
def within(square: F, k: float) -> float:
    """Lower bound of v in a square from its corners' values, curvature at most k."""
    h, v, u, z, y = square[2], square[3], square[4], square[5], square[6]
    if max(v, u, z, y) >= INF:
        return INF
    bx, by = (u - v + y - z) / (2.0 * h), (z - v + y - u) / (2.0 * h)
    plane = (v + u + z + y) / 4.0 - abs(v - u - z + y) / 4.0 - (bx + by) * h / 2.0
    flat = min(v, u, z, y) - k * h * h / 2.0
    out: float = max(flat, plane + _least(bx, k, h) + _least(by, k, h))
    return out


@njit(cache=True, nogil=True)
def grid(
    x: float,
    y: float,
    h: float,
    nx: int,
    ny: int,
    k: float,
    xy: F,
    w: F,
    a: F,
    price: F,
    base: F,
    lo: F,
    hi: F,
    stack: F,
) -> int:
    """Fills the stack with nx * ny squares and their corners' bounds in shares; returns how many."""
    m = len(w)
    c, key, load = np.empty(m), np.empty(m), np.empty(m)
    v = np.empty((nx + 1, ny + 1))
    for i in range(nx + 1):
        for j in range(ny + 1):
            must = costs(x + i * h, y + j * h, xy, w, price, base, c)
            v[i, j] = must + in_shares(c, a, lo, hi, key, load)
    n = 0
    for i in range(nx):
        for j in range(ny):
            stack[n] = 0.0
            stack[n, 0], stack[n, 1], stack[n, 2] = x + i * h, y + j * h, h
            stack[n, 3], stack[n, 4], stack[n, 5], stack[n, 6] = v[i, j], v[i + 1, j], v[i, j + 1], v[i + 1, j + 1]
            stack[n, 11] = within(stack[n], k)
            n += 1
    return n


@njit(cache=True, nogil=True)
def search(
    k: float,
    xy: F,
    w: F,
    a: F,
    price: F,
    base: F,
    lo: F,
    hi: F,
    stack: F,
    n: int,
    floor: float,
    best: float,
    tol: float,
    reach: float,
    smallest: float,
    steps: int,
    sets: Ints,
    found: F,
    kept: int,
) -> tuple[int, float, float, int]:
    """Works on the stack of squares for some steps.

    Args:
        k: what no set's sum of w is above.
        stack: (., WIDE) squares; n: how many are on it.
        floor: least bound of the squares excluded so far.
        best: least V(S) known. Squares are excluded once their bound is above best - tol.
        tol: km2.
        reach: km2, corners are bounded by sets of whole units where that needn't raise them more above the least than
            this; 0 = by shares only.
        smallest: side in km under which a square isn't quartered.
        steps: squares at most.
        sets: int8 (cap, m), filled with sets met; found: (cap, 2) their moment and V.
        kept: how many are filled.

    Returns:
        New n, floor, best and kept. min(floor, best, bounds of the n squares) is a lower bound on every V(S).
    """
    m = len(w)
    c, key, load = np.empty(m), np.empty(m), np.empty(m)
    chosen = np.zeros(m, np.int8)
    now = np.empty(WIDE)
    side = np.empty((5, 2))
    new = np.empty(5)
    for _ in range(steps):
        if n == 0:
            break
        n -= 1
        now[:] = stack[n]
        bound = within(now, k)
        if bound >= best - tol:
            floor = min(floor, bound)
            continue
        x, y, h = now[0], now[1], now[2]
        curve = k * h * h / 2.0 + 0.02 * tol  # the second part outweighs rounding
        low = min(now[3], now[4], now[5], now[6])
        if low < best - tol and curve <= reach and curve < 2.0 * max(best - tol - low, tol):
            for t in range(4):
                if now[7 + t] == 0.0 and now[3 + t] < best - tol + curve:
                    px, py = x + h * (t & 1), y + h * (t >> 1)
                    must = costs(px, py, xy, w, price, base, c)
                    value, good = in_units(c, a, lo, hi, best - tol + curve - must, key, load, chosen)
                    now[3 + t] = max(now[3 + t], value + must)
                    now[7 + t] = 1.0
                    if good:
                        moment, paid, _, _ = own_centre(xy, w, price, base, chosen)
                        if kept < len(sets) and moment - paid < best + 3.0 * tol:
                            sets[kept] = chosen
                            found[kept, 0], found[kept, 1] = moment, moment - paid
                            kept += 1
                        best = min(best, moment - paid)
            bound = within(now, k)
            if bound >= best - tol:
                floor = min(floor, bound)
                continue
        tried = now[7] + now[8] + now[9] + now[10] == 4.0 and k * h * h < 0.5 * tol
        if tried or h <= smallest or n + 4 > len(stack):
            floor = min(floor, bound)
            continue
        h /= 2.0
        side[0, 0], side[0, 1] = x + h, y
        side[1, 0], side[1, 1] = x, y + h
        side[2, 0], side[2, 1] = x + h, y + h
        side[3, 0], side[3, 1] = x + 2.0 * h, y + h
        side[4, 0], side[4, 1] = x + h, y + 2.0 * h
        for t in range(5):
            must = costs(side[t, 0], side[t, 1], xy, w, price, base, c)
            new[t] = must + in_shares(c, a, lo, hi, key, load)
        for t in range(4):
            stack[n] = 0.0
            stack[n, 0], stack[n, 1], stack[n, 2] = x + h * (t & 1), y + h * (t >> 1), h
            stack[n, 3 + t] = now[3 + t]
            stack[n, 7 + t] = now[7 + t]
            stack[n, 3 + (3 - t)] = new[2]
            stack[n, 3 + (t ^ 1)] = new[0] if t < 2 else new[4]
            stack[n, 3 + (t ^ 2)] = new[1] if (t & 1) == 0 else new[3]
            stack[n, 11] = within(stack[n], k)
            n += 1
    return n, floor, best, kept
