# ruff: noqa: NPY002 (numba compiles the legacy generator to one per thread, seeded in each call)
"""The compiled search: visits are moved between and within days, and a move that breaks a rule is never made.

Simulated annealing (S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, "Optimization by simulated annealing", Science 220,
1983) over the moves of vehicle routing (M. W. P. Savelsbergh, "The vehicle routing problem with time windows:
minimizing route duration", ORSA Journal on Computing 4, 1992): a run of one to three visits goes beside a near one, two
visits change places, two days exchange their tails, a stretch is driven the other way around. Near ones only: P. Toth,
D. Vigo, "The granular tabu search", INFORMS Journal on Computing 15 (2003).

In all of it `v`, `u` are visits, `d` a working day, `p` a place (0 home); `route[d, :length[d]]` are a day's visits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[Any]


@njit(cache=True, nogil=True)
def fits(
    seq: Ints, m: int, d: int, minutes: Ints, service: Ints, opens: Ints, closes: Ints, account: Ints, t0: int, t1: int
) -> bool:
    """Whether m visits can be made on day d in this order, leaving home at t0 and back by t1."""
    now, at = t0, 0
    for k in range(m):
        i = account[seq[k]]
        now += minutes[at, i + 1]
        now = max(now, opens[i, d])
        now += service[i]
        if now > closes[i, d]:
            return False
        at = i + 1
    return bool(now + minutes[at, 0] <= t1)


@njit(cache=True, nogil=True)
def apart(v: int, d: int, day_of: Ints, account: Ints, gap: Ints, day_number: Ints) -> bool:
    """Whether visit v on day d keeps its distance from the account's other visits."""
    need, u = gap[v], v - 1
    while u >= 0 and account[u] == account[v]:
        if day_of[u] >= 0:
            if day_number[d] - day_number[day_of[u]] < need:
                return False
            break
        need = max(need, gap[u])
        u -= 1
    need, u = 0, v + 1
    while u < len(account) and account[u] == account[v]:
        need = max(need, gap[u])
        if day_of[u] >= 0:
            if day_number[day_of[u]] - day_number[d] < need:
                return False
            break
        u += 1
    return True


@njit(cache=True, nogil=True)
def along(seq: Ints, m: int, cost: Ints, account: Ints) -> int:
    """Cost of m visits in this order, from home and back."""
    at, out = 0, 0
    for k in range(m):
        out += cost[at, account[seq[k]] + 1]
        at = account[seq[k]] + 1
    return int(out + cost[at, 0])


@njit(cache=True, nogil=True)
def position(row: Ints, m: int, v: int) -> int:
    """Where v stands in a day's visits."""
    for k in range(m):
        if row[k] == v:
            return k
    return -1


@njit(cache=True, nogil=True)
def anneal(
    route: Ints,
    length: Ints,
    day_of: Ints,
    near: Ints,
    allowed: Ints,
    prize: Ints,
    cost: Ints,
    minutes: Ints,
    service: Ints,
    opens: Ints,
    closes: Ints,
    account: Ints,
    gap: Ints,
    day_number: Ints,
    t0: int,
    t1: int,
    hot: float,
    cold: float,
    begin: int,
    end: int,
    whole: int,
    seed: int,
    best_route: Ints,
    best_length: Ints,
    best: int,
) -> int:
    """Steps `begin` to `end` of `whole` of an annealing; route, length, day_of and the best of them change in place.

    Args:
        near: (v, k) visits near each, nearest first, -1 = no more; allowed: uint8 (v, d).
        prize: (v,) what a visit left out costs, as `cost` counts.
        hot, cold: first and last temperature.
        best: the least of cost and prizes left out so far; large at the beginning.

    Returns:
        The least now.
    """
    np.random.seed(seed)
    n_visits, n_days, wide = len(day_of), len(length), route.shape[1]
    now = 0
    for v in range(n_visits):
        if day_of[v] < 0:
            now += prize[v]
    for d in range(n_days):
        now += along(route[d], length[d], cost, account)
    one, two = np.empty(wide + 4, np.int64), np.empty(wide + 4, np.int64)
    for step in range(begin, end):
        heat = hot * (cold / hot) ** (step / whole)
        most = -heat * np.log(1.0 - np.random.random())  # a move may cost so much
        v = np.random.randint(n_visits)
        a = day_of[v]
        k = 0
        while near[v, k] >= 0 and k < near.shape[1] - 1 and np.random.random() < 0.8:
            k += 1
        u = near[v, k]
        b = day_of[u] if u >= 0 else -1
        kind = np.random.random()
        if a < 0 or kind < 0.5:  # a run of visits goes beside u, or to another day; one left out comes in
            run, i = 1, -1
            if a >= 0:
                i = position(route[a], length[a], v)
                if kind < 0.2:
                    run = min(1 + np.random.randint(3), length[a] - i)
            if u < 0 or b < 0 or np.random.random() < 0.1:
                b = np.random.randint(n_days)
                u = -1
            ok = True
            for z in range(run):
                w = v if i < 0 else route[a, i + z]
                ok = ok and allowed[w, b] == 1 and w != u
            if not ok or (a != b and length[b] + run > wide):
                continue
            # the day it leaves, without the run
            m = 0
            gain = 0
            if a >= 0:
                for z in range(length[a]):
                    if z < i or z >= i + run:
                        one[m] = route[a, z]
                        m += 1
                before = 0 if i == 0 else account[route[a, i - 1]] + 1
                after = 0 if i + run == length[a] else account[route[a, i + run]] + 1
                gain = (
                    cost[before, account[v] + 1] + cost[account[route[a, i + run - 1]] + 1, after] - cost[before, after]
                )
            else:
                gain = prize[v]
            tail = v if a < 0 else route[a, i + run - 1]
            size = m if a == b else length[b]
            head_p, tail_p = account[v] + 1, account[tail] + 1
            # where it goes: beside u, or wherever it costs least
            place, turned, paid = -1, False, 1 << 60
            for q in range(size + 1):
                left = (one[q - 1] if a == b else route[b, q - 1]) if q > 0 else -1
                right = (one[q] if a == b else route[b, q]) if q < size else -1
                if u >= 0 and u not in (left, right):
                    continue
                lp = account[left] + 1 if left >= 0 else 0
                rp = account[right] + 1 if right >= 0 else 0
                more = cost[lp, head_p] + cost[tail_p, rp] - cost[lp, rp]
                if more < paid:
                    place, turned, paid = q, False, more
                if run > 1:
                    more = cost[lp, tail_p] + cost[head_p, rp] - cost[lp, rp]
                    if more < paid:
                        place, turned, paid = q, True, more
            if place < 0 or paid - gain > most or (a == b and place == i and not turned):
                continue
            if a != b:
                for z in range(run):
                    w = v if i < 0 else route[a, i + z]
                    ok = ok and apart(w, b, day_of, account, gap, day_number)
                if not ok:
                    continue
            size2 = 0
            for q in range(size + 1):
                if q == place:
                    for z in range(run):
                        at = i + (run - 1 - z if turned else z)
                        two[size2] = v if i < 0 else route[a, at]
                        size2 += 1
                if q < size:
                    two[size2] = one[q] if a == b else route[b, q]
                    size2 += 1
            # turned inner legs of a run cost the same where ways are alike in both directions; counted anew below
            if not fits(two, size2, b, minutes, service, opens, closes, account, t0, t1):
                continue
            if a >= 0 and a != b and not fits(one, m, a, minutes, service, opens, closes, account, t0, t1):
                continue  # only where a way around is shorter than the way itself
            delta = along(two, size2, cost, account) - along(route[b], length[b], cost, account)
            if a < 0:
                delta -= prize[v]
            elif a != b:
                delta += along(one, m, cost, account) - along(route[a], length[a], cost, account)
            if delta > most:
                continue
            if a >= 0 and a != b:
                for z in range(m):
                    route[a, z] = one[z]
                length[a] = m
            for z in range(size2):
                route[b, z] = two[z]
                day_of[two[z]] = b
            length[b] = size2
            now += delta
        elif kind < 0.75:  # v and a neighbor of u change places; where that one is left out, v goes out for it
            if u < 0:
                continue
            if b < 0:
                w, j = u, -1
            else:
                j = position(route[b], length[b], u) + (1 if np.random.random() < 0.5 else -1)
                if j < 0 or j >= length[b]:
                    j = position(route[b], length[b], u)
                w = route[b, j]
            if w == v or allowed[w, a] == 0 or (b >= 0 and allowed[v, b] == 0):
                continue
            i = position(route[a], length[a], v)
            for z in range(length[a]):
                one[z] = w if z == i else route[a, z]
            if b == a:
                one[j] = v
            delta = along(one, length[a], cost, account) - along(route[a], length[a], cost, account)
            if b < 0:
                delta += prize[v] - prize[w]
            elif b != a:
                for z in range(length[b]):
                    two[z] = v if z == j else route[b, z]
                delta += along(two, length[b], cost, account) - along(route[b], length[b], cost, account)
            if delta > most:
                continue
            if not fits(one, length[a], a, minutes, service, opens, closes, account, t0, t1):
                continue
            if b >= 0 and b != a and not fits(two, length[b], b, minutes, service, opens, closes, account, t0, t1):
                continue
            if b != a:
                day_of[v], day_of[w] = b, a
                ok = apart(w, a, day_of, account, gap, day_number)
                if b >= 0:
                    ok = ok and apart(v, b, day_of, account, gap, day_number)
                if not ok:
                    day_of[v], day_of[w] = a, b
                    continue
            for z in range(length[a]):
                route[a, z] = one[z]
            if b >= 0 and b != a:
                for z in range(length[b]):
                    route[b, z] = two[z]
            now += delta
        elif kind < 0.9:  # v is followed by u: two days exchange tails, or a stretch of one is driven the other way
            if u < 0 or b < 0:
                continue
            i, j = position(route[a], length[a], v), position(route[b], length[b], u)
            if a == b:
                low, high = (i + 1, j) if i < j else (j, i - 1)
                if high <= low:
                    continue
                for z in range(length[a]):
                    one[z] = route[a, low + high - z] if low <= z <= high else route[a, z]
                delta = along(one, length[a], cost, account) - along(route[a], length[a], cost, account)
                if delta > most or not fits(one, length[a], a, minutes, service, opens, closes, account, t0, t1):
                    continue
                for z in range(length[a]):
                    route[a, z] = one[z]
                now += delta
                continue
            ok = True
            for z in range(j, length[b]):
                ok = ok and allowed[route[b, z], a] == 1
            for z in range(i + 1, length[a]):
                ok = ok and allowed[route[a, z], b] == 1
            m, size2 = i + 1 + length[b] - j, j + length[a] - i - 1
            if not ok or m > wide or size2 > wide:
                continue
            for z in range(m):
                one[z] = route[a, z] if z <= i else route[b, j + z - i - 1]
            for z in range(size2):
                two[z] = route[b, z] if z < j else route[a, i + 1 + z - j]
            delta = (
                along(one, m, cost, account)
                + along(two, size2, cost, account)
                - along(route[a], length[a], cost, account)
                - along(route[b], length[b], cost, account)
            )
            if delta > most:
                continue
            if not fits(one, m, a, minutes, service, opens, closes, account, t0, t1) or not fits(
                two, size2, b, minutes, service, opens, closes, account, t0, t1
            ):
                continue
            for z in range(m):
                day_of[one[z]] = a
            for z in range(size2):
                day_of[two[z]] = b
            for z in range(i + 1, m):
                ok = ok and apart(one[z], a, day_of, account, gap, day_number)
            for z in range(j, size2):
                ok = ok and apart(two[z], b, day_of, account, gap, day_number)
            if not ok:
                for z in range(length[a]):
                    day_of[route[a, z]] = a
                for z in range(length[b]):
                    day_of[route[b, z]] = b
                continue
            for z in range(m):
                route[a, z] = one[z]
            for z in range(size2):
                route[b, z] = two[z]
            length[a], length[b] = m, size2
            now += delta
        elif kind < 0.92:  # v is left out, to make room
            m = 0
            for z in range(length[a]):
                if route[a, z] != v:
                    one[m] = route[a, z]
                    m += 1
            delta = prize[v] + along(one, m, cost, account) - along(route[a], length[a], cost, account)
            if delta > most or not fits(one, m, a, minutes, service, opens, closes, account, t0, t1):
                continue
            for z in range(m):
                route[a, z] = one[z]
            length[a] = m
            day_of[v] = -1
            now += delta
        else:  # two days change places, which lets visits of one account keep their distance
            b = np.random.randint(n_days)
            if b == a:
                continue
            ok = True
            for z in range(length[a]):
                ok = ok and allowed[route[a, z], b] == 1
            for z in range(length[b]):
                ok = ok and allowed[route[b, z], a] == 1
            if not ok:
                continue
            if not fits(route[a], length[a], b, minutes, service, opens, closes, account, t0, t1) or not fits(
                route[b], length[b], a, minutes, service, opens, closes, account, t0, t1
            ):
                continue
            for z in range(length[a]):
                day_of[route[a, z]] = b
            for z in range(length[b]):
                day_of[route[b, z]] = a
            for z in range(length[a]):
                ok = ok and apart(route[a, z], b, day_of, account, gap, day_number)
            for z in range(length[b]):
                ok = ok and apart(route[b, z], a, day_of, account, gap, day_number)
            if not ok:
                for z in range(length[a]):
                    day_of[route[a, z]] = a
                for z in range(length[b]):
                    day_of[route[b, z]] = b
                continue
            for z in range(wide):
                route[a, z], route[b, z] = route[b, z], route[a, z]
            length[a], length[b] = length[b], length[a]
        if now < best:
            best = now
            best_route[:] = route
            best_length[:] = length
    return best
