"""Judging what a search found against the problem itself, and saying why it isn't better."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import WorkArrays, pieces, too_many_pieces
from terr.engine.objective import objective_km2
from terr.engine.search.improve import Clock
from terr.model.problem import Problem
from terr.model.result import Explanation, Result
from terr.model.wording import count

Labels = NDArray[np.int64]
MODEL = "contiguous territories, most compact (weighted mean squared distance to centers) within the limits"
PRICED = "contiguous territories, most compact with the prices of balance and change, within the limits"
OPTIMAL_GAP = 1e-4
"""Largest gap at which a plan is called optimal."""


def limit_notes(problem: Problem, plan: NDArray[np.int64]) -> list[Explanation]:
    """One explanation per territory and measure outside its limits, the worst first, ten at most."""
    over = problem.excess(plan)
    deviation = problem.deviations(plan)
    out = []
    for j, q in sorted(np.argwhere(over > 0).tolist(), key=lambda p: -over[p[0], p[1]])[:10]:
        inside = np.flatnonzero(plan == j)
        units = tuple(int(u) for u in inside[np.argsort(-problem.weights[inside, q], kind="stable")][:3])
        d = deviation[j, q]
        above = problem.loads(plan)[j, q] > problem.highest[j, q]
        side, allowed = ("above", problem.high[q]) if above else ("below", problem.low[q])
        bound = problem.highest[j, q] if above else problem.lowest[j, q]
        share = problem.targets[j, q] * (1 + (allowed if above else -allowed)) if np.isfinite(allowed) else np.inf
        limit = f"{100 * allowed:g}%" if abs(share - bound) <= 1e-9 * abs(bound) else f"{bound:,.0f}"
        largest = f"; its largest areas are {', '.join(problem.name(u) for u in units)}" if units else ""
        out.append(
            Explanation(
                "limit_broken",
                f"territory {j + 1} is {100 * abs(d):.1f}% {side} its target for {problem.measures[q]}, "
                f"the limit is {limit}{largest}",
                units,
            )
        )
    return out


def other_notes(problem: Problem, plan: NDArray[np.int64]) -> list[Explanation]:
    """What else is broken: too much moves, too much has no territory, units too far from home, groups apart."""
    over = problem.excesses(plan)
    share = problem.shares()
    out = []
    if over["moved"] > 0 and problem.start is not None:
        out.append(
            Explanation(
                "max_moved",
                f"{100 * float(share[plan != problem.start].sum()):.1f}% of {problem.measures[0]} changes territory, "
                f"more than the {100 * problem.max_moved:g}% allowed; allow more, or a wider limit",
            )
        )
    elif over["load"] > 0 and np.isfinite(problem.max_moved):
        out.append(
            Explanation(
                "max_moved",
                f"no plan within the limits was found that moves at most {100 * problem.max_moved:g}% of "
                f"{problem.measures[0]}; allow more to change territory, or a wider limit",
            )
        )
    if over["unassigned"] > 0:
        units = np.flatnonzero(plan < 0)
        out.append(
            Explanation(
                "unassigned",
                f"{100 * float(share[units].sum()):.1f}% of {problem.measures[0]} has no territory, more than the "
                f"{100 * problem.remainder:g}% allowed",
                tuple(int(u) for u in units[np.argsort(-share[units], kind="stable")][:3]),
            )
        )
    if over["far"] > 0:
        on = np.flatnonzero(plan >= 0)
        units = on[problem.too_far()[on, plan[on]]]
        units = units[np.argsort(-share[units], kind="stable")]
        some = ", ".join(problem.name(int(u)) for u in units[:3])
        out.append(
            Explanation(
                "too_far",
                f"{count(len(units), 'area is', 'areas are')} farther from the territory's home than allowed ({some}); "
                "allow a longer distance, or let them stay unassigned",
                tuple(int(u) for u in units[:10]),
            )
        )
    if over["parted"] > 0:
        out.append(Explanation("group_apart", "areas that should stay together are in different territories"))
    return out


def finish(
    problem: Problem,
    work: WorkArrays,
    plan: Labels,
    clock: Clock,
    notes: tuple[Explanation, ...],
    trace: tuple[tuple[float, float, float], ...],
    solver: str,
    *,
    node: NDArray[np.int64],
    objective: float | None = None,
    bound: float | None = None,
    model: str | None = None,
) -> Result:
    """Judges a plan against the problem itself, not against the working limits or links.

    A territory in pieces breaks the one limit every plan has: its status says so even where each load is within its
    own, and `violation` is 0.

    Args:
        problem: what was asked.
        work: what was searched, perhaps with groups merged.
        plan: int64 (nodes,), the plan on `work`.
        clock: of the solve.
        notes: explanations found before.
        trace: of the solve.
        solver: the PuLP solver that ran, "" = none.
        node: int64 (n,), the unit of `work` each unit of the problem is part of.
        objective, bound, model: of the model solved; by default the design's price.
    """
    plan = np.where(plan == work.rest, -1, plan)[node]
    violation = float(sum(problem.excesses(plan).values()))
    told = [*notes, *limit_notes(problem, plan), *other_notes(problem, plan)]
    if clock.late or clock.hurried:
        told.append(
            Explanation(
                "time_limit", f"{clock.limit:g} seconds were too short for all drafts; more time may find a better plan"
            )
        )
    value = objective_km2(problem, plan) if objective is None else objective
    empty = np.setdiff1d(np.arange(work.k), plan)
    free = int((plan < 0).sum())
    torn = pieces(problem.indptr, problem.indices, plan)[0] - free > work.k - len(empty)
    status = "limit_broken" if violation > 0 or torn else "stopped" if clock.stopped else "feasible"
    if status == "feasible" and bound is not None and value - bound <= OPTIMAL_GAP * abs(value) + 1e-12:
        status = "optimal"
    if len(empty):
        told.append(
            Explanation("empty_territory", f"territory {int(empty[0]) + 1} has no area: locked areas leave it no room")
        )
    if torn and not too_many_pieces(problem) and all(n.code != "locked_apart" for n in told):
        told.append(Explanation("locked_apart", "locked areas keep a territory from being in one piece; unlock some"))
    if model is None:
        soft = problem.balance.any() or problem.continuity > 0 or problem.remainder > 0
        model = PRICED if soft else MODEL
    return Result(
        assign=plan.astype(np.int16),
        status=status,
        violation=violation,
        objective=value,
        bound=bound,
        runtime_s=clock.seconds(),
        trace=trace,
        explanations=tuple(told),
        model=model,
        solver="annealing and recombination" + (f", PuLP with {solver}" if solver else ""),
        max_deviation=tuple(float(v) for v in np.abs(problem.deviations(plan)).max(axis=0)),
    )
