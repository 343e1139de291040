"""Use cases without a store: file -> accounts -> problem -> result -> report. The command line and scripts use them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.engine import Progress, design, rebalance
from terr.errors import InputError
from terr.model.plan import Plan
from terr.workspace.batch.constraints import locked_positions
from terr.workspace.batch.plan_file import plan_of, read_plan
from terr.workspace.batch.report import BatchInputs, PlanReport, disruption_report, named, plan_report
from terr.workspace.design.problem import by_name
from terr.workspace.design.request import check_territories


@dataclass(frozen=True)
class Control:
    """How long and how openly the engine works.

    Attributes:
        seed: same input and seed give the same plan unless the clock or the person stops the work.
        time_limit_s: wall-clock seconds, None = until the fixed number of steps is done.
        progress: called with what the engine is doing.
        cancel: asked often; True ends the work with the best plan so far.
    """

    seed: int = 1
    time_limit_s: float | None = None
    progress: Callable[[Progress], None] | None = None
    cancel: Callable[[], bool] | None = None


def make_design(
    ground: BatchInputs,
    territories: int,
    *,
    locks: Mapping[str, str] | None = None,
    plan_file: bytes | None = None,
    how: Control,
) -> PlanReport:
    """Draw territories "Territory 1", "Territory 2" ... from nothing, or with today's plan and its names in mind.

    Args:
        ground: what to plan on.
        territories: how many.
        locks: unit id -> territory it must be in, by number ("3") or name ("Territory 3").
        plan_file: today's plan, for a price or a cap on change; its territories come first.
        how: seed, clock and progress.

    Raises:
        InputError: for a number, a unit or a territory that can't be.
        PlanError: if no plan can exist.
    """
    check_territories(territories)
    units = ground.units
    before = None if plan_file is None else read_plan(plan_file, units)
    if before is None and (ground.terms.continuity or ground.terms.max_moved is not None):
        raise InputError("a price or a cap on change needs today's plan; give it with --plan")
    names, start = _names_and_start(before, territories)
    locked = locked_positions(units, names, locks or {})
    problem = ground.problem(names, locked=locked, start=start)
    result = design(problem, seed=how.seed, time_limit_s=how.time_limit_s, progress=how.progress, cancel=how.cancel)
    plan = plan_of(units, result.assign, names)
    if (locked >= 0).any():
        plan = plan.with_changes(locked_units=locked >= 0)
    return plan_report(
        ground, plan, result=result, told=by_name(result.explanations, names), seed=how.seed, before=before
    )


def _names_and_start(before: Plan | None, k: int) -> tuple[list[str], NDArray[np.int16] | None]:
    """Names of k territories, today's first, and the position of each unit's today, -1 = none or beyond the k."""
    old = [] if before is None else [t.name for t in before.territories][:k]
    taken = {n.casefold() for n in old}
    names = list(old)
    number = 0
    while len(names) < k:
        number += 1
        if f"territory {number}" not in taken:
            names.append(f"Territory {number}")
    if before is None:
        return names, None
    return names, np.where(before.assign < k, before.assign, -1).astype(np.int16)


def make_rebalance(
    ground: BatchInputs, plan_file: bytes, *, max_moved: float | None = None, how: Control
) -> PlanReport:
    """The least change of a plan that brings it within its limits.

    Args:
        ground: what the plan is for.
        plan_file: a plan file with a row for each unit of the region.
        max_moved: the most of the first measure's load that may move, as a share; where a plan within the limits needs
            more, the best one that keeps this cap is given, as one that breaks a limit.
        how: seed, clock and progress.

    Raises:
        InputError: if the plan file doesn't fit.
    """
    if max_moved is not None:
        ground = replace(ground, terms=replace(ground.terms, max_moved=max_moved))
    before = read_plan(plan_file, ground.units)
    names = [t.name for t in before.territories]
    problem = ground.problem(names, start=before.assign)
    result = rebalance(problem, seed=how.seed, time_limit_s=how.time_limit_s, progress=how.progress, cancel=how.cancel)
    plan = plan_of(ground.units, result.assign, names)
    told = by_name(result.explanations, names)
    return plan_report(ground, plan, result=result, told=told, seed=how.seed, before=before)


@dataclass(frozen=True, eq=False)
class BatchComparison:
    """Two plans side by side, and the contract's JSON of both (`report`)."""

    a: PlanReport
    b: PlanReport
    report: dict[str, Any]


def make_comparison(ground: BatchInputs, a: bytes, b: bytes) -> BatchComparison:
    """Two plans measured alike, and what moves from the first to the second. Territories are matched by name.

    Raises:
        InputError: if a plan file doesn't fit, saying which.
    """
    sides = []
    for label, data in (("first", a), ("second", b)):
        began = time.perf_counter()
        try:
            plan = read_plan(data, ground.units)
        except InputError as error:
            raise InputError(f"{label} plan: {error}") from error
        one = plan_report(ground, plan)
        one.report["runtime_s"] = time.perf_counter() - began
        sides.append(one)
    first, second = sides
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
        "disruption": disruption_report(ground, first.plan, second.plan),
    }
    return BatchComparison(first, second, report)
