"""The smallest repair of a plan that drifted, and what it costs, before it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from terr.model.result import Result
from terr.view.text import count, percent, short, unit_noun
from terr.workspace.design.apply_result import MoveSuggestion, suggestions
from terr.workspace.design.problem import SolveTask
from terr.workspace.design.solve_task import rebalance_task
from terr.workspace.plan.snapshot import per_unit
from terr.workspace.plan.tolerance import within_words
from terr.workspace.review.plan_reviews import ReviewedPlan
from terr.workspace.workspace import Workspace


@dataclass(frozen=True, eq=False)
class SmallestRepair:
    """The least change that brings a plan within its limit, or as near as it gets.

    Attributes:
        moves: areas that change their territory, those with most load first.
        accounts: how many accounts change hands; load: their measure, and share: of the whole.
        before, after: largest |load / target - 1|.
        within: whether every territory is within the limit then.
        sentence: all of it.
    """

    moves: tuple[MoveSuggestion, ...]
    accounts: int
    load: float
    share: float
    before: float
    after: float
    within: bool
    sentence: str


def repair_task(ws: Workspace, plan: ReviewedPlan) -> SolveTask | None:
    """The problem of the least change of a plan with its newest accounts; None while there is nothing to change.

    Raises:
        PlanError: if its boundaries are gone.
    """
    return rebalance_task(ws, plan.info.id, dataset_id=plan.newer)


def smallest_repair(ws: Workspace, plan: ReviewedPlan, task: SolveTask, result: Result) -> SmallestRepair:
    """What a repair would move and cost.

    Args:
        ws: where.
        plan: which plan; task: its problem.
        result: what the engine found.
    """
    info = replace(plan.info, dataset_id=plan.newer or plan.info.dataset_id)
    moves = suggestions(ws, task, result)
    counts = per_unit(ws, info, info.measure)[1]
    accounts = int(sum(counts[m.code] for m in moves))
    problem = task.problem
    moved = result.assign != task.assign
    load, whole = float(problem.weights[moved, 0].sum()), float(problem.weights[:, 0].sum())
    goal = problem.targets[:, 0]
    before, after = (
        float(np.abs(problem.loads(a)[:, 0] / np.where(goal > 0, goal, 1) - 1).max(initial=0.0))
        for a in (task.assign, result.assign)
    )
    within, limit = result.violation == 0, 100 * info.tolerance
    share = load / whole if whole > 0 else 0.0
    currency = "" if plan.drift is None else plan.drift.currency
    told = (
        f"Moving {count(len(moves), unit_noun(info.level, 1), unit_noun(info.level))} with "
        f"{count(accounts, 'account')} and {short(load, currency)} ({percent(100 * share)}) of {info.measure} takes "
        f"the max deviation from {percent(100 * before, limit=limit)} to {percent(100 * after, limit=limit)}"
    )
    allowed = within_words(info.tolerance, task.request.sides if task.request is not None else "both")
    if not moves:
        told = "No move of areas improves this plan" if not within else "Nothing to repair"
    elif within:
        told += f"; every territory is within {allowed} then"
    else:
        told += f"; that is as near to {allowed} as Terr found"
    return SmallestRepair(moves, accounts, load, share, before, after, within, told + ".")
