"""Use cases without a store: file -> accounts -> problem -> result -> report. The command line and scripts use them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from terr.edits.moves import apply
from terr.engine import certify, design, frontier, rebalance
from terr.engine.remote.cluster import executor_here
from terr.errors import InputError
from terr.model.plan import Plan
from terr.model.progress import UNWATCHED, Progress
from terr.model.result import Explanation, Result
from terr.workspace.batch.inputs import BatchInputs, NamedFile
from terr.workspace.batch.named_file import with_named_accounts_of
from terr.workspace.batch.report import PlanReport, faults, named, plan_report
from terr.workspace.batch.starting_plan import StartingPlan, owners_plan, read_plan, starting_plan, todays_plan
from terr.workspace.design.apply_result import design_edit
from terr.workspace.design.problem import SolveTask, solve_task


@dataclass(frozen=True)
class Control:
    """How long and how openly the engine works.

    Attributes:
        seed: same input and seed give the same plan unless the clock or the person stops the work.
        time_limit_s: wall-clock seconds, None = until the fixed number of steps is done.
        progress: follows it; stopping it ends the work with the best plan so far.
    """

    seed: int = 1
    time_limit_s: float | None = None
    progress: Progress = UNWATCHED


def make_design(ground: BatchInputs, how: Control) -> PlanReport:
    """Draw territories from scratch, or with today's plan and its names in mind, as the page's Generate does.

    Raises:
        InputError: for a number, a unit or a territory that can't be.
        PlanError: if no plan can exist.
    """
    asked = design_asked(*todays_plan(ground), how)
    result = design(asked.task.problem, executor=executor_here(progress=how.progress), **vars(how))
    return design_report(asked, result, how.seed)


@dataclass(frozen=True, eq=False)
class AskedDesign:
    """A design as it is asked: what it is for, the plan it starts with, and its problem."""

    ground: BatchInputs
    start: StartingPlan
    task: SolveTask


def design_asked(ground: BatchInputs, before: Plan | None, how: Control) -> AskedDesign:
    """The problem of a design.

    Args:
        ground: what it is for, and what is asked; before: today's plan, if there is one.
        how: the seed.

    Raises:
        InputError: for a number, a unit or a territory that can't be.
    """
    ground, start = _begun(ground, before, how)
    if before is None and start.request.near_today:
        raise InputError("a price or a cap on change needs today's plan; give it with --plan or --today owners")
    return AskedDesign(ground, start, solve_task(ground.plan_inputs(start.plan), start.request))


def design_report(asked: AskedDesign, result: Result, seed: int) -> PlanReport:
    """A design, measured."""
    ground, start, task = asked.ground, asked.start, asked.task
    made = design_edit(ground.units, task, result, start.plan, start.next_code)
    plan = apply(start.plan, made.edit)
    told = _told(task, result, plan, made.codes)
    return plan_report(ground, plan, made.rules.shares, result=result, told=told, seed=seed, before=start.before)


def make_rebalance(ground: BatchInputs, how: Control) -> PlanReport:
    """The least change of a plan that brings it within its limits.

    Where a plan within the limits needs more change than is allowed, the best one that keeps the cap is given, as one
    that breaks a limit.

    Raises:
        InputError: if the plan file doesn't fit.
    """
    ground, start, task = _standing(ground, how)
    result = rebalance(task.problem, executor=executor_here(progress=how.progress), **vars(how))
    plan, told = _changed(start, task, result), _told(task, result, start.plan)
    return plan_report(ground, plan, _shares(task), result=result, told=told, seed=how.seed, before=start.before)


def make_certificate(ground: BatchInputs, how: Control) -> PlanReport:
    """How good a plan is: its figures, and a proven bound on any plan within the same limits.

    Raises:
        InputError: if the plan file doesn't fit.
    """
    ground, start, task = _standing(ground, how, judged=True)
    result = certify(task.problem, task.assign, **vars(how))
    told = _told(task, result, start.plan)
    return plan_report(ground, start.plan, _shares(task), result=result, told=told, seed=how.seed)


def _begun(ground: BatchInputs, before: Plan | None, how: Control) -> tuple[BatchInputs, StartingPlan]:
    """The inputs without accounts that go by name, and the plan to start with."""
    start = starting_plan(ground, before, seed=how.seed)
    named = ground.asked.named
    return ground if named is None else with_named_accounts_of(*named, ground, start), start


def _standing(
    ground: BatchInputs, how: Control, *, judged: bool = False
) -> tuple[BatchInputs, StartingPlan, SolveTask]:
    """A plan as it is and the problem of changing it; one that is `judged` must have every unit where it is locked."""
    ground, before = todays_plan(ground)
    if before is None:
        raise InputError("there is no plan to start from; give it with --plan or --today owners")
    ground, start = _begun(ground, before, how)
    elsewhere = np.flatnonzero(start.plan.assign != before.assign)
    if judged and len(elsewhere):
        raise InputError(
            f"area {ground.units.ids[elsewhere[0]]} isn't where it is to be locked or left out; the plan is judged as "
            "it stands, so change the plan file, or leave this out"
        )
    return ground, start, solve_task(ground.plan_inputs(start.plan), start.request, anew=False)


def _changed(start: StartingPlan, task: SolveTask, result: Result) -> Plan:
    """The plan with what the engine changed."""
    assign = start.plan.assign.copy()
    assign[task.rows] = np.array([*task.codes[: task.problem.territories], -1])[result.assign]
    return start.plan.with_changes(assign=assign)


def _shares(task: SolveTask) -> list[tuple[int, float]]:
    return [(s.code, s.share) for s in task.slots if s.share != 1]


def _told(task: SolveTask, result: Result, plan: Plan, codes: Sequence[int] = ()) -> list[Explanation]:
    """What was found before and after solving, with territories by their names in `plan`; nothing twice."""
    after = task.explained(result.explanations, [plan.territory(c).name for c in codes or task.codes])
    return [*(w for w in task.warnings if w.code not in {e.code for e in after}), *after]


@dataclass(frozen=True, eq=False)
class MeasuredPlans:
    """Several plans of the same accounts, each measured, and the contract's JSON of all (`report`)."""

    ground: BatchInputs
    answers: tuple[PlanReport, ...]
    report: dict[str, Any]

    @property
    def broken(self) -> bool:
        """No plan of them keeps every limit."""
        return all(a.broken for a in self.answers)


def make_frontier(ground: BatchInputs, how: Control, *, points: int = 9) -> MeasuredPlans:
    """Balance against change: plans from today's to the most even one, none beaten by another in both.

    Args:
        ground: what the plan is for, and what is asked.
        how: seed, clock and progress.
        points: about how many plans.

    Raises:
        InputError: if the plan file doesn't fit.
    """
    began = time.perf_counter()
    ground, start, task = _standing(ground, how, judged=True)
    found = frontier(task.problem, points=points, executor=executor_here(progress=how.progress), **vars(how))
    answers, rows = [], []
    for number, point in enumerate(found, start=1):
        plan = _changed(start, task, point.result)
        told = faults(ground, task, point.result.assign, plan)
        one = plan_report(ground, plan, _shares(task), told=told, before=start.before)
        answers.append(one)
        rows.append(
            {
                "point": number,
                "status": one.report["status"],
                "moved_pct": 100 * point.moved,
                "max_deviation_pct": one.report["max_deviation_pct"],
                "disruption": one.report["disruption"],
                "units_moved": int((plan.assign != start.plan.assign).sum()),
                "plan": None,
            }
        )
    report = {
        "level": ground.units.level,
        "region": list(ground.units.region),
        "measure": ground.measures[0],
        "territories": start.request.territories,
        "points": rows,
        "seed": how.seed,
        "runtime_s": time.perf_counter() - began,
    }
    return MeasuredPlans(ground, tuple(answers), report)


@dataclass(frozen=True, eq=False)
class BatchComparison:
    """Two plans side by side, and the contract's JSON of both (`report`)."""

    a: PlanReport
    b: PlanReport
    report: dict[str, Any]


def make_comparison(ground: BatchInputs, a: NamedFile | bytes | None, b: NamedFile | bytes) -> BatchComparison:
    """Two plans measured alike, and what moves from the first to the second. Territories are matched by name.

    Args:
        ground: the accounts and the units.
        a, b: the plan files, or only their bytes; None for the first = today's plan, by the owner column. Then
            `disruption` counts accounts by their own owner.

    Raises:
        InputError: if a plan file doesn't fit, saying which; if no account in the region has an owner.
    """
    sides: list[PlanReport] = []
    for label, file in (("first", a), ("second", b)):
        began = time.perf_counter()
        mended: Sequence[Explanation] = ()
        try:
            if file is None:
                owned, plan = owners_plan(ground)
                mended = owned.notes[len(ground.notes) :]
                ground = replace(ground, owned=owned.owned)
            else:
                plan, mended = read_plan(("", file) if isinstance(file, bytes) else file, ground)
        except InputError as error:
            raise InputError(f"{label} plan: {error}") from error
        task = solve_task(ground.plan_inputs(plan), starting_plan(ground, plan).request, anew=False)
        before = sides[0].plan if sides else None
        one = plan_report(
            ground, plan, _shares(task), told=[*mended, *faults(ground, task, task.assign, plan)], before=before
        )
        one.report["runtime_s"] = time.perf_counter() - began
        sides.append(one)
    first, second = sides
    moved, second.report["disruption"] = second.report["disruption"], None
    was, now = named(first.plan), named(second.plan)
    loads = ground.weights
    ids = ground.units.ids
    changed = [i for i in range(len(ids)) if was[i].casefold() != now[i].casefold()]
    changed.sort(key=lambda i: (-float(loads[i, 0]), i))
    moves = [
        {
            "unit_id": ids[i],
            "from": was[i],
            "to": now[i],
            "accounts": int(ground.counts[i]),
            "load": dict(zip(ground.measures, loads[i].tolist(), strict=True)),
        }
        for i in changed
    ]
    report = {
        "a": first.report,
        "b": second.report,
        "moves": moves,
        "disruption": moved,
    }
    return BatchComparison(first, second, report)
