"""The optimum where every territory's centre is fixed: assignment of units to centres, with contiguity cuts.

    min  sum cost[i, j] x[i, j] + what lies off the targets
    s.t. sum_j x[i, j] = 1, loads within the limits
         x[i, j] + x[a, j] - sum of x[u, j] over u in S <= 1     where S parts i from a (Oehrlein and Haunert 2017,
                                                                 doi 10.5311/JOSIS.2017.15.379), added lazily

No unit is taken to stay where it is. Pairs whose cost can't be part of a plan better than the known one are left out
first, by what column generation's prices say of them (reduced-cost fixing).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from terr.engine.certificate.bounding import Bound
from terr.engine.certificate.certificate_model import CertificateModel, F, Labels, TerritoryKind
from terr.engine.certificate.exact import TOLERANCE, PartitionModel
from terr.engine.certificate.knapsack import INF, shares
from terr.engine.certificate.pricing import costs
from terr.engine.full_territories import pieces
from terr.engine.models.model import PersistentHiGHS
from terr.engine.search.improve import Clock
from terr.model.problem import ROUNDING, Problem

PAIRS = 40_000
"""Pairs of unit and territory left open, at most."""
CUTS = 40
"""Units of one disconnected area that get a cut each, at most."""
WITNESSES = 3
"""Units of the main piece they are cut off from, at most."""


def all_fixed(frame: CertificateModel) -> bool:
    """True if this model is the problem's: each territory has a centre of its own."""
    return all(kind.centre is not None and len(kind.members) == 1 for kind in frame.kinds)


@dataclass(eq=False)
class _Model:
    """The PuLP model; `x` by (unit, kind), `sure` the pairs that are 1 in any case, `constant` their price."""

    lp: pulp.LpProblem
    x: dict[tuple[int, int], Any]
    sure: set[tuple[int, int]]
    constant: float
    solver: PersistentHiGHS

    def terms(self, units: NDArray[Any], kind: int, sign: float) -> tuple[list[tuple[Any, float]], float]:
        """Terms of sign * sum of x[u, kind] and its constant part."""
        some = units.tolist()
        out = [(self.x[u, kind], sign) for u in some if (u, kind) in self.x]
        return out, sign * sum((u, kind) in self.sure for u in some)


def assignment_bound(
    problem: Problem, frame: CertificateModel, known: Bound, plan: Labels, objective: float, clock: Clock
) -> PartitionModel | None:
    """Solves the model as far as time allows; None if it is too large.

    Args:
        problem: the problem.
        frame: its frame, for which `all_fixed` holds.
        known: bound and prices of column generation.
        plan: int64 (n,) on the frame's units, a start for the solver.
        objective: km2, price of a plan that keeps everything, or 1e300.
        clock: time and cancel.
    """
    open_at = [_open(frame, q, known, objective) for q in range(len(frame.kinds))]
    if sum(len(u) for u in open_at) > PAIRS:
        return None
    model = _build(problem, frame, open_at, clock)
    if model is None:
        return PartitionModel(INF, whole=True, solver="PuLP with HiGHS")
    ip, ix = _graph(problem, frame)
    best, size = -INF, 1e-3 * TOLERANCE * (frame.most + 1e-12)
    if objective < INF:
        model.solver.start = _start(frame, model, plan)
    while not clock.over():
        model.solver.timeLimit = max(0.1, min(clock.left(), 1e6))
        status = model.lp.solve(model.solver)
        if status == pulp.LpStatusInfeasible:
            return PartitionModel(INF, whole=True, solver="PuLP with HiGHS")
        bound = model.solver.bound()
        if np.isfinite(bound):
            best = max(best, (bound + model.constant) * (1 - TOLERANCE) - size)
        if status != pulp.LpStatusOptimal:
            break
        if not _cut(frame, model, ip, ix):
            value = -float("inf") if not np.isfinite(bound) else float(pulp.value(model.lp.objective))
            return PartitionModel(best, whole=bound >= value * (1 - 1e-5) - size, solver="PuLP with HiGHS")
        model.solver.start = None
    return PartitionModel(best, whole=False, solver="PuLP with HiGHS")


def _open(frame: CertificateModel, q: int, known: Bound, objective: float) -> Labels:
    """Units that a plan better than the known one may give to a kind."""
    kind = frame.kinds[q]
    if objective >= INF or known.value <= -INF:
        return kind.units
    net = known.price - kind.more
    m = len(kind.units)
    c = np.empty(m)
    base = np.append(kind.base, net[kind.must].sum())
    must = _costs(kind, net, base, c)
    rest = known.value - known.least[q] + frame.within
    least = np.full(m, -INF)
    for col in range(kind.a.shape[1]):
        value, price = shares(c, kind.a, col, kind.lo[col], kind.hi[col], np.empty(m), np.empty(m))
        least = np.maximum(least, value + must + np.maximum(c - price * kind.a[:, col], 0.0))
    out: Labels = kind.units[rest + least <= objective + 1e-6 * abs(objective)]
    return out


def _costs(kind: TerritoryKind, net: F, base: F, c: F) -> float:
    assert kind.centre is not None  # noqa: S101 (all_fixed)
    return float(costs(kind.centre[0], kind.centre[1], kind.xy, kind.w, np.ascontiguousarray(net[kind.units]), base, c))


def _build(problem: Problem, frame: CertificateModel, open_at: list[Labels], clock: Clock) -> _Model | None:
    lp = pulp.LpProblem("homes", pulp.LpMinimize)
    x: dict[tuple[int, int], Any] = {}
    objective: list[tuple[Any, float]] = []
    constant = 0.0
    rows: list[Any] = []
    by_unit: list[list[Any]] = [[] for _ in range(frame.n)]
    held = np.zeros(frame.n, bool)
    sure = set()
    for q, kind in enumerate(frame.kinds):
        assert kind.centre is not None  # noqa: S101 (all_fixed)
        price = frame.w * ((frame.xy - kind.centre) ** 2).sum(axis=1) + kind.more
        constant += float(price[kind.must].sum())
        held[kind.must] = True
        sure |= {(int(u), q) for u in kind.must}
        mine = [(int(u), lp.add_variable(f"x{u}_{q}", 0, 1, pulp.LpBinary)) for u in open_at[q]]
        for u, v in mine:
            x[u, q] = v
            by_unit[u].append(v)
            objective.append((v, float(price[u])))
        fixed = frame.a[kind.must].sum(axis=0)
        j = int(kind.members[0])
        for c in range(frame.a.shape[1]):
            terms = pulp.LpAffineExpression([(v, float(frame.a[u, c])) for u, v in mine if frame.a[u, c] > 0])
            low, high = float(frame.lo[j, c] - fixed[c]), float(frame.hi[j, c] - fixed[c])
            if high < 0 or (low > 0 and not len(terms)):
                return None
            if len(terms) and frame.hi[j, c] < INF:
                rows.append(terms <= high)
            if len(terms) and low > 0:
                rows.append(terms >= low)
        objective += _balance(problem, frame, lp, mine, kind, rows)
    loose = []
    for i in np.flatnonzero(~held).tolist():
        terms = [(v, 1.0) for v in by_unit[i]]
        if np.isfinite(frame.leave[i]):
            v = lp.add_variable(f"out{i}", 0, 1, pulp.LpBinary)
            terms.append((v, 1.0))
            loose.append((v, i))
            objective.append((v, float(frame.leave[i])))
        if not terms:
            return None
        rows.append(pulp.LpAffineExpression(terms) == 1)
    if loose:
        share = np.bincount(frame.node, problem.shares(), frame.n)
        rows.append(pulp.LpAffineExpression([(v, float(share[i])) for v, i in loose]) <= problem.remainder + ROUNDING)
    lp += pulp.LpAffineExpression(objective)
    for row in rows:
        lp += row
    tight: dict[str, Any] = {"mip_feasibility_tolerance": 1e-9, "primal_feasibility_tolerance": 1e-9}
    return _Model(
        lp, x, sure, constant, PersistentHiGHS(stop=clock.over, gapRel=1e-6, threads=1, timeLimit=60.0, **tight)
    )


def _balance(
    problem: Problem,
    frame: CertificateModel,
    lp: pulp.LpProblem,
    mine: list[tuple[int, Any]],
    kind: TerritoryKind,
    rows: list[Any],
) -> list[tuple[Any, float]]:
    """Variables for |load / target - 1| of the priced measures, with their prices in km2."""
    out = []
    j = int(kind.members[0])
    for m in np.flatnonzero(problem.balance > 0):
        goal = problem.targets[j, m]
        if goal <= 0:
            continue
        load = np.bincount(frame.node, problem.weights[:, m], frame.n) / goal
        off = lp.add_variable(f"off{j}_{m}", 0)
        terms = [(v, float(load[u])) for u, v in mine if load[u] > 0]
        rest = 1 - float(load[kind.must].sum())
        rows.append(pulp.LpAffineExpression([*terms, (off, -1.0)]) <= rest)
        rows.append(pulp.LpAffineExpression([*terms, (off, 1.0)]) >= rest)
        out.append((off, float(problem.scale_km2 * problem.balance[m] / problem.territories)))
    return out


def _graph(problem: Problem, frame: CertificateModel) -> tuple[Labels, Labels]:
    """The border graph of the frame's units, CSR."""
    rows = frame.node[np.repeat(np.arange(len(problem)), np.diff(problem.indptr))]
    cols = frame.node[problem.indices]
    key = np.unique(rows[rows != cols] * frame.n + cols[rows != cols])
    return np.concatenate([[0], np.cumsum(np.bincount(key // frame.n, minlength=frame.n))]), key % frame.n


def _start(frame: CertificateModel, model: _Model, plan: Labels) -> list[float] | None:
    """The plan as values of the solver's variables; None if a pair of it was left out."""
    kind = np.where(plan >= 0, frame.kind_of[plan], -1)
    if any((u, q) not in model.x and (u, q) not in model.sure for u, q in enumerate(kind.tolist()) if q >= 0):
        return None
    on = {v.name for (u, q), v in model.x.items() if kind[u] == q}
    on |= {f"out{u}" for u in np.flatnonzero(kind < 0)}
    if any(v.name.startswith("off") for v in model.lp.variables()):
        return None
    return [float(v.name in on) for v in model.lp.variables()]


def _cut(frame: CertificateModel, model: _Model, ip: Labels, ix: Labels) -> int:
    """Adds cuts against the pieces of the answer; returns how many."""
    plan = np.full(frame.n, -1, np.int64)
    for u, q in model.sure:
        plan[u] = q
    for (u, q), v in model.x.items():
        if (v.varValue or 0.0) > 0.5:
            plan[u] = q
    count, label = pieces(ip, ix, plan)
    weight = np.bincount(label, frame.w + 1e-9, count)
    added = 0
    for q in np.unique(plan[plan >= 0]).tolist():
        parts = np.unique(label[plan == q])
        if len(parts) < 2:
            continue
        main = parts[weight[parts].argmax()]
        there = np.flatnonzero(label == main)
        stays = np.array([u for u in there.tolist() if (u, q) in model.sure], np.int64)
        witnesses = (stays if len(stays) else there[np.argsort(-frame.w[there], kind="stable")])[:WITNESSES]
        for part in parts[parts != main].tolist():
            inside = np.flatnonzero(label == part)
            gates, _ = model.terms(_gates(frame, model, q, inside, there, ip, ix), q, -1.0)
            for a in witnesses.tolist():
                far, at_far = model.terms(np.array([a]), q, 1.0)
                for u in inside[:CUTS].tolist():
                    near, at_near = model.terms(np.array([u]), q, 1.0)
                    model.lp += pulp.LpAffineExpression([*near, *far, *gates]) <= 1 - at_far - at_near
                    added += 1
    return added


def _gates(
    frame: CertificateModel, model: _Model, q: int, inside: Labels, there: Labels, ip: Labels, ix: Labels
) -> Labels:
    """Units around a disconnected area through which any way of the territory to its main piece must pass."""
    may = np.zeros(frame.n, bool)
    may[[u for u in range(frame.n) if (u, q) in model.x or (u, q) in model.sure]] = True
    around = np.zeros(frame.n, bool)
    around[np.concatenate([ix[ip[u] : ip[u + 1]] for u in inside.tolist()])] = True
    around[inside] = False
    _, label = pieces(ip, ix, np.where(may & ~around, 0, -1))
    beyond = label == label[there[0]]
    rows = np.repeat(np.arange(frame.n), np.diff(ip))
    touched = np.zeros(frame.n, bool)
    touched[rows[beyond[ix]]] = True
    return np.flatnonzero(around & touched & may)
