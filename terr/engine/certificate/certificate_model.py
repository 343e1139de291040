"""What a certificate reasons about: unit weights that sum to 1, and territories sorted into kinds that are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.engine.certificate.knapsack import INF, in_shares
from terr.engine.full_territories import pieces
from terr.engine.objective import UNASSIGNED_PRICE
from terr.model.problem import ROUNDING, Problem

F = NDArray[np.float64]
Labels = NDArray[np.int64]
SLACK = 1e-9
"""Share of a limit by which rounding may pass it here, beyond what `Problem.excess` forgives."""
PAIRS = 25_000
"""Unit and territory pairs up to which moves from today's plan are priced; they make each territory its own kind."""


@dataclass(frozen=True, eq=False)
class TerritoryKind:
    """Territories with the same limits, locked units, fixed centre and prices, which any plan may swap.

    Attributes:
        members: int64, their indices.
        must: int64, units they must take (then there is one member).
        units: int64 (m,), other units they may take.
        xy, w, a, size: those units' points (m, 2) in km, weights (m,), loads (m, q), and loads over all measures (m,).
        more: float64 (n,), what each unit costs besides its moment of inertia, km2.
        base: float64 (4,), sums of w, w x, w y and w |x|^2 over `must`.
        lo, hi: (q,) loads the units may add to `must`.
        most: what the sum of w over a territory can't exceed.
        centre: (2,) km, the fixed centre, or None.
    """

    members: Labels
    must: Labels
    units: Labels
    xy: F
    w: F
    a: F
    size: F
    more: F
    base: F
    lo: F
    hi: F
    most: float
    centre: F | None

    @property
    def may_be_empty(self) -> bool:
        """True if the limits allow a territory without units."""
        return len(self.must) == 0 and bool((self.lo <= 0).all())


@dataclass(frozen=True, eq=False)
class CertificateModel:
    """A problem as its certificate sees it. Groups that stay together are one unit here, at their weighted centre.

    Attributes:
        node: int64, the unit here of each unit of the problem.
        xy: (n, 2) km from the middle of the map; w: (n,) moment weights, sum 1.
        a: (n, q) loads of the limited measures as shares of the measure's total.
        lo, hi: (k, q) limits in those shares, as wide as `Problem.excess` forgives.
        leave: (n,) price of leaving a unit without a territory, km2; inf where that isn't allowed.
        kinds: kinds of territories.
        kind_of: int64 (k,), the kind of each territory.
        within: km2, moment of inertia inside groups, the same in every plan.
        most: km2, what no plan's price exceeds, `within` and balance left out.
        impossible: why no plan can exist, or "".
    """

    node: Labels
    xy: F
    w: F
    a: F
    lo: F
    hi: F
    leave: F
    kinds: tuple[TerritoryKind, ...]
    kind_of: Labels
    within: float
    most: float
    impossible: str

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.w)

    def cost(self, kind: int, units: Labels) -> float:
        """Price of a set as a territory of a kind, balance left out: moment of inertia and moves, km2."""
        w, own = self.w[units], self.kinds[kind]
        total = w.sum()
        centre = own.centre if own.centre is not None else w @ self.xy[units] / (total if total > 0 else 1.0)
        return float(w @ ((self.xy[units] - centre) ** 2).sum(axis=1) + own.more[units].sum())

    def fits(self, kind: int, units: Labels) -> bool:
        """True if a set is within the limits of a kind and holds what it must."""
        own = self.kinds[kind]
        j = int(own.members[0])
        load = self.a[units].sum(axis=0)
        inside = np.isin(units, np.concatenate([own.must, own.units])).all() and np.isin(own.must, units).all()
        return bool(inside and (load >= self.lo[j]).all() and (load <= self.hi[j]).all())

    @property
    def moves_priced(self) -> bool:
        """True if moves from today's plan are part of the kinds' prices."""
        return any(kind.more.any() for kind in self.kinds)

    def on_nodes(self, plan: Labels) -> Labels:
        """A plan of the problem as one of the frame; where a group is apart, the territory of its first unit."""
        out = np.full(self.n, -1, np.int64)
        out[self.node[::-1]] = plan[::-1]
        return out


def make_frame(problem: Problem, *, wide: bool = False) -> CertificateModel:
    """The frame of a problem.

    Args:
        problem: the problem.
        wide: gives territories that differ only in limits and targets the widest of them, so that they are one kind: a
            relaxation that is bounded sooner.
    """
    node, n = _nodes(problem)
    k = problem.territories
    share = problem.shares()
    w: F = np.bincount(node, share, n).astype(np.float64)
    even = np.where(w[node] > 0, share, 1.0)
    middle = (problem.xy_km.max(axis=0) + problem.xy_km.min(axis=0)) / 2
    points = problem.xy_km - middle
    sums = np.column_stack([np.bincount(node, even * points[:, d], n) for d in (0, 1)])
    xy: F = sums.astype(np.float64) / np.bincount(node, even, n)[:, None]
    within = float(share @ ((points - xy[node]) ** 2).sum(axis=1)) if n < len(problem) else 0.0
    cols = np.flatnonzero(problem.limited)
    totals = problem.weights[:, cols].sum(axis=0)
    unit = np.where(totals > 0, totals, 1.0)
    a: F = np.zeros((n, len(cols)))
    for c, q in enumerate(cols):
        a[:, c] = np.bincount(node, problem.weights[:, q], n) / unit[c]
    lo, hi = _limits(problem, cols, unit)
    locked, apart = _locks(problem, node, n)
    far = np.zeros((n, k), bool)
    np.logical_or.at(far, node, problem.too_far())
    more, leave = _prices(problem, node, n)
    kinds: list[TerritoryKind] = []
    kind_of = np.zeros(k, np.int64)
    size = np.maximum(a.sum(axis=1) if len(cols) else w, 1e-6 / n)
    groups: dict[bytes, list[int]] = {}
    for j in range(k):
        own = np.flatnonzero(locked == j).astype(float)
        goal = problem.targets[j, problem.balance > 0]
        mark = np.concatenate([problem.centres[j], far[:, j], more[:, j], own])
        mark = mark if wide else np.concatenate([lo[j], hi[j], goal, mark])
        groups.setdefault(mark.tobytes(), []).append(j)
    for some in groups.values():
        lo[some], hi[some] = lo[some].min(axis=0), hi[some].max(axis=0)
    for members in groups.values():
        kind_of[members] = len(kinds)
        fixed = problem.centres[members[0]] - middle
        kinds.append(
            _kind(members, locked, far, more, xy, w, a, size, lo, hi, None if np.isnan(fixed).any() else fixed)
        )
    away = ((xy - w @ xy) ** 2).sum(axis=1)
    for kind in kinds:
        if kind.centre is not None:
            away = np.maximum(away, ((xy - kind.centre) ** 2).sum(axis=1))
    most = float(w @ away) + float(np.maximum(more.max(axis=1), np.where(np.isfinite(leave), leave, 0.0)).sum())
    if far[np.flatnonzero(locked >= 0), locked[locked >= 0]].any():
        apart = "a locked area is too far from its territory's home"
    why = apart or _impossible(tuple(kinds), a, lo, hi, leave)
    return CertificateModel(node, xy, w, a, lo, hi, leave, tuple(kinds), kind_of, within, most, why)


def _kind(
    members: list[int],
    locked: Labels,
    far: NDArray[np.bool_],
    more: F,
    xy: F,
    w: F,
    a: F,
    size: F,
    lo: F,
    hi: F,
    centre: F | None,
) -> TerritoryKind:
    j = members[0]
    must = np.flatnonzero(locked == j)
    held = a[must].sum(axis=0)
    low, high = np.where(lo[j] > -INF, lo[j] - held, -INF), np.where(hi[j] < INF, hi[j] - held, INF)
    mine = np.flatnonzero((locked < 0) & ~far[:, j] & (a <= high).all(axis=1))
    x = xy[must]
    base = np.array([w[must].sum(), *(w[must] @ x), w[must] @ (x**2).sum(axis=1)])
    m = len(mine)
    room = in_shares(-w[mine], a[mine], np.full(a.shape[1], -INF), high, np.empty(m), np.empty(m))
    most = float(base[0] + (w[mine].sum() if room >= INF else -room)) * (1 + SLACK) + 1e-15
    return TerritoryKind(
        np.array(members),
        must,
        mine,
        xy[mine],
        w[mine],
        a[mine],
        size[mine],
        np.ascontiguousarray(more[:, j]),
        base,
        low,
        high,
        most,
        centre,
    )


def _nodes(problem: Problem) -> tuple[Labels, int]:
    """One node per group, then one per other unit."""
    node = np.zeros(len(problem), np.int64)
    inside = problem.groups >= 0
    names, at = np.unique(problem.groups[inside], return_inverse=True)
    node[inside] = at
    node[~inside] = len(names) + np.arange(int((~inside).sum()))
    return node, int(len(names) + (~inside).sum())


def _locks(problem: Problem, node: Labels, n: int) -> tuple[Labels, str]:
    locked = np.full(n, -1, np.int64)
    for i in np.flatnonzero(problem.locked >= 0):
        if locked[node[i]] not in (-1, problem.locked[i]):
            return locked, f"{problem.name(int(i))} is locked to another territory than its group"
        locked[node[i]] = problem.locked[i]
    return locked, ""


def _limits(problem: Problem, cols: Labels, unit: F) -> tuple[F, F]:
    """Limits (k, q) in shares, widened by what `Problem.excess` forgives."""
    goal = problem.targets[:, cols]
    even = np.maximum(problem.weights[:, cols].sum(axis=0) / problem.territories, 1e-300)
    slack = np.where(goal > 0, goal, even) * (ROUNDING + SLACK)
    low, high = problem.lowest[:, cols], problem.highest[:, cols]
    lo = np.where(np.isfinite(low), (low - slack) / unit, -INF)
    hi = np.where(np.isfinite(high), (high + slack) / unit, INF)
    for c, q in enumerate(cols):
        step = _step(problem.weights[:, q]) / unit[c]
        if step > 1e-7:  # loads come in steps, and a limit between two of them is as good as the nearer one
            on = lo[:, c] > -INF
            lo[on, c] = (np.ceil(lo[on, c] / step - 1e-6) - 1e-6) * step
            on = hi[:, c] < INF
            hi[on, c] = (np.floor(hi[on, c] / step + 1e-6) + 1e-6) * step
    return lo, hi


def _step(w: F) -> float:
    """What all loads are whole multiples of, to a thousandth; 0 if there is no such step."""
    scaled = w * 1000.0
    if scaled.max() > 1e12 or (np.abs(scaled - np.round(scaled)) > 1e-6).any():
        return 0.0
    return float(np.gcd.reduce(np.round(scaled).astype(np.int64))) / 1000.0


def _prices(problem: Problem, node: Labels, n: int) -> tuple[F, F]:
    """Price of each unit in each territory for moving (n, k), and without a territory (n,), km2."""
    share, scale, k = problem.shares(), problem.scale_km2, problem.territories
    more = np.zeros((n, k))
    leave = np.full(n, np.inf)
    priced = problem.start is not None and problem.continuity > 0 and n * k <= PAIRS
    if priced:
        moved = share[:, None] * (np.arange(k)[None] != np.asarray(problem.start)[:, None])
        np.add.at(more, node, scale * problem.continuity * moved)
    if problem.remainder > 0:
        price = UNASSIGNED_PRICE * share
        if priced:
            price = price + problem.continuity * share * (np.asarray(problem.start) >= 0)
        leave = scale * np.bincount(node, price, n)
        leave[np.bincount(node, problem.locked >= 0, n) > 0] = np.inf
    return more, leave


def _impossible(kinds: tuple[TerritoryKind, ...], a: F, lo: F, hi: F, leave: F) -> str:
    """What can be told from sums alone: limits that hold too little or ask for too much, units that fit nowhere."""
    total = a.sum(axis=0)
    if (np.maximum(lo, 0.0).sum(axis=0) > total * (1 + SLACK) + SLACK).any():
        return "the minimums add up to more than there is"
    held = np.zeros(len(a), bool)
    for kind in kinds:
        held[kind.must] = held[kind.units] = True
        if (kind.hi < 0).any():
            return "locked areas are above their territory's upper limit"
    if not np.isfinite(leave).all():
        if not held[~np.isfinite(leave)].all():
            return "an area fits into no territory"
        if np.isinf(leave).all() and (hi.sum(axis=0) < total * (1 - SLACK) - SLACK).any():
            return "the maximums add up to less than there is"
    return ""


def connected(problem: Problem, units: Labels) -> bool:
    """True if a set of the problem's units is in one piece."""
    inside = np.full(len(problem), -1, np.int64)
    inside[units] = 0
    return pieces(problem.indptr, problem.indices, inside)[0] - (len(problem) - len(units)) <= 1
