"""Use cases without a store that judge a plan: how good it is, and what change would buy."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from terr.workspace.batch.plan_file import plan_of, read_plan
from terr.workspace.batch.report import BatchInputs, PlanReport, plan_report
from terr.workspace.batch.solve import Control
from terr.workspace.design.problem import by_name


def make_certificate(ground: BatchInputs, plan_file: bytes, *, how: Control) -> PlanReport:
    """How good a plan is: its figures, and a proven bound on any plan within the same limits.

    Raises:
        InputError: if the plan file doesn't fit.
    """
    from terr.engine import certify

    plan = read_plan(plan_file, ground.units)
    names = [t.name for t in plan.territories]
    problem = ground.problem(names)
    result = certify(
        problem, plan.assign, time_limit_s=how.time_limit_s, seed=how.seed, progress=how.progress, cancel=how.cancel
    )
    return plan_report(ground, plan, result=result, told=by_name(result.explanations, names), seed=how.seed)


@dataclass(frozen=True, eq=False)
class Tradeoff:
    """Plans of ever better balance for ever more change, each measured, and the contract's JSON of all (`report`)."""

    ground: BatchInputs
    answers: tuple[PlanReport, ...]
    report: dict[str, Any]

    @property
    def broken(self) -> bool:
        """No plan of them keeps every limit."""
        return all(a.broken for a in self.answers)


def make_frontier(ground: BatchInputs, plan_file: bytes, *, points: int = 9, how: Control) -> Tradeoff:
    """Balance against change: plans from today's to the most even one, none beaten by another in both.

    Args:
        ground: what the plan is for.
        plan_file: today's plan.
        points: about how many plans.
        how: seed, clock and progress.

    Raises:
        InputError: if the plan file doesn't fit.
    """
    from terr.engine import frontier

    began = time.perf_counter()
    before = read_plan(plan_file, ground.units)
    names = [t.name for t in before.territories]
    problem = ground.problem(names, start=before.assign)
    found = frontier(
        problem, points=points, seed=how.seed, time_limit_s=how.time_limit_s, progress=how.progress, cancel=how.cancel
    )
    answers, rows = [], []
    for number, point in enumerate(found, start=1):
        plan = plan_of(ground.units, point.result.assign, names)
        one = plan_report(ground, plan, before=before)
        answers.append(one)
        rows.append(
            {
                "point": number,
                "status": one.report["status"],
                "moved_pct": 100 * point.moved,
                "max_deviation_pct": one.report["max_deviation_pct"],
                "disruption": one.report["disruption"],
                "units_moved": int((point.result.assign != before.assign).sum()),
                "plan": None,
            }
        )
    report = {
        "level": ground.units.level,
        "region": list(ground.units.region),
        "measure": ground.measures[0],
        "territories": len(names),
        "points": rows,
        "seed": how.seed,
        "runtime_s": time.perf_counter() - began,
    }
    return Tradeoff(ground, tuple(answers), report)
