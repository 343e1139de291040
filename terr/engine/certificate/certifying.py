"""`certify`: how good a plan can be at best, proven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import make_work, pieces
from terr.engine.certificate.bounding import Bound, column_bound
from terr.engine.certificate.certificate_model import CertificateModel, Labels, make_frame
from terr.engine.certificate.exact import UNITS, PartitionModel, connected_sets, partition
from terr.engine.certificate.fixed_centers import all_fixed, assignment_bound
from terr.engine.certificate.knapsack import INF
from terr.engine.check import FATAL, precheck
from terr.engine.designing import design
from terr.engine.objective import objective_km2
from terr.engine.result import finish
from terr.engine.search.improve import Clock
from terr.errors import PlanError
from terr.model.problem import Problem
from terr.model.progress import Listener, Progress
from terr.model.result import Explanation, Result

STAGE = "Proving how good this plan can be"
SMALL = 14
"""Units up to which the exact model alone is quicker."""
RELAXED = "least {what} of any plan within the limits and locks; the bound leaves {aside} aside"
EXACT = "least {what} of any contiguous plan within the limits and locks"
WIDE = 0.6
"""Share of the time by which prices for territories made alike must be found, where they differ in limits only."""
CENTRED = 0.4
"""Share of the time for prices where all centers are fixed; the rest is the assignment model's."""
MOMENT = "compactness (weighted mean squared distance to centers)"
PRICED = "compactness with the prices of balance, change and leaving areas out"
IMPOSSIBLE = "no plan keeps every limit and lock: {why}"


def certify(
    problem: Problem,
    assign: NDArray[Any],
    *,
    time_limit_s: float | None = 300,
    seed: int = 1,
    progress: Progress | Listener | None = None,
) -> Result:
    """A proven lower bound on what `objective_km2` can be for any plan within the person's own limits.

    Small problems are solved exactly, over all connected sets of units. Larger ones get the Lagrangian bound of column
    generation, in which territories are whole units within the limits, but needn't be contiguous; their centres may lie
    anywhere in the plane. What has a price adds to the plan's objective; the bound counts what is cheap to count of it,
    and 0 of the rest.

    Args:
        problem: what was asked.
        assign: (n,) the plan to judge, territory index per unit, -1 = without a territory.
        time_limit_s: wall-clock seconds, None = until nothing more can be gained.
        seed: same problem, plan and seed give the same bound unless the time limit stops the work.
        progress: a `Progress`, or a function called with a `ProgressUpdate`, a few times a second; stopping it ends
            the work with the best bound so far.

    Returns:
        The plan, judged. Status "optimal" only if the gap is at most 0.01%; "infeasible" only if it is proven that no
        plan exists; "limit_broken" if the plan itself breaks a limit, with the bound on those that don't.

    Raises:
        PlanError: if `assign` doesn't fit the problem.
        SolveError: if no solver can run.
    """
    plan = np.asarray(assign).astype(np.int64)
    if plan.shape != (len(problem),) or (plan.size and (plan.min() < -1 or plan.max() >= problem.territories)):
        raise PlanError(
            f"a plan gives each of {len(problem)} areas a territory from 0 to {problem.territories - 1}, or -1"
        )
    clock = Clock(problem, time_limit_s, Progress.of(progress))
    clock.tell(STAGE, None, 0.0, force=True)
    frame = make_frame(problem)
    bound, model, solver = prove(problem, frame, plan, clock, seed)
    clock.tell(STAGE, None, 1.0, force=True)
    work = make_work(problem, room=False)
    seen = Clock(problem, began=clock.began, stopped=clock.stopped)
    shown = np.where(plan < 0, work.k, plan)
    result = finish(
        problem,
        work,
        shown,
        seen,
        (),
        (),
        "",
        node=np.arange(len(problem)),
        bound=None if abs(bound) >= INF else bound,
        model=model,
    )
    result = replace(result, solver=solver)
    if bound >= INF:
        why = Explanation("infeasible", f"{model}; widen a limit or unlock some areas")
        return replace(result, status="infeasible", explanations=(*result.explanations, why))
    if clock.late:
        text = (
            f"{clock.limit:g} seconds were too short to raise the bound as far as it goes; more time may narrow the gap"
        )
        result = replace(result, explanations=(*result.explanations, Explanation("time_limit", text)))
    return result


def prove(problem: Problem, frame: CertificateModel, plan: Labels, clock: Clock, seed: int) -> tuple[float, str, str]:
    """The bound in km2 (1e300: no plan exists; -1e300: none), the model it belongs to, and what found it."""
    priced = problem.balance.any() or problem.continuity > 0 or problem.remainder > 0
    what = PRICED if priced else MOMENT
    if frame.impossible:
        return INF, IMPOSSIBLE.format(why=frame.impossible), "sums of the measures"
    inside = _inside(problem, plan)
    objective = objective_km2(problem, plan)
    judged = objective if inside else INF
    none = Bound(-INF, np.zeros(frame.n), np.full(len(frame.kinds), -INF), 0, closed=False)
    sets = connected_sets(problem, frame) if frame.n <= UNITS else None
    exact: PartitionModel | None = None
    if sets is not None and frame.n <= SMALL:
        exact = partition(problem, frame, sets, none, judged, clock)
    found, least = none, -INF
    if exact is None or not exact.whole:
        fixed = sets is None and all_fixed(frame)
        plans = [frame.on_nodes(p) for p in ([plan] if fixed else _plans(problem, plan, clock, seed))]
        clock.tell(STAGE, None, 0.1, force=True)
        size = max(objective - frame.within, 1e-6 * frame.most)
        inner = replace(clock, limit=clock.limit * CENTRED) if fixed and clock.limit is not None else clock

        def tell(done: float) -> None:
            clock.tell(STAGE, None, 0.1 + 0.8 * done)

        rough = None if sets is not None or fixed else _rough(problem, frame, plans, size, clock, seed, tell)
        price, begin = (None, 0.0) if rough is None else (rough.price, 0.5)
        found = column_bound(frame, plans, size, inner, seed, lambda _, done: tell(begin + (1 - begin) * done), price)
        least = found.value if rough is None else max(rough.value, found.value)
        if least >= INF:
            return (
                INF,
                IMPOSSIBLE.format(why="the limits ask for more than whole areas can give"),
                "bounds over possible territories",
            )
        if sets is not None and not clock.over():
            exact = partition(problem, frame, sets, found, judged, clock)
        elif fixed and not clock.over():
            clock.tell(STAGE, None, 0.9, force=True)
            exact = assignment_bound(problem, frame, found, frame.on_nodes(plan), judged, clock)
    if exact is not None and exact.bound >= INF:
        if judged < INF:  # every territory of a better plan was left out: the plan is as good as any
            return judged - 1e-6 * abs(judged), EXACT.format(what=what), exact.solver
        return INF, IMPOSSIBLE.format(why="every way to draw the territories was tried"), exact.solver
    if exact is not None and judged < INF:  # what was left out costs as much as the plan
        exact = replace(exact, bound=min(exact.bound, judged * (1 - 1e-6) - frame.within))
    best = max(least, exact.bound if exact is not None else -INF)
    if best <= -INF:
        return -INF, _words(problem, frame, what, whole=False), "bounds over possible territories"
    if exact is not None and (exact.whole or exact.bound >= least):
        return max(0.0, best + frame.within), _words(problem, frame, what, whole=True), exact.solver
    return (
        max(0.0, best + frame.within),
        _words(problem, frame, what, whole=False),
        "bounds over possible territories, PuLP with HiGHS",
    )


def _rough(
    problem: Problem,
    frame: CertificateModel,
    plans: list[Labels],
    size: float,
    clock: Clock,
    seed: int,
    tell: Callable[[float], None],
) -> Bound | None:
    """The bound with limits so wide that territories are alike, where that makes many of them one kind; else None."""
    wide = make_frame(problem, wide=True)
    if 2 * len(wide.kinds) >= len(frame.kinds):
        return None
    inner = clock if clock.limit is None else replace(clock, limit=clock.limit * WIDE)
    return column_bound(wide, plans, size, inner, seed, lambda _, done: tell(done / 2))


def _words(problem: Problem, frame: CertificateModel, what: str, *, whole: bool) -> str:
    """What the bound is on, and what it leaves aside: each of it could only raise a plan's price."""
    aside = []
    if not whole:
        aside.append("contiguity")
        if problem.balance.any():
            aside.append("the price of balance")
        if problem.remainder > 0:
            aside.append("the limit on what is left out")
    if np.isfinite(problem.max_moved):
        aside.append("the limit on moves")
    if problem.continuity > 0 and problem.start is not None and not frame.moves_priced:
        aside.append("the price of moves")
    if whole:
        return EXACT.format(what=what) + (f"; the bound leaves {' and '.join(aside)} aside" if aside else "")
    return RELAXED.format(what=what, aside=" and ".join(aside))


def _inside(problem: Problem, plan: Labels) -> bool:
    """True if a plan keeps every limit and lock, and each territory is in one piece."""
    if any(problem.excesses(plan).values()) or (plan != problem.locked)[problem.locked >= 0].any():
        return False
    count, _ = pieces(problem.indptr, problem.indices, plan)
    return count - int((plan < 0).sum()) == len(np.unique(plan[plan >= 0]))


def _plans(problem: Problem, plan: Labels, clock: Clock, seed: int) -> list[Labels]:
    """The plan and quick others, whose territories and distances column generation begins with."""
    plans = [plan]
    n, k = len(problem), problem.territories
    if k in {1, n} or any(e.code in FATAL for e in precheck(problem)):
        return plans
    quiet = Progress(cancel=clock.progress.stopped)
    for s in range(3 if n < 1500 else 1):
        if clock.over() or clock.past(0.08 * (s + 1)):
            break
        clock.tell("Drawing plans to compare", None, 0.03 * s)
        limit = None if clock.limit is None else 0.08 * clock.limit
        effort = 0.1 if n < 500 else 0.05
        try:
            more = design(problem, seed=seed + 100 + s, effort=effort, time_limit_s=limit, progress=quiet)
        except PlanError:
            break
        plans.append(more.assign.astype(np.int64))
    clock.hurried = False
    return plans
