"""Dead ends: units of which no connected set makes a territory within the limits, found by trying all such sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = NDArray[np.float64]
Ints = NDArray[Any]
NONE_LEFT, FOUND, GAVE_UP = 0, 1, -1


@njit(cache=True, nogil=True)
def _leaves_room(
    inside: Ints,
    size: int,
    state: Ints,
    w: F,
    ip: Ints,
    ix: Ints,
    least: F,
    most: F,
    others: int,
    stamp: Ints,
    queue: Ints,
) -> bool:
    """Whether each piece that a set cuts off can be made of whole territories, and of no more than there are."""
    stamp[0] += 1
    mark = stamp[0]
    needed = 0
    load = np.zeros(w.shape[1])
    for e in range(size):
        s = inside[e]
        for p in range(ip[s], ip[s + 1]):
            v = ix[p]
            if state[v] == 1 or stamp[v + 1] == mark:
                continue
            stamp[v + 1] = mark
            queue[0] = v
            head, tail = 0, 1
            load[:] = 0.0
            while head < tail:
                u = queue[head]
                head += 1
                load += w[u]
                for z in range(ip[u], ip[u + 1]):
                    x = ix[z]
                    if state[x] != 1 and stamp[x + 1] != mark:
                        stamp[x + 1] = mark
                        queue[tail] = x
                        tail += 1
            few, many = 1.0, float(others)
            for q in range(w.shape[1]):
                if load[q] > 0.0:
                    few = max(few, np.ceil(load[q] / most[q])) if most[q] > 0.0 else np.inf
                if least[q] > 0.0:
                    many = min(many, np.floor(load[q] / least[q]))
            if few > many:
                return False
            needed += int(few)
    return needed <= others


@njit(cache=True, nogil=True)
def _reaches(
    inside: Ints,
    size: int,
    load: F,
    state: Ints,
    w: F,
    lo: F,
    hi: F,
    allowed: Ints,
    ip: Ints,
    ix: Ints,
    stamp: Ints,
    queue: Ints,
) -> bool:
    """Whether the set with all units it could still get would be heavy enough."""
    stamp[0] += 1
    mark = stamp[0]
    total = load.copy()
    lacking = 0
    for q in range(w.shape[1]):
        lacking += total[q] < lo[q]
    if lacking == 0:
        return True
    for e in range(size):
        queue[e] = inside[e]
        stamp[inside[e] + 1] = mark
    head, tail = 0, size
    while head < tail:
        u = queue[head]
        head += 1
        for p in range(ip[u], ip[u + 1]):
            v = ix[p]
            if stamp[v + 1] == mark or state[v] != 0 or not allowed[v]:
                continue
            stamp[v + 1] = mark
            fits = True
            for q in range(w.shape[1]):
                if load[q] + w[v, q] > hi[q]:
                    fits = False
            if not fits:
                continue
            total += w[v]
            lacking = 0
            for q in range(w.shape[1]):
                lacking += total[q] < lo[q]
            if lacking == 0:
                return True
            queue[tail] = v
            tail += 1
    return False


@njit(cache=True, nogil=True)
def joined_set(
    u: int,
    w: F,
    xy: F,
    lo: F,
    hi: F,
    allowed: Ints,
    ip: Ints,
    ix: Ints,
    least: F,
    most: F,
    others: int,
    nodes: int,
    prune: bool,
    inside: Ints,
    seen: Ints,
) -> tuple[int, int, float, float, int]:
    """Looks for a connected set with unit u whose loads are all within [lo, hi].

    Each set of units within `hi` is met once: a neighbour is either taken, the one nearest to u first, or ruled out.
    Sets that leave a piece no whole number of territories can fill don't count.

    Args:
        u: the unit; allowed itself.
        w: float64 (n, q) >= 0.
        xy: float64 (n, 2), points.
        lo, hi: float64 (q,).
        allowed: uint8 (n,), units that may be in the set.
        ip, ix: CSR of the graph.
        least, most: float64 (q,), loads any territory may have, to judge the pieces a set cuts off.
        others: territories besides this one; -1 = don't judge pieces.
        nodes: sets tried at most; a twentieth of it for sets that cut off a piece.
        prune: leave out sets that can't become heavy enough; False for what `seen`, below and above are to tell.
        inside: int64 (n,), filled with the set.
        seen: uint8 (n,), set to 1 for units of any set met.

    Returns:
        `FOUND`, `NONE_LEFT` or `GAVE_UP`; the size of the set; the largest load of the first column that sets within
        `hi` but not `lo` have, and the smallest above `hi` of a set and one more unit; how many sets were within, but
        cut off a piece.
    """
    n = len(allowed)
    state = np.zeros(n, np.int8)
    stamp = np.zeros(n + 1, np.int64)
    queue = np.empty(n, np.int64)
    unit = np.empty(n, np.int64)
    taken = np.zeros(n, np.bool_)
    load = w[u].copy()
    below, above, cutting = 0.0, np.inf, 0
    for q in range(w.shape[1]):
        if load[q] > hi[q]:
            return NONE_LEFT, 0, below, w[u, 0], cutting
    inside[0] = u
    state[u] = 1
    seen[u] = 1
    size, d, tried = 1, 0, 0
    down, fresh = True, True
    while True:
        if down:
            tried += 1
            if tried > nodes:
                return GAVE_UP, 0, below, above, cutting
            if fresh:
                good = True
                for q in range(w.shape[1]):
                    good = good and load[q] >= lo[q]
                if good:
                    if others < 0 or _leaves_room(inside, size, state, w, ip, ix, least, most, others, stamp, queue):
                        return FOUND, size, below, above, cutting
                    cutting += 1
                    if 20 * cutting > nodes:  # judging pieces takes long
                        return GAVE_UP, 0, below, above, cutting
                else:
                    below = max(below, load[0])
            best, nearest = -1, np.inf
            if not prune or _reaches(inside, size, load, state, w, lo, hi, allowed, ip, ix, stamp, queue):
                for e in range(size):
                    s = inside[e]
                    for p in range(ip[s], ip[s + 1]):
                        v = ix[p]
                        if state[v] != 0 or not allowed[v]:
                            continue
                        fits = True
                        for q in range(w.shape[1]):
                            if load[q] + w[v, q] > hi[q]:
                                fits = False
                        if not fits:
                            above = min(above, load[0] + w[v, 0])
                        else:
                            d2 = (xy[v, 0] - xy[u, 0]) ** 2 + (xy[v, 1] - xy[u, 1]) ** 2
                            if best < 0 or d2 < nearest or (d2 == nearest and v < best):
                                best, nearest = v, d2
            if best >= 0:
                unit[d] = best
                taken[d] = True
                d += 1
                state[best] = 1
                seen[best] = 1
                inside[size] = best
                size += 1
                load += w[best]
                fresh = True
                continue
            down = False
        d -= 1
        if d < 0:
            return NONE_LEFT, 0, below, above, cutting
        v = unit[d]
        if taken[d]:  # next, the sets without it
            state[v] = 2
            size -= 1
            load[:] = 0.0  # summed anew, so that nothing drifts
            for e in range(size):
                load += w[inside[e]]
            taken[d] = False
            d += 1
            down, fresh = True, False
        else:
            state[v] = 0
