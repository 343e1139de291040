"""The PuLP model both `design` and `rebalance` solve: units to territories at least cost within load limits.

    min  sum c[i, j] x[i, j] + big * sum slack
    s.t. sum_j x[i, j] = 1                                  for each unit that may change
         lo[j, q] - slack <= sum_i w[i, q] x[i, j] <= hi[j, q] + slack
         x[i, j] <= sum of x[u, j] over u in S              for separators S found lacking (contiguity, added lazily)

HiGHS runs in this process; where it can't be loaded or fails, CBC solves the same model.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from terr.engine.arrays import NONE, WorkArrays, pieces
from terr.errors import SolveError

SLACK_COST = 1e3


class PersistentHiGHS(pulp.HiGHS):
    """`pulp.HiGHS` that keeps its model between solves, adds only new rows, and starts from a known plan.

    Args:
        stop: asked often during a mixed-integer solve; True ends it with what is known by then.
        options: of `pulp.HiGHS`, and HiGHS's own.
    """

    def __init__(self, *, stop: Callable[[], bool] | None = None, **options: Any) -> None:
        super().__init__(msg=False, **options)
        self.stop = stop
        self.kept: Any = None
        self.rows = 0
        self.start: list[float] | None = None

    def actualSolve(self, lp: Any, callback: Any = None) -> int:  # noqa: N802, ARG002 (PuLP's name and signature)
        """Solves; called by `LpProblem.solve`."""
        import highspy

        if self.kept is None:
            self.createAndConfigureSolver(lp)
            self.buildSolverModel(lp)
            self.kept = lp.solverModel
            if self.stop is not None:
                self.kept.cbMipInterrupt.subscribe(self._ask)
        else:
            for row, constraint in enumerate(lp.constraints()[self.rows :], self.rows):
                cols = [v.index for v in constraint]
                low, high = constraint.getLb(), constraint.getUb()
                self.kept.addRow(
                    -highspy.kHighsInf if low is None else low,
                    highspy.kHighsInf if high is None else high,
                    len(cols),
                    np.array(cols, np.int32),
                    np.array(list(constraint.values()), float),
                )
                constraint.index = row
        spent = self.kept.getRunTime()  # HiGHS counts all runs of a model
        self.kept.setOptionValue("time_limit", float(self.timeLimit) + spent)
        self.rows = len(lp.constraints())
        if self.start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = self.start
            self.kept.setSolution(solution)
        self.callSolver(lp)
        status, sol_status = self.findSolutionValues(lp)
        lp.assignStatus(status, sol_status)
        return int(status)

    def _ask(self, event: Any) -> None:
        if self.stop is not None and self.stop():
            event.interrupt()

    def findSolutionValues(self, lp: Any) -> tuple[int, int]:  # noqa: N802 (PuLP's name)
        """Status and values; unlike PuLP's own it knows a stop at the node limit, and skips duals nobody reads."""
        import highspy

        ended = self.kept.getModelStatus()
        found = self.kept.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        values = list(self.kept.getSolution().col_value)
        for var in lp.variables():
            var.varValue = values[var.index] if found else None
        if ended == highspy.HighsModelStatus.kInfeasible:
            return int(pulp.LpStatusInfeasible), int(pulp.LpSolutionInfeasible)
        if not found:
            return int(pulp.LpStatusNotSolved), int(pulp.LpSolutionNoSolutionFound)
        best = ended == highspy.HighsModelStatus.kOptimal
        return int(pulp.LpStatusOptimal), int(pulp.LpSolutionOptimal if best else pulp.LpSolutionIntegerFeasible)

    def bound(self) -> float:
        """The proven lower bound of the last mixed-integer solve."""
        return float(self.kept.getInfo().mip_dual_bound)


class AssignModel:
    """One such model over the pairs (unit, territory) that are open; everything else stays as in `base`.

    Args:
        work: the working arrays.
        base: int64 (n,), the plan units outside the model keep.
        unit, territory: open pairs; a unit's own territory in `base` must be among its pairs.
        cost: cost of each pair.
        whole_units: False relaxes x to shares (a transportation problem).
        elastic: limits may be broken at a high price, so that the model always has an answer.
        nodes: branch-and-bound nodes per solve at most, None = no limit; unlike seconds, the same on every machine.
        unit_price: what one km2 times weight of the arena's prices is worth in `cost`; 0 leaves balance out.
    """

    def __init__(
        self,
        work: WorkArrays,
        base: NDArray[np.int64],
        unit: NDArray[np.int64],
        territory: NDArray[np.int64],
        cost: NDArray[np.float64],
        *,
        whole_units: bool = True,
        elastic: bool = False,
        nodes: int | None = None,
        unit_price: float = 0.0,
    ) -> None:
        self.nodes = nodes
        self.work, self.base, self.unit, self.territory = work, base, unit, territory
        self.at = {(int(u), int(j)): p for p, (u, j) in enumerate(zip(unit, territory, strict=True))}
        self.free = np.zeros(work.n, bool)
        self.free[unit] = True
        self.lp = pulp.LpProblem("territories", pulp.LpMinimize)
        kind = pulp.LpBinary if whole_units else pulp.LpContinuous
        self.x = [
            self.lp.add_variable(f"x{u}_{j}", 0, 1, kind)
            for u, j in zip(unit.tolist(), territory.tolist(), strict=True)
        ]
        self.extra: list[tuple[Any, int, int, str]] = []  # what isn't a unit: (variable, territory, measure, kind)
        objective = list(zip(self.x, cost.tolist(), strict=True))
        order = np.argsort(unit, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(unit[order])) + 1) if len(order) else []
        rows: list[Any] = [pulp.LpAffineExpression([(self.x[p], 1.0) for p in ps]) == 1 for ps in groups]
        away = ~self.free
        by_territory = [np.flatnonzero(territory == j) for j in range(work.k)]
        for q in range(work.w.shape[1]):
            constant = np.bincount(base[away], work.w[away, q], work.k + 1)
            for j in range(work.k):
                if not len(by_territory[j]):
                    continue
                s = work.sc[j, q]
                terms = [(self.x[p], float(work.w[unit[p], q] / s)) for p in by_territory[j] if work.w[unit[p], q] > 0]
                low, high = (work.lo[j, q] - constant[j]) / s, (work.hi[j, q] - constant[j]) / s
                extra: list[tuple[Any, float]] = []
                if elastic:
                    slack = self.lp.add_variable(f"s{j}_{q}", 0)
                    self.extra.append((slack, j, q, "slack"))
                    objective.append((slack, SLACK_COST))
                    extra = [(slack, 1.0)]
                if work.hi[j, q] < NONE:
                    rows.append(pulp.LpAffineExpression(terms + [(v, -c) for v, c in extra]) <= float(high))
                if work.lo[j, q] > -NONE and low > 0:
                    rows.append(pulp.LpAffineExpression(terms + extra) >= float(low))
                if unit_price * work.arena.soft[q] > 0 and np.isfinite(work.arena.goal[j, q]):
                    goal = work.arena.goal[j, q]
                    off = [self.lp.add_variable(f"d{j}_{q}_{side}", 0) for side in ("over", "under")]
                    self.extra += [(off[0], j, q, "over"), (off[1], j, q, "under")]
                    objective += [(v, unit_price * work.arena.soft[q]) for v in off]
                    even = [(v, c * s / goal) for v, c in terms] + [(off[0], -1.0), (off[1], 1.0)]
                    rows.append(pulp.LpAffineExpression(even) == float(1 - constant[j] / goal))
        if work.arena.most_moved < 1:
            away_from = territory != work.arena.home[unit]
            gone = float(work.arena.share[away & (base != work.arena.home)].sum())
            terms = [(self.x[p], float(work.arena.share[unit[p]])) for p in np.flatnonzero(away_from)]
            if terms:
                rows.append(pulp.LpAffineExpression(terms) <= max(0.0, work.arena.most_moved - gone))
        self.lp += pulp.LpAffineExpression(objective)
        for row in rows:
            if len(row):
                self.lp += row
        self.solver: Any = None
        self.solver_name = "HiGHS"
        self.cuts = 0

    def cut(self, i: int, j: int, around: NDArray[np.int64], witness: int = -1) -> bool:
        """Adds x[i, j] <= sum of x[u, j] over `around`; False if units that stay make it hold already.

        With a `witness`, a unit beyond `around`, only if that is in territory j too: + x[witness, j] on the left, 1 on
        the right.
        """
        terms = [(self.x[self.at[i, j]], 1.0)]
        most = 0.0
        if witness >= 0 and self.free[witness]:
            terms.append((self.x[self.at[witness, j]], 1.0))
            most = 1.0
        for u in around.tolist():
            if not self.free[u]:
                if self.base[u] == j:
                    return False
            elif (u, j) in self.at:
                terms.append((self.x[self.at[u, j]], -1.0))
        self.lp += pulp.LpAffineExpression(terms) <= most
        self.cuts += 1
        return True

    def keep_joined(self, j: int, around: NDArray[np.int64]) -> bool:
        """Adds 1 <= sum of x[u, j] over `around`, for a part of territory j that stays."""
        terms = [(self.x[self.at[u, j]], 1.0) for u in around.tolist() if (u, j) in self.at]
        if not terms:
            return False
        self.lp += pulp.LpAffineExpression(terms) >= 1
        self.cuts += 1
        return True

    def first_cuts(self, anchor: NDArray[np.int64] | None) -> None:
        """A unit other than the anchor needs a neighbour in its territory.

        Without anchors (None) only a unit too light to be the whole territory does, so that every plan is kept.
        """
        w, lo = self.work.w, self.work.lo
        for u, j in zip(self.unit.tolist(), self.territory.tolist(), strict=True):
            if (anchor[j] != u) if anchor is not None else bool((w[u] < lo[j] * (1 - 1e-9)).any()):
                self.cut(u, j, self.work.neighbors(u))

    def solve(self, seconds: float, gap: float, start: NDArray[np.int64] | None = None) -> NDArray[np.int64] | None:
        """Solves once, without looking at contiguity.

        Returns:
            The plan (n,), or None if no answer was found in time.

        Raises:
            SolveError: if neither solver can run the model.
        """
        if not self.x:
            return self.base.copy()
        if self.solver is None:
            self.solver = self._make_solver(gap)
        if isinstance(self.solver, PersistentHiGHS):
            self.solver.timeLimit = seconds
            self.solver.start = None if start is None else self._values(start)
        else:
            self.solver.timeLimit = seconds
        try:
            status = self.lp.solve(self.solver)
        except (pulp.PulpSolverError, RuntimeError, OSError) as error:
            if not isinstance(self.solver, PersistentHiGHS):
                raise SolveError(f"the solver could not run: {error}") from error
            self.solver, self.solver_name = self._cbc(gap), "CBC"
            return self.solve(seconds, gap, start)
        if status != pulp.LpStatusOptimal:
            return None
        value = np.array([v.varValue or 0.0 for v in self.x])
        out = self.base.copy()
        order = np.lexsort((value, self.unit))
        last = np.append(np.flatnonzero(np.diff(self.unit[order])), len(order) - 1)
        out[self.unit[order[last]]] = self.territory[order[last]]
        return out

    def solve_contiguous(
        self,
        anchor: NDArray[np.int64] | None,
        start: NDArray[np.int64],
        gap: float,
        deadline: Callable[[], float],
        rounds: int = 25,
        seconds: float = 60.0,
        offer: Callable[[NDArray[np.int64]], None] | None = None,
    ) -> tuple[NDArray[np.int64] | None, bool]:
        """Solves, cuts off pieces away from their anchor, and repeats.

        Args:
            anchor: (k,) a unit of each territory that can't leave it; None if all may, which keeps every plan.
            start: a plan that fits the model.
            gap: relative gap at which a solve may stop.
            deadline: seconds left.
            rounds: at most so many solves.
            seconds: at most so many in all.
            offer: is shown each answer that isn't contiguous yet.

        Returns:
            The contiguous plan or None, and whether the last solve ended by its gap rather than by time.
        """
        begin = time.perf_counter()
        for _ in range(rounds):
            left = min(deadline(), seconds - (time.perf_counter() - begin))
            if left <= 0.01:
                return None, False
            began = time.perf_counter()
            plan = self.solve(left, gap, start)
            if plan is None:
                return None, False
            if self.work.stray(plan) == 0:
                return plan, time.perf_counter() - began < left
            if offer is not None:
                offer(plan)
            if not self._cut_strays(plan, anchor):
                return None, False
        return None, False

    def bound(self) -> float | None:
        """Lower bound of the last solve; None if the solver doesn't tell."""
        if isinstance(self.solver, PersistentHiGHS):
            value = self.solver.bound()
            return value if np.isfinite(value) else None
        return None

    def _cut_strays(self, plan: NDArray[np.int64], anchor: NDArray[np.int64] | None) -> int:
        work = self.work
        if anchor is None:
            return self._cut_pairs(plan)
        count, label = pieces(work.ip, work.ix, np.where(plan == work.rest, -1, plan))
        found = 0
        for c in range(count):
            inside = np.flatnonzero(label == c)
            j = int(plan[inside[0]])
            if j == work.rest or label[anchor[j]] == c:
                continue
            around = np.setdiff1d(np.concatenate([work.neighbors(u) for u in inside.tolist()]), inside)
            if not self.free[inside].all():
                found += self.keep_joined(j, around)
                continue
            for u in inside.tolist():
                found += self.cut(u, j, around)
        return found

    def _cut_pairs(self, plan: NDArray[np.int64]) -> int:
        """Cuts between a disconnected area and its territory's heaviest one, valid whatever moves."""
        work = self.work
        count, label = pieces(work.ip, work.ix, np.where(plan == work.rest, -1, plan))
        weight = np.bincount(label, work.g, count)
        found = 0
        for j in range(work.k):
            parts = np.unique(label[plan == j])
            if len(parts) < 2:
                continue
            main = parts[weight[parts].argmax()]
            there = np.flatnonzero(label == main)
            stays = there[(work.locked[there] == j) | ~self.free[there]]
            witness = int(stays[0]) if len(stays) else int(there[work.g[there].argmax()])
            for c in parts[parts != main]:
                inside = np.flatnonzero(label == c)
                around = np.setdiff1d(np.concatenate([work.neighbors(u) for u in inside.tolist()]), inside)
                if not self.free[inside].all():
                    found += self.keep_joined(j, around)
                for u in inside[self.free[inside]].tolist():
                    found += self.cut(u, j, around, witness)
        return found

    def _values(self, plan: NDArray[np.int64]) -> list[float]:
        x = (plan[self.unit] == self.territory).astype(float).tolist()
        work, goal = self.work, self.work.arena.goal
        for _, j, q, kind in self.extra:
            load = float(work.w[plan == j, q].sum())
            if kind == "slack":
                x.append(max(0.0, work.lo[j, q] - load, load - work.hi[j, q]) / work.sc[j, q])
            else:
                x.append(max(0.0, (load / goal[j, q] - 1) * (1 if kind == "over" else -1)))
        by_name = dict(zip([v.name for v in [*self.x, *(e[0] for e in self.extra)]], x, strict=True))
        return [by_name[v.name] for v in self.lp.variables()]

    def _make_solver(self, gap: float) -> Any:
        extra: dict[str, Any] = {"mip_feasibility_tolerance": 1e-7}
        if self.nodes is not None:
            extra["mip_max_nodes"] = self.nodes
        solver = PersistentHiGHS(gapRel=gap, threads=1, timeLimit=60.0, **extra)
        if solver.available():
            return solver
        self.solver_name = "CBC"
        return self._cbc(gap)

    def _cbc(self, gap: float) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # PuLP 4 moves it to a package of its own
            return pulp.PULP_CBC_CMD(msg=False, gapRel=gap, threads=1, maxNodes=self.nodes)
