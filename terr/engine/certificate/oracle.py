"""Pricing: at given prices, a bound on what the best territory of a kind costs, and good ones met on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.engine.certificate.certificate_model import CertificateModel, F, Labels, TerritoryKind
from terr.engine.certificate.knapsack import INF, in_shares, in_units
from terr.engine.certificate.pricing import WIDE, costs, greedy, grid, probe, search
from terr.engine.search.improve import Clock

SIDE = 16
"""Squares along the longer side of the map to begin with."""
STACK = 20_000
KEPT = 300
"""Sets kept from one search."""
STEPS = 40
"""Squares between two looks at the clock, at most about a second."""
STARTS = 600
"""Points tried for good sets, at most."""


@dataclass(frozen=True, eq=False)
class PricedTerritory:
    """What the best territory of a kind costs at given prices.

    Attributes:
        bound: no set of the kind costs less than this, its price subtracted, km2; -1e300 if nothing is proven, 1e300
            if there is no such set.
        sets: int64 arrays of units, and the `cost` of each, price subtracted, km2.
        whole: True if the search came to its end.
    """

    bound: float
    sets: tuple[Labels, ...]
    cost: tuple[float, ...]
    whole: bool


def paid(kind: TerritoryKind, price: F) -> tuple[F, F]:
    """Prices of the units a kind may take (m,), less what they cost besides, and its base sums (5,)."""
    net = price - kind.more
    return np.ascontiguousarray(net[kind.units]), np.append(kind.base, net[kind.must].sum())


def any_set(kind: TerritoryKind) -> tuple[float, Labels | None]:
    """Some set within the limits of a kind.

    Returns:
        1e300 if it is proven that there is none, else 0; and the units, or None.
    """
    m = len(kind.units)
    chosen = np.zeros(m, np.int8)
    value, found = in_units(np.zeros(m), kind.a, kind.lo, kind.hi, INF, np.empty(m), np.empty(m), chosen)
    return (value if value >= INF else 0.0), _units(kind, chosen) if found else None


def _units(kind: TerritoryKind, chosen: NDArray[np.int8]) -> Labels:
    return np.sort(np.concatenate([kind.must, kind.units[chosen == 1]]))


def near(kind: TerritoryKind, price: F, known: float, margin: float, points: F) -> PricedTerritory:
    """Good sets about many points, no bound.

    Args:
        kind: the kind.
        price: (n,) km2.
        known: cost of a set of the kind, or 1e300.
        margin: sets up to so much above the best known are of interest, km2.
        points: (s, 2) km.
    """
    if kind.centre is not None:
        return PricedTerritory(-INF, (), (), whole=False)
    own, base = paid(kind, price)
    s, m = len(points), len(kind.units)
    if known >= INF:
        sets, found, at = np.zeros((s, m), np.int8), np.empty((s, 2)), np.zeros((s, 2))
        greedy(points, kind.xy, kind.w, kind.a, kind.size, own, base, kind.lo, kind.hi, sets, found, at)
        known = float(found[:, 1].min())
    sets, found, at = np.zeros((s, m), np.int8), np.empty((s, 2)), np.zeros((s, 2))
    probe(points, kind.xy, kind.w, kind.a, own, base, kind.lo, kind.hi, known, margin, sets, found, at)
    return _priced(kind, -INF, sets, found, whole=False)


def prove(
    frame: CertificateModel, kind: TerritoryKind, price: F, known: float, tol: float, reach: float, clock: Clock
) -> PricedTerritory:
    """A proven bound and sets met on the way.

    Args:
        frame: the frame.
        kind: the kind.
        price: (n,) km2.
        known: cost of the best set known, km2; 1e300 = none.
        tol: how far the bound may stay below the least cost if the search comes to its end, km2.
        reach: as in `terr.engine.certificate.pricing.search`; 0 = bounds by shares of units only.
        clock: ends the search early; the bound is then lower, but valid.
    """
    if kind.centre is not None:
        return _at_centre(kind, price, known, tol)
    own, base = paid(kind, price)
    low, high = frame.xy.min(axis=0), frame.xy.max(axis=0)
    side = max(float((high - low).max()) / SIDE, 1e-6)
    nx, ny = (max(1, int(np.ceil(v - 1e-9))) for v in (high - low) / side)
    stack = np.empty((STACK, WIDE))
    args = (kind.xy, kind.w, kind.a, own, base, kind.lo, kind.hi)
    n = grid(low[0], low[1], side, nx, ny, kind.most, *args, stack)
    sets, found, kept = np.zeros((KEPT, len(kind.units)), np.int8), np.empty((KEPT, 2)), 0
    if known >= INF:  # no set is known: aim a little above the least of the corners' bounds
        known = float(stack[:n, 3:7].min()) + reach + tol
    floor, best = INF, known
    while n > 0 and not clock.over():
        n, floor, best, kept = search(
            kind.most, *args, stack, n, floor, best, tol, reach, side / 2**14, STEPS, sets, found, kept
        )
    left = float(stack[:n, WIDE - 1].min()) if n else INF
    return _priced(kind, min(floor, best, left), sets[:kept], found[:kept], whole=n == 0)


def _at_centre(kind: TerritoryKind, price: F, known: float, tol: float) -> PricedTerritory:
    """As `prove`, for a kind whose moment is taken about a fixed centre."""
    own, base = paid(kind, price)
    m = len(kind.units)
    c, chosen = np.empty(m), np.zeros(m, np.int8)
    must = costs(kind.centre[0], kind.centre[1], kind.xy, kind.w, own, base, c)  # type: ignore[index]
    least = in_shares(c, kind.a, kind.lo, kind.hi, np.empty(m), np.empty(m)) + must
    step = max(known - tol - least, tol)
    while least < known - tol:  # ask for as much as the search can show
        value, found = in_units(c, kind.a, kind.lo, kind.hi, least + step - must, np.empty(m), np.empty(m), chosen)
        if found:
            cost = value + must
            return PricedTerritory(cost, (_units(kind, chosen),), (cost,), whole=True)
        if value + must < least + step * (1 - 1e-9):
            step /= 2
            if step < tol:
                break
        else:
            least = value + must
            step = min(step, max(known - tol - least, tol))
    return PricedTerritory(min(least, known), (), (), whole=True)


def _priced(kind: TerritoryKind, bound: float, sets: NDArray[np.int8], found: F, *, whole: bool) -> PricedTerritory:
    on = np.flatnonzero(found[:, 1] < INF)
    on = on[np.argsort(found[on, 1], kind="stable")]
    units = [_units(kind, sets[s]) for s in on]
    some = [t for t, u in enumerate(units) if len(u)]
    return PricedTerritory(
        bound,
        tuple(units[t] for t in some),
        tuple(float(found[on[t], 1]) for t in some),
        whole,
    )
