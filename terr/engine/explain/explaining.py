"""Why a plan breaks its limits: proofs, limits that can't all hold, and how even a plan could be at best."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.engine.explain.bounds import Bounds, amount, names
from terr.engine.explain.causes import checked
from terr.engine.explain.dead_ends import least_deviation
from terr.engine.explain.elastic import PROOF, ElasticModel, ElasticResult, LimitDemand
from terr.engine.explain.proofs import proofs
from terr.engine.full_territories import pieces
from terr.engine.search.improve import Clock
from terr.errors import SolveError
from terr.model.problem import ROUNDING, Problem
from terr.model.progress import Listener, Progress
from terr.model.result import Explanation
from terr.model.wording import miles_and_km

Ints = NDArray[np.int64]
PROOFS = frozenset(
    "too_many_territories locked_apart locked_far out_of_reach unit_too_large locked_too_heavy caps_too_small "
    "floors_too_large piece_misfit dead_end conflict".split()
)
"""Codes that say that no plan can keep every limit."""
SHARED = 60_000
"""Pairs of node and territories up to which the relaxed model is built."""
WHOLE = 6000
"""Pairs of unit and territory up to which the model with whole units is built."""
SMALL = 5e-4
"""Deviations that differ by less are shown alike."""


def explain(
    problem: Problem,
    assign: Any,
    *,
    time_limit_s: float | None = 10.0,
    seed: int = 1,
    progress: Progress | Listener | None = None,
) -> tuple[Explanation, ...]:
    """Why a plan breaks limits: because none can keep them, and which, or because none was found.

    Cheap proofs come first; if there are none, an elastic model (`terr.engine.explain.elastic`) looks for limits that
    can't all hold, and a deletion filter leaves out those that don't matter. Where time is too short for the filter, a
    limit may be named that could be left out; what is said is true all the same.

    Args:
        problem: what was asked.
        assign: (n,) territory index per unit, -1 = unassigned.
        time_limit_s: wall-clock seconds, roughly; a proof that was found isn't given up for time.
        seed: of the solver.
        progress: a `Progress`, or a function called with a `ProgressUpdate`; stopping it ends the work with what is
            known.

    Returns:
        Nothing if the plan is within every limit and in one piece each. Else the proofs (codes in `PROOFS`), or
        "plan_exists" or "not_proven"; then "best_deviation", if a limited deviation is too large.

    Raises:
        PlanError: if the plan doesn't fit the problem.
    """
    plan = checked(problem, assign)
    clock = Clock(problem, time_limit_s, Progress.of(progress))
    clock.tell("Looking for the reason", None, 0.0, force=True)
    over = problem.excess(plan)
    if within_limits(problem, plan):
        return ()
    bounds = Bounds.of(problem)
    out, ends = proofs(problem, bounds, _first(problem, plan, over), lambda: clock.over() or clock.past(0.3))
    conflict: list[Explanation] = []
    if not out and not clock.over():
        try:
            conflict = _Filter(problem, bounds, plan, clock, seed).told()
        except SolveError as error:
            conflict = [Explanation("not_proven", f"whether some plan keeps every limit couldn't be settled: {error}")]
    if not out and not conflict:
        conflict = [_NOT_PROVEN]
    out += conflict
    if not any(e.code == "too_many_territories" for e in out):
        out += _best(problem, bounds, plan, over, ends, clock, seed)
    return tuple(out)


_NOT_PROVEN = Explanation(
    "not_proven",
    "nothing shows that the limits can't all hold, but no plan within all of them was found; more time may find one, "
    "and wider limits will be easier",
)


def within_limits(problem: Problem, plan: Ints) -> bool:
    """Whether a plan is within every limit, keeps the locks, and has each territory in one piece and not empty."""
    on = problem.locked >= 0
    if any(problem.excesses(plan).values()) or (plan[on] != problem.locked[on]).any():
        return False
    count, _ = pieces(problem.indptr, problem.indices, plan)
    held = len(np.unique(plan[plan >= 0]))
    return held == problem.territories and count - int((plan < 0).sum()) == held


def _first(problem: Problem, plan: Ints, over: NDArray[np.float64]) -> Ints:
    """Units in the order of suspicion: of territories outside their limits, with few neighbors first."""
    bad = np.append((over > 0).any(axis=1), [True])  # unassigned ones too
    degree = np.diff(problem.indptr)
    return np.lexsort((np.arange(len(problem)), degree, ~bad[plan])).astype(np.int64)


def _best(
    problem: Problem, bounds: Bounds, plan: Ints, over: NDArray[np.float64], ends: list[int], clock: Clock, seed: int
) -> list[Explanation]:
    """The deviation that can't be undercut and the one this plan has, for the measure that is farthest outside."""
    signed = problem.deviations(plan)
    off = np.abs(signed).max(axis=0)
    beyond = np.maximum(signed - problem.high, -signed - problem.low).max(axis=0)
    on = (beyond > ROUNDING) & (over > 0).any(axis=0)
    if not on.any():
        return []
    q = int(np.where(on, beyond, -1.0).argmax())
    name, have = problem.measures[q], float(off[q])
    least, units = least_deviation(problem, bounds, q, ends, have) if not (plan < 0).any() else (0.0, plan[:0])
    found: float | None = None
    seconds = min(clock.left(), 0.5 * (clock.limit or 1e9))
    whole = len(problem) * problem.territories <= WHOLE
    model = ElasticModel(problem, bounds, whole=whole, spread=q, seed=seed)
    if least < have - SMALL and seconds > 0.1 and not clock.over() and model.size <= (WHOLE if whole else SHARED):
        model.build()
        if whole:
            model.first_cuts()
        try:
            answer = model.solve(range(len(model.demands)), seconds, joined=True)
        except SolveError:
            answer = ElasticResult(0.0, np.inf, None, {})
        if answer.plan is not None and not answer.slack:
            found = float(np.abs(problem.deviations(answer.plan)[:, q]).max())
        if answer.bound <= have:  # above, it is the other limits that can't hold
            least = max(least, answer.bound - PROOF)
    best = have if found is None or found >= have else found
    shown = f"this plan's largest deviation of {name} is {100 * have:.1f}%"
    rest = " within the other limits" if model.demands else ""
    why = f", because of {names(problem, units)}" if len(units) else ""
    if best < have - SMALL:
        shown += f"; a plan with {100 * best:.1f}% exists"
    if least > SMALL and least >= best - SMALL:
        shown += f", and it is proven that none{rest} has less{why}"
    elif least > SMALL:
        shown += f", and it is proven that none{rest} can be below {100 * least:.1f}%{why}"
    elif best > SMALL:
        shown += "; how low it could be isn't known"
    return [Explanation("best_deviation", shown, tuple(int(u) for u in units))]


class _Filter:
    """Finds limits that can't all hold, and leaves out those without which they still can't."""

    def __init__(self, problem: Problem, bounds: Bounds, plan: Ints, clock: Clock, seed: int) -> None:
        self.problem, self.bounds, self.plan, self.clock, self.seed = problem, bounds, plan, clock, seed

    def told(self) -> list[Explanation]:
        """A conflict; or that a plan exists; or nothing if neither could be shown."""
        shared = ElasticModel(self.problem, self.bounds, whole=False, seed=self.seed)
        if shared.size <= SHARED:
            shared.build()
            if self._fails(shared, range(len(shared.demands)), joined=False):
                return [self._conflict(shared, joined=False)]
        if len(self.problem) * self.problem.territories > WHOLE:
            return []
        model = ElasticModel(self.problem, self.bounds, whole=True, seed=self.seed)
        model.build()
        everything = range(len(model.demands))
        if self._fails(model, everything, joined=False):
            return [self._conflict(model, joined=False)]
        model.first_cuts()
        if self.clock.over():
            return []
        answer = model.solve(everything, self._seconds(0.5), joined=True)
        if answer.bound > PROOF:
            return [self._conflict(model, joined=True)]
        if answer.plan is not None and within_limits(self.problem, answer.plan):
            text = "a plan within every limit exists, this one just isn't it; give the search more time"
            return [Explanation("plan_exists", text)]
        return []

    def _seconds(self, share: float) -> float:
        return max(0.05, share * self.clock.left())

    def _fails(self, model: ElasticModel, active: Any, *, joined: bool) -> bool:
        """True if it is proven that these demands can't all hold."""
        if self.clock.over():
            return False
        return model.solve(active, self._seconds(0.3), joined=joined).bound > PROOF

    def _conflict(self, model: ElasticModel, *, joined: bool) -> Explanation:
        """The deletion filter: by families of limits first, then one by one within each."""
        families: dict[tuple[str, int], list[int]] = {}
        for z, d in enumerate(model.demands):
            families.setdefault((d.kind, d.measure), []).append(z)
        left = set(range(len(model.demands)))
        for family in sorted(families, key=lambda f: (-len(families[f]), f)):
            if self._fails(model, left - set(families[family]), joined=joined):
                left -= set(families[family])
        for chunk in self._halves(model, left):
            if len(chunk) < len(left) and chunk <= left and self._fails(model, left - chunk, joined=joined):
                left -= chunk
        ways = " with each territory in one piece" if joined else ""
        ways += f"{' and' if ways else ' with'} an area in each" if model.filled else ""
        return self._named([model.demands[z] for z in sorted(left)], ways)

    def _halves(self, model: ElasticModel, left: set[int]) -> list[set[int]]:
        """Parts of each family to try to leave out, large ones first: halves, quarters, ... single limits."""
        out: list[set[int]] = []
        for kind in ("lock", "distance", "group", "cap", "floor", "limit"):
            row = [z for z in sorted(left) if model.demands[z].kind == kind]
            size = len(row)
            while size > 1:
                size = (size + 1) // 2
                out += [set(row[z : z + size]) for z in range(0, len(row), size)]
        return out

    def _named(self, demands: list[LimitDemand], ways: str) -> Explanation:
        p = self.problem
        said: list[str] = []
        units: list[int] = []
        for kind, measure in dict.fromkeys((d.kind, d.measure) for d in demands):
            mine = [d for d in demands if (d.kind, d.measure) == (kind, measure)]
            said.append(self._words(kind, measure, mine))
            units += [u for d in mine for u in d.units]
        where = {j for d in demands for j in d.territories}
        alone = len(where) == 1 and all(d.territories or d.kind in {"moved", "rest", "group"} for d in demands)
        if not units and where:
            inside = np.flatnonzero(np.isin(self.plan, list(where)))
            units = inside[np.argsort(-p.weights[inside, 0], kind="stable")][:3].tolist()
        what = f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else "".join(said)
        if alone and len(said) > 1:
            text = f"territory {where.pop() + 1} can't keep {what} all at once{ways}"
        else:
            text = f"{what} can't {'all hold' if len(said) > 1 else 'hold'}{ways}"
        text += "; no plan does: loosen one of them" if len(demands) > 1 else "; no plan does: loosen it"
        return Explanation("conflict", text, tuple(dict.fromkeys(units)))

    def _words(self, kind: str, measure: int, mine: list[LimitDemand]) -> str:
        """A family of limits, or those of it that matter, in words."""
        p = self.problem
        name = p.measures[measure] if measure >= 0 else ""
        units = [u for d in mine for u in d.units]
        where = sorted({j for d in mine for j in d.territories})
        if kind == "limit":
            low, high = 100 * p.low[measure], 100 * p.high[measure]
            if low == high:
                return f"the {low:g}% limit on {name}"
            if np.isinf(low) or np.isinf(high):
                return f"the {min(low, high):g}% limit on {name}"
            return f"the limit of {low:g}% below and {high:g}% above on {name}"
        if kind in {"cap", "floor"}:
            table = p.cap[:, measure] if kind == "cap" else p.floor[:, measure]
            values = np.unique(table[where or slice(None)])
            what = "most" if kind == "cap" else "least"
            return (
                f"the {what} {name} of {amount(values[0])}" if len(values) == 1 else f"the {what} {name} of territories"
            )
        if kind == "lock":
            return f"the lock{'s' if len(units) > 1 else ''} on {names(p, units)}"
        if kind == "distance":
            km = np.unique(p.max_km[where])
            far = f"the distance of {miles_and_km(km[0])}" if len(km) == 1 else "the distances"
            if len(where) == 1:
                return f"{far} of territory {where[0] + 1}"
            shown = ", ".join(str(j + 1) for j in where[:4])
            return f"{far} of {f'{len(where)} territories' if len(where) > 4 else f'territories {shown}'}"
        if kind == "moved":
            return f"the {100 * p.max_moved:g}% that may move"
        if kind == "rest":
            return f"the {100 * p.remainder:g}% that may stay without a territory"
        return f"{names(p, units)} staying together"
