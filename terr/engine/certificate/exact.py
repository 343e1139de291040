"""The optimum itself, where all connected sets of units can be listed: set partitioning over whole territories.

Sets are listed once each by growing from their first unit and forbidding what was passed over (ESU, Wernicke 2006,
doi 10.1109/TCBB.2006.51); set partitioning for districts: Garfinkel and Nemhauser 1970, doi 10.1287/mnsc.16.8.B495.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp
from numba import njit
from numpy.typing import NDArray

from terr.engine.certificate.bounding import Bound
from terr.engine.certificate.certificate_model import CertificateModel, F, Labels, connected
from terr.engine.certificate.knapsack import INF
from terr.engine.models.model import PersistentHiGHS
from terr.engine.search.improve import Clock
from terr.model.problem import ROUNDING, Problem

UNITS = 62
"""Units at most: sets are bits of one word."""
SETS = 400_000
"""Sets listed at most."""
COLUMNS = 60_000
"""Columns of the model at most."""
TOLERANCE = 1e-6
"""Share of the optimum by which the solver's tolerances may move it."""


@dataclass(frozen=True)
class PartitionModel:
    """What the exact model says.

    Attributes:
        bound: proven lower bound on the price, km2; 1e300 if no plan exists.
        whole: True if the model was solved to its end.
        solver: what solved it.
    """

    bound: float
    whole: bool
    solver: str


@njit(cache=True, nogil=True)
def grow(near: NDArray[np.uint64], a: F, hi: F, out: NDArray[np.uint64]) -> int:
    """Lists all connected sets whose loads are at most `hi`.

    Args:
        near: uint64 (n,), neighbors of each unit as bits.
        a: (n, q) loads; hi: (q,).
        out: uint64, filled with the sets as bits.

    Returns:
        How many there are; more than len(out) if they don't fit.
    """
    n, measures = a.shape
    one = np.uint64(1)
    count = 0
    cap = 64 * (n + 1)
    stack = np.empty((cap, 2), np.uint64)
    load = np.empty((cap, measures))
    total = np.empty(measures)
    for v in range(n):
        if (a[v] > hi).any():
            continue
        stack[0, 0] = one << np.uint64(v)
        stack[0, 1] = (one << np.uint64(v)) - one
        load[0] = a[v]
        depth = 1
        while depth > 0:
            depth -= 1
            have, never = stack[depth, 0], stack[depth, 1]
            total[:] = load[depth]
            if count < len(out):
                out[count] = have
            count += 1
            if count > len(out):
                return count
            around = np.uint64(0)
            for u in range(n):
                if (have >> np.uint64(u)) & one:
                    around |= near[u]
            around &= ~(have | never)
            for u in range(n):
                bit = one << np.uint64(u)
                if not (around & bit):
                    continue
                if (total + a[u] <= hi).all():
                    stack[depth, 0], stack[depth, 1] = have | bit, never
                    load[depth] = total + a[u]
                    depth += 1
                never |= bit
    return count


def connected_sets(problem: Problem, frame: CertificateModel) -> NDArray[np.bool_] | None:
    """bool (sets, n): every connected set light enough to be a territory; None if there are too many."""
    n = frame.n
    if n > UNITS:
        return None
    near = np.zeros(n, np.uint64)
    rows = np.repeat(np.arange(len(problem)), np.diff(problem.indptr))
    for u, v in zip(frame.node[rows].tolist(), frame.node[problem.indices].tolist(), strict=True):
        near[u] |= np.uint64(1) << np.uint64(v)
    out = np.empty(SETS, np.uint64)
    top = frame.hi.max(axis=0) if frame.hi.shape[1] else np.zeros(0)
    count = grow(near, frame.a, top * (1 + 1e-12), out)
    if count > SETS:
        return None
    sets: NDArray[np.bool_] = (out[:count, None] >> np.arange(n, dtype=np.uint64)) & np.uint64(1) == 1
    if len(problem) > n:  # a group may be in several pieces
        keep = [connected(problem, np.flatnonzero(s[frame.node])) for s in sets]
        sets = sets[np.array(keep, bool)]
    return sets


def partition(
    problem: Problem, frame: CertificateModel, sets: NDArray[np.bool_], known: Bound, objective: float, clock: Clock
) -> PartitionModel | None:
    """Solves the set-partitioning model; None if it is too large.

    Args:
        problem: the problem.
        frame: its frame.
        sets: bool (s, n), every connected set that may be a territory.
        known: bound and prices that leave out territories no better plan can hold.
        objective: km2, price of a plan within the limits, or 1e300.
        clock: time and cancel.
    """
    loads = sets @ frame.a
    at, which, cost = [], [], []
    for q, kind in enumerate(frame.kinds):
        j = int(kind.members[0])
        barred = np.ones(frame.n, bool)
        barred[kind.units] = barred[kind.must] = False
        ok = (loads >= frame.lo[j]).all(axis=1) & (loads <= frame.hi[j]).all(axis=1)
        ok &= ~(sets & barred).any(axis=1) & sets[:, kind.must].all(axis=1)
        some = np.flatnonzero(ok)
        price = _costs(problem, frame, q, sets[some])
        if known.value > -INF and objective < INF:
            slack = objective - frame.within - known.value
            spare = price - sets[some] @ known.price - known.least[q]
            some, price = some[spare <= slack + 1e-6 * abs(objective)], price[spare <= slack + 1e-6 * abs(objective)]
        at.append(some)
        which.append(np.full(len(some), q))
        cost.append(price)
    rows, kinds, costs = np.concatenate(at), np.concatenate(which), np.concatenate(cost)
    return None if len(rows) > COLUMNS else _solve(problem, frame, sets[rows], kinds, costs, clock)


def _costs(problem: Problem, frame: CertificateModel, q: int, sets: NDArray[np.bool_]) -> F:
    """(s,) price of sets as territories of a kind, km2: moment of inertia, moves, and distance from their targets."""
    kind = frame.kinds[q]
    x, w = frame.xy, frame.w
    s = sets @ w
    if kind.centre is not None:
        moment = sets @ (w * ((x - kind.centre) ** 2).sum(axis=1))
    else:
        first = sets @ (w[:, None] * x)
        moment = sets @ (w * (x**2).sum(axis=1)) - (first**2).sum(axis=1) / np.where(s > 0, s, 1.0)
    j, k = int(kind.members[0]), problem.territories
    out = np.maximum(moment, 0.0) + sets @ kind.more
    for m in np.flatnonzero(problem.balance > 0):
        if problem.targets[j, m] <= 0:
            continue
        load = sets @ np.bincount(frame.node, problem.weights[:, m], frame.n)
        out += problem.scale_km2 * problem.balance[m] / k * np.abs(load / problem.targets[j, m] - 1)
    result: F = out
    return result


def _solve(
    problem: Problem, frame: CertificateModel, sets: NDArray[np.bool_], kinds: Labels, cost: F, clock: Clock
) -> PartitionModel:
    lp = pulp.LpProblem("partition", pulp.LpMinimize)
    x = [lp.add_variable(f"x{c}", 0, 1, pulp.LpBinary) for c in range(len(sets))]
    loose = np.flatnonzero(np.isfinite(frame.leave))
    out = {int(i): lp.add_variable(f"out{i}", 0, 1, pulp.LpBinary) for i in loose}
    lp += pulp.LpAffineExpression(
        [*zip(x, cost.tolist(), strict=True), *((v, float(frame.leave[i])) for i, v in out.items())]
    )
    for i in range(frame.n):
        terms = [(x[c], 1.0) for c in np.flatnonzero(sets[:, i]).tolist()]
        if i in out:
            terms.append((out[i], 1.0))
        if not terms:
            return PartitionModel(INF, whole=True, solver="enumeration")
        lp += pulp.LpAffineExpression(terms) == 1
    for q, kind in enumerate(frame.kinds):
        terms = [(x[c], 1.0) for c in np.flatnonzero(kinds == q).tolist()]
        if not kind.may_be_empty:
            if not terms:
                return PartitionModel(INF, whole=True, solver="enumeration")
            lp += pulp.LpAffineExpression(terms) == len(kind.members)
        elif terms:
            lp += pulp.LpAffineExpression(terms) <= len(kind.members)
    if out:
        share = np.bincount(frame.node, problem.shares(), frame.n)
        most = problem.remainder + ROUNDING
        lp += pulp.LpAffineExpression([(v, float(share[i])) for i, v in out.items()]) <= most
    tight: dict[str, Any] = {"mip_feasibility_tolerance": 1e-9, "primal_feasibility_tolerance": 1e-9}
    solver = PersistentHiGHS(
        stop=clock.over, gapRel=1e-7, threads=1, timeLimit=max(0.1, min(clock.left(), 1e6)), **tight
    )
    status = lp.solve(solver)
    size = TOLERANCE * 1e-3 * (frame.most + 1e-12)
    if status == pulp.LpStatusInfeasible:
        return PartitionModel(INF, whole=True, solver="enumeration and PuLP with HiGHS")
    bound = solver.bound()
    if status == pulp.LpStatusOptimal:
        value = float(sum(c * (v.varValue or 0.0) for c, v in zip(cost, x, strict=True)))
        value += float(sum(frame.leave[i] * (v.varValue or 0.0) for i, v in out.items()))
        bound = min(bound, value)
        whole = bound >= value * (1 - 1e-5) - size
    else:
        whole = False
    bound = bound * (1 - TOLERANCE) - size if np.isfinite(bound) and bound > -INF else -INF
    return PartitionModel(bound, whole=whole, solver="enumeration and PuLP with HiGHS")
