"""Dividing money so that the parts add up to the cent: shares, floors and caps, rounding by largest remainder."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError

Floats = NDArray[np.float64]
CENTS = 100
MOST_CENTS = 2**53 // 64
"""Larger sums no longer have every cent as a float."""


def cents(amount: float) -> int:
    """An amount of money in whole cents, halves away from zero.

    Raises:
        InputError: if it isn't a finite amount, or too large to have cents.
    """
    if not math.isfinite(amount) or abs(amount) * CENTS > MOST_CENTS:
        raise InputError(f"{amount:,.0f} isn't an amount that can be divided to the cent; enter a smaller one")
    return int(math.copysign(math.floor(abs(amount) * CENTS + 0.5), amount))


def largest_remainder(shares: Floats, total: int, step: int = 1) -> list[int]:
    """Whole numbers that add up to `total`, as near to the shares as multiples of `step` can be.

    Hamilton's method of apportionment (Balinski and Young 1982, Fair Representation): each share is rounded down, and
    what is left goes to the largest remainders, ties to the first. What `step` doesn't divide goes to the largest.

    Args:
        shares: float64 (k,), 0 or more, not all 0.
        total: 0 or more.
        step: 1 or more.
    """
    weights = np.asarray(shares, dtype=np.float64)
    exact = weights / weights.sum() * (total / step)
    whole = np.floor(exact).astype(np.int64)
    left = int(total // step - whole.sum())
    order = np.argsort(-(exact - whole), kind="stable")
    if left >= 0:
        whole[order[:left]] += 1
    else:  # the sum of the floats came out a hair too high
        whole[order[left:]] -= 1
    out = [int(w) * step for w in whole]
    out[int(weights.argmax())] += total - sum(out)
    return out


def within_limits(wanted: Floats, total: float, low: Floats, high: Floats) -> Floats:
    """Amounts in proportion to `wanted` that add up to `total`, each held between its floor and its cap.

    One factor scales all that are at neither end: x = clip(factor x wanted, low, high). Where that isn't enough because
    those that could take more want nothing, they share the rest alike.

    Args:
        wanted: float64 (k,), 0 or more.
        total: between the sums of `low` and of `high`.
        low, high: float64 (k,), 0 <= low <= high; high may be inf.
    """
    ends = np.concatenate([low[wanted > 0] / wanted[wanted > 0], high[wanted > 0] / wanted[wanted > 0], [0.0]])
    knots = np.unique(ends[np.isfinite(ends)])

    def at(factor: float) -> Floats:
        out: Floats = np.clip(factor * wanted, low, high)
        return out

    sums = np.array([at(k).sum() for k in knots])
    if total <= sums[0]:
        return at(knots[0])  # every amount at its floor
    place = int(np.searchsorted(sums, total))
    if place < len(knots):
        span = sums[place] - sums[place - 1]
        share = (total - sums[place - 1]) / span if span > 0 else 1.0
        return at(knots[place - 1] + share * (knots[place] - knots[place - 1]))
    last = at(knots[-1])
    growing = (wanted > 0) & ~np.isfinite(high)
    if growing.any():
        slope = wanted[growing].sum()
        return at(knots[-1] + (total - sums[-1]) / slope)
    return _filled(last, total - float(last.sum()), high)


def _filled(amounts: Floats, more: float, high: Floats) -> Floats:
    """The amounts with `more` spread alike over those below their cap."""
    out = amounts.copy()
    while more > 1e-9 * max(1.0, float(out.sum())):
        room = np.flatnonzero(out < high)
        if not len(room):
            break
        each = min(more / len(room), float((high[room] - out[room]).min()))
        if each <= 0:
            break
        out[room] += each
        more -= each * len(room)
    return out


def rounded(exact: Floats, total: int, low: Sequence[int], high: Sequence[int | None], step: int) -> list[int]:
    """Whole cents near `exact`, in multiples of `step`, within floors and caps, that add up to `total`.

    Largest remainder among multiples of the step. Where floors, caps or the total leave no multiple, the amounts with
    most room take the cents: the sum counts more than roundness.

    Args:
        exact: float64 (k,) in cents, adding up to `total` within a cent each.
        total: cents, between the sums of `low` and `high`.
        low, high: cents; None = no cap.
        step: cents, 1 or more.
    """
    out: list[int] = []
    for value, least, most in zip(exact.tolist(), low, high, strict=True):
        lowest, highest = -(-least // step) * step, None if most is None else most // step * step
        if highest is not None and lowest > highest:  # no multiple lies between floor and cap
            out.append(min(max(round(value), least), most))
            continue
        near = math.floor(value / step) * step
        out.append(max(lowest, near if highest is None else min(near, highest)))
    need = total - sum(out)
    sign = 1 if need > 0 else -1

    def room(k: int) -> int:
        end = high[k]
        if sign < 0:
            return out[k] - low[k]
        return abs(need) if end is None else end - out[k]

    queue = [(-sign * (exact[k] - out[k]), k) for k in range(len(out)) if room(k) >= step]
    heapq.heapify(queue)
    while abs(need) >= step and queue:
        _, k = heapq.heappop(queue)
        out[k] += sign * step
        need -= sign * step
        if room(k) >= step:
            heapq.heappush(queue, (-sign * (exact[k] - out[k]), k))
    for k in sorted(range(len(out)), key=lambda k: -room(k)):  # what the step doesn't divide
        if need == 0:
            break
        part = sign * min(room(k), abs(need))
        out[k] += part
        need -= part
    return out
