"""The column-generation loop: prices that make the Lagrangian bound as high as time allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from terr.engine.certificate.certificate_model import CertificateModel, F, Labels
from terr.engine.certificate.columns import Columns, Master, zones
from terr.engine.certificate.knapsack import INF
from terr.engine.certificate.oracle import STARTS, any_set, near, prove
from terr.engine.search.improve import Clock

NEW = 60
"""Columns of a kind added in a round, at most."""
MOST = 2000
"""Columns at most before those that cost most are dropped."""
CLOSE = 1e-4
"""Share of the objective at which the bound is as good as the relaxation can be."""
SAFE = 1e-10
"""Rounding of a bound, as a share of the sums it is the difference of."""


@dataclass(frozen=True, eq=False)
class Bound:
    """What column generation found.

    Attributes:
        value: proven lower bound on the moment of inertia, km2; -1e300 without one, 1e300 if no plan exists.
        price: (n,) the prices it belongs to, km2, and least (kinds,) the bound on each kind's cost at them.
        rounds: how often prices were tried.
        closed: True if the bound has reached the relaxation's value.
    """

    value: float
    price: F
    least: F
    rounds: int
    closed: bool


def levels(n: int) -> tuple[int, ...]:
    """Numbers of zones, coarse to fine."""
    return (*(z for z in (100, 400, 1200) if 2 * z <= n), n)


def column_bound(
    frame: CertificateModel,
    plans: Sequence[Labels],
    objective: float,
    clock: Clock,
    seed: int,
    tell: Callable[[float, float], None],
    price: F | None = None,
) -> Bound:
    """Raises the bound until the relaxation is solved or time is over.

    Args:
        frame: the frame.
        plans: plans (n,) whose territories are the first columns and whose distances are the first prices.
        objective: km2, moment of inertia of the plan to judge; accuracy is relative to it.
        clock: time and cancel.
        seed: of the points pricing starts from.
        tell: is told the bound and the share of work done.
        price: (n,) km2, first prices if better ones than the plans' distances are known.
    """
    kinds = len(frame.kinds)
    columns, distances = first_columns(frame, plans)
    price = distances if price is None else price
    for q, kind in enumerate(frame.kinds):
        none, units = any_set(kind)
        if none >= INF:
            return Bound(INF, price, np.full(kinds, INF), 0, closed=True)
        if units is not None and len(units):
            columns.add(q, units, frame.cost(q, units))
    size = max(objective, 1e-9 * frame.most, 1e-12)
    unit = size / len(frame.kind_of)  # what a territory costs
    rng = np.random.default_rng(seed)
    best, best_least, rounds, tol = -INF, np.full(kinds, -INF), 0, 0.02
    stages, failures = levels(frame.n), 0
    scale = np.maximum(frame.w, 1e-3 / frame.n)
    for stage, number in enumerate(stages):
        if len(columns.units) > MOST:
            columns = columns.trimmed(price, kinds, MOST // 2 // kinds + 1)
        master = Master(frame, columns, price, zones(frame, number), scale)
        centre = np.zeros(master.zones)
        trial, width, idle, stuck = centre, 0.1 * size, 0, 0
        tol = max(tol, 0.005)
        last = stage == len(stages) - 1
        while not clock.over():
            at = master.price(trial)
            least, new = _price(frame, columns, at, unit, tol, clock, rng)
            value = lagrangian(frame, at, least)
            rounds += 1
            better = value > best + 1e-9 * size
            if better:
                best, best_least, price, centre, idle = value, least, at, trial, 0
            else:
                idle += 1
            if best > frame.most * (1 + 1e-6) or clock.over():
                break
            if len(columns.units) > MOST and better:
                columns = columns.trimmed(price, kinds, MOST // 2 // kinds + 1)
                master, centre = Master(frame, columns, price, zones(frame, number), scale), np.zeros(master.zones)
            solved = master.solve(centre, width, clock.left())
            if solved is None:  # out of time, or numerically stuck: a fresh model usually isn't
                failures += 1
                if failures > 3 or clock.over():
                    return Bound(best, price, best_least, rounds, closed=False)
                columns = columns.trimmed(price, kinds, MOST // 2 // kinds + 1)
                master = Master(frame, columns, price, zones(frame, number), scale)
                centre = trial = np.zeros(master.zones)
                continue
            trial, goal = solved
            ahead = (goal - best) / size
            tell(best, min(1.0, (stage + min(1.0, 0.005 / max(ahead, 1e-9))) / len(stages)))
            held = bool((np.abs(trial - centre) > 0.999 * width).mean() > 0.01)
            if not held and ahead < (3 * CLOSE if last else 0.01):
                break
            if ahead < 1.5 * tol or new == 0:
                tol = max(tol / 2, CLOSE)
                stuck = stuck + 1 if new == 0 and tol <= CLOSE else 0
                if stuck > (10 if last else 0):
                    break
            if better:
                width = min(size, width * 1.5)
            elif idle >= 3:
                width, idle = max(1e-4 * size, width * 0.7), 0
            if new == 0:
                width = max(width, 0.005 * size)
            if idle:
                trial = (trial + centre) / 2
        if best > frame.most * (1 + 1e-6):
            return Bound(INF, price, best_least, rounds, closed=True)
        if clock.over():
            return Bound(best, price, best_least, rounds, closed=False)
    return Bound(best, price, best_least, rounds, closed=True)


def lagrangian(frame: CertificateModel, price: F, least: F) -> float:
    """The bound that prices and the least costs of each kind give, km2, rounding subtracted.

    A unit that may stay without a territory pays at most what that costs.
    """
    if (least <= -INF).any():
        return -INF
    count = np.array([len(k.members) for k in frame.kinds])
    gain = np.minimum(price, frame.leave)
    size = float(np.abs(gain).sum() + count @ np.abs(least)) + frame.most
    return float(gain.sum() + count @ least) - SAFE * size


def first_columns(frame: CertificateModel, plans: Sequence[Labels]) -> tuple[Columns, F]:
    """Territories of plans that keep the limits; and prices: each unit's mean share of the moment of inertia."""
    columns, price = Columns(), np.zeros(frame.n)
    for plan in plans:
        for j in range(len(frame.kind_of)):
            units = np.flatnonzero(plan == j)
            if len(units) == 0:
                continue
            kind = int(frame.kind_of[j])
            if frame.fits(kind, units):
                columns.add(kind, units, frame.cost(kind, units))
            w = frame.w[units]
            centre = w @ frame.xy[units] / w.sum() if w.sum() > 0 else frame.xy[units].mean(axis=0)
            price[units] += w * ((frame.xy[units] - centre) ** 2).sum(axis=1) / len(plans)
    return columns, price


def _price(
    frame: CertificateModel, columns: Columns, price: F, unit: float, tol: float, clock: Clock, rng: np.random.Generator
) -> tuple[F, int]:
    """Bound per kind, and columns added."""
    kinds = len(frame.kinds)
    known = columns.least(price, kinds)
    least, new = np.empty(kinds), 0
    some = min(frame.n, max(40, STARTS // kinds))
    points = frame.xy if some >= frame.n else frame.xy[rng.choice(frame.n, some, replace=False)]
    for q, kind in enumerate(frame.kinds):
        start = min(float(known[q]), 0.0) if kind.may_be_empty else float(known[q])
        good = near(kind, price, start, 0.03 * unit, points)
        top = min([start, *good.cost[:1]])
        added = 0
        for units, cost in zip(good.sets, good.cost, strict=True):
            if added >= NEW or cost > top + 0.3 * unit:
                break
            added += columns.add(q, units, frame.cost(q, units))
        proof = prove(frame, kind, price, top, tol * unit, max(2 * tol, 0.005) * unit, clock)
        for units in proof.sets:
            added += columns.add(q, units, frame.cost(q, units))
        least[q], new = proof.bound, new + added
    return least, new
