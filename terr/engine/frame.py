"""What a certificate reasons about: unit weights that sum to 1, and territories sorted into kinds that are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.engine.knapsack import INF, in_shares
from terr.model.problem import ROUNDING, Problem

F = NDArray[np.float64]
Labels = NDArray[np.int64]
SLACK = 1e-9
"""Share of a limit by which rounding may pass it here, beyond what `Problem.excess` forgives."""


@dataclass(frozen=True, eq=False)
class Kind:
    """Territories with the same limits and locked units, which any plan may swap.

    Attributes:
        members: int64, their indices.
        must: int64, units they must take (then there is one member).
        units: int64 (m,), other units they may take.
        xy, w, a, size: those units' points (m, 2) in km, weights (m,), loads (m, q), and loads over all measures (m,).
        base: float64 (4,), sums of w, w x, w y and w |x|^2 over `must`.
        lo, hi: (q,) loads the units may add to `must`.
        most: what the sum of w over a territory can't exceed.
    """

    members: Labels
    must: Labels
    units: Labels
    xy: F
    w: F
    a: F
    size: F
    base: F
    lo: F
    hi: F
    most: float

    @property
    def may_be_empty(self) -> bool:
        """True if the limits allow a territory without units."""
        return len(self.must) == 0 and bool((self.lo <= 0).all())


@dataclass(frozen=True, eq=False)
class Frame:
    """A problem as its certificate sees it.

    Attributes:
        xy: (n, 2) km from the middle of the map; w: (n,) moment weights, sum 1.
        a: (n, q) loads of the limited measures as shares of the measure's total.
        lo, hi: (k, q) limits in those shares, as wide as `Problem.excess` forgives.
        ip, ix: CSR of the border graph.
        kinds: kinds of territories.
        kind_of: int64 (k,), the kind of each territory.
        most: km2, what no plan's moment of inertia exceeds: that of one territory of everything.
    """

    xy: F
    w: F
    a: F
    lo: F
    hi: F
    ip: NDArray[np.int32]
    ix: NDArray[np.int32]
    kinds: tuple[Kind, ...]
    kind_of: Labels
    most: float

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.w)

    def moment(self, units: Labels) -> float:
        """Moment of inertia of a set about its own centroid, as a share of the whole weight, km2."""
        w = self.w[units]
        total = w.sum()
        if total <= 0:
            return 0.0
        away = self.xy[units] - w @ self.xy[units] / total
        return float(w @ (away**2).sum(axis=1))

    def fits(self, kind: int, units: Labels) -> bool:
        """True if a set is within the limits of a kind and holds what it must."""
        j = int(self.kinds[kind].members[0])
        load = self.a[units].sum(axis=0)
        own = self.kinds[kind]
        inside = np.isin(units, np.concatenate([own.must, own.units])).all() and np.isin(own.must, units).all()
        return bool(inside and (load >= self.lo[j]).all() and (load <= self.hi[j]).all())


def make_frame(problem: Problem) -> Frame:
    """The frame of a problem."""
    n, k = len(problem), problem.territories
    totals = problem.weights.sum(axis=0)
    w = problem.weights[:, 0] / totals[0] if totals[0] > 0 else np.full(n, 1.0 / n)
    xy = problem.xy_km - (problem.xy_km.max(axis=0) + problem.xy_km.min(axis=0)) / 2
    cols = np.flatnonzero(problem.limited & (totals > 0))
    a = np.ascontiguousarray(problem.weights[:, cols] / totals[cols])
    goal = problem.targets[:, cols] / totals[cols]
    slack = ROUNDING + SLACK
    lo = np.where((goal > 0) & np.isfinite(problem.low[cols]), goal * (1 - problem.low[cols] - slack), -INF)
    hi = np.where((goal > 0) & np.isfinite(problem.high[cols]), goal * (1 + problem.high[cols] + slack), INF)
    for c, q in enumerate(cols):
        step = _step(problem.weights[:, q])
        if step > 1e-7 * totals[q]:  # loads come in steps, and limits between two of them are as good as the nearer one
            step /= totals[q]
            on = lo[:, c] > -INF
            lo[on, c] = (np.ceil(lo[on, c] / step - 1e-6) - 1e-6) * step
            on = hi[:, c] < INF
            hi[on, c] = (np.floor(hi[on, c] / step + 1e-6) + 1e-6) * step
    locked = problem.locked.astype(np.int64)
    groups: dict[bytes, list[int]] = {}
    for j in range(k):
        own = np.flatnonzero(locked == j)
        groups.setdefault(np.concatenate([lo[j], hi[j], own.astype(float)]).tobytes(), []).append(j)
    kinds, kind_of = [], np.zeros(k, np.int64)
    free = np.flatnonzero(locked < 0)
    size = a.sum(axis=1) if len(cols) else w
    size = np.maximum(size, 1e-6 * max(float(size.mean()), 1e-300))
    for members in groups.values():
        j = members[0]
        must = np.flatnonzero(locked == j)
        held = a[must].sum(axis=0)
        x = xy[must]
        base = np.array([w[must].sum(), *(w[must] @ x), w[must] @ (x**2).sum(axis=1)])
        low = np.where(lo[j] > -INF, lo[j] - held, -INF)
        high = np.where(hi[j] < INF, hi[j] - held, INF)
        mine = free[(a[free] <= high).all(axis=1)]  # a unit above the limit by itself fits nowhere
        room = in_shares(-w[mine], a[mine], np.full(len(cols), -INF), high, np.empty(len(mine)), np.empty(len(mine)))
        most = base[0] + w[mine].sum() if room >= INF else base[0] - room
        kind_of[members] = len(kinds)
        kinds.append(
            Kind(np.array(members), must, mine, xy[mine], w[mine], a[mine], size[mine], base, low, high,
                 float(most) * (1 + SLACK) + 1e-15)
        )  # fmt: skip
    centre = w @ xy
    most_km2 = float(w @ ((xy - centre) ** 2).sum(axis=1))
    ip, ix = problem.indptr, problem.indices
    return Frame(xy, w, a, lo, hi, ip, ix, tuple(kinds), kind_of, most_km2)


def _step(w: F) -> float:
    """What all loads are whole multiples of, to a thousandth; 0 if there is no such step."""
    scaled = w * 1000.0
    if scaled.max() > 1e12 or (np.abs(scaled - np.round(scaled)) > 1e-6).any():
        return 0.0
    return float(np.gcd.reduce(np.round(scaled).astype(np.int64))) / 1000.0
