"""The elastic model: every limit may give way at a price, so the least total tells whether all can hold at once.

    min  sum of slack of the limits asked about
    s.t. sum_j x[i, j] (+ y[i]) = 1                                   y = without a territory
         lo[j, q] - slack <= sum_i w[i, q] x[i, j] <= hi[j, q] + slack  in shares of the target
         x[i, locked] >= 1 - slack,  sum of far x[i, j] <= slack,  moved share <= most + slack,  groups alike +- slack
         x[i, j] + x[v, j] <= 1 + sum of x[u, j] over u around a disconnected area   (one piece each, added lazily)

A bound above 0 proves that no plan keeps those limits; relaxed to shares of units, it holds for whole ones too. Elastic
programs and the deletion filter: Chinneck 2008, Feasibility and Infeasibility in Optimization.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from terr.engine.explain.bounds import Bounds
from terr.engine.full_territories import pieces
from terr.engine.models.model import PersistentHiGHS
from terr.errors import SolveError
from terr.model.problem import ROUNDING, Problem

F = NDArray[np.float64]
Ints = NDArray[np.int64]
PROOF = 1e-5
"""Least bound, in shares, that counts as a proof: well above what solvers round."""
KINDS = ("limit", "cap", "floor", "lock", "distance", "moved", "rest", "group")


@dataclass(frozen=True)
class LimitDemand:
    """One limit that may give way: kind of `KINDS`, territories (empty = all), measure (-1 = none), units."""

    kind: str
    territories: tuple[int, ...] = ()
    measure: int = -1
    units: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class ElasticResult:
    """What a solve proved and found.

    Attributes:
        bound: proven lower bound on what was minimised.
        value: what the best answer has, inf = none.
        plan: int64 (n,), a plan of that value in one piece each, -1 = without a territory; None if none was found.
        slack: demand -> how much it gave way, of those above `PROOF`.
    """

    bound: float
    value: float
    plan: Ints | None
    slack: dict[int, float]


class ElasticModel:
    """The model of one problem.

    Args:
        problem: what was asked.
        bounds: of the problem.
        whole: units are whole, territories not empty and, after cuts, in one piece; else units may be shared out,
            which is quick and still proves, and units and territories that no limit tells apart are taken together.
        spread: a measure whose limits give way to one common largest deviation, which is minimised; -1 = none.
        seed: of the solver.
    """

    def __init__(self, problem: Problem, bounds: Bounds, *, whole: bool, spread: int = -1, seed: int = 1) -> None:
        self.problem, self.bounds, self.whole, self.spread, self.seed = problem, bounds, whole, spread, seed
        self.share = problem.shares()
        self.capped = problem.start is not None and bool(np.isfinite(problem.max_moved))
        on = np.isfinite(problem.lowest).any(axis=0) | np.isfinite(problem.highest).any(axis=0)
        self.cols = np.flatnonzero(on & (problem.weights.sum(axis=0) > 0)).tolist()
        if spread >= 0:
            self.cols = sorted({*self.cols, spread})
        self.node, self.nodes = self._nodes()
        self.sets = [[j] for j in range(problem.territories)] if whole else self._sets()
        self.size = len(self.nodes) * len(self.sets)
        self.demands: list[LimitDemand] = []
        self.lp: Any = None
        self.cuts = 0
        self.filled = False  # whether rows ask for a unit in each territory
        self.solver: Any = None

    def _nodes(self) -> tuple[Ints, list[Ints]]:
        """Node of each unit, and units of each node: alike ones are one where shares of units may be given away."""
        p, n = self.problem, len(self.problem)
        needs = {*self.cols} | ({0} if self.capped or p.remainder > 0 else set())
        if self.whole or len(needs) > 1 or (p.weights[:, 0].sum() <= 0 and needs == {0}):
            return np.arange(n), [np.array([u]) for u in range(n)]
        far = p.too_far()
        key = np.column_stack(
            [
                p.locked.astype(np.int64),
                p.start.astype(np.int64) if self.capped and p.start is not None else np.zeros(n, np.int64),
                np.where(p.groups >= 0, np.arange(n), -1),
                np.unique(np.packbits(far, axis=1), axis=0, return_inverse=True)[1].ravel(),
                (~self.bounds.must).astype(np.int64),
            ]
        )
        _, node = np.unique(key, axis=0, return_inverse=True)
        node = node.ravel().astype(np.int64)
        return node, np.split(np.argsort(node, kind="stable"), np.cumsum(np.bincount(node))[:-1])

    def _sets(self) -> list[list[int]]:
        """Territories in sets that no limit tells apart: a plan's shares can be averaged over each."""
        p = self.problem
        out: dict[Any, list[int]] = {}
        held = set(np.unique(p.locked[p.locked >= 0]).tolist())
        for j in range(p.territories):
            own = self.capped or j in held or np.isfinite(p.max_km[j])
            rows = (self.bounds.lo[j].tobytes(), self.bounds.hi[j].tobytes(), p.targets[j].tobytes())
            out.setdefault(j if own else rows, []).append(j)
        return list(out.values())

    def build(self) -> None:
        """Makes the PuLP model."""
        p = self.problem
        self.lp = pulp.LpProblem("limits", pulp.LpMinimize)
        kind = pulp.LpInteger if self.whole else pulp.LpContinuous
        first = self._first_sets()
        self.x = [
            [
                self.lp.add_variable(f"x{i}_{c}", 0, 1 if first is None or first[i] > c else 0, kind)
                for c in range(len(self.sets))
            ]
            for i in range(len(self.nodes))
        ]
        self.slack: list[Any] = []
        rest: list[Any] = []
        if p.remainder > 0:
            rest = [self.lp.add_variable(f"y{i}", 0, 1, kind) for i in range(len(self.nodes))]
        self.y = rest
        for i, row in enumerate(self.x):
            terms = [(v, 1.0) for v in row] + ([(rest[i], 1.0)] if rest else [])
            self._row(terms, 1.0, 1.0)
        mass = np.array([self.share[u].sum() for u in self.nodes])
        if rest:
            locked = [i for i, u in enumerate(self.nodes) if p.locked[u[0]] >= 0]
            for i in locked:  # what is locked can't be left out
                self._row([(rest[i], 1.0), (self._demand(self._lock(i)), -1.0)], None, 0.0)
            s = self._demand(LimitDemand("rest"))
            self._row(
                [(v, float(m)) for v, m in zip(rest, mass, strict=True)] + [(s, -1.0)],
                None,
                float(p.remainder + ROUNDING),
            )
        self.most = self.lp.add_variable("d", 0) if self.spread >= 0 else None
        self.low: dict[tuple[int, int], Any] = {}
        for q in self.cols:
            load = np.array([p.weights[u, q].sum() for u in self.nodes])
            for c, js in enumerate(self.sets):
                self._loads(c, js, q, load)
        if self.whole:
            light = [c for c in range(len(self.sets)) if not any((c, q) in self.low for q in self.cols)]
            for c in light:  # nothing else keeps it from being empty
                self._row([(row[c], 1.0) for row in self.x], 1.0, None)
            self.filled = bool(light)
        self._locks_and_distances()
        if self.capped and p.start is not None:
            s = self._demand(LimitDemand("moved"))
            stay = [
                (self.x[i][int(p.start[u[0]])], -float(mass[i]))
                for i, u in enumerate(self.nodes)
                if p.start[u[0]] >= 0 and mass[i] > 0
            ]
            stay += [(v, -float(mass[i])) for i, v in enumerate(rest) if p.start[self.nodes[i][0]] < 0]
            self._row([*stay, (s, -1.0)], None, float(p.max_moved + ROUNDING - mass.sum()))
        for g in np.unique(p.groups[p.groups >= 0]).tolist():
            units = np.flatnonzero(p.groups == g)
            if len(units) > 1:
                s = self._demand(LimitDemand("group", units=tuple(units.tolist())))
                for u in units[1:].tolist():
                    for a, b in zip(self.x[self.node[u]], self.x[self.node[units[0]]], strict=True):
                        self._row([(a, 1.0), (b, -1.0), (s, -1.0)], None, 0.0)
                        self._row([(b, 1.0), (a, -1.0), (s, -1.0)], None, 0.0)

    def _first_sets(self) -> list[int] | None:
        """Of territories nothing tells apart, the r-th heaviest unit needs only the first r: others are renamings."""
        p, k = self.problem, self.problem.territories
        plain = (p.locked < 0).all() and not np.isfinite(p.max_km).any() and not self.capped
        if not self.whole or not plain or len(self.bounds.alike) != 1:
            return None
        order = np.argsort(-p.weights[:, self.cols].sum(axis=1), kind="stable")
        out = np.full(len(p), k)
        out[order[: k - 1]] = np.arange(1, k)
        return [int(v) for v in out]

    def _row(self, terms: list[tuple[Any, float]], low: float | None, high: float | None) -> None:
        if low is not None and low == high:
            self.lp += pulp.LpAffineExpression(terms) == low
        elif high is not None:
            self.lp += pulp.LpAffineExpression(terms) <= high
        elif low is not None:
            self.lp += pulp.LpAffineExpression(terms) >= low

    def _demand(self, demand: LimitDemand) -> Any:
        """The slack of a demand; the same demand has one."""
        if demand in self.demands:
            return self.slack[self.demands.index(demand)]
        self.demands.append(demand)
        self.slack.append(self.lp.add_variable(f"s{len(self.slack)}", 0))
        return self.slack[-1]

    def _loads(self, c: int, js: list[int], q: int, load: F) -> None:
        p, b, many = self.problem, self.bounds, len(js)
        j = js[0]
        scale = float(b.goal[j, q])
        terms = [(self.x[i][c], float(v / scale)) for i, v in enumerate(load) if v > 0]
        where = tuple(js) if len(self.sets) > 1 else ()
        goal, tied = p.targets[j, q], self.spread == q
        for side in ("high", "low"):
            fixed = p.cap[j, q] if side == "high" else p.floor[j, q]
            reach = p.high[q] if side == "high" else -p.low[q]
            near = goal * (1 + reach) if np.isfinite(reach) else reach
            bound = b.hi[j, q] if side == "high" else b.lo[j, q]
            hard = fixed < near if side == "high" else fixed > near
            if tied:  # the deviation itself, and what was fixed in loads
                if goal > 0:
                    d = (self.most, -float(many * goal / scale) if side == "high" else float(many * goal / scale))
                    even = float(many * goal / scale)
                    self._row([*terms, d], None if side == "high" else even, even if side == "high" else None)
                bound = fixed + (2e-6 if side == "high" else -2e-6) * scale
                hard = True
            if not np.isfinite(bound) or (side == "low" and bound <= 0):
                continue
            kind = ("cap" if side == "high" else "floor") if hard else "limit"
            s = self._demand(LimitDemand(kind, where, q))
            edge = float(many * bound / scale)
            if side == "high":
                self._row([*terms, (s, -1.0)], None, edge)
            else:
                self.low[c, q] = (s, bound, scale)
                self._row([*terms, (s, 1.0)], edge, None)

    def _lock(self, i: int) -> LimitDemand:
        units = self.nodes[i]
        return LimitDemand("lock", (int(self.problem.locked[units[0]]),), -1, tuple(units.tolist()))

    def _locks_and_distances(self) -> None:
        p = self.problem
        at = {j: c for c, js in enumerate(self.sets) for j in js}
        for i, units in enumerate(self.nodes):
            j = int(p.locked[units[0]])
            if j >= 0:
                self._row([(self.x[i][at[j]], 1.0), (self._demand(self._lock(i)), 1.0)], 1.0, None)
        far = p.too_far()
        for j in np.flatnonzero(np.isfinite(p.max_km)).tolist():
            nodes = [i for i, u in enumerate(self.nodes) if far[u[0], j]]
            if nodes:
                s = self._demand(LimitDemand("distance", (j,)))
                for i in nodes:
                    self._row([(self.x[i][at[j]], 1.0), (s, -1.0)], None, 0.0)

    def solve(self, active: Iterable[int], seconds: float, *, joined: bool = False, rounds: int = 40) -> ElasticResult:
        """The least that the active demands must give way in all, the others being free; or the least deviation.

        Args:
            active: demands that count. With `spread` they hold firmly.
            seconds: at most.
            joined: with whole units, cut off disconnected areas until there are none.
            rounds: solves with further cuts at most.

        Raises:
            SolveError: if no solver can run the model.
        """
        end = time.perf_counter() + seconds
        if self.lp is None:
            self.build()
        chosen = set(active)
        dear = 1e3 if self.spread >= 0 else 1.0
        terms = [(v, dear if z in chosen else 0.0) for z, v in enumerate(self.slack)]
        terms += [(self.most, 1.0)] if self.most is not None else []
        self.lp.setObjective(pulp.LpAffineExpression(terms))
        if self.solver is not None and self.solver.kept is not None:
            for v, c in terms:
                self.solver.kept.changeColCost(v.index, c)
        bound = 0.0
        for _ in range(rounds):
            left = end - time.perf_counter()
            if left <= 0.01:
                break
            status = self._run(left)
            bound = max(bound, self._bound(status))
            if status != pulp.LpStatusOptimal:
                break
            value = float(sum(c * (v.varValue or 0.0) for v, c in terms))
            given = {z: float(v.varValue or 0.0) for z, v in enumerate(self.slack) if (v.varValue or 0.0) > PROOF}
            if not (self.whole and joined) or (bound > PROOF and self.spread < 0):
                return ElasticResult(bound, value, None, given)
            plan = self._plan()
            if not self._cut(plan):
                return ElasticResult(bound, value, plan, given)
        return ElasticResult(bound, np.inf, None, {})

    def _run(self, seconds: float) -> int:
        if self.solver is None:
            gap = 1e-3 if self.spread >= 0 else 0.9  # any bound above 0 will do
            self.solver = PersistentHiGHS(
                gapRel=gap, threads=1, timeLimit=seconds, random_seed=self.seed, mip_feasibility_tolerance=1e-7
            )
            if not self.solver.available():
                raise SolveError("HiGHS is needed to look into the limits; install highspy")
        self.solver.timeLimit = seconds
        try:
            return int(self.lp.solve(self.solver))
        except (pulp.PulpSolverError, RuntimeError, OSError) as error:
            raise SolveError(f"the solver could not run: {error}") from error

    def _bound(self, status: int) -> float:
        import highspy

        kept = self.solver.kept
        if self.whole:
            value = self.solver.bound()
            return float(value) if np.isfinite(value) else 0.0
        done = kept.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return float(kept.getInfo().objective_function_value) if done and status == pulp.LpStatusOptimal else 0.0

    def _plan(self) -> Ints:
        value = np.array([[v.varValue or 0.0 for v in row] for row in self.x])
        out: Ints = value.argmax(axis=1).astype(np.int64)
        if self.y:
            out[np.array([v.varValue or 0.0 for v in self.y]) > 0.5] = -1
        return out

    def _cut(self, plan: Ints) -> int:
        """Cuts off disconnected areas; valid for every plan in one piece each. Returns how many."""
        ip, ix = self.bounds.ip, self.bounds.ix
        _, label = pieces(ip, ix, plan)
        found = 0
        for j in np.unique(plan[plan >= 0]).tolist():
            parts, size = np.unique(label[plan == j], return_counts=True)
            main = np.flatnonzero(label == parts[size.argmax()])
            for c in parts[parts != parts[size.argmax()]].tolist():
                inside = np.flatnonzero(label == c)
                around = np.setdiff1d(np.concatenate([ix[ip[u] : ip[u + 1]] for u in inside]), inside)
                for u in inside[:8].tolist():
                    for v in main[:3].tolist():
                        for t in range(len(self.sets)):
                            terms = [(self.x[u][t], 1.0), (self.x[v][t], 1.0)]
                            self._row(terms + [(self.x[a][t], -1.0) for a in around.tolist()], None, 1.0)
                            found += 1
        self.cuts += found
        return found

    def first_cuts(self) -> None:
        """A unit too light to be a territory by itself needs a neighbour there, unless the lower limit gives way."""
        if self.lp is None:
            self.build()
        ip, ix, p = self.bounds.ip, self.bounds.ix, self.problem
        for (c, q), (s, low, scale) in self.low.items():
            for u in np.flatnonzero(low - p.weights[:, q] > 1e-3 * scale).tolist():
                short = float((low - p.weights[u, q]) / scale)
                terms = [(self.x[u][c], 1.0), (s, -1.0 / short)]
                self._row(terms + [(self.x[v][c], -1.0) for v in ix[ip[u] : ip[u + 1]].tolist()], None, 0.0)
                self.cuts += 1
